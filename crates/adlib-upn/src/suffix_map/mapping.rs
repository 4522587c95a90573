//! One line of the mapping file.

use alloc::string::String;
use core::fmt;

use crate::{AccountCase, rules::without_trailing_dot};

/// `alternate = domain`: names that end in `@alternate` may mean an account of `domain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    alternate: String,
    domain: String,
    line: usize,
    /// The comments and blank lines above it.
    silent: String,
}

impl Mapping {
    pub(super) fn new(alternate: &str, domain: &str, line: usize) -> Self {
        Self {
            alternate: without_trailing_dot(alternate).into(),
            domain: without_trailing_dot(domain).into(),
            line,
            silent: String::new(),
        }
    }

    /// This mapping, below the comments and blank lines `silent`.
    pub(super) fn below(self, silent: String) -> Self {
        Self { silent, ..self }
    }

    /// The comments and blank lines above, each with its line end.
    pub(super) fn silent(&self) -> &str {
        &self.silent
    }

    /// The suffix that users type, as the file spells it.
    #[must_use]
    pub fn alternate(&self) -> &str {
        &self.alternate
    }

    /// The DNS name of the domain that it stands for, as the file spells it.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The line of the file that was read, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Whether both sides are the same, whatever their case.
    pub(super) fn same(&self, other: &Self) -> bool {
        let same = |one, other| AccountCase::Insensitive.same(one, other);
        same(&self.alternate, &other.alternate) && same(&self.domain, &other.domain)
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.alternate, self.domain)
    }
}
