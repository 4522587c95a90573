//! Octet strings, borrowed.

use ::der::{DecodeValue, EncodeValue, Error, FixedTag, Header, Length, Reader, Tag, Writer};

/// `OCTET STRING`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl core::fmt::Debug for Octets<'_> {
    /// The length only: what is in it may be a key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Octets({} bytes)", self.0.len())
    }
}

impl FixedTag for Octets<'_> {
    const TAG: Tag = Tag::OctetString;
}

impl<'a> DecodeValue<'a> for Octets<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self, Error> {
        reader.read_slice(header.length()).map(Self)
    }
}

impl EncodeValue for Octets<'_> {
    fn value_len(&self) -> Result<Length, Error> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        writer.write(self.0)
    }
}
