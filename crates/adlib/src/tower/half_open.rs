//! The handshakes that have begun and not ended: so many and no more, and not for ever.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use super::authorization::Scheme;
use crate::Handshake;

/// A handshake that waits for its next leg.
pub(super) struct Begun {
    pub(super) scheme: Scheme,
    pub(super) is_ntlm: bool,
    since: Instant,
    handshake: Mutex<Option<Handshake>>,
}

impl Begun {
    /// The handshake, unless it has waited for longer than `lifetime`, or somebody else had it.
    pub(super) fn take(&self, lifetime: Duration, now: Instant) -> Option<Handshake> {
        let handshake = self
            .handshake
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        handshake.filter(|_| !self.is_over(lifetime, now))
    }

    fn is_over(&self, lifetime: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= lifetime
    }

    /// Whether it still waits; one that has waited too long is dropped.
    fn waits(&self, lifetime: Duration, now: Instant) -> bool {
        let mut handshake = self.handshake.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_over(lifetime, now) {
            *handshake = None;
        }
        handshake.is_some()
    }
}

/// All handshakes that wait, wherever they are held; the oldest first.
pub(super) struct HalfOpen {
    limit: usize,
    pub(super) lifetime: Duration,
    waiting: Mutex<VecDeque<Weak<Begun>>>,
}

impl HalfOpen {
    pub(super) fn new(limit: usize, lifetime: Duration) -> Self {
        Self {
            limit,
            lifetime,
            waiting: Mutex::default(),
        }
    }

    /// Hold `handshake` until its next leg; `None` when too many wait already.
    pub(super) fn hold(
        &self,
        scheme: Scheme,
        is_ntlm: bool,
        handshake: Handshake,
        now: Instant,
    ) -> Option<Arc<Begun>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= self.limit {
            let waits = |begun: Arc<Begun>| begun.waits(self.lifetime, now);
            waiting.retain(|begun| begun.upgrade().is_some_and(waits));
        }
        if waiting.len() >= self.limit {
            return None;
        }
        let begun = Arc::new(Begun {
            scheme,
            is_ntlm,
            since: now,
            handshake: Mutex::new(Some(handshake)),
        });
        waiting.push_back(Arc::downgrade(&begun));
        Some(begun)
    }
}

impl fmt::Debug for HalfOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HalfOpen")
            .field("limit", &self.limit)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
