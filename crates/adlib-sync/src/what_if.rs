//! What difference other options make.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    ManualRun, Plan, Rejection, Snapshot, Sources, SyncOptions,
    guard::GuardLimits,
    merge,
    store::{DigestKey, Origin, Revision, StoreState, StoredUser, UserId},
};

/// What other options would change in the user list that the present ones make.
///
/// It reads as a plan does, and cannot be applied.
#[derive(Debug)]
pub struct WhatIf(Plan);

impl WhatIf {
    /// The difference as a plan: whom the other options bring in, change, or leave out and why.
    #[must_use]
    pub const fn difference(&self) -> &Plan {
        &self.0
    }

    /// Whether the options make none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for WhatIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for WhatIf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Compare the user lists that two sets of options make of the same sources.
///
/// # Errors
/// `Incomplete` when a source was not read to its end; `UnknownScope` when either scope names what no source has.
pub fn what_if<'a>(
    sources: impl Into<Sources<'a>>,
    present: &SyncOptions,
    other: &SyncOptions,
) -> Result<WhatIf, Rejection> {
    let sources = sources.into();
    let state = state_of(&merge(sources, present)?);
    let mut other = other.clone();
    other.import_new = true;
    other.remove_left_scope = true;
    other.remove_disabled = true;
    // Nothing is going to happen that would have to be stopped.
    other.guard = GuardLimits {
        max_deletes: usize::MAX,
        max_scope_removals: usize::MAX,
        max_membership_removals: usize::MAX,
        max_blanked: usize::MAX,
        max_shrink: usize::MAX,
        only_above: usize::MAX,
        ..other.guard
    };
    let trigger = ManualRun::default().deleting_missing().into();
    Ok(WhatIf(Plan::of(
        &merge(sources, &other)?,
        &state,
        &other,
        &trigger,
    )))
}

/// A store that is just as the snapshot wants it.
fn state_of(snapshot: &Snapshot) -> StoreState {
    // Nobody compares this state's revision or digests with another's.
    let mut state = StoreState::new(Revision::new("what-if"), DigestKey::new([0; 32]));
    for group in snapshot.groups() {
        state.push_group(group.clone());
    }
    for wanted in snapshot.users() {
        let user = state.push_user(&StoredUser {
            id: UserId::new(wanted.name.as_str()),
            name: wanted.name,
            origin: Origin::Directory(wanted.links),
            enabled: wanted.enabled,
            blocked: false,
            details: wanted.details,
        });
        for group in wanted.groups {
            state.push_membership(user, group);
        }
    }
    state
}
