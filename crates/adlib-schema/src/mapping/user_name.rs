//! What an application calls its users by.

use std::str::FromStr;

use crate::record::User;

/// The longest fully qualified name, in characters.
const MAX_QUALIFIED: usize = 50;

/// Which of a user's names is the user name.
///
/// Where several domains have clashing account names, the UPN tells their users apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UserName {
    /// The account name.
    #[default]
    Account,
    /// The user principal name.
    Upn,
}

impl UserName {
    /// The name of `user`; `None` for a user who has no UPN.
    ///
    /// ```
    /// use adlib_schema::{UserName, record::{Key, User}};
    ///
    /// let user = User::new(Key::new("1"), "CN=Ada", "corp.example.com", "ada");
    /// assert_eq!(UserName::Account.of(&user), Some("ada"));
    /// assert_eq!(UserName::Upn.of(&user), None);
    /// ```
    #[must_use]
    pub fn of(self, user: &User) -> Option<&str> {
        match self {
            Self::Account => Some(&user.account),
            Self::Upn => user.upn.as_deref(),
        }
    }

    /// Why `user` cannot be called by this name.
    pub(super) fn objection(self, user: &User) -> Option<String> {
        match (self, &user.upn) {
            (Self::Account, _) => None,
            (Self::Upn, None) => Some("has no user principal name to be called by".to_owned()),
            (Self::Upn, Some(upn)) => {
                let length = upn.chars().count();
                let too_long = length > MAX_QUALIFIED;
                too_long.then(|| {
                    format!("has a user principal name of {length} characters; at most {MAX_QUALIFIED} fit")
                })
            }
        }
    }
}

/// A text that names no kind of user name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of user name; expected account or upn")]
pub struct UserNameError(String);

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        match text {
            "account" => Ok(Self::Account),
            "upn" => Ok(Self::Upn),
            _ => Err(UserNameError(text.chars().take(80).collect())),
        }
    }
}
