//! DES with keys of 7 bytes, as LAN Manager used it (MS-NLMP 6, `DES` and `DESL`).

use des::{
    Des,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use zeroize::Zeroize;

/// `DES(K, D)`: seven bits of the key in each byte of the cipher's, whose parity bits do not matter.
pub(super) fn des(key: [u8; 7], data: [u8; 8]) -> [u8; 8] {
    let bits = key.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut spread = [0; 8];
    for (shift, byte) in (0..8).map(|index| 49 - 7 * index).zip(&mut spread) {
        let [.., low] = (bits >> shift << 1).to_be_bytes();
        *byte = low & 0xfe;
    }
    let mut block = data.into();
    Des::new(&spread.into()).encrypt_block(&mut block);
    spread.zeroize();
    block.into()
}

/// `DESL(K, D)`: three times DES, with the key filled up to 21 bytes with zeros.
pub(super) fn desl(key: &[u8; 16], data: [u8; 8]) -> [u8; 24] {
    let mut long = [0; 21];
    long.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let (keys, _) = long.as_chunks();
    let mut response = [[0; 8]; 3];
    for (block, key) in response.iter_mut().zip(keys) {
        *block = des(*key, data);
    }
    long.zeroize();
    let mut flat = [0; 24];
    flat.copy_from_slice(response.as_flattened());
    flat
}
