//! One sign-in that goes on.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::{Inner, mechanism::Proof};
use crate::{Attempt, AuditEvent, AuditRecord, Identity, Reason, SignInError, SourceRole};

/// Refusals are told at a whole multiple of this after the sign-in began. With the same exchanges, a controller still takes
/// some milliseconds longer for a name that nobody has than for a wrong password, and a stopwatch would tell (R9).
const REFUSAL_STEP: Duration = Duration::from_millis(250);

/// One sign-in that goes on: what was typed, since when, until when there must be a decision, and what was asked so far.
pub(super) struct Ongoing<'a> {
    pub(super) name: &'a str,
    pub(super) client: Option<&'a str>,
    pub(super) proof: Proof<'a>,
    began: Instant,
    pub(super) until: Instant,
    inner: &'a Inner,
    /// What was asked of each source: the account, and whether the password is its.
    asked: [[AtomicBool; 2]; 2],
    /// The lookups that a source did not need to find the account, by their domains.
    spared: OnceLock<(SourceRole, Vec<String>)>,
    concluded: AtomicBool,
}

/// What a source is asked in a sign-in.
#[derive(Clone, Copy)]
pub(super) enum Leg {
    /// For the account.
    Account,
    /// Whether the password is the account's.
    Password,
}

impl<'a> Ongoing<'a> {
    pub(super) fn new(name: &'a str, client: Option<&'a str>, proof: Proof<'a>, inner: &'a Inner) -> Self {
        let began = Instant::now();
        Self {
            name,
            client,
            proof,
            began,
            until: began + inner.common.settings.deadline,
            inner,
            asked: Default::default(),
            spared: OnceLock::new(),
            concluded: AtomicBool::new(false),
        }
    }

    /// How much time is left.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Wait until a refusal may be told, but not past the deadline.
    pub(super) async fn wait_for_step(&self) {
        sleep_until(next_step(self.began, Instant::now()).min(self.until)).await;
    }

    /// Keep what happened.
    pub(super) fn record(&self, event: AuditEvent<'_>) {
        let Self { name, client, .. } = *self;
        self.inner.records.keep_and_log(&AuditRecord {
            name: Some(name),
            client,
            event,
        });
    }

    /// Keep the decision. After it, nothing is abandoned any more.
    pub(super) fn conclude(&self, outcome: Result<&Identity, &SignInError>) {
        self.concluded.store(true, Ordering::Relaxed);
        if let Some(accepted) = verdict(outcome) {
            self.count(accepted);
        }
        self.record(outcome.into());
    }

    /// Tell the rate limit what came of the attempt.
    fn count(&self, accepted: bool) {
        if let Some(limit) = &self.inner.limit {
            limit.concluded(&Attempt::new(self.name, self.client), accepted);
        }
    }

    /// Whether any source was asked about the password.
    fn has_asked_about_password(&self) -> bool {
        let mut sources = [SourceRole::Primary, SourceRole::Secondary].into_iter();
        sources.any(|source| self.asked(source, Leg::Password))
    }

    /// `source` is being asked.
    pub(super) fn asks(&self, source: SourceRole, leg: Leg) {
        self.slot(source, leg)
            .iter()
            .for_each(|slot| slot.store(true, Ordering::Relaxed));
    }

    /// Whether `source` was asked.
    pub(super) fn asked(&self, source: SourceRole, leg: Leg) -> bool {
        self.slot(source, leg)
            .is_some_and(|slot| slot.load(Ordering::Relaxed))
    }

    /// `source` found the account without some lookups, which a refusal makes all the same: when it is on record, for a
    /// directory that hangs then must not take the count of a wrong password away.
    pub(super) fn spares(&self, source: SourceRole, lookups: Vec<String>) {
        // One account is found in a sign-in.
        let _ = self.spared.set((source, lookups));
    }

    /// The lookups that `source` did not need.
    pub(super) fn spared(&self, source: SourceRole) -> &[String] {
        let spared = self.spared.get().filter(|(role, _)| *role == source);
        spared.map_or(&[], |(_, lookups)| lookups)
    }

    /// Whether any source was asked for anything.
    pub(super) fn has_asked(&self) -> bool {
        let mut slots = self.asked.iter().flatten();
        slots.any(|slot| slot.load(Ordering::Relaxed))
    }

    fn slot(&self, source: SourceRole, leg: Leg) -> Option<&AtomicBool> {
        self.asked.get(source as usize)?.get(leg as usize)
    }
}

impl Drop for Ongoing<'_> {
    fn drop(&mut self) {
        if self.concluded.load(Ordering::Relaxed) {
            return;
        }
        // The controller may have counted it. Whoever guesses must not gain by hanging up.
        if self.has_asked_about_password() {
            self.count(false);
        }
        self.record(AuditEvent::Abandoned);
    }
}

/// Whether the user was let in; `None` where nobody could decide, or nobody was asked.
fn verdict(outcome: Result<&Identity, &SignInError>) -> Option<bool> {
    match outcome {
        Ok(_) => Some(true),
        Err(SignInError::Refused(refusal)) if *refusal.reason() != Reason::RateLimited => Some(false),
        Err(_) => None,
    }
}

fn next_step(began: Instant, now: Instant) -> Instant {
    let step = REFUSAL_STEP.as_millis();
    let steps = now.saturating_duration_since(began).as_millis() / step + 1;
    began + REFUSAL_STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R9, A46: what takes a little longer is told at the same time.
    #[test]
    fn a46_refusals_are_told_in_steps() {
        let began = Instant::now();
        let told = |after| next_step(began, began + Duration::from_millis(after)) - began;
        assert_eq!(told(0), REFUSAL_STEP);
        assert_eq!(told(70), told(98));
        assert_eq!(told(250), REFUSAL_STEP * 2);
    }
}
