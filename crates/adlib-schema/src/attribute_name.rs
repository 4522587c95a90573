//! Attribute descriptions (RFC 4512 2.5): a name or an OID, and options.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// The name of an attribute, such as `sAMAccountName`, `2.5.4.3` or `sn;lang-ja`.
///
/// Names compare without case. Nothing but letters, digits, `-`, `.` and `;` can be in one, so that a name can
/// stand in a filter or a DN as it is.
///
/// ```
/// use adlib_schema::AttributeName;
///
/// let name: AttributeName = "userCertificate;binary".parse()?;
/// assert_eq!(name.base(), "userCertificate");
/// assert_eq!(AttributeName::from_static("MAIL"), AttributeName::from_static("mail"));
/// assert!("uid=*)(uid".parse::<AttributeName>().is_err());
/// # Ok::<(), adlib_schema::AttributeNameError>(())
/// ```
#[derive(Clone)]
pub struct AttributeName {
    text: Cow<'static, str>,
    /// The length without the options.
    base: usize,
    /// Of the name without its options.
    fingerprint: u64,
}

impl AttributeName {
    /// A name that is written in the program.
    ///
    /// # Panics
    /// If `name` is no attribute description; in a constant, that is an error of compilation.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        assert!(is_description(name.as_bytes()), "not an attribute description");
        let base = base_length(name.as_bytes());
        Self {
            fingerprint: fingerprint(name.as_bytes().split_at(base).0),
            base,
            text: Cow::Borrowed(name),
        }
    }

    /// The name as it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name without its options.
    #[must_use]
    pub fn base(&self) -> &str {
        self.text.get(..self.base).unwrap_or_default()
    }

    /// The [`fingerprint`] of the name without its options.
    pub(crate) const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

/// The part of an attribute description before its options.
pub(crate) fn base_of(description: &str) -> &str {
    description
        .split_at_checked(base_length(description.as_bytes()))
        .map_or(description, |(base, _)| base)
}

/// The length of an attribute description without its options.
const fn base_length(description: &[u8]) -> usize {
    let mut length = 0;
    let mut rest = description;
    while let [byte, tail @ ..] = rest {
        if *byte == b';' {
            break;
        }
        length += 1;
        rest = tail;
    }
    length
}

/// A number that is equal for equal names, whatever their case, and seldom for others: of the length and of both ends.
pub(crate) const fn fingerprint(base: &[u8]) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let (head, tail) = match (base.first_chunk::<8>(), base.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (short(base), 0),
    };
    let head = (head | LOWER).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let tail = (tail | LOWER).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    head ^ tail.rotate_left(32) ^ (base.len() as u64)
}

/// The bytes of a name shorter than 8.
const fn short(mut base: &[u8]) -> u64 {
    let mut all = 0;
    while let [byte, rest @ ..] = base {
        all = all << 8 | *byte as u64;
        base = rest;
    }
    all
}

/// Whether the parts that these descriptions of one attribute name are all of its values: they have no ranges,
/// or ranges from 0 to the end without a gap (MS-ADTS 3.1.1.3.1.3.3).
pub(crate) fn is_whole<'a>(descriptions: impl Iterator<Item = &'a str>) -> bool {
    let mut ranges: Vec<(u64, Option<u64>)> = descriptions.filter_map(range_of).collect();
    ranges.sort_unstable();
    let mut next = 0;
    for (first, last) in &ranges {
        match last {
            _ if *first > next => return false,
            None => return true,
            Some(last) => next = next.max(last.saturating_add(1)),
        }
    }
    ranges.is_empty()
}

/// The first and the last index of the option `range=`; no last one is the end.
fn range_of(description: &str) -> Option<(u64, Option<u64>)> {
    description.split(';').skip(1).find_map(|option| {
        let (name, range) = option.split_once('=')?;
        let (first, last) = range
            .split_once('-')
            .filter(|_| name.eq_ignore_ascii_case("range"))?;
        let last = if last == "*" {
            None
        } else {
            Some(last.parse().ok()?)
        };
        Some((first.parse().ok()?, last))
    })
}

/// Whether `name` is an attribute type: a short name or an OID in digits (RFC 4512 1.4).
pub(crate) const fn is_type(name: &[u8]) -> bool {
    match name {
        [first, rest @ ..] if first.is_ascii_alphabetic() => is_keychars(rest),
        [first, ..] if first.is_ascii_digit() => is_numeric_oid(name),
        _ => false,
    }
}

const fn is_description(name: &[u8]) -> bool {
    let (base, options) = name.split_at(base_length(name));
    is_type(base) && is_options(options)
}

/// `*( ";" 1*keychar )`
const fn is_options(mut rest: &[u8]) -> bool {
    while let [first, tail @ ..] = rest {
        let option_is_empty = matches!(tail, [] | [b';', ..]);
        let legal = *first == b';' && !option_is_empty || is_keychar(*first);
        if !legal {
            return false;
        }
        rest = tail;
    }
    true
}

const fn is_keychar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

const fn is_keychars(mut rest: &[u8]) -> bool {
    while let [byte, tail @ ..] = rest {
        if !is_keychar(*byte) {
            return false;
        }
        rest = tail;
    }
    true
}

/// `number 1*( "." number )`, without leading zeros.
const fn is_numeric_oid(mut rest: &[u8]) -> bool {
    let mut dots = 0_usize;
    let mut digits = 0_usize;
    let mut leading_zero = false;
    while let [byte, tail @ ..] = rest {
        match *byte {
            b'.' if digits == 0 => return false,
            b'.' => {
                dots = dots.saturating_add(1);
                digits = 0;
            }
            b'0'..=b'9' if digits > 0 && leading_zero => return false,
            b'0'..=b'9' => {
                leading_zero = digits == 0 && *byte == b'0';
                digits = digits.saturating_add(1);
            }
            _ => return false,
        }
        rest = tail;
    }
    dots > 0 && digits > 0
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttributeName({self})")
    }
}

impl PartialEq for AttributeName {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for AttributeName {}

impl Hash for AttributeName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.text.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

/// A text that is not an attribute description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an attribute name; expected a letter, then letters, digits and hyphens")]
pub struct AttributeNameError(String);

impl FromStr for AttributeName {
    type Err = AttributeNameError;

    fn from_str(text: &str) -> Result<Self, AttributeNameError> {
        if is_description(text.as_bytes()) {
            Ok(Self {
                base: base_length(text.as_bytes()),
                fingerprint: fingerprint(base_of(text).as_bytes()),
                text: Cow::Owned(text.to_owned()),
            })
        } else {
            Err(AttributeNameError(text.chars().take(80).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R27: an unfinished range is told from a finished one.
    #[test]
    fn r27_ranges_are_whole_or_not() {
        for (descriptions, whole) in [
            (vec!["member"], true),
            (vec![], true),
            (vec!["member", "member;range=0-1499"], false),
            (vec!["member;range=0-1499", "member;Range=1500-*"], true),
            (vec!["member;range=1500-*", "member;range=0-1499"], true),
            (vec!["member;range=0-1499", "member;range=1501-*"], false),
            (vec!["member;range=1-*"], false),
            (vec!["member;binary;range=0-*"], true),
        ] {
            assert_eq!(is_whole(descriptions.iter().copied()), whole, "{descriptions:?}");
        }
    }

    #[test]
    fn names_oids_and_options() {
        for good in [
            "cn",
            "msDS-User-Account-Control-Computed",
            "2.5.4.3",
            "sn;lang-ja;phonetic",
            "a1",
            "0.9.2342",
        ] {
            assert_eq!(good.parse::<AttributeName>().unwrap().as_str(), good);
        }
        for bad in [
            "", "1", "1.", ".1", "1..1", "01.1", "1.ff", "-a", "at_tr", "a b", "cn;", "cn;;x", "cn;a=b",
            "cn=", "*", "é",
        ] {
            assert!(bad.parse::<AttributeName>().is_err(), "{bad}");
        }
    }
}
