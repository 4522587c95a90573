//! The outer structure: a table of buffers (MS-PAC 2.3, 2.4).

use adlib_core::{DecodeError, DecodeErrorKind, Reader};

use super::PacRejection;

/// The most buffers that are read. Windows writes about ten.
const MAX_BUFFERS: usize = 64;
const VERSION: u32 = 0;
/// The header's length, and that of each line of the table, in bytes.
const HEADER: usize = 8;
const LINE: usize = 16;

/// The type of a buffer, known or not (MS-PAC 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferType(pub u32);

impl BufferType {
    /// `KERB_VALIDATION_INFO`: the user, the groups.
    pub const LOGON_INFO: Self = Self(1);
    /// `PAC_CREDENTIAL_INFO`: credentials for the client's own machine, encrypted.
    pub const CREDENTIALS: Self = Self(2);
    /// The signature with the service's key.
    pub const SERVER_SIGNATURE: Self = Self(6);
    /// The signature with the controllers' key.
    pub const KDC_SIGNATURE: Self = Self(7);
    /// `PAC_CLIENT_INFO`: the client's name and the time of the sign-in.
    pub const CLIENT_INFO: Self = Self(10);
    /// `S4U_DELEGATION_INFO`: the services that act for the client.
    pub const DELEGATION_INFO: Self = Self(11);
    /// `UPN_DNS_INFO`.
    pub const UPN_DNS_INFO: Self = Self(12);
    /// `PAC_CLIENT_CLAIMS_INFO`.
    pub const CLIENT_CLAIMS: Self = Self(13);
    /// `PAC_DEVICE_INFO`: the machine that the client signed in from.
    pub const DEVICE_INFO: Self = Self(14);
    /// `PAC_DEVICE_CLAIMS_INFO`.
    pub const DEVICE_CLAIMS: Self = Self(15);
    /// The controllers' signature of the ticket.
    pub const TICKET_SIGNATURE: Self = Self(16);
    /// `PAC_ATTRIBUTES_INFO`: whether the client asked for a PAC.
    pub const ATTRIBUTES: Self = Self(17);
    /// `PAC_REQUESTOR`: the SID of the client.
    pub const REQUESTOR: Self = Self(18);
    /// The controllers' signature of the whole PAC.
    pub const FULL_SIGNATURE: Self = Self(19);
}

/// A PAC cut into its buffers, none of which is believed yet.
///
/// ```text
/// cBuffers (4) Version (4) = 0, for each: ulType (4) cbBufferSize (4) Offset (8); the buffers, aligned to 8 bytes
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedPac<'a> {
    pub(super) bytes: &'a [u8],
    /// As many lines as were checked.
    table: &'a [[u8; LINE]],
}

/// A line of the table with the bytes that it points to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buffer<'a> {
    pub(super) offset: usize,
    pub(super) data: &'a [u8],
}

/// A line of the table.
#[derive(Clone, Copy)]
struct Line {
    kind: BufferType,
    length: usize,
    offset: usize,
}

impl Line {
    fn read(line: &[u8; LINE]) -> Self {
        let [a, b, c, d, e, f, g, h, offset @ ..] = *line;
        Self {
            kind: BufferType(u32::from_le_bytes([a, b, c, d])),
            length: usize::try_from(u32::from_le_bytes([e, f, g, h])).unwrap_or(usize::MAX),
            offset: usize::try_from(u64::from_le_bytes(offset)).unwrap_or(usize::MAX),
        }
    }

    /// Where the buffer ends.
    const fn end(self) -> usize {
        self.offset.saturating_add(self.length)
    }

    /// The buffer that the line points to, in the PAC `bytes` behind its table.
    fn buffer(self, bytes: &[u8], table_end: usize) -> Result<Buffer<'_>, DecodeError> {
        let Self { length, offset, .. } = self;
        let error = |kind| DecodeError::new("PAC buffer offset", offset, kind);
        if offset < table_end {
            return Err(error(DecodeErrorKind::OutOfBounds));
        }
        if !offset.is_multiple_of(8) {
            return Err(error(DecodeErrorKind::Invalid));
        }
        let data = Reader::new(bytes).slice_at("PAC buffer", offset, length)?;
        Ok(Buffer { offset, data })
    }
}

impl<'a> UnverifiedPac<'a> {
    /// Cut `bytes` into buffers.
    ///
    /// # Errors
    /// `Malformed` for a table that does not hold: no or too many buffers, an offset that is not aligned or points into
    /// the table or out of the PAC. `BufferTwice`, `BufferOverlap`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PacRejection> {
        let mut reader = Reader::new(bytes);
        let count = count(&mut reader)?;
        let at = reader;
        if reader.u32_le("PAC version")? != VERSION {
            return Err(at.error("PAC version", DecodeErrorKind::Unexpected).into());
        }
        let lines = reader.bytes("PAC buffer table", count * LINE)?;
        let (table, _) = lines.as_chunks();
        let pac = Self { bytes, table };
        for (index, line) in table.iter().enumerate() {
            let line = Line::read(line);
            line.buffer(bytes, HEADER + table.len() * LINE)?;
            pac.refuse_clashes(line, index)?;
        }
        Ok(pac)
    }

    /// That no buffer before `index` is of the same type as `buffer` or shares bytes with it: whoever reads the first
    /// of two and whoever reads the last would believe different things.
    fn refuse_clashes(&self, buffer: Line, index: usize) -> Result<(), PacRejection> {
        for other in self.lines().take(index) {
            if other.kind == buffer.kind {
                return Err(PacRejection::BufferTwice(buffer.kind));
            }
            // An empty buffer has no bytes to share.
            if other.offset.max(buffer.offset) < other.end().min(buffer.end()) {
                return Err(PacRejection::BufferOverlap(buffer.kind));
            }
        }
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = Line> + use<'a> {
        self.table.iter().map(Line::read)
    }

    /// The types of the buffers, in their order.
    pub fn buffer_types(&self) -> impl Iterator<Item = BufferType> + use<'a> {
        self.lines().map(|line| line.kind)
    }

    pub(super) fn buffer(&self, kind: BufferType) -> Option<Buffer<'a>> {
        let line = self.lines().find(|line| line.kind == kind)?;
        // It was held against the PAC's end before.
        line.buffer(self.bytes, HEADER).ok()
    }

    /// The bytes of the buffer of `kind`.
    pub(super) fn data(&self, kind: BufferType) -> Option<&'a [u8]> {
        self.buffer(kind).map(|buffer| buffer.data)
    }
}

fn count(reader: &mut Reader<'_>) -> Result<usize, DecodeError> {
    let at = *reader;
    let count = usize::try_from(reader.u32_le("PAC buffer count")?).unwrap_or(usize::MAX);
    match count {
        0 => Err(at.error("PAC buffer count", DecodeErrorKind::Invalid)),
        1..=MAX_BUFFERS => Ok(count),
        _ => Err(at.error("PAC buffer count", DecodeErrorKind::Limit(MAX_BUFFERS))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_core::Writer;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// A PAC of `lines`, each a type, a size and an offset, with `room` bytes behind the table.
    fn table(count: u32, lines: &[(u32, u32, u64)], room: usize) -> Vec<u8> {
        let mut pac = Writer::new();
        pac.u32_le(count).u32_le(0);
        for (kind, size, offset) in lines {
            pac.u32_le(*kind).u32_le(*size).u64_le(*offset);
        }
        pac.bytes(&std::vec![0; room]);
        pac.finish()
    }

    fn reason(pac: &[u8]) -> &'static str {
        UnverifiedPac::decode(pac).unwrap_err().reason()
    }

    /// A20
    #[test]
    fn a20_tables_that_lie_are_refused() {
        assert!(UnverifiedPac::decode(&table(2, &[(1, 8, 40), (2, 8, 48)], 16)).is_ok());
        assert_eq!(
            reason(&table(2, &[(1, 8, 40), (1, 8, 48)], 16)),
            "pac-buffer-twice"
        );
        assert_eq!(
            reason(&table(2, &[(1, 9, 40), (2, 8, 48)], 16)),
            "pac-buffer-overlap"
        );
        assert_eq!(
            reason(&table(2, &[(1, 8, 40), (2, 8, 40)], 16)),
            "pac-buffer-overlap"
        );
        for (size, offset) in [
            (8, 44),
            (8, 0),
            (8, 32),
            (9, 48),
            (8, 56),
            (u32::MAX, 40),
            (8, u64::MAX - 7),
            (8, u64::MAX),
        ] {
            assert_eq!(
                reason(&table(2, &[(1, 8, 40), (2, size, offset)], 16)),
                "pac-malformed"
            );
        }
        for count in [0, 65, 4097, u32::MAX] {
            assert_eq!(reason(&table(count, &[(1, 8, 24)], 8)), "pac-malformed");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128), count in 0_u32..4) {
            let _ = UnverifiedPac::decode(&bytes);
            let _ = UnverifiedPac::decode(&[&count.to_le_bytes()[..], &[0; 4], &bytes].concat());
        }
    }
}
