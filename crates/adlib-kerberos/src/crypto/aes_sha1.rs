//! `aes128-cts-hmac-sha1-96` and `aes256-cts-hmac-sha1-96` (RFC 3962).

use alloc::vec::Vec;

use adlib_core::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::{cts, nfold::nfold};

/// The length of the confounder, in bytes.
const CONFOUNDER: usize = cts::BLOCK;
/// The length of the truncated HMAC, in bytes.
pub(super) const TAG: usize = 12;

/// DK (RFC 3961 5.1): the key that `base` gives for `constant`, as long as `base`.
pub(super) fn derive(base: &[u8], constant: &[u8]) -> Secret<Vec<u8>> {
    let mut block = [0; cts::BLOCK];
    nfold(constant, &mut block);
    let mut derived = Vec::with_capacity(base.len() + cts::BLOCK);
    while derived.len() < base.len() {
        if cts::encrypt_block(base, &mut block).is_none() {
            break;
        }
        derived.extend_from_slice(&block);
    }
    derived.truncate(base.len());
    Secret::new(derived)
}

/// HMAC-SHA1 of `data`, cut to 96 bits.
pub(super) fn tag(key: &[u8], data: &[u8]) -> Option<[u8; TAG]> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(data);
    mac.finalize().into_bytes().first_chunk().copied()
}

/// Encrypt `confounded`, a confounder with the plaintext after it: ciphertext, then the HMAC of the plaintext.
pub(super) fn encrypt(ke: &[u8], ki: &[u8], mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    let tag = tag(ki, &confounded)?;
    cts::encrypt(ke, &mut confounded)?;
    confounded.extend_from_slice(&tag);
    Some(confounded)
}

/// The plaintext, or `None` when the HMAC does not verify.
pub(super) fn decrypt(ke: &[u8], ki: &[u8], message: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (ciphertext, sent) = message.split_last_chunk::<TAG>()?;
    let mut data = ciphertext.to_vec();
    cts::decrypt(ke, &mut data)?;
    let data = Secret::new(data);
    let verified = bool::from(tag(ki, data.expose())?.ct_eq(sent));
    let plaintext = data.expose().get(CONFOUNDER..)?;
    verified.then(|| Secret::new(plaintext.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 3961 5.3 with the constants of usage 2, as MIT's `t_derive` has them
    #[test]
    fn derived_keys() {
        let base = hex("42263c6e89f4fc28b8df68ee09799f15");
        for (constant, expected) in [
            ("0000000299", "34280a382bc92769b2da2f9ef066854b"),
            ("00000002aa", "5b14fc4e250e14ddf9dccf1af6674f53"),
            ("0000000255", "4ed31063621684f09ae8d89991af3e8f"),
        ] {
            assert_eq!(*derive(&base, &hex(constant)).expose(), hex(expected));
        }
        let base = hex("fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161");
        for (constant, expected) in [
            (
                "0000000299",
                "bfab388bdcb238e9f9c98d6a878304f04d30c82556375ac507a7a852790f4674",
            ),
            (
                "00000002aa",
                "c7cfd9cd75fe793a586a542d87e0d1396f1134a104bb1a9190b8c90ada3ddf37",
            ),
            (
                "0000000255",
                "97151b4c76945063e2eb0529dc067d97d7bba90776d8126d91f34f3101aea8ba",
            ),
        ] {
            assert_eq!(*derive(&base, &hex(constant)).expose(), hex(expected));
        }
    }
}
