//! User names as they compare: without case.

use std::fmt;

/// A user name or an e-mail address with its case folded away: two names that fold to the same are one name (R3, R29).
///
/// One character folds to one, by no locale, so that the form is the same wherever a store runs and what Windows
/// keeps apart (dotless i, sharp s, accents) stays apart.
///
/// ```
/// use adlib_sync::FoldedName;
///
/// assert_eq!(FoldedName::of("Ada"), FoldedName::of("ADA"));
/// assert_ne!(FoldedName::of("Zoe"), FoldedName::of("Zoë"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedName(Box<str>);

impl FoldedName {
    /// The folded form of `name`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(adlib_schema::normal_form(name).into())
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FoldedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R3
    #[test]
    fn r03_case_folds_and_nothing_else() {
        for (one, other) in [("ZOË", "zoë"), ("ΙΩΆΝΝΗΣ", "Ιωάννης"), ("Ж", "ж")] {
            assert_eq!(FoldedName::of(one), FoldedName::of(other));
        }
        for (one, other) in [
            ("\u{131}", "I"),
            ("ß", "SS"),
            ("\u{212a}", "k"),
            ("é", "e\u{301}"),
        ] {
            assert_ne!(FoldedName::of(one), FoldedName::of(other));
        }
    }
}
