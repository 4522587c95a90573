//! What is looked at, and what it came to.

use std::fmt;

use super::Problem;

/// What a check looks at, in the order in which things depend on one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CheckKind {
    /// Settings that weaken what adlib promises.
    Settings,
    /// A file that the configuration names: there, readable, and for nobody else where it holds a secret.
    File,
    /// The mapping file of alternate suffixes (R16).
    Mapping,
    /// The keytab of the service.
    Keytab,
    /// A DNS server that the configuration names.
    NameServer,
    /// The controllers of a domain in DNS, or the addresses of those that are named (R4).
    Dns,
    /// The KDCs of a domain in DNS, or the addresses of those that are named (R4).
    KdcDns,
    /// Whether something listens at the port of a directory server.
    Port,
    /// The certificates of a directory server.
    Tls,
    /// What kind of server it is, and whether it has what is asked of it (R19).
    Schema,
    /// A port of a KDC.
    Kdc,
    /// The clock of a server (R10).
    Clock,
    /// How the library itself signs in.
    Bind,
    /// Pages (R27).
    PageSize,
    /// Whether users can be read, with what every user has.
    Rights,
    /// The users and groups of a domain (R22).
    Users,
    /// A user that must be there (R34).
    Canary,
    /// The account that the service belongs to.
    Service,
    /// The keytab against what the directory says of the account's keys.
    Keys,
    /// A ticket for the service, opened with the keytab (R6).
    Ticket,
}

impl CheckKind {
    /// The kind as one word, as `adctl doctor` prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::File => "file",
            Self::Mapping => "mapping",
            Self::Keytab => "keytab",
            Self::NameServer => "name-server",
            Self::Dns => "dns",
            Self::KdcDns => "kdc-dns",
            Self::Port => "port",
            Self::Tls => "tls",
            Self::Schema => "schema",
            Self::Kdc => "kdc",
            Self::Clock => "clock",
            Self::Bind => "bind",
            Self::PageSize => "page-size",
            Self::Rights => "rights",
            Self::Users => "users",
            Self::Canary => "canary",
            Self::Service => "service",
            Self::Keys => "keys",
            Self::Ticket => "ticket",
        }
    }
}

impl fmt::Display for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which check: its kind, and what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckName {
    /// The kind.
    pub kind: CheckKind,
    /// The domain, server, file, user or service.
    pub of: String,
}

impl CheckName {
    pub(super) fn new(kind: CheckKind, of: impl Into<String>) -> Self {
        Self { kind, of: of.into() }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, self.of)
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckState {
    /// In order.
    Ok,
    /// It works, and something should be done all the same.
    Warning(Problem),
    /// It does not work.
    Failed(Problem),
    /// It could not be looked at, for want of this one.
    Skipped {
        /// The check that it depends on.
        needs: CheckName,
    },
}

impl CheckState {
    /// The state as one word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning(_) => "warning",
            Self::Failed(_) => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Which one.
    pub name: CheckName,
    /// What it came to.
    pub state: CheckState,
    /// What was seen; never a secret.
    pub seen: String,
}

impl Check {
    /// What is wrong, if something is.
    #[must_use]
    pub const fn problem(&self) -> Option<&Problem> {
        match &self.state {
            CheckState::Warning(problem) | CheckState::Failed(problem) => Some(problem),
            CheckState::Ok | CheckState::Skipped { .. } => None,
        }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Examination {
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
}

impl Examination {
    /// Whether nothing failed. There may be warnings.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        let failed = |check: &Check| matches!(check.state, CheckState::Failed(_));
        !self.checks.iter().any(failed)
    }
}
