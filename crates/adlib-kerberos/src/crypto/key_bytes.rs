//! A key where it is used: no heap, wiped on drop.

use zeroize::Zeroize;

/// The longest that is derived here: what the pseudo-random function of encryption type 20 gives.
const MAX_LENGTH: usize = 48;

/// The bytes of a key, up to 48.
#[derive(Clone)]
pub(crate) struct KeyBytes {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl KeyBytes {
    /// The first 48 of `bytes`.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: padded(bytes),
            length: bytes.len().min(MAX_LENGTH),
        }
    }

    /// The first `length` bytes of two blocks.
    pub(super) fn of_two(first: &[u8; 16], second: &[u8; 16], length: usize) -> Self {
        let mut key = Self::new(first);
        if let Some(place) = key.bytes.get_mut(16..32) {
            place.copy_from_slice(second);
        }
        key.length = length.min(32);
        key
    }

    /// The bytes themselves.
    pub(crate) fn expose(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The bytes with zeros behind them, which is how HMAC takes a key shorter than a block.
    pub(crate) fn padded<const N: usize>(&self) -> [u8; N] {
        padded(self.expose())
    }
}

impl Drop for KeyBytes {
    fn drop(&mut self) {
        // As a slice: an array is wiped a byte at a time, and a message needs a dozen keys.
        self.bytes.as_mut_slice().zeroize();
    }
}

/// As many of `bytes` as there is room for, and zeros.
pub(super) fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}
