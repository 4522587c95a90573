//! A replay cache in memory.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    vec::Vec,
};

use adlib_core::UnixTime;

use super::{
    super::{Fresh, ReplayRecord},
    ReplayCache, ReplayError,
};

/// How many parts have a lock of their own.
const SHARDS: usize = 16;

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
    count: AtomicUsize,
    shards: [Mutex<Records>; SHARDS],
}

/// What is remembered of a record: its first 16 bytes ([`ReplayRecord`] says which these are). The same message has always
/// the same, and a new one those of another with the odds of a forged HMAC.
type Known = u128;

/// The records whose first byte falls into one part, in lines of the processor's cache that no other part shares.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Records {
    known: HashSet<Known>,
    /// By the second in which they expire: those of a second go together.
    by_expiry: BTreeMap<i64, Vec<Known>>,
}

impl MemoryReplayCache {
    /// Room for a thousand sign-ins a second, with the default tolerance and some 80 bytes each.
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
            count: AtomicUsize::new(0),
            shards: Default::default(),
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
        self.insert(record, expires, now, false)
            .or_else(|error| match error {
                // What has expired in the other parts makes room too.
                ReplayError::Full { .. } => {
                    self.forget_expired(now);
                    self.insert(record, expires, now, true)
                }
                error => Err(error),
            })
    }

    fn insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
        swept: bool,
    ) -> Result<Fresh, ReplayError> {
        let (first, known) = known(record);
        let shard = self.shards.get(usize::from(first) % SHARDS);
        let full = ReplayError::Full {
            capacity: self.capacity,
        };
        // There is a shard for every byte.
        let shard = shard.ok_or(full)?;
        // Nothing in the section panics half-way: what a panicking thread left is whole.
        let mut records = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if !swept {
            self.release(records.forget_expired(now));
        }
        if !records.known.insert(known) {
            return Err(ReplayError::Replayed);
        }
        let reserve = |count: usize| (count < self.capacity).then(|| count + 1);
        let reserved = self
            .count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve);
        if reserved.is_err() {
            records.known.remove(&known);
            return Err(full);
        }
        let second = records.by_expiry.entry(expires.seconds()).or_default();
        second.push(known);
        Ok(Fresh::inserted())
    }

    fn forget_expired(&self, now: UnixTime) {
        for shard in &self.shards {
            let mut records = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.release(records.forget_expired(now));
        }
    }

    fn release(&self, records: usize) {
        self.count.fetch_sub(records, Ordering::Relaxed);
    }
}

impl Default for MemoryReplayCache {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplayCache for MemoryReplayCache {
    fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Result<Fresh, ReplayError> {
        Self::check_and_insert(self, record, expires, now)
    }
}

impl Records {
    /// Drop what no clock within the tolerance accepts any more: in the second in which it expires, a record still counts.
    /// How many.
    fn forget_expired(&mut self, now: UnixTime) -> usize {
        let mut forgotten = 0;
        while let Some(second) = self.by_expiry.first_entry() {
            if *second.key() >= now.seconds() {
                break;
            }
            let expired = second.remove();
            forgotten += expired.len();
            for known in expired {
                self.known.remove(&known);
            }
        }
        forgotten
    }
}

/// The first byte of `record`, and what is remembered.
fn known(record: ReplayRecord) -> (u8, Known) {
    let [first, ..] = *record.as_bytes();
    let half = record.as_bytes().first_chunk();
    (first, half.map_or(0, |half| Known::from_le_bytes(*half)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{thread, vec::Vec};

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    /// A7, A8
    #[test]
    fn conforms() {
        let cache = MemoryReplayCache::new();
        super::super::conformance(&|record, expires, now| cache.check_and_insert(record, expires, now));
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

    /// A16: from many threads too, never more than there is room for.
    #[test]
    fn a16_the_bound_holds_for_many_threads() {
        let cache = MemoryReplayCache::with_capacity(100);
        let insert = |thread: u64| {
            let records = (0..50).map(|number: u64| ReplayRecord::of(&(thread << 32 | number).to_be_bytes()));
            records
                .filter(|record| cache.check_and_insert(*record, at(10), at(0)).is_ok())
                .count()
        };
        let accepted: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || insert(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(accepted, 100);
    }
}
