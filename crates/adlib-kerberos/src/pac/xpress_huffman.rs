//! Decompression of LZ77 with Huffman codes (MS-XCA 2.2).

use alloc::vec::Vec;

use adlib_core::{DecodeError, DecodeErrorKind};

/// The number of symbols: 256 bytes, and 256 pairs of a length and a distance.
const SYMBOLS: usize = 512;
/// The length of the table of code lengths before each block, in bytes: half a byte a symbol.
const TABLE: usize = SYMBOLS / 2;
/// How many bytes a block decompresses to, before the next table.
const BLOCK: usize = 1 << 16;
/// The longest code, in bits.
const MAX_BITS: u32 = 15;

/// The `size` bytes that `input` decompresses to. Memory grows with what comes out, up to `size`.
///
/// # Errors
/// `Truncated`; `Invalid` for code lengths that make no code, a match before the start, or another size.
pub(super) fn decompress(input: &[u8], size: usize) -> Result<Vec<u8>, DecodeError> {
    let mut output = Vec::new();
    let mut rest = input;
    while output.len() < size {
        let (table, data) = rest
            .split_at_checked(TABLE)
            .ok_or(error(DecodeErrorKind::Truncated))?;
        let codes = Codes::read(table)?;
        let mut bits = Bits::new(data)?;
        let block_end = size.min(output.len().saturating_add(BLOCK));
        while output.len() < block_end {
            step(&codes, &mut bits, &mut output, size)?;
        }
        rest = bits.rest();
    }
    Ok(output)
}

/// Decode one symbol.
fn step(codes: &Codes, bits: &mut Bits<'_>, output: &mut Vec<u8>, size: usize) -> Result<(), DecodeError> {
    let symbol = codes.next(bits)?;
    let Ok(literal) = u8::try_from(symbol) else {
        let pair = u32::from(symbol) - 256;
        let length = match_length(bits, pair & 15)?;
        let distance_bits = pair >> 4;
        let distance = (1 << distance_bits) | bits.take(distance_bits)?;
        return copy(output, distance, length, size);
    };
    output.push(literal);
    Ok(())
}

/// The length of a match: 3 and more, the long ones in bytes that stand between the bits.
fn match_length(bits: &mut Bits<'_>, short: u32) -> Result<usize, DecodeError> {
    let mut length = short;
    if short == 15 {
        length = u32::from(bits.byte()?);
        if length == 255 {
            length = bits.pair()?;
            if length == 0 {
                length = bits.pair()? | bits.pair()? << 16;
            }
            length = length.checked_sub(15).ok_or(error(DecodeErrorKind::Invalid))?;
        }
        length = length.saturating_add(15);
    }
    usize::try_from(length.saturating_add(3)).map_err(|_| error(DecodeErrorKind::Invalid))
}

/// Append `length` bytes from `distance` back, which may overlap with themselves.
fn copy(output: &mut Vec<u8>, distance: u32, length: usize, size: usize) -> Result<(), DecodeError> {
    let invalid = error(DecodeErrorKind::Invalid);
    let distance = usize::try_from(distance).map_err(|_| invalid)?;
    let start = output.len().checked_sub(distance).ok_or(invalid)?;
    if length > size.saturating_sub(output.len()) {
        return Err(invalid);
    }
    for at in start..start.saturating_add(length) {
        let byte = *output.get(at).ok_or(invalid)?;
        output.push(byte);
    }
    Ok(())
}

/// Canonical Huffman codes.
struct Codes {
    /// How many codes there are of each length.
    counts: [u16; 16],
    /// The symbols by length, then by value.
    symbols: Vec<u16>,
}

impl Codes {
    /// # Errors
    /// `Invalid` when there are more codes than their lengths allow, or none.
    fn read(table: &[u8]) -> Result<Self, DecodeError> {
        let lengths = || (0_u16..).zip(table.iter().flat_map(|pair| [pair & 15, pair >> 4]));
        let mut counts = [0_u16; 16];
        let mut symbols = Vec::with_capacity(SYMBOLS);
        for length in 1_u8..=15 {
            let of_length = lengths()
                .filter(|(_, own)| *own == length)
                .map(|(symbol, _)| symbol);
            let before = symbols.len();
            symbols.extend(of_length);
            if let Some(count) = counts.get_mut(usize::from(length)) {
                // At most 512.
                *count = u16::try_from(symbols.len() - before).unwrap_or(u16::MAX);
            }
        }
        // Kraft: what the codes take of the space of 15 bits.
        let space: u32 = (0..)
            .zip(counts)
            .map(|(length, count)| u32::from(count) << (15 - length))
            .sum();
        if symbols.is_empty() || space > 1 << MAX_BITS {
            return Err(error(DecodeErrorKind::Invalid));
        }
        Ok(Self { counts, symbols })
    }

    /// The symbol that the next bits stand for.
    fn next(&self, bits: &mut Bits<'_>) -> Result<u16, DecodeError> {
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in self.counts.iter().skip(1) {
            code |= bits.take(1)?;
            let count = u32::from(*count);
            if code < first + count {
                let at = usize::try_from(index + code - first).unwrap_or(usize::MAX);
                return self
                    .symbols
                    .get(at)
                    .copied()
                    .ok_or(error(DecodeErrorKind::Invalid));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(error(DecodeErrorKind::Invalid))
    }
}

/// Bits out of pairs of bytes, the least significant byte first and the most significant bit first, with whole bytes
/// in between: two pairs are always read ahead.
struct Bits<'a> {
    input: &'a [u8],
    position: usize,
    window: u32,
    /// How many bits of the window count, less 16.
    extra: i32,
}

impl<'a> Bits<'a> {
    fn new(input: &'a [u8]) -> Result<Self, DecodeError> {
        let mut bits = Self {
            input,
            position: 0,
            window: 0,
            extra: 16,
        };
        bits.window = bits.pair()? << 16 | bits.pair()?;
        Ok(bits)
    }

    /// The next `count` bits, at most 15.
    fn take(&mut self, count: u32) -> Result<u32, DecodeError> {
        if count == 0 {
            return Ok(0);
        }
        let value = self.window >> (32 - count);
        self.window <<= count;
        self.extra -= i32::try_from(count).unwrap_or(0);
        if self.extra < 0 {
            // The compressor writes as many pairs as are read ahead.
            self.window |= self.pair()? << self.extra.unsigned_abs();
            self.extra += 16;
        }
        Ok(value)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = self.input.get(self.position).copied();
        self.position += 1;
        byte.ok_or(error(DecodeErrorKind::Truncated))
    }

    fn pair(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from(u16::from_le_bytes([self.byte()?, self.byte()?])))
    }

    /// What follows the block.
    fn rest(&self) -> &'a [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }
}

const fn error(kind: DecodeErrorKind) -> DecodeError {
    DecodeError::new("XPRESS Huffman", 0, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use proptest::prelude::*;
    use std::vec;

    /// A table of code lengths with `lengths` at these places, and `data` behind.
    fn compressed(lengths: &[(usize, &str)], data: &str) -> Vec<u8> {
        let mut bytes = vec![0; TABLE];
        for (at, text) in lengths {
            let text = hex(text);
            bytes[*at..at + text.len()].copy_from_slice(&text);
        }
        bytes.extend(hex(data));
        bytes
    }

    fn alphabet() -> Vec<u8> {
        let lengths = [(48, "5055555555555555555555454404"), (128, "04")];
        compressed(&lengths, "d8523ed794115be9195ff9d67cdf8d0400000000")
    }

    /// MS-XCA 3.2
    #[test]
    fn published_values() {
        let output = decompress(&alphabet(), 26).unwrap();
        assert_eq!(output, b"abcdefghijklmnopqrstuvwxyz");
        let lengths = [(48, "3023"), (128, "02"), (143, "20")];
        let input = compressed(&lengths, "a8dc0000ff2601");
        assert_eq!(decompress(&input, 300).unwrap(), b"abc".repeat(100));
    }

    /// A24
    #[test]
    fn a24_what_does_not_decompress_to_its_size_is_refused() {
        let input = alphabet();
        for length in 0..TABLE + 18 {
            assert!(decompress(&input[..length], 26).is_err(), "cut at {length}");
        }
        assert!(decompress(&input, 1000).is_err());
        assert!(decompress(&[0; 1000], 10).is_err(), "no codes");
        assert!(decompress(&[0x11; 1000], 10).is_err(), "too many codes");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), kinds: u8, size in 0_usize..100_000) {
            let mut input = vec![0; TABLE];
            input[usize::from(kinds) / 2] = 0x11;
            input.extend(&bytes);
            if let Ok(output) = decompress(&input, size) {
                prop_assert_eq!(output.len(), size);
            }
            let _ = decompress(&[&input, &bytes[..]].concat(), size);
        }
    }
}
