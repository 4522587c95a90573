//! How a replica is stored: lengths and counts of four bytes, the least significant first; text is UTF-8.

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime, Writer};

use super::EntryId;

/// A length or count as it is stored. What does not fit is cut where it is made, far below.
pub(super) fn put_count(writer: &mut Writer, count: usize) {
    writer.u32_le(u32::try_from(count).unwrap_or(u32::MAX));
}

/// Bytes with their length in front.
pub(super) fn put(writer: &mut Writer, bytes: &[u8]) {
    put_count(writer, bytes.len());
    writer.bytes(bytes);
}

/// An identity that may be missing.
pub(super) fn put_id(writer: &mut Writer, id: Option<EntryId>) {
    writer.u8(u8::from(id.is_some()));
    if let Some(id) = id {
        writer.bytes(id.as_bytes());
    }
}

/// A time, in microseconds since 1970, that may be missing.
pub(super) fn put_time(writer: &mut Writer, time: Option<UnixTime>) {
    writer.u8(u8::from(time.is_some()));
    if let Some(time) = time {
        writer.bytes(&time.micros().to_le_bytes());
    }
}

/// A count of things of at least one byte each, which can be no more than there are bytes.
pub(super) fn count(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, DecodeError> {
    let start = *reader;
    let count = reader.u32_le(what)?;
    usize::try_from(count)
        .ok()
        .filter(|count| *count <= reader.remaining())
        .ok_or_else(|| start.error(what, DecodeErrorKind::OutOfBounds))
}

/// Bytes with their length in front.
pub(super) fn bytes<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = count(reader, what)?;
    reader.bytes(what, length)
}

/// Text with its length in front.
pub(super) fn text<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a str, DecodeError> {
    let start = *reader;
    std::str::from_utf8(bytes(reader, what)?).map_err(|_| start.error(what, DecodeErrorKind::Text))
}

/// An identity.
pub(super) fn id(reader: &mut Reader<'_>, what: &'static str) -> Result<EntryId, DecodeError> {
    reader.array(what).map(EntryId::from_bytes)
}

/// An identity that may be missing.
pub(super) fn maybe_id(reader: &mut Reader<'_>, what: &'static str) -> Result<Option<EntryId>, DecodeError> {
    let start = *reader;
    match reader.u8(what)? {
        0 => Ok(None),
        1 => id(reader, what).map(Some),
        _ => Err(start.error(what, DecodeErrorKind::Invalid)),
    }
}

/// A time, in microseconds since 1970, that may be missing.
pub(super) fn maybe_time(
    reader: &mut Reader<'_>,
    what: &'static str,
) -> Result<Option<UnixTime>, DecodeError> {
    let start = *reader;
    match reader.u8(what)? {
        0 => Ok(None),
        1 => {
            let micros = i64::from_le_bytes(reader.array(what)?);
            Ok(Some(UnixTime::from_micros(micros)))
        }
        _ => Err(start.error(what, DecodeErrorKind::Invalid)),
    }
}
