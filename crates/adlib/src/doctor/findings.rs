//! Checks as they are made: each within its time, none hiding another.

use std::time::Duration;

use tokio::time::timeout;

use super::{Check, CheckKind, CheckName, CheckState, Examination, Problem};
use crate::Reason;

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
        self.skip_because(kind, of, needs, "")
    }

    /// The same, where that is not plain from what `needs` is about.
    pub(super) fn skip_because(
        &mut self,
        kind: CheckKind,
        of: &str,
        needs: &CheckName,
        why: &str,
    ) -> CheckName {
        let name = CheckName::new(kind, of);
        self.push(Check {
            name: name.clone(),
            state: CheckState::Skipped { needs: needs.clone() },
            seen: why.to_owned(),
        });
        name
    }

    /// Whether `name` is a bind that was refused, so that another would count against the account. That the server knows no
    /// such account, or takes no such bind, counts against nobody.
    pub(super) fn is_refused_bind(&self, name: &CheckName) -> bool {
        let mut checks = self.examination.checks.iter();
        let check = checks.find(|check| check.name == *name);
        matches!(
            check.and_then(Check::problem),
            Some(Problem::BindRefused(reason))
                if !matches!(reason, Reason::UnknownUser | Reason::MechanismUnavailable)
        )
    }

    fn push(&mut self, check: Check) {
        (self.told)(&check);
        self.examination.checks.push(check);
    }

    pub(super) fn done(self) -> Examination {
        self.examination
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: one of several will do, and that the others fail is worth a warning.
    #[test]
    fn r04_one_of_several_will_do() {
        let mut told = 0;
        let mut count = |_: &Check| told += 1;
        let mut findings = Findings::new(&mut count);
        let dead = || Came::<()>::failed(Problem::NothingListens, "dc1 is down");
        let both = vec![("dc1".to_owned(), dead()), ("dc2".to_owned(), Came::ok((), ""))];
        let added = findings.add_any(CheckKind::Port, both);
        assert_eq!(added, [Err(CheckName::new(CheckKind::Port, "dc1")), Ok(())]);
        let needs = findings.add_any(CheckKind::Port, vec![("dc3".to_owned(), dead())]);
        findings.skip(CheckKind::Tls, "dc3", needs[0].as_ref().unwrap_err());
        let examination = findings.done();
        let states: Vec<&str> = examination
            .checks
            .iter()
            .map(|check| check.state.as_str())
            .collect();
        assert_eq!(states, ["warning", "ok", "failed", "skipped"]);
        assert!(!examination.is_healthy());
        assert_eq!(examination.checks[3].problem(), None);
        assert_eq!(told, 4);
    }

    /// Whatever takes too long fails, and what comes after it is looked at.
    #[tokio::test(start_paused = true)]
    async fn a_look_ends_in_time() {
        let mut ignored = |_: &Check| {};
        let mut findings = Findings::new(&mut ignored);
        let limit = Duration::from_secs(1);
        let never = std::future::pending::<Came<()>>();
        let came = findings.look(CheckKind::Bind, "corp", limit, never).await;
        assert_eq!(came, Err(CheckName::new(CheckKind::Bind, "corp")));
        let examination = findings.done();
        assert_eq!(examination.checks[0].problem(), Some(&Problem::TookTooLong));
    }
}
