//! Globally unique identifiers (MS-DTYP 2.3.4).

use core::{fmt, str::FromStr};

/// A GUID, kept in the byte order in which Active Directory stores `objectGUID` (MS-DTYP 2.3.4.2): the first
/// three fields least significant byte first, the rest as written.
///
/// ```
/// use adlib_core::Guid;
///
/// let guid: Guid = "00112233-4455-6677-8899-aabbccddeeff".parse()?;
/// assert_eq!(guid.as_bytes()[..4], [0x33, 0x22, 0x11, 0x00]);
/// assert_eq!(guid.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
/// # Ok::<(), adlib_core::GuidParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// The GUID with these bytes, as Active Directory stores them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, as Active Directory stores them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The bytes in the order in which they are written in text; the conversion is its own inverse.
    const fn swapped(bytes: [u8; 16]) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        let [i, j, k, l, m, n, o, p] = rest;
        [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where the two digits of each byte stand.
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        for (byte, place) in Self::swapped(self.0).into_iter().zip(PLACES) {
            let digits = [byte >> 4, byte & 0xf].map(|digit| DIGITS.get(usize::from(digit)));
            if let ([Some(high), Some(low)], Some(pair)) = (digits, text.get_mut(place..place + 2)) {
                pair.copy_from_slice(&[*high, *low]);
            }
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

/// A text that is not a GUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID; expected the form 00112233-4455-6677-8899-aabbccddeeff")]
pub struct GuidParseError;

impl FromStr for Guid {
    type Err = GuidParseError;

    /// With or without braces, in any case.
    fn from_str(text: &str) -> Result<Self, GuidParseError> {
        let text = text
            .strip_prefix('{')
            .and_then(|t| t.strip_suffix('}'))
            .unwrap_or(text);
        if text.len() != 36 {
            return Err(GuidParseError);
        }
        let mut bytes = [0_u8; 16];
        let mut digits = 0_usize;
        for (index, character) in text.chars().enumerate() {
            if matches!(index, 8 | 13 | 18 | 23) {
                if character != '-' {
                    return Err(GuidParseError);
                }
                continue;
            }
            let digit = character
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
                .ok_or(GuidParseError)?;
            let byte = bytes.get_mut(digits / 2).ok_or(GuidParseError)?;
            *byte = *byte << 4 | digit;
            digits += 1;
        }
        Ok(Self(Self::swapped(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_not_a_guid() {
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeefg",
            "{}",
        ] {
            assert_eq!(text.parse::<Guid>(), Err(GuidParseError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_comes_back(bytes: [u8; 16]) {
            let guid = Guid::from_bytes(bytes);
            prop_assert_eq!(guid.to_string().parse::<Guid>().unwrap(), guid);
        }

        #[test]
        fn no_text_panics(text: std::string::String) {
            let _ = text.parse::<Guid>();
        }
    }
}
