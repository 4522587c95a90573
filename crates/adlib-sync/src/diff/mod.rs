//! The difference between what the sources say and what the store has.

mod both_groups;
mod clash;
mod fate;
mod identity;

use std::collections::{BTreeMap, HashMap, HashSet};

use adlib_schema::read::Warning;

pub(crate) use self::both_groups::BothGroups;
use self::{
    both_groups::Stored,
    clash::{Clashes, Settled},
    fate::{Fate, is_removed},
    identity::Matches,
};
use crate::{
    Change, Field, FoldedName, HeldBack, HoldReason, Link, Links, Source, SyncOptions, Trigger,
    held_back::Holder,
    item::{Create, GroupRemoval, GroupUpdate, RemovalReason, Removals, Unwanted, Update, UserRemoval},
    membership::{self, MembershipDiff},
    snapshot::{Snapshot, SnapshotUser},
    store::{NewUser, StoreState, StoredUser},
    table::{BATCH, Record},
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
    pub(crate) memberships: MembershipDiff,
    /// E-mail addresses that users go without because they are somebody else's.
    pub(crate) emails_left_out: Vec<(Source, Warning)>,
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
            memberships: MembershipDiff::default(),
            emails_left_out: Vec::new(),
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
    let settled = compare.settle_clashes();
    let mut diff = Diff::none(trigger);
    compare.wanted_users(&settled, &mut diff);
    compare.unwanted_users(&mut diff);
    let both = BothGroups::of(snapshot, state);
    compare.groups(&both, &mut diff);
    compare.memberships(&both, &settled.held, &mut diff);
    sort(&mut diff);
    diff
}

/// Who joins and who leaves which group, all else aside: users are known by their entries, and nobody is held back.
#[must_use]
pub fn membership_changes(snapshot: &Snapshot, state: &StoreState) -> MembershipDiff {
    let matches = Matches::find(snapshot, state, &SyncOptions::default());
    let users = 0..snapshot.users.len();
    let matched = users.map(|wanted| (wanted, matches.stored_of(wanted)));
    let both = BothGroups::of(snapshot, state);
    membership::diff(matched, snapshot, state, &both, &HashSet::new())
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
    fn active(&self) -> impl Iterator<Item = usize> {
        (0..self.snapshot.users.len()).filter(|wanted| self.is_active(*wanted))
    }

    fn is_active(&self, wanted: usize) -> bool {
        self.options.import_new || self.matches.stored_of(wanted).is_some()
    }

    /// What the store has of a wanted user.
    fn stored_record(&self, wanted: usize) -> Option<Record<'a>> {
        self.state.record(self.matches.stored_of(wanted)?)
    }

    fn settle_clashes(&self) -> Settled {
        let mut clashes = Clashes::new(self, |stored| {
            let fate = self.fates.get(stored).copied().unwrap_or(Fate::Unknown);
            fate != Fate::Follows && !is_removed(fate, self.trigger, self.options)
        });
        let name = |stored: u32| {
            let record = self.state.record(stored as usize);
            record.map(|record| record.name().to_owned()).unwrap_or_default()
        };
        for (wanted, matched, other) in &self.matches.two_records {
            let reason = HoldReason::TwoRecords(name(*matched), name(*other));
            clashes.hold(*wanted as usize, Some(reason));
        }
        clashes.settle()
    }

    fn wanted_users(&self, settled: &Settled, diff: &mut Diff) {
        diff.held_back.clone_from(&self.snapshot.held_back);
        let is_settled = |wanted: &usize| {
            let is_special = settled.held.contains_key(wanted) || settled.without.contains_key(wanted);
            !is_special && self.is_same(*wanted)
        };
        let mut is_open = vec![false; self.snapshot.users.len()];
        for wanted in self.active().filter(|wanted| !is_settled(wanted)) {
            if let Some(slot) = is_open.get_mut(wanted) {
                *slot = true;
            }
        }
        let by_name = self.snapshot.by_name.iter().map(|wanted| *wanted as usize);
        let open: Vec<usize> = by_name
            .filter(|wanted| is_open.get(*wanted) == Some(&true))
            .collect();
        for batch in open.chunks(BATCH) {
            self.fetch(batch);
            for wanted in batch {
                self.wanted_user(*wanted, settled, diff);
            }
        }
    }

    /// [Fetch](Snapshot::fetch) what both sides have of some wanted users.
    fn fetch(&self, wanted: &[usize]) {
        self.snapshot.fetch(wanted.iter().copied());
        self.state
            .fetch(wanted.iter().filter_map(|wanted| self.matches.stored_of(*wanted)));
    }

    /// Create or update a user, unless it is held back.
    fn wanted_user(&self, wanted: usize, settled: &Settled, diff: &mut Diff) {
        let Some(mut user) = self.snapshot.without_groups(wanted) else {
            return;
        };
        if let Some(reason) = settled.held.get(&wanted) {
            diff.held_back.push(HeldBack::new(user.name, reason.clone()));
            return;
        }
        if let Some(emails) = settled.without.get(&wanted) {
            self.leave_out(&mut user, emails, diff);
        }
        let stored = self.matches.stored_of(wanted);
        match stored.and_then(|stored| self.state.user(stored)) {
            None => diff.creates.push(self.create(wanted, user)),
            Some(stored) => self.update(&user, &stored, diff),
        }
    }

    /// Whether the store has a wanted user as it should be.
    fn is_same(&self, wanted: usize) -> bool {
        let stored = self.matches.stored_of(wanted);
        let is_same_pin = |stored| self.snapshot.pin(wanted) == self.state.pin(stored);
        self.matches.has_same_row(wanted) && stored.is_some_and(is_same_pin)
    }

    /// Leave out e-mail addresses that are somebody else's.
    fn leave_out(
        &self,
        user: &mut SnapshotUser,
        emails: &BTreeMap<FoldedName, Option<Holder>>,
        diff: &mut Diff,
    ) {
        let is_taken = |email: &String| emails.contains_key(&FoldedName::of(email));
        user.details.email = user.details.email.take().filter(|email| !is_taken(email));
        user.details.other_emails.retain(|email| !is_taken(email));
        let source = user.winner(Field::Email);
        for (email, holder) in emails {
            let whose = match holder {
                Some(holder) => format!("belongs to {holder}"),
                None => "is that of several users, so that nobody gets it".to_owned(),
            };
            let message = format!("the e-mail address {email} {whose}; left out");
            diff.emails_left_out
                .push((source, Warning::new(user.name.clone(), message)));
        }
    }

    fn create(&self, wanted: usize, user: SnapshotUser) -> Create {
        let mut new = NewUser::new(user.links, user.name);
        new.enabled = user.enabled;
        new.details = user.details;
        new.former_sids = self.snapshot.sid_history_of(wanted);
        Create {
            user: new,
            is_recreated: false,
            reason: self.snapshot.reason_for(wanted),
        }
    }

    fn update(&self, user: &SnapshotUser, stored: &StoredUser, diff: &mut Diff) {
        let owner = user.links.owner().source;
        let details = Field::DETAILS.into_iter().filter(|_| self.options.update_details);
        let fields = [Field::Name, Field::Entry].into_iter().chain(details);
        let changed: Vec<Field> = fields.filter(|field| user.differs(*field, stored)).collect();
        let change = |field: &Field| {
            let (from, to) = (stored.value(*field), user.value(*field));
            Change::new(*field, from, to, user.winner(*field))
        };
        // A plan keeps many of these lists: they are as long as they must be.
        let changes: Vec<Change> = changed.iter().map(change).collect();
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
        for (stored, fate) in self.fates.iter().enumerate() {
            if matches!(fate, Fate::Local | Fate::Follows | Fate::HeldBack) {
                continue;
            }
            let Some(stored) = self.state.user(stored) else {
                continue;
            };
            if let Some(links) = stored.origin.links() {
                self.unwanted_user(&stored, links, *fate, diff);
            }
        }
    }

    fn unwanted_user(&self, stored: &StoredUser, links: &Links, fate: Fate, diff: &mut Diff) {
        let is_removed = is_removed(fate, self.trigger, self.options);
        let unwanted = Unwanted {
            user: stored.name.clone(),
            is_removed,
        };
        let proof = self
            .snapshot
            .witnesses
            .absence(links.iter().map(|link| link.source));
        let reason = match (fate, proof) {
            (Fate::Absent, Some(proof)) => {
                diff.missing.push(unwanted);
                RemovalReason::Gone(proof)
            }
            (Fate::LeftScope, _) => {
                diff.left_scope.push(unwanted);
                RemovalReason::LeftScope
            }
            (Fate::Disabled, _) => {
                diff.disabled.push(unwanted);
                if stored.enabled && !is_removed {
                    let change = Change::new(Field::Enabled, true.into(), false.into(), links.owner().source);
                    diff.disables.push(update(stored, vec![change]));
                }
                RemovalReason::Disabled
            }
            (Fate::Absent | Fate::Unknown | Fate::Local | Fate::Follows | Fate::HeldBack, _) => {
                diff.unknown.push(stored.name.clone());
                return;
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

    fn groups(&self, both: &BothGroups<'_>, diff: &mut Diff) {
        for (group, stored) in both.wanted() {
            match stored {
                Stored::Nothing => diff.group_creates.push(group.clone()),
                Stored::Other(known) => diff.group_updates.push(GroupUpdate {
                    from: known.clone(),
                    to: group.clone(),
                }),
                Stored::Same => {}
            }
        }
        let deletes = self.trigger.as_manual().is_some_and(|run| run.delete_missing);
        let Removals::Manual { groups, .. } = &mut diff.removals else {
            return;
        };
        for group in both.others().iter().filter(|_| deletes) {
            if self.snapshot.group_links.contains(&group.link) {
                continue;
            }
            if let Some(proof) = self.snapshot.witnesses.absence([group.link.source].into_iter()) {
                groups.push(GroupRemoval {
                    group: (*group).clone(),
                    proof,
                });
            }
        }
    }

    fn memberships(&self, both: &BothGroups<'_>, held: &HashMap<usize, HoldReason>, diff: &mut Diff) {
        let settled = self.active().filter(|wanted| !held.contains_key(wanted));
        let settled = settled.map(|wanted| (wanted, self.matches.stored_of(wanted)));
        let deleted: HashSet<&Link> = diff
            .removals
            .groups()
            .iter()
            .map(|removal| &removal.group.link)
            .collect();
        diff.memberships = membership::diff(settled, self.snapshot, self.state, both, &deleted);
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
    diff.emails_left_out
        .sort_unstable_by(|(_, a), (_, b)| (&a.subject, &a.message).cmp(&(&b.subject, &b.message)));
}
