//! "That is everything" as a value that only a finished read can make (I7).

use std::fmt;

/// Whether a read holds everything that the directory has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Everything was read.
    Complete(Complete),
    /// Something is missing; what is not in the read may still be in the directory.
    Incomplete(Vec<Shortfall>),
}

impl Completeness {
    /// The witness that everything was read.
    #[must_use]
    pub const fn complete(&self) -> Option<&Complete> {
        match self {
            Self::Complete(witness) => Some(witness),
            Self::Incomplete(_) => None,
        }
    }
}

/// The witness of a complete read. Only `ReadBuilder::finish` makes one, after
/// every domain that was begun was read to its end and at least one entry came.
///
/// A deletion needs one: what is absent from a complete read is gone, anything else is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    _made_by_a_finished_read: (),
}

impl Complete {
    pub(super) const fn new() -> Self {
        Self {
            _made_by_a_finished_read: (),
        }
    }
}

/// Why a read is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortfall {
    /// The domain or file that was not read to its end.
    pub domain: String,
    /// What happened.
    pub reason: String,
}

impl Shortfall {
    /// A domain that was not read to its end, and why.
    pub fn new(domain: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.domain, self.reason)
    }
}
