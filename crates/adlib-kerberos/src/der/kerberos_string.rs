//! Names as text (RFC 4120 5.2.1).

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer};
use adlib_core::DecodeErrorKind;

use super::fields::{self, Value};

/// `KerberosString ::= GeneralString (IA5String)`.
///
/// The specification has ASCII; Windows and Samba write UTF-8 under the same tag, and so is it read here. A NUL is
/// refused, because other implementations end the name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosString<'a>(pub(crate) &'a str);

impl FixedTag for KerberosString<'_> {
    const TAG: Tag = Tag::GeneralString;
}

impl<'a> Value<'a> for KerberosString<'a> {
    const IDENTIFIER: u8 = 0x1b;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        let error = |kind| fields::Error::new(kind, contents);
        let text = core::str::from_utf8(contents).map_err(|_| error(DecodeErrorKind::Text))?;
        if contents.contains(&0) {
            return Err(error(DecodeErrorKind::Invalid));
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
