//! Fields: a length and an offset in the header, the value in the payload (MS-NLMP 2.2.1).

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, Writer, utf16};

use super::{EncodeError, EncodeErrorKind, MAX_MESSAGE_BYTES, NegotiateFlags};

/// Where a value lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    what: &'static str,
    length: u16,
    offset: u32,
}

impl Field {
    /// ```text
    /// Len (2) MaxLen (2) BufferOffset (4)
    /// ```
    pub(super) fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, DecodeError> {
        let length = reader.u16_le(what)?;
        reader.u16_le(what)?;
        let offset = reader.u32_le(what)?;
        Ok(Self { what, length, offset })
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.u16_le(self.length).u16_le(self.length).u32_le(self.offset);
    }

    /// The value. An empty one may be said to lie anywhere, and often is.
    ///
    /// # Errors
    /// `OutOfBounds` when it lies outside of `message`, or within the header's `header` bytes.
    pub(super) fn value(self, message: &[u8], header: usize) -> Result<&[u8], DecodeError> {
        if self.length == 0 {
            return Ok(&[]);
        }
        let offset = self.offset();
        if offset < header {
            return Err(DecodeError::new(self.what, offset, DecodeErrorKind::OutOfBounds));
        }
        Reader::new(message).slice_at(self.what, offset, self.length.into())
    }

    /// The lesser of `payload` and where the value begins, if there is one.
    pub(super) fn begin_before(self, payload: usize) -> usize {
        if self.length == 0 {
            payload
        } else {
            payload.min(self.offset())
        }
    }

    /// An offset that is beyond all memory is beyond the message.
    fn offset(self) -> usize {
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }
}

/// The values of a message in the making, behind a header of known size.
pub(super) struct Payload {
    header: usize,
    bytes: Vec<u8>,
}

impl Payload {
    pub(super) const fn behind(header: usize) -> Self {
        Self {
            header,
            bytes: Vec::new(),
        }
    }

    /// Put `value` behind all that is there already.
    pub(super) fn place(&mut self, what: &'static str, value: &[u8]) -> Result<Field, EncodeError> {
        let offset = self.header + self.bytes.len();
        if value.len() > MAX_MESSAGE_BYTES.saturating_sub(offset) {
            return Err(EncodeError::too_long(what));
        }
        self.bytes.extend_from_slice(value);
        Ok(Field {
            what,
            length: u16::try_from(value.len()).map_err(|_| EncodeError::too_long(what))?,
            offset: u32::try_from(offset).map_err(|_| EncodeError::too_long(what))?,
        })
    }

    /// As [`place`](Self::place), but no value lies nowhere.
    pub(super) fn place_or_zero(&mut self, what: &'static str, value: &[u8]) -> Result<Field, EncodeError> {
        let field = self.place(what, value)?;
        let offset = if value.is_empty() { 0 } else { field.offset };
        Ok(Field { offset, ..field })
    }

    pub(super) fn finish(self, mut header: Writer) -> Vec<u8> {
        header.bytes(&self.bytes);
        header.finish()
    }
}

/// The text in `value`: UTF-16 if `flags` say so, else an OEM code page, of which ASCII is understood.
pub(super) fn decode_text(
    what: &'static str,
    value: &[u8],
    flags: NegotiateFlags,
) -> Result<String, DecodeError> {
    if flags.contains(NegotiateFlags::UNICODE) {
        return utf16::decode(what, value);
    }
    let ascii = core::str::from_utf8(value).ok().filter(|text| text.is_ascii());
    ascii
        .map(ToOwned::to_owned)
        .ok_or(DecodeError::new(what, 0, DecodeErrorKind::Text))
}

/// The bytes of `text`: UTF-16 if `flags` say so, else ASCII.
pub(crate) fn encode_text(
    what: &'static str,
    text: &str,
    flags: NegotiateFlags,
) -> Result<Vec<u8>, EncodeError> {
    if flags.contains(NegotiateFlags::UNICODE) {
        Ok(utf16::encode(text))
    } else if text.is_ascii() {
        Ok(text.as_bytes().to_vec())
    } else {
        let kind = EncodeErrorKind::Text;
        Err(EncodeError { what, kind })
    }
}
