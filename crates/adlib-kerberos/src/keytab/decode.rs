//! Reading a key table.

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime};

use super::{Keytab, KeytabEntry, KeytabError, UnusableEntry};
use crate::{EncryptionType, Principal, ServiceKey};

const FORMAT: u8 = 5;
const VERSION: u8 = 2;

impl Keytab {
    /// The table that `bytes` are.
    ///
    /// Entries of encryption types that are not spoken here are set aside, not refused: see [`Keytab::unusable`].
    ///
    /// # Errors
    /// `NotAKeytab`, `Version`, or `Entry` and `Key` with the number of the entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeytabError> {
        let mut reader = Reader::new(bytes);
        match (reader.u8("format"), reader.u8("version")) {
            (Ok(FORMAT), Ok(VERSION)) => {}
            (Ok(FORMAT), Ok(version)) => return Err(KeytabError::Version(version)),
            _ => return Err(KeytabError::NotAKeytab),
        }
        let mut keytab = Self::default();
        let mut entry = 0;
        let named = |entry: usize| move |error: DecodeError| KeytabError::Entry { entry, error };
        while let Some(record) = next_record(&mut reader).map_err(named(entry + 1))? {
            entry += 1;
            let at = reader.position() - record.len();
            let fields = Fields::read(record).map_err(|mut error| {
                error.offset += at;
                KeytabError::Entry { entry, error }
            })?;
            keytab
                .add(fields)
                .map_err(|error| KeytabError::Key { entry, error })?;
        }
        Ok(keytab)
    }

    fn add(&mut self, fields: Fields<'_>) -> Result<(), crate::KeyError> {
        let Fields {
            principal,
            timestamp,
            kvno,
            etype,
            key,
        } = fields;
        match EncryptionType::from_number(etype) {
            Ok(etype) => self.entries.push(KeytabEntry {
                principal,
                kvno,
                key: ServiceKey::new(etype, key)?,
                timestamp,
            }),
            Err(etype) => self.unusable.push(UnusableEntry {
                principal,
                kvno,
                etype,
                timestamp,
            }),
        }
        Ok(())
    }
}

/// The bytes of the next entry; a negative length is a hole that an entry left, and 0 the end.
fn next_record<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    while !reader.is_empty() {
        let at = *reader;
        let length = reader.u32_be("entry length")?.cast_signed();
        let size = usize::try_from(length.unsigned_abs())
            .map_err(|_| at.error("entry length", DecodeErrorKind::OutOfBounds))?;
        let record = match length {
            0 => return Ok(None),
            1.. => Some(reader.bytes("entry", size)?),
            _ => {
                reader.bytes("hole", size)?;
                None
            }
        };
        if record.is_some() {
            return Ok(record);
        }
    }
    Ok(None)
}

/// ```text
/// components (2) realm component* name-type (4) timestamp (4) kvno (1) etype (2) key [kvno (4)]
/// ```
///
/// Numbers are big-endian; texts and the key have a length of 2 bytes before them.
struct Fields<'a> {
    principal: Principal,
    timestamp: UnixTime,
    kvno: u32,
    etype: i32,
    key: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(record: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(record);
        let count = reader.u16_be("component count")?;
        let realm = counted_text(&mut reader, "realm")?;
        let mut components = Vec::new();
        for _ in 0..count {
            components.push(counted_text(&mut reader, "component")?);
        }
        let name_type = reader.u32_be("name type")?.cast_signed();
        let timestamp = UnixTime::from_seconds(reader.u32_be("timestamp")?.into());
        let short_kvno = reader.u8("key version")?;
        let etype = reader.u16_be("encryption type")?.cast_signed().into();
        let key = counted(&mut reader, "key")?;
        // The wide version came later: old files end before it, and some writers leave it 0.
        let kvno = match reader.u32_be("wide key version") {
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

fn counted<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = reader.u16_be(what)?;
    reader.bytes(what, length.into())
}

fn counted_text(reader: &mut Reader<'_>, what: &'static str) -> Result<String, DecodeError> {
    let at = *reader;
    let bytes = counted(reader, what)?;
    let text = core::str::from_utf8(bytes).map_err(|_| at.error(what, DecodeErrorKind::Text))?;
    Ok(text.into())
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
        assert_eq!(Keytab::decode(&[5, 1]), Err(KeytabError::Version(1)));
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
            let _ = Keytab::decode(&[&[5, 2, 0, 0, 0, 40], &bytes[..]].concat());
        }
    }
}
