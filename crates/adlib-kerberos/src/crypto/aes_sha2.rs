//! `aes128-cts-hmac-sha256-128` and `aes256-cts-hmac-sha384-192` (RFC 8009).

use alloc::vec::Vec;

use adlib_core::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use subtle::ConstantTimeEq;

use super::cts;

/// The length of the confounder, in bytes.
const CONFOUNDER: usize = cts::BLOCK;

/// Which of the two profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Encryption type 19.
    Sha256,
    /// Encryption type 20.
    Sha384,
}

impl Profile {
    /// The length of a truncated HMAC and of the keys that make it, in bytes.
    pub(super) const fn tag_length(self) -> usize {
        match self {
            Self::Sha256 => 16,
            Self::Sha384 => 24,
        }
    }

    /// The length of a base key and of an encryption key, in bytes.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::Sha256 => 16,
            Self::Sha384 => 32,
        }
    }

    /// The HMAC of `parts`, cut to `length`.
    fn hmac(self, key: &[u8], parts: &[&[u8]], length: usize) -> Option<Vec<u8>> {
        match self {
            Self::Sha256 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().get(..length).map(<[u8]>::to_vec)
            }
            Self::Sha384 => {
                let mut mac = Hmac::<Sha384>::new_from_slice(key).ok()?;
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().get(..length).map(<[u8]>::to_vec)
            }
        }
    }

    /// The truncated HMAC of `parts`.
    pub(super) fn tag(self, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
        self.hmac(key, parts, self.tag_length())
    }
}

/// KDF-HMAC-SHA2 (RFC 8009 3): `length` bytes that `base` gives for `label`.
pub(super) fn derive(profile: Profile, base: &[u8], label: &[u8], length: usize) -> Secret<Vec<u8>> {
    // At most 32 bytes: 256 bits.
    let bits = u32::try_from(length * 8).unwrap_or(0).to_be_bytes();
    let derived = profile.hmac(base, &[&[0, 0, 0, 1], label, &[0], &bits], length);
    Secret::new(derived.unwrap_or_default())
}

/// Encrypt `confounded`, a confounder with the plaintext after it: ciphertext, then the HMAC of the ciphertext.
pub(super) fn encrypt(profile: Profile, ke: &[u8], ki: &[u8], mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    cts::encrypt(ke, &mut confounded)?;
    let tag = profile.tag(ki, &[&cts::ZERO_VECTOR, &confounded])?;
    confounded.extend_from_slice(&tag);
    Some(confounded)
}

/// The plaintext, or `None` when the HMAC does not verify.
pub(super) fn decrypt(profile: Profile, ke: &[u8], ki: &[u8], message: &[u8]) -> Option<Secret<Vec<u8>>> {
    let length = message.len().checked_sub(profile.tag_length())?;
    let (ciphertext, sent) = message.split_at_checked(length)?;
    let tag = profile.tag(ki, &[&cts::ZERO_VECTOR, ciphertext])?;
    if !bool::from(tag.ct_eq(sent)) {
        return None;
    }
    let mut data = ciphertext.to_vec();
    cts::decrypt(ke, &mut data)?;
    let data = Secret::new(data);
    Some(Secret::new(data.expose().get(CONFOUNDER..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 8009 A, "Sample results for key derivation"
    #[test]
    fn derived_keys() {
        let base = hex("3705d96080c17728a0e800eab6e0d23c");
        for (label, expected) in [
            ("0000000299", "b31a018a48f54776f403e9a396325dc3"),
            ("00000002aa", "9b197dd1e8c5609d6e67c3e37c62c72e"),
            ("0000000255", "9fda0e56ab2d85e1569a688696c26a6c"),
        ] {
            assert_eq!(
                *derive(Profile::Sha256, &base, &hex(label), 16).expose(),
                hex(expected)
            );
        }
        let base = hex("6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52");
        for (label, expected) in [
            ("0000000299", "ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d"),
            (
                "00000002aa",
                "56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49",
            ),
            ("0000000255", "69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f"),
        ] {
            let expected = hex(expected);
            assert_eq!(
                *derive(Profile::Sha384, &base, &hex(label), expected.len()).expose(),
                expected
            );
        }
    }
}
