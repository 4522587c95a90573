//! Keys by their role: a newtype each, wiped on drop and never shown.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use adlib_core::{Password, Secret};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    ChecksumKey, Cipher, KeyBytes, Random, aes_sha1,
    aes_sha2::{self, Profile},
    rc4_hmac,
    string_to_key::string_to_key,
};
use crate::{EncryptionType, number::KeyUsage};

/// A key that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key has another length than its encryption type asks for.
    #[error("a key for {etype} has {expected} bytes, not {actual}")]
    Length {
        /// The encryption type.
        etype: EncryptionType,
        /// The length that it asks for, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// A number of iterations that is 0 or more than [`MAX_ITERATIONS`](crate::MAX_ITERATIONS).
    #[error("{0} iterations of the password hash are out of range")]
    Iterations(u32),
}

/// The bytes of a key with their encryption type.
#[derive(Clone)]
struct Key {
    etype: EncryptionType,
    bytes: KeyBytes,
}

impl Key {
    fn new(etype: EncryptionType, bytes: &[u8]) -> Result<Self, KeyError> {
        let (expected, actual) = (etype.key_length(), bytes.len());
        if expected != actual {
            return Err(KeyError::Length {
                etype,
                expected,
                actual,
            });
        }
        Ok(Self {
            etype,
            bytes: KeyBytes::new(bytes),
        })
    }

    fn cipher(&self, usage: KeyUsage) -> Cipher {
        Cipher::new(self.etype, &self.bytes, usage)
    }

    fn checksum(&self, usage: KeyUsage) -> ChecksumKey {
        ChecksumKey::new(self.etype, &self.bytes, usage)
    }
}

impl PartialEq for Key {
    /// In time that does not depend on the bytes.
    fn eq(&self, other: &Self) -> bool {
        self.etype == other.etype && self.bytes.expose().ct_eq(other.bytes.expose()).into()
    }
}

impl Eq for Key {}

/// A service's own long-term key, with what it opens and signs derived once.
///
/// ```
/// use adlib_core::Password;
/// use adlib_kerberos::{EncryptionType, ServiceKey};
///
/// let salt = b"CORP.EXAMPLE.COMhostapp.corp.example.com";
/// let key = ServiceKey::from_password(EncryptionType::Aes256Sha1, &Password::from("Passw0rd"), salt, None)?;
/// assert_eq!(key.expose().len(), 32);
/// assert_eq!(format!("{key:?}"), "ServiceKey(aes256-cts-hmac-sha1-96, ..)");
/// # Ok::<(), adlib_kerberos::KeyError>(())
/// ```
///
/// A clone shares the key.
#[derive(Clone)]
pub struct ServiceKey(Arc<Derived>);

/// A key with what it gives.
struct Derived {
    key: Key,
    ticket: Cipher,
    pac: ChecksumKey,
}

impl ServiceKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// `Length` when the encryption type asks for another number of bytes.
    pub fn new(etype: EncryptionType, bytes: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes.into());
        Key::new(etype, &bytes).map(Self::derive)
    }

    /// The key that a password gives. On Active Directory the salt of a user account is the realm in upper case
    /// followed by the account name; `iterations` of `None` is the encryption type's own number.
    ///
    /// # Errors
    /// `Iterations` when there are none or too many.
    pub fn from_password(
        etype: EncryptionType,
        password: &Password,
        salt: &[u8],
        iterations: Option<u32>,
    ) -> Result<Self, KeyError> {
        let bytes = string_to_key(etype, password, salt, iterations)?;
        Key::new(etype, bytes.expose()).map(Self::derive)
    }

    fn derive(key: Key) -> Self {
        Self(Arc::new(Derived {
            ticket: key.cipher(KeyUsage::TICKET),
            pac: key.checksum(KeyUsage::PAC_SIGNATURE),
            key,
        }))
    }

    /// The encryption type.
    #[must_use]
    pub fn etype(&self) -> EncryptionType {
        self.0.key.etype
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.key.bytes.expose()
    }

    /// What encrypts tickets.
    pub(crate) fn ticket_cipher(&self) -> &Cipher {
        &self.0.ticket
    }

    /// What signs PACs.
    pub(crate) fn pac_key(&self) -> &ChecksumKey {
        &self.0.pac
    }
}

impl PartialEq for ServiceKey {
    /// In time that does not depend on the bytes.
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for ServiceKey {}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceKey({}, ..)", self.0.key.etype.name())
    }
}

/// A key that a controller made for one client and one service, or a subkey that one of them chose.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Key);

impl SessionKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// `Length` when the encryption type asks for another number of bytes.
    pub fn new(etype: EncryptionType, bytes: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes.into());
        Key::new(etype, &bytes).map(Self)
    }

    /// The key with these bytes, which a message lends.
    pub(crate) fn copied(etype: EncryptionType, bytes: &[u8]) -> Result<Self, KeyError> {
        Key::new(etype, bytes).map(Self)
    }

    /// The encryption type.
    #[must_use]
    pub const fn etype(&self) -> EncryptionType {
        self.0.etype
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.bytes.expose()
    }

    /// What encrypts the messages of `usage`.
    pub(crate) fn cipher(&self, usage: KeyUsage) -> Cipher {
        self.0.cipher(usage)
    }

    /// What signs the messages of `usage`.
    pub(crate) fn checksum_key(&self, usage: KeyUsage) -> ChecksumKey {
        self.0.checksum(usage)
    }

    /// The base key.
    pub(crate) const fn bytes(&self) -> &KeyBytes {
        &self.0.bytes
    }

    /// A new key of `etype`.
    pub(crate) fn generate(etype: EncryptionType, random: &mut Random<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random(&mut *bytes);
        let bytes = bytes.get(..etype.key_length()).unwrap_or_default();
        Self(Key {
            etype,
            bytes: KeyBytes::new(bytes),
        })
    }

    /// The pseudo-random function of the key's encryption type (RFC 3961 3): as many bytes as that gives, from `input`.
    ///
    /// ```
    /// use adlib_kerberos::{EncryptionType, SessionKey};
    ///
    /// let key = SessionKey::new(EncryptionType::Aes256Sha2, [7; 32])?;
    /// assert_eq!(key.prf(b"channel").expose().len(), 48);
    /// # Ok::<(), adlib_kerberos::KeyError>(())
    /// ```
    #[must_use]
    pub fn prf(&self, input: &[u8]) -> Secret<Vec<u8>> {
        let base = &self.0.bytes;
        let bytes = match self.etype() {
            EncryptionType::Aes128Sha1 | EncryptionType::Aes256Sha1 => aes_sha1::prf(base, input),
            EncryptionType::Aes128Sha2 => aes_sha2::prf(Profile::Sha256, base, input),
            EncryptionType::Aes256Sha2 => aes_sha2::prf(Profile::Sha384, base, input),
            EncryptionType::Rc4 => rc4_hmac::prf(base, input),
        };
        Secret::new(bytes.expose().to_vec())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({}, ..)", self.0.etype.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use std::format;

    /// A63
    #[test]
    fn a63_debug_shows_no_key() {
        let service = ServiceKey::new(EncryptionType::Rc4, [0x41; 16]).unwrap();
        let session = SessionKey::new(EncryptionType::Aes128Sha1, [0x41; 16]).unwrap();
        assert_eq!(
            format!("{service:?} {session:?}"),
            "ServiceKey(rc4-hmac, ..) SessionKey(aes128-cts-hmac-sha1-96, ..)"
        );
    }

    /// RFC 3962 6 and RFC 8009 5, with the values of MIT's `t_prf`
    #[test]
    fn published_values_of_the_pseudo_random_function() {
        for (etype, key, input, expected) in [
            (
                17,
                "ae272e7cdec86ac5138cdb196d8e297d",
                "0161",
                "77b39a37a868920f2a51f9dd150c5717",
            ),
            (
                17,
                "67ab1cfef35e4c27ffdeac60385a3e9c",
                "0162",
                "e06c0dd31ff02091994f2ef5178bfe3d",
            ),
            (
                18,
                "c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616",
                "0161",
                "b2628c788e2e9c4a9bb4644678c29f2f",
            ),
            (
                18,
                "c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616",
                "0261",
                "b406373350cee8a6126f4a9b65a0cd21",
            ),
            (
                18,
                "9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9",
                "0162",
                "ff0e289ea756c0559a0e911856961a49",
            ),
            (
                18,
                "9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9",
                "0262",
                "0d674dd0f9a6806525a4d92e828bd15a",
            ),
            (
                19,
                "3705d96080c17728a0e800eab6e0d23c",
                "74657374",
                "9d188616f63852fe86915bb840b4a886ff3e6bb0f819b49b893393d393854295",
            ),
            (
                20,
                "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
                "74657374",
                "9801f69a368c2bf675e59521e177d9a07f67efe1cfde8d3c8d6f6a0256e3b17db3c1b62ad1b8553360d17367eb1514d2",
            ),
        ] {
            let etype = EncryptionType::from_number(etype).unwrap();
            let key = SessionKey::new(etype, hex(key)).unwrap();
            assert_eq!(*key.prf(&hex(input)).expose(), hex(expected), "{etype}");
        }
    }

    /// RFC 6113 A: KRB-FX-CF2 of two keys of strings, which is two pseudo-random functions and nothing else.
    #[test]
    fn published_values_of_combined_keys() {
        for (etype, expected) in [
            (17, "97df97e4b798b29eb31ed7280287a92a"),
            (
                18,
                "4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b",
            ),
            (23, "24d7f6b6bae4e5c00d2082c5ebab3672"),
        ] {
            let etype = EncryptionType::from_number(etype).unwrap();
            let stream = |text: &str, label: u8| -> Vec<u8> {
                let key = ServiceKey::from_password(etype, &text.into(), text.as_bytes(), None).unwrap();
                let key = SessionKey::new(etype, key.expose()).unwrap();
                (1..=2)
                    .flat_map(|count| key.prf(&[count, label]).expose().clone())
                    .collect()
            };
            let (first, second) = (stream("key1", b'a'), stream("key2", b'b'));
            let combined: Vec<u8> = first
                .iter()
                .zip(&second)
                .map(|(one, other)| one ^ other)
                .collect();
            assert_eq!(combined[..etype.key_length()], hex(expected), "{etype}");
        }
    }

    #[test]
    fn lengths_are_checked() {
        for etype in EncryptionType::ALL {
            for length in [0, 15, 17, 31, 33] {
                assert!(ServiceKey::new(etype, std::vec![0; length]).is_err());
                assert!(SessionKey::new(etype, std::vec![0; length]).is_err());
            }
        }
    }
}
