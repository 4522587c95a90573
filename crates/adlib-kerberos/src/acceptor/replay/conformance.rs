//! What every replay cache must do.

use std::{thread, vec::Vec};

use adlib_core::UnixTime;

use super::{super::ReplayRecord, Fresh, ReplayError};

/// How many threads insert at once.
const THREADS: usize = 8;
/// How many records they insert.
const RECORDS: usize = 200;

/// Panics, with what is wrong, when `insert` is not what [`check_and_insert`](super::ReplayCache::check_and_insert) must
/// be. For tests: `insert` may block on an asynchronous cache, which must be empty and have room for some hundred
/// records.
///
/// ```
/// use adlib_kerberos::{MemoryReplayCache, conformance};
///
/// let cache = MemoryReplayCache::new();
/// conformance(&|record, expires, now| cache.check_and_insert(record, expires, now));
/// ```
///
/// # Panics
/// When a record is accepted twice, forgotten before it expires, kept from coming again afterwards, or mistaken for
/// another.
pub fn conformance(insert: &(dyn Fn(ReplayRecord, UnixTime, UnixTime) -> Result<Fresh, ReplayError> + Sync)) {
    let at = |seconds: i64| UnixTime::from_seconds(1_800_000_000 + seconds);
    let is_fresh = |name: &str, expires: i64, now: i64| {
        insert(ReplayRecord::of(name.as_bytes(), at(0)), at(expires), at(now)).map(|_| ())
    };
    assert_eq!(is_fresh("one", 300, 0), Ok(()), "a record that never came");
    assert_eq!(is_fresh("two", 300, 0), Ok(()), "another record");
    for now in [0, 1, 299, 300] {
        let again = is_fresh("one", 300, now);
        assert_eq!(again, Err(ReplayError::Replayed), "the same record {now} s later");
    }
    assert_eq!(is_fresh("one", 900, 600), Ok(()), "a record that has expired");
    assert_eq!(
        is_fresh("one", 900, 601),
        Err(ReplayError::Replayed),
        "inserted once more"
    );
    // A later expiry counts from the start: the client's clock is ahead.
    assert_eq!(is_fresh("ahead", 1200, 600), Ok(()), "dated ahead");
    assert_eq!(
        is_fresh("ahead", 1200, 1199),
        Err(ReplayError::Replayed),
        "dated ahead, replayed late"
    );

    let insert_all = || {
        let fresh = (0..RECORDS).map(|number| {
            let record = ReplayRecord::of(&number.to_be_bytes(), at(1300));
            usize::from(insert(record, at(2000), at(1300)).is_ok())
        });
        fresh.sum::<usize>()
    };
    let accepted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(insert_all)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(usize::MAX))
            .sum()
    });
    assert_eq!(
        accepted, RECORDS,
        "each of {RECORDS} records once, from {THREADS} threads"
    );
}
