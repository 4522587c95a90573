//! `aes128-cts-hmac-sha1-96` and `aes256-cts-hmac-sha1-96` (RFC 3962).

use alloc::vec::Vec;

use sha1::{Digest, Sha1};
use zeroize::Zeroize;

use super::{
    KeyBytes,
    cts::{self, Aes, AesEncrypt},
    key_bytes::padded,
    mac::Mac,
    nfold::{nfold, nfold_usage},
};

/// The length of the confounder, in bytes.
const CONFOUNDER: usize = cts::BLOCK;
/// The length of the truncated HMAC, in bytes.
const TAG: usize = 12;

/// DK (RFC 3961 5.1): the key that `base` gives for `constant`, as long as `base`.
pub(super) fn derive(base: &KeyBytes, constant: &[u8]) -> KeyBytes {
    let mut state = [0; cts::BLOCK];
    nfold(constant, &mut state);
    let [key] = encrypt_on(base, [state]);
    key
}

/// The same for the constants of a key usage, with `base` expanded once for all.
pub(super) fn derive_usage<const N: usize>(base: &KeyBytes, constants: [[u8; 5]; N]) -> [KeyBytes; N] {
    encrypt_on(base, constants.map(nfold_usage))
}

/// For each state as many bytes as `base` has, each block of them the one before encrypted. A block waits for the one before,
/// not for those of other states.
fn encrypt_on<const N: usize>(base: &KeyBytes, mut states: [[u8; cts::BLOCK]; N]) -> [KeyBytes; N] {
    let (aes, length) = (AesEncrypt::new(base), base.expose().len());
    aes.encrypt_blocks(&mut states);
    let mut next = states;
    if length > cts::BLOCK {
        aes.encrypt_blocks(&mut next);
    }
    let mut keys = core::array::from_fn(|_| KeyBytes::new(&[]));
    for ((key, first), second) in keys.iter_mut().zip(&states).zip(&next) {
        *key = KeyBytes::of_two(first, second, length);
    }
    states.as_flattened_mut().zeroize();
    next.as_flattened_mut().zeroize();
    keys
}

/// Encrypt `confounded`, a confounder with the plaintext after it: ciphertext, then the HMAC of the plaintext.
pub(super) fn seal(ke: &Aes, ki: &Mac, mut confounded: Vec<u8>) -> Option<Vec<u8>> {
    let tag = ki.clone().of(&confounded);
    ke.encrypt(&mut confounded)?;
    confounded.extend_from_slice(tag.as_slice());
    Some(confounded)
}

/// The plaintext within `message`, which is overwritten, or `None` when the HMAC does not verify.
pub(super) fn open<'m>(ke: &Aes, ki: &Mac, message: &'m mut [u8]) -> Option<&'m mut [u8]> {
    let (data, sent) = message.split_last_chunk_mut::<TAG>()?;
    ke.decrypt(data)?;
    let verified = ki.clone().of(data).is(sent);
    data.get_mut(CONFOUNDER..).filter(|_| verified)
}

/// The pseudo-random function (RFC 3962 6).
pub(super) fn prf(base: &KeyBytes, input: &[u8]) -> KeyBytes {
    let mut block = padded(&Sha1::digest(input));
    AesEncrypt::new(&derive(base, b"prf")).encrypt_blocks(core::slice::from_mut(&mut block));
    KeyBytes::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// RFC 3961 5.3 with the constants of usage 2, as MIT's `t_derive` has them
    fn base_key(text: &str) -> KeyBytes {
        KeyBytes::new(&hex(text))
    }

    #[test]
    fn derived_keys() {
        let base = base_key("42263c6e89f4fc28b8df68ee09799f15");
        for (constant, expected) in [
            ("0000000299", "34280a382bc92769b2da2f9ef066854b"),
            ("00000002aa", "5b14fc4e250e14ddf9dccf1af6674f53"),
            ("0000000255", "4ed31063621684f09ae8d89991af3e8f"),
        ] {
            assert_eq!(derive(&base, &hex(constant)).expose(), hex(expected));
        }
        let base = base_key("fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161");
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
            assert_eq!(derive(&base, &hex(constant)).expose(), hex(expected));
        }
    }
}
