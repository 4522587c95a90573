//! Fields: a length and an offset in the header, the value in the payload (MS-NLMP 2.2.1).

use alloc::{borrow::ToOwned, string::String};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, utf16};

use super::NegotiateFlags;

/// Where a value lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    what: &'static str,
    length: usize,
    offset: usize,
}

impl Field {
    /// ```text
    /// Len (2) MaxLen (2) BufferOffset (4)
    /// ```
    pub(super) fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, DecodeError> {
        let length = usize::from(reader.u16_le(what)?);
        reader.u16_le(what)?;
        // An offset that is beyond all memory is beyond the message.
        let offset = usize::try_from(reader.u32_le(what)?).unwrap_or(usize::MAX);
        Ok(Self { what, length, offset })
    }

    /// The value. An empty one may be said to lie anywhere, and often is.
    ///
    /// # Errors
    /// `OutOfBounds` when it lies outside of `message`, or within the header's `header` bytes.
    pub(super) fn value(self, message: &[u8], header: usize) -> Result<&[u8], DecodeError> {
        if self.length == 0 {
            return Ok(&[]);
        }
        if self.offset < header {
            return Err(DecodeError::new(
                self.what,
                self.offset,
                DecodeErrorKind::OutOfBounds,
            ));
        }
        Reader::new(message).slice_at(self.what, self.offset, self.length)
    }

    /// Where the value begins, if there is one.
    pub(super) const fn begin(self) -> Option<usize> {
        if self.length == 0 { None } else { Some(self.offset) }
    }
}

/// The text in `value`: UTF-16 if `flags` say so, else an OEM code page, of which ASCII is understood.
pub(super) fn text(what: &'static str, value: &[u8], flags: NegotiateFlags) -> Result<String, DecodeError> {
    if flags.contains(NegotiateFlags::UNICODE) {
        return utf16::decode(what, value);
    }
    let ascii = core::str::from_utf8(value).ok().filter(|text| text.is_ascii());
    ascii
        .map(ToOwned::to_owned)
        .ok_or(DecodeError::new(what, 0, DecodeErrorKind::Text))
}
