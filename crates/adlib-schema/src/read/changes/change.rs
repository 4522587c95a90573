//! What became of a record.

use std::collections::HashMap;

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

/// The changes of several places as one: what is gone from one and new in another has moved from domain to domain.
#[must_use]
pub fn across_places(changes: Vec<Change>) -> Vec<Change> {
    let of = |wanted: fn(&ChangeKind) -> bool| {
        let fitting = changes.iter().filter(|change| wanted(&change.kind));
        let named = fitting.map(|change| ((change.record, change.key.clone()), change.dn.clone()));
        named.collect::<HashMap<_, _>>()
    };
    let gone = of(|kind| matches!(kind, ChangeKind::Gone { .. }));
    let new = of(|kind| matches!(kind, ChangeKind::Created | ChangeKind::Returned));
    let mut joined = Vec::with_capacity(changes.len());
    for mut change in changes {
        let key = (change.record, change.key.clone());
        let moved_away = matches!(change.kind, ChangeKind::Gone { .. }) && new.contains_key(&key);
        if let ChangeKind::Created | ChangeKind::Returned = change.kind
            && let Some(from) = gone.get(&key)
        {
            change.kind = ChangeKind::Moved { from: from.clone() };
        }
        if !moved_away {
            joined.push(change);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R28: whoever moves to another domain keeps the key, and is neither gone nor new.
    #[test]
    fn r28_a_move_to_another_domain() {
        let change = |key: &str, dn: &str, kind| Change {
            key: Key::new(key),
            record: RecordKind::User,
            dn: dn.to_owned(),
            kind,
        };
        let gone = |key, dn| change(key, dn, ChangeKind::Gone { proof: Proof::Told });
        let moved = across_places(vec![
            gone("1", "cn=ada,dc=a"),
            gone("2", "cn=bob,dc=a"),
            change("1", "cn=ada,dc=b", ChangeKind::Created),
            change("3", "cn=eve,dc=b", ChangeKind::Created),
        ]);
        let from = "cn=ada,dc=a".to_owned();
        let expected = [
            gone("2", "cn=bob,dc=a"),
            change("1", "cn=ada,dc=b", ChangeKind::Moved { from }),
            change("3", "cn=eve,dc=b", ChangeKind::Created),
        ];
        assert_eq!(moved, expected);
    }
}
