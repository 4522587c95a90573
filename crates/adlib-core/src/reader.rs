//! A cursor over bytes from a peer.

use crate::{DecodeError, DecodeErrorKind};

/// A cursor over a byte slice that cannot leave it.
///
/// Every method names what it reads, so that an error says which field of the specification was too short.
///
/// ```
/// use adlib_core::Reader;
///
/// let mut reader = Reader::new(&[1, 0, 0, 0, 9]);
/// assert_eq!(reader.u32_le("count")?, 1);
/// assert_eq!(reader.u8("flag")?, 9);
/// assert!(reader.u16_le("length").is_err());
/// # Ok::<(), adlib_core::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0 }
    }

    /// The position, in bytes from the start of the input.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    /// How many bytes have not been read yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest().len()
    }

    /// Whether everything has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// An error of `kind` in `what` at the present position.
    #[must_use]
    pub const fn error(&self, what: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(what, self.position, kind)
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// `Truncated` when the input ends before.
    #[inline]
    pub fn bytes(&mut self, what: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.position.checked_add(length);
        let bytes = end.and_then(|end| self.input.get(self.position..end));
        let bytes = bytes.ok_or_else(|| self.error(what, DecodeErrorKind::Truncated))?;
        self.position += length;
        Ok(bytes)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// `Truncated` when the input ends before.
    #[inline]
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let at = self.position;
        let bytes = self.bytes(what, N)?;
        bytes
            .try_into()
            .map_err(|_| DecodeError::new(what, at, DecodeErrorKind::Truncated))
    }

    /// Skip bytes until the position is a multiple of `alignment`.
    ///
    /// # Errors
    /// `Truncated` when the input ends before.
    #[inline]
    pub fn align(&mut self, what: &'static str, alignment: usize) -> Result<(), DecodeError> {
        let over = self.position.checked_rem(alignment).unwrap_or(0);
        if over != 0 {
            self.bytes(what, alignment - over)?;
        }
        Ok(())
    }

    /// The bytes at `offset` from the start of the input, wherever the cursor stands.
    ///
    /// # Errors
    /// `OutOfBounds` when they are not all inside of the input.
    #[inline]
    pub fn slice_at(
        &self,
        what: &'static str,
        offset: usize,
        length: usize,
    ) -> Result<&'a [u8], DecodeError> {
        offset
            .checked_add(length)
            .and_then(|end| self.input.get(offset..end))
            .ok_or(DecodeError::new(what, offset, DecodeErrorKind::OutOfBounds))
    }

    /// One byte.
    ///
    /// # Errors
    /// `Truncated` at the end of the input; so for all the numbers below.
    #[inline]
    pub fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array(what)?))
    }

    /// Two bytes, the least significant first.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn u16_le(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    /// Two bytes, the most significant first.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn u16_be(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    /// Four bytes, the least significant first.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn u32_le(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    /// Four bytes, the most significant first.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn u32_be(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    /// Eight bytes, the least significant first.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn u64_le(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// That everything has been read.
    ///
    /// # Errors
    /// `Trailing` when it has not.
    pub fn finish(&self, what: &'static str) -> Result<(), DecodeError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.error(what, DecodeErrorKind::Trailing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_wraps_is_truncated_not_a_panic() {
        let mut reader = Reader::new(&[0; 4]);
        reader.u8("first").unwrap();
        assert_eq!(
            reader.bytes("rest", usize::MAX).unwrap_err().kind,
            DecodeErrorKind::Truncated
        );
        assert_eq!(reader.position(), 1, "a failed read moves nothing");
        assert_eq!(
            reader.slice_at("x", usize::MAX, 2).unwrap_err().kind,
            DecodeErrorKind::OutOfBounds
        );
    }

    #[test]
    fn aligns_to_the_next_multiple() {
        let mut reader = Reader::new(&[0; 8]);
        reader.u8("first").unwrap();
        reader.align("padding", 4).unwrap();
        assert_eq!(reader.position(), 4);
        reader.align("padding", 4).unwrap();
        assert_eq!(reader.position(), 4);
    }
}
