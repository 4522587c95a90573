//! The items of a plan.

use crate::{
    Change, Field, Links,
    absence::Gone,
    store::{NewUser, StoredGroup, UserId},
};

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Create {
    /// The user.
    pub user: NewUser,
    /// Whether the store has another user of this name, deleted in the same run: the account was created anew, and
    /// may be another person's (R35).
    pub is_recreated: bool,
}

/// A user to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Update {
    /// The user.
    pub id: UserId,
    /// The name in the store.
    pub user: String,
    /// The fields.
    pub changes: Vec<Change>,
}

impl Update {
    /// The name before and after, if it changes.
    #[must_use]
    pub fn rename(&self) -> Option<(&str, &str)> {
        let change = self.changes.iter().find(|change| change.field == Field::Name)?;
        match (&change.from, &change.to) {
            (crate::Value::Text(from), crate::Value::Text(to)) => Some((from, to)),
            _ => None,
        }
    }
}

/// A user to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserRemoval {
    /// The user.
    pub id: UserId,
    /// The name in the store.
    pub user: String,
    /// The entries that the user stands for.
    pub links: Links,
    /// Why.
    pub reason: RemovalReason,
}

/// Why a user is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemovalReason {
    /// No source has the user any more, and here is the proof (I7).
    Gone(Gone),
    /// The user exists but left the scope, and the options remove such users.
    LeftScope,
    /// The user exists but is disabled, and the options remove such users.
    Disabled,
}

impl RemovalReason {
    /// The name of the reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Gone(_) => "gone",
            Self::LeftScope => "left-scope",
            Self::Disabled => "disabled",
        }
    }
}

/// A group to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupRemoval {
    /// The group.
    pub group: StoredGroup,
    /// The proof that no source has it any more.
    pub proof: Gone,
}

/// A group with other names than before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupUpdate {
    /// As it is in the store.
    pub from: StoredGroup,
    /// As it will be.
    pub to: StoredGroup,
}

/// A user of the store whom no source wants, and what this run does about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Unwanted {
    /// The user's name.
    pub user: String,
    /// Whether this run removes the user.
    pub is_removed: bool,
}

/// What a run removes. A scheduled one has no place for it (R31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Removals {
    Scheduled,
    Manual {
        users: Vec<UserRemoval>,
        groups: Vec<GroupRemoval>,
    },
}

impl Removals {
    pub(crate) fn users(&self) -> &[UserRemoval] {
        match self {
            Self::Scheduled => &[],
            Self::Manual { users, .. } => users,
        }
    }

    pub(crate) fn groups(&self) -> &[GroupRemoval] {
        match self {
            Self::Scheduled => &[],
            Self::Manual { groups, .. } => groups,
        }
    }
}
