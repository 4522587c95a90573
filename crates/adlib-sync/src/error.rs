//! Why a run did not happen, or did not end.

use adlib_schema::read::Shortfall;

use crate::{Difference, Source, escape::Visible, guard::Alarm, store::Conflict};

/// A run that would not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// A source was not read to its end (R29, A57). What is missing from the read may be in the directory.
    #[error("the {origin} source was not read to its end{}", listed(shortfalls))]
    Incomplete {
        /// Which source.
        origin: Source,
        /// What is missing.
        shortfalls: Vec<Shortfall>,
    },
    /// The scope names groups or units that no source has: everybody would seem to have left it.
    #[error("no source has {}, which the scope names", quoted(.0))]
    UnknownScope(Vec<String>),
    /// Guards stopped the run (R34).
    #[error("stopped by a guard{}", listed(.0))]
    Guards(Vec<Alarm>),
    /// Another run is going on (A62).
    #[error("another run is going on in this store")]
    Busy,
    /// The plan is not what was approved (R33).
    #[error("not what was approved: {0}; make another preview")]
    NotApproved(Difference),
    /// The store was changed since the plan was made.
    #[error("the store was changed since the plan was made; make another plan")]
    Stale,
    /// The store was changed while the plan was applied.
    #[error("stopped after {applied} operations: {conflict}")]
    Conflict {
        /// How many operations were applied before.
        applied: usize,
        /// What was found.
        conflict: Conflict,
    },
}

/// A run that did not end as planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error<E: std::error::Error + 'static> {
    /// It would not go on.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The store could not go on.
    #[error("the store failed after {applied} of {of} operations")]
    Store {
        /// How many operations were applied before.
        applied: usize,
        /// How many there are.
        of: usize,
        /// What the store says.
        #[source]
        error: E,
    },
}

fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { "; " });
        text.push_str(&Visible(&item.to_string()).to_string());
    }
    text
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", Visible(name))).collect();
    names.join(", ")
}
