//! Progress, on a terminal only (R38).

use std::time::Duration;

use adlib::{Check, Progress, sync};
use indicatif::{ProgressBar, ProgressStyle};

use crate::outcome::visible;

/// A line on standard error that says how far something is. It is not there unless that is a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// For reading, where nobody knows how much there is.
    pub(crate) fn of_entries() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// For applying.
    pub(crate) fn of_operations() -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} changes");
        let bar = ProgressBar::new(0);
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    pub(crate) fn entries(&self, progress: &Progress) {
        self.0
            .set_message(format!("{}: {} entries read", progress.domain, progress.entries));
    }

    pub(crate) fn operations(&self, progress: sync::Progress) {
        self.0.set_length(u64::try_from(progress.of).unwrap_or(u64::MAX));
        self.0
            .set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
    }

    /// What is being looked at.
    pub(crate) fn look(&self, check: &Check) {
        self.0.set_message(visible(&check.name.to_string()));
    }

    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
