//! The directories that a user list is kept in step with, and the entries in them.

use std::{fmt, str::FromStr};

use adlib_schema::{read::DirectoryRead, record::Key};
use serde::{Deserialize, Serialize};

use crate::table::unpack_key;

/// One of the directories, in the order in which their values count (R29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The directory whose values come first.
    Primary,
    /// The directory that adds to it.
    Secondary,
    /// A third one, which adds to both; and so on.
    Third,
    /// The fourth.
    Fourth,
    /// The fifth.
    Fifth,
    /// The sixth.
    Sixth,
    /// The seventh.
    Seventh,
    /// The eighth, and the last.
    Eighth,
}

impl Source {
    /// Every source, in order.
    pub const ALL: [Self; 8] = [
        Self::Primary,
        Self::Secondary,
        Self::Third,
        Self::Fourth,
        Self::Fifth,
        Self::Sixth,
        Self::Seventh,
        Self::Eighth,
    ];

    /// `primary`, `secondary`, `third` and so on.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Third => "third",
            Self::Fourth => "fourth",
            Self::Fifth => "fifth",
            Self::Sixth => "sixth",
            Self::Seventh => "seventh",
            Self::Eighth => "eighth",
        }
    }

    /// The number in a row of a table.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// The source with this number; rows have no other.
    pub(crate) fn from_number(number: u8) -> Self {
        let source = Self::ALL.get(usize::from(number)).copied();
        source.unwrap_or(Self::Primary)
    }
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no source; expected `primary`, `secondary`, `third` and so on to `eighth`")]
pub struct SourceParseError(String);

impl FromStr for Source {
    type Err = SourceParseError;

    fn from_str(text: &str) -> Result<Self, SourceParseError> {
        let named = Self::ALL.into_iter().find(|source| source.as_str() == text);
        named.ok_or_else(|| SourceParseError(text.to_owned()))
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
    further: [Option<&'a DirectoryRead>; 7],
}

impl<'a> Sources<'a> {
    /// One source.
    #[must_use]
    pub const fn new(primary: &'a DirectoryRead) -> Self {
        Self {
            primary,
            further: [None; 7],
        }
    }

    /// With a second source.
    #[must_use]
    pub fn with_secondary(self, secondary: &'a DirectoryRead) -> Self {
        self.with(Source::Secondary, secondary)
    }

    /// With `read` in the place of `source`.
    #[must_use]
    pub fn with(mut self, source: Source, read: &'a DirectoryRead) -> Self {
        match usize::from(source.number()).checked_sub(1) {
            None => self.primary = read,
            Some(at) => self
                .further
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|slot| *slot = Some(read)),
        }
        self
    }

    /// The reads, the primary one first.
    pub fn iter(self) -> impl Iterator<Item = (Source, &'a DirectoryRead)> {
        let reads = [Some(self.primary)].into_iter().chain(self.further);
        Source::ALL
            .into_iter()
            .zip(reads)
            .filter_map(|(source, read)| Some((source, read?)))
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

    /// The entry in a row of a table.
    pub(crate) fn unpack(packed: &[u8]) -> Self {
        let (source, key) = packed.split_first().unwrap_or((&0, &[]));
        Self::new(Source::from_number(*source), Key::new(&unpack_key(key)))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.key)
    }
}

/// The entries that one user stands for: at least one, at most one of each source.
///
/// ```
/// use adlib_schema::record::Key;
/// use adlib_sync::{Link, Links, Source};
///
/// let links = Links::both(Key::new("44a6009f"), Key::new("597ae2f6"));
/// assert_eq!(links.owner(), Link::new(Source::Primary, Key::new("44a6009f")));
/// assert_eq!(links.key(Source::Secondary), Some(&Key::new("597ae2f6")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Links(Vec<Link>);

impl Links {
    /// These entries, the first one of each source; `None` when there is none.
    pub fn of(links: impl IntoIterator<Item = Link>) -> Option<Self> {
        let mut links: Vec<Link> = links.into_iter().collect();
        links.sort_by_key(|link| link.source);
        links.dedup_by_key(|link| link.source);
        (!links.is_empty()).then_some(Self(links))
    }

    /// An entry of the primary source only.
    #[must_use]
    pub fn primary(key: Key) -> Self {
        Self(vec![Link::new(Source::Primary, key)])
    }

    /// An entry of the secondary source only.
    #[must_use]
    pub fn secondary(key: Key) -> Self {
        Self(vec![Link::new(Source::Secondary, key)])
    }

    /// An entry of each of the first two sources.
    #[must_use]
    pub fn both(primary: Key, secondary: Key) -> Self {
        Self(vec![
            Link::new(Source::Primary, primary),
            Link::new(Source::Secondary, secondary),
        ])
    }

    /// The key in `source`.
    #[must_use]
    pub fn key(&self, source: Source) -> Option<&Key> {
        let link = self.0.iter().find(|link| link.source == source);
        link.map(|link| &link.key)
    }

    /// The entry that owns the user: that of the first source (R40).
    #[must_use]
    pub fn owner(&self) -> Link {
        let first = self.0.first().cloned();
        first.unwrap_or_else(|| Link::new(Source::Primary, Key::new("")))
    }

    /// The entries, the owner first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Link> + '_ {
        self.0.iter().cloned()
    }

    /// The entries as source and key.
    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = (Source, &Key)> {
        self.0.iter().map(|link| (link.source, &link.key))
    }

    /// Whether `link` is one of the entries.
    #[must_use]
    pub fn contains(&self, link: &Link) -> bool {
        self.0.contains(link)
    }
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, link) in self.0.iter().enumerate() {
            write!(f, "{}{link}", if index == 0 { "" } else { " + " })?;
        }
        Ok(())
    }
}
