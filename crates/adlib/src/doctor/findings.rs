//! Checks as they are made: each within its time, none hiding another.

use std::time::Duration;

use tokio::time::timeout;

use super::{Check, CheckKind, CheckName, CheckState, Examination, Problem};

/// What a look came to, and what later ones need of it.
pub(super) struct Came<T> {
    /// Absent where later ones cannot go on.
    pub(super) value: Option<T>,
    pub(super) state: CheckState,
    pub(super) seen: String,
}

impl<T> Came<T> {
    pub(super) fn ok(value: T, seen: impl Into<String>) -> Self {
        Self {
            value: Some(value),
            state: CheckState::Ok,
            seen: seen.into(),
        }
    }

    /// It works, but.
    pub(super) fn warning(value: T, problem: Problem, seen: impl Into<String>) -> Self {
        Self {
            value: Some(value),
            state: CheckState::Warning(problem),
            seen: seen.into(),
        }
    }

    pub(super) fn failed(problem: Problem, seen: impl Into<String>) -> Self {
        Self {
            value: None,
            state: CheckState::Failed(problem),
            seen: seen.into(),
        }
    }

    /// The same, where another does in place of this one: that it failed is worth a warning.
    pub(super) fn lowered(mut self) -> Self {
        if let CheckState::Failed(problem) = self.state {
            self.state = CheckState::Warning(problem);
        }
        self
    }
}

/// What was found so far.
pub(super) struct Findings<'a> {
    examination: Examination,
    told: &'a mut (dyn FnMut(&Check) + Send),
}

impl<'a> Findings<'a> {
    pub(super) fn new(told: &'a mut (dyn FnMut(&Check) + Send)) -> Self {
        Self {
            examination: Examination::default(),
            told,
        }
    }

    /// Write down what a look came to, and give what later ones need, or the check that they would need.
    pub(super) fn add<T>(&mut self, kind: CheckKind, of: &str, came: Came<T>) -> Result<T, CheckName> {
        let name = CheckName::new(kind, of);
        self.push(Check {
            name: name.clone(),
            state: came.state,
            seen: came.seen,
        });
        came.value.ok_or(name)
    }

    /// Write down what became of each of several, any of which will do.
    pub(super) fn add_any<T>(
        &mut self,
        kind: CheckKind,
        all: Vec<(String, Came<T>)>,
    ) -> Vec<Result<T, CheckName>> {
        let one_will_do = all.iter().any(|(_, came)| came.value.is_some());
        let lower = |came: Came<T>| if one_will_do { came.lowered() } else { came };
        let added = all.into_iter().map(|(of, came)| self.add(kind, &of, lower(came)));
        added.collect()
    }

    /// Look no longer than `limit`.
    pub(super) async fn look<T>(
        &mut self,
        kind: CheckKind,
        of: &str,
        limit: Duration,
        look: impl Future<Output = Came<T>>,
    ) -> Result<T, CheckName> {
        let came = match timeout(limit, look).await {
            Ok(came) => came,
            Err(_) => Came::failed(
                Problem::TookTooLong,
                format!("not done after {} s", limit.as_secs()),
            ),
        };
        self.add(kind, of, came)
    }

    /// It cannot be looked at without what `needs` is about.
    pub(super) fn skip(&mut self, kind: CheckKind, of: &str, needs: &CheckName) -> CheckName {
        let name = CheckName::new(kind, of);
        self.push(Check {
            name: name.clone(),
            state: CheckState::Skipped { needs: needs.clone() },
            seen: String::new(),
        });
        name
    }

    fn push(&mut self, check: Check) {
        (self.told)(&check);
        self.examination.checks.push(check);
    }

    pub(super) fn done(self) -> Examination {
        self.examination
    }
}
