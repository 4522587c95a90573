//! Records: the lines of one entry (RFC 2849, `ldif-attrval-record`).

use std::{borrow::Cow, io::Read};

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use memchr::memchr;

use super::{LdifError, LdifErrorKind, line::Lines};
use crate::{Dn, RawEntry, raw_entry::Extent};

/// Base64 (RFC 4648 4) with its padding; bits that no byte has are passed over, as some tools leave them set.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);
/// The largest entry, in bytes of its values and what it takes to keep them: a group of some 500,000 members.
const MAX_ENTRY: usize = 64 << 20;
/// What it takes to keep a value, beside its bytes.
const VALUE_OVERHEAD: usize = 32;
/// The most attributes of one entry.
const MAX_ATTRIBUTES: usize = 1024;

/// How many referrals of a file are kept: that there are any is what counts.
const MAX_REFERRALS: usize = 10;
/// The most characters that are kept of one.
const MAX_URL: usize = 400;

/// A line as attribute and value.
struct Pair<'a> {
    name: &'a str,
    value: Written<'a>,
}

/// A value as it is written.
enum Written<'a> {
    /// As it is.
    Text(&'a str),
    /// In Base64.
    Base64(&'a [u8]),
}

impl Written<'_> {
    /// Append the value to `bytes`.
    ///
    /// # Errors
    /// `Base64`.
    fn append_to(&self, bytes: &mut Vec<u8>) -> Result<(), LdifErrorKind> {
        match self {
            Self::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Self::Base64(encoded) => {
                STANDARD
                    .decode_vec(encoded, bytes)
                    .map_err(|_| LdifErrorKind::Base64)?;
            }
        }
        Ok(())
    }

    /// The value as text.
    ///
    /// # Errors
    /// `Base64`, `NotText`.
    fn text(&self) -> Result<Cow<'_, str>, LdifErrorKind> {
        if let Self::Text(text) = self {
            return Ok(Cow::Borrowed(text));
        }
        let mut bytes = Vec::new();
        self.append_to(&mut bytes)?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| LdifErrorKind::NotText)
    }
}

/// Pass over `version: 1`, if the file begins with it.
///
/// # Errors
/// `Version`, and those of the lines.
pub(super) fn skip_version<R: Read>(lines: &mut Lines<R>) -> Result<(), LdifError> {
    skip_empty(lines)?;
    let Some(line) = lines.next()? else {
        return Ok(());
    };
    match line.strip_prefix(b"version:") {
        Some(version) if version.trim_ascii() == b"1" => Ok(()),
        Some(_) => Err(lines.error(LdifErrorKind::Version)),
        None => {
            lines.push_back();
            Ok(())
        }
    }
}

/// The next entry, with room for as much as `extent` says from the start. The referrals before it go to `referrals`.
///
/// # Errors
/// Every [`LdifErrorKind`] but `Version`.
pub(super) fn next<R: Read>(
    lines: &mut Lines<R>,
    extent: Extent,
    referrals: &mut Vec<String>,
) -> Result<Option<RawEntry>, LdifError> {
    loop {
        skip_empty(lines)?;
        let Some(line) = lines.next()? else {
            return Ok(None);
        };
        let what = split(line).and_then(|pair| first(&pair, extent, referrals));
        match what.map_err(|kind| lines.error(kind))? {
            Some(entry) => return rest(lines, entry).map(Some),
            None => while pair(lines, |pair| beside(pair, referrals))?.is_some() {},
        }
    }
}

/// The entry that begins with `pair`; `None` for what `ldapsearch` writes beside the entries.
fn first(
    pair: &Pair<'_>,
    extent: Extent,
    referrals: &mut Vec<String>,
) -> Result<Option<RawEntry>, LdifErrorKind> {
    let is = |name: &str| pair.name.eq_ignore_ascii_case(name);
    if is("dn") {
        let dn = pair.value.text()?;
        Dn::check(&dn).map_err(LdifErrorKind::Dn)?;
        return Ok(Some(RawEntry::with_extent(&dn, extent)));
    }
    if is("ref") || is("search") || is("result") {
        return beside(pair, referrals).map(|()| None);
    }
    Err(LdifErrorKind::MissingDn)
}

/// The rest of `entry`, whose DN was read.
fn rest<R: Read>(lines: &mut Lines<R>, mut entry: RawEntry) -> Result<RawEntry, LdifError> {
    let mut size = 0_usize;
    let mut open = Open::default();
    while let Some(used) = pair(lines, |pair| open.take(&mut entry, pair))? {
        size = size.saturating_add(used + VALUE_OVERHEAD);
        if size > MAX_ENTRY {
            return Err(lines.error(LdifErrorKind::EntryTooLarge(MAX_ENTRY)));
        }
    }
    Ok(entry)
}

/// The attribute that the line before had: the values of one come together.
#[derive(Default)]
struct Open {
    attribute: usize,
    /// How often another attribute came.
    changes: usize,
}

impl Open {
    /// Add a line to `entry`; the bytes that it takes.
    ///
    /// # Errors
    /// `SecondDn`, `ChangeRecord`, `TooManyAttributes`, `Base64`.
    fn take(
        &mut self,
        entry: &mut RawEntry,
        Pair { name, value }: &Pair<'_>,
    ) -> Result<usize, LdifErrorKind> {
        if !entry.is_called(self.attribute, name) {
            if name.eq_ignore_ascii_case("dn") {
                return Err(LdifErrorKind::SecondDn);
            }
            if name.eq_ignore_ascii_case("changetype") || name.eq_ignore_ascii_case("control") {
                return Err(LdifErrorKind::ChangeRecord);
            }
            self.changes += 1;
            if self.changes > MAX_ATTRIBUTES {
                return Err(LdifErrorKind::TooManyAttributes(MAX_ATTRIBUTES));
            }
            self.attribute = entry.attribute(name);
        }
        entry.push_to(self.attribute, |bytes| {
            let before = bytes.len();
            value.append_to(bytes)?;
            Ok(name.len() + bytes.len() - before)
        })
    }
}

/// The next line of the record, as `read` takes it; `None` at the record's end.
fn pair<R: Read, T>(
    lines: &mut Lines<R>,
    read: impl FnOnce(&Pair<'_>) -> Result<T, LdifErrorKind>,
) -> Result<Option<T>, LdifError> {
    let Some(line) = lines.next()?.filter(|line| !line.is_empty()) else {
        return Ok(None);
    };
    match split(line).and_then(|pair| read(&pair)) {
        Ok(read) => Ok(Some(read)),
        Err(kind) => Err(lines.error(kind)),
    }
}

/// A line at its colon.
fn split(line: &[u8]) -> Result<Pair<'_>, LdifErrorKind> {
    let colon = line.iter().position(|byte| !is_name(*byte)).unwrap_or(0);
    let (name, rest) = line.split_at_checked(colon).ok_or(LdifErrorKind::MissingColon)?;
    let name = str::from_utf8(name).map_err(|_| LdifErrorKind::MissingColon)?;
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(LdifErrorKind::MissingColon);
    }
    let value = match rest {
        [b':', b':', encoded @ ..] => Written::Base64(encoded.trim_ascii()),
        [b':', b'<', ..] => return Err(LdifErrorKind::Url),
        [b':', plain @ ..] => Written::Text(text(plain)?),
        _ => return Err(LdifErrorKind::MissingColon),
    };
    Ok(Pair { name, value })
}

/// A value as it is: text in UTF-8, though the specification wants ASCII, since that is what servers emit.
fn text(value: &[u8]) -> Result<&str, LdifErrorKind> {
    let spaces = value.iter().take_while(|byte| **byte == b' ').count();
    let value = value.get(spaces..).unwrap_or_default();
    match str::from_utf8(value) {
        Ok(text) if memchr(0, value).is_none() => Ok(text),
        _ => Err(LdifErrorKind::NotText),
    }
}

/// Whether `byte` can be in an attribute description, the `_` that some servers have and the ranges of Active
/// Directory included.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b';' | b'=' | b'*')
}

fn skip_empty<R: Read>(lines: &mut Lines<R>) -> Result<(), LdifError> {
    while let Some(line) = lines.next()? {
        if !line.is_empty() {
            lines.push_back();
            break;
        }
    }
    Ok(())
}

/// Take what `ldapsearch` writes beside the entries: a referral, or the result of the search.
fn beside(pair: &Pair<'_>, referrals: &mut Vec<String>) -> Result<(), LdifErrorKind> {
    let is = |name: &str| pair.name.eq_ignore_ascii_case(name);
    if is("ref") && referrals.len() < MAX_REFERRALS {
        referrals.push(pair.value.text()?.chars().take(MAX_URL).collect());
    }
    if is("result") {
        return result(&pair.value.text()?);
    }
    Ok(())
}

/// Whether the result of the search that wrote the file is a success.
fn result(text: &str) -> Result<(), LdifErrorKind> {
    let digits = text.trim_start_matches(|character: char| character.is_ascii_digit());
    match text.strip_suffix(digits).unwrap_or_default().parse() {
        Ok(0) => Ok(()),
        Ok(code) => Err(LdifErrorKind::CutShort(code)),
        Err(_) => Err(LdifErrorKind::MissingDn),
    }
}
