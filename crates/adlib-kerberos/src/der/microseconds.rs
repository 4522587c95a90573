//! Microseconds (RFC 4120 5.2.4).

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer};

use super::fields::{self, Value};

/// As many octets as are read.
const OCTETS: usize = 4;
/// The least number that is no count of microseconds.
const LIMIT: u32 = 1_000_000;

/// `Microseconds ::= INTEGER (0..999999)`.
///
/// Leading zeros are read, up to four octets: one initiator in use (the sspi crate) writes that many whatever the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Microseconds(pub(crate) u32);

impl FixedTag for Microseconds {
    const TAG: Tag = Tag::Integer;
}

impl<'a> Value<'a> for Microseconds {
    const IDENTIFIER: u8 = 0x02;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        let negative = contents.first().is_none_or(|first| first & 0x80 != 0);
        let value = contents
            .iter()
            .fold(0, |value, octet| value << 8 | u32::from(*octet));
        Some(value)
            .filter(|value| contents.len() <= OCTETS && !negative && *value < LIMIT)
            .map(Self)
            .ok_or_else(|| fields::Error::invalid(contents))
    }
}

impl EncodeValue for Microseconds {
    fn value_len(&self) -> Result<Length, Error> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        self.0.encode_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{decode, encode};

    /// The sspi crate's four octets, and what is no count of microseconds.
    #[test]
    fn leading_zeros_are_read() {
        let read = |bytes: &[u8]| decode::<Microseconds>("cusec", bytes).map(|read| read.0).ok();
        assert_eq!(read(&[2, 4, 0, 0, 0, 7]), Some(7));
        assert_eq!(read(&[2, 1, 7]), Some(7));
        assert_eq!(read(&encode(&Microseconds(999_999))), Some(999_999));
        for bad in [
            &[2, 0][..],
            &[2, 1, 0x80],
            &[2, 3, 0x0f, 0x42, 0x40],
            &[2, 5, 1, 0, 0, 0, 0],
            &[2, 5, 0, 0, 0, 0, 7],
        ] {
            assert_eq!(read(bad), None);
        }
    }
}
