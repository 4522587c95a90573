//! The directories that a user list is kept in step with, and the entries in them.

use std::fmt;

use adlib_schema::{read::DirectoryRead, record::Key};
use serde::Serialize;

/// One of the two directories (R29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The directory whose values come first.
    Primary,
    /// The directory that adds to it.
    Secondary,
}

impl Source {
    /// `primary` or `secondary`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was read from each source.
///
/// There is no place for a read that failed: a run with one is no run at all (R29).
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    primary: &'a DirectoryRead,
    secondary: Option<&'a DirectoryRead>,
}

impl<'a> Sources<'a> {
    /// One source.
    #[must_use]
    pub const fn new(primary: &'a DirectoryRead) -> Self {
        Self {
            primary,
            secondary: None,
        }
    }

    /// With a second source.
    #[must_use]
    pub const fn with_secondary(self, secondary: &'a DirectoryRead) -> Self {
        Self {
            secondary: Some(secondary),
            ..self
        }
    }

    /// The reads, the primary one first.
    pub fn iter(self) -> impl Iterator<Item = (Source, &'a DirectoryRead)> {
        let secondary = self.secondary.map(|read| (Source::Secondary, read));
        [(Source::Primary, self.primary)].into_iter().chain(secondary)
    }
}

impl<'a> From<&'a DirectoryRead> for Sources<'a> {
    fn from(primary: &'a DirectoryRead) -> Self {
        Self::new(primary)
    }
}

/// One entry of one source, whatever it is called today (R35).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The directory that holds the entry.
    pub source: Source,
    /// The entry's lasting identity in it.
    pub key: Key,
}

impl Link {
    /// The entry with `key` in `source`.
    #[must_use]
    pub const fn new(source: Source, key: Key) -> Self {
        Self { source, key }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.key)
    }
}

/// The entries that one user stands for: one, or one of each source under the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Links {
    /// An entry of the primary source only.
    Primary(Key),
    /// An entry of the secondary source only.
    Secondary(Key),
    /// An entry of each; the primary source owns the user (R40).
    Both {
        /// The key in the primary source.
        primary: Key,
        /// The key in the secondary source.
        secondary: Key,
    },
}

impl Links {
    /// The links with these keys; `None` when there is none.
    #[must_use]
    pub fn new(primary: Option<Key>, secondary: Option<Key>) -> Option<Self> {
        match (primary, secondary) {
            (Some(primary), Some(secondary)) => Some(Self::Both { primary, secondary }),
            (Some(primary), None) => Some(Self::Primary(primary)),
            (None, Some(secondary)) => Some(Self::Secondary(secondary)),
            (None, None) => None,
        }
    }

    /// The key in `source`.
    #[must_use]
    pub const fn key(&self, source: Source) -> Option<&Key> {
        match (source, self) {
            (Source::Primary, Self::Primary(key) | Self::Both { primary: key, .. })
            | (Source::Secondary, Self::Secondary(key) | Self::Both { secondary: key, .. }) => Some(key),
            _ => None,
        }
    }

    /// The entry that owns the user: the primary one where there is one (R40).
    #[must_use]
    pub fn owner(&self) -> Link {
        match self {
            Self::Primary(key) | Self::Both { primary: key, .. } => Link::new(Source::Primary, key.clone()),
            Self::Secondary(key) => Link::new(Source::Secondary, key.clone()),
        }
    }

    /// The entries, the owner first.
    pub fn iter(&self) -> impl Iterator<Item = Link> {
        [Source::Primary, Source::Secondary]
            .into_iter()
            .filter_map(|source| self.key(source).map(|key| Link::new(source, key.clone())))
    }

    /// Whether `link` is one of the entries.
    #[must_use]
    pub fn contains(&self, link: &Link) -> bool {
        self.key(link.source) == Some(&link.key)
    }
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary(key) => write!(f, "primary:{key}"),
            Self::Secondary(key) => write!(f, "secondary:{key}"),
            Self::Both { primary, secondary } => write!(f, "primary:{primary} + secondary:{secondary}"),
        }
    }
}
