//! Lists that stay where they lie.

use alloc::vec::Vec;

use ::der::{Encode, EncodeValue, Error, FixedTag, Length, Tag, Writer};

use super::fields::{self, Value};

/// `SEQUENCE OF T`: elements in a message, checked and not copied, or elements for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SequenceOf<'a, T> {
    /// The contents octets of a list that was decoded.
    Read(&'a [u8]),
    /// A list to encode.
    Made(Vec<T>),
}

impl<'a, T: Value<'a> + Clone> SequenceOf<'a, T> {
    /// The elements.
    pub(crate) fn iter(&self) -> Elements<'_, 'a, T> {
        match self {
            Self::Read(contents) => Elements::Read(contents),
            Self::Made(elements) => Elements::Made(elements.iter()),
        }
    }

    /// The contents octets of a list that was decoded.
    pub(crate) const fn contents(&self) -> &'a [u8] {
        match self {
            Self::Read(contents) => contents,
            Self::Made(_) => &[],
        }
    }
}

/// The elements of a list.
#[derive(Debug, Clone)]
pub(crate) enum Elements<'l, 'a, T> {
    /// In what is left of a message.
    Read(&'a [u8]),
    /// In a list to encode.
    Made(core::slice::Iter<'l, T>),
}

impl<'a, T: Value<'a> + Clone> Iterator for Elements<'_, 'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Read([]) => None,
            Self::Read(rest) => {
                // They were decoded once: none fails now.
                let mut elements = fields::Elements::new(rest);
                let element = elements.element().ok()?;
                *rest = elements.rest();
                Some(element)
            }
            Self::Made(elements) => elements.next().cloned(),
        }
    }
}

impl<T> FixedTag for SequenceOf<'_, T> {
    const TAG: Tag = Tag::Sequence;
}

impl<'a, T: Value<'a>> Value<'a> for SequenceOf<'a, T> {
    const IDENTIFIER: u8 = fields::SEQUENCE;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        let mut elements = fields::Elements::new(contents);
        while !elements.rest().is_empty() {
            elements.element::<T>()?;
        }
        Ok(Self::Read(contents))
    }
}

impl<'a, T: Value<'a>> Value<'a> for Vec<T> {
    const IDENTIFIER: u8 = fields::SEQUENCE;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        let mut elements = fields::Elements::new(contents);
        let mut list = Self::new();
        while !elements.rest().is_empty() {
            list.push(elements.element()?);
        }
        Ok(list)
    }
}

impl<T: Encode> EncodeValue for SequenceOf<'_, T> {
    fn value_len(&self) -> Result<Length, Error> {
        match self {
            Self::Read(contents) => Length::try_from(contents.len()),
            Self::Made(elements) => elements
                .iter()
                .try_fold(Length::ZERO, |length, element| length + element.encoded_len()?),
        }
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        match self {
            Self::Read(contents) => writer.write(contents),
            Self::Made(elements) => elements.iter().try_for_each(|element| element.encode(writer)),
        }
    }
}
