//! A replay cache in memory.

use std::{
    collections::{BTreeMap, HashSet},
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use adlib_core::UnixTime;

use super::{
    super::{Fresh, ReplayRecord},
    ReplayCache, ReplayError,
};

/// How many parts have a lock of their own.
const SHARDS: usize = 16;
/// Messages made within so many microseconds are remembered together.
const SLICE_MICROS: i64 = 125_000;
/// How much room a part takes at a time at most, so that threads seldom meet where it is counted.
const ROOM_AT_A_TIME: usize = 64;

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
    /// Room that no part has taken.
    room: AtomicUsize,
    /// When a full cache last dropped what had expired, in seconds.
    swept: Mutex<Option<i64>>,
    shards: [Shard; SHARDS],
}

/// What is remembered of a record: its first 16 bytes ([`ReplayRecord`] says which these are). The same message has always
/// the same, and a new one those of another with the odds of a forged HMAC.
type Known = [u64; 2];

/// The records whose first byte falls into one part, in a line of the processor's cache that no other part shares.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(Mutex<Records>);

/// By when the clients made the messages, in slices of time: a message that comes again is looked for among those of its
/// own slice. Nearly all that come were made just now, so that memory is used that was used a moment ago, however many
/// are remembered.
#[derive(Debug, Default)]
struct Records {
    slices: BTreeMap<i64, Slice>,
    /// How many more there may be.
    room: usize,
}

/// The records of messages that were made at about the same time.
#[derive(Debug, Default)]
struct Slice {
    known: HashSet<Known>,
    /// The second in which the last of them expires.
    expires: i64,
}

impl MemoryReplayCache {
    /// Room for a thousand sign-ins a second, with the default tolerance and some 60 bytes each.
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
            room: AtomicUsize::new(capacity),
            swept: Mutex::new(None),
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
        self.insert(record, expires, now).or_else(|error| match error {
            // What has expired in the other parts makes room too.
            ReplayError::Full { .. } => {
                self.forget_expired(now);
                self.insert(record, expires, now)
            }
            error => Err(error),
        })
    }

    fn insert(&self, record: ReplayRecord, expires: UnixTime, now: UnixTime) -> Result<Fresh, ReplayError> {
        let (first, known) = known(record);
        let shard = self.shards.get(usize::from(first) % SHARDS);
        let full = ReplayError::Full {
            capacity: self.capacity,
        };
        // There is a shard for every byte.
        let mut records = lock(&shard.ok_or(full)?.0);
        let slice = record.client_time().micros().div_euclid(SLICE_MICROS);
        if !records.slices.contains_key(&slice) {
            self.release(records.forget_first(now));
        }
        let Records { slices, room } = &mut *records;
        let slice = slices.entry(slice).or_default();
        if slice.has_expired(now) {
            self.release(mem::take(slice).known.len());
        }
        if !slice.known.insert(known) {
            return Err(ReplayError::Replayed);
        }
        let Some(rest) = room.checked_sub(1).or_else(|| self.take_room()) else {
            slice.known.remove(&known);
            return Err(full);
        };
        *room = rest;
        slice.expires = slice.expires.max(expires.seconds());
        Ok(Fresh::inserted())
    }

    /// Room for the record at hand and, while there is plenty, for some more: for how many.
    fn take_room(&self) -> Option<usize> {
        let share = |room: usize| (room / 1024).clamp(1, ROOM_AT_A_TIME);
        let rest = |room: usize| room.checked_sub(share(room));
        let taken = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
        taken.ok().map(|room| share(room) - 1)
    }

    fn release(&self, forgotten: usize) {
        if forgotten > 0 {
            self.room.fetch_add(forgotten, Ordering::Relaxed);
        }
    }

    /// Once a second: whoever a full cache refuses costs it no more.
    fn forget_expired(&self, now: UnixTime) {
        let mut swept = lock(&self.swept);
        if *swept != Some(now.seconds()) {
            for shard in &self.shards {
                self.release(lock(&shard.0).forget_expired(now));
            }
            *swept = Some(now.seconds());
        }
    }
}

impl Records {
    /// Drop the slices in front that no clock within the tolerance accepts any more: how many records.
    fn forget_first(&mut self, now: UnixTime) -> usize {
        let mut forgotten = 0;
        while let Some(first) = self.slices.first_entry() {
            if !first.get().has_expired(now) {
                break;
            }
            forgotten += first.remove().known.len();
        }
        forgotten
    }

    /// Drop all of those slices.
    fn forget_expired(&mut self, now: UnixTime) -> usize {
        let mut forgotten = 0;
        self.slices.retain(|_, slice| {
            let expired = slice.has_expired(now);
            forgotten += if expired { slice.known.len() } else { 0 };
            !expired
        });
        forgotten
    }
}

impl Slice {
    /// In the second in which it expires, a record still counts.
    const fn has_expired(&self, now: UnixTime) -> bool {
        self.expires < now.seconds()
    }
}

/// Nothing in a section panics half-way: what a panicking thread left is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The first byte of `record`, and what is remembered.
fn known(record: ReplayRecord) -> (u8, Known) {
    let [first, ..] = *record.as_bytes();
    let (words, _) = record.as_bytes().as_chunks::<8>();
    let mut known = Known::default();
    for (known, word) in known.iter_mut().zip(words) {
        *known = u64::from_le_bytes(*word);
    }
    (first, known)
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
        let record = ReplayRecord::of(b"x", at(0));
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
        let made = [(b"a", at(0)), (b"b", at(5)), (b"c", at(10))];
        let insert = |name: &[u8; 1], now| {
            let (_, made) = made.iter().find(|(other, _)| *other == name).unwrap();
            cache.check_and_insert(ReplayRecord::of(name, *made), at(now + 10), at(now))
        };
        assert!(insert(b"a", 0).is_ok());
        assert!(insert(b"b", 5).is_ok());
        assert_eq!(insert(b"c", 10).unwrap_err(), ReplayError::Full { capacity: 2 });
        assert_eq!(insert(b"a", 10).unwrap_err(), ReplayError::Replayed);
        assert!(insert(b"c", 11).is_ok(), "the first has expired");
        assert_eq!(insert(b"b", 11).unwrap_err(), ReplayError::Replayed);
    }

    /// A16: what has expired is dropped, and counted, as others come.
    #[test]
    fn a16_memory_is_that_of_what_still_counts() {
        let cache = MemoryReplayCache::new();
        for second in 0..1000 {
            for number in 0..100_i64 {
                // Some clocks are ahead, and some behind.
                let made = at(second + number % 9 - 4);
                let record = ReplayRecord::of(&(second * 100 + number).to_be_bytes(), made);
                let expires = at(second + 10 + number % 4);
                cache.check_and_insert(record, expires, at(second)).unwrap();
            }
        }
        let (mut slices, mut records, mut room) = (0, 0, cache.room.load(Ordering::Relaxed));
        for shard in &cache.shards {
            let shard = lock(&shard.0);
            slices += shard.slices.len();
            records += shard
                .slices
                .values()
                .map(|slice| slice.known.len())
                .sum::<usize>();
            room += shard.room;
        }
        // At most 14 seconds of 100 count at a time, and some more stand behind one that does.
        assert!(records <= 2000, "{records}");
        assert!(slices <= 16 * 24, "{slices}");
        assert_eq!(records + room, cache.capacity);
    }

    /// A8: a message is looked for where it was remembered, whatever the time is.
    #[test]
    fn a08_slices_of_time_hide_no_message() {
        let cache = MemoryReplayCache::new();
        let made = [
            -1,
            0,
            1,
            SLICE_MICROS - 1,
            SLICE_MICROS,
            300_000_000,
            i64::MAX,
            i64::MIN,
        ];
        let records = made.map(|micros| ReplayRecord::of(b"the same end", UnixTime::from_micros(micros)));
        for now in [0, 100, 299] {
            let fresh = records.map(|record| cache.check_and_insert(record, at(300), at(now)).is_ok());
            // The end alone tells them apart from those of the same slice.
            let first = [true, true, false, false, true, true, true, true];
            assert_eq!(fresh, if now == 0 { first } else { [false; 8] }, "{now}");
        }
    }

    /// A16: from many threads too, never more than there is room for.
    #[test]
    fn a16_the_bound_holds_for_many_threads() {
        let cache = MemoryReplayCache::with_capacity(100);
        let insert = |thread: u64| {
            let records =
                (0..50).map(|number: u64| ReplayRecord::of(&(thread << 32 | number).to_be_bytes(), at(0)));
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
