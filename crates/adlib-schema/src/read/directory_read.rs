//! The result of reading a source.

use std::fmt;

use super::{Completeness, Memberships, Nesting};
use crate::record::{Group, Unit, User};

/// Everything that a read of one source found.
///
/// Users include the disabled ones: leaving them out is a decision of the reader's caller, never of the
/// read, so that "disabled" and "gone" cannot be taken for one another (R31).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DirectoryRead {
    /// The users, sorted by domain and account.
    pub users: Vec<User>,
    /// The groups, sorted by domain and name.
    pub groups: Vec<Group>,
    /// The organisational units, sorted by domain and DN.
    pub units: Vec<Unit>,
    /// Who is in what, by index into `users` and `groups`.
    pub memberships: Memberships,
    /// How groups are in one another, by index into `groups`: how deep, and which in circles (R21).
    pub nesting: Nesting,
    /// How many users and groups each domain has (R22).
    pub found: Vec<Found>,
    /// Whether this is everything.
    pub completeness: Completeness,
    /// What was odd without stopping the read.
    pub warnings: Vec<Warning>,
}

/// How much was found in one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The DNS name of the domain, or the file's name where entries have no `DC=` parts.
    pub domain: String,
    /// The number of users, disabled ones included.
    pub users: usize,
    /// The number of groups.
    pub groups: usize,
}

/// Something odd about an entry, which was kept all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The distinguished name of the entry, or the name of the file or domain.
    pub subject: String,
    /// What is odd, and what was done about it.
    pub message: String,
}

impl Warning {
    /// A warning about `subject`.
    pub fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}
