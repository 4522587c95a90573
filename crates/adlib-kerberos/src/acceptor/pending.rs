//! A message that may be accepted if it comes for the first time.

use adlib_core::UnixTime;

use super::{Accepted, DecryptedApReq, accepted::Verdict};

/// What a replay cache remembers of a message: the end of its encrypted authenticator, and when it was made.
///
/// Only authenticated bytes are in it: who rewrites the names on the ticket gets the same record (A2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayRecord([u8; 32]);

impl ReplayRecord {
    /// How much of the end is in it. The HMAC is there; with RC4, which has it in front, bytes under a keystream that
    /// depends on it. So the same authenticator has no second spelling, and two of them one record with the odds of a
    /// forged HMAC.
    const END: usize = 24;

    /// The record of an encrypted authenticator that was made at `client_time`.
    pub(super) fn of(sealed_authenticator: &[u8], client_time: UnixTime) -> Self {
        let mut record = [0; 32];
        let (end, time) = record.split_at_mut(Self::END);
        // From behind: the HMAC first, in which any two differ.
        let last = sealed_authenticator.iter().rev();
        end.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
        time.copy_from_slice(&client_time.micros().to_be_bytes());
        Self(record)
    }

    /// When the client made the message, by its own clock. It is the same whenever the message comes: what a cache
    /// remembers can be put in order by it.
    #[must_use]
    pub fn client_time(&self) -> UnixTime {
        let time = self.0.last_chunk().copied().unwrap_or_default();
        UnixTime::from_micros(i64::from_be_bytes(time))
    }

    /// The bytes to remember.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The word of a replay cache that a record was not in it, and is now.
#[derive(Debug)]
pub struct Fresh(());

impl Fresh {
    /// Only a cache that has just inserted a record says this.
    #[cfg(feature = "std")]
    pub(super) const fn inserted() -> Self {
        Self(())
    }

    /// Accept a message without having asked a cache of this crate: whoever listens to the network can then send it a
    /// second time, unless the caller keeps the records elsewhere.
    #[must_use]
    pub const fn danger_unchecked() -> Self {
        Self(())
    }
}

/// A message with nothing wrong, but it may have come before.
#[derive(Debug)]
#[must_use = "nobody is accepted before a replay cache was asked"]
pub struct PendingReplay<'b> {
    message: DecryptedApReq<'b>,
    verdict: Verdict,
    record: ReplayRecord,
    expires: UnixTime,
}

impl<'b> PendingReplay<'b> {
    pub(super) const fn new(
        message: DecryptedApReq<'b>,
        verdict: Verdict,
        record: ReplayRecord,
        expires: UnixTime,
    ) -> Self {
        Self {
            message,
            verdict,
            record,
            expires,
        }
    }

    /// What to look for in the replay cache, and to insert.
    #[must_use]
    pub const fn record(&self) -> ReplayRecord {
        self.record
    }

    /// The last time at which the record must still be known.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }

    /// Accept the client, on the word of a replay cache.
    #[must_use]
    pub fn accept(self, _fresh: Fresh) -> Accepted {
        Accepted::new(self.message, self.verdict)
    }
}
