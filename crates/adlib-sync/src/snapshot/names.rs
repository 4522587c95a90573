//! Entries become users: one user a name, the values of the first source first (R29).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Snapshot, Standing, builder::MAX_QUALIFIED_NAME};
use crate::{
    Details, Field, FoldedName, HeldBack, HoldReason, Link, Links, Source, SyncOptions, Value,
    options::NameClash,
    store::StoredGroup,
    table::{Fields, OriginKind, Record, encode},
};

/// The names of entries that may become users.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Named>);

#[derive(Debug, Clone, Copy)]
struct Named {
    /// The first characters of the folded name, so that most comparisons stay here.
    start: u128,
    row: u32,
    is_eligible: bool,
}

impl Names {
    pub(super) fn push(&mut self, name: &str, row: u32, is_eligible: bool) {
        self.0.push(Named {
            start: start_of(name),
            row,
            is_eligible,
        });
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(u32) -> bool) {
        self.0.retain(|named| keeps(named.row));
    }
}

fn start_of(name: &str) -> u128 {
    let folded: String;
    let name = if name.is_ascii() {
        name
    } else {
        folded = FoldedName::of(name).as_str().to_owned();
        &folded
    };
    let mut start = [0; 16];
    start
        .iter_mut()
        .zip(name.bytes())
        .for_each(|(to, from)| *to = from.to_ascii_lowercase());
    u128::from_be_bytes(start)
}

/// Compare two names without case.
fn compare(one: &str, other: &str) -> std::cmp::Ordering {
    if one.is_ascii() && other.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        one.bytes().map(lower).cmp(other.bytes().map(lower))
    } else {
        FoldedName::of(one).cmp(&FoldedName::of(other))
    }
}

/// Whether several entries of one source may bear the name.
fn is_clash(bearers: &&[Named]) -> bool {
    eligible(bearers).nth(1).is_some()
}

fn eligible(bearers: &[Named]) -> impl Iterator<Item = u32> + '_ {
    bearers
        .iter()
        .filter(|named| named.is_eligible)
        .map(|named| named.row)
}

impl Snapshot {
    fn name_of(&self, row: u32) -> &str {
        Record(self.rows.get(row as usize)).name()
    }

    fn source_of(&self, row: u32) -> Source {
        let first = Record(self.rows.get(row as usize)).packed_links().next();
        first.map_or(Source::Primary, |(source, _)| source)
    }

    /// The entry that a row is of: the row itself, unless it has another name.
    fn entry_of(&self, row: u32) -> u32 {
        self.entry_of.get(&row).copied().unwrap_or(row)
    }

    fn dn_of(&self, row: u32) -> String {
        self.dn(self.entry_of(row) as usize)
    }

    fn stand(&mut self, row: u32, standing: Standing) {
        let entry = self.entry_of(row);
        if let Some(slot) = self.standing.get_mut(entry as usize) {
            *slot = standing;
        }
    }

    /// Hold back entries of one source that have the same key: it is nobody's.
    pub(super) fn hold_doubled_keys(&mut self) -> HashSet<u32> {
        let mut doubled = HashSet::new();
        for run in self.keys.runs().filter(|run| run.len() > 1) {
            let mut rows_of: HashMap<&[u8], Vec<u32>> = HashMap::new();
            for row in run.iter().map(|entry| entry.row()) {
                rows_of
                    .entry(self.packed_link(row as usize))
                    .or_default()
                    .push(row);
            }
            doubled.extend(rows_of.into_values().filter(|rows| rows.len() > 1).flatten());
        }
        let mut rows: Vec<u32> = doubled.iter().copied().collect();
        rows.sort_unstable();
        for row in rows {
            let record = Record(self.rows.get(row as usize));
            let key = record.links().map(|links| links.owner().key.to_string());
            let name = match record.name() {
                "" => self.dn(row as usize),
                name => name.to_owned(),
            };
            let held = HeldBack::new(name, HoldReason::KeyClash(key.unwrap_or_default()));
            self.held_back.push(held);
            self.stand(row, Standing::HeldBack);
        }
        doubled
    }

    /// Make users of the entries, one of each name.
    pub(super) fn take_names(&mut self, mut names: Names, options: &SyncOptions) {
        if options.name_clash == NameClash::Qualify {
            self.qualify_clashes(&mut names);
        }
        let names = self.sorted(names);
        self.users.reserve(names.len());
        let mut rest = names.as_slice();
        while let Some((run, after)) = self.next_run(rest) {
            rest = after;
            match run {
                [only] if only.is_eligible => self.push_user(only.row, &[only.row]),
                [_] => {}
                _ => self.take_name(run, options.name_clash == NameClash::FirstWins),
            }
        }
    }

    fn sorted(&self, names: Names) -> Vec<Named> {
        let mut names = names.0;
        names.sort_unstable_by(|one, other| {
            let by_name = one.start.cmp(&other.start);
            let by_name = by_name.then_with(|| compare(self.name_of(one.row), self.name_of(other.row)));
            by_name.then_with(|| self.entry_of(one.row).cmp(&self.entry_of(other.row)))
        });
        names
    }

    /// Those who bear the first name, and the rest.
    fn next_run<'n>(&self, names: &'n [Named]) -> Option<(&'n [Named], &'n [Named])> {
        let (first, others) = names.split_first()?;
        let same = |other: &&Named| {
            other.start == first.start && compare(self.name_of(first.row), self.name_of(other.row)).is_eq()
        };
        Some(names.split_at(1 + others.iter().take_while(same).count()))
    }

    /// Those of one source who share a name get their UPN for it. Entries of other sources under this name cannot tell
    /// whom they mean; they and those without a fitting UPN are held back.
    fn qualify_clashes(&mut self, names: &mut Names) {
        let sorted = self.sorted(std::mem::take(names));
        let mut rest = sorted.as_slice();
        while let Some((run, after)) = self.next_run(rest) {
            rest = after;
            let sources: Vec<&[Named]> = self.by_source(run);
            if !sources.iter().any(is_clash) {
                names.0.extend(run);
                continue;
            }
            let mut held = Vec::new();
            for bearers in sources {
                let clashes = is_clash(&bearers);
                for row in eligible(bearers) {
                    match self.qualified(row).filter(|_| clashes) {
                        Some(upn) => self.push_alias(row, &upn, names),
                        None => held.push(row),
                    }
                }
            }
            self.hold_losers(run, &held);
        }
    }

    /// The UPN of an entry, if it will do as a name.
    fn qualified(&self, row: u32) -> Option<String> {
        let upn = self.entry_record(row as usize).upn()?;
        (upn.chars().count() <= MAX_QUALIFIED_NAME).then(|| upn.to_owned())
    }

    /// The same entry under another name.
    fn push_alias(&mut self, row: u32, name: &str, names: &mut Names) {
        let record = Record(self.rows.get(row as usize));
        let (Some(links), decoded) = (record.links(), record.decode()) else {
            return;
        };
        let fields = Fields::of(name, decoded.enabled, &decoded.details);
        let alias = self.rows.push_with(
            |row| Record(row).hash(),
            |out| encode(out, OriginKind::Directory, links.keys(), &fields),
        );
        let alias = u32::try_from(alias).unwrap_or(u32::MAX);
        self.copy_beside(&[row], alias);
        self.entry_of.insert(alias, row);
        names.push(name, alias, true);
    }

    /// Give a new row the groups of others, and the PIN of the first that has one.
    fn copy_beside(&mut self, rows: &[u32], new: u32) {
        for row in rows {
            let groups: Vec<u32> = self.memberships.of(*row as usize).collect();
            for group in groups {
                let record = Record(self.rows.get(new as usize));
                self.memberships.push(new, group, || record.hash());
            }
        }
        if let Some(pin) = rows.iter().find_map(|row| self.pins.get(row)).cloned() {
            self.pins.insert(new, pin);
        }
    }

    fn by_source<'n>(&self, run: &'n [Named]) -> Vec<&'n [Named]> {
        run.chunk_by(|one, other| self.source_of(one.row) == self.source_of(other.row))
            .collect()
    }

    /// Make one user of several entries that bear a name; they come source by source.
    fn take_name(&mut self, run: &[Named], first_wins: bool) {
        let sources = self.by_source(run);
        if sources.iter().any(is_clash) && !first_wins {
            return self.hold_clash(run);
        }
        let mut chosen: Vec<u32> = Vec::new();
        let mut losers: Vec<u32> = Vec::new();
        for bearers in sources {
            let mut eligible: Vec<u32> = eligible(bearers).collect();
            eligible.sort_by_cached_key(|row| self.dn_of(*row).to_lowercase());
            match (eligible.split_first(), bearers) {
                (Some((first, others)), _) => {
                    chosen.push(*first);
                    losers.extend(others);
                }
                // Who is disabled at the owner does not come in by the other door.
                (None, [_, ..]) if chosen.is_empty() => {
                    return self.disable(run);
                }
                // The owner decides; the other entry only adds to it.
                (None, [only]) => chosen.push(only.row),
                (None, _) => {}
            }
        }
        self.hold_losers(run, &losers);
        self.push_merged(&chosen);
    }

    fn disable(&mut self, run: &[Named]) {
        for named in run {
            self.stand(named.row, Standing::Disabled);
        }
    }

    /// The DNs of everybody who may bear a name.
    fn rivals(&self, run: &[Named]) -> Vec<String> {
        let eligible = run.iter().filter(|named| named.is_eligible);
        let dn = |named: &Named| self.dn_of(named.row);
        let mut dns: Vec<String> = eligible.map(dn).collect();
        dns.sort_unstable();
        dns
    }

    fn hold_clash(&mut self, run: &[Named]) {
        let eligible: Vec<u32> = eligible(run).collect();
        let spellings: BTreeSet<&str> = eligible.iter().map(|row| self.name_of(*row)).collect();
        let spelling = spellings.first().copied().unwrap_or_default().to_owned();
        let reason = HoldReason::NameClash(self.rivals(run));
        self.held_back.push(HeldBack::new(spelling, reason));
        for row in eligible {
            self.stand(row, Standing::HeldBack);
        }
    }

    fn hold_losers(&mut self, run: &[Named], losers: &[u32]) {
        let dns = self.rivals(run);
        for row in losers {
            let held = HeldBack::new(self.name_of(*row), HoldReason::NameClash(dns.clone()));
            self.held_back.push(held);
            self.stand(*row, Standing::HeldBack);
        }
    }

    /// A user whose row is there already.
    fn push_user(&mut self, row: u32, entries: &[u32]) {
        let user = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
        self.users.push(row);
        for entry in entries {
            self.stand(*entry, Standing::Wanted(user));
        }
    }

    /// A user of several entries, the owner first.
    fn push_merged(&mut self, chosen: &[u32]) {
        if let [only] = chosen {
            return self.push_user(*only, chosen);
        }
        let mut decoded = chosen.iter().map(|row| {
            let record = Record(self.rows.get(*row as usize));
            let mut decoded = record.decode();
            decoded.details.pin = self.pins.get(row).cloned();
            (record, decoded)
        });
        let Some((first, mut owner)) = decoded.next() else {
            return;
        };
        let (mut links, mut winners) = (vec![first.links()], Vec::new());
        for (record, further) in decoded {
            let filled = fill(&mut owner.details, &further.details);
            let source = record
                .packed_links()
                .next()
                .map_or(Source::Primary, |(source, _)| source);
            winners.extend(filled.into_iter().map(|field| (field, source)));
            links.push(record.links());
        }
        let links = Links::of(links.into_iter().flatten().map(|links| links.owner()));
        let Some(links) = links else { return };
        let fields = Fields::of(&owner.name, owner.enabled, &owner.details);
        let row = self.rows.push_with(
            |row| Record(row).hash(),
            |out| encode(out, OriginKind::Directory, links.keys(), &fields),
        );
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        self.copy_beside(chosen, row);
        if !winners.is_empty() {
            self.winners.insert(row, winners);
        }
        self.push_user(row, chosen);
    }

    /// Keep the groups that were selected, and those that a user of the snapshot is in.
    pub(super) fn take_groups(&mut self, read: Vec<(StoredGroup, bool)>, takes_all: bool) {
        let mut is_taken: Vec<bool> = read
            .iter()
            .map(|(_, is_selected)| takes_all || *is_selected)
            .collect();
        if !takes_all {
            for row in &self.users {
                for group in self.memberships.of(*row as usize) {
                    if let Some(taken) = is_taken.get_mut(group as usize) {
                        *taken = true;
                    }
                }
            }
        }
        self.group_at = vec![None; read.len()];
        let all = read
            .into_iter()
            .map(|(group, _)| group)
            .zip(0_usize..)
            .zip(is_taken);
        let mut taken: Vec<(StoredGroup, usize)> = all
            .filter_map(|(group, is_taken)| is_taken.then_some(group))
            .collect();
        taken.sort_by(|(one, _), (other, _)| order_of(one).cmp(&order_of(other)));
        for (group, read_at) in taken {
            // Two groups with one key are one group; the first in order names it.
            if self.groups.last().is_none_or(|last| last.link != group.link) {
                self.groups.push(group);
            }
            if let Some(at) = self.group_at.get_mut(read_at) {
                *at = u32::try_from(self.groups.len() - 1).ok();
            }
        }
    }
}

fn order_of(group: &StoredGroup) -> (&Link, &str, &str, &Option<String>) {
    (&group.link, &group.domain, &group.name, &group.full_name)
}

/// Take from `other` what `details` lacks; which fields those are.
fn fill(details: &mut Details, other: &Details) -> Vec<Field> {
    let lacking = |details: &Details, field| details.value(field) == Some(Value::Absent);
    let mut filled = Vec::new();
    for field in Field::DETAILS {
        if lacking(details, field)
            && !lacking(other, field)
            && let Some(value) = other.value(field)
        {
            details.set(field, &value);
            filled.push(field);
        }
    }
    filled
}
