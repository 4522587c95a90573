//! Names as text (RFC 4120 5.2.1).

use ::der::{DecodeValue, EncodeValue, Error, FixedTag, Header, Length, Reader, Tag, Writer};

/// `KerberosString ::= GeneralString (IA5String)`.
///
/// The specification has ASCII; Windows and Samba write UTF-8 under the same tag, and so is it read here. A NUL is
/// refused, because other implementations end the name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosString<'a>(pub(crate) &'a str);

impl FixedTag for KerberosString<'_> {
    const TAG: Tag = Tag::GeneralString;
}

impl<'a> DecodeValue<'a> for KerberosString<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self, Error> {
        let text = core::str::from_utf8(reader.read_slice(header.length())?)?;
        if text.contains('\0') {
            return Err(Self::TAG.value_error().into());
        }
        Ok(Self(text))
    }
}

impl EncodeValue for KerberosString<'_> {
    fn value_len(&self) -> Result<Length, Error> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        writer.write(self.0.as_bytes())
    }
}
