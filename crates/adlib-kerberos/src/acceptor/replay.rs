//! A replay cache in memory.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, PoisonError},
};

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
        /// How many records there are.
        capacity: usize,
    },
}

impl ReplayError {
    /// The variant's name in kebab case: stable, for logs and tools.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Full { .. } => "replay-cache-full",
        }
    }
}

/// The records of the messages that were accepted, for one process.
///
/// ```
/// use adlib_core::UnixTime;
/// use adlib_kerberos::{MemoryReplayCache, PendingReplay};
///
/// fn accept(pending: PendingReplay<'_>, cache: &MemoryReplayCache, now: UnixTime) -> Option<String> {
///     let fresh = cache.check_and_insert(pending.record(), pending.expires(), now).ok()?;
///     Some(pending.accept(fresh).client().to_string())
/// }
/// ```
#[derive(Debug)]
pub struct MemoryReplayCache {
    capacity: usize,
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    known: HashSet<ReplayRecord>,
    by_expiry: BTreeSet<(UnixTime, ReplayRecord)>,
}

impl MemoryReplayCache {
    /// Room for a thousand sign-ins a second, with the default tolerance and some 150 bytes each.
    const DEFAULT_CAPACITY: usize = 600_000;

    /// A cache with room for some hundred thousand messages.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(Self::DEFAULT_CAPACITY)
    }

    /// A cache with room for `capacity` messages. Memory is taken as they come.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            records: Mutex::default(),
        }
    }

    /// Insert `record` until `expires`, if it is not there; in one step, whatever other threads do.
    ///
    /// # Errors
    /// `Replayed` when it is there, `Full` when there is no room for it.
    pub fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Result<Fresh, ReplayError> {
        // Nothing in the section panics half-way: what a panicking thread left is whole.
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.forget_expired(now);
        if records.known.contains(&record) {
            return Err(ReplayError::Replayed);
        }
        if records.known.len() >= self.capacity {
            return Err(ReplayError::Full {
                capacity: self.capacity,
            });
        }
        records.known.insert(record);
        records.by_expiry.insert((expires, record));
        Ok(Fresh::inserted())
    }
}

impl Default for MemoryReplayCache {
    fn default() -> Self {
        Self::new()
    }
}

impl Records {
    /// Drop what no clock within the tolerance accepts any more: at its last second a record still counts.
    fn forget_expired(&mut self, now: UnixTime) {
        while let Some((expires, record)) = self.by_expiry.first().copied() {
            if expires >= now {
                break;
            }
            self.by_expiry.pop_first();
            self.known.remove(&record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{thread, vec::Vec};

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    /// A8
    #[test]
    fn a08_a_record_counts_until_its_last_moment() {
        let cache = MemoryReplayCache::new();
        let record = ReplayRecord::of(b"x");
        assert!(cache.check_and_insert(record, at(100), at(0)).is_ok());
        for now in [0, 99, 100] {
            let replayed = cache.check_and_insert(record, at(100), at(now));
            assert_eq!(replayed.unwrap_err(), ReplayError::Replayed);
        }
        assert!(cache.check_and_insert(record, at(200), at(101)).is_ok());
    }

    /// A16
    #[test]
    fn a16_a_full_cache_refuses_and_forgets_nothing() {
        let cache = MemoryReplayCache::with_capacity(2);
        let insert = |name: &[u8], now| cache.check_and_insert(ReplayRecord::of(name), at(now + 10), at(now));
        assert!(insert(b"a", 0).is_ok());
        assert!(insert(b"b", 5).is_ok());
        assert_eq!(insert(b"c", 10).unwrap_err(), ReplayError::Full { capacity: 2 });
        assert_eq!(insert(b"a", 10).unwrap_err(), ReplayError::Replayed);
        assert!(insert(b"c", 11).is_ok(), "the first has expired");
        assert_eq!(insert(b"b", 11).unwrap_err(), ReplayError::Replayed);
    }

    /// A7
    #[test]
    fn a07_of_many_threads_one_is_first() {
        let cache = MemoryReplayCache::new();
        let record = ReplayRecord::of(b"x");
        let accepted = thread::scope(|scope| {
            let insert = || cache.check_and_insert(record, at(100), at(0)).is_ok();
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(insert)).collect();
            let results = threads.into_iter().map(|thread| thread.join().unwrap());
            results.filter(|accepted| *accepted).count()
        });
        assert_eq!(accepted, 1);
    }
}
