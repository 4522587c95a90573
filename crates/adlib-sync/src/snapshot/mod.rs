//! What the sources say together: the user list as it should be.

mod builder;
mod names;

use std::collections::{BTreeMap, HashMap, HashSet};

use adlib_core::Sid;
use adlib_schema::record::Pin;

pub use self::builder::SnapshotBuilder;
pub(crate) use self::builder::{in_order, once_each};
use crate::{
    Details, Field, FoldedName, HeldBack, Link, Links, Source, Value,
    absence::Witnesses,
    digest::Digest,
    plan::{FoundIn, SourceWarning},
    scope::{ScopeReason, Via},
    store::{Origin, StoredGroup, StoredUser},
    table::{EntryRecord, HashIndex, Pairs, Place, Record, Rows, hash},
};

/// The users and groups of all sources, merged (R29).
///
/// A user takes about 200 bytes and a membership two or three.
#[derive(Debug)]
pub struct Snapshot {
    /// The entries as they were read, then the users that were made of several or got another name.
    pub(crate) rows: Rows,
    /// What is known of each entry beside its user.
    pub(crate) entries: Rows,
    /// What entries are below: the rest of their DNs.
    pub(crate) parents: Vec<String>,
    /// The entry of each row that has it under another name.
    entry_of: HashMap<u32, u32>,
    /// What became of each entry.
    pub(crate) standing: Vec<Standing>,
    /// The entries by source and key.
    pub(crate) keys: HashIndex,
    /// The row of each user, shelf by shelf: by the hash of the owning entry, however the users were read.
    pub(crate) users: Vec<u32>,
    /// Where the row of each user lies.
    places: Vec<Place>,
    /// The users by name.
    pub(crate) by_name: Vec<u32>,
    /// SHA-256 over users, groups and memberships. PINs are no part of it.
    pub(crate) digest: [u8; 32],
    /// PINs by row.
    pub(crate) pins: BTreeMap<u32, Pin>,
    /// Who gave which field, where it is not the owner.
    pub(crate) winners: BTreeMap<u32, Vec<(Field, Source)>>,
    pub(crate) groups: Vec<StoredGroup>,
    /// The place in `groups` of each group as it was read.
    pub(crate) group_at: Vec<Option<u32>>,
    /// Users and groups; rows and groups as they were read, as long as there are no users.
    pub(crate) memberships: Pairs,
    /// What puts each row in scope, by row; empty when everybody is.
    pub(crate) via: Vec<(u32, Via)>,
    /// The groups from the one that lists a user to the selected one, as they were read.
    pub(crate) routes: HashMap<usize, Vec<usize>>,
    /// The units that the scope selects.
    pub(crate) units: Vec<String>,
    /// Every group entry that was read, in scope or not.
    pub(crate) group_links: HashSet<Link>,
    pub(crate) held_back: Vec<HeldBack>,
    pub(crate) witnesses: Witnesses,
    pub(crate) empty_sources: Vec<&'static str>,
    pub(crate) missing_canaries: Vec<String>,
    pub(crate) found: Vec<FoundIn>,
    pub(crate) warnings: Vec<SourceWarning>,
}

impl Snapshot {
    /// How many users are in scope.
    #[must_use]
    pub const fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The users who are in scope, by name.
    pub fn users(&self) -> impl Iterator<Item = SnapshotUser> + '_ {
        self.by_name
            .iter()
            .filter_map(|user| self.user_at(*user as usize))
    }

    /// The user with this number, by name.
    #[must_use]
    pub fn user(&self, number: usize) -> Option<SnapshotUser> {
        self.user_at(*self.by_name.get(number)? as usize)
    }

    pub(crate) fn user_at(&self, user: usize) -> Option<SnapshotUser> {
        Some(SnapshotUser {
            groups: self.groups_of(user).map(|group| group as usize).collect(),
            ..self.without_groups(user)?
        })
    }

    /// A user, but for its groups.
    pub(crate) fn without_groups(&self, user: usize) -> Option<SnapshotUser> {
        let record = self.record(user)?;
        let decoded = record.decode();
        Some(SnapshotUser {
            links: record.links()?,
            name: decoded.name,
            enabled: decoded.enabled,
            details: Details {
                pin: self.pin(user).cloned(),
                ..decoded.details
            },
            winners: self.winners_of(user).to_vec(),
            groups: Vec::new(),
        })
    }

    /// The groups in scope.
    #[must_use]
    pub fn groups(&self) -> &[StoredGroup] {
        &self.groups
    }

    /// The users whom the merge already holds back.
    #[must_use]
    pub fn held_back(&self) -> &[HeldBack] {
        &self.held_back
    }

    pub(crate) fn record(&self, user: usize) -> Option<Record<'_>> {
        Some(Record(self.rows.at(*self.places.get(user)?)))
    }

    /// [Fetch](Rows::fetch) the rows of some users.
    pub(crate) fn fetch(&self, users: impl IntoIterator<Item = usize>) {
        let places = users
            .into_iter()
            .filter_map(|user| self.places.get(user).copied());
        self.rows.fetch(places);
    }

    /// The users by the entries that they stand for.
    pub(crate) fn wanted_keys(&self) -> HashIndex {
        self.keys.renumbered(|row| match self.standing.get(row as usize) {
            Some(Standing::Wanted(user)) => Some(*user),
            _ => None,
        })
    }

    pub(crate) fn pin(&self, user: usize) -> Option<&Pin> {
        self.pins.get(self.users.get(user)?)
    }

    /// The SIDs that the entries of a user remember.
    pub(crate) fn sid_history_of(&self, user: usize) -> Vec<Sid> {
        self.entries_of(user)
            .flat_map(|row| self.entry_record(row).sid_history())
            .collect()
    }

    /// The rows of the entries that a user stands for, the owner first.
    fn entries_of(&self, user: usize) -> impl Iterator<Item = usize> {
        let row = self.users.get(user).map(|row| *row as usize);
        // Most users are one entry each, and share its row.
        let own = row.filter(|row| *row < self.entries.len());
        let links = self.record(user).filter(|_| own.is_none()).into_iter();
        let found = links
            .flat_map(Record::packed_links)
            .filter_map(|(_, packed)| self.entry(packed));
        own.into_iter().chain(found)
    }

    pub(crate) fn winners_of(&self, user: usize) -> &[(Field, Source)] {
        let row = self.users.get(user);
        row.and_then(|row| self.winners.get(row))
            .map_or(&[], Vec::as_slice)
    }

    /// The groups of a user, by index and in order.
    pub(crate) fn groups_of(&self, user: usize) -> impl Iterator<Item = u32> + use<'_> {
        self.memberships.of(user)
    }

    /// Put the users, which were made by name, into the order of their rows.
    fn shelve(&mut self) {
        let order = self.users_by_shelf();
        let row_of = |by_name: &u32| self.users.get(*by_name as usize).copied().unwrap_or(u32::MAX);
        let users: Vec<u32> = order.iter().map(row_of).collect();
        self.by_name = vec![0; order.len()];
        for (user, at) in (0..).zip(&order) {
            if let Some(slot) = self.by_name.get_mut(*at as usize) {
                *slot = user;
            }
        }
        for standing in &mut self.standing {
            if let Standing::Wanted(user) = standing {
                *user = self.by_name.get(*user as usize).copied().unwrap_or(u32::MAX);
            }
        }
        self.places = users.iter().map(|row| self.rows.place(*row as usize)).collect();
        let to = |group: u32| self.group_at.get(group as usize).copied().flatten();
        let hash = |row: u32| Record(self.rows.get(row as usize)).hash();
        self.memberships = self.memberships.renumbered(&users, to, hash);
        self.users = users;
    }

    /// Users in an order that is the same however they were read, and that of the shelves.
    fn users_by_shelf(&self) -> Vec<u32> {
        let mut users = Vec::with_capacity(self.users.len());
        for run in self.keys.runs() {
            let mut rows: Vec<usize> = run.iter().map(|entry| entry.row() as usize).collect();
            if rows.len() > 1 {
                rows.sort_by_key(|row| self.packed_link(*row));
            }
            users.extend(rows.into_iter().filter_map(|row| self.owned_by(row)));
        }
        users
    }

    /// The user whom an entry owns.
    fn owned_by(&self, row: usize) -> Option<u32> {
        let Some(Standing::Wanted(user)) = self.standing.get(row).copied() else {
            return None;
        };
        let of_user = *self.users.get(user as usize)? as usize;
        (of_user == row || self.packed_link(of_user) == self.packed_link(row)).then_some(user)
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Digest::default();
        for user in 0..self.users.len() {
            digest.add_bytes(self.record(user).map_or(&[], |record| record.0));
            for (field, source) in self.winners_of(user) {
                digest.add_bytes(&[*field as u8, source.number()]);
            }
            digest.add_bytes(self.memberships.packed(user));
        }
        self.groups.iter().for_each(|group| digest.add(group));
        digest.finish()
    }

    /// Why the user with this number is in scope: by the first of its entries that is.
    #[must_use]
    pub fn scope_reason(&self, number: usize) -> ScopeReason {
        let user = self.by_name.get(number).map(|user| *user as usize);
        user.map(|user| self.reason_for(user)).unwrap_or_default()
    }

    pub(crate) fn reason_for(&self, user: usize) -> ScopeReason {
        self.entries_of(user)
            .find_map(|row| self.reason_of(row))
            .unwrap_or_default()
    }

    fn reason_of(&self, row: usize) -> Option<ScopeReason> {
        let at = self
            .via
            .binary_search_by_key(&row, |(row, _)| *row as usize)
            .ok()?;
        match self.via.get(at)?.1 {
            Via::Everybody => Some(ScopeReason::Everybody),
            Via::Unit(unit) => self.units.get(unit).cloned().map(ScopeReason::Unit),
            Via::Group(group) => {
                let route = self.routes.get(&group)?.iter();
                let at = |group: &usize| self.group_at.get(*group).copied().flatten();
                let name = |at: u32| self.groups.get(at as usize).map(|group| group.name.clone());
                let mut through: Vec<String> = route.filter_map(|group| name(at(group)?)).collect();
                let group = through.pop()?;
                Some(ScopeReason::Group { group, through })
            }
        }
    }

    /// The row of an entry, by the bytes of source and key.
    pub(crate) fn entry(&self, packed: &[u8]) -> Option<usize> {
        let found = self.keys.find(hash(packed)).iter();
        let mut rows = found.map(|entry| entry.row() as usize);
        rows.find(|row| self.packed_link(*row) == packed)
    }

    /// What became of an entry; `None` when no source has it.
    pub(crate) fn standing_of(&self, packed: &[u8]) -> Option<Standing> {
        self.standing.get(self.entry(packed)?).copied()
    }

    /// Source and key of an entry.
    pub(crate) fn packed_link(&self, row: usize) -> &[u8] {
        Record(self.rows.get(row)).packed_owner()
    }

    /// The distinguished name of an entry.
    pub(crate) fn dn(&self, row: usize) -> String {
        let (first, parent) = self.entry_record(row).dn();
        let parent = self.parents.get(parent).map_or("", String::as_str);
        format!("{first}{parent}")
    }

    pub(crate) fn entry_record(&self, row: usize) -> EntryRecord<'_> {
        EntryRecord(self.entries.get(row))
    }
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Part of the snapshot's user with this index.
    Wanted(u32),
    /// Disabled, and such users are not imported (R23).
    Disabled,
    /// Outside of the scope (R20).
    LeftScope,
    /// Held back (R36).
    HeldBack,
}

/// A user as the sources want it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotUser {
    /// The name.
    pub name: String,
    /// The entries that the user stands for.
    pub links: Links,
    /// Whether the account may be used.
    pub enabled: bool,
    /// Everything else.
    pub details: Details,
    /// The fields that another source than the owner gave, because those before it had nothing.
    pub winners: Vec<(Field, Source)>,
    /// The groups that the user is in, nested ones included: indexes into [`Snapshot::groups`].
    pub groups: Vec<usize>,
}

impl SnapshotUser {
    /// The name as it compares.
    #[must_use]
    pub fn folded_name(&self) -> FoldedName {
        FoldedName::of(&self.name)
    }

    /// Whether the store has another value of `field`.
    pub(crate) fn differs(&self, field: Field, stored: &StoredUser) -> bool {
        match field {
            Field::Name => self.name != stored.name,
            Field::Enabled => self.enabled != stored.enabled,
            Field::Entry => stored.origin.links() != Some(&self.links),
            detail => self.details.differs(detail, &stored.details),
        }
    }

    /// The value of `field`.
    pub(crate) fn value(&self, field: Field) -> Value {
        match field {
            Field::Name => Value::Text(self.name.clone()),
            Field::Enabled => Value::Flag(self.enabled),
            Field::Entry => Value::Origin(Origin::Directory(self.links.clone())),
            detail => self.details.value(detail).unwrap_or(Value::Absent),
        }
    }

    /// The source whose value of `field` won.
    #[must_use]
    pub fn winner(&self, field: Field) -> Source {
        let winner = self.winners.iter().find(|(won, _)| *won == field);
        winner.map_or(self.links.owner().source, |(_, source)| *source)
    }
}
