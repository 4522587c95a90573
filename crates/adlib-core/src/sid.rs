//! Security identifiers (MS-DTYP 2.4.2).

use alloc::vec::Vec;
use core::{fmt, str::FromStr};

use crate::{DecodeError, DecodeErrorKind, Reader};

/// The largest number of sub-authorities (`SID_MAX_SUB_AUTHORITIES`).
const MAX_SUB_AUTHORITIES: usize = 15;
const REVISION: u8 = 1;

/// A security identifier: what Windows knows an account, a group or a domain by.
///
/// ```text
/// Revision (1 byte) SubAuthorityCount (1) IdentifierAuthority (6, big-endian) SubAuthority (4 each, little-endian)
/// ```
///
/// ```
/// use adlib_core::Sid;
///
/// let sid: Sid = "S-1-5-21-1111111111-2222222222-3333333333-513".parse()?;
/// assert_eq!(sid.rid(), Some(513));
/// assert_eq!(sid.domain().unwrap().to_string(), "S-1-5-21-1111111111-2222222222-3333333333");
/// assert_eq!(Sid::decode(&sid.encode()).unwrap(), sid);
/// # Ok::<(), adlib_core::SidParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    authority: u64,
    count: u8,
    sub_authorities: [u32; MAX_SUB_AUTHORITIES],
}

impl Sid {
    /// The SID of `authority` (48 bits) and up to 15 `sub_authorities`; `None` when either does not fit.
    #[must_use]
    pub fn new(authority: u64, sub_authorities: &[u32]) -> Option<Self> {
        if authority >> 48 != 0 {
            return None;
        }
        let mut all = [0; MAX_SUB_AUTHORITIES];
        all.get_mut(..sub_authorities.len())?
            .copy_from_slice(sub_authorities);
        Some(Self {
            authority,
            count: u8::try_from(sub_authorities.len()).ok()?,
            sub_authorities: all,
        })
    }

    /// The SID that `bytes` are, all of them.
    ///
    /// # Errors
    /// `Truncated`, `Trailing`, `Unexpected` (revision) or `Limit` (more than 15 sub-authorities).
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let sid = Self::read(&mut reader)?;
        reader.finish("SID")?;
        Ok(sid)
    }

    /// The SID at the reader's position.
    ///
    /// # Errors
    /// `Truncated`, `Unexpected` (revision) or `Limit` (more than 15 sub-authorities).
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = *reader;
        if reader.u8("SID revision")? != REVISION {
            return Err(at.error("SID revision", DecodeErrorKind::Unexpected));
        }
        let count = reader.u8("SID sub-authority count")?;
        let [a, b, c, d, e, f] = reader.array::<6>("SID identifier authority")?;
        let mut sub_authorities = [0; MAX_SUB_AUTHORITIES];
        let used = sub_authorities.get_mut(..usize::from(count)).ok_or_else(|| {
            at.error(
                "SID sub-authority count",
                DecodeErrorKind::Limit(MAX_SUB_AUTHORITIES),
            )
        })?;
        for sub_authority in used {
            *sub_authority = reader.u32_le("SID sub-authority")?;
        }
        Ok(Self {
            authority: u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
            count,
            sub_authorities,
        })
    }

    /// The bytes of the SID.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let [_, _, authority @ ..] = self.authority.to_be_bytes();
        let mut bytes = Vec::with_capacity(8 + 4 * usize::from(self.count));
        bytes.extend_from_slice(&[REVISION, self.count]);
        bytes.extend_from_slice(&authority);
        bytes.extend(self.sub_authorities().iter().flat_map(|sub| sub.to_le_bytes()));
        bytes
    }

    /// The identifier authority: 5 for everything that a domain makes.
    #[must_use]
    pub const fn authority(&self) -> u64 {
        self.authority
    }

    /// The sub-authorities, the relative identifier last.
    #[must_use]
    pub fn sub_authorities(&self) -> &[u32] {
        self.sub_authorities
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    /// The relative identifier: the last sub-authority.
    #[must_use]
    pub fn rid(&self) -> Option<u32> {
        self.sub_authorities().last().copied()
    }

    /// The SID without its last sub-authority: the domain of an account.
    #[must_use]
    pub fn domain(&self) -> Option<Self> {
        let (_, domain) = self.sub_authorities().split_last()?;
        Self::new(self.authority, domain)
    }

    /// The SID with `rid` appended: an account of this domain. `None` when there is no room.
    #[must_use]
    pub fn with_rid(&self, rid: u32) -> Option<Self> {
        let mut longer = *self;
        *longer.sub_authorities.get_mut(usize::from(self.count))? = rid;
        longer.count += 1;
        Some(longer)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // MS-DTYP 2.4.2.1: an authority of 2^32 and more is written in hexadecimal.
        match u32::try_from(self.authority) {
            Ok(authority) => write!(f, "S-{REVISION}-{authority}")?,
            Err(_) => write!(f, "S-{REVISION}-0x{:012X}", self.authority)?,
        }
        let mut text = Backwards::default();
        for sub in self.sub_authorities().iter().rev() {
            text.push_number(*sub);
            text.push(b'-');
        }
        f.write_str(text.as_str())
    }
}

/// Text that is written from its end: a quarter of the time that formatting each number takes.
struct Backwards {
    text: [u8; Self::LENGTH],
    start: usize,
}

impl Backwards {
    /// A hyphen and ten digits for each sub-authority.
    const LENGTH: usize = 11 * MAX_SUB_AUTHORITIES;

    fn push(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(place) = self.text.get_mut(self.start) {
            *place = byte;
        }
    }

    fn push_number(&mut self, mut number: u32) {
        loop {
            self.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
            number /= 10;
            if number == 0 {
                break;
            }
        }
    }

    fn as_str(&self) -> &str {
        let written = self.text.get(self.start..).unwrap_or_default();
        str::from_utf8(written).unwrap_or_default()
    }
}

impl Default for Backwards {
    fn default() -> Self {
        Self {
            text: [0; Self::LENGTH],
            start: Self::LENGTH,
        }
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

/// A text that is not a SID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a SID; expected the form S-1-5-21-…")]
pub struct SidParseError;

impl FromStr for Sid {
    type Err = SidParseError;

    fn from_str(text: &str) -> Result<Self, SidParseError> {
        let rest = text
            .strip_prefix("S-1-")
            .or_else(|| text.strip_prefix("s-1-"))
            .ok_or(SidParseError)?;
        let mut parts = rest.split('-');
        let authority = parts.next().ok_or(SidParseError)?;
        let authority = match authority
            .strip_prefix("0x")
            .or_else(|| authority.strip_prefix("0X"))
        {
            Some(digits) if is_digits(digits, 16) => u64::from_str_radix(digits, 16),
            None if is_digits(authority, 10) => authority.parse(),
            _ => return Err(SidParseError),
        };
        let authority = authority.map_err(|_| SidParseError)?;
        let mut sub_authorities = [0; MAX_SUB_AUTHORITIES];
        let mut count = 0;
        for part in parts {
            let slot = sub_authorities.get_mut(count).ok_or(SidParseError)?;
            *slot = Some(part)
                .filter(|p| is_digits(p, 10))
                .and_then(|p| p.parse().ok())
                .ok_or(SidParseError)?;
            count += 1;
        }
        Self::new(authority, sub_authorities.get(..count).unwrap_or_default()).ok_or(SidParseError)
    }
}

/// Whether `text` is digits only: Rust's number parser also takes a sign.
fn is_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_digit(radix))
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn builtin_administrators() {
        let bytes = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        let sid = Sid::decode(&bytes).unwrap();
        assert_eq!(sid.to_string(), "S-1-5-32-544");
        assert_eq!(sid.encode(), bytes);
    }

    #[test]
    fn refuses_what_is_not_a_sid() {
        for text in [
            "",
            "S-1",
            "S-1-",
            "S-2-5-1",
            "S-1-5-",
            "S-1-5--1",
            "S-1-5-+1",
            "S-1-5-4294967296",
            "x",
        ] {
            assert_eq!(text.parse::<Sid>(), Err(SidParseError), "{text}");
        }
        assert_eq!(
            Sid::decode(&[2, 0, 0, 0, 0, 0, 0, 5]).unwrap_err().kind,
            DecodeErrorKind::Unexpected
        );
        assert_eq!(
            Sid::decode(&[1, 16, 0, 0, 0, 0, 0, 5]).unwrap_err().kind,
            DecodeErrorKind::Limit(15)
        );
        assert_eq!(
            Sid::decode(&[1, 0, 0, 0, 0, 0, 0, 5, 0]).unwrap_err().kind,
            DecodeErrorKind::Trailing
        );
    }

    proptest! {
        #[test]
        fn text_and_bytes_come_back(authority in 0_u64..1 << 48, subs in proptest::collection::vec(any::<u32>(), 0..=15)) {
            let sid = Sid::new(authority, &subs).unwrap();
            prop_assert_eq!(sid.to_string().parse::<Sid>().unwrap(), sid);
            prop_assert_eq!(Sid::decode(&sid.encode()).unwrap(), sid);
        }

        #[test]
        fn no_bytes_panic(bytes: std::vec::Vec<u8>) {
            if let Ok(sid) = Sid::decode(&bytes) {
                prop_assert_eq!(sid.encode(), bytes);
            }
        }
    }
}
