//! Claims, laid out by hand (MS-ADTS 2.2.18, MS-XCA 2.2).

use adlib_core::{Writer, utf16};

/// An object behind its top pointer (MS-RPCE 2.2.6).
pub(super) fn serialised(object: &[u8]) -> Vec<u8> {
    let length = (object.len() as u32).to_le_bytes();
    [
        &[1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc][..],
        &length,
        &[0; 4],
        object,
    ]
    .concat()
}

fn text(set: &mut Writer, text: &str) {
    let units = utf16::encode(&[text, "\0"].concat());
    let count = units.len() as u32 / 2;
    set.align(4).u32_le(count).u32_le(0).u32_le(count).bytes(&units);
}

/// A source with one claim of two texts, and one of a number.
fn set() -> Vec<u8> {
    let mut set = Writer::new();
    set.u32_le(0x0002_0000).u32_le(1).u32_le(0x0002_0004);
    set.bytes(&[0; 12]);
    set.u32_le(1).u16_le(1).u16_le(0).u32_le(2).u32_le(0x0002_0008);
    set.u32_le(2);
    for (kind, count, pointer) in [(3, 2, 0x0002_000c), (1, 1, 0x0002_0014)] {
        set.u32_le(pointer)
            .u16_le(kind)
            .u16_le(kind)
            .u32_le(count)
            .u32_le(pointer + 4);
    }
    text(&mut set, "ad://ext/department");
    set.align(4).u32_le(2).u32_le(0x0002_001c).u32_le(0x0002_0020);
    text(&mut set, "Engineering");
    text(&mut set, "Größe");
    text(&mut set, "ad://ext/level");
    set.align(4).u32_le(1);
    if !set.position().is_multiple_of(8) {
        set.u32_le(0);
    }
    set.u64_le(u64::MAX);
    serialised(&set.finish())
}

fn metadata(set: &[u8], format: u16, size: usize) -> Vec<u8> {
    let length = set.len() as u32;
    let mut data = Writer::new();
    data.u32_le(0x0002_0000).u32_le(length).u32_le(0x0002_0004);
    data.u16_le(format).u16_le(0).u32_le(size as u32);
    data.bytes(&[0; 12]).u32_le(length).bytes(set);
    serialised(&data.finish())
}

/// `data` in codes of 8 bits, and of 9 for the two highest bytes: no compression, but one in form.
fn in_codes(data: &[u8]) -> Vec<u8> {
    let mut output = [&[0x88; 127][..], &[0x99, 0x99], &[0; 127]].concat();
    let mut bits: Vec<bool> = Vec::new();
    for byte in data {
        let (code, length) = match byte {
            254 | 255 => (0x1fc + u32::from(byte - 254), 9),
            _ => (u32::from(*byte), 8),
        };
        bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
    }
    for pair in bits.chunks(16) {
        let pair = pair
            .iter()
            .zip(0..)
            .fold(0_u16, |pair, (bit, at)| pair | u16::from(*bit) << (15 - at));
        output.extend(pair.to_le_bytes());
    }
    output.extend([0; 4]);
    output
}

/// The same claims as they are, and in form compressed.
pub(super) fn claims() -> [Vec<u8>; 2] {
    let set = set();
    [
        metadata(&set, 0, set.len()),
        metadata(&in_codes(&set), 4, set.len()),
    ]
}
