//! The items of a plan.

use serde::Serialize;

use crate::{
    Change, Field, Links,
    absence::Gone,
    scope::ScopeReason,
    store::{NewUser, Origin, StoredGroup, UserId},
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
    /// Why the user is in scope.
    pub reason: ScopeReason,
}

/// Who a user of the store turned out to be (R35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// The same entry under the same name.
    Same,
    /// The same entry under another name.
    Renamed,
    /// Another entry of the same person: moved to another domain or directory, or another source was added or left.
    Moved,
    /// A local user that the options let a source take over.
    Adopted,
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
    /// Who the user turned out to be.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let entry = self.changes.iter().find(|change| change.field == Field::Entry);
        match entry.map(|change| &change.from) {
            Some(crate::Value::Origin(Origin::Directory(_))) => Identity::Moved,
            Some(_) => Identity::Adopted,
            None if self.rename().is_some() => Identity::Renamed,
            None => Identity::Same,
        }
    }

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
