//! Names as text (RFC 4120 5.2.1).

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer};
use adlib_core::DecodeErrorKind;

use super::fields::{self, Value};

/// `KerberosString ::= GeneralString (IA5String)`.
///
/// The specification has ASCII; Windows and Samba write UTF-8 under the same tag, and so is it read here. A NUL is
/// refused, because other implementations end the name there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosString<'a> {
    /// UTF-8, which is looked at as text where text is needed: most names are compared and nothing else.
    octets: &'a [u8],
}

impl<'a> KerberosString<'a> {
    /// The string that is `text`.
    pub(crate) const fn new(text: &'a str) -> Self {
        let octets = text.as_bytes();
        Self { octets }
    }

    /// The string with these octets, which were read as one before.
    pub(crate) const fn again(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// The octets as they lie.
    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.octets
    }

    /// The text.
    pub(crate) fn text(&self) -> &'a str {
        // It was read as text, or made of one.
        core::str::from_utf8(self.octets).unwrap_or_default()
    }
}

impl core::fmt::Debug for KerberosString<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("KerberosString").field(&self.text()).finish()
    }
}

impl FixedTag for KerberosString<'_> {
    const TAG: Tag = Tag::GeneralString;
}

impl<'a> Value<'a> for KerberosString<'a> {
    const IDENTIFIER: u8 = 0x1b;

    fn read(octets: &'a [u8]) -> fields::Result<Self> {
        if is_plain(octets) || is_text(octets)? {
            return Ok(Self { octets });
        }
        Err(fields::Error::invalid(octets))
    }
}

/// Whether all `octets` are ASCII, and none is a NUL: eight at a time, a NUL by the borrow that it causes.
fn is_plain(octets: &[u8]) -> bool {
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (words, rest) = octets.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_ne_bytes(*word));
    let words = words.fold(0, |all, word| all | word | word.wrapping_sub(ONES));
    let rest = rest
        .iter()
        .fold(0, |all, octet| all | octet | octet.wrapping_sub(1));
    words & HIGH_BITS == 0 && rest < 0x80
}

/// Whether `octets`, which are not all ASCII, are text without a NUL.
#[cold]
fn is_text(octets: &[u8]) -> fields::Result<bool> {
    let text = core::str::from_utf8(octets);
    text.map(|text| !text.contains('\0'))
        .map_err(|_| fields::Error::new(DecodeErrorKind::Text, octets))
}

impl EncodeValue for KerberosString<'_> {
    fn value_len(&self) -> Result<Length, Error> {
        Length::try_from(self.octets.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        writer.write(self.octets)
    }
}
