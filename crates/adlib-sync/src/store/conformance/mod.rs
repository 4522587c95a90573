//! What every implementation of a store must do, as a function that any of them can run.

mod blocks;
mod check;
mod runs;
mod sample;
mod users;

use blocks::{a_name_uses_up_no_block, blocks_survive, blocks_survive_adoption, blocks_survive_deletion};
use runs::{cursors_come_last, one_run_at_a_time, revisions_tell_states_apart, silent_runs_lose_their_turn};
use users::{
    deleting_takes_memberships_along, names_are_unique, operations_are_idempotent, others_are_protected,
    updates_compare_before_they_set, users_are_found, what_is_created_is_loaded,
};

use super::{Origin, Store};

/// Where the stores under test come from.
pub trait Fixture: Sync {
    /// The store.
    type Store: Store;

    /// An empty store of its own.
    fn empty(&self) -> impl Future<Output = Self::Store> + Send;

    /// Give `store` a user whom no directory brought in.
    fn add_local(&self, store: &Self::Store, name: &str, origin: Origin) -> impl Future<Output = ()> + Send;

    /// Block the user of this name as an administrator of the application does, or lift the block.
    fn set_blocked(&self, store: &Self::Store, name: &str, blocked: bool) -> impl Future<Output = ()> + Send;

    /// Make the open run one that was silent for too long; `false` in a store where such a run keeps its turn.
    fn expire(&self, store: &Self::Store) -> impl Future<Output = bool> + Send;
}

/// A promise that a store does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise}: {found}")]
pub struct Nonconformance {
    /// What a store promises.
    pub promise: &'static str,
    /// What was found in place of it.
    pub found: String,
}

/// Run every check on the stores of `fixture`.
///
/// # Errors
/// The first promise that is not kept.
pub async fn conformance<F: Fixture>(fixture: &F) -> Result<(), Nonconformance> {
    what_is_created_is_loaded(fixture).await?;
    users_are_found(fixture).await?;
    operations_are_idempotent(fixture).await?;
    updates_compare_before_they_set(fixture).await?;
    names_are_unique(fixture).await?;
    others_are_protected(fixture).await?;
    blocks_survive(fixture).await?;
    blocks_survive_deletion(fixture).await?;
    a_name_uses_up_no_block(fixture).await?;
    blocks_survive_adoption(fixture).await?;
    deleting_takes_memberships_along(fixture).await?;
    one_run_at_a_time(fixture).await?;
    silent_runs_lose_their_turn(fixture).await?;
    cursors_come_last(fixture).await?;
    revisions_tell_states_apart(fixture).await
}

type Outcome = Result<(), Nonconformance>;
