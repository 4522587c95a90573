//! Application tags: how Kerberos marks its messages (RFC 4120 5.10).

use ::der::{
    DecodeValue, Encode, EncodeValue, Error, FixedTag, Header, Length, Reader, Tag, TagNumber, Writer,
};

use super::fields::{self, Value};

/// A value under an explicit application tag: `[APPLICATION N] T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application<const N: u32, T>(pub(crate) T);

impl<const N: u32, T> FixedTag for Application<N, T> {
    const TAG: Tag = Tag::Application {
        constructed: true,
        number: TagNumber(N),
    };
}

impl<'a, const N: u32, T: Value<'a>> DecodeValue<'a> for Application<N, T> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self, Error> {
        fields::sequence(reader, header, |inner| inner.element().map(Self))
    }
}

impl<const N: u32, T: Encode> EncodeValue for Application<N, T> {
    fn value_len(&self) -> Result<Length, Error> {
        self.0.encoded_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        self.0.encode(writer)
    }
}
