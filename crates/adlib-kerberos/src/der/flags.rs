//! Flags (RFC 4120 5.2.8).

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer, asn1::BitStringRef};

use super::fields::{self, Value};

/// `KerberosFlags ::= BIT STRING (SIZE (32..MAX))`: bit 0 is the most significant one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosFlags(pub(crate) u32);

impl KerberosFlags {
    /// Whether bit `number`, counted as the specification counts, is set.
    pub(crate) const fn has(self, number: u32) -> bool {
        self.0 & Self::bit(number).0 != 0
    }

    /// The flags with bit `number` alone.
    pub(crate) const fn bit(number: u32) -> Self {
        match 0x8000_0000_u32.checked_shr(number) {
            Some(bits) => Self(bits),
            None => Self(0),
        }
    }
}

impl FixedTag for KerberosFlags {
    const TAG: Tag = Tag::BitString;
}

impl<'a> Value<'a> for KerberosFlags {
    const IDENTIFIER: u8 = 0x03;

    /// Bits after the first 32 are of no known meaning, and missing ones are clear. Unused bits that are set are refused
    /// (X.690 11.2.1): who masks them would read other flags.
    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        if let [0, a, b, c, d, ..] = contents {
            return Ok(Self(u32::from_be_bytes([*a, *b, *c, *d])));
        }
        let Some((unused @ 0..=7, octets)) = contents.split_first() else {
            return Err(fields::Error::invalid(contents));
        };
        // Of no octet, none can be unused.
        let clear = octets.last().map_or(0, |last| last.trailing_zeros());
        if clear < u32::from(*unused) {
            return Err(fields::Error::invalid(contents));
        }
        let octets = octets.iter().copied().chain([0; 4]).take(4);
        Ok(Self(octets.fold(0, |flags, octet| flags << 8 | u32::from(octet))))
    }
}

impl EncodeValue for KerberosFlags {
    fn value_len(&self) -> Result<Length, Error> {
        BitStringRef::from_bytes(&self.0.to_be_bytes())?.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        BitStringRef::from_bytes(&self.0.to_be_bytes())?.encode_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{decode, encode};

    /// RFC 4120 5.2.8, X.690 11.2
    #[test]
    fn bits_that_are_unused_are_clear() {
        let read = |bytes: &[u8]| decode::<KerberosFlags>("flags", bytes).map(|flags| flags.0).ok();
        assert_eq!(read(&[3, 5, 0, 0x40, 0, 0, 1]), Some(0x4000_0001));
        assert_eq!(read(&[3, 2, 6, 0x40]), Some(0x4000_0000), "fewer than 32");
        assert_eq!(
            read(&[3, 6, 0, 0x40, 0, 0, 1, 0xff]),
            Some(0x4000_0001),
            "more than 32"
        );
        assert_eq!(read(&[3, 1, 0]), Some(0), "none");
        assert_eq!(read(&encode(&KerberosFlags(7))), Some(7));
        for bad in [
            &[3, 5, 1, 0x40, 0, 0, 1][..],
            &[3, 2, 7, 0x40],
            &[3, 2, 8, 0],
            &[3, 1, 1],
            &[3, 0],
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
