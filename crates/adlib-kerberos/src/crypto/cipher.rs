//! Authenticated encryption (RFC 3961 3), whatever the encryption type.

use alloc::{vec, vec::Vec};

use adlib_core::Secret;
use zeroize::Zeroizing;

use super::{
    KeyBytes, Random, aes_sha1, aes_sha2,
    aes_sha2::Profile,
    cts::{self, Aes},
    mac::Mac,
    rc4_hmac,
};
use crate::{EncryptionType, number::KeyUsage};

/// End the constants from which the keys are derived (RFC 3961 5.3).
const ENCRYPTION_CONSTANT: u8 = 0xaa;
const INTEGRITY_CONSTANT: u8 = 0x55;

/// The keys for the messages of one purpose, expanded.
#[derive(Clone)]
pub(crate) enum Cipher {
    /// Encryption types 17 and 18.
    AesSha1 {
        /// Encrypts.
        ke: Aes,
        /// Signs.
        ki: Mac,
    },
    /// Encryption types 19 and 20.
    AesSha2 {
        /// Which of them.
        profile: Profile,
        /// Encrypts.
        ke: Aes,
        /// Signs.
        ki: Mac,
    },
    /// Encryption type 23, which derives within the message.
    Rc4 {
        /// The base key.
        key: KeyBytes,
        /// The purpose.
        usage: KeyUsage,
    },
}

impl Cipher {
    /// The keys that `base` gives for `usage`.
    pub(crate) fn new(etype: EncryptionType, base: &KeyBytes, usage: KeyUsage) -> Self {
        let [a, b, c, d] = usage.0.to_be_bytes();
        let encryption = [a, b, c, d, ENCRYPTION_CONSTANT];
        let integrity = [a, b, c, d, INTEGRITY_CONSTANT];
        let sha2 = |profile: Profile| {
            let ke = aes_sha2::derive(profile, base, &encryption, profile.key_length());
            let ki = aes_sha2::derive(profile, base, &integrity, profile.tag_length());
            Self::AesSha2 {
                profile,
                ke: Aes::new(&ke),
                ki: profile.mac(&ki),
            }
        };
        match etype {
            EncryptionType::Aes128Sha1 | EncryptionType::Aes256Sha1 => {
                let [ke, ki] = aes_sha1::derive_usage(base, [encryption, integrity]);
                Self::AesSha1 {
                    ke: Aes::new(&ke),
                    ki: Mac::sha1(&ki),
                }
            }
            EncryptionType::Aes128Sha2 => sha2(Profile::Sha256),
            EncryptionType::Aes256Sha2 => sha2(Profile::Sha384),
            EncryptionType::Rc4 => Self::Rc4 {
                key: base.clone(),
                usage,
            },
        }
    }

    /// The plaintext within `message`, which is overwritten, or `None` when it is not authentic.
    pub(crate) fn open<'m>(&self, message: &'m mut [u8]) -> Option<&'m mut [u8]> {
        match self {
            Self::AesSha1 { ke, ki } => aes_sha1::open(ke, ki, message),
            Self::AesSha2 { profile, ke, ki } => aes_sha2::open(*profile, ke, ki, message),
            Self::Rc4 { key, usage } => rc4_hmac::open(key, *usage, message),
        }
    }

    /// The plaintext of `message`, or `None` when it is not authentic.
    pub(crate) fn decrypt(&self, message: &[u8]) -> Option<Secret<Vec<u8>>> {
        let mut copy = Zeroizing::new(message.to_vec());
        self.open(&mut copy)
            .map(|plaintext| Secret::new(plaintext.to_vec()))
    }

    /// Encrypt `plaintext` under a fresh confounder.
    pub(crate) fn encrypt(&self, plaintext: &[u8], random: &mut Random<'_>) -> Vec<u8> {
        let mut confounded = vec![0; self.confounder_length()];
        random(&mut confounded);
        confounded.extend_from_slice(plaintext);
        let message = match self {
            Self::AesSha1 { ke, ki } => aes_sha1::seal(ke, ki, confounded),
            Self::AesSha2 { ke, ki, .. } => aes_sha2::seal(ke, ki, confounded),
            Self::Rc4 { key, usage } => rc4_hmac::encrypt(key, *usage, confounded),
        };
        // With a confounder there is at least one block, and no key is empty: it cannot fail.
        message.unwrap_or_default()
    }

    const fn confounder_length(&self) -> usize {
        match self {
            Self::AesSha1 { .. } | Self::AesSha2 { .. } => cts::BLOCK,
            Self::Rc4 { .. } => rc4_hmac::CONFOUNDER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use proptest::prelude::*;

    /// RFC 8009 A and MIT's `t_decrypt`
    #[test]
    fn published_values() {
        for (etype, usage, key, plaintext, message) in MESSAGES {
            let etype = EncryptionType::from_number(*etype).unwrap();
            let cipher = Cipher::new(etype, &KeyBytes::new(&hex(key)), KeyUsage(*usage));
            let opened = cipher.decrypt(&hex(message)).expect("authentic");
            assert_eq!(*opened.expose(), hex(plaintext), "{etype}, usage {usage}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encrypted_comes_back(plaintext in proptest::collection::vec(any::<u8>(), 0..100), bit: u16) {
            for etype in EncryptionType::ALL {
                let cipher = Cipher::new(etype, &KeyBytes::new(&vec![5; etype.key_length()]), KeyUsage(2));
                let mut message = cipher.encrypt(&plaintext, &mut |bytes| bytes.fill(9));
                let opened = cipher.decrypt(&message).unwrap();
                prop_assert_eq!(opened.expose(), &plaintext);
                let bit = usize::from(bit) % (message.len() * 8);
                message[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(cipher.decrypt(&message).is_none(), "{} bit {}", etype, bit);
            }
        }

        #[test]
        fn no_bytes_panic(message in proptest::collection::vec(any::<u8>(), 0..80)) {
            for etype in EncryptionType::ALL {
                let cipher = Cipher::new(etype, &KeyBytes::new(&vec![5; etype.key_length()]), KeyUsage(2));
                prop_assert!(cipher.decrypt(&message).is_none());
            }
        }
    }

    const MESSAGES: &[(i32, u32, &str, &str, &str)] = &[
        (
            23,
            0,
            "f81fec39255f5784e850c4377c88bd85",
            "",
            "02c1eb15586144122ec717763dd348bf00434ddc6585954c",
        ),
        (
            23,
            1,
            "67d1300d281223867f9647ff48721273",
            "31",
            "6156e0cc04e0a0874f9fda008f498a7adbbc80b70b14dddbc0",
        ),
        (
            23,
            2,
            "3e40ab6093695281b3ac1a9304224d98",
            "392062797465737373",
            "0f9ad121d99d4a09448e4f1f718c4f5cbe6096262c66f29df232a87c9f98755d55",
        ),
        (
            23,
            3,
            "4ba2fbf0379faed87a254d3b353d5a7e",
            "31332062797465732062797465",
            "612c57568b17a70352bae8cf26fb9459a6f3353cd35fd439db3107cbec765d326dfc04c1dd",
        ),
        (
            23,
            4,
            "68f263db3fce15d031c9eab02d67107a",
            "333020627974657320627974657320627974657320627974657320627974",
            "95f9047c3ad75891c2e9b04b16566dc8b6eb9ce4231afb2542ef87a7b5a0f260a99f0460508de0cecc632d07c354124e46c5d2234eb8",
        ),
        (
            17,
            0,
            "5a5c0f0ba54f3828b2195e66ca24a289",
            "",
            "49ff8e11c173d9583a3254fbe7b1f1df36c538e8416784a1672e6676",
        ),
        (
            17,
            1,
            "98450e3f3baa13f5c99beb936981b06f",
            "31",
            "f86742f537b35dc2174a4dbaa920faf9042090b065e1ebb1cad9a65394",
        ),
        (
            17,
            2,
            "9062430c8cda3388922e6d6a509f5b7a",
            "392062797465737373",
            "68fb9679601f45c78857b2bf820fd6e53eca8d42fd4b1d7024a09205abb7cd2ec26c355d2f",
        ),
        (
            17,
            3,
            "033ee6502c54fd23e27791e987983827",
            "31332062797465732062797465",
            "ec366d0327a933bf49330e650e49bc6b974637fe80bf532fe51795b4809718e6194724db948d1fd637",
        ),
        (
            17,
            4,
            "dceeb70b3de76562e689226c76429148",
            "333020627974657320627974657320627974657320627974657320627974",
            "c96081032d5d8eeb7e32b4089f789d0faa481dea74c0f97cbf3146ddfcf8e800156ecb532fc203e30ff600b63b350939fece510f02d7ff1e7bac",
        ),
        (
            18,
            0,
            "17f275f2954f2ed1f90c377ba7f4d6a369aa0136e0bf0c927ad6133c693759a9",
            "",
            "e5094c55ee7b38262e2b044280b069379a95bf95bd8376fb3281b435",
        ),
        (
            18,
            1,
            "b9477e1ff0329c0050e20ce6c72d2dff27e8fe541ab0954429a9cb5b4f7b1e2a",
            "31",
            "406150b97aeb76d43b36b62cc1ecdfbe6f40e95755e0beb5c27825f3a4",
        ),
        (
            18,
            2,
            "b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7",
            "392062797465737373",
            "09957aa25fcaf88f7b39e4406e633012d5fea21853f6478da7065caef41fd454a40824eec5",
        ),
        (
            18,
            3,
            "e5a72be9b7926c1225bafef9c1872e7ba4cdb2b17893d84abd90acdd8764d966",
            "31332062797465732062797465",
            "d8f1aafeec84587cc3e700a774e56651a6d693e174ec4473b5e6d96f80297a653fb818ad893e719f96",
        ),
        (
            18,
            4,
            "f1c795e9248a09338d82c3f8d5b567040b0110736845041347235b1404231398",
            "333020627974657320627974657320627974657320627974657320627974",
            "d1137a4d634cfece924dbc3bf6790648bd5cff7de0e7b99460211d0daef3d79a295c688858f3b34b9cbd6eebae81daf6b734d4d498b6714f1c1d",
        ),
        (
            19,
            2,
            "3705d96080c17728a0e800eab6e0d23c",
            "",
            "ef85fb890bb8472f4dab20394dca781dad877eda39d50c870c0d5a0a8e48c718",
        ),
        (
            19,
            2,
            "3705d96080c17728a0e800eab6e0d23c",
            "000102030405",
            "84d7f30754ed987bab0bf3506beb09cfb55402cef7e6877ce99e247e52d16ed4421dfdf8976c",
        ),
        (
            19,
            2,
            "3705d96080c17728a0e800eab6e0d23c",
            "000102030405060708090a0b0c0d0e0f",
            "3517d640f50ddc8ad3628722b3569d2ae07493fa8263254080ea65c1008e8fc295fb4852e7d83e1e7c48c37eebe6b0d3",
        ),
        (
            19,
            2,
            "3705d96080c17728a0e800eab6e0d23c",
            "000102030405060708090a0b0c0d0e0f1011121314",
            "720f73b18d9859cd6ccb4346115cd336c70f58edc0c4437c5573544c31c813bce1e6d072c186b39a413c2f92ca9b8334a287ffcbfc",
        ),
        (
            20,
            2,
            "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
            "",
            "41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c",
        ),
        (
            20,
            2,
            "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
            "000102030405",
            "4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b6092237526ea0d1f61cb20d69d10f2",
        ),
        (
            20,
            2,
            "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
            "000102030405060708090a0b0c0d0e0f",
            "bc47ffec7998eb91e8115cf8d19dac4bbbe2e163e87dd37f49beca92027764f68cf51f14d798c2273f35df574d1f932e40c4ff255b36a266",
        ),
        (
            20,
            2,
            "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52",
            "000102030405060708090a0b0c0d0e0f1011121314",
            "40013e2df58e8751957d2878bcd2d6fe101ccfd556cb1eae79db3c3ee86429f2b2a602ac86fef6ecb647d6295fae077a1feb517508d2c16b4192e01f62",
        ),
    ];
}
