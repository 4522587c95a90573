//! Who joins and who leaves which group.

use std::collections::{HashMap, HashSet};

use crate::{
    Link,
    snapshot::Snapshot,
    store::{StoreState, StoredGroup},
    table::{BATCH, Record},
};

/// A user in a group, nesting counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The group's name with its domain.
    pub group: &'a str,
    /// The entry that owns the user.
    pub user_link: &'a Link,
    /// The group's entry.
    pub group_link: &'a Link,
}

/// Memberships to add, or to remove, by user and group.
#[derive(Debug, Clone, Copy)]
pub struct Memberships<'a> {
    diff: &'a MembershipDiff,
    pairs: &'a [(u32, u32)],
}

impl<'a> Memberships<'a> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Membership<'a>> + use<'a> {
        let diff = self.diff;
        self.pairs.iter().filter_map(move |(user, group)| {
            let (user, user_link) = diff.users.get(*user as usize)?;
            let (group, group_link) = diff.groups.get(*group as usize)?;
            Some(Membership {
                user,
                group,
                user_link,
                group_link,
            })
        })
    }
}

impl Memberships<'_> {
    /// Each piece of what they say, for a hash.
    pub(crate) fn each_part(&self, mut part: impl FnMut(&[u8])) {
        let named = self.diff.users.iter().chain(&self.diff.groups);
        for (name, link) in named {
            part(name.as_bytes());
            part(&[link.source.number()]);
            part(link.key.as_str().as_bytes());
        }
        for (user, group) in self.pairs {
            let (user, group) = (user.to_le_bytes(), group.to_le_bytes());
            part(&user);
            part(&group);
        }
    }
}

/// The memberships to add and to remove, with the names of those concerned only.
#[derive(Debug, Default)]
pub struct MembershipDiff {
    users: Vec<(String, Link)>,
    groups: Vec<(String, Link)>,
    added: Vec<(u32, u32)>,
    removed: Vec<(u32, u32)>,
}

impl MembershipDiff {
    /// The memberships to add.
    #[must_use]
    pub fn added(&self) -> Memberships<'_> {
        Memberships {
            diff: self,
            pairs: &self.added,
        }
    }

    /// The memberships to remove.
    #[must_use]
    pub fn removed(&self) -> Memberships<'_> {
        Memberships {
            diff: self,
            pairs: &self.removed,
        }
    }
}

/// The memberships to add and to remove.
///
/// Only those of `settled` users count, each with the index of its stored user: of a user who is held back, out of
/// scope or gone the sources do not say who it is with. Groups that are deleted take their memberships with them;
/// of groups of a source that this run does not have, nothing is known.
pub(crate) fn diff(
    settled: impl Iterator<Item = (usize, Option<usize>)>,
    snapshot: &Snapshot,
    state: &StoreState,
    deleted: &HashSet<&Link>,
) -> MembershipDiff {
    let ordered = state
        .memberships
        .in_order(|user| Record(state.users.get(user as usize)).hash());
    let pairs = ordered.as_ref().unwrap_or(&state.memberships);
    let both = BothGroups::of(snapshot, state, deleted);
    let mut marks = Marks::new(both.groups.len());
    let mut found = Found::default();
    let mut settled = settled.peekable();
    while settled.peek().is_some() {
        let batch: Vec<(usize, Option<usize>)> = settled.by_ref().take(BATCH).collect();
        snapshot
            .memberships
            .fetch(batch.iter().map(|(wanted, _)| *wanted));
        pairs.fetch(batch.iter().filter_map(|(_, stored)| *stored));
        for (wanted, stored) in batch {
            let from = || both.stored(stored.map(|stored| pairs.of(stored)));
            if !marks.are_same(snapshot.groups_of(wanted), from()) {
                let to: Vec<u32> = snapshot.groups_of(wanted).collect();
                let mut from: Vec<u32> = from().collect();
                from.sort_unstable();
                from.dedup();
                found.compare(wanted, stored, &to, &from, &both.is_kept);
            }
        }
    }
    found.named(snapshot, state, &both)
}

/// The groups of both sides under one number each: those of the snapshot under their own, then what only the store has.
struct BothGroups<'a> {
    groups: Vec<&'a StoredGroup>,
    of_stored: Vec<u32>,
    /// Whether memberships of a group are left alone though no source has them.
    is_kept: Vec<bool>,
}

impl<'a> BothGroups<'a> {
    fn of(snapshot: &'a Snapshot, state: &'a StoreState, deleted: &HashSet<&Link>) -> Self {
        // The names of the sources come first, and stay.
        let mut groups: Vec<&StoredGroup> = snapshot.groups.iter().collect();
        let numbered = groups.iter().zip(0..);
        let mut numbers: HashMap<&Link, u32> =
            numbered.map(|(group, number)| (&group.link, number)).collect();
        let mut of_stored = Vec::with_capacity(state.groups.len());
        for group in &state.groups {
            let number = *numbers.entry(&group.link).or_insert_with(|| {
                groups.push(group);
                u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
            });
            of_stored.push(number);
        }
        let is_kept = |link: &Link| deleted.contains(link) || !snapshot.witnesses.has(link.source);
        Self {
            is_kept: groups.iter().map(|group| is_kept(&group.link)).collect(),
            of_stored,
            groups,
        }
    }

    /// The numbers of groups of the store.
    fn stored(&self, groups: Option<impl Iterator<Item = u32>>) -> impl Iterator<Item = u32> {
        let groups = groups.into_iter().flatten();
        groups.filter_map(|group| self.of_stored.get(group as usize).copied())
    }
}

/// The user who marked each group last.
struct Marks {
    marks: Vec<u32>,
    user: u32,
}

impl Marks {
    fn new(groups: usize) -> Self {
        Self {
            marks: vec![0; groups],
            user: 0,
        }
    }

    /// Whether two lists have the same groups; the first has each once. An answer of no may be wrong where the other list has
    /// one twice.
    fn are_same(&mut self, ones: impl Iterator<Item = u32>, others: impl Iterator<Item = u32>) -> bool {
        self.user += 1;
        let mut left = 0_usize;
        for group in ones {
            if let Some(mark) = self.marks.get_mut(group as usize) {
                *mark = self.user;
                left += 1;
            }
        }
        for group in others {
            match self.marks.get_mut(group as usize) {
                Some(mark) if *mark == self.user => *mark = 0,
                _ => return false,
            }
            left -= 1;
        }
        left == 0
    }
}

/// Differences by the index of a user and the number of a group.
#[derive(Default)]
struct Found {
    added: Vec<(usize, u32)>,
    /// By the stored user.
    removed: Vec<(usize, u32)>,
}

impl Found {
    /// Walk two sorted lists side by side.
    fn compare(
        &mut self,
        wanted: usize,
        stored: Option<usize>,
        mut to: &[u32],
        mut from: &[u32],
        is_kept: &[bool],
    ) {
        loop {
            match (to.split_first(), from.split_first()) {
                (None, None) => return,
                (Some((new, to_rest)), Some((old, from_rest))) if new == old => {
                    (to, from) = (to_rest, from_rest);
                }
                (Some((new, rest)), old) if old.is_none_or(|(old, _)| new < old) => {
                    self.added.push((wanted, *new));
                    to = rest;
                }
                (_, Some((old, rest))) => {
                    let is_kept = is_kept.get(*old as usize).copied().unwrap_or(true);
                    if let Some(stored) = stored.filter(|_| !is_kept) {
                        self.removed.push((stored, *old));
                    }
                    from = rest;
                }
                (Some(_), None) => return,
            }
        }
    }

    /// The differences with names, by name of user and group.
    fn named(self, snapshot: &Snapshot, state: &StoreState, both: &BothGroups<'_>) -> MembershipDiff {
        let mut names = Names::of(both);
        let of_wanted = |wanted: usize| snapshot.record(wanted);
        let added = names.numbered(&self.added, of_wanted, both);
        let removed = names.numbered(&self.removed, |stored| state.record(stored), both);
        names.sorted(added, removed)
    }
}

/// The names of those concerned.
struct Names {
    users: Vec<(String, Link)>,
    groups: Vec<(String, Link)>,
    /// The place of each group that has one, by number.
    group_at: Vec<Option<u32>>,
}

impl Names {
    fn of(both: &BothGroups<'_>) -> Self {
        Self {
            users: Vec::new(),
            groups: Vec::new(),
            group_at: vec![None; both.groups.len()],
        }
    }

    /// Pairs by the numbers of names. The pairs of a user come together.
    fn numbered<'r>(
        &mut self,
        pairs: &[(usize, u32)],
        record: impl Fn(usize) -> Option<Record<'r>>,
        both: &BothGroups<'_>,
    ) -> Vec<(u32, u32)> {
        let mut numbered = Vec::with_capacity(pairs.len());
        for of_user in pairs.chunk_by(|(one, _), (other, _)| one == other) {
            let Some(record) = of_user.first().and_then(|(user, _)| record(*user)) else {
                continue;
            };
            let user = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
            self.users.push((record.name().to_owned(), record.owner()));
            for (_, number) in of_user {
                numbered.extend(self.group(*number, both).map(|group| (user, group)));
            }
        }
        numbered
    }

    fn group(&mut self, number: u32, both: &BothGroups<'_>) -> Option<u32> {
        let slot = self.group_at.get_mut(number as usize)?;
        if slot.is_none() {
            let group = both.groups.get(number as usize)?;
            *slot = u32::try_from(self.groups.len()).ok();
            self.groups.push((group.qualified_name(), group.link.clone()));
        }
        *slot
    }

    /// Everything in the order of names.
    fn sorted(self, added: Vec<(u32, u32)>, removed: Vec<(u32, u32)>) -> MembershipDiff {
        let (users, user_at) = sorted(self.users);
        let (groups, group_at) = sorted(self.groups);
        let place = |pairs: Vec<(u32, u32)>| {
            let pairs = pairs.into_iter().filter_map(|(user, group)| {
                Some((*user_at.get(user as usize)?, *group_at.get(group as usize)?))
            });
            let mut pairs: Vec<(u32, u32)> = pairs.collect();
            pairs.sort_unstable();
            pairs
        };
        MembershipDiff {
            added: place(added),
            removed: place(removed),
            users,
            groups,
        }
    }
}

/// The names in order, and the place of each.
fn sorted(names: Vec<(String, Link)>) -> (Vec<(String, Link)>, Vec<u32>) {
    let mut numbered: Vec<((String, Link), usize)> = names.into_iter().zip(0..).collect();
    numbered.sort_unstable();
    let mut places = vec![0; numbered.len()];
    for (place, (_, old)) in (0..).zip(&numbered) {
        if let Some(slot) = places.get_mut(*old) {
            *slot = place;
        }
    }
    (numbered.into_iter().map(|(name, _)| name).collect(), places)
}
