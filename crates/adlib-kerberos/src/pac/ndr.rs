//! Reading NDR, the encoding of remote procedure calls (C706 14, MS-RPCE 2.2.6): the subset that a PAC uses.
//!
//! Trust level: none of it is believed. Counts are held against the bytes that are left before anything is allocated,
//! nothing recurses, and a structure is as deep as this code writes it down.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Reader, Sid, utf16};

/// A reader that aligns each number to its size and keeps count of pointers.
pub(super) struct Ndr<'a> {
    reader: Reader<'a>,
    referents: BTreeSet<u32>,
}

/// A counted array whose elements come later.
pub(super) struct Deferred {
    present: bool,
    count: u32,
}

/// A string whose characters come later (`RPC_UNICODE_STRING`).
pub(super) struct DeferredString {
    present: bool,
    length: u16,
}

impl<'a> Ndr<'a> {
    /// A reader behind the header of type serialisation version 1 and the pointer to the structure.
    ///
    /// ```text
    /// version (1) = 1, byte order (1) = 0x10, header length (2) = 8, filler (4); object length (4), filler (4); pointer (4)
    /// ```
    ///
    /// # Errors
    /// `Unexpected` for another version or byte order, `OutOfBounds` for an object longer than the buffer.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let at = reader;
        if reader.array("NDR header")? != [1, 0x10, 8, 0] {
            return Err(at.error("NDR header", DecodeErrorKind::Unexpected));
        }
        reader.u32_le("NDR filler")?;
        let at = reader;
        let length = reader.u32_le("NDR object length")?;
        reader.u32_le("NDR filler")?;
        if usize::try_from(length).unwrap_or(usize::MAX) > reader.remaining() {
            return Err(at.error("NDR object length", DecodeErrorKind::OutOfBounds));
        }
        let mut ndr = Self {
            reader,
            referents: BTreeSet::new(),
        };
        if ndr.pointer("NDR top pointer")? {
            Ok(ndr)
        } else {
            Err(ndr.reader.error("NDR top pointer", DecodeErrorKind::Invalid))
        }
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.reader.align(what, 2)?;
        self.reader.u16_le(what)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.reader.align(what, 4)?;
        self.reader.u32_le(what)
    }

    pub(super) fn bytes(&mut self, what: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        self.reader.bytes(what, length)
    }

    /// A `FILETIME`: two numbers, the lower first.
    pub(super) fn time(&mut self, what: &'static str) -> Result<FileTime, DecodeError> {
        let low = self.u32(what)?;
        let high = self.u32(what)?;
        Ok(FileTime(u64::from(high) << 32 | u64::from(low)))
    }

    /// Whether a unique pointer points to something. Two that share a number would alias, which they must not.
    ///
    /// # Errors
    /// `Invalid` for a number that was used before.
    pub(super) fn pointer(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        let referent = self.u32(what)?;
        if referent != 0 && !self.referents.insert(referent) {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(referent != 0)
    }

    /// The head of a counted array: a count and a pointer.
    pub(super) fn counted(&mut self, what: &'static str) -> Result<Deferred, DecodeError> {
        let count = self.u32(what)?;
        let present = self.pointer(what)?;
        if count != 0 && !present {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(Deferred { present, count })
    }

    /// The elements of a counted array, each of at least `size` bytes and read by `element`.
    ///
    /// # Errors
    /// `Invalid` when the count is not the one of the head, `Truncated` when there are not as many bytes.
    pub(super) fn elements<T>(
        &mut self,
        what: &'static str,
        head: &Deferred,
        size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        if !head.present {
            return Ok(Vec::new());
        }
        if self.u32(what)? != head.count {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        let count = usize::try_from(head.count).unwrap_or(usize::MAX);
        if count.saturating_mul(size) > self.reader.remaining() {
            return Err(self.reader.error(what, DecodeErrorKind::Truncated));
        }
        (0..count).map(|_| element(self)).collect()
    }

    /// The head of a string: its length in bytes, that of its buffer, and a pointer.
    pub(super) fn string_head(&mut self, what: &'static str) -> Result<DeferredString, DecodeError> {
        let length = self.u16(what)?;
        let maximum = self.u16(what)?;
        let present = self.pointer(what)?;
        if length % 2 != 0 || length > maximum || (length != 0 && !present) {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(DeferredString { present, length })
    }

    /// The characters of a string: how many there could be, from which on, how many there are.
    ///
    /// # Errors
    /// `Invalid` when the numbers contradict one another or the head, `Text` for what is not UTF-16.
    pub(super) fn string(
        &mut self,
        what: &'static str,
        head: &DeferredString,
    ) -> Result<String, DecodeError> {
        if !head.present {
            return Ok(String::new());
        }
        let maximum = self.u32(what)?;
        let offset = self.u32(what)?;
        let actual = self.u32(what)?;
        if offset != 0 || actual > maximum || actual != u32::from(head.length / 2) {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        utf16::decode(what, self.bytes(what, head.length.into())?)
    }

    /// A SID behind its pointer: the number of its sub-authorities once more, then itself.
    pub(super) fn sid(&mut self, what: &'static str, present: bool) -> Result<Option<Sid>, DecodeError> {
        if !present {
            return Ok(None);
        }
        let count = self.u32(what)?;
        let sid = Sid::read(&mut self.reader)?;
        if usize::try_from(count) == Ok(sid.sub_authorities().len()) {
            Ok(Some(sid))
        } else {
            Err(self.reader.error(what, DecodeErrorKind::Invalid))
        }
    }
}
