//! Groups whose members are others than the place has, where only the server can say which.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Delivered, EntryId, Event, Place};
use crate::{AttributeName, Dn, Preset, RawEntry, Schema, syntax::Filter};

/// With how many conditions a filter is full.
const CONDITIONS: usize = 200;

/// Somebody who may be listed, by the normal form of the DN.
type Members<'e> = BTreeMap<String, Member<'e>>;

struct Member<'e> {
    dn: &'e str,
    /// The groups that list it here, by the attribute in which they do.
    groups: HashMap<&'e AttributeName, Vec<EntryId>>,
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
        if !may_change_untold(schema) {
            return Vec::new();
        }
        let entries = last_delivered(events);
        let came = entries.values().map(|entry| entry.dn.as_str());
        packed(self.about(came, &entries, schema), schema)
    }

    /// The same for what changed with the last increments and was read, perhaps, before the server had mended the groups; of
    /// groups, also where they list a DN that nobody has. Once is enough: see [`Increment::settles`](super::Increment).
    #[must_use]
    pub fn unsettled(&self, schema: &Schema, events: &[Event]) -> Vec<Filter> {
        if !may_change_untold(schema) || self.unsettled.is_empty() {
            return Vec::new();
        }
        let entries = last_delivered(events);
        let others = self.unsettled.iter().filter(|id| !entries.contains_key(id));
        let others: Vec<_> = others
            .filter_map(|id| Some((*id, self.entries.get(id)?)))
            .collect();
        let dns = others.iter().map(|(_, held)| &*held.dn);
        let mut conditions = self.about(dns, &entries, schema);
        let there = self.dns();
        for (group, held) in others {
            each_member(&held.without_links(), schema, |attribute, dn| {
                if !there.contains(dn.normal()) {
                    let lists = Filter::equal(attribute.clone(), dn.as_str());
                    conditions.push((2, Filter::and([group.filter(schema.preset), Filter::not(lists)])));
                }
            });
        }
        packed(conditions, schema)
    }

    /// The groups that list a DN that nobody has: the server may still be at mending them.
    pub(super) fn groups_listing_nobody(&self, schema: &Schema) -> Vec<EntryId> {
        let there = self.dns();
        let lists_nobody = |(id, held): (&EntryId, &super::place::Held)| {
            let mut nobody = false;
            each_member(&held.without_links(), schema, |_, dn| {
                nobody |= !there.contains(dn.normal());
            });
            nobody.then_some(*id)
        };
        self.entries.iter().filter_map(lists_nobody).collect()
    }

    /// The DNs of the entries, in their normal form.
    fn dns(&self) -> HashSet<String> {
        let dns = self.entries.values().filter_map(|held| held.dn.parse().ok());
        dns.map(Dn::into_normal).collect()
    }

    /// What matches a group that disagrees about one of `dns`; `entries` came after what the place has.
    fn about<'e>(
        &self,
        dns: impl Iterator<Item = &'e str>,
        entries: &HashMap<EntryId, &Delivered>,
        schema: &'e Schema,
    ) -> Vec<(usize, Filter)> {
        let mut members = Members::new();
        for dn in dns {
            if let Ok(normal) = dn.parse::<Dn>() {
                let groups = HashMap::new();
                members.insert(normal.into_normal(), Member { dn, groups });
            }
        }
        if members.is_empty() {
            return Vec::new();
        }
        let mut note = |group: EntryId, entry: &RawEntry| {
            each_member(entry, schema, |attribute, dn| {
                if let Some(member) = members.get_mut(dn.normal()) {
                    member.groups.entry(attribute).or_default().push(group);
                }
            });
        };
        for (group, held) in self.entries.iter().filter(|(id, _)| !entries.contains_key(id)) {
            note(*group, &held.without_links());
        }
        for (group, entry) in entries {
            let mut raw = RawEntry::new(&*entry.dn);
            entry.attributes.add_to(&mut raw);
            note(*group, &raw);
        }
        let conditions = members.values().map(|member| condition(member, schema));
        conditions.collect()
    }
}

/// Whether the server may change groups of `schema` and tell it by nothing that is looked at.
pub(super) fn may_change_untold(schema: &Schema) -> bool {
    schema.preset != Preset::ActiveDirectory && !schema.posix_groups
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

/// Call `each` with every DN that `entry` lists as a member, and its attribute.
fn each_member<'s>(entry: &RawEntry, schema: &'s Schema, mut each: impl FnMut(&'s AttributeName, &Dn)) {
    for attribute in &schema.group_member {
        let members = entry.all_values(attribute.base());
        let dns = members.filter_map(|member| std::str::from_utf8(member).ok()?.parse().ok());
        dns.for_each(|dn| each(attribute, &dn));
    }
}

/// What matches a group that disagrees about `member`, and how many conditions that is.
fn condition(member: &Member<'_>, schema: &Schema) -> (usize, Filter) {
    let (mut any, mut count) = (Vec::new(), 0);
    for attribute in &schema.group_member {
        let groups = member.groups.get(attribute).map_or(&[][..], Vec::as_slice);
        let known = || Filter::or(groups.iter().map(|group| group.filter(schema.preset)));
        let lists = || Filter::equal(attribute.clone(), member.dn);
        if groups.is_empty() {
            any.push(lists());
        } else {
            any.push(Filter::and([lists(), Filter::not(known())]));
            any.push(Filter::and([known(), Filter::not(lists())]));
        }
        count += 2 * groups.len() + 2;
    }
    (count, Filter::or(any))
}

/// As few filters as are not too large, for what the schema takes for a group.
fn packed(conditions: Vec<(usize, Filter)>, schema: &Schema) -> Vec<Filter> {
    let (mut full, mut open, mut size) = (Vec::new(), Vec::new(), 0);
    for (count, condition) in conditions {
        open.push(condition);
        size += count;
        if size >= CONDITIONS {
            full.push(Filter::or(std::mem::take(&mut open)));
            size = 0;
        }
    }
    if !open.is_empty() {
        full.push(Filter::or(open));
    }
    let groups = |filter| Filter::and([schema.group_search.for_all(), filter]);
    full.into_iter().map(groups).collect()
}
