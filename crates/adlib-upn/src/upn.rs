//! The form `prefix@suffix`.

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

use crate::{
    AccountCase, NameError, NameRule,
    rules::{check_account, check_length, check_suffix, without_trailing_dot},
};

/// A user principal name as it was typed: `prefix@suffix`, both parts within the rules.
///
/// ```
/// use adlib_upn::{AccountCase, Upn};
///
/// let name: Upn = "Ada@Corp.Example.com".parse()?;
/// assert_eq!((name.prefix(), name.suffix()), ("Ada", "Corp.Example.com"));
/// assert!(name.same("ada@corp.example.com", AccountCase::Insensitive));
/// # Ok::<(), adlib_upn::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upn {
    prefix: String,
    suffix: String,
}

impl Upn {
    /// The name in `text`.
    ///
    /// The last `@` divides it, so that a second one is named as what it is: a character that the account part
    /// must not have. The dot of an absolute DNS name (`corp.example.com.`) is dropped.
    ///
    /// # Errors
    /// `MissingSuffix`, `TooLong`, or a rule that prefix or suffix breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_length(text)?;
        let end = text.chars().count() + 1;
        let (prefix, suffix) = text
            .rsplit_once('@')
            .ok_or(NameRule::MissingSuffix.broken_at(end))?;
        check_account(prefix, 1)?;
        check_suffix(suffix, prefix.chars().count() + 2)?;
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: without_trailing_dot(suffix).to_owned(),
        })
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stands behind the `@`, without a trailing dot.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Whether `registered`, the `userPrincipalName` of an entry, is this name: the suffix whatever its case, the
    /// prefix by `case`.
    #[must_use]
    pub fn same(&self, registered: &str, case: AccountCase) -> bool {
        registered.rsplit_once('@').is_some_and(|(prefix, suffix)| {
            case.same(prefix, &self.prefix)
                && AccountCase::Insensitive.same(without_trailing_dot(suffix), &self.suffix)
        })
    }
}

impl fmt::Display for Upn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.prefix, self.suffix)
    }
}

impl FromStr for Upn {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}
