//! Stretching and folding a constant to the size of a block (RFC 3961 5.1).

/// Fold `input` into `output`, whatever the two lengths.
///
/// Copies of the input, each rotated 13 bits further to the right than the one before, are laid end to end up to the
/// least common multiple of the lengths, and added in ones' complement in pieces as long as the output.
pub(crate) fn nfold(input: &[u8], output: &mut [u8]) {
    output.fill(0);
    if input.is_empty() || output.is_empty() {
        return;
    }
    let total = input.len() / gcd(input.len(), output.len()) * output.len();
    let mut carry = 0_u32;
    for (position, index) in (0..total).rev().zip((0..output.len()).rev().cycle()) {
        let sum = carry
            + u32::from(rotated(input, position))
            + output.get(index).map_or(0, |byte| u32::from(*byte));
        carry = store(output, index, sum);
    }
    // The end-around carry of ones' complement.
    for index in (0..output.len()).rev() {
        let sum = carry + output.get(index).map_or(0, |byte| u32::from(*byte));
        carry = store(output, index, sum);
    }
}

/// The same for the constant of a key usage, 5 bytes to the 16 of a block, which is what every message needs.
pub(crate) fn nfold_usage(constant: [u8; 5]) -> [u8; 16] {
    let [a, b, c, d, e] = constant;
    let mut value = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    let mut copies = [0; 80];
    let (fifths, _) = copies.as_chunks_mut::<5>();
    for copy in fifths {
        let [_, _, _, rotated @ ..] = value.to_be_bytes();
        *copy = rotated;
        value = (value >> 13 | value << 27) & 0xff_ffff_ffff;
    }
    let (blocks, _) = copies.as_chunks::<16>();
    let sum = blocks.iter().fold(0_u128, |sum, block| {
        let (sum, carry) = sum.overflowing_add(u128::from_be_bytes(*block));
        sum + u128::from(carry)
    });
    sum.to_be_bytes()
}

/// The byte at `position` of the endless sequence of rotated copies of `input`.
fn rotated(input: &[u8], position: usize) -> u8 {
    let bits = input.len() * 8;
    let copy = position / input.len();
    let start = (position % input.len() * 8 + bits - 13 * copy % bits) % bits;
    let byte = |index: usize| input.get(index % input.len()).map_or(0, |byte| u16::from(*byte));
    let pair = byte(start / 8) << 8 | byte(start / 8 + 1);
    let [_, byte] = (pair >> (8 - start % 8)).to_be_bytes();
    byte
}

/// Put the low byte of `sum` at `index`; the rest is the carry.
fn store(output: &mut [u8], index: usize, sum: u32) -> u32 {
    let [.., low] = sum.to_be_bytes();
    if let Some(byte) = output.get_mut(index) {
        *byte = low;
    }
    sum >> 8
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use std::vec;

    /// RFC 3961 A.1
    #[test]
    fn published_values() {
        for (input, expected) in [
            ("012345", "be072631276b1955"),
            ("password", "78a07b6caf85fa"),
            ("Rough Consensus, and Running Code", "bb6ed30870b7f0e0"),
            ("password", "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"),
            (
                "MASSACHVSETTS INSTITVTE OF TECHNOLOGY",
                "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b",
            ),
            ("Q", "518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15"),
            ("ba", "fb25d531 ae897449 9f52fd92 ea9857c4 ba24cf29 7e"),
            ("kerberos", "6b657262 65726f73"),
            ("kerberos", "6b657262 65726f73 7b9b5b2b 93132b93"),
            (
                "kerberos",
                "6b657262 65726f73 7b9b5b2b 93132b93 5c9bdcda d95c9899 c4cae4de e6d6cae4",
            ),
        ] {
            let expected = hex(expected);
            let mut output = vec![0; expected.len()];
            nfold(input.as_bytes(), &mut output);
            assert_eq!(output, expected, "{input}");
        }
    }

    #[test]
    fn usages_fold_as_everything_does() {
        for usage in (0..60_u32).chain([u32::MAX, 0x8000_0001]) {
            for kind in [0x55, 0x99, 0xaa, 0xff] {
                let [a, b, c, d] = usage.to_be_bytes();
                let constant = [a, b, c, d, kind];
                let mut expected = [0; 16];
                nfold(&constant, &mut expected);
                assert_eq!(nfold_usage(constant), expected, "{usage}");
            }
        }
    }

    #[test]
    fn nothing_folds_to_zeros() {
        let mut output = [1; 4];
        nfold(b"", &mut output);
        assert_eq!(output, [0; 4]);
        nfold(b"x", &mut []);
    }
}
