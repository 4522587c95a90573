//! AES in CBC mode with ciphertext stealing and a zero vector (RFC 3962 5, RFC 8009 5).

use aes::{Aes128, Aes256};
use cts::{
    CbcCs3, Decrypt, Encrypt, KeyInit, KeyIvInit,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt},
};

/// The length of a block, in bytes.
pub(crate) const BLOCK: usize = 16;
/// The first cipher state of every message.
pub(crate) const ZERO_VECTOR: [u8; BLOCK] = [0; BLOCK];

/// Encrypt `data` in place; `None` when it is shorter than a block or the key is no AES key.
pub(crate) fn encrypt(key: &[u8], data: &mut [u8]) -> Option<()> {
    // A message of one block is plain CBC: the stealing mode is not defined for it.
    if let Ok(block) = <&mut [u8; BLOCK]>::try_from(&mut *data) {
        return encrypt_block(key, block);
    }
    match key.len() {
        16 => CbcCs3::<Aes128>::new_from_slices(key, &ZERO_VECTOR)
            .ok()?
            .encrypt(data)
            .ok(),
        _ => CbcCs3::<Aes256>::new_from_slices(key, &ZERO_VECTOR)
            .ok()?
            .encrypt(data)
            .ok(),
    }
}

/// Decrypt `data` in place; `None` when it is shorter than a block or the key is no AES key.
pub(crate) fn decrypt(key: &[u8], data: &mut [u8]) -> Option<()> {
    if let Ok(block) = <&mut [u8; BLOCK]>::try_from(&mut *data) {
        return decrypt_block(key, block);
    }
    match key.len() {
        16 => CbcCs3::<Aes128>::new_from_slices(key, &ZERO_VECTOR)
            .ok()?
            .decrypt(data)
            .ok(),
        _ => CbcCs3::<Aes256>::new_from_slices(key, &ZERO_VECTOR)
            .ok()?
            .decrypt(data)
            .ok(),
    }
}

/// Encrypt one block in place; `None` when the key is no AES key.
pub(crate) fn encrypt_block(key: &[u8], block: &mut [u8; BLOCK]) -> Option<()> {
    match key.len() {
        16 => Aes128::new_from_slice(key)
            .ok()?
            .encrypt_block(Block::<Aes128>::cast_from_core_mut(block)),
        _ => Aes256::new_from_slice(key)
            .ok()?
            .encrypt_block(Block::<Aes256>::cast_from_core_mut(block)),
    }
    Some(())
}

fn decrypt_block(key: &[u8], block: &mut [u8; BLOCK]) -> Option<()> {
    match key.len() {
        16 => Aes128::new_from_slice(key)
            .ok()?
            .decrypt_block(Block::<Aes128>::cast_from_core_mut(block)),
        _ => Aes256::new_from_slice(key)
            .ok()?
            .decrypt_block(Block::<Aes256>::cast_from_core_mut(block)),
    }
    Some(())
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
            encrypt(key, &mut data).unwrap();
            assert_eq!(data, hex(expected), "{length}");
            decrypt(key, &mut data).unwrap();
            assert_eq!(data, text[..length]);
        }
    }

    #[test]
    fn one_block_comes_back_and_less_is_refused() {
        let mut data = *b"sixteen bytes...";
        encrypt(&[7; 32], &mut data).unwrap();
        decrypt(&[7; 32], &mut data).unwrap();
        assert_eq!(&data, b"sixteen bytes...");
        assert_eq!(encrypt(&[7; 32], &mut [0; 15]), None);
        assert_eq!(decrypt(&[7; 16], &mut []), None);
        assert_eq!(encrypt(&[7; 5], &mut [0; 32]), None);
    }
}
