//! UTF-16, least significant byte first: how Windows writes text (MS-DTYP 2.1.1).

use alloc::{string::String, vec::Vec};

use crate::{DecodeError, DecodeErrorKind};

/// The text in `bytes`.
///
/// # Errors
/// `Text` for an odd number of bytes or a lone surrogate. `what` names the field.
pub fn decode(what: &'static str, bytes: &[u8]) -> Result<String, DecodeError> {
    let (units, odd) = units(bytes);
    if odd {
        return Err(DecodeError::new(what, bytes.len(), DecodeErrorKind::Text));
    }
    let mut at = 0;
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(units) {
        let character = character.map_err(|_| DecodeError::new(what, at, DecodeErrorKind::Text))?;
        text.push(character);
        at += 2 * character.len_utf16();
    }
    Ok(text)
}

/// The text in `bytes`, with U+FFFD for what is not text: for showing, never for comparing.
#[must_use]
pub fn decode_lossy(bytes: &[u8]) -> String {
    let (units, _) = units(bytes);
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The bytes of `text`.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn units(bytes: &[u8]) -> (impl Iterator<Item = u16> + '_, bool) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    (
        pairs.iter().map(|pair| u16::from_le_bytes(*pair)),
        !rest.is_empty(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back() {
        for text in ["", "Passw0rd", "Größe", "田中", "\u{1f600}"] {
            assert_eq!(decode("text", &encode(text)).unwrap(), text);
        }
    }

    #[test]
    fn odd_lengths_and_lone_surrogates_are_errors() {
        assert_eq!(decode("text", &[0x41]).unwrap_err().kind, DecodeErrorKind::Text);
        assert_eq!(decode("text", &[0x41, 0, 0x00, 0xd8]).unwrap_err().offset, 2);
        assert_eq!(decode_lossy(&[0x41, 0, 0x00, 0xd8]), "A\u{fffd}");
    }
}
