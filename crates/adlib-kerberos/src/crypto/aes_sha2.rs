//! `aes128-cts-hmac-sha256-128` and `aes256-cts-hmac-sha384-192` (RFC 8009).

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Sha256, Sha384};

use super::{
    KeyBytes,
    cts::{self, Aes},
    mac::Mac,
};

/// The length of the confounder, in bytes.
const CONFOUNDER: usize = cts::BLOCK;

/// Which of the two profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
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

    /// The length of what the pseudo-random function gives, in bytes.
    const fn prf_length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The truncated HMAC with `key`.
    pub(super) fn mac(self, key: &KeyBytes) -> Mac {
        match self {
            Self::Sha256 => Mac::Sha256(Hmac::new(&key.padded().into())),
            Self::Sha384 => Mac::Sha384(Hmac::new(&key.padded().into())),
        }
    }

    /// The whole HMAC of `parts`, cut to `length`.
    fn hmac(self, key: &KeyBytes, parts: &[&[u8]], length: usize) -> KeyBytes {
        let cut = |code: &[u8]| KeyBytes::new(code.get(..length).unwrap_or(code));
        match self {
            Self::Sha256 => {
                let mut mac = Hmac::<Sha256>::new(&key.padded().into());
                parts.iter().for_each(|part| mac.update(part));
                cut(&mac.finalize().into_bytes())
            }
            Self::Sha384 => {
                let mut mac = Hmac::<Sha384>::new(&key.padded().into());
                parts.iter().for_each(|part| mac.update(part));
                cut(&mac.finalize().into_bytes())
            }
        }
    }
}

/// KDF-HMAC-SHA2 (RFC 8009 3): `length` bytes that `base` gives for `label`.
pub(super) fn derive(profile: Profile, base: &KeyBytes, label: &[u8], length: usize) -> KeyBytes {
    with_context(profile, base, label, &[], length)
}

fn with_context(profile: Profile, base: &KeyBytes, label: &[u8], context: &[u8], length: usize) -> KeyBytes {
    // At most 48 bytes.
    let bits = u32::try_from(length * 8).unwrap_or(0).to_be_bytes();
    profile.hmac(base, &[&[0, 0, 0, 1], label, &[0], context, &bits], length)
}

/// The pseudo-random function (RFC 8009 5).
pub(super) fn prf(profile: Profile, base: &KeyBytes, input: &[u8]) -> KeyBytes {
    with_context(profile, base, b"prf", input, profile.prf_length())
}

/// Encrypt `confounded`, a confounder with the plaintext after it: ciphertext, then the HMAC of the ciphertext.
pub(super) fn seal(ke: &Aes, ki: &Mac, mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    ke.encrypt(&mut confounded)?;
    let tag = of_ciphertext(ki, &confounded);
    confounded.extend_from_slice(tag.as_slice());
    Some(confounded)
}

/// The plaintext within `message`, which is overwritten, or `None` when the HMAC does not verify.
pub(super) fn open<'m>(profile: Profile, ke: &Aes, ki: &Mac, message: &'m mut [u8]) -> Option<&'m mut [u8]> {
    let length = message.len().checked_sub(profile.tag_length())?;
    let (data, sent) = message.split_at_mut_checked(length)?;
    if !of_ciphertext(ki, data).is(sent) {
        return None;
    }
    ke.decrypt(data)?;
    data.get_mut(CONFOUNDER..)
}

fn of_ciphertext(ki: &Mac, ciphertext: &[u8]) -> super::mac::Tag {
    let mut mac = ki.clone();
    mac.update(&cts::ZERO_VECTOR);
    mac.of(ciphertext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 8009 A, "Sample results for key derivation"
    fn base_key(text: &str) -> KeyBytes {
        KeyBytes::new(&hex(text))
    }

    #[test]
    fn derived_keys() {
        let base = base_key("3705d96080c17728a0e800eab6e0d23c");
        for (label, expected) in [
            ("0000000299", "b31a018a48f54776f403e9a396325dc3"),
            ("00000002aa", "9b197dd1e8c5609d6e67c3e37c62c72e"),
            ("0000000255", "9fda0e56ab2d85e1569a688696c26a6c"),
        ] {
            assert_eq!(
                derive(Profile::Sha256, &base, &hex(label), 16).expose(),
                hex(expected)
            );
        }
        let base = base_key("6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52");
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
                derive(Profile::Sha384, &base, &hex(label), expected.len()).expose(),
                expected
            );
        }
    }
}
