//! The rules that names keep to (R2, RFC 1123 2.1).

use crate::{NameError, NameRule, format_character::is_format_character};

/// The longest name, in characters: what Active Directory admits in `userPrincipalName` (its `rangeUpper`).
pub const MAX_NAME_CHARACTERS: usize = 1024;
/// The longest suffix without its trailing dot, in bytes (RFC 1035 2.3.4).
pub const MAX_SUFFIX_BYTES: usize = 253;
/// The longest part of a suffix, in bytes (RFC 1035 2.3.4).
pub const MAX_LABEL_BYTES: usize = 63;

/// What the account part of a name must not contain, besides the space (R2).
const FORBIDDEN: &str = "/\\[]:;|=,+*?<>@\"&";

/// Whether `character` leaves a mark on paper. Code points that Unicode has not assigned yet are given the benefit.
pub(crate) fn is_printable(character: char) -> bool {
    let private_use = matches!(
        character,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}'
    );
    character == ' '
        || !(character.is_control()
            || character.is_whitespace()
            || private_use
            || is_format_character(character))
}

/// That `text` is not so long that nobody would want it looked at.
pub(crate) fn check_length(text: &str) -> Result<(), NameError> {
    match text.chars().nth(MAX_NAME_CHARACTERS) {
        None => Ok(()),
        Some(character) => Err(NameRule::TooLong.broken_by(character, MAX_NAME_CHARACTERS + 1)),
    }
}

/// That `account`, which begins at `position`, can be the account part of a name.
pub(crate) fn check_account(account: &str, position: usize) -> Result<(), NameError> {
    if account.is_empty() {
        return Err(NameRule::EmptyAccount.broken_at(position));
    }
    check_characters(account, position, |character| {
        FORBIDDEN
            .contains(character)
            .then_some(NameRule::ForbiddenCharacter)
    })
}

/// That `suffix`, which begins at `position`, can be a DNS name. A trailing dot is allowed; a name in other than
/// ASCII letters is taken as it stands, Punycode or not.
pub(crate) fn check_suffix(suffix: &str, position: usize) -> Result<(), NameError> {
    let suffix = without_trailing_dot(suffix);
    if suffix.is_empty() {
        return Err(NameRule::EmptySuffix.broken_at(position));
    }
    if let Some((excess, character)) = excess(suffix, MAX_SUFFIX_BYTES) {
        return Err(NameRule::SuffixTooLong.broken_by(character, position + excess));
    }
    let mut position = position;
    for label in suffix.split('.') {
        check_label(label, position)?;
        position += label.chars().count() + 1;
    }
    Ok(())
}

fn check_label(label: &str, position: usize) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameRule::EmptyLabel.broken_at(position));
    }
    check_characters(label, position, |character| {
        let letter = character.is_ascii_alphanumeric() || !character.is_ascii();
        (!letter && !matches!(character, '-' | '_')).then_some(NameRule::SuffixCharacter)
    })?;
    if let Some((excess, character)) = excess(label, MAX_LABEL_BYTES) {
        return Err(NameRule::LabelTooLong.broken_by(character, position + excess));
    }
    if label.starts_with('-') {
        return Err(NameRule::LabelHyphen.broken_by('-', position));
    }
    if label.ends_with('-') {
        return Err(NameRule::LabelHyphen.broken_by('-', position + label.chars().count() - 1));
    }
    Ok(())
}

/// That each character can be printed, is no space, and breaks no rule of `broken`.
fn check_characters(
    text: &str,
    position: usize,
    broken: impl Fn(char) -> Option<NameRule>,
) -> Result<(), NameError> {
    for (index, character) in text.chars().enumerate() {
        let rule = match character {
            ' ' => Some(NameRule::Space),
            _ if !is_printable(character) => Some(NameRule::NotPrintable),
            _ => broken(character),
        };
        if let Some(rule) = rule {
            return Err(rule.broken_by(character, position + index));
        }
    }
    Ok(())
}

/// The first character that ends beyond `limit` bytes, and how many stand before it.
fn excess(text: &str, limit: usize) -> Option<(usize, char)> {
    let ends_beyond = |(at, character): (usize, char)| at + character.len_utf8() > limit;
    let index = text.char_indices().position(ends_beyond)?;
    text.chars().nth(index).map(|character| (index, character))
}

/// An absolute DNS name is the same name.
pub(crate) fn without_trailing_dot(suffix: &str) -> &str {
    suffix.strip_suffix('.').unwrap_or(suffix)
}
