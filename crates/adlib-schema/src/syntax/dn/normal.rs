//! The form by which DNs are compared.
//!
//! Attribute names in lower case; values prepared (RFC 4518); `,`, `+`, `=`, `\` and `#` in values as `\xx`, so
//! that each of them unescaped has one meaning; the values of one RDN sorted.

use super::{
    DnError,
    parse::{Separator, Spelling, Values},
};
use crate::{attribute_name, syntax::prepared::prepared};

/// The normal form of the DN `text`, and how long its end is that is a DNS name, in `DC=` of plain text.
///
/// # Errors
/// [`DnError`] when it is none.
pub(super) fn of(text: &str) -> Result<(String, usize), DnError> {
    match of_plain(text) {
        Some(plain) => Ok(plain),
        None => of_any(text),
    }
}

/// The same of a DN as most are: ASCII, nothing escaped, no spaces but single ones within values. `None` for any other
/// text.
fn of_plain(text: &str) -> Option<(String, usize)> {
    let mut normal = None;
    let mut domain = Domain::default();
    let mut before = b',';
    let (mut start, mut equals) = (0, None);
    for (at, byte) in text.bytes().chain([b',']).enumerate() {
        match (byte, before) {
            (b'!' | b'$'..=b'*' | b'-'..=b':' | b'?'..=b'[' | b']'..=b'~', _) => {}
            (b' ', b' ' | b',' | b'=') | (b',' | b'=', b' ') => return None,
            (b' ', _) => {}
            (b'=', _) if equals.is_none() => equals = Some(at),
            (b',', _) => {
                let attribute = text.as_bytes().get(start..equals?)?;
                if !attribute_name::is_type(attribute) {
                    return None;
                }
                let normal = normal.get_or_insert_with(|| text.to_ascii_lowercase());
                domain.note(start, normal.get(start..at)?);
                (start, equals) = (at + 1, None);
            }
            _ => return None,
        }
        before = byte;
    }
    let length = domain.start.map_or(0, |start| text.len() - start);
    Some((normal?, length))
}

fn of_any(text: &str) -> Result<(String, usize), DnError> {
    let mut domain = Domain::default();
    let mut start = 0;
    let mut values = Values::new(text);
    let mut normal = String::with_capacity(text.len());
    let mut rdn: Vec<String> = Vec::new();
    while let Some(next) = values.next() {
        let (value, separator) = next?;
        if rdn.is_empty() && separator != Separator::Value {
            push_value(
                &mut normal,
                value.attribute(),
                &value.value(),
                value.spelling == Spelling::Ber,
            );
        } else {
            let mut part = String::new();
            push_value(
                &mut part,
                value.attribute(),
                &value.value(),
                value.spelling == Spelling::Ber,
            );
            rdn.push(part);
        }
        if separator != Separator::Value && !rdn.is_empty() {
            rdn.sort_unstable();
            normal.push_str(&rdn.join("+"));
            rdn.clear();
        }
        if separator != Separator::Value {
            domain.note(start, normal.get(start..).unwrap_or_default());
        }
        if separator == Separator::Rdn {
            normal.push(',');
            start = normal.len();
        }
    }
    let domain = domain.start.map_or(0, |start| normal.len() - start);
    Ok((normal, domain))
}

/// The normal form of one attribute value.
pub(super) fn of_value(attribute: &str, value: &[u8]) -> String {
    let mut normal = String::new();
    push_value(&mut normal, attribute, value, false);
    normal
}

/// What follows the first RDN of a normal form.
pub(super) fn parent(normal: &str) -> &str {
    normal.split_once(',').map_or("", |(_, parent)| parent)
}

/// Where in a normal form the last RDNs begin that are a `DC=` of plain text each.
#[derive(Debug, Default)]
struct Domain {
    start: Option<usize>,
}

impl Domain {
    /// Note the RDN that begins at `at`.
    fn note(&mut self, at: usize, rdn: &str) {
        let label = rdn.strip_prefix("dc=");
        let is_plain = |label: &str| !label.bytes().any(|byte| matches!(byte, b'\\' | b'#' | b'+'));
        self.start = match label {
            Some(label) if is_plain(label) => self.start.or(Some(at)),
            _ => None,
        };
    }
}

/// Whether `value` is printable ASCII in which nothing is escaped, and no space is one too many.
fn is_simple(value: &[u8]) -> bool {
    let mut before = b' ';
    for byte in value {
        let special = matches!(
            byte,
            b',' | b'+' | b'=' | b'\\' | b'#' | b'"' | b';' | b'<' | b'>'
        );
        if special || !matches!(byte, b' '..=b'~') || (*byte == b' ' && before == b' ') {
            return false;
        }
        before = *byte;
    }
    before != b' '
}

fn push_value(normal: &mut String, attribute: &str, value: &[u8], ber: bool) {
    push_lower(normal, attribute);
    normal.push('=');
    match std::str::from_utf8(value) {
        Ok(text) if !ber && is_simple(value) => push_lower(normal, text),
        Ok(text) if !ber => {
            for character in prepared(text) {
                match character {
                    ',' | '+' | '=' | '\\' | '#' | '"' | ';' | '<' | '>' | '\0'..='\x1f' => {
                        push_escaped(normal, u8::try_from(character).unwrap_or(b'?'));
                    }
                    _ => normal.push(character),
                }
            }
        }
        // Neither is text, and must not be equal to any.
        _ => {
            normal.push('#');
            normal.extend(value.iter().flat_map(|byte| hex(*byte)));
        }
    }
}

/// Append `text` with its ASCII letters in lower case.
fn push_lower(normal: &mut String, text: &str) {
    let start = normal.len();
    normal.push_str(text);
    if let Some(text) = normal.get_mut(start..) {
        text.make_ascii_lowercase();
    }
}

fn push_escaped(normal: &mut String, byte: u8) {
    normal.push('\\');
    normal.extend(hex(byte));
}

fn hex(byte: u8) -> [char; 2] {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    [digit(byte >> 4), digit(byte & 0xf)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way gives what the long one does, or nothing.
        #[test]
        fn plain_names_are_like_all_others(text in "((CN|dc|2\\.5\\.4\\.3|x y|)( ?= ?)([A-Za-z .=#+\\\\é\"]{0,6})(,|, |;|\\+|)){0,5}") {
            if let Some(plain) = of_plain(&text) {
                prop_assert_eq!(of_any(&text), Ok(plain));
            }
        }
    }

    #[test]
    fn most_names_are_plain() {
        for text in [
            "CN=Ada Lovelace,OU=R&D (Berlin),DC=corp,DC=example",
            "uid=ada",
            "cn=,dc=x",
            "2.5.4.3=x_y",
        ] {
            assert_eq!(of_plain(text), of_any(text).ok(), "{text}");
            assert!(of_plain(text).is_some(), "{text}");
        }
        for text in [
            "",
            ",",
            "cn=a,",
            "cn=a, dc=x",
            "cn=a  b",
            "cn=a=b",
            "cn=#00",
            "cn=a+sn=b",
            "cn= a",
            "cn=a ",
            "c n=a",
            "cn=\\41",
        ] {
            assert_eq!(of_plain(text), None, "{text}");
        }
    }
}
