//! Card numbers in attributes (R24).

use std::{fmt, str::FromStr};

use regex::Regex;

/// How a card number is written in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CardFormat {
    /// As any text, which stays as it is.
    #[default]
    Text,
    /// In decimal digits; leading zeros do not count.
    Decimal,
    /// In hexadecimal digits, the most significant byte first.
    Hex,
    /// In hexadecimal digits, the least significant byte first.
    HexReversed,
}

impl fmt::Display for CardFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Decimal => "decimal",
            Self::Hex => "hex",
            Self::HexReversed => "hex-reversed",
        })
    }
}

/// A text that names no card format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a card format; expected one of text, decimal, hex, hex-reversed")]
pub struct CardFormatError(String);

impl FromStr for CardFormat {
    type Err = CardFormatError;

    fn from_str(text: &str) -> Result<Self, CardFormatError> {
        [Self::Text, Self::Decimal, Self::Hex, Self::HexReversed]
            .into_iter()
            .find(|format| format.to_string() == text)
            .ok_or_else(|| CardFormatError(text.chars().take(80).collect()))
    }
}

/// How a card number is found in a value, and how it is written there.
///
/// ```
/// use adlib_schema::{CardFormat, CardRule};
///
/// let rule = CardRule::new(Some(r"ID-(\w+)"), CardFormat::HexReversed)?;
/// assert_eq!(rule.number("badge ID-0a0b, blue"), Ok(Some("2826".to_owned())));
/// assert_eq!(rule.number("no badge"), Ok(None));
/// # Ok::<(), adlib_schema::mapping::CardRuleError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CardRule {
    pattern: Option<Regex>,
    format: CardFormat,
}

/// A pattern that is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the card pattern is not a regular expression: {0}")]
pub struct CardRuleError(String);

impl CardRule {
    /// The rule with this pattern, whose first group, or else all that it matches, is the number.
    ///
    /// # Errors
    /// [`CardRuleError`] when `pattern` is no regular expression.
    pub fn new(pattern: Option<&str>, format: CardFormat) -> Result<Self, CardRuleError> {
        let pattern = pattern.map(Regex::new).transpose();
        Ok(Self {
            pattern: pattern.map_err(|error| CardRuleError(error.to_string()))?,
            format,
        })
    }

    /// The number in `text`: as it is in text, in decimal without leading zeros otherwise. `None` when the
    /// pattern finds none.
    ///
    /// # Errors
    /// The format, when what the pattern finds is not written in it, or exceeds 16 bytes.
    pub fn number(&self, text: &str) -> Result<Option<String>, CardFormat> {
        let Some(found) = self.find(text).map(str::trim).filter(|found| !found.is_empty()) else {
            return Ok(None);
        };
        let number = match self.format {
            CardFormat::Text => return Ok(Some(found.to_owned())),
            CardFormat::Decimal => decimal(found),
            CardFormat::Hex => hex(found).map(u128::from_be_bytes),
            CardFormat::HexReversed => reversed(found),
        };
        number.map(|number| Some(number.to_string())).ok_or(self.format)
    }

    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let Some(pattern) = &self.pattern else {
            return Some(text);
        };
        let captures = pattern.captures(text)?;
        captures
            .get(1)
            .or_else(|| captures.get(0))
            .map(|found| found.as_str())
    }
}

fn decimal(text: &str) -> Option<u128> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Up to 16 bytes, most significant first, filled up with zeros in front. `0x` and `:`, `-` or spaces between
/// the bytes do not count.
fn hex(text: &str) -> Option<[u8; 16]> {
    let digits: String = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text)
        .chars()
        .filter(|character| !matches!(character, ':' | '-' | ' '))
        .collect();
    let legal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    legal.then(|| u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes))?
}

/// The number whose bytes are written least significant first: as many as there are pairs of digits.
fn reversed(text: &str) -> Option<u128> {
    let number = u128::from_be_bytes(hex(text)?);
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    let count = digits.bytes().filter(u8::is_ascii_hexdigit).count().div_ceil(2);
    let unused = 16_usize.checked_sub(count)?;
    let shift = u32::try_from(unused * 8).ok()?;
    number.swap_bytes().checked_shr(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(pattern: Option<&str>, format: CardFormat, text: &str) -> Result<Option<String>, CardFormat> {
        CardRule::new(pattern, format).unwrap().number(text)
    }

    /// R24: patterns, number formats and byte order.
    #[test]
    fn r24_card_numbers() {
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(number(None, CardFormat::Text, " 0012 "), some("0012"));
        assert_eq!(number(Some(r"\d+"), CardFormat::Text, "nr 0012"), some("0012"));
        assert_eq!(number(None, CardFormat::Decimal, "0012"), some("12"));
        assert_eq!(number(None, CardFormat::Hex, "0xDE:AD-be ef"), some("3735928559"));
        assert_eq!(
            number(None, CardFormat::HexReversed, "DEADBEEF"),
            some("4022250974")
        );
        assert_eq!(
            number(None, CardFormat::HexReversed, "00000001"),
            some("16777216")
        );
        assert_eq!(number(None, CardFormat::HexReversed, &"0".repeat(32)), some("0"));
        assert_eq!(number(None, CardFormat::Decimal, "12a"), Err(CardFormat::Decimal));
        assert_eq!(number(None, CardFormat::Hex, "xyz"), Err(CardFormat::Hex));
        assert_eq!(
            number(None, CardFormat::HexReversed, &"1".repeat(33)),
            Err(CardFormat::HexReversed)
        );
        assert_eq!(number(None, CardFormat::Decimal, "  "), Ok(None));
        assert!(CardRule::new(Some("("), CardFormat::Text).is_err());
    }

    proptest! {
        /// R24: the bytes of a number in either order, however they are set apart.
        #[test]
        fn r24_byte_orders(bytes in proptest::collection::vec(any::<u8>(), 1..=16), apart in "[:\\- ]?") {
            let text: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let fold = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
            let (forward, backward) = (bytes.iter().fold(0, fold), bytes.iter().rev().fold(0, fold));
            let text = text.join(&apart);
            prop_assert_eq!(number(None, CardFormat::Hex, &text), Ok(Some(forward.to_string())));
            prop_assert_eq!(number(None, CardFormat::HexReversed, &text), Ok(Some(backward.to_string())));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-fx:é -]{0,50}") {
            for format in [CardFormat::Text, CardFormat::Decimal, CardFormat::Hex, CardFormat::HexReversed] {
                let _ = number(None, format, &text);
            }
        }
    }
}
