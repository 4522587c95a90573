//! Records: the lines of one entry (RFC 2849, `ldif-attrval-record`).

use std::io::BufRead;

use super::{LdifError, LdifErrorKind, base64, line::Lines};
use crate::{Dn, RawEntry};

/// The largest entry, in bytes of its values and what it takes to keep them: a group of some 500,000 members.
const MAX_ENTRY: usize = 64 << 20;
/// What it takes to keep a value, beside its bytes.
const VALUE_OVERHEAD: usize = 32;
/// The most attributes of one entry.
const MAX_ATTRIBUTES: usize = 1024;

/// A line as attribute and value.
struct Pair {
    name: String,
    value: Vec<u8>,
}

/// Pass over `version: 1`, if the file begins with it.
///
/// # Errors
/// `Version`, and those of the lines.
pub(super) fn skip_version<R: BufRead>(lines: &mut Lines<R>) -> Result<(), LdifError> {
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

/// The next entry.
///
/// # Errors
/// Every [`LdifErrorKind`] but `Version`.
pub(super) fn next<R: BufRead>(lines: &mut Lines<R>) -> Result<Option<RawEntry>, LdifError> {
    loop {
        skip_empty(lines)?;
        let Some(first) = pair(lines)? else {
            return Ok(None);
        };
        match first.name.to_ascii_lowercase().as_str() {
            "dn" => return entry(lines, dn(lines, first.value)?).map(Some),
            // What ldapsearch writes beside the entries.
            "ref" => skip_record(lines)?,
            "search" | "result" => skip_result(lines, first)?,
            _ => return Err(lines.error(LdifErrorKind::MissingDn)),
        }
    }
}

/// The rest of the entry called `dn`.
fn entry<R: BufRead>(lines: &mut Lines<R>, dn: String) -> Result<RawEntry, LdifError> {
    let mut entry = RawEntry::new(dn);
    let mut size = 0_usize;
    let mut attributes = 0_usize;
    // Values of one attribute come together: they go into the entry together.
    let mut open: Option<(String, Vec<Vec<u8>>)> = None;
    while let Some(Pair { name, value }) = pair(lines)? {
        if name.eq_ignore_ascii_case("dn") {
            return Err(lines.error(LdifErrorKind::SecondDn));
        }
        if name.eq_ignore_ascii_case("changetype") || name.eq_ignore_ascii_case("control") {
            return Err(lines.error(LdifErrorKind::ChangeRecord));
        }
        size = size.saturating_add(name.len() + value.len() + VALUE_OVERHEAD);
        if size > MAX_ENTRY {
            return Err(lines.error(LdifErrorKind::EntryTooLarge(MAX_ENTRY)));
        }
        match &mut open {
            Some((known, values)) if *known == name => values.push(value),
            _ => {
                attributes += 1;
                if attributes > MAX_ATTRIBUTES {
                    return Err(lines.error(LdifErrorKind::TooManyAttributes(MAX_ATTRIBUTES)));
                }
                if let Some((known, values)) = open.replace((name, vec![value])) {
                    entry.push_all(known, values);
                }
            }
        }
    }
    if let Some((known, values)) = open {
        entry.push_all(known, values);
    }
    Ok(entry)
}

fn dn<R: BufRead>(lines: &Lines<R>, value: Vec<u8>) -> Result<String, LdifError> {
    let text = String::from_utf8(value).map_err(|_| lines.error(LdifErrorKind::NotText))?;
    match text.parse::<Dn>() {
        Ok(_) => Ok(text),
        Err(error) => Err(lines.error(LdifErrorKind::Dn(error))),
    }
}

/// The next line of the record; `None` at its end.
fn pair<R: BufRead>(lines: &mut Lines<R>) -> Result<Option<Pair>, LdifError> {
    let Some(line) = lines.next()? else {
        return Ok(None);
    };
    if line.is_empty() {
        return Ok(None);
    }
    match split(line) {
        Ok(pair) => Ok(Some(pair)),
        Err(kind) => Err(lines.error(kind)),
    }
}

/// A line at its colon.
fn split(line: &[u8]) -> Result<Pair, LdifErrorKind> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, rest) = line
        .split_at_checked(colon.unwrap_or(0))
        .filter(|(name, _)| is_description(name))
        .ok_or(LdifErrorKind::MissingColon)?;
    let value = match rest {
        [b':', b':', encoded @ ..] => base64::decode(encoded.trim_ascii()).ok_or(LdifErrorKind::Base64)?,
        [b':', b'<', ..] => return Err(LdifErrorKind::Url),
        [_, plain @ ..] => text(plain)?,
        [] => return Err(LdifErrorKind::MissingColon),
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Ok(Pair { name, value })
}

/// A value as it is: text in UTF-8, though the specification wants ASCII, since that is what servers emit.
fn text(value: &[u8]) -> Result<Vec<u8>, LdifErrorKind> {
    let spaces = value.iter().take_while(|byte| **byte == b' ').count();
    let value = value.get(spaces..).unwrap_or_default();
    if value.contains(&0) || std::str::from_utf8(value).is_err() {
        return Err(LdifErrorKind::NotText);
    }
    Ok(value.to_vec())
}

/// Whether `name` could be an attribute description, the names with `_` that some servers have and the ranges
/// of Active Directory included.
fn is_description(name: &[u8]) -> bool {
    let legal =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b';' | b'=' | b'*');
    name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(legal)
}

fn skip_empty<R: BufRead>(lines: &mut Lines<R>) -> Result<(), LdifError> {
    while let Some(line) = lines.next()? {
        if !line.is_empty() {
            lines.push_back();
            break;
        }
    }
    Ok(())
}

fn skip_record<R: BufRead>(lines: &mut Lines<R>) -> Result<(), LdifError> {
    while pair(lines)?.is_some() {}
    Ok(())
}

/// The result of the search that wrote the file, which begins with `first`.
fn skip_result<R: BufRead>(lines: &mut Lines<R>, first: Pair) -> Result<(), LdifError> {
    let mut next = Some(first);
    while let Some(Pair { name, value }) = next {
        if name.eq_ignore_ascii_case("result") {
            let digits: String = value
                .iter()
                .map(|byte| char::from(*byte))
                .take_while(char::is_ascii_digit)
                .collect();
            match digits.parse() {
                Ok(0) => {}
                Ok(code) => return Err(lines.error(LdifErrorKind::CutShort(code))),
                Err(_) => return Err(lines.error(LdifErrorKind::MissingDn)),
            }
        }
        next = pair(lines)?;
    }
    Ok(())
}
