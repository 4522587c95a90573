//! Who joins and who leaves which group.

use std::collections::{HashMap, HashSet};

use crate::{
    Link,
    snapshot::Snapshot,
    store::{StoreState, StoredGroup},
    table::Record,
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
    let ordered = state.memberships.in_order();
    let pairs = ordered.as_ref().unwrap_or(&state.memberships);
    let ranks = Ranks::of(snapshot, state, deleted);
    let mut found = Found::default();
    let (mut wanted_groups, mut stored_groups) = (Vec::new(), Vec::new());
    for (wanted, stored) in settled {
        ranks.wanted(snapshot.groups_of(wanted), &mut wanted_groups);
        match stored {
            Some(stored) => ranks.stored(pairs.of(stored), &mut stored_groups),
            None => stored_groups.clear(),
        }
        if wanted_groups != stored_groups {
            found.compare(wanted, stored, &wanted_groups, &stored_groups, &ranks.is_kept);
        }
    }
    found.named(snapshot, state, &ranks)
}

/// The groups of both sides in one order, that of their entries.
struct Ranks<'a> {
    links: Vec<&'a StoredGroup>,
    of_wanted: Vec<u32>,
    of_stored: Vec<u32>,
    /// Whether memberships of a group are left alone though no source has them.
    is_kept: Vec<bool>,
}

impl<'a> Ranks<'a> {
    fn of(snapshot: &'a Snapshot, state: &'a StoreState, deleted: &HashSet<&Link>) -> Self {
        let mut all: Vec<&StoredGroup> = snapshot.groups.iter().chain(&state.groups).collect();
        // The names of the sources come first, and stay.
        all.sort_by_key(|group| &group.link);
        all.dedup_by_key(|group| &group.link);
        let numbered = all.iter().zip(0..);
        let rank: HashMap<&Link, u32> = numbered.map(|(group, rank)| (&group.link, rank)).collect();
        let ranks = |groups: &[StoredGroup]| -> Vec<u32> {
            groups
                .iter()
                .filter_map(|group| rank.get(&group.link).copied())
                .collect()
        };
        let is_kept = |link: &Link| deleted.contains(link) || !snapshot.witnesses.has(link.source);
        Self {
            of_wanted: ranks(&snapshot.groups),
            of_stored: ranks(&state.groups),
            is_kept: all.iter().map(|group| is_kept(&group.link)).collect(),
            links: all,
        }
    }

    fn wanted(&self, groups: impl Iterator<Item = u32>, ranks: &mut Vec<u32>) {
        fill(ranks, groups, &self.of_wanted);
    }

    fn stored(&self, groups: &[u32], ranks: &mut Vec<u32>) {
        fill(ranks, groups.iter().copied(), &self.of_stored);
    }
}

/// The ranks of `groups`, each once, in order.
fn fill(ranks: &mut Vec<u32>, groups: impl Iterator<Item = u32>, of: &[u32]) {
    ranks.clear();
    ranks.extend(groups.filter_map(|group| of.get(group as usize).copied()));
    if !ranks.is_sorted_by(|one, other| one < other) {
        ranks.sort_unstable();
        ranks.dedup();
    }
}

/// Differences by the index of a user and the rank of a group.
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
    fn named(self, snapshot: &Snapshot, state: &StoreState, ranks: &Ranks<'_>) -> MembershipDiff {
        let mut names = Names::of(ranks);
        let of_wanted = |wanted: usize| snapshot.record(wanted);
        let added = names.numbered(&self.added, of_wanted, ranks);
        let removed = names.numbered(&self.removed, |stored| state.record(stored), ranks);
        names.sorted(added, removed)
    }
}

/// The names of those concerned.
struct Names {
    users: Vec<(String, Link)>,
    groups: Vec<(String, Link)>,
    /// The number of each group that has one, by rank.
    group_at: Vec<Option<u32>>,
}

impl Names {
    fn of(ranks: &Ranks<'_>) -> Self {
        Self {
            users: Vec::new(),
            groups: Vec::new(),
            group_at: vec![None; ranks.links.len()],
        }
    }

    /// Pairs by the numbers of names. The pairs of a user come together.
    fn numbered<'r>(
        &mut self,
        pairs: &[(usize, u32)],
        record: impl Fn(usize) -> Option<Record<'r>>,
        ranks: &Ranks<'_>,
    ) -> Vec<(u32, u32)> {
        let mut numbered = Vec::with_capacity(pairs.len());
        for of_user in pairs.chunk_by(|(one, _), (other, _)| one == other) {
            let Some(record) = of_user.first().and_then(|(user, _)| record(*user)) else {
                continue;
            };
            let user = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
            self.users.push((record.name().to_owned(), record.owner()));
            for (_, rank) in of_user {
                numbered.extend(self.group(*rank, ranks).map(|group| (user, group)));
            }
        }
        numbered
    }

    fn group(&mut self, rank: u32, ranks: &Ranks<'_>) -> Option<u32> {
        let slot = self.group_at.get_mut(rank as usize)?;
        if slot.is_none() {
            let group = ranks.links.get(rank as usize)?;
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
