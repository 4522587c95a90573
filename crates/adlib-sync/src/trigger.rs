//! What set a run off, and what that allows it to do.

use std::collections::BTreeSet;

use crate::guard::Guard;

/// What set a run off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The clock. Such a run never deletes, and no guard is lifted for it (R31, R32).
    Scheduled,
    /// A person.
    Manual(ManualRun),
}

impl Trigger {
    /// A manual run that deletes nothing.
    #[must_use]
    pub fn manual() -> Self {
        Self::Manual(ManualRun::default())
    }

    /// The manual run, if a person set it off.
    #[must_use]
    pub const fn as_manual(&self) -> Option<&ManualRun> {
        match self {
            Self::Manual(run) => Some(run),
            Self::Scheduled => None,
        }
    }

    /// `scheduled` or `manual`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual(_) => "manual",
        }
    }
}

/// What a person asked for.
///
/// ```
/// use adlib_sync::{Guard, ManualRun};
///
/// let run = ManualRun::default().deleting_missing().allowing(Guard::Deletes);
/// assert!(run.delete_missing);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManualRun {
    /// Delete users and groups that no source has any more.
    pub delete_missing: bool,
    /// The guards that do not stop this run.
    pub allow: BTreeSet<Guard>,
}

impl ManualRun {
    /// The same run, deleting what no source has any more.
    #[must_use]
    pub fn deleting_missing(self) -> Self {
        Self {
            delete_missing: true,
            ..self
        }
    }

    /// The same run, not stopped by `guard`.
    #[must_use]
    pub fn allowing(mut self, guard: Guard) -> Self {
        self.allow.insert(guard);
        self
    }
}

impl From<ManualRun> for Trigger {
    fn from(run: ManualRun) -> Self {
        Self::Manual(run)
    }
}
