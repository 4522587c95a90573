//! Why a user is in the list, or not, and who said what.

use std::fmt;

use serde::Serialize;

use crate::{
    Field, FoldedName, HeldBack, Link, Snapshot, SnapshotUser, Source, Value, escape::Visible,
    scope::ScopeReason, snapshot::Standing, table::Record,
};

/// What the sources say of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The name that was asked for.
    pub user: String,
    /// Whether a run brings the user in or keeps it.
    pub in_scope: bool,
    /// Why the user is in scope, if it is.
    pub reason: Option<ScopeReason>,
    /// The entries of this name.
    pub entries: Vec<EntryExplanation>,
    /// Each field that has a value, with the source that gave it. A PIN is only said to be there.
    pub fields: Vec<(Field, Value, Source)>,
    /// The groups that the user is in, nesting counted.
    pub groups: Vec<String>,
    /// Why the name is held back, if it is.
    pub held_back: Vec<HeldBack>,
}

/// One entry that bears the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntryExplanation {
    /// Source and key.
    pub entry: String,
    /// The distinguished name.
    pub dn: String,
    /// `wanted`, `disabled`, `left-scope` or `held-back`.
    pub standing: &'static str,
}

impl Snapshot {
    /// Why the user of this name is in scope, or why not, and which source gave each field.
    #[must_use]
    pub fn explain(&self, name: &str) -> Explanation {
        let folded = FoldedName::of(name);
        let user = (0..self.users.len()).find(|user| {
            let record = self.record(*user);
            record.is_some_and(|record| FoldedName::of(record.name()) == folded)
        });
        let found = user.and_then(|user| self.user_at(user));
        let held = self
            .held_back
            .iter()
            .filter(|held| FoldedName::of(&held.user) == folded);
        Explanation {
            user: name.to_owned(),
            in_scope: found.is_some(),
            reason: user.map(|user| self.reason_for(user)),
            entries: self.entries_named(&folded, found.as_ref()),
            fields: found.as_ref().map(fields).unwrap_or_default(),
            groups: found.iter().flat_map(|user| self.group_names(user)).collect(),
            held_back: held.cloned().collect(),
        }
    }

    /// The entries of a name, and those of its user under whatever name.
    fn entries_named(&self, folded: &FoldedName, user: Option<&SnapshotUser>) -> Vec<EntryExplanation> {
        let rows = self.standing.iter().zip(0..);
        let named = rows.filter_map(|(standing, row)| {
            let record = Record(self.rows.get(row));
            let link = record.owner();
            let is_of_user = user.is_some_and(|user| user.links.contains(&link));
            let is_meant = is_of_user || FoldedName::of(record.name()) == *folded;
            is_meant.then(|| self.explain_entry(row, &link, *standing))
        });
        named.collect()
    }

    fn explain_entry(&self, row: usize, link: &Link, standing: Standing) -> EntryExplanation {
        EntryExplanation {
            entry: link.to_string(),
            dn: self.dn(row),
            standing: match standing {
                Standing::Wanted(_) => "wanted",
                Standing::Disabled => "disabled",
                Standing::LeftScope => "left-scope",
                Standing::HeldBack => "held-back",
            },
        }
    }

    fn group_names(&self, user: &SnapshotUser) -> Vec<String> {
        let groups = user.groups.iter().filter_map(|group| self.groups.get(*group));
        let mut names: Vec<String> = groups.map(crate::store::StoredGroup::qualified_name).collect();
        names.sort_unstable();
        names
    }
}

fn fields(user: &SnapshotUser) -> Vec<(Field, Value, Source)> {
    let values = Field::DETAILS
        .into_iter()
        .filter_map(|field| Some((field, user.details.value(field)?)));
    let present = values.filter(|(_, value)| *value != Value::Absent);
    present
        .map(|(field, value)| (field, value, user.winner(field)))
        .collect()
}

impl fmt::Display for Explanation {
    /// Safe to print on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Visible(&self.user);
        match (&self.reason, self.entries.is_empty()) {
            (Some(reason), _) => writeln!(f, "{name}: {reason}")?,
            (None, false) => writeln!(f, "{name}: not brought in")?,
            (None, true) => writeln!(f, "{name}: no source has an entry of this name")?,
        }
        for entry in &self.entries {
            writeln!(
                f,
                "  {} {} ({})",
                Visible(&entry.entry),
                Visible(&entry.dn),
                entry.standing
            )?;
        }
        self.held_back
            .iter()
            .try_for_each(|held| writeln!(f, "  ! {held}"))?;
        for (field, value, source) in &self.fields {
            match field {
                Field::Pin => writeln!(f, "  {field}: present ({source})")?,
                _ => writeln!(f, "  {field}: {value} ({source})")?,
            }
        }
        self.groups
            .iter()
            .try_for_each(|group| writeln!(f, "  in {}", Visible(group)))
    }
}
