//! Elements and tagged fields, read where they lie (X.690 8.1, 10.1).
//!
//! Strict DER and nothing else: a header is held against the one that must stand there, its length must be in the shortest
//! form, and nothing may follow what is complete. A message is some hundred headers around a handful of bytes each, which
//! is why an error is small and knows its place by its address alone.

use ::der::{Decode as _, asn1::AnyRef};
use adlib_core::{DecodeError, DecodeErrorKind};

/// The identifier of a SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// The identifier of `[0] EXPLICIT`; the others follow.
pub(crate) const CONTEXT_SPECIFIC: u8 = 0xa0;
/// The longest length that is read: nothing is as long.
const MAX_LENGTH: usize = 0x0fff_ffff;

/// What comes of decoding.
pub(crate) type Result<T> = core::result::Result<T, Error>;

/// What is wrong, and with which byte in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Error {
    kind: DecodeErrorKind,
    address: usize,
}

impl Error {
    /// `kind`, at the first of `bytes`.
    #[cold]
    pub(crate) fn new(kind: DecodeErrorKind, bytes: &[u8]) -> Self {
        let address = bytes.as_ptr().addr();
        Self { kind, address }
    }

    /// A value that its type does not have, in the octets `contents`.
    #[cold]
    pub(crate) fn invalid(contents: &[u8]) -> Self {
        Self::new(DecodeErrorKind::Invalid, contents)
    }

    /// The error in `what`, which `message` is.
    #[cold]
    pub(crate) fn within(self, what: &'static str, message: &[u8]) -> DecodeError {
        let offset = self.address.wrapping_sub(message.as_ptr().addr());
        // An error within a message lies within it.
        DecodeError::new(what, offset.min(message.len()), self.kind)
    }
}

/// A value that is known by its identifier.
pub(crate) trait Value<'a>: Sized {
    /// The identifier octet.
    const IDENTIFIER: u8;

    /// The value with the contents octets `contents`.
    ///
    /// # Errors
    /// What is wrong with them.
    fn read(contents: &'a [u8]) -> Result<Self>;
}

/// Elements one after the other, as far as they were not read yet.
#[derive(Clone)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The elements that `contents` are.
    pub(crate) const fn new(contents: &'a [u8]) -> Self {
        Self { rest: contents }
    }

    /// What was not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The field with the tag `[number] EXPLICIT`.
    ///
    /// # Errors
    /// What is wrong with it, or that it is not there.
    #[inline(always)]
    pub(crate) fn required<T: Value<'a>>(&mut self, number: u8) -> Result<T> {
        // Both headers at once where they are short, as they are around nearly every value.
        if let [field, length @ 2..=0x7f, value, inner, rest @ ..] = self.rest
            && (*field, *value) == (CONTEXT_SPECIFIC | number, T::IDENTIFIER)
            && *inner == length - 2
            && let Some((contents, rest)) = rest.split_at_checked((*inner).into())
        {
            self.rest = rest;
            return T::read(contents);
        }
        let contents = self.contents(CONTEXT_SPECIFIC | number)?;
        only(contents)
    }

    /// The same of a field that may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    #[inline(always)]
    pub(crate) fn optional<T: Value<'a>>(&mut self, number: u8) -> Result<Option<T>> {
        if self.rest.first() == Some(&(CONTEXT_SPECIFIC | number)) {
            self.required(number).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The same of a field that can be of any type.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn any(&mut self, number: u8) -> Result<Option<AnyRef<'a>>> {
        if self.rest.first() != Some(&(CONTEXT_SPECIFIC | number)) {
            return Ok(None);
        }
        let contents = self.contents(CONTEXT_SPECIFIC | number)?;
        let any = AnyRef::from_der(contents);
        any.map(Some).map_err(|_| Error::invalid(contents))
    }

    /// The next element.
    ///
    /// # Errors
    /// What is wrong with it, or that it is another.
    #[inline(always)]
    pub(crate) fn element<T: Value<'a>>(&mut self) -> Result<T> {
        self.contents(T::IDENTIFIER).and_then(T::read)
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// `Trailing`.
    #[inline]
    pub(crate) fn finish(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Error::new(DecodeErrorKind::Trailing, self.rest))
        }
    }

    /// Step over the next element, which has `identifier`: its contents octets.
    #[inline(always)]
    fn contents(&mut self, identifier: u8) -> Result<&'a [u8]> {
        let (length, behind_header) = match self.rest {
            [first, length @ 0..=0x7f, rest @ ..] if *first == identifier => (usize::from(*length), rest),
            [first, 0x82, a @ 1..=0xff, b, rest @ ..] if *first == identifier => {
                (usize::from(u16::from_be_bytes([*a, *b])), rest)
            }
            other => long_header(other, identifier)?,
        };
        let Some((contents, rest)) = behind_header.split_at_checked(length) else {
            return Err(Error::new(DecodeErrorKind::Truncated, self.rest));
        };
        self.rest = rest;
        Ok(contents)
    }
}

/// The length in a header with `identifier` that is of no usual form, and what is behind the header.
///
/// # Errors
/// `Unexpected` for another identifier; `Truncated`; `Invalid` for a length that is indefinite or not minimal;
/// `OutOfBounds` for one that no message has.
#[cold]
#[inline(never)]
fn long_header(bytes: &[u8], identifier: u8) -> Result<(usize, &[u8])> {
    let error = |kind| Err(Error::new(kind, bytes));
    let (length, rest) = match bytes {
        [first, ..] if *first != identifier => return error(DecodeErrorKind::Unexpected),
        [_, 0x81, a @ 0x80..=0xff, rest @ ..] => (usize::from(*a), rest),
        [_, 0x83, a @ 1..=0xff, b, c, rest @ ..] => (wide([0, *a, *b, *c]), rest),
        [_, 0x84, a @ 1..=0xff, b, c, d, rest @ ..] => (wide([*a, *b, *c, *d]), rest),
        [] | [_] => return error(DecodeErrorKind::Truncated),
        [_, form @ 0x81..=0x84, octets @ ..] if octets.len() < usize::from(form & 0x7f) => {
            return error(DecodeErrorKind::Truncated);
        }
        _ => return error(DecodeErrorKind::Invalid),
    };
    if length > MAX_LENGTH {
        return error(DecodeErrorKind::OutOfBounds);
    }
    Ok((length, rest))
}

fn wide(octets: [u8; 4]) -> usize {
    usize::try_from(u32::from_be_bytes(octets)).unwrap_or(usize::MAX)
}

/// The one value that `bytes` are.
///
/// # Errors
/// What is wrong with it, or that something follows.
#[inline(always)]
pub(crate) fn only<'a, T: Value<'a>>(bytes: &'a [u8]) -> Result<T> {
    let mut elements = Elements::new(bytes);
    let value = elements.element()?;
    elements.finish().map(|()| value)
}

/// Implements the decoding of a SEQUENCE of tagged fields: their names, whether they are `required`, `optional` or
/// optionally `any`, and their tags.
macro_rules! decode_fields {
    ($name:ident<'a> { $($fields:tt)+ }) => {
        impl ::der::FixedTag for $name<'_> {
            const TAG: ::der::Tag = ::der::Tag::Sequence;
        }
        crate::der::fields::decode_fields!(@ $name<'a>, $($fields)+);
    };
    ($name:ident { $($fields:tt)+ }) => {
        impl ::der::FixedTag for $name {
            const TAG: ::der::Tag = ::der::Tag::Sequence;
        }
        crate::der::fields::decode_fields!(@ $name, $($fields)+);
    };
    (@ $type:ty, $($field:ident: $presence:ident $number:literal),+ $(,)?) => {
        impl<'a> crate::der::fields::Value<'a> for $type {
            const IDENTIFIER: u8 = crate::der::fields::SEQUENCE;

            fn read(contents: &'a [u8]) -> crate::der::fields::Result<Self> {
                let mut fields = crate::der::fields::Elements::new(contents);
                let value = Self { $($field: fields.$presence($number)?),+ };
                fields.finish().map(|()| value)
            }
        }
    };
}

pub(crate) use decode_fields;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{self, Octets};
    use ::der::{Decode, EncodeValue, asn1::OctetStringRef};
    use proptest::prelude::*;

    /// The same structure by the library's own decoder, and by ours.
    #[derive(Debug, PartialEq, ::der::Sequence)]
    struct Derived<'a> {
        #[asn1(context_specific = "0")]
        number: i32,
        #[asn1(context_specific = "1", optional = "true")]
        wide: Option<i64>,
        #[asn1(context_specific = "2")]
        bytes: &'a OctetStringRef,
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
    decode_fields!(Ours<'a> { number: required 0, wide: optional 1, bytes: required 2 });

    /// That both decoders say the same of `bytes`: a value, or none.
    fn agree(bytes: &[u8]) {
        let derived = Derived::from_der(bytes).ok();
        let ours = only::<Ours<'_>>(bytes).ok();
        let parts = |value: &Ours<'_>| (value.number, value.wide, value.bytes.0.to_vec());
        let derived = derived.map(|value| (value.number, value.wide, value.bytes.as_bytes().to_vec()));
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
        let error = || der::decode::<Ours<'_>>("message", &bytes).unwrap_err();
        assert_eq!((error().offset, error().kind), (14, DecodeErrorKind::Truncated));
        bytes[15] = 2;
        let error = || der::decode::<Ours<'_>>("message", &bytes).unwrap_err();
        assert_eq!((error().offset, error().kind), (18, DecodeErrorKind::Trailing));
        bytes[14] = 5;
        let error = || der::decode::<Ours<'_>>("message", &bytes).unwrap_err();
        assert_eq!((error().offset, error().kind), (14, DecodeErrorKind::Unexpected));
    }

    /// A28
    #[test]
    fn a28_lengths_of_all_forms() {
        for length in [0, 1, 0x70, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff, 0x1_0000] {
            let octets = alloc::vec![7; length];
            let bytes = encoded(-1, None, &octets);
            assert_eq!(only::<Ours<'_>>(&bytes).unwrap().bytes.0, octets);
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
            assert!(only::<Ours<'_>>(&bytes).is_err(), "{bytes:x?}");
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
