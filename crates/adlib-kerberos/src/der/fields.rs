//! Elements and tagged fields, read without detours (X.690 8.1, 10.1).
//!
//! A message is some hundred headers and little else. The general decoder of the DER library looks twice at each, for all
//! tags that there can be; here a header is held against the one that must stand there.

use ::der::{DecodeValue, Error, ErrorKind, FixedTag, Header, Length, Reader, SliceReader, Tag, TagNumber};

/// The identifier of `[0] EXPLICIT`; the others follow.
const CONTEXT_SPECIFIC: u8 = 0xa0;
/// The identifier of `[APPLICATION 0]`, likewise.
const APPLICATION: u8 = 0x60;
/// Numbers from here on have identifiers of more bytes. No message has any.
const LONG_FORM: u32 = 31;

/// What comes of decoding.
type Result<T> = core::result::Result<T, Error>;

/// A value that knows its tag.
pub(crate) trait Value<'a>: FixedTag + DecodeValue<'a, Error = Error> {}

impl<'a, T: FixedTag + DecodeValue<'a, Error = Error>> Value<'a> for T {}

/// Elements one after the other, of which `rest` was not read yet.
#[derive(Clone)]
pub(crate) struct Elements<'a> {
    length: usize,
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The elements that `contents` are.
    pub(crate) const fn new(contents: &'a [u8]) -> Self {
        Self {
            length: contents.len(),
            rest: contents,
        }
    }

    /// What was not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The field with the tag `[number] EXPLICIT`.
    ///
    /// # Errors
    /// What is wrong with it, or that it is not there.
    pub(crate) fn required<T: Value<'a>>(&mut self, number: u8) -> Result<T> {
        self.optional(number)?.ok_or_else(|| {
            let number = TagNumber(number.into());
            let constructed = true;
            self.error(Tag::ContextSpecific { constructed, number }.value_error())
        })
    }

    /// The same of a field that may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn optional<T: Value<'a>>(&mut self, number: u8) -> Result<Option<T>> {
        if self.rest.first() != Some(&(CONTEXT_SPECIFIC | number)) {
            return Ok(None);
        }
        let (start, contents) = self.contents()?;
        let mut inner = Elements::new(contents);
        let value = inner.element().and_then(|value| inner.finish(value));
        value.map(Some).map_err(|error| behind(start, error))
    }

    /// The next element.
    ///
    /// # Errors
    /// What is wrong with it, or that it is another.
    pub(crate) fn element<T: Value<'a>>(&mut self) -> Result<T> {
        if self.rest.first() != const { identifier(T::TAG) }.as_ref() {
            let actual = SliceReader::new(self.rest).and_then(|mut rest| rest.decode::<Tag>());
            let kind = actual.map_or_else(Error::kind, |actual| actual.unexpected_error(Some(T::TAG)));
            return Err(self.error(kind));
        }
        let (start, contents) = self.contents()?;
        let mut reader = SliceReader::new(contents)?;
        let header = Header::new(T::TAG, Length::try_from(contents.len())?);
        let value = T::decode_value(&mut reader, header);
        let value = value.and_then(|value| reader.finish().map(|()| value));
        value.map_err(|error| behind(start, error))
    }

    /// `value`, when nothing is left behind it.
    ///
    /// # Errors
    /// `TrailingData`.
    pub(crate) fn finish<T>(&self, value: T) -> Result<T> {
        if self.rest.is_empty() {
            return Ok(value);
        }
        let decoded = self.position();
        let remaining = Length::try_from(self.rest.len())?;
        Err(self.error(ErrorKind::TrailingData { decoded, remaining }))
    }

    /// Step over the next element, whatever it is: where its contents begin, and they.
    fn contents(&mut self) -> Result<(Length, &'a [u8])> {
        let (length, behind_header) = match self.rest {
            [_, length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
            [_, 0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
            [_, 0x82, a @ 1..=0xff, b, rest @ ..] => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            // Few messages are that long, and what is wrong is known to the library.
            other => {
                let mut reader = SliceReader::new(other)?;
                let header = reader
                    .decode::<Header>()
                    .map_err(|error| self.error(error.kind()))?;
                let length = usize::try_from(header.length())?;
                let start = usize::try_from(reader.position())?;
                (length, other.get(start..).unwrap_or_default())
            }
        };
        let Some((contents, rest)) = behind_header.split_at_checked(length) else {
            return Err(self.error(ErrorKind::Incomplete {
                expected_len: Length::try_from(length)?,
                actual_len: Length::try_from(behind_header.len())?,
            }));
        };
        self.rest = behind_header;
        let start = self.position();
        self.rest = rest;
        Ok((start, contents))
    }

    /// How much was read.
    fn position(&self) -> Length {
        Length::try_from(self.length - self.rest.len()).unwrap_or(Length::ZERO)
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.position())
    }
}

/// The contents of a SEQUENCE, read by `read` to the end.
///
/// # Errors
/// What `read` says, or that something is left.
pub(crate) fn sequence<'a, R: Reader<'a>, T>(
    reader: &mut R,
    header: Header,
    read: impl FnOnce(&mut Elements<'a>) -> Result<T>,
) -> Result<T> {
    let start = reader.position();
    let mut fields = Elements::new(reader.read_slice(header.length())?);
    read(&mut fields)
        .and_then(|value| fields.finish(value))
        .map_err(|error| behind(start, error))
}

/// `error`, which counts from `start`, as counted from where that does.
fn behind(start: Length, error: Error) -> Error {
    let position = error.position().unwrap_or(Length::ZERO);
    Error::new(error.kind(), (start + position).unwrap_or(start))
}

/// The one byte that a tag of those in use is; `None` for others.
const fn identifier(tag: Tag) -> Option<u8> {
    match tag {
        Tag::Integer => Some(0x02),
        Tag::BitString => Some(0x03),
        Tag::OctetString => Some(0x04),
        Tag::GeneralizedTime => Some(0x18),
        Tag::GeneralString => Some(0x1b),
        Tag::Sequence => Some(0x30),
        Tag::Application {
            constructed: true,
            number: TagNumber(number @ 0..LONG_FORM),
        } => {
            let [.., number] = number.to_be_bytes();
            Some(APPLICATION | number)
        }
        _ => None,
    }
}

/// Implements the decoding of a SEQUENCE of tagged fields: their names, whether they are `required` or `optional`, and
/// their tags.
macro_rules! decode_fields {
    ($name:ident { $($field:ident: $presence:ident $number:literal),+ $(,)? }) => {
        impl<'a> ::der::Sequence<'a> for $name<'a> {}

        impl<'a> ::der::DecodeValue<'a> for $name<'a> {
            type Error = ::der::Error;

            fn decode_value<R: ::der::Reader<'a>>(
                reader: &mut R,
                header: ::der::Header,
            ) -> core::result::Result<Self, ::der::Error> {
                crate::der::fields::sequence(reader, header, |fields| {
                    Ok(Self { $($field: fields.$presence($number)?),+ })
                })
            }
        }
    };
}

pub(crate) use decode_fields;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{self, Octets};
    use ::der::{Decode, EncodeValue};
    use proptest::prelude::*;

    /// The same structure by the library's own decoder, and by ours.
    #[derive(Debug, PartialEq, ::der::Sequence)]
    struct Derived<'a> {
        #[asn1(context_specific = "0")]
        number: i32,
        #[asn1(context_specific = "1", optional = "true")]
        wide: Option<i64>,
        #[asn1(context_specific = "2")]
        bytes: Octets<'a>,
    }

    #[derive(Debug, PartialEq, EncodeValue)]
    struct Ours<'a> {
        #[asn1(context_specific = "0")]
        number: i32,
        #[asn1(context_specific = "1", optional = "true")]
        wide: Option<i64>,
        #[asn1(context_specific = "2")]
        bytes: Octets<'a>,
    }
    decode_fields!(Ours { number: required 0, wide: optional 1, bytes: required 2 });

    /// That both decoders say the same of `bytes`: a value, or none.
    fn agree(bytes: &[u8]) {
        let derived = Derived::from_der(bytes).ok();
        let ours = Ours::from_der(bytes).ok();
        let parts = |value: &Ours<'_>| (value.number, value.wide, value.bytes.0.to_vec());
        let derived = derived.map(|value| (value.number, value.wide, value.bytes.0.to_vec()));
        assert_eq!(ours.as_ref().map(parts), derived, "{bytes:x?}");
    }

    fn encoded(number: i32, wide: Option<i64>, bytes: &[u8]) -> alloc::vec::Vec<u8> {
        let bytes = Octets(bytes);
        der::encode(&Ours { number, wide, bytes })
    }

    #[test]
    fn errors_say_where() {
        // The octets are at offset 14; their length becomes larger than there are octets.
        let mut bytes = encoded(5, Some(7), b"xyz");
        assert_eq!(bytes.get(14..16), Some(&[4, 3][..]), "{bytes:x?}");
        bytes[15] = 4;
        let error = Ours::from_der(&bytes).unwrap_err();
        assert_eq!(error.position(), Some(Length::try_from(14_usize).unwrap()));
        bytes[15] = 2;
        let error = Ours::from_der(&bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TrailingData { .. }), "{error}");
        bytes[14] = 5;
        let error = Ours::from_der(&bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TagUnexpected { .. }), "{error}");
    }

    /// A28
    #[test]
    fn a28_lengths_of_all_forms() {
        for length in [0, 1, 0x70, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff, 0x1_0000] {
            let octets = alloc::vec![7; length];
            let bytes = encoded(-1, None, &octets);
            assert_eq!(Ours::from_der(&bytes).unwrap().bytes.0, octets);
            agree(&bytes);
        }
        // Indefinite, not minimal, longer than all there is.
        for octets in [
            &[4, 0x80, 0, 0][..],
            &[4, 0x81, 1, 0],
            &[4, 0x82, 0, 0x80],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[4, 0x85, 0, 0, 0, 0, 1],
            &[4, 0x81],
            &[4],
            &[],
        ] {
            let length = u8::try_from(octets.len()).unwrap();
            let fields = [&[0xa0, 3, 2, 1, 5, 0xa2, length], octets].concat();
            let bytes = [&[0x30, u8::try_from(fields.len()).unwrap()], &fields[..]].concat();
            assert!(Ours::from_der(&bytes).is_err(), "{bytes:x?}");
            agree(&bytes);
        }
    }

    proptest! {
        /// A28: whatever is done to a message.
        #[test]
        fn a28_the_librarys_decoder_agrees(
            number: i32,
            wide: Option<i64>,
            octets in proptest::collection::vec(any::<u8>(), 0..300),
            changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..3),
        ) {
            let mut bytes = encoded(number, wide, &octets);
            agree(&bytes);
            for (at, value) in changes {
                // Nearly all of what is not octets is among the first bytes.
                let at = usize::from(at) % bytes.len().min(40);
                bytes[at] = value;
                agree(&bytes);
            }
        }
    }
}
