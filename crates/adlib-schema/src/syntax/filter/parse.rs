//! The text of a filter as a tree (RFC 4515 3).

use super::{MAX_DEPTH, Tree, item::Item};
use crate::AttributeName;

/// A text that is not a filter: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a search filter at byte {at}: expected {expected}")]
pub struct FilterError {
    /// The position in the text, in bytes from 0.
    pub at: usize,
    /// What should be there.
    pub expected: &'static str,
}

/// What a leaf of the tree can be made of.
pub(super) trait Leaf: Sized {
    /// The leaf of a condition.
    fn of(item: Item) -> Self;

    /// The leaf of the text that follows, if it is one that stands where a filter could, and its length.
    fn placeholder(text: &str) -> Option<(Self, usize)>;
}

impl Leaf for Item {
    fn of(item: Item) -> Self {
        item
    }

    fn placeholder(_: &str) -> Option<(Self, usize)> {
        None
    }
}

/// The tree of the whole of `text`. Spaces and line ends between filters do not count.
///
/// # Errors
/// [`FilterError`], also for more than [`MAX_DEPTH`] levels.
pub(super) fn filter<L: Leaf>(text: &str) -> Result<Tree<L>, FilterError> {
    let mut parser = Parser { text, at: 0 };
    let tree = parser.filter(0)?;
    parser.skip_blanks();
    if parser.at == text.len() {
        Ok(tree)
    } else {
        Err(parser.expected("the end of the filter"))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn filter<L: Leaf>(&mut self, depth: usize) -> Result<Tree<L>, FilterError> {
        self.skip_blanks();
        if let Some((leaf, length)) = L::placeholder(self.rest()) {
            self.at += length;
            return Ok(Tree::Leaf(leaf));
        }
        if depth == MAX_DEPTH {
            return Err(self.expected("at most 64 levels of filters"));
        }
        self.take("(", "an opening parenthesis")?;
        self.skip_blanks();
        let tree = match self.peek() {
            Some(b'&') => Tree::And(self.list(depth)?),
            Some(b'|') => Tree::Or(self.list(depth)?),
            Some(b'!') => {
                self.at += 1;
                let inner = self.filter(depth + 1)?;
                self.skip_blanks();
                Tree::Not(Box::new(inner))
            }
            _ => Tree::Leaf(L::of(self.item()?)),
        };
        self.take(")", "a closing parenthesis")?;
        Ok(tree)
    }

    fn list<L: Leaf>(&mut self, depth: usize) -> Result<Vec<Tree<L>>, FilterError> {
        self.at += 1;
        let mut filters = Vec::new();
        loop {
            self.skip_blanks();
            if self.peek() == Some(b')') {
                return Ok(filters);
            }
            filters.push(self.filter(depth + 1)?);
        }
    }

    fn item(&mut self) -> Result<Item, FilterError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b'=' | b'<' | b'>' | b'~' | b':' | b'(' | b')'))
        {
            self.at += 1;
        }
        let name = self.text.get(start..self.at).unwrap_or_default();
        if self.peek() == Some(b':') {
            return self.extensible(start, name);
        }
        let attribute = self.attribute(start, name.trim_end_matches(' '))?;
        let item = match self.rest_bytes() {
            [b'=', ..] => {
                self.at += 1;
                return Ok(Item::from_parts(attribute, self.parts()?));
            }
            [b'~', b'=', ..] => |attribute, value| Item::Approximate { attribute, value },
            [b'>', b'=', ..] => |attribute, value| Item::AtLeast { attribute, value },
            [b'<', b'=', ..] => |attribute, value| Item::AtMost { attribute, value },
            _ => return Err(self.expected("one of = ~= >= <= :=")),
        };
        self.at += 2;
        Ok(item(attribute, self.value()?))
    }

    /// `[attr] [":dn"] [":" rule] ":=" value`, from the first colon on
    fn extensible(&mut self, start: usize, name: &str) -> Result<Item, FilterError> {
        let attribute = match name {
            "" => None,
            _ => Some(self.attribute(start, name)?),
        };
        let mut dn = false;
        let mut rule = None;
        while !self.rest().starts_with(":=") {
            self.take(":", "`:=`")?;
            let start = self.at;
            while self
                .peek()
                .is_some_and(|byte| !matches!(byte, b':' | b'=' | b'(' | b')'))
            {
                self.at += 1;
            }
            let word = self.text.get(start..self.at).unwrap_or_default();
            if word.eq_ignore_ascii_case("dn") && !dn && rule.is_none() {
                dn = true;
            } else if rule.is_none() {
                rule = Some(self.attribute(start, word)?);
            } else {
                self.at = start;
                return Err(self.expected("`:=`"));
            }
        }
        if attribute.is_none() && rule.is_none() {
            return Err(self.expected("an attribute or a matching rule before `:=`"));
        }
        self.at += 2;
        Ok(Item::Extensible {
            attribute,
            dn,
            rule,
            value: self.value()?,
        })
    }

    fn attribute(&mut self, start: usize, name: &str) -> Result<AttributeName, FilterError> {
        name.parse().map_err(|_| {
            self.at = start;
            self.expected("an attribute name")
        })
    }

    /// A value without `*`.
    fn value(&mut self) -> Result<Vec<u8>, FilterError> {
        let mut parts = self.parts()?;
        match (parts.pop(), parts.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(self.expected("a value without `*`")),
        }
    }

    /// A value in its parts between `*`, up to the closing parenthesis.
    fn parts(&mut self) -> Result<Vec<Vec<u8>>, FilterError> {
        let mut parts = Vec::new();
        let mut part = Vec::new();
        loop {
            match self.rest_bytes() {
                [b')', ..] => break,
                [b'*', ..] => parts.push(std::mem::take(&mut part)),
                [b'\\', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    let digit = |byte: u8| {
                        char::from(byte)
                            .to_digit(16)
                            .and_then(|digit| u8::try_from(digit).ok())
                    };
                    part.push(digit(*high).unwrap_or(0) << 4 | digit(*low).unwrap_or(0));
                    self.at += 2;
                }
                [b'\\', ..] => return Err(self.expected("two hexadecimal digits after the backslash")),
                [b'(' | 0, ..] => return Err(self.expected("an escaped character")),
                [byte, ..] => part.push(*byte),
                [] => return Err(self.expected("a closing parenthesis")),
            }
            self.at += 1;
        }
        parts.push(part);
        Ok(parts)
    }

    fn take(&mut self, text: &str, expected: &'static str) -> Result<(), FilterError> {
        if !self.rest().starts_with(text) {
            return Err(self.expected(expected));
        }
        self.at += text.len();
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn rest_bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn expected(&self, expected: &'static str) -> FilterError {
        FilterError {
            at: self.at,
            expected,
        }
    }
}
