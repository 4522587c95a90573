//! A person who may sign in.

use std::fmt;

use adlib_core::{Secret, Sid, UnixTime};

use super::Key;

/// A user, as an application knows one.
///
/// Absent values are `None`; a value is never an empty string.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The lasting identity.
    pub key: Key,
    /// The security identifier, where the directory has them.
    pub sid: Option<Sid>,
    /// The identifiers that the account had before it was moved from other domains.
    pub sid_history: Vec<Sid>,
    /// The distinguished name, as the directory spells it.
    pub dn: String,
    /// The DNS name of the domain in lower case, from the `DC=` parts of the DN; empty when there are none.
    pub domain: String,
    /// The account name exactly as registered: `sAMAccountName`, `uid` or `cn`.
    pub account: String,
    /// The user principal name.
    pub upn: Option<String>,
    /// The name to show.
    pub full_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Further e-mail addresses (R25), without the first.
    pub other_emails: Vec<String>,
    /// The department.
    pub department: Option<String>,
    /// The office.
    pub office: Option<String>,
    /// Card numbers (R24): the primary one first.
    pub cards: Vec<String>,
    /// The home directory.
    pub home_directory: Option<String>,
    /// The PIN (R24).
    pub pin: Option<Pin>,
    /// Whether the account may be used.
    pub state: AccountState,
    /// The group that counts without being listed as `member`: the SID of the primary group on AD, the
    /// gidNumber as text on RFC 2307.
    pub primary_group: Option<String>,
}

impl User {
    /// A user without any details.
    #[must_use]
    pub fn new(
        key: Key,
        dn: impl Into<String>,
        domain: impl Into<String>,
        account: impl Into<String>,
    ) -> Self {
        Self {
            key,
            sid: None,
            sid_history: Vec::new(),
            dn: dn.into(),
            domain: domain.into(),
            account: account.into(),
            upn: None,
            full_name: None,
            email: None,
            other_emails: Vec::new(),
            department: None,
            office: None,
            cards: Vec::new(),
            home_directory: None,
            pin: None,
            state: AccountState::default(),
            primary_group: None,
        }
    }

    /// `domain\account`, or the account alone where there is no domain.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        super::group::qualified(&self.domain, &self.account)
    }
}

/// Whether an account may be used, as far as its attributes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountState {
    /// Not disabled.
    pub enabled: bool,
    /// When the account expires; `None` is never.
    pub expires: Option<UnixTime>,
    /// Since when the account is locked out; `None` is not locked.
    pub locked_since: Option<UnixTime>,
    /// Whether the password must be changed before the next sign-in.
    pub must_change_password: bool,
    /// Whether the password has expired.
    pub password_expired: bool,
}

impl Default for AccountState {
    /// Enabled, without any restriction.
    fn default() -> Self {
        Self {
            enabled: true,
            expires: None,
            locked_since: None,
            must_change_password: false,
            password_expired: false,
        }
    }
}

/// A PIN: digits only. It is never shown; a plan says that it changed and no more (R33).
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Secret<String>);

impl Pin {
    /// The PIN in `text`, or `None` when it is empty or holds anything but digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The digits. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}
