//! Which group of the store is which of the sources.

use std::collections::HashMap;

use crate::{
    Link,
    snapshot::Snapshot,
    store::{StoreState, StoredGroup},
    table::{HashIndex, Hashed, hash},
};

/// The groups of both sides under one number each: those of the snapshot under their own, then what only the store has.
pub(crate) struct BothGroups<'a> {
    /// The names of the sources, where both have one.
    pub(crate) groups: Vec<&'a StoredGroup>,
    /// What the store has of each group of the snapshot.
    stored: Vec<Stored<'a>>,
    /// The number of each group of the store.
    of_stored: Vec<u32>,
}

/// What the store has of a group of the snapshot.
#[derive(Clone, Copy)]
pub(super) enum Stored<'a> {
    Nothing,
    Same,
    Other(&'a StoredGroup),
}

/// The number of a group that has none yet.
const NONE: u32 = u32::MAX;

impl<'a> BothGroups<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, state: &'a StoreState) -> Self {
        let mut both = Self {
            groups: snapshot.groups.iter().collect(),
            stored: vec![Stored::Nothing; snapshot.groups.len()],
            of_stored: vec![NONE; state.groups.len()],
        };
        by_hash(&snapshot.groups).join(&by_hash(&state.groups), |ones, others| {
            both.join(ones, others, state);
        });
        both.add_others(state);
        both
    }

    /// Join groups of one entry, among some whose entries have a hash in common.
    fn join(&mut self, ones: &[Hashed], others: &[Hashed], state: &'a StoreState) {
        let ones = ones.iter().map(|one| one.row());
        let ones = ones.filter_map(|one| Some((&self.groups.get(one as usize)?.link, one)));
        let numbers: HashMap<&Link, u32> = ones.collect();
        for other in others.iter().map(|other| other.row() as usize) {
            let group = state.groups.get(other);
            if let Some(group) = group
                && let Some(number) = numbers.get(&group.link)
                && let Some(ours) = self.groups.get(*number as usize)
                && let Some(stored) = self.stored.get_mut(*number as usize)
                && let Some(of_stored) = self.of_stored.get_mut(other)
            {
                *stored = if *ours == group {
                    Stored::Same
                } else {
                    Stored::Other(group)
                };
                *of_stored = *number;
            }
        }
    }

    /// Number what only the store has.
    fn add_others(&mut self, state: &'a StoreState) {
        let mut numbers: HashMap<&Link, u32> = HashMap::new();
        let all = state.groups.iter().zip(&mut self.of_stored);
        for (group, number) in all.filter(|(_, number)| **number == NONE) {
            *number = *numbers.entry(&group.link).or_insert_with(|| {
                self.groups.push(group);
                u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
            });
        }
    }

    /// The groups of the snapshot, each with what the store has of it.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (&'a StoredGroup, Stored<'a>)> {
        self.groups.iter().copied().zip(self.stored.iter().copied())
    }

    /// The groups that only the store has.
    pub(super) fn others(&self) -> &[&'a StoredGroup] {
        self.groups.get(self.stored.len()..).unwrap_or_default()
    }

    /// The numbers of groups of the store.
    pub(crate) fn numbers(&self, stored: Option<impl Iterator<Item = u32>>) -> impl Iterator<Item = u32> {
        let stored = stored.into_iter().flatten();
        stored.filter_map(|group| self.of_stored.get(group as usize).copied())
    }
}

/// Groups by their entries.
fn by_hash(groups: &[StoredGroup]) -> HashIndex {
    let hashed = groups
        .iter()
        .zip(0..)
        .map(|(group, row)| Hashed::new(hash(group.link.key.as_str().as_bytes()), row));
    HashIndex::new(hashed.collect())
}
