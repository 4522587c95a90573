//! Groups whose members are others than the place has, where only the server can say which.

use std::collections::{BTreeMap, HashMap};

use super::{Delivered, EntryId, Event, Place};
use crate::{AttributeName, Dn, Preset, RawEntry, Schema, syntax::Filter};

/// With how many conditions a filter is full.
const CONDITIONS: usize = 200;

/// The groups that list somebody, by the attribute in which they do.
type Groups<'s> = HashMap<&'s AttributeName, Vec<EntryId>>;

/// Somebody who came.
struct Came<'e> {
    dn: &'e str,
    groups: Groups<'e>,
}

impl Place {
    /// Filters for the groups that list somebody who came where the place does not, or do not where it does. Nothing matches
    /// them when the server agrees.
    ///
    /// A server may change groups without a word. One that keeps members right (referential integrity) does it to the
    /// groups of an entry that is deleted and put back as it was, which is told as an entry that changed; one that lets
    /// `memberOf` be written, to the groups that are named there.
    ///
    /// None for Active Directory, which says with each entry which groups list it
    /// ([`groups_in_doubt`](Self::groups_in_doubt)), and for groups that list account names, which outlast entries.
    #[must_use]
    pub fn disagreements(&self, schema: &Schema, events: &[Event]) -> Vec<Filter> {
        if schema.preset == Preset::ActiveDirectory || schema.posix_groups {
            return Vec::new();
        }
        let entries = last_delivered(events);
        let mut came: BTreeMap<String, Came<'_>> = BTreeMap::new();
        for entry in entries.values() {
            if let Ok(dn) = entry.dn.parse::<Dn>() {
                let (dn, groups) = (dn.into_normal(), Groups::new());
                came.insert(
                    dn,
                    Came {
                        dn: &entry.dn,
                        groups,
                    },
                );
            }
        }
        if came.is_empty() {
            return Vec::new();
        }
        for (group, held) in self.entries.iter().filter(|(id, _)| !entries.contains_key(id)) {
            note_members(*group, &held.without_links(), schema, &mut came);
        }
        for (group, entry) in &entries {
            let mut raw = RawEntry::new(&*entry.dn);
            entry.attributes.add_to(&mut raw);
            note_members(*group, &raw, schema, &mut came);
        }
        filters(came.values(), schema)
    }
}

/// The entries that came and are there, as they came last.
fn last_delivered(events: &[Event]) -> HashMap<EntryId, &Delivered> {
    let mut entries = HashMap::new();
    for event in events {
        match event {
            Event::Entry(entry) if !entry.is_deleted() => drop(entries.insert(entry.id, &**entry)),
            Event::Entry(entry) => drop(entries.remove(&entry.id)),
            Event::Gone(id) | Event::Lost(id) => drop(entries.remove(id)),
            Event::Link { .. } => {}
        }
    }
    entries
}

/// Note `group` with those of `came` that `entry` lists.
fn note_members<'e>(
    group: EntryId,
    entry: &RawEntry,
    schema: &'e Schema,
    came: &mut BTreeMap<String, Came<'e>>,
) {
    for attribute in &schema.group_member {
        let members = entry.all_values(attribute.base());
        let dns = members.filter_map(|member| std::str::from_utf8(member).ok()?.parse::<Dn>().ok());
        for dn in dns {
            if let Some(member) = came.get_mut(dn.normal()) {
                member.groups.entry(attribute).or_default().push(group);
            }
        }
    }
}

/// What matches a group that disagrees about one of `came`.
fn filters<'e>(came: impl Iterator<Item = &'e Came<'e>>, schema: &Schema) -> Vec<Filter> {
    let (mut full, mut open, mut conditions) = (Vec::new(), Vec::new(), 0);
    for member in came {
        for attribute in &schema.group_member {
            let groups = member.groups.get(attribute).map_or(&[][..], Vec::as_slice);
            let known = || Filter::or(groups.iter().map(|group| group.filter(schema.preset)));
            let lists = || Filter::equal(attribute.clone(), member.dn);
            if groups.is_empty() {
                open.push(lists());
            } else {
                open.push(Filter::and([lists(), Filter::not(known())]));
                open.push(Filter::and([known(), Filter::not(lists())]));
            }
            conditions += 2 * groups.len() + 2;
        }
        if conditions >= CONDITIONS {
            full.push(Filter::or(std::mem::take(&mut open)));
            conditions = 0;
        }
    }
    if !open.is_empty() {
        full.push(Filter::or(open));
    }
    full
}
