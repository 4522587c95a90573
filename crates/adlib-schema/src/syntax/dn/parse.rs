//! The text of a DN as attribute values (RFC 4514 3, RFC 2253 4).

use std::borrow::Cow;

use super::AttributeValue;
use crate::attribute_name;

/// A text that is not a DN: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name at byte {at}: expected {expected}")]
pub struct DnError {
    /// The position in the text, in bytes from 0.
    pub at: usize,
    /// What should be there.
    pub expected: &'static str,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is.
    Plain,
    /// With at least one backslash, or in quotes (RFC 1779).
    Escaped,
    /// `#` and the hexadecimal digits of its BER encoding; the digits only.
    Ber,
}

/// What follows a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// `+`: another value of the same RDN.
    Value,
    /// `,` or `;`: another RDN.
    Rdn,
    /// The end of the DN.
    End,
}

/// The attribute values of a DN, one after the other.
pub(super) struct Values<'a> {
    text: &'a str,
    at: usize,
    done: bool,
}

impl<'a> Values<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            done: text.is_empty(),
        }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text
            .get(self.at..)
            .unwrap_or_default()
            .trim_start_matches(' ')
    }

    /// The next value and what follows it.
    pub(super) fn next(&mut self) -> Option<Result<(AttributeValue<'a>, Separator), DnError>> {
        if self.done {
            return None;
        }
        let value = self.value();
        self.done = !matches!(value, Ok((_, Separator::Value | Separator::Rdn)));
        Some(value)
    }

    fn value(&mut self) -> Result<(AttributeValue<'a>, Separator), DnError> {
        let attribute = self.attribute()?;
        self.skip_spaces();
        let (raw, spelling) = match self.peek() {
            Some(b'#') => (self.digits()?, Spelling::Ber),
            Some(b'"') => (self.quoted()?, Spelling::Escaped),
            _ => self.string()?,
        };
        self.skip_spaces();
        let separator = match self.peek() {
            None => Separator::End,
            Some(b'+') => Separator::Value,
            Some(b',' | b';') => Separator::Rdn,
            Some(_) => return Err(self.expected("a comma, a plus sign or the end")),
        };
        self.at += usize::from(separator != Separator::End);
        let value = AttributeValue {
            attribute,
            raw,
            spelling,
        };
        Ok((value, separator))
    }

    fn attribute(&mut self) -> Result<&'a str, DnError> {
        self.skip_spaces();
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'=' | b',' | b';' | b'+'));
        self.at += length.unwrap_or(rest.len());
        let name = self.since(start).trim_end_matches(' ');
        if self.peek() != Some(b'=') || !attribute_name::is_type(name.as_bytes()) {
            self.at = start;
            return Err(self.expected("an attribute name and `=`"));
        }
        self.at += 1;
        Ok(name)
    }

    /// `#` 1*hexpair
    fn digits(&mut self) -> Result<&'a str, DnError> {
        self.at += 1;
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        let digits = self.since(start);
        if digits.is_empty() || !digits.len().is_multiple_of(2) {
            return Err(self.expected("pairs of hexadecimal digits"));
        }
        Ok(digits)
    }

    /// `"` … `"`, without the quotes
    fn quoted(&mut self) -> Result<&'a str, DnError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0) | None => return Err(self.expected("a closing quote")),
                Some(_) => self.at += 1,
            }
        }
        let quoted = self.since(start);
        self.at += 1;
        Ok(quoted)
    }

    fn string(&mut self) -> Result<(&'a str, Spelling), DnError> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| is_stop(*byte)).unwrap_or(rest.len());
        if let None | Some(b',' | b';' | b'+') = rest.get(length) {
            self.at += length;
            return Ok((self.since(start).trim_end_matches(' '), Spelling::Plain));
        }
        let mut end = start;
        let mut spelling = Spelling::Plain;
        loop {
            match self.peek() {
                None | Some(b',' | b';' | b'+') => break,
                Some(b'\\') => {
                    self.escape()?;
                    spelling = Spelling::Escaped;
                }
                Some(b'"' | b'<' | b'>' | 0) => return Err(self.expected("an escaped character")),
                Some(b' ') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => self.at += 1,
            }
            end = self.at;
        }
        Ok((self.text.get(start..end).unwrap_or_default(), spelling))
    }

    /// `\` and a special character, or `\` and two hexadecimal digits
    fn escape(&mut self) -> Result<(), DnError> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at + 1..).unwrap_or_default() {
            [first, ..] if is_special(*first) => self.at += 2,
            [first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => self.at += 3,
            _ => {
                return Err(
                    self.expected("a special character or two hexadecimal digits after the backslash")
                );
            }
        }
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    const fn expected(&self, expected: &'static str) -> DnError {
        DnError {
            at: self.at,
            expected,
        }
    }
}

/// Whether `byte` ends a plain value, or cannot be in one.
const fn is_stop(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'+' | b'\\' | b'"' | b'<' | b'>' | 0)
}

const fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' | b' ' | b'#' | b'='
    )
}

/// The bytes that a value stands for.
pub(super) fn unescape(raw: &str, spelling: Spelling) -> Cow<'_, [u8]> {
    match spelling {
        Spelling::Plain => Cow::Borrowed(raw.as_bytes()),
        Spelling::Ber => {
            let (pairs, _) = raw.as_bytes().as_chunks::<2>();
            Cow::Owned(
                pairs
                    .iter()
                    .filter_map(|[high, low]| hex_pair(*high, *low))
                    .collect(),
            )
        }
        Spelling::Escaped => {
            let mut bytes = Vec::with_capacity(raw.len());
            let mut rest = raw.as_bytes();
            while let [first, tail @ ..] = rest {
                let (byte, tail) = match (first, tail) {
                    (b'\\', [special, tail @ ..]) if is_special(*special) => (*special, tail),
                    (b'\\', [high, low, tail @ ..]) => (hex_pair(*high, *low).unwrap_or(b'\\'), tail),
                    _ => (*first, tail),
                };
                bytes.push(byte);
                rest = tail;
            }
            Cow::Owned(bytes)
        }
    }
}

/// The byte that two hexadecimal digits are.
pub(super) fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}
