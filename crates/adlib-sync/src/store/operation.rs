//! The single steps of a run.

use adlib_core::Sid;

use super::{StoredGroup, UserId};
use crate::{Change, Details, Field, Link, Links};

/// One step of a run. Each carries what it starts from, so that a store can tell that it was changed meanwhile.
///
/// A store that does not know a kind of step must not compile: the list is exhaustive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Take the user who stands for an entry out of a group.
    RemoveMembership {
        /// An entry of the user.
        user: Link,
        /// The group.
        group: Link,
    },
    /// Delete a user with the user's memberships.
    DeleteUser {
        /// The user.
        user: UserId,
        /// The entries that the user stands for.
        links: Links,
    },
    /// Delete a group with its memberships.
    DeleteGroup {
        /// The group.
        group: Link,
    },
    /// Change fields of a user, all or none of them.
    UpdateUser {
        /// The user.
        user: UserId,
        /// The fields.
        changes: Vec<Change>,
    },
    /// Create a group.
    CreateGroup(StoredGroup),
    /// Give a group other names.
    UpdateGroup {
        /// The group as it is.
        from: StoredGroup,
        /// The group as it will be.
        to: StoredGroup,
    },
    /// Create a user.
    CreateUser(NewUser),
    /// Put the user who stands for an entry into a group.
    AddMembership {
        /// An entry of the user.
        user: Link,
        /// The group.
        group: Link,
    },
}

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewUser {
    /// The entries that the user stands for.
    pub links: Links,
    /// The name.
    pub name: String,
    /// Whether the account may be used.
    pub enabled: bool,
    /// Everything else.
    pub details: Details,
    /// The security identifiers that the account had before, in other domains. They are not stored: by them a store
    /// knows whom it kept a block for ([`KeptBlock`](super::KeptBlock)).
    pub former_sids: Vec<Sid>,
    /// What a first sign-in makes of the user (R12), to be kept with the user; a synchronisation gives none.
    pub profile: Option<String>,
}

impl NewUser {
    /// A user without details, enabled.
    pub fn new(links: Links, name: impl Into<String>) -> Self {
        Self {
            links,
            name: name.into(),
            enabled: true,
            details: Details::default(),
            former_sids: Vec::new(),
            profile: None,
        }
    }

    /// The security identifiers that the account has or had.
    pub fn sids(&self) -> impl Iterator<Item = Sid> + '_ {
        self.details
            .sid
            .into_iter()
            .chain(self.former_sids.iter().copied())
    }
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done,
    /// There was nothing left to do.
    Already,
    /// The store is not what the operation starts from; nothing was done.
    Conflict(Conflict),
}

impl From<Result<Self, Conflict>> for Applied {
    fn from(outcome: Result<Self, Conflict>) -> Self {
        outcome.unwrap_or_else(Self::Conflict)
    }
}

/// How a store differs from what an operation starts from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// A value was changed meanwhile.
    #[error("`{0}` has another {1} than when the plan was made")]
    Moved(String, Field),
    /// The user does not come from a directory.
    #[error("`{0}` does not come from a directory")]
    Protected(String),
    /// The name belongs to another user.
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    /// The entry belongs to another user.
    #[error("the entry {0} stands for another user")]
    EntryTaken(Link),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoUser(String),
    /// There is no such group.
    #[error("there is no group {0}")]
    NoGroup(Link),
    /// The group has other names than when the plan was made.
    #[error("the group {0} was changed since the plan was made")]
    GroupMoved(Link),
}
