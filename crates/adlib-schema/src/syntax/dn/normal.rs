//! The form by which DNs are compared.
//!
//! Attribute names in lower case; values prepared (RFC 4518); `,`, `+`, `=`, `\` and `#` in values as `\xx`, so
//! that each of them unescaped has one meaning; the values of one RDN sorted.

use super::{
    DnError,
    parse::{Separator, Spelling, Values},
};
use crate::syntax::prepared::prepared;

/// The normal form of the DN `text`.
///
/// # Errors
/// [`DnError`] when it is none.
pub(super) fn of(text: &str) -> Result<String, DnError> {
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
        if separator != Separator::Value {
            rdn.sort_unstable();
            normal.push_str(&rdn.join("+"));
            rdn.clear();
        }
        if separator == Separator::Rdn {
            normal.push(',');
        }
    }
    Ok(normal)
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

fn push_value(normal: &mut String, attribute: &str, value: &[u8], ber: bool) {
    normal.extend(attribute.chars().map(|character| character.to_ascii_lowercase()));
    normal.push('=');
    match std::str::from_utf8(value) {
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

fn push_escaped(normal: &mut String, byte: u8) {
    normal.push('\\');
    normal.extend(hex(byte));
}

fn hex(byte: u8) -> [char; 2] {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    [digit(byte >> 4), digit(byte & 0xf)]
}
