//! Checksum types (RFC 3961 8, RFC 8009 8, RFC 4757 7.2).

use super::EncryptionType;

/// The number of a checksum type, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChecksumType(pub i32);

impl ChecksumType {
    /// `hmac-sha1-96-aes128`.
    pub const HMAC_SHA1_96_AES128: Self = Self(15);
    /// `hmac-sha1-96-aes256`.
    pub const HMAC_SHA1_96_AES256: Self = Self(16);
    /// `hmac-sha256-128-aes128`.
    pub const HMAC_SHA256_128_AES128: Self = Self(19);
    /// `hmac-sha384-192-aes256`.
    pub const HMAC_SHA384_192_AES256: Self = Self(20);
    /// `KERB_CHECKSUM_HMAC_MD5`, RC4's.
    pub const HMAC_MD5: Self = Self(-138);
    /// No checksum at all: a GSS-API initiator's flags and channel bindings (RFC 4121 4.1.1).
    pub const GSS: Self = Self(0x8003);

    /// The checksum type that goes with an encryption type.
    #[must_use]
    pub const fn of(etype: EncryptionType) -> Self {
        match etype {
            EncryptionType::Aes128Sha1 => Self::HMAC_SHA1_96_AES128,
            EncryptionType::Aes256Sha1 => Self::HMAC_SHA1_96_AES256,
            EncryptionType::Aes128Sha2 => Self::HMAC_SHA256_128_AES128,
            EncryptionType::Aes256Sha2 => Self::HMAC_SHA384_192_AES256,
            EncryptionType::Rc4 => Self::HMAC_MD5,
        }
    }

    /// The length of a checksum of this type, in bytes; `None` for a type that is not spoken here.
    #[must_use]
    pub const fn length(self) -> Option<usize> {
        match self {
            Self::HMAC_SHA1_96_AES128 | Self::HMAC_SHA1_96_AES256 => Some(12),
            Self::HMAC_SHA256_128_AES128 | Self::HMAC_MD5 => Some(16),
            Self::HMAC_SHA384_192_AES256 => Some(24),
            _ => None,
        }
    }
}
