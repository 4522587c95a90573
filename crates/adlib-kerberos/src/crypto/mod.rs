//! Encryption and checksums (RFC 3961), one profile a file.
//!
//! A new encryption type is: its file here, a variant of [`EncryptionType`](crate::EncryptionType), and an arm in
//! [`cipher`].

mod aes_sha1;
mod aes_sha2;
mod checksum;
mod cipher;
mod cts;
mod key;
mod key_bytes;
mod mac;
mod nfold;
pub(crate) mod rc4_hmac;
mod string_to_key;

pub(crate) use checksum::ChecksumKey;
pub(crate) use cipher::Cipher;
pub use key::{KeyError, ServiceKey, SessionKey};
pub(crate) use key_bytes::KeyBytes;
pub use string_to_key::MAX_ITERATIONS;

/// Fills a buffer with random bytes. Where they come from is the caller's choice.
pub type Random<'a> = dyn FnMut(&mut [u8]) + 'a;

#[cfg(test)]
pub(crate) fn hex(text: &str) -> alloc::vec::Vec<u8> {
    let digits: alloc::vec::Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<alloc::string::String>(), 16).unwrap())
        .collect()
}
