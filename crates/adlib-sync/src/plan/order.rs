//! The order of updates: every name is free when it is wanted, and names can be swapped (A59).

use std::collections::{HashMap, HashSet};

use crate::{Change, Field, FoldedName, Value, diff::Diff, item::Update, store::StoreState, table::Record};

/// One update of a user, by its index among the updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// All of its changes.
    Whole(usize),
    /// Out of the way, under a name that nobody wants: the user is part of a ring of renames.
    Aside(usize, String),
    /// All of its changes, from there.
    Home(usize, String),
}

impl Step {
    /// The step as an update.
    pub(crate) fn update(&self, updates: &[Update]) -> Option<Update> {
        match self {
            Self::Whole(index) => updates.get(*index).cloned(),
            Self::Aside(index, name) => {
                let mut update = updates.get(*index)?.clone();
                update.changes.retain(|change| change.field == Field::Name);
                for change in &mut update.changes {
                    change.to = Value::Text(name.clone());
                }
                Some(update)
            }
            Self::Home(index, name) => {
                let mut update = updates.get(*index)?.clone();
                let is_name = |change: &&mut Change| change.field == Field::Name;
                for change in update.changes.iter_mut().filter(is_name) {
                    change.from = Value::Text(name.clone());
                }
                Some(update)
            }
        }
    }
}

/// The steps for all updates of `diff`.
pub(crate) fn order(diff: &Diff, state: &StoreState) -> Vec<Step> {
    let mut ring = Ring {
        waits_for: waits_for(&diff.updates),
        seen: vec![Seen::No; diff.updates.len()],
        steps: Vec::with_capacity(diff.updates.len()),
        aside: None,
    };
    for index in 0..diff.updates.len() {
        ring.walk(index, |index, aside| {
            let names = aside.get_or_insert_with(|| all_names(diff, state));
            let name = diff
                .updates
                .get(index)
                .map(|update| update.user.as_str())
                .unwrap_or_default();
            free_name(name, names)
        });
    }
    ring.steps
}

/// For each update, the update that must free its new name first.
fn waits_for(updates: &[Update]) -> Vec<Option<usize>> {
    let folded = |update: &Update| {
        let (from, to) = update.rename()?;
        let (from, to) = (FoldedName::of(from), FoldedName::of(to));
        (from != to).then_some((from, to))
    };
    let renames: Vec<Option<(FoldedName, FoldedName)>> = updates.iter().map(folded).collect();
    let leaves: HashMap<&FoldedName, usize> = renames
        .iter()
        .enumerate()
        .filter_map(|(index, rename)| rename.as_ref().map(|(from, _)| (from, index)))
        .collect();
    renames
        .iter()
        .map(|rename| leaves.get(&rename.as_ref()?.1).copied())
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    OnPath,
    Done,
}

struct Ring {
    waits_for: Vec<Option<usize>>,
    seen: Vec<Seen>,
    steps: Vec<Step>,
    /// All names there are and will be; made only when a ring needs one more.
    aside: Option<HashSet<FoldedName>>,
}

impl Ring {
    /// Emit `start` after everything that it waits for.
    fn walk(&mut self, start: usize, name: impl Fn(usize, &mut Option<HashSet<FoldedName>>) -> String) {
        let mut path = Vec::new();
        let mut next = Some(start);
        let mut aside = None;
        while let Some(index) = next {
            match self.seen.get(index) {
                Some(Seen::No) => {}
                Some(Seen::OnPath) => {
                    let name = name(index, &mut self.aside);
                    self.steps.push(Step::Aside(index, name.clone()));
                    aside = Some((index, name));
                    break;
                }
                Some(Seen::Done) | None => break,
            }
            self.mark(index, Seen::OnPath);
            path.push(index);
            next = self.waits_for.get(index).copied().flatten();
        }
        for index in path.into_iter().rev() {
            self.mark(index, Seen::Done);
            self.steps.push(match &aside {
                Some((moved, name)) if *moved == index => Step::Home(index, name.clone()),
                _ => Step::Whole(index),
            });
        }
    }

    fn mark(&mut self, index: usize, seen: Seen) {
        if let Some(slot) = self.seen.get_mut(index) {
            *slot = seen;
        }
    }
}

fn all_names(diff: &Diff, state: &StoreState) -> HashSet<FoldedName> {
    let stored = state.users.iter().map(|row| Record(row).name());
    let created = diff.creates.iter().map(|create| create.user.name.as_str());
    let renamed = diff
        .updates
        .iter()
        .filter_map(|update| update.rename().map(|(_, to)| to));
    stored.chain(created).chain(renamed).map(FoldedName::of).collect()
}

/// A name like `name` that is not in `names`; it is from now on.
fn free_name(name: &str, names: &mut HashSet<FoldedName>) -> String {
    let mut number = 1_u64;
    loop {
        let candidate = format!("{name}~{number}");
        if names.insert(FoldedName::of(&candidate)) {
            return candidate;
        }
        number += 1;
    }
}
