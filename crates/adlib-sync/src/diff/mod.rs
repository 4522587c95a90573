//! The difference between what the sources say and what the store has.

mod clash;
mod fate;
mod identity;

use std::collections::{HashMap, HashSet};

use self::{
    clash::Clashes,
    fate::{Fate, is_removed},
    identity::Matches,
};
use crate::{
    Change, Details, Field, HeldBack, HoldReason, Link, SyncOptions, Trigger, Value,
    item::{
        Create, GroupRemoval, GroupUpdate, Membership, RemovalReason, Removals, Unwanted, Update, UserRemoval,
    },
    membership,
    snapshot::{Snapshot, SnapshotUser},
    store::{NewUser, Origin, StoreState, StoredUser},
};

/// Everything that a run would do, and everything that it leaves alone with a reason.
#[derive(Debug)]
pub(crate) struct Diff {
    pub(crate) creates: Vec<Create>,
    pub(crate) updates: Vec<Update>,
    pub(crate) enables: Vec<Update>,
    pub(crate) disables: Vec<Update>,
    pub(crate) removals: Removals,
    pub(crate) group_creates: Vec<crate::store::StoredGroup>,
    pub(crate) group_updates: Vec<GroupUpdate>,
    pub(crate) memberships_added: Vec<Membership>,
    pub(crate) memberships_removed: Vec<Membership>,
    pub(crate) held_back: Vec<HeldBack>,
    pub(crate) left_scope: Vec<Unwanted>,
    pub(crate) disabled: Vec<Unwanted>,
    pub(crate) missing: Vec<Unwanted>,
    pub(crate) unknown: Vec<String>,
}

impl Diff {
    /// A difference of nothing.
    pub(crate) fn none(trigger: &Trigger) -> Self {
        Self {
            creates: Vec::new(),
            updates: Vec::new(),
            enables: Vec::new(),
            disables: Vec::new(),
            removals: removals(trigger),
            group_creates: Vec::new(),
            group_updates: Vec::new(),
            memberships_added: Vec::new(),
            memberships_removed: Vec::new(),
            held_back: Vec::new(),
            left_scope: Vec::new(),
            disabled: Vec::new(),
            missing: Vec::new(),
            unknown: Vec::new(),
        }
    }
}

fn removals(trigger: &Trigger) -> Removals {
    match trigger {
        Trigger::Scheduled => Removals::Scheduled,
        Trigger::Manual(_) => Removals::Manual {
            users: Vec::new(),
            groups: Vec::new(),
        },
    }
}

/// Compare `snapshot` with `state`.
pub(crate) fn diff(
    snapshot: &Snapshot,
    state: &StoreState,
    options: &SyncOptions,
    trigger: &Trigger,
) -> Diff {
    let matches = Matches::find(snapshot, state, options);
    let fates = fate::decide(snapshot, state, &matches);
    let compare = Compare {
        snapshot,
        state,
        options,
        trigger,
        matches: &matches,
        fates: &fates,
    };
    let held = compare.settle_clashes();
    let mut diff = Diff::none(trigger);
    compare.wanted_users(&held, &mut diff);
    compare.unwanted_users(&mut diff);
    compare.groups(&mut diff);
    compare.memberships(&held, &mut diff);
    sort(&mut diff);
    diff
}

struct Compare<'a> {
    snapshot: &'a Snapshot,
    state: &'a StoreState,
    options: &'a SyncOptions,
    trigger: &'a Trigger,
    matches: &'a Matches,
    fates: &'a [Fate],
}

impl<'a> Compare<'a> {
    /// The wanted users that the run creates or updates, if nothing holds them back.
    fn active(&self) -> impl Iterator<Item = (usize, &'a SnapshotUser, Option<&'a StoredUser>)> {
        let (import_new, state) = (self.options.import_new, self.state);
        let users = self.snapshot.users.iter().zip(&self.matches.stored).enumerate();
        users.filter_map(move |(index, (user, stored))| {
            let stored = stored.and_then(|stored| state.users.get(stored));
            (stored.is_some() || import_new).then_some((index, user, stored))
        })
    }

    /// The details that a user will have.
    fn outcome(&self, user: &'a SnapshotUser, stored: Option<&'a StoredUser>) -> &'a Details {
        match stored {
            Some(stored) if !self.options.update_details => &stored.details,
            _ => &user.details,
        }
    }

    fn settle_clashes(&self) -> HashMap<usize, HoldReason> {
        let mut clashes = Clashes::new(self.snapshot, self.state, self.fates, self.matches);
        for (index, user, stored) in self.active() {
            clashes.claim_wanted(index, self.outcome(user, stored));
        }
        for (index, fate) in self.fates.iter().enumerate() {
            if !matches!(fate, Fate::Follows(_)) && !is_removed(fate, self.trigger, self.options) {
                clashes.claim_stored(index);
            }
        }
        let name = |index: usize| {
            self.state
                .users
                .get(index)
                .map(|user| user.name.clone())
                .unwrap_or_default()
        };
        for (wanted, matched, other) in &self.matches.two_records {
            let reason = HoldReason::TwoRecords(name(*matched), name(*other));
            clashes.hold(*wanted, Some(reason));
        }
        clashes.settle()
    }

    fn wanted_users(&self, held: &HashMap<usize, HoldReason>, diff: &mut Diff) {
        diff.held_back.clone_from(&self.snapshot.held_back);
        for (index, user, stored) in self.active() {
            if let Some(reason) = held.get(&index) {
                diff.held_back
                    .push(HeldBack::new(user.name.clone(), reason.clone()));
                continue;
            }
            match stored {
                None => diff.creates.push(self.create(user)),
                Some(stored) => self.update(user, stored, diff),
            }
        }
    }

    fn create(&self, user: &SnapshotUser) -> Create {
        let mut new = NewUser::new(user.links.clone(), user.name.clone());
        new.enabled = user.enabled;
        new.details = user.details.clone();
        Create {
            user: new,
            is_recreated: false,
        }
    }

    fn update(&self, user: &SnapshotUser, stored: &StoredUser, diff: &mut Diff) {
        let owner = user.links.owner().source;
        let identity = [
            (Field::Name, Value::Text(user.name.clone())),
            (Field::Entry, Value::Origin(Origin::Directory(user.links.clone()))),
        ];
        let details = Field::DETAILS.into_iter().filter(|_| self.options.update_details);
        let details = details.filter_map(|field| Some((field, user.details.value(field)?)));
        let changes: Vec<Change> = identity
            .into_iter()
            .chain(details)
            .filter_map(|(field, to)| {
                let (from, source) = (stored.value(field), user.winner(field));
                (from != to).then(|| Change::new(field, from, to, source))
            })
            .collect();
        if !changes.is_empty() {
            diff.updates.push(update(stored, changes));
        }
        if user.enabled != stored.enabled {
            let change = Change::new(Field::Enabled, (!user.enabled).into(), user.enabled.into(), owner);
            let list = if user.enabled {
                &mut diff.enables
            } else {
                &mut diff.disables
            };
            list.push(update(stored, vec![change]));
        }
    }

    /// Users of the store whom no source wants.
    fn unwanted_users(&self, diff: &mut Diff) {
        for (stored, fate) in self.state.users.iter().zip(self.fates) {
            let Some(links) = stored.origin.links() else {
                continue;
            };
            let is_removed = is_removed(fate, self.trigger, self.options);
            let unwanted = Unwanted {
                user: stored.name.clone(),
                is_removed,
            };
            let reason = match fate {
                Fate::Local | Fate::Follows(_) | Fate::HeldBack => continue,
                Fate::Unknown => {
                    diff.unknown.push(stored.name.clone());
                    continue;
                }
                Fate::Gone(proof) => {
                    diff.missing.push(unwanted);
                    RemovalReason::Gone(proof.clone())
                }
                Fate::LeftScope => {
                    diff.left_scope.push(unwanted);
                    RemovalReason::LeftScope
                }
                Fate::Disabled => {
                    diff.disabled.push(unwanted);
                    if stored.enabled && !is_removed {
                        let change =
                            Change::new(Field::Enabled, true.into(), false.into(), links.owner().source);
                        diff.disables.push(update(stored, vec![change]));
                    }
                    RemovalReason::Disabled
                }
            };
            if let (true, Removals::Manual { users, .. }) = (is_removed, &mut diff.removals) {
                users.push(UserRemoval {
                    id: stored.id.clone(),
                    user: stored.name.clone(),
                    links: links.clone(),
                    reason,
                });
            }
        }
    }

    fn groups(&self, diff: &mut Diff) {
        let stored: HashMap<&Link, _> = self
            .state
            .groups
            .iter()
            .map(|group| (&group.link, group))
            .collect();
        for group in &self.snapshot.groups {
            match stored.get(&group.link) {
                None => diff.group_creates.push(group.clone()),
                Some(known) if *known != group => diff.group_updates.push(GroupUpdate {
                    from: (*known).clone(),
                    to: group.clone(),
                }),
                Some(_) => {}
            }
        }
        let deletes = self.trigger.as_manual().is_some_and(|run| run.delete_missing);
        let Removals::Manual { groups, .. } = &mut diff.removals else {
            return;
        };
        for group in self.state.groups.iter().filter(|_| deletes) {
            if self.snapshot.group_links.contains(&group.link) {
                continue;
            }
            if let Some(proof) = self.snapshot.witnesses.absence([group.link.source].into_iter()) {
                groups.push(GroupRemoval {
                    group: group.clone(),
                    proof,
                });
            }
        }
    }

    fn memberships(&self, held: &HashMap<usize, HoldReason>, diff: &mut Diff) {
        let settled = self.active().filter(|(index, ..)| !held.contains_key(index));
        let settled =
            settled.map(|(index, user, _)| (self.matches.stored.get(index).copied().flatten(), user));
        let deleted: HashSet<&Link> = diff
            .removals
            .groups()
            .iter()
            .map(|removal| &removal.group.link)
            .collect();
        let (added, removed) = membership::diff(settled, self.snapshot, self.state, &deleted);
        diff.memberships_added = added;
        diff.memberships_removed = removed;
    }
}

fn update(stored: &StoredUser, changes: Vec<Change>) -> Update {
    Update {
        id: stored.id.clone(),
        user: stored.name.clone(),
        changes,
    }
}

/// Put the items in the order of their names, and mark the creations that take a deleted user's name.
fn sort(diff: &mut Diff) {
    let deleted: HashSet<crate::FoldedName> = diff
        .removals
        .users()
        .iter()
        .map(|removal| crate::FoldedName::of(&removal.user))
        .collect();
    for create in &mut diff.creates {
        create.is_recreated = deleted.contains(&crate::FoldedName::of(&create.user.name));
    }
    for updates in [&mut diff.updates, &mut diff.enables, &mut diff.disables] {
        updates.sort_by(|a, b| a.user.cmp(&b.user));
    }
    if let Removals::Manual { users, groups } = &mut diff.removals {
        users.sort_by(|a, b| a.user.cmp(&b.user));
        groups.sort_by(|a, b| a.group.link.cmp(&b.group.link));
    }
    diff.held_back.sort_unstable();
    for unwanted in [&mut diff.left_scope, &mut diff.disabled, &mut diff.missing] {
        unwanted.sort_unstable();
    }
    diff.unknown.sort_unstable();
}
