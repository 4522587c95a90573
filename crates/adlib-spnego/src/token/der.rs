//! DER elements that know where they stand (X.690).

use alloc::vec::Vec;

use adlib_core::{DecodeError, DecodeErrorKind};
use der::{AnyRef, Decode, Encode, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged};

/// A part of a token: its content, and the whole for positions in errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    token: &'a [u8],
    pub(super) content: &'a [u8],
}

impl<'a> Part<'a> {
    /// All of `token`.
    pub(super) const fn whole(token: &'a [u8]) -> Self {
        Self {
            token,
            content: token,
        }
    }

    /// The same part, with positions counted from the start of `token`, in which it lies.
    pub(super) const fn within(self, token: &'a [u8]) -> Self {
        Self {
            token,
            content: self.content,
        }
    }

    /// The content of the one element of this part, which must have `tag`.
    pub(super) fn only(self, what: &'static str, tag: Tag) -> Result<Self, DecodeError> {
        let mut elements = self.elements(what)?;
        let element = elements.next(what)?;
        elements.finish()?;
        element.expect(what, tag)
    }

    /// The elements of this part.
    pub(super) fn elements(self, what: &'static str) -> Result<Elements<'a>, DecodeError> {
        let reader = SliceReader::new(self.content).map_err(|error| self.error(what, error))?;
        Ok(Elements {
            part: self,
            what,
            reader,
        })
    }

    /// An error of `kind` at the start of this part.
    pub(super) fn invalid(self, what: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(what, self.offset(), kind)
    }

    fn offset(self) -> usize {
        self.content
            .as_ptr()
            .addr()
            .saturating_sub(self.token.as_ptr().addr())
    }

    fn error(self, what: &'static str, error: der::Error) -> DecodeError {
        let inside = error
            .position()
            .and_then(|at| usize::try_from(at).ok())
            .unwrap_or(0);
        let kind = match error.kind() {
            ErrorKind::Incomplete { .. } => DecodeErrorKind::Truncated,
            ErrorKind::TrailingData { .. } => DecodeErrorKind::Trailing,
            ErrorKind::TagUnexpected { .. } | ErrorKind::TagUnknown { .. } => DecodeErrorKind::Unexpected,
            _ => DecodeErrorKind::Invalid,
        };
        DecodeError::new(what, self.offset().saturating_add(inside), kind)
    }
}

/// One element: its tag and its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) part: Part<'a>,
}

impl<'a> Element<'a> {
    /// The content, if the tag is `tag`.
    pub(super) fn expect(self, what: &'static str, tag: Tag) -> Result<Part<'a>, DecodeError> {
        if self.tag == tag {
            Ok(self.part)
        } else {
            Err(self.part.invalid(what, DecodeErrorKind::Unexpected))
        }
    }
}

/// Elements one after the other.
#[derive(Debug, Clone)]
pub(super) struct Elements<'a> {
    part: Part<'a>,
    what: &'static str,
    reader: SliceReader<'a>,
}

impl<'a> Elements<'a> {
    pub(super) fn is_finished(&self) -> bool {
        self.reader.is_finished()
    }

    /// The next element.
    pub(super) fn next(&mut self, what: &'static str) -> Result<Element<'a>, DecodeError> {
        let element = AnyRef::decode(&mut self.reader).map_err(|error| self.part.error(what, error))?;
        Ok(Element {
            tag: element.tag(),
            part: Part {
                token: self.part.token,
                content: element.value(),
            },
        })
    }

    /// What the explicit tag `[number]` holds, if it comes next.
    pub(super) fn field(
        &mut self,
        what: &'static str,
        number: u32,
    ) -> Result<Option<Element<'a>>, DecodeError> {
        if Tag::peek(&self.reader).ok() != Some(explicit(number)) {
            return Ok(None);
        }
        let mut inner = self.next(what)?.part.elements(what)?;
        let element = inner.next(what)?;
        inner.finish()?;
        Ok(Some(element))
    }

    /// The octet string that the explicit tag `[number]` holds, if it comes next.
    pub(super) fn octets(
        &mut self,
        what: &'static str,
        number: u32,
    ) -> Result<Option<&'a [u8]>, DecodeError> {
        let Some(element) = self.field(what, number)? else {
            return Ok(None);
        };
        Ok(Some(element.expect(what, Tag::OctetString)?.content))
    }

    /// That there is no other element.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        let (part, what) = (self.part, self.what);
        self.reader.finish().map_err(|error| part.error(what, error))
    }
}

/// The tag `[number]` around another one.
pub(super) const fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

/// The element with `tag` and `content`.
pub(super) fn encode(tag: Tag, content: &[u8]) -> Vec<u8> {
    // The only limit is a length of 256 MiB, and nothing that is wrapped here comes near.
    AnyRef::new(tag, content)
        .and_then(|element| element.to_der())
        .unwrap_or_default()
}

/// The octet string `content` within `[number]`, if there is one.
pub(super) fn encode_octets(number: u32, content: Option<&[u8]>) -> Vec<u8> {
    content
        .map(|content| encode(explicit(number), &encode(Tag::OctetString, content)))
        .unwrap_or_default()
}
