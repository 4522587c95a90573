//! What was accepted before, wherever that is remembered (D8).

#[cfg(feature = "redis")]
mod redis;

use std::pin::Pin;

use adlib_core::UnixTime;
use adlib_kerberos::{Fresh, MemoryReplayCache, ReplayError, ReplayRecord};

#[cfg(feature = "redis")]
pub use self::redis::{RedisReplayCache, RedisReplayError};

/// Remembers the messages that were accepted, for as long as they could come again.
///
/// For one process [`MemoryReplayCache`] is enough. Application servers that share a service principal must share their
/// records too: what one of them accepted can be sent to another.
pub trait ReplayCache: Send + Sync {
    /// Insert `record` until `expires`, if it is not there; in one step, whoever else does so at the same time.
    ///
    /// An implementation says [`Fresh::danger_unchecked`] when it has inserted the record.
    ///
    /// # Errors
    /// `Replayed` when it is there, `Full` when there is no room for it, `Unavailable` when nobody knows.
    fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Pin<Box<dyn Future<Output = Result<Fresh, ReplayError>> + Send + '_>>;
}

impl ReplayCache for MemoryReplayCache {
    fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Pin<Box<dyn Future<Output = Result<Fresh, ReplayError>> + Send + '_>> {
        let verdict = Self::check_and_insert(self, record, expires, now);
        Box::pin(std::future::ready(verdict))
    }
}
