//! The counterpart of [`Reader`](crate::Reader).

use alloc::vec::Vec;

/// Collects bytes in the orders that the protocols use.
///
/// ```
/// use adlib_core::Writer;
///
/// let mut writer = Writer::new();
/// writer.u32_le(1).u16_be(2).bytes(b"x").align(4);
/// assert_eq!(writer.finish(), [1, 0, 0, 0, 0, 2, b'x', 0]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Writer {
    output: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self { output: Vec::new() }
    }

    /// How many bytes have been written.
    #[must_use]
    pub fn position(&self) -> usize {
        self.output.len()
    }

    /// Append `bytes`.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.output.extend_from_slice(bytes);
        self
    }

    /// Append one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    /// Append two bytes, the least significant first.
    pub fn u16_le(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Append two bytes, the most significant first.
    pub fn u16_be(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Append four bytes, the least significant first.
    pub fn u32_le(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Append four bytes, the most significant first.
    pub fn u32_be(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Append eight bytes, the least significant first.
    pub fn u64_le(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Append zeros until the position is a multiple of `alignment`.
    pub fn align(&mut self, alignment: usize) -> &mut Self {
        let length = self.output.len();
        self.output.resize(length.next_multiple_of(alignment.max(1)), 0);
        self
    }

    /// What has been written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.output
    }
}
