//! What a user typed, taken apart (R1, R2).

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

use crate::{
    NameError, NameRule, Upn,
    rules::{check_account, check_length},
};

/// A logon name in one of the three forms that Windows knows.
///
/// ```
/// use adlib_upn::LogonName;
///
/// let LogonName::Upn(upn) = LogonName::parse("ada@corp.example.com")? else { panic!() };
/// assert_eq!(upn.suffix(), "corp.example.com");
/// let LogonName::DownLevel(name) = LogonName::parse(r"CORP\ada")? else { panic!() };
/// assert_eq!(name.parts()?, ("CORP", "ada"));
/// let LogonName::Bare(account) = LogonName::parse("ada")? else { panic!() };
/// assert_eq!(account.as_str(), "ada");
/// # Ok::<(), adlib_upn::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LogonName {
    /// `prefix@suffix`.
    Upn(Upn),
    /// `DOMAIN\user`, not yet held to any rule: it is a policy whether it is looked at at all.
    DownLevel(DownLevelName),
    /// An account name alone.
    Bare(AccountName),
}

impl LogonName {
    /// The name in `text`.
    ///
    /// A `@` makes it a user principal name; without one, a `\` makes it a down-level name.
    ///
    /// # Errors
    /// The first rule that the name breaks, with the character and its position.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_length(text)?;
        if text.contains('@') {
            return Upn::parse(text).map(Self::Upn);
        }
        if let Some((domain, account)) = text.split_once('\\') {
            return Ok(Self::DownLevel(DownLevelName {
                domain: domain.to_owned(),
                account: account.to_owned(),
            }));
        }
        AccountName::parse(text).map(Self::Bare)
    }

    /// The user principal name, the only form that tells a domain by its DNS name.
    ///
    /// # Errors
    /// `DownLevelName` or `MissingSuffix` for the other forms.
    pub fn upn(&self) -> Result<&Upn, NameError> {
        match self {
            Self::Upn(upn) => Ok(upn),
            Self::DownLevel(name) => {
                Err(NameRule::DownLevelName.broken_by('\\', name.domain.chars().count() + 1))
            }
            Self::Bare(account) => {
                Err(NameRule::MissingSuffix.broken_at(account.as_str().chars().count() + 1))
            }
        }
    }
}

impl FromStr for LogonName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for LogonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upn(upn) => upn.fmt(f),
            Self::DownLevel(name) => name.fmt(f),
            Self::Bare(account) => account.fmt(f),
        }
    }
}

/// A name of the form `DOMAIN\user`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DownLevelName {
    domain: String,
    account: String,
}

impl DownLevelName {
    /// Domain and account, held to the rules.
    ///
    /// # Errors
    /// `EmptyDomain`, or the first rule of R2 that either part breaks.
    pub fn parts(&self) -> Result<(&str, &str), NameError> {
        if self.domain.is_empty() {
            return Err(NameRule::EmptyDomain.broken_at(1));
        }
        check_account(&self.domain, 1)?;
        check_account(&self.account, self.domain.chars().count() + 2)?;
        Ok((&self.domain, &self.account))
    }
}

impl fmt::Display for DownLevelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\\{}", self.domain, self.account)
    }
}

/// An account name within the rules of R2.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(String);

impl AccountName {
    /// The account name that `text` is.
    ///
    /// # Errors
    /// The first rule that it breaks, with the character and its position.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_length(text)?;
        check_account(text, 1)?;
        Ok(Self(text.to_owned()))
    }

    /// The name as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
