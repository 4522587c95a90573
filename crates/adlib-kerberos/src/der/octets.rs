//! Octet strings, borrowed.

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer};

use super::fields::{self, Value};

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

impl<'a> Value<'a> for Octets<'a> {
    const IDENTIFIER: u8 = 0x04;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        Ok(Self(contents))
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
