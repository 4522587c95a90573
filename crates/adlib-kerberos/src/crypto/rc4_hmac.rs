//! `rc4-hmac` (RFC 4757). Weak: the policy decides whether it is used at all (A6).

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac as _};
use md5::{Digest, Md5};
use rc4::{Rc4, StreamCipher};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::{KeyBytes, mac::Mac};
use crate::number::KeyUsage;

/// The length of the confounder, in bytes.
pub(super) const CONFOUNDER: usize = 8;
/// The length of the HMAC, in bytes.
const TAG: usize = 16;

/// HMAC-MD5 of `parts`, which all of it is made of.
pub(crate) fn hmac_md5(key: &KeyBytes, parts: &[&[u8]]) -> [u8; TAG] {
    let mut mac = Hmac::<Md5>::new(&key.padded().into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The same as a key.
pub(crate) fn derive(key: &KeyBytes, data: &[u8]) -> KeyBytes {
    KeyBytes::new(&hmac_md5(key, &[data]))
}

/// RFC 4757 3: the usages that Windows numbers otherwise, and the rest as it is, the least significant byte first.
const fn salt(usage: KeyUsage) -> [u8; 4] {
    match usage.0 {
        3 | 9 => 8_u32.to_le_bytes(),
        23 => 13_u32.to_le_bytes(),
        number => number.to_le_bytes(),
    }
}

/// Encrypt or decrypt `data` in place, from the start of the keystream of `key`; `None` for an empty key.
pub(crate) fn apply_keystream(key: &KeyBytes, data: &mut [u8]) -> Option<()> {
    Rc4::new_from_slice(key.expose()).ok()?.apply_keystream(data);
    Some(())
}

/// Encrypt `confounded`, a confounder with the plaintext after it: the HMAC of the plaintext, then the ciphertext.
pub(super) fn encrypt(key: &KeyBytes, usage: KeyUsage, mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    let k1 = derive(key, &salt(usage));
    let tag = hmac_md5(&k1, &[&confounded]);
    apply_keystream(&derive(&k1, &tag), &mut confounded)?;
    Some([&tag[..], &confounded].concat())
}

/// The plaintext within `message`, which is overwritten, or `None` when the HMAC does not verify.
pub(super) fn open<'m>(key: &KeyBytes, usage: KeyUsage, message: &'m mut [u8]) -> Option<&'m mut [u8]> {
    let (sent, data) = message.split_first_chunk_mut::<TAG>()?;
    let k1 = derive(key, &salt(usage));
    apply_keystream(&derive(&k1, sent), data)?;
    let verified = bool::from(hmac_md5(&k1, &[data]).ct_eq(sent));
    data.get_mut(CONFOUNDER..).filter(|_| verified)
}

/// `KERB_CHECKSUM_HMAC_MD5` (RFC 4757 4), about to take the data.
pub(super) fn checksum(key: &KeyBytes, usage: KeyUsage) -> Mac {
    Mac::Md5 {
        signing: derive(key, b"signaturekey\0"),
        digest: Md5::new().chain_update(salt(usage)),
    }
}

/// The pseudo-random function. RFC 4757 has none; this is the one of every implementation.
pub(super) fn prf(key: &KeyBytes, input: &[u8]) -> KeyBytes {
    let mut mac = Hmac::<Sha1>::new(&key.padded().into());
    mac.update(input);
    KeyBytes::new(&mac.finalize().into_bytes())
}
