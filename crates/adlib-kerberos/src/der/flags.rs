//! Flags (RFC 4120 5.2.8).

use ::der::{
    DecodeValue, EncodeValue, Error, FixedTag, Header, Length, Reader, Tag, Writer, asn1::BitStringRef,
};

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

impl<'a> DecodeValue<'a> for KerberosFlags {
    type Error = Error;

    /// Bits after the first 32 are of no known meaning, and missing ones are clear.
    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self, Error> {
        let bits = BitStringRef::decode_value(reader, header)?;
        let bytes = bits.raw_bytes().iter().copied().chain([0; 4]).take(4);
        Ok(Self(bytes.fold(0, |flags, byte| flags << 8 | u32::from(byte))))
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
