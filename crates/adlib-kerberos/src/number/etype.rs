//! Encryption types (RFC 3961 8): those that are spoken here, and the names of those that are not.

use core::fmt;

/// An encryption type that this crate can use.
///
/// ```
/// use adlib_kerberos::{EncryptionType, UnsupportedEtype};
///
/// assert_eq!(EncryptionType::from_number(18), Ok(EncryptionType::Aes256Sha1));
/// assert_eq!(EncryptionType::from_number(3), Err(UnsupportedEtype::Des(3)));
/// assert_eq!(EncryptionType::from_number(16), Err(UnsupportedEtype::Unknown(16)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EncryptionType {
    /// 17, `aes128-cts-hmac-sha1-96` (RFC 3962).
    Aes128Sha1,
    /// 18, `aes256-cts-hmac-sha1-96` (RFC 3962).
    Aes256Sha1,
    /// 19, `aes128-cts-hmac-sha256-128` (RFC 8009).
    Aes128Sha2,
    /// 20, `aes256-cts-hmac-sha384-192` (RFC 8009).
    Aes256Sha2,
    /// 23, `rc4-hmac` (RFC 4757): weak, and used only where the policy admits it.
    Rc4,
}

impl EncryptionType {
    /// All of them, the strongest first.
    pub const ALL: [Self; 5] = [
        Self::Aes256Sha2,
        Self::Aes256Sha1,
        Self::Aes128Sha2,
        Self::Aes128Sha1,
        Self::Rc4,
    ];

    /// The number in the registry.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 17,
            Self::Aes256Sha1 => 18,
            Self::Aes128Sha2 => 19,
            Self::Aes256Sha2 => 20,
            Self::Rc4 => 23,
        }
    }

    /// The encryption type with `number`.
    ///
    /// # Errors
    /// [`UnsupportedEtype`]: `Des` for single DES, `Unknown` for anything else that is not spoken here.
    pub const fn from_number(number: i32) -> Result<Self, UnsupportedEtype> {
        match number {
            17 => Ok(Self::Aes128Sha1),
            18 => Ok(Self::Aes256Sha1),
            19 => Ok(Self::Aes128Sha2),
            20 => Ok(Self::Aes256Sha2),
            23 => Ok(Self::Rc4),
            1..=3 => Err(UnsupportedEtype::Des(number)),
            _ => Err(UnsupportedEtype::Unknown(number)),
        }
    }

    /// The name in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1 => "aes128-cts-hmac-sha1-96",
            Self::Aes256Sha1 => "aes256-cts-hmac-sha1-96",
            Self::Aes128Sha2 => "aes128-cts-hmac-sha256-128",
            Self::Aes256Sha2 => "aes256-cts-hmac-sha384-192",
            Self::Rc4 => "rc4-hmac",
        }
    }

    /// The length of a key, in bytes.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha2 | Self::Rc4 => 16,
            Self::Aes256Sha1 | Self::Aes256Sha2 => 32,
        }
    }
}

impl fmt::Display for EncryptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.number())
    }
}

/// An encryption type that is not used here, whatever the policy says (R11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedEtype {
    /// Single DES: 1 to 3.
    #[error("encryption type {0} is DES, which is never accepted")]
    Des(i32),
    /// Not one that this crate knows.
    #[error("encryption type {0} is not supported")]
    Unknown(i32),
}

impl UnsupportedEtype {
    /// The number in the registry.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Des(number) | Self::Unknown(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R11
    #[test]
    fn numbers_come_back_and_des_is_named() {
        for etype in EncryptionType::ALL {
            assert_eq!(EncryptionType::from_number(etype.number()), Ok(etype));
        }
        for number in 1..=3 {
            assert_eq!(
                EncryptionType::from_number(number),
                Err(UnsupportedEtype::Des(number))
            );
        }
        for number in [i32::MIN, -1, 0, 4, 16, 24, 25, i32::MAX] {
            assert_eq!(
                EncryptionType::from_number(number),
                Err(UnsupportedEtype::Unknown(number))
            );
        }
    }
}
