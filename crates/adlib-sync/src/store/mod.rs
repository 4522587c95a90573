//! The application's user list, as a sync sees it.

mod conformance;
mod cursor;
mod kept_block;
mod memory;
mod operation;
mod record;

pub use conformance::{Fixture, Nonconformance, conformance};
pub use cursor::{Cursor, Cursors};
pub use kept_block::KeptBlock;
pub use memory::{MemoryRun, MemoryStore, MemoryStoreError};
pub use operation::{Applied, Conflict, NewUser, Operation};
pub use record::{DigestKey, Origin, Revision, StoreState, StoredGroup, StoredUser, UserId, UserRef};

/// A user list that can be kept in step (design D10).
///
/// What an implementation promises, and [`conformance`] checks:
///
/// - Users have names that are unique without case ([`FoldedName`](crate::FoldedName)) at every moment. E-mail
///   addresses, card numbers and links are unique when a run has ended, not in the middle of it.
/// - A block that the application set ([`StoredUser::blocked`]) outlasts every run, also one that deletes the user: who
///   comes back is blocked ([`KeptBlock`]), until the application lifts the block.
/// - [`load`](Self::load) gives one consistent state, and its revision; whatever is changed later, by a run or by
///   the application, gives another revision.
/// - One run at a time: [`begin`](Self::begin) is refused while another run is open (A62). A run whose process
///   died does not stay open. Where a run that was silent for too long loses its turn to the next one, nothing that it
///   still tries takes effect.
/// - A run that is dropped without [`finish`](Run::finish) may leave all, some or none of its operations behind,
///   each of them whole.
/// - The cursors of the sources are stored by [`finish`](Run::finish) and by nothing else, so that no cursor is ahead of
///   the list. They are no part of the list: a new cursor gives no other revision. They can be large: some 1 KB a user
///   where runs go by changes, so that a store keeps them in pieces and gives them to who asks for them only.
pub trait Store: Sync {
    /// What can go wrong in this store.
    type Error: std::error::Error + Send + Sync + 'static;
    /// An open run.
    type Run: Run<Error = Self::Error>;

    /// Everything that the sync needs to know of the store.
    fn load(&self) -> impl Future<Output = Result<StoreState, Self::Error>> + Send;

    /// Where the reading of each source ended that the last finished run was made of.
    fn cursors(&self) -> impl Future<Output = Result<Cursors, Self::Error>> + Send;

    /// One user, for a sign-in. What is provided here loads everything: a store with an index does better.
    fn find(
        &self,
        wanted: UserRef<'_>,
    ) -> impl Future<Output = Result<Option<StoredUser>, Self::Error>> + Send {
        async move { Ok(self.load().await?.find(wanted)) }
    }

    /// Open a run for a plan that was made at `revision`.
    fn begin(
        &self,
        revision: &Revision,
    ) -> impl Future<Output = Result<Begin<Self::Run>, Self::Error>> + Send;
}

impl<S: Store + Send> Store for std::sync::Arc<S> {
    type Error = S::Error;
    type Run = S::Run;

    fn load(&self) -> impl Future<Output = Result<StoreState, Self::Error>> + Send {
        (**self).load()
    }

    fn cursors(&self) -> impl Future<Output = Result<Cursors, Self::Error>> + Send {
        (**self).cursors()
    }

    fn find(
        &self,
        wanted: UserRef<'_>,
    ) -> impl Future<Output = Result<Option<StoredUser>, Self::Error>> + Send {
        (**self).find(wanted)
    }

    fn begin(
        &self,
        revision: &Revision,
    ) -> impl Future<Output = Result<Begin<Self::Run>, Self::Error>> + Send {
        (**self).begin(revision)
    }
}

/// Whether a run may begin.
#[derive(Debug)]
pub enum Begin<R> {
    /// It may, and nobody else's until it ends.
    Open(R),
    /// Another run is open.
    Busy,
    /// The store is not what it was at the revision.
    Stale,
}

/// A run in a store: the only way in which a sync changes it.
pub trait Run: Send {
    /// What can go wrong in this store.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Apply one operation, whole or not at all.
    ///
    /// Applying the operation once more, with nothing between, changes nothing and gives [`Applied::Already`].
    fn apply(&mut self, operation: &Operation) -> impl Future<Output = Result<Applied, Self::Error>> + Send;

    /// End the run: everything that was applied lasts, and `cursors` are stored, all of them or none. The cursor of a
    /// source that they do not name stays as it is.
    fn finish(self, cursors: &Cursors) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
