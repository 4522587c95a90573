//! What became of a record.

use crate::record::Key;

/// What kind of record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// An organisational unit.
    Unit,
}

/// What became of one record, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The lasting identity.
    pub key: Key,
    /// What it is.
    pub record: RecordKind,
    /// Its distinguished name now, or the last one that it had.
    pub dn: String,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What can become of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there before.
    Created,
    /// It was gone, and is there again.
    Returned,
    /// These fields have other values; never the values, among which there may be a PIN (A63).
    Changed {
        /// The names of the fields.
        fields: Vec<&'static str>,
    },
    /// It was renamed or moved, or something above it was.
    Moved {
        /// The DN that it had.
        from: String,
    },
    /// It is gone.
    Gone {
        /// How that is known.
        proof: Proof,
    },
}

/// How it is known that a record is gone (I7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The server told of its deletion.
    Told,
    /// It was absent when all that there is was listed to the end.
    Absent,
    /// The entry is there, but it is no user, group or unit any more.
    NoRecord,
}
