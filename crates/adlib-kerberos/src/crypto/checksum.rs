//! Keyed checksums (RFC 3961 3): what signs a PAC.

use super::{
    KeyBytes, aes_sha1, aes_sha2,
    mac::{Mac, Tag},
    rc4_hmac,
};
use crate::{
    EncryptionType,
    number::{ChecksumType, KeyUsage},
};

/// Ends the constant from which a checksum key is derived (RFC 3961 5.3).
const CHECKSUM_CONSTANT: u8 = 0x99;

/// A key for the checksums of one purpose.
#[derive(Clone)]
pub(crate) struct ChecksumKey {
    etype: EncryptionType,
    /// What every checksum begins with.
    mac: Mac,
}

impl ChecksumKey {
    /// The key that `base` gives for `usage`.
    pub(crate) fn new(etype: EncryptionType, base: &KeyBytes, usage: KeyUsage) -> Self {
        let [a, b, c, d] = usage.0.to_be_bytes();
        let constant = [a, b, c, d, CHECKSUM_CONSTANT];
        let sha2 = |profile: aes_sha2::Profile| {
            profile.mac(&aes_sha2::derive(profile, base, &constant, profile.tag_length()))
        };
        let mac = match etype {
            EncryptionType::Aes128Sha1 | EncryptionType::Aes256Sha1 => {
                let [kc] = aes_sha1::derive_usage(base, [constant]);
                Mac::sha1(&kc)
            }
            EncryptionType::Aes128Sha2 => sha2(aes_sha2::Profile::Sha256),
            EncryptionType::Aes256Sha2 => sha2(aes_sha2::Profile::Sha384),
            EncryptionType::Rc4 => rc4_hmac::checksum(base, usage),
        };
        Self { etype, mac }
    }

    /// The type of the checksums that this key makes.
    pub(crate) const fn checksum_type(&self) -> ChecksumType {
        ChecksumType::of(self.etype)
    }

    /// The checksum of the parts that `feed` hands over.
    pub(crate) fn sum_parts(&self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Tag {
        let mut mac = self.mac.clone();
        feed(&mut |part| mac.update(part));
        mac.finish()
    }

    /// The checksum of `data`.
    pub(crate) fn sum(&self, data: &[u8]) -> Tag {
        self.mac.clone().of(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 8009 A and MIT's `t_cksums`
    #[test]
    fn published_values() {
        use EncryptionType::{Aes128Sha1, Aes128Sha2, Aes256Sha1, Aes256Sha2, Rc4};
        for (etype, usage, key, data, expected) in CHECKSUMS {
            let etype = match etype {
                17 => Aes128Sha1,
                18 => Aes256Sha1,
                19 => Aes128Sha2,
                20 => Aes256Sha2,
                _ => Rc4,
            };
            let key = ChecksumKey::new(etype, &KeyBytes::new(&hex(key)), KeyUsage(*usage));
            assert_eq!(key.sum(&hex(data)).as_slice(), hex(expected), "{etype}");
            assert!(key.sum(&hex(data)).is(&hex(expected)));
            assert!(!key.sum(&hex(data)).is(&[]), "{etype}: no checksum");
        }
    }

    const CHECKSUMS: &[(i32, u32, &str, &str, &str)] = &[
        (
            17,
            3,
            "9062430c8cda3388922e6d6a509f5b7a",
            "6569676874206e696e652074656e20656c6576656e207477656c766520746869727465656e",
            "01a4b088d45628f6946614e3",
        ),
        (
            18,
            4,
            "b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7",
            "666f75727465656e",
            "e08739e3279e2903ec8e3836",
        ),
        (
            23,
            6,
            "f7d3a155af5e238a0b7a871a96ba2ab2",
            "736576656e7465656e20656967687465656e206e696e657465656e207477656e7479",
            "eb38cc97e2230f59da4117dc5859d7ec",
        ),
        (
            19,
            2,
            "3705d96080c17728a0e800eab6e0d23c",
            "000102030405060708090a0b0c0d0e0f1011121314",
            "d78367186643d67b411cba9139fc1dee",
        ),
        (
            20,
            2,
            "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
            "000102030405060708090a0b0c0d0e0f1011121314",
            "45ee791567eefca37f4ac1e0222de80d43c3bfa06699672a",
        ),
    ];
}
