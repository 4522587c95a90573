//! HMAC-MD5 under a key of 16 bytes (RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use zeroize::Zeroize;

/// MD5's block (RFC 1321 3).
const BLOCK: usize = 64;

/// A code in the making.
pub(crate) struct HmacMd5(Hmac<Md5>);

impl HmacMd5 {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        // A key that is shorter than a block is filled up with zeros (RFC 2104 2).
        let mut block = [0; BLOCK];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let mac = Hmac::<Md5>::new(&block.into());
        block.zeroize();
        Self(mac)
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The units, the least significant byte first, without a buffer of their length.
    pub(crate) fn update_units(&mut self, units: impl IntoIterator<Item = u16>) {
        let mut block = [[0; 2]; BLOCK / 2];
        let mut units = units.into_iter();
        loop {
            let mut filled = 0;
            for (slot, unit) in block.iter_mut().zip(&mut units) {
                *slot = unit.to_le_bytes();
                filled += 1;
            }
            self.update(block.as_flattened().get(..2 * filled).unwrap_or_default());
            if filled < block.len() {
                break;
            }
        }
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        self.0.finalize().into_bytes().into()
    }
}

/// The code of all `parts`, one after the other.
pub(crate) fn hmac_md5<'a>(key: &[u8; 16], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut mac = HmacMd5::new(key);
    parts.into_iter().for_each(|part| mac.update(part));
    mac.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

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

    #[test]
    fn units_of_any_number() {
        for count in [0, 1, 31, 32, 33, 64, 100] {
            let bytes: Vec<u8> = (0..count).flat_map(u16::to_le_bytes).collect();
            let mut mac = HmacMd5::new(&[7; 16]);
            mac.update_units(0..count);
            assert_eq!(mac.finish(), hmac_md5(&[7; 16], [&bytes[..]]), "{count}");
        }
    }
}
