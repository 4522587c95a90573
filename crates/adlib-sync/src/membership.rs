//! Who joins and who leaves which group.

use std::collections::HashSet;

use crate::{
    Link,
    diff::BothGroups,
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
    both: &BothGroups<'_>,
    deleted: &HashSet<&Link>,
) -> MembershipDiff {
    let ordered = state
        .memberships
        .in_order(|user| Record(state.users.get(user as usize)).hash());
    let pairs = ordered.as_ref().unwrap_or(&state.memberships);
    let is_kept = |link: &Link| deleted.contains(link) || !snapshot.witnesses.has(link.source);
    let is_kept: Vec<bool> = both.groups.iter().map(|group| is_kept(&group.link)).collect();
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
            let from = || both.numbers(stored.map(|stored| pairs.of(stored)));
            if !marks.are_same(snapshot.groups_of(wanted), from()) {
                let to: Vec<u32> = snapshot.groups_of(wanted).collect();
                let mut from: Vec<u32> = from().collect();
                from.sort_unstable();
                from.dedup();
                found.compare((wanted, stored), &to, &from, &is_kept);
            }
        }
    }
    found.named(snapshot, state, &both.groups)
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

/// Differences by the number of a user in `users` and that of a group.
#[derive(Default)]
struct Found {
    /// Who has differences, on both sides.
    users: Vec<(usize, Option<usize>)>,
    added: Vec<(u32, u32)>,
    removed: Vec<(u32, u32)>,
}

impl Found {
    /// Compare the sorted groups of a user: what the sources say with what the store has.
    fn compare(&mut self, user: (usize, Option<usize>), to: &[u32], from: &[u32], is_kept: &[bool]) {
        let before = (self.added.len(), self.removed.len());
        self.walk(to, from, is_kept);
        if before != (self.added.len(), self.removed.len()) {
            self.users.push(user);
        }
    }

    /// Walk two sorted lists of the next user side by side.
    fn walk(&mut self, mut to: &[u32], mut from: &[u32], is_kept: &[bool]) {
        let user = number(self.users.len());
        loop {
            match (to.split_first(), from.split_first()) {
                (None, None) => return,
                (Some((new, to_rest)), Some((old, from_rest))) if new == old => {
                    (to, from) = (to_rest, from_rest);
                }
                (Some((new, rest)), old) if old.is_none_or(|(old, _)| new < old) => {
                    self.added.push((user, *new));
                    to = rest;
                }
                (_, Some((old, rest))) => {
                    if is_kept.get(*old as usize) == Some(&false) {
                        self.removed.push((user, *old));
                    }
                    from = rest;
                }
                (Some(_), None) => return,
            }
        }
    }

    /// The differences with names, by name of user and group.
    fn named(self, snapshot: &Snapshot, state: &StoreState, groups: &[&StoredGroup]) -> MembershipDiff {
        let (users, user_at) = in_order(self.called(snapshot, state), 2 * self.users.len());
        let (named_groups, group_at) = in_order(self.named_groups(groups), groups.len());
        let place = |pairs: Vec<(u32, u32)>, side: usize| {
            let pairs = pairs.into_iter().filter_map(|(user, group)| {
                let user = user_at.get(2 * user as usize + side)?;
                Some((*user, *group_at.get(group as usize)?))
            });
            let mut pairs: Vec<(u32, u32)> = pairs.collect();
            pairs.sort_unstable();
            pairs
        };
        MembershipDiff {
            added: place(self.added, 0),
            removed: place(self.removed, 1),
            users: users.into_iter().map(Called::named).collect(),
            groups: named_groups
                .into_iter()
                .map(|(name, link)| (name, link.clone()))
                .collect(),
        }
    }

    /// What each user will be called, by twice its number, and one behind that what it is called.
    fn called<'r>(&self, snapshot: &'r Snapshot, state: &'r StoreState) -> Vec<(Called<'r>, u32)> {
        let mut called = Vec::with_capacity(2 * self.users.len());
        let mut numbers = 0..;
        for batch in self.users.chunks(BATCH) {
            snapshot.fetch(batch.iter().map(|(wanted, _)| *wanted));
            state.fetch(batch.iter().filter_map(|(_, stored)| *stored));
            for (wanted, stored) in batch {
                let records = [
                    snapshot.record(*wanted),
                    stored.and_then(|stored| state.record(stored)),
                ];
                let numbered = records.into_iter().zip(&mut numbers);
                called.extend(numbered.filter_map(|(record, number)| Some((Called::of(record?), number))));
            }
        }
        called
    }

    /// The names of the groups that have differences.
    fn named_groups<'g>(&self, groups: &[&'g StoredGroup]) -> Vec<((String, &'g Link), u32)> {
        let mut is_concerned = vec![false; groups.len()];
        for (_, group) in self.added.iter().chain(&self.removed) {
            if let Some(slot) = is_concerned.get_mut(*group as usize) {
                *slot = true;
            }
        }
        let numbered = groups.iter().zip(0..).zip(is_concerned);
        let concerned = numbered.filter_map(|(group, is_concerned)| is_concerned.then_some(group));
        concerned
            .map(|(group, number)| ((group.qualified_name(), &group.link), number))
            .collect()
    }
}

/// What a user is called. Most are told apart by the start of the name, which is here and not in the row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Called<'r> {
    start: u128,
    name: &'r str,
    /// The entry that owns the user.
    owner: &'r [u8],
}

impl<'r> Called<'r> {
    fn of(record: Record<'r>) -> Self {
        let name = record.name();
        let mut start = [0; 16];
        start
            .iter_mut()
            .zip(name.bytes())
            .for_each(|(to, from)| *to = from);
        Self {
            start: u128::from_be_bytes(start),
            name,
            owner: record.packed_owner(),
        }
    }

    fn named(self) -> (String, Link) {
        (self.name.to_owned(), Link::unpack(self.owner))
    }
}

/// Values in order, each once, and the place of each by its number.
fn in_order<T: Ord>(mut numbered: Vec<(T, u32)>, numbers: usize) -> (Vec<T>, Vec<u32>) {
    numbered.sort_unstable();
    let (mut values, mut places) = (Vec::with_capacity(numbered.len()), vec![0; numbers]);
    for (value, number_of_value) in numbered {
        if values.last() != Some(&value) {
            values.push(value);
        }
        if let Some(slot) = places.get_mut(number_of_value as usize) {
            *slot = number(values.len() - 1);
        }
    }
    (values, places)
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
