//! Groups that must be read again, because they may have changed without a word of the server.

use std::collections::{HashMap, HashSet};

use super::{EntryId, Event, Place, Presence, place::Held};
use crate::{Dn, Schema};

impl Place {
    /// The groups that did not come, but whose members may be others than the place has.
    ///
    /// Active Directory: an entry that was deleted and brought back has lost its memberships, or has them again, and
    /// nobody tells that of the groups. So whoever comes is asked for its groups; where the answer is not what the place
    /// has, because of that or because the account may not read it, the group is in doubt. So is a group of whoever is not
    /// found and not said to be deleted: who is out of sight is still its member.
    ///
    /// Elsewhere: a server that keeps members right (referential integrity) changes the groups of whoever is renamed or
    /// deleted, and need not tell it. So the groups that list a DN that is no more are in doubt.
    #[must_use]
    pub fn groups_in_doubt(&self, schema: &Schema, events: &[Event], presence: &Presence) -> Vec<EntryId> {
        if *presence == Presence::Replaced {
            return Vec::new();
        }
        let came = |event: &Event| match event {
            Event::Entry(entry) if entry.links.is_some() => Some(entry.id),
            _ => None,
        };
        let came: HashSet<EntryId> = events.iter().filter_map(came).collect();
        let mut groups = self.contradicted(events);
        groups.extend(self.naming(schema, &self.former_dns(events, presence)));
        groups.retain(|group| !came.contains(group));
        groups.extend(self.listing(&self.unseen(events, presence)));
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The groups that list an entry that does not know of it, or the other way round.
    fn contradicted(&self, events: &[Event]) -> Vec<EntryId> {
        let entries = events.iter().filter_map(|event| match event {
            Event::Entry(entry) if !entry.is_deleted() => Some((entry.id, entry.member_of.as_ref()?)),
            _ => None,
        });
        let (mut came, mut naming) = (HashSet::new(), HashMap::<_, HashSet<_>>::new());
        for (member, groups) in entries {
            came.insert(member);
            for group in groups {
                naming.entry(*group).or_default().insert(member);
            }
        }
        if came.is_empty() {
            return Vec::new();
        }
        let nobody = HashSet::new();
        let contradicted = |(group, held): &(&EntryId, &Held)| {
            let naming = naming.get(*group).unwrap_or(&nobody);
            let mut listed = held.members().iter().filter(|member| came.contains(*member));
            // Every member is listed once: as many, and all of them, are the same.
            let agreed = listed.try_fold(0, |count, member| naming.contains(member).then_some(count + 1));
            !held.attributes.is_empty() && agreed != Some(naming.len())
        };
        let groups = self.entries.iter().filter(contradicted);
        groups.map(|(group, _)| *group).collect()
    }

    /// Those that are not found any more, and are not said to be deleted.
    fn unseen(&self, events: &[Event], presence: &Presence) -> HashSet<EntryId> {
        let (mut lost, mut named) = (HashSet::new(), HashSet::new());
        for event in events {
            match event {
                Event::Lost(id) => drop(lost.insert(*id)),
                Event::Gone(id) => drop(named.insert(*id)),
                Event::Entry(entry) => drop(named.insert(entry.id)),
                Event::Link { .. } => {}
            }
        }
        if let Presence::Listed(list) = presence {
            named.extend(list.iter().map(|(id, _)| *id));
            lost.extend(self.entries.keys().filter(|id| !named.contains(*id)));
        }
        lost
    }

    /// The groups that list one of `members` by its identity, and are not among them.
    fn listing(&self, members: &HashSet<EntryId>) -> Vec<EntryId> {
        if members.is_empty() {
            return Vec::new();
        }
        let lists_any = |held: &Held| held.links.iter().any(|links| links.lists_any(members));
        let groups = self.entries.iter();
        let groups = groups.filter(|(id, held)| !members.contains(*id) && lists_any(held));
        groups.map(|(group, _)| *group).collect()
    }

    /// The DNs that were in use and are no more, in their normal form.
    fn former_dns(&self, events: &[Event], presence: &Presence) -> HashSet<String> {
        let mut former = Vec::new();
        let mut came = HashSet::new();
        for event in events {
            let (id, dn) = match event {
                Event::Entry(entry) => (entry.id, Some(&entry.dn)),
                Event::Gone(id) | Event::Lost(id) => (*id, None),
                Event::Link { .. } => continue,
            };
            came.insert(id);
            let held = self.entries.get(&id);
            former.extend(held.filter(|held| dn.is_none_or(|dn| **dn != *held.dn)));
        }
        if let Presence::Listed(list) = presence {
            let there: HashSet<EntryId> = list.iter().map(|(id, _)| *id).collect();
            let gone = self.entries.iter();
            let gone = gone.filter(|(id, _)| !there.contains(*id) && !came.contains(*id));
            former.extend(gone.map(|(_, held)| held));
            let named = list
                .iter()
                .filter_map(|(id, dn)| self.entries.get(id).zip(dn.as_ref()));
            former.extend(named.filter(|(held, dn)| ***dn != *held.dn).map(|(held, _)| held));
        }
        let dns = former.into_iter().filter_map(|held| held.dn.parse::<Dn>().ok());
        dns.map(Dn::into_normal).collect()
    }

    /// The groups that list one of `dns`, or something below one, by its DN.
    fn naming(&self, schema: &Schema, dns: &HashSet<String>) -> Vec<EntryId> {
        if dns.is_empty() || schema.posix_groups {
            return Vec::new();
        }
        let names_one = |held: &&Held| {
            let entry = held.without_links();
            schema.group_member.iter().any(|attribute| {
                let mut members = entry.all_values(attribute.base());
                members.any(|member| std::str::from_utf8(member).is_ok_and(|dn| is_within(dn, dns)))
            })
        };
        let groups = self.entries.iter().filter(|(_, held)| names_one(held));
        groups.map(|(group, _)| *group).collect()
    }
}

/// Whether `dn` is one of `dns`, or below one.
fn is_within(dn: &str, dns: &HashSet<String>) -> bool {
    let mut next = dn.parse::<Dn>().ok();
    while let Some(dn) = next {
        if dns.contains(dn.normal()) {
            return true;
        }
        next = dn.parent().filter(|parent| !parent.normal().is_empty());
    }
    false
}
