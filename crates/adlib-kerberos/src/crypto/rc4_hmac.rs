//! `rc4-hmac` (RFC 4757). Weak: the policy decides whether it is used at all (A6).

use alloc::vec::Vec;

use adlib_core::Secret;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use rc4::{Rc4, StreamCipher};
use subtle::ConstantTimeEq;

use crate::number::KeyUsage;

/// The length of the confounder, in bytes.
pub(super) const CONFOUNDER: usize = 8;
const TAG: usize = 16;

fn hmac_md5(key: &[u8], data: &[u8]) -> Option<[u8; TAG]> {
    let mut mac = Hmac::<Md5>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac.finalize().into_bytes().into())
}

/// RFC 4757 3: the usages that Windows numbers otherwise, and the rest as it is, the least significant byte first.
const fn salt(usage: KeyUsage) -> [u8; 4] {
    match usage.0 {
        3 | 9 => 8_u32.to_le_bytes(),
        23 => 13_u32.to_le_bytes(),
        number => number.to_le_bytes(),
    }
}

fn apply_keystream(key: &[u8], data: &mut [u8]) -> Option<()> {
    Rc4::new_from_slice(key).ok()?.apply_keystream(data);
    Some(())
}

/// Encrypt `confounded`, a confounder with the plaintext after it: the HMAC of the plaintext, then the ciphertext.
pub(super) fn encrypt(key: &[u8], usage: KeyUsage, mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    let k1 = hmac_md5(key, &salt(usage))?;
    let tag = hmac_md5(&k1, &confounded)?;
    apply_keystream(&hmac_md5(&k1, &tag)?, &mut confounded)?;
    Some([&tag[..], &confounded].concat())
}

/// The plaintext, or `None` when the HMAC does not verify.
pub(super) fn decrypt(key: &[u8], usage: KeyUsage, message: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (sent, ciphertext) = message.split_first_chunk::<TAG>()?;
    let k1 = hmac_md5(key, &salt(usage))?;
    let mut data = ciphertext.to_vec();
    apply_keystream(&hmac_md5(&k1, sent)?, &mut data)?;
    let data = Secret::new(data);
    let verified = bool::from(hmac_md5(&k1, data.expose())?.ct_eq(sent));
    let plaintext = data.expose().get(CONFOUNDER..)?;
    verified.then(|| Secret::new(plaintext.to_vec()))
}

/// `KERB_CHECKSUM_HMAC_MD5` (RFC 4757 4).
pub(super) fn checksum(key: &[u8], usage: KeyUsage, data: &[u8]) -> Option<[u8; TAG]> {
    let signing = hmac_md5(key, b"signaturekey\0")?;
    let digest = Md5::new().chain_update(salt(usage)).chain_update(data).finalize();
    hmac_md5(&signing, &digest)
}
