//! AES in CBC mode with ciphertext stealing and a zero vector (RFC 3962 5, RFC 8009 5).

use aes::{Aes128, Aes128Enc, Aes256, Aes256Enc};
use cts::{
    CbcCs3, Decrypt, Encrypt, KeyInit,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, InnerIvInit},
};

use super::KeyBytes;

/// The length of a block, in bytes.
pub(crate) const BLOCK: usize = 16;
/// The first cipher state of every message.
pub(crate) const ZERO_VECTOR: [u8; BLOCK] = [0; BLOCK];

/// An AES key, expanded.
#[derive(Clone)]
pub(crate) enum Aes {
    /// Of 16 bytes.
    Short(Aes128),
    /// Of 32 bytes.
    Long(Aes256),
}

impl Aes {
    /// The key that `key` is: AES-256 with 32 bytes, AES-128 with 16.
    pub(crate) fn new(key: &KeyBytes) -> Self {
        match key.expose().len() {
            32.. => Self::Long(Aes256::new(&key.padded().into())),
            _ => Self::Short(Aes128::new(&key.padded().into())),
        }
    }

    /// Encrypt `data` in place; `None` when it is shorter than a block.
    pub(crate) fn encrypt(&self, data: &mut [u8]) -> Option<()> {
        // A message of one block is plain CBC: the stealing mode is not defined for it.
        if let Ok(block) = <&mut [u8; BLOCK]>::try_from(&mut *data) {
            self.encrypt_block(block);
            return Some(());
        }
        let iv = &ZERO_VECTOR.into();
        match self {
            Self::Short(aes) => CbcCs3::inner_iv_init(aes, iv).encrypt(data).ok(),
            Self::Long(aes) => CbcCs3::inner_iv_init(aes, iv).encrypt(data).ok(),
        }
    }

    /// Decrypt `data` in place; `None` when it is shorter than a block.
    pub(crate) fn decrypt(&self, data: &mut [u8]) -> Option<()> {
        if let Ok(block) = <&mut [u8; BLOCK]>::try_from(&mut *data) {
            match self {
                Self::Short(aes) => aes.decrypt_block(Block::<Aes128>::cast_from_core_mut(block)),
                Self::Long(aes) => aes.decrypt_block(Block::<Aes256>::cast_from_core_mut(block)),
            }
            return Some(());
        }
        let iv = &ZERO_VECTOR.into();
        match self {
            Self::Short(aes) => CbcCs3::inner_iv_init(aes, iv).decrypt(data).ok(),
            Self::Long(aes) => CbcCs3::inner_iv_init(aes, iv).decrypt(data).ok(),
        }
    }

    /// Encrypt one block in place.
    fn encrypt_block(&self, block: &mut [u8; BLOCK]) {
        match self {
            Self::Short(aes) => aes.encrypt_block(Block::<Aes128>::cast_from_core_mut(block)),
            Self::Long(aes) => aes.encrypt_block(Block::<Aes256>::cast_from_core_mut(block)),
        }
    }
}

/// An AES key that only encrypts, which is half of the work to expand: keys are derived with it.
pub(crate) enum AesEncrypt {
    /// Of 16 bytes.
    Short(Aes128Enc),
    /// Of 32 bytes.
    Long(Aes256Enc),
}

impl AesEncrypt {
    /// The key that `key` is: AES-256 with 32 bytes, AES-128 with 16.
    pub(crate) fn new(key: &KeyBytes) -> Self {
        match key.expose().len() {
            32.. => Self::Long(Aes256Enc::new(&key.padded().into())),
            _ => Self::Short(Aes128Enc::new(&key.padded().into())),
        }
    }

    /// Encrypt each of `blocks` in place, all at a time.
    pub(crate) fn encrypt_blocks(&self, blocks: &mut [[u8; BLOCK]]) {
        match self {
            Self::Short(aes) => aes.encrypt_blocks(Block::<Aes128>::cast_slice_from_core_mut(blocks)),
            Self::Long(aes) => aes.encrypt_blocks(Block::<Aes256>::cast_slice_from_core_mut(blocks)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 3962 B, "Some test vectors for CBC with ciphertext stealing"
    #[test]
    fn published_values() {
        let key = b"chicken teriyaki";
        let text = b"I would like the General Gau's Chicken, please, and wonton soup.";
        for (length, expected) in [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
            (
                31,
                "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5",
            ),
            (
                32,
                "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
            ),
            (
                47,
                "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5",
            ),
        ] {
            let mut data = text[..length].to_vec();
            let key = Aes::new(&KeyBytes::new(key));
            key.encrypt(&mut data).unwrap();
            assert_eq!(data, hex(expected), "{length}");
            key.decrypt(&mut data).unwrap();
            assert_eq!(data, text[..length]);
        }
    }

    #[test]
    fn one_block_comes_back_and_less_is_refused() {
        let mut data = *b"sixteen bytes...";
        let (long, short) = (
            Aes::new(&KeyBytes::new(&[7; 32])),
            Aes::new(&KeyBytes::new(&[7; 16])),
        );
        for key in [&long, &short] {
            key.encrypt(&mut data).unwrap();
            key.decrypt(&mut data).unwrap();
            assert_eq!(&data, b"sixteen bytes...");
        }
        assert_eq!(long.encrypt(&mut [0; 15]), None);
        assert_eq!(short.decrypt(&mut []), None);
    }
}
