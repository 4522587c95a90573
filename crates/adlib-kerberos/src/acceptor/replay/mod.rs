//! What came before.

use adlib_core::UnixTime;

use super::{Fresh, ReplayRecord};

/// Why a replay cache gave no [`Fresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The message came before.
    #[error("the message was accepted before")]
    Replayed,
    /// There is no room: nothing that must be remembered is forgotten for a newcomer (A16).
    #[error("the replay cache is full ({capacity} records)")]
    Full {
        /// How many records there can be.
        capacity: usize,
    },
    /// The cache cannot be asked, and so nobody knows.
    #[error("the replay cache does not answer")]
    Unavailable,
}

impl ReplayError {
    /// The variant's name in kebab case: stable, for logs and tools.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Full { .. } => "replay-cache-full",
            Self::Unavailable => "replay-cache-unavailable",
        }
    }
}

/// Remembers messages. The `conformance` function (feature `std`) says whether an implementation does.
pub trait ReplayCache: Send + Sync {
    /// Insert `record` until `expires`, if it is not there; in one step, whatever other threads do.
    ///
    /// An implementation says [`Fresh::danger_unchecked`] when it has inserted the record.
    ///
    /// # Errors
    /// `Replayed` when it is there, `Full` when there is no room for it, `Unavailable`.
    fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Result<Fresh, ReplayError>;
}

#[cfg(feature = "std")]
mod conformance;
#[cfg(feature = "std")]
mod memory;

#[cfg(feature = "std")]
pub use conformance::conformance;
#[cfg(feature = "std")]
pub use memory::MemoryReplayCache;
