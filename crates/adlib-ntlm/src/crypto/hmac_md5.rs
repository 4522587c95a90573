//! HMAC-MD5 under a key of 16 bytes (RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use zeroize::Zeroize;

/// MD5's block (RFC 1321 3).
const BLOCK: usize = 64;

/// The code of all `parts`, one after the other.
pub(super) fn hmac_md5<'a>(key: &[u8; 16], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    // A key that is shorter than a block is filled up with zeros (RFC 2104 2).
    let mut block = [0; BLOCK];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Md5>::new(&block.into());
    block.zeroize();
    parts.into_iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 2, test cases 1 and 3.
    #[test]
    fn rfc_2202() {
        let expected = 0x9294_727a_3638_bb1c_13f4_8ef8_158b_fc9d_u128;
        assert_eq!(
            hmac_md5(&[0x0b; 16], [&b"Hi "[..], b"There"]),
            expected.to_be_bytes()
        );
        let expected = 0x56be_3452_1d14_4c88_dbb8_c733_f0e8_b3f6_u128;
        assert_eq!(hmac_md5(&[0xaa; 16], [&[0xdd; 50][..]]), expected.to_be_bytes());
    }
}
