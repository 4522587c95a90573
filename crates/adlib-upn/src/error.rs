//! What is wrong with a name.

use core::fmt;

use crate::rules::is_printable;

/// A name that breaks a rule: which rule, which character, and where.
///
/// ```
/// use adlib_upn::{LogonName, NameRule};
///
/// let error = LogonName::parse("ada lovelace@corp.example.com").unwrap_err();
/// assert_eq!(error.rule, NameRule::Space);
/// assert_eq!((error.character, error.position), (Some(' '), 4));
/// assert_eq!(error.reason(), "space");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameError {
    /// The rule that the name breaks.
    pub rule: NameRule,
    /// The character that breaks it; `None` where one is missing.
    pub character: Option<char>,
    /// Where that character stands, or should: counted in characters, the first one is 1.
    pub position: usize,
}

/// The rules for names (R2, and RFC 1123 2.1 for suffixes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NameRule {
    /// The account part has at least one character.
    #[error("the account name is missing")]
    EmptyAccount,
    /// There is no space.
    #[error("a space is not allowed")]
    Space,
    /// None of `/ \ [ ] : ; | = , + * ? < > @ " &` stands in the account part.
    #[error("not allowed in an account name")]
    ForbiddenCharacter,
    /// Every character can be printed: no control, blank, format or private-use character.
    #[error("not a printable character")]
    NotPrintable,
    /// The whole name has at most [`MAX_NAME_CHARACTERS`](crate::MAX_NAME_CHARACTERS).
    #[error("the name is too long")]
    TooLong,
    /// A name that is to be resolved has an `@` and a suffix.
    #[error("the `@` and the suffix are missing")]
    MissingSuffix,
    /// `DOMAIN\user` is not admitted.
    #[error("a name of the form DOMAIN\\user is not accepted")]
    DownLevelName,
    /// There is a domain before the `\`.
    #[error("the domain before the `\\` is missing")]
    EmptyDomain,
    /// There is a suffix behind the `@`.
    #[error("the suffix is missing")]
    EmptySuffix,
    /// There is something between any two dots of the suffix, and before the first.
    #[error("a part of the suffix is missing")]
    EmptyLabel,
    /// A suffix is made of letters, digits, `-`, `_` and dots.
    #[error("not allowed in a suffix")]
    SuffixCharacter,
    /// No part of the suffix begins or ends with a hyphen.
    #[error("a part of a suffix neither begins nor ends with a hyphen")]
    LabelHyphen,
    /// No part of the suffix exceeds [`MAX_LABEL_BYTES`](crate::MAX_LABEL_BYTES).
    #[error("this part of the suffix is too long")]
    LabelTooLong,
    /// The suffix does not exceed [`MAX_SUFFIX_BYTES`](crate::MAX_SUFFIX_BYTES).
    #[error("the suffix is too long")]
    SuffixTooLong,
}

impl NameRule {
    /// The rule in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::EmptyAccount => "empty-account",
            Self::Space => "space",
            Self::ForbiddenCharacter => "forbidden-character",
            Self::NotPrintable => "not-printable",
            Self::TooLong => "too-long",
            Self::MissingSuffix => "missing-suffix",
            Self::DownLevelName => "down-level-name",
            Self::EmptyDomain => "empty-domain",
            Self::EmptySuffix => "empty-suffix",
            Self::EmptyLabel => "empty-label",
            Self::SuffixCharacter => "suffix-character",
            Self::LabelHyphen => "label-hyphen",
            Self::LabelTooLong => "label-too-long",
            Self::SuffixTooLong => "suffix-too-long",
        }
    }

    /// This rule, broken by `character` at `position`.
    pub(crate) const fn broken_by(self, character: char, position: usize) -> NameError {
        NameError {
            rule: self,
            character: Some(character),
            position,
        }
    }

    /// This rule, broken by nothing standing at `position`.
    pub(crate) const fn broken_at(self, position: usize) -> NameError {
        NameError {
            rule: self,
            character: None,
            position,
        }
    }
}

impl NameError {
    /// The broken rule in kebab-case, for logs and machines.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.rule.reason()
    }
}

impl core::error::Error for NameError {}

impl fmt::Display for NameError {
    /// A character that cannot be printed is named by its code point, so that the message can be shown anywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}", self.position)?;
        match self.character {
            Some(' ') | None => {}
            Some(character) => write!(f, ", {}", Named(character))?,
        }
        write!(f, ": {}", self.rule)
    }
}

/// A character by its name for a person: as it is if it can be printed, else by its code point.
pub(crate) struct Named(pub(crate) char);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            character if is_printable(character) => write!(f, "`{character}`"),
            character => write!(f, "U+{:04X}", u32::from(character)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// A47
    #[test]
    fn a47_a_message_holds_nothing_that_a_terminal_obeys() {
        for character in ['\0', '\u{1b}', '\u{202e}', '\u{e000}', '\u{a0}'] {
            let message = NameRule::NotPrintable.broken_by(character, 7).to_string();
            assert!(message.is_ascii() && !message.contains(character), "{message:?}");
        }
        assert_eq!(
            NameRule::NotPrintable.broken_by('\u{202e}', 7).to_string(),
            "character 7, U+202E: not a printable character"
        );
        assert_eq!(
            NameRule::EmptySuffix.broken_at(5).to_string(),
            "character 5: the suffix is missing"
        );
    }
}
