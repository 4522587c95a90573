//! What the sources say together: the user list as it should be.

use std::collections::{HashMap, HashSet};

use crate::{
    Details, Field, FoldedName, HeldBack, Link, Links, Source, absence::Witnesses, store::StoredGroup,
};

/// The users and groups of all sources, merged (R29).
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) users: Vec<SnapshotUser>,
    pub(crate) groups: Vec<StoredGroup>,
    /// What became of every user entry that was read.
    pub(crate) standing: HashMap<Link, Standing>,
    /// Every group entry that was read, in scope or not.
    pub(crate) group_links: HashSet<Link>,
    pub(crate) held_back: Vec<HeldBack>,
    pub(crate) witnesses: Witnesses,
}

impl Snapshot {
    /// The users who are in scope, by name.
    #[must_use]
    pub fn users(&self) -> &[SnapshotUser] {
        &self.users
    }

    /// The groups in scope.
    #[must_use]
    pub fn groups(&self) -> &[StoredGroup] {
        &self.groups
    }

    /// The users whom the merge already holds back.
    #[must_use]
    pub fn held_back(&self) -> &[HeldBack] {
        &self.held_back
    }
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Part of the snapshot's user with this index.
    Wanted(usize),
    /// Disabled, and such users are not imported (R23).
    Disabled,
    /// Outside of the scope (R20).
    LeftScope,
    /// Held back (R36).
    HeldBack,
}

/// A user as the sources want it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotUser {
    /// The name.
    pub name: String,
    /// The entries that the user stands for.
    pub links: Links,
    /// Whether the account may be used.
    pub enabled: bool,
    /// Everything else.
    pub details: Details,
    /// The fields that the secondary source gave because the primary one had nothing.
    pub from_secondary: Vec<Field>,
    /// The groups that the user is in, nested ones included: indexes into [`Snapshot::groups`].
    pub groups: Vec<usize>,
}

impl SnapshotUser {
    /// The name as it compares.
    #[must_use]
    pub fn folded_name(&self) -> FoldedName {
        FoldedName::of(&self.name)
    }

    /// The source whose value of `field` won.
    #[must_use]
    pub fn winner(&self, field: Field) -> Source {
        if self.from_secondary.contains(&field) {
            Source::Secondary
        } else {
            self.links.owner().source
        }
    }
}
