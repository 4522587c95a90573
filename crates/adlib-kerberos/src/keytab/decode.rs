//! Reading a key table.

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime};

use super::{Keytab, KeytabEntry, KeytabError, UnusableEntry};
use crate::{EncryptionType, Principal, ServiceKey, number::name_type};

const FORMAT: u8 = 5;

/// How numbers and names are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Version 1, written on a machine with the least significant byte first. The count of components includes the
    /// realm, and there is no name type.
    FirstLittle,
    /// The same with the most significant byte first.
    FirstBig,
    /// Version 2: the most significant byte first.
    Second,
}

impl Keytab {
    /// The table that `bytes` are: of version 2, or of version 1 with either order of bytes.
    ///
    /// Entries of encryption types that are not spoken here are set aside, not refused: see [`Keytab::unusable`].
    ///
    /// # Errors
    /// `NotAKeytab`, `Version`, or `Entry` and `Key` with the number of the entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeytabError> {
        match bytes {
            [FORMAT, 2, ..] => decode_as(Layout::Second, bytes),
            // The file does not say on what machine it was written: whichever reads is right.
            [FORMAT, 1, ..] => {
                let little = decode_as(Layout::FirstLittle, bytes);
                little.or_else(|error| decode_as(Layout::FirstBig, bytes).map_err(|_| error))
            }
            [FORMAT, version, ..] => Err(KeytabError::Version(*version)),
            _ => Err(KeytabError::NotAKeytab),
        }
    }
}

fn decode_as(layout: Layout, bytes: &[u8]) -> Result<Keytab, KeytabError> {
    let mut input = Input {
        layout,
        reader: Reader::new(bytes),
    };
    let (mut entries, mut unusable) = (Vec::new(), Vec::new());
    let mut entry = 1;
    let malformed = |entry: usize| move |error: DecodeError| KeytabError::Entry { entry, error };
    input.reader.u16_be("version").map_err(malformed(entry))?;
    while let Some(record) = input.next_record().map_err(malformed(entry))? {
        let at = input.reader.position() - record.len();
        let fields = Fields::read(layout, record).map_err(|mut error| {
            error.offset += at;
            KeytabError::Entry { entry, error }
        })?;
        match EncryptionType::from_number(fields.etype) {
            Ok(etype) => entries.push(KeytabEntry {
                key: ServiceKey::new(etype, fields.key).map_err(|error| KeytabError::Key { entry, error })?,
                principal: fields.principal,
                kvno: fields.kvno,
                timestamp: fields.timestamp,
            }),
            Err(etype) => unusable.push(UnusableEntry {
                principal: fields.principal,
                kvno: fields.kvno,
                etype,
                timestamp: fields.timestamp,
            }),
        }
        entry += 1;
    }
    Ok(Keytab {
        entries: entries.into(),
        unusable,
    })
}

/// A reader that knows the layout.
struct Input<'a> {
    layout: Layout,
    reader: Reader<'a>,
}

impl<'a> Input<'a> {
    fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        match self.layout {
            Layout::FirstLittle => self.reader.u16_le(what),
            _ => self.reader.u16_be(what),
        }
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        match self.layout {
            Layout::FirstLittle => self.reader.u32_le(what),
            _ => self.reader.u32_be(what),
        }
    }

    /// The bytes of the next entry; a negative length is a hole that an entry left, and 0 the end.
    fn next_record(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        while !self.reader.is_empty() {
            let at = self.reader;
            let length = self.u32("entry length")?.cast_signed();
            let size = usize::try_from(length.unsigned_abs())
                .map_err(|_| at.error("entry length", DecodeErrorKind::OutOfBounds))?;
            match length {
                0 => return Ok(None),
                1.. => return self.reader.bytes("entry", size).map(Some),
                _ => self.reader.bytes("hole", size)?,
            };
        }
        Ok(None)
    }

    fn counted(&mut self, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.u16(what)?;
        self.reader.bytes(what, length.into())
    }

    fn counted_text(&mut self, what: &'static str) -> Result<String, DecodeError> {
        let at = self.reader;
        let bytes = self.counted(what)?;
        let text = core::str::from_utf8(bytes).map_err(|_| at.error(what, DecodeErrorKind::Text))?;
        Ok(text.into())
    }

    /// How many components the name has.
    fn component_count(&mut self) -> Result<u16, DecodeError> {
        let at = self.reader;
        let count = self.u16("component count")?;
        let realm = u16::from(self.layout != Layout::Second);
        count
            .checked_sub(realm)
            .ok_or(at.error("component count", DecodeErrorKind::Invalid))
    }
}

/// ```text
/// components (2) realm component* [name-type (4)] timestamp (4) kvno (1) etype (2) key [kvno (4)]
/// ```
///
/// Texts and the key have a length of 2 bytes before them; version 1 has no name type.
struct Fields<'a> {
    principal: Principal,
    timestamp: UnixTime,
    kvno: u32,
    etype: i32,
    key: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(layout: Layout, record: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Input {
            layout,
            reader: Reader::new(record),
        };
        let count = input.component_count()?;
        let realm = input.counted_text("realm")?;
        let mut components = Vec::new();
        for _ in 0..count {
            components.push(input.counted_text("component")?);
        }
        let name_type = match layout {
            Layout::Second => input.u32("name type")?.cast_signed(),
            _ => name_type::PRINCIPAL,
        };
        let timestamp = UnixTime::from_seconds(input.u32("timestamp")?.into());
        let short_kvno = input.reader.u8("key version")?;
        let etype = input.u16("encryption type")?.cast_signed().into();
        let key = input.counted("key")?;
        // The wide version came later: old files end before it, and some writers leave it 0.
        let kvno = match input.u32("wide key version") {
            Ok(wide) if wide != 0 => wide,
            _ => short_kvno.into(),
        };
        Ok(Self {
            principal: Principal::new(name_type, components, realm),
            timestamp,
            kvno,
            etype,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{UnsupportedEtype, crypto::hex};
    use proptest::prelude::*;
    use std::vec;

    /// `HTTP/a@R`, version 3, RC4, as MIT's `ktutil` lays it out.
    const ENTRY: &str = "0002 0001 52 0004 48545450 0001 61 00000001 3b9aca00 03 0017 0010 \
                         000102030405060708090a0b0c0d0e0f";

    fn with_records(records: &[(i32, &str)]) -> Vec<u8> {
        let mut file = vec![5, 2];
        for (length, record) in records {
            file.extend_from_slice(&length.to_be_bytes());
            file.extend(hex(record));
        }
        file
    }

    fn length(record: &str) -> i32 {
        i32::try_from(hex(record).len()).unwrap()
    }

    #[test]
    fn reads_holes_old_entries_and_wide_versions() {
        let wide = std::format!("{ENTRY} 00010003");
        let zero = std::format!("{ENTRY} 00000000 00000000");
        let file = with_records(&[
            (length(ENTRY), ENTRY),
            (-3, "ffffff"),
            (length(&wide), &wide),
            (length(&zero), &zero),
            (0, ""),
        ]);
        let keytab = Keytab::decode(&file).unwrap();
        let kvnos: Vec<u32> = keytab.entries().iter().map(|entry| entry.kvno).collect();
        assert_eq!(kvnos, [3, 0x0001_0003, 3]);
        let entry = &keytab.entries()[0];
        assert_eq!(entry.principal, "HTTP/a@R".parse().unwrap());
        assert_eq!(entry.timestamp, UnixTime::from_seconds(1_000_000_000));
        assert_eq!(entry.key.etype(), EncryptionType::Rc4);
    }

    /// `HTTP/a@R` of version 1: no name type, the realm counted, either order of bytes.
    #[test]
    fn the_first_version_is_read_whoever_wrote_it() {
        let big = "0003 0001 52 0004 48545450 0001 61 3b9aca00 03 0017 0010 000102030405060708090a0b0c0d0e0f";
        let little =
            "0300 0100 52 0400 48545450 0100 61 00ca9a3b 03 1700 1000 000102030405060708090a0b0c0d0e0f";
        let length = u32::try_from(hex(big).len()).unwrap();
        for (record, length) in [(big, length.to_be_bytes()), (little, length.to_le_bytes())] {
            let file = [&[5, 1][..], &length, &hex(record)].concat();
            let keytab = Keytab::decode(&file).unwrap();
            let entry = &keytab.entries()[0];
            assert_eq!(entry.principal, "HTTP/a@R".parse().unwrap());
            assert_eq!((entry.kvno, entry.key.etype()), (3, EncryptionType::Rc4));
            assert_eq!(entry.timestamp, UnixTime::from_seconds(1_000_000_000));
        }
    }

    /// R11
    #[test]
    fn des_entries_are_set_aside_by_name() {
        let des = ENTRY.replace("03 0017", "03 0003");
        let keytab = Keytab::decode(&with_records(&[(length(&des), &des)])).unwrap();
        assert!(keytab.entries().is_empty());
        assert_eq!(keytab.unusable()[0].etype, UnsupportedEtype::Des(3));
    }

    #[test]
    fn errors_say_which_entry() {
        assert_eq!(Keytab::decode(b""), Err(KeytabError::NotAKeytab));
        assert_eq!(Keytab::decode(b"hello"), Err(KeytabError::NotAKeytab));
        assert_eq!(Keytab::decode(&[5, 3]), Err(KeytabError::Version(3)));
        assert!(Keytab::decode(&[5, 1, 0, 0, 0, 9]).is_err());
        let file = with_records(&[(length(ENTRY), ENTRY), (length(ENTRY) + 1, ENTRY)]);
        assert!(matches!(
            Keytab::decode(&file),
            Err(KeytabError::Entry { entry: 2, .. })
        ));
        let aes = ENTRY.replace("03 0017", "03 0012");
        let file = with_records(&[(length(&aes), &aes)]);
        assert!(matches!(
            Keytab::decode(&file),
            Err(KeytabError::Key { entry: 1, .. })
        ));
        let hole = with_records(&[(i32::MIN, "")]);
        assert!(matches!(
            Keytab::decode(&hole),
            Err(KeytabError::Entry { entry: 1, .. })
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Keytab::decode(&bytes);
            let _ = Keytab::decode(&[&[5, 1, 40, 0, 0, 0], &bytes[..]].concat());
            let _ = Keytab::decode(&[&[5, 2, 0, 0, 0, 40], &bytes[..]].concat());
        }
    }
}
