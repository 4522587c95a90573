//! Application tags: how Kerberos marks its messages (RFC 4120 5.10).

use ::der::{Encode, EncodeValue, Error, FixedTag, Length, Tag, TagNumber, Writer};

use super::fields::{self, Value};

/// The identifier of `[APPLICATION 0]`; the others follow.
const APPLICATION: u8 = 0x60;

/// A value under an explicit application tag: `[APPLICATION N] T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application<const N: u32, T>(pub(crate) T);

impl<const N: u32, T> FixedTag for Application<N, T> {
    const TAG: Tag = Tag::Application {
        constructed: true,
        number: TagNumber(N),
    };
}

impl<'a, const N: u32, T: Value<'a>> Value<'a> for Application<N, T> {
    // No message has a number of more bits.
    #[allow(clippy::cast_possible_truncation, reason = "31 and above do not occur")]
    const IDENTIFIER: u8 = APPLICATION | N as u8;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        fields::only(contents).map(Self)
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
