//! Reading NDR, the encoding of remote procedure calls (C706 14, MS-RPCE 2.2.6): the subset that a PAC uses.
//!
//! Trust level: none of it is believed. Counts are held against the bytes that are left before anything is allocated,
//! nothing recurses, and a structure is as deep as this code writes it down.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Reader, Sid, utf16};

/// A reader that aligns each number to its size and keeps count of pointers.
pub(super) struct Ndr<'a> {
    reader: Reader<'a>,
    referents: Referents,
}

/// The pointers that were met: no two may point to the same.
enum Referents {
    /// All in ascending order, as every controller writes them: the highest is all to remember.
    Ascending(u32),
    /// In any order.
    Any(BTreeSet<u32>),
}

impl Referents {
    /// Whether `referent` is new.
    fn insert(&mut self, referent: u32) -> bool {
        match self {
            Self::Ascending(highest) if referent > *highest => {
                *highest = referent;
                true
            }
            Self::Ascending(_) => false,
            Self::Any(met) => met.insert(referent),
        }
    }
}

/// Read the structure that `bytes` are with `read`, without a heap allocation if its pointers ascend.
///
/// # Errors
/// What [`Ndr::open`] and `read` say.
pub(super) fn read<'a, T>(
    bytes: &'a [u8],
    read: impl Fn(&mut Ndr<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    Ndr::open(bytes, Referents::Ascending(0))
        .and_then(|mut ndr| read(&mut ndr))
        .or_else(|_| read(&mut Ndr::open(bytes, Referents::Any(BTreeSet::new()))?))
}

/// A counted array whose elements come later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deferred {
    present: bool,
    count: u32,
}

/// A string whose characters come later (`RPC_UNICODE_STRING`).
#[derive(Debug, Clone, Copy)]
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
    fn open(bytes: &'a [u8], referents: Referents) -> Result<Self, DecodeError> {
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
        let mut ndr = Self { reader, referents };
        if ndr.pointer("NDR top pointer")? {
            Ok(ndr)
        } else {
            Err(ndr.reader.error("NDR top pointer", DecodeErrorKind::Invalid))
        }
    }

    #[inline]
    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.reader.align(what, 2)?;
        self.reader.u16_le(what)
    }

    #[inline]
    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.reader.align(what, 4)?;
        self.reader.u32_le(what)
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.reader.align(what, 8)?;
        self.reader.u64_le(what)
    }

    pub(super) fn bytes(&mut self, what: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        self.reader.bytes(what, length)
    }

    /// A `FILETIME`: two numbers, the lower first.
    pub(super) fn time(&mut self, what: &'static str) -> Result<FileTime, DecodeError> {
        self.reader.align(what, 4)?;
        self.reader.u64_le(what).map(FileTime)
    }

    /// Whether a unique pointer points to something. Two that share a number would alias, which they must not.
    ///
    /// # Errors
    /// `Invalid` for a number that was used before.
    #[inline]
    pub(super) fn pointer(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        let referent = self.u32(what)?;
        self.referent(what, referent)?;
        Ok(referent != 0)
    }

    /// A number of four bytes and the pointer behind it.
    #[inline]
    fn number_and_pointer(&mut self, what: &'static str) -> Result<(u32, bool), DecodeError> {
        self.reader.align(what, 4)?;
        let both = self.reader.u64_le(what)?.to_le_bytes();
        let (number, referent) = halves(&both);
        self.referent(what, referent)?;
        Ok((number, referent != 0))
    }

    /// That a pointer that was read elsewhere is none of those before.
    ///
    /// # Errors
    /// `Invalid` for a number that was used before.
    #[inline]
    pub(super) fn referent(&mut self, what: &'static str, referent: u32) -> Result<(), DecodeError> {
        if referent != 0 && !self.referents.insert(referent) {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(())
    }

    /// The head of a counted array: a count and a pointer.
    pub(super) fn counted(&mut self, what: &'static str) -> Result<Deferred, DecodeError> {
        let (count, present) = self.number_and_pointer(what)?;
        if count != 0 && !present {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(Deferred { present, count })
    }

    /// The number of elements of a counted array, where they begin: as many as there are bytes for, each of `size`.
    ///
    /// # Errors
    /// `Invalid` when the count is not the one of the head, `Truncated` when there are not as many bytes.
    pub(super) fn count(
        &mut self,
        what: &'static str,
        head: Deferred,
        size: usize,
    ) -> Result<usize, DecodeError> {
        if !head.present {
            return Ok(0);
        }
        if self.u32(what)? != head.count {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        let count = usize::try_from(head.count).unwrap_or(usize::MAX);
        if count.saturating_mul(size) > self.reader.remaining() {
            return Err(self.reader.error(what, DecodeErrorKind::Truncated));
        }
        Ok(count)
    }

    /// The elements of a counted array, each of `N` bytes, unread.
    ///
    /// # Errors
    /// As [`Ndr::count`].
    pub(super) fn chunks<const N: usize>(
        &mut self,
        what: &'static str,
        head: Deferred,
    ) -> Result<&'a [[u8; N]], DecodeError> {
        let count = self.count(what, head, N)?;
        let (chunks, _) = self.bytes(what, count.saturating_mul(N))?.as_chunks();
        Ok(chunks)
    }

    /// The elements of a counted array, each of at least `size` bytes and read by `element`.
    ///
    /// # Errors
    /// As [`Ndr::count`], and what `element` says.
    pub(super) fn elements<T>(
        &mut self,
        what: &'static str,
        head: Deferred,
        size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(what, head, size)?;
        (0..count).map(|_| element(self)).collect()
    }

    /// The bytes from the present position to where `skip` ends.
    pub(super) fn span(
        &mut self,
        skip: impl FnOnce(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<&'a [u8], DecodeError> {
        let rest = self.reader.rest();
        let start = self.reader.position();
        skip(self)?;
        Ok(rest.get(..self.reader.position() - start).unwrap_or_default())
    }

    /// The head of a string: its length in bytes, that of its buffer, and a pointer.
    pub(super) fn string_head(&mut self, what: &'static str) -> Result<DeferredString, DecodeError> {
        let (lengths, present) = self.number_and_pointer(what)?;
        let [a, b, c, d] = lengths.to_le_bytes();
        let [length, maximum] = [[a, b], [c, d]].map(u16::from_le_bytes);
        if length % 2 != 0 || length > maximum || (length != 0 && !present) {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        Ok(DeferredString { present, length })
    }

    /// The characters of a string, in UTF-16: how many there could be, from which on, how many there are.
    ///
    /// # Errors
    /// `Invalid` when the numbers contradict one another or the head, `Text` for what is not UTF-16.
    pub(super) fn units(
        &mut self,
        what: &'static str,
        head: DeferredString,
    ) -> Result<&'a [u8], DecodeError> {
        if !head.present {
            return Ok(&[]);
        }
        let units = self.varying(what)?;
        if units.len() == usize::from(head.length) {
            Ok(units)
        } else {
            Err(self.reader.error(what, DecodeErrorKind::Invalid))
        }
    }

    /// The same as text.
    ///
    /// # Errors
    /// As [`Ndr::units`].
    pub(super) fn string(&mut self, what: &'static str, head: DeferredString) -> Result<String, DecodeError> {
        utf16::decode(what, self.units(what, head)?)
    }

    /// A text that ends with a NUL, behind a pointer (`[string] wchar_t *`).
    ///
    /// # Errors
    /// `Invalid` without the NUL, or when the counts contradict one another; `Text`.
    pub(super) fn terminated(&mut self, what: &'static str) -> Result<String, DecodeError> {
        let units = self.varying(what)?;
        let text = units
            .strip_suffix(&[0, 0])
            .ok_or_else(|| self.reader.error(what, DecodeErrorKind::Invalid))?;
        utf16::decode(what, text)
    }

    /// A conformant varying array of UTF-16 units.
    fn varying(&mut self, what: &'static str) -> Result<&'a [u8], DecodeError> {
        self.reader.align(what, 4)?;
        let counts: [u8; 12] = self.reader.array(what)?;
        let (maximum, offset, actual) = thirds(&counts);
        if offset != 0 || actual > maximum {
            return Err(self.reader.error(what, DecodeErrorKind::Invalid));
        }
        let length = usize::try_from(actual).unwrap_or(usize::MAX);
        expect_utf16(what, self.bytes(what, length.saturating_mul(2))?)
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

/// The two numbers in eight bytes.
pub(super) fn halves(bytes: &[u8; 8]) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = *bytes;
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
}

/// The three numbers in twelve bytes.
fn thirds(bytes: &[u8; 12]) -> (u32, u32, u32) {
    let [a, b, c, d, rest @ ..] = *bytes;
    let (second, third) = halves(&rest);
    (u32::from_le_bytes([a, b, c, d]), second, third)
}

/// That `units` are UTF-16.
///
/// # Errors
/// `Text` for an odd number of bytes or a lone surrogate.
pub(super) fn expect_utf16<'a>(what: &'static str, units: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let (pairs, odd) = units.as_chunks::<2>();
    let mut decoded = char::decode_utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)));
    // Below the surrogates, which is seen at once, nothing can be wrong.
    let all_bits = pairs.iter().fold(0, |all, pair| all | u16::from_le_bytes(*pair));
    if odd.is_empty() && (all_bits < 0x8000 || decoded.all(|character| character.is_ok())) {
        Ok(units)
    } else {
        Err(DecodeError::new(what, 0, DecodeErrorKind::Text))
    }
}

/// `object`, which begins with its top pointer, behind the header of type serialisation version 1.
#[cfg(test)]
pub(super) fn serialised(object: &[u8]) -> Vec<u8> {
    let length = u32::try_from(object.len()).unwrap().to_le_bytes();
    let header = [1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc];
    [&header[..], &length, &[0; 4], object].concat()
}
