//! A run: a plan becomes true, step by step.

use crate::{
    Error, Plan, Rejection, Report,
    store::{Applied, Begin, Run, Store},
};

/// How far a run is (R38).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many operations are done.
    pub done: usize,
    /// How many there are.
    pub of: usize,
}

impl Plan {
    /// Apply the plan to the store that it was made for.
    ///
    /// A run may be interrupted at any point: the next one finds what is left to do and ends in the same state (R37).
    ///
    /// # Errors
    /// `Refused` with `Guards`, `Busy`, `Stale` or `Conflict`; `Store` when the store fails.
    pub async fn apply<S: Store>(&self, store: &S) -> Result<Report, Error<S::Error>> {
        self.apply_with_progress(store, |_| {}).await
    }

    /// The same, telling `progress` after every operation.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn apply_with_progress<S: Store>(
        &self,
        store: &S,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Report, Error<S::Error>> {
        if self.is_stopped() {
            return Err(Rejection::Guards(self.alarms().to_vec()).into());
        }
        let of = self.operation_count();
        let failed = |applied| move |error| Error::Store { applied, of, error };
        let mut run = match store.begin(self.revision()).await.map_err(failed(0))? {
            Begin::Open(run) => run,
            Begin::Busy => return Err(Rejection::Busy.into()),
            Begin::Stale => return Err(Rejection::Stale.into()),
        };
        let mut report = Report::default();
        for (applied, operation) in self.operations().enumerate() {
            match run.apply(&operation).await.map_err(failed(applied))? {
                Applied::Done => report.count(&operation),
                Applied::Already => report.already += 1,
                Applied::Conflict(conflict) => return Err(Rejection::Conflict { applied, conflict }.into()),
            }
            progress(Progress {
                done: applied + 1,
                of,
            });
        }
        run.finish(&self.cursors).await.map_err(failed(of))?;
        Ok(report)
    }
}
