//! The steps of a run and what came of them.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use super::tally::Tally;
use crate::{command::watch, failure::Failure};

/// What a run has done so far.
#[derive(Debug)]
pub(super) struct Report {
    start: Instant,
    /// What the name of a step must contain; empty for all of them.
    wanted: String,
    steps: Vec<Step>,
    left_out: Vec<String>,
    tally: Tally,
}

/// One step that ended.
#[derive(Debug)]
struct Step {
    name: &'static str,
    time: Duration,
    end: End,
}

/// How a step ended.
#[derive(Debug)]
enum End {
    Well,
    /// It noted something that it could not do.
    LeftOut,
    Badly(Failure),
}

impl Report {
    /// Of a run of those steps whose name contains `wanted`.
    pub(super) fn of(wanted: &str) -> Self {
        Self {
            start: Instant::now(),
            wanted: wanted.to_owned(),
            steps: Vec::new(),
            left_out: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Runs one step under a headline, if it is wanted; a failure is kept, and the run goes on.
    pub(super) fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Self) -> Result<(), Failure>) {
        if !name.contains(&self.wanted) {
            return;
        }
        println!("\n==== {name}");
        let start = Instant::now();
        let left_out = self.left_out.len();
        let end = match work(self) {
            Err(failure) => End::Badly(failure),
            Ok(()) if self.left_out.len() > left_out => End::LeftOut,
            Ok(()) => End::Well,
        };
        let step = Step {
            name,
            time: start.elapsed(),
            end,
        };
        println!("---- {step}");
        self.steps.push(step);
    }

    /// Runs `command`, prints what it prints and counts its tests.
    ///
    /// # Errors
    /// When it does not start or does not succeed.
    pub(super) fn count(&mut self, command: Command) -> Result<(), Failure> {
        watch(command, |line| {
            println!("{line}");
            if let Some(tally) = Tally::of_line(line) {
                self.tally += tally;
            }
        })
    }

    /// Notes something that this run does not do, and why.
    pub(super) fn leave_out(&mut self, what: impl Into<String>) {
        self.left_out.push(what.into());
    }

    /// Whether no step failed so far.
    pub(super) fn is_clean(&self) -> bool {
        self.steps.iter().all(|step| !step.failed())
    }

    /// Prints the steps, what was left out and, last, how many tests there were.
    ///
    /// # Errors
    /// When a step failed, or none has the name that was wanted.
    pub(super) fn conclude(mut self) -> Result<(), Failure> {
        if self.steps.is_empty() {
            return Err(Failure::new(format!("no step `{}`", self.wanted)));
        }
        if !self.wanted.is_empty() {
            let others = format!("every step whose name has no `{}`", self.wanted);
            self.leave_out(others);
        }
        println!("\n==== summary");
        for step in &self.steps {
            println!("{step}");
        }
        println!("{:<32}{:>8.1} s", "in all", self.start.elapsed().as_secs_f64());
        for what in &self.left_out {
            println!("left out: {what}");
        }
        println!("{}", self.tally);
        let failed: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.failed())
            .map(|step| step.name)
            .collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(format!("failed: {}", failed.join(", "))))
        }
    }
}

impl Step {
    fn failed(&self) -> bool {
        matches!(self.end, End::Badly(_))
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<32}{:>8.1} s  ", self.name, self.time.as_secs_f64())?;
        match &self.end {
            End::Well => f.write_str("ok"),
            End::LeftOut => f.write_str("left out"),
            End::Badly(failure) => write!(f, "FAILED: {failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::program;

    #[test]
    fn a_failed_step_fails_the_run_and_not_the_steps_after_it() {
        let mut report = Report::of("");
        report.step("one", |_| Err(Failure::new("broken")));
        assert!(!report.is_clean());
        let mut reached = false;
        report.step("two", |_| {
            reached = true;
            Ok(())
        });
        assert!(reached);
        assert_eq!(report.conclude(), Err(Failure::new("failed: one")));
    }

    #[test]
    fn steps_are_wanted_by_a_part_of_their_name() {
        let mut report = Report::of("wo");
        report.step("one", |_| Err(Failure::new("broken")));
        report.step("two", |_| Ok(()));
        assert_eq!(report.steps.len(), 1);
        assert_eq!(report.conclude(), Ok(()));
        assert!(Report::of("three").conclude().is_err());
    }

    #[test]
    fn tests_count_even_when_their_command_fails() {
        let mut report = Report::of("");
        let script = "echo 'test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured'; exit 101";
        assert!(report.count(program("sh", &["-c", script])).is_err());
        assert_eq!(
            report.tally,
            Tally {
                passed: 4,
                failed: 1,
                skipped: 2
            }
        );
    }
}
