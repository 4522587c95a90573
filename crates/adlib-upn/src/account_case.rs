//! Whether upper and lower case are one (R3).

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

/// How the account part of a name is compared (R3).
///
/// Active Directory ignores case. Some products do not, and require that a name is typed as it is registered.
///
/// ```
/// use adlib_upn::AccountCase;
///
/// assert!(AccountCase::Insensitive.same("Øyvind", "øYVIND"));
/// assert!(!AccountCase::Sensitive.same("ada", "Ada"));
/// assert_eq!("sensitive".parse(), Ok(AccountCase::Sensitive));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum AccountCase {
    /// As Active Directory does.
    #[default]
    Insensitive,
    /// Exactly as registered.
    Sensitive,
}

impl AccountCase {
    /// Whether two names are the same. Nothing is allocated.
    #[must_use]
    pub fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Insensitive if one.is_ascii() && other.is_ascii() => one.eq_ignore_ascii_case(other),
            Self::Insensitive => folded(one).eq(folded(other)),
            Self::Sensitive => one == other,
        }
    }
}

impl fmt::Display for AccountCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Insensitive => "insensitive",
            Self::Sensitive => "sensitive",
        })
    }
}

/// A text that names no way to compare.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `insensitive` nor `sensitive`")]
pub struct AccountCaseParseError(String);

impl FromStr for AccountCase {
    type Err = AccountCaseParseError;

    fn from_str(text: &str) -> Result<Self, AccountCaseParseError> {
        match text {
            "insensitive" => Ok(Self::Insensitive),
            "sensitive" => Ok(Self::Sensitive),
            _ => Err(AccountCaseParseError(text.to_owned())),
        }
    }
}

/// The normal form of a name, for keys: two names that are the same without case have the same one.
///
/// ```
/// assert_eq!(adlib_upn::normal_form("CORP.Example.com"), "corp.example.com");
/// ```
#[must_use]
pub fn normal_form(name: &str) -> String {
    folded(name).collect()
}

/// The characters of `text` in lower case.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(fold)
}

/// The lower case of `character`, if that is one character whose upper case leads back here.
///
/// One to one, there and back, in the Basic Multilingual Plane: dotless i, long s, sharp s and the Kelvin sign are
/// nobody's other case, and neither locale nor accents play a part. A name that Active Directory would find by a
/// looser comparison is a different name here. Only the final sigma, which has no upper case of its own, is a sigma.
fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    if character == 'ς' {
        return 'σ';
    }
    let lower = only(character.to_lowercase());
    let back = lower.and_then(|lower| only(lower.to_uppercase()));
    match lower {
        Some(lower) if back == Some(character) && u32::from(character) <= 0xffff => lower,
        _ => character,
    }
}

fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R3
    #[test]
    fn r03_pairs_of_one_letter_are_one() {
        for (one, other) in [
            ("ADA", "ada"),
            ("ZOË", "zoë"),
            ("ΙΩΆΝΝΗΣ", "Ιωάννης"),
            ("Ж", "ж"),
            ("Ǆ", "ǆ"),
        ] {
            assert!(AccountCase::Insensitive.same(one, other), "{one} {other}");
            assert!(!AccountCase::Sensitive.same(one, other), "{one} {other}");
        }
    }

    /// R3: what Windows keeps apart stays apart, and so do accents, width and composition.
    #[test]
    fn r03_what_is_no_pair_stays_apart() {
        for (one, other) in [
            ("\u{131}", "I"),
            ("\u{130}", "i"),
            ("\u{17f}", "S"),
            ("ß", "SS"),
            ("ß", "\u{1e9e}"),
            ("\u{212a}", "k"),
            ("Zoe", "Zoë"),
            ("Ａ", "A"),
            ("é", "e\u{301}"),
            ("\u{10400}", "\u{10428}"),
        ] {
            assert!(!AccountCase::Insensitive.same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn spellings_come_back() {
        for case in [AccountCase::Insensitive, AccountCase::Sensitive] {
            assert_eq!(std::format!("{case}").parse(), Ok(case));
        }
        assert!("Sensitive".parse::<AccountCase>().is_err());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_spells_as_display_does() {
        assert_eq!(
            serde_json::to_string(&AccountCase::Sensitive).unwrap(),
            "\"sensitive\""
        );
        assert_eq!(
            serde_json::from_str::<AccountCase>("\"insensitive\"").unwrap(),
            AccountCase::Insensitive
        );
    }

    proptest! {
        #[test]
        fn the_normal_form_is_normal(name in ".*", other in ".*") {
            let normal = normal_form(&name);
            prop_assert_eq!(&normal_form(&normal), &normal);
            prop_assert!(AccountCase::Insensitive.same(&name, &normal));
            prop_assert_eq!(AccountCase::Insensitive.same(&name, &other), normal == normal_form(&other));
        }
    }
}
