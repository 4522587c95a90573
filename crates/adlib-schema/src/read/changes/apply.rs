//! Increments applied to a place.

mod dns;
mod record;

use std::collections::{BTreeMap, HashSet};

use super::{
    Change, ChangeKind, Delivered, EntryId, Event, Increment, Place, Presence, Proof,
    attributes::Attributes,
    disagreement::{Unsettled, may_change_untold},
    place::{Held, Links},
};
use crate::Mapper;
use record::Record;

/// Apply `increment` to `place`; what became of the records, in the order of their identities.
pub(super) fn apply(place: &mut Place, increment: Increment, mapper: &Mapper) -> Vec<Change> {
    let mut run = Run {
        place,
        mapper,
        before: BTreeMap::new(),
        delivered: HashSet::new(),
        relinked: HashSet::new(),
        named: HashSet::new(),
        told_gone: HashSet::new(),
    };
    let is_everything = increment.presence == Presence::Replaced;
    if is_everything {
        run.forget_everything();
    }
    if increment.mended.is_some() {
        run.place.unsettled = Unsettled::default();
    }
    for event in increment.events {
        run.take(event);
    }
    let mut unsettled = run.delivered.clone();
    for event in increment.mended.into_iter().flatten() {
        unsettled.extend(run.take_mended(event));
    }
    if let Presence::Listed(there) = increment.presence {
        run.keep_listed(there);
    }
    run.unlink_the_gone();
    run.settle_dns();
    run.drop_strangers();
    run.note_unsettled(is_everything, unsettled);
    run.changes()
}

/// An entry before the increment.
struct Before {
    record: Option<Record>,
    dn: Box<str>,
    links: Vec<Links>,
}

/// One increment on its way into a place.
struct Run<'a> {
    place: &'a mut Place,
    mapper: &'a Mapper,
    /// Every entry that the increment touches, as it was; `None` when it was not there.
    before: BTreeMap<EntryId, Option<Before>>,
    /// The entries that came.
    delivered: HashSet<EntryId>,
    /// Those of them that came with their members.
    relinked: HashSet<EntryId>,
    /// The entries whose DNs came in a list.
    named: HashSet<EntryId>,
    told_gone: HashSet<EntryId>,
}

impl Run<'_> {
    /// Note what an entry was before it is changed.
    fn touch(&mut self, id: EntryId) {
        let (place, mapper) = (&*self.place, self.mapper);
        self.before.entry(id).or_insert_with(|| {
            place.entries.get(&id).map(|held| Before {
                record: Record::of(held, mapper),
                dn: held.dn.clone(),
                links: held.links.clone(),
            })
        });
    }

    /// What follows is all that there is.
    fn forget_everything(&mut self) {
        let ids: Vec<EntryId> = self.place.entries.keys().copied().collect();
        ids.into_iter().for_each(|id| self.touch(id));
        self.place.entries.clear();
        self.place.strangers.clear();
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Entry(entry) if entry.is_deleted() => self.remove(entry.id(), true),
            Event::Entry(entry) => self.put(*entry),
            Event::Gone(id) => self.remove(id, true),
            Event::Lost(id) => self.remove(id, false),
            Event::Link {
                group,
                attribute,
                member,
                added,
            } => {
                self.touch(group);
                if let Some(held) = self.place.entries.get_mut(&group)
                    && let Some(links) = held.links_mut(&attribute)
                {
                    links.set(member, added);
                }
            }
        }
    }

    /// Take a group that was mended; the group, when it became another, for then it may not have been the last time.
    fn take_mended(&mut self, event: Event) -> Option<EntryId> {
        let Event::Entry(entry) = &event else {
            return None;
        };
        let id = entry.id;
        let attributes = |place: &Place| Some(place.entries.get(&id)?.attributes.clone());
        let before = attributes(self.place);
        self.take(event);
        (attributes(self.place) != before).then_some(id)
    }

    fn put(&mut self, entry: Delivered) {
        let id = entry.id;
        self.touch(id);
        self.delivered.insert(id);
        self.told_gone.remove(&id);
        if entry.links.is_some() {
            self.relinked.insert(id);
        }
        self.place.strangers.extend(entry.names);
        let known = self.place.entries.remove(&id);
        let links = entry.links.or_else(|| known.map(|known| known.links));
        let mut held = Held {
            parent: entry.parent,
            dn: entry.dn.into(),
            attributes: entry.attributes,
            links: links.unwrap_or_default(),
        };
        if !Record::is_kept(&held, self.mapper) {
            held.attributes = Attributes::default();
            held.links = Vec::new();
        }
        self.place.entries.insert(id, held);
    }

    fn remove(&mut self, id: EntryId, told: bool) {
        self.touch(id);
        self.delivered.remove(&id);
        self.place.entries.remove(&id);
        if told {
            self.told_gone.insert(id);
        }
    }

    /// What is neither in the list nor came otherwise is gone.
    fn keep_listed(&mut self, there: Vec<(EntryId, Option<String>)>) {
        let listed: HashSet<EntryId> = there.iter().map(|(id, _)| *id).collect();
        let is_gone = |id: &EntryId| !listed.contains(id) && !self.delivered.contains(id);
        let gone: Vec<EntryId> = self.place.entries.keys().copied().filter(is_gone).collect();
        gone.into_iter().for_each(|id| self.remove(id, false));
        for (id, dn) in there {
            if let Some(dn) = dn.filter(|_| !self.delivered.contains(&id)) {
                self.named.insert(id);
                self.set_dn(id, &dn);
            }
        }
    }

    fn set_dn(&mut self, id: EntryId, dn: &str) {
        if self.place.entries.get(&id).is_some_and(|held| *held.dn != *dn) {
            self.touch(id);
            if let Some(held) = self.place.entries.get_mut(&id) {
                held.dn = dn.into();
            }
        }
    }

    /// Whoever is gone is nobody's member; a server does not tell that of each group. Whoever may only be no longer seen
    /// stays one where a group that came says so.
    fn unlink_the_gone(&mut self) {
        let entries = &self.place.entries;
        let gone = self.before.keys().filter(|id| !entries.contains_key(id));
        let gone: HashSet<EntryId> = gone.copied().collect();
        if gone.is_empty() {
            return;
        }
        let told: HashSet<EntryId> = gone.intersection(&self.told_gone).copied().collect();
        let is_relinked = |id: &EntryId| self.relinked.contains(id);
        let of = |id: &EntryId| if is_relinked(id) { &told } else { &gone };
        let lists_any = |id: &EntryId, held: &Held| held.links.iter().any(|links| links.lists_any(of(id)));
        let groups = entries.iter().filter(|(id, held)| lists_any(id, held));
        let groups: Vec<(EntryId, bool)> = groups.map(|(id, _)| (*id, is_relinked(id))).collect();
        for (group, is_relinked) in groups {
            self.touch(group);
            let held = self.place.entries.get_mut(&group);
            for links in held.into_iter().flat_map(|held| &mut held.links) {
                links.remove_all(if is_relinked { &told } else { &gone });
            }
        }
        self.place.strangers.retain(|id, _| !told.contains(id));
    }

    /// Keep the names of those only that are listed somewhere and held nowhere.
    fn drop_strangers(&mut self) {
        let entries = &self.place.entries;
        self.place.strangers.retain(|id, _| !entries.contains_key(id));
    }

    /// Note what a server may still be mending groups for: what came, and what got another DN with a container.
    fn note_unsettled(&mut self, is_everything: bool, came: HashSet<EntryId>) {
        if !may_change_untold(self.mapper.schema()) {
            return;
        }
        if is_everything {
            self.place.unsettled = Unsettled::All;
        }
        let entries = &self.place.entries;
        if let Unsettled::These(ids) = &mut self.place.unsettled {
            let is_elsewhere = |(id, before): (&EntryId, &Option<Before>)| {
                let (before, now) = (before.as_ref()?, entries.get(id)?);
                (before.dn != now.dn).then_some(*id)
            };
            ids.extend(came);
            ids.extend(self.before.iter().filter_map(is_elsewhere));
            ids.retain(|id| entries.contains_key(id));
        }
    }

    fn changes(mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, before) in std::mem::take(&mut self.before) {
            self.compare(id, before.as_ref(), &mut changes);
        }
        changes
    }

    /// Add what became of one entry to `changes`.
    fn compare(&mut self, id: EntryId, before: Option<&Before>, changes: &mut Vec<Change>) {
        let now = self.place.entries.get(&id);
        let record = now.and_then(|held| Record::of(held, self.mapper));
        let was = before.and_then(|before| before.record.as_ref());
        match (was, record) {
            (None, None) => {}
            (None, Some(record)) => {
                let returned = self.place.gone.contains(&id);
                self.place.gone.retain(|gone| *gone != id);
                changes.push(record.became(if returned {
                    ChangeKind::Returned
                } else {
                    ChangeKind::Created
                }));
            }
            (Some(was), None) => {
                let proof = match (now.is_some(), self.told_gone.contains(&id)) {
                    (true, _) => Proof::NoRecord,
                    (false, true) => Proof::Told,
                    (false, false) => Proof::Absent,
                };
                changes.push(was.became(ChangeKind::Gone { proof }));
                self.place.remember_gone(id);
            }
            (Some(was), Some(record)) => {
                let from = before.map(|before| &*before.dn).unwrap_or_default();
                if from != record.dn() {
                    let from = from.to_owned();
                    changes.push(record.became(ChangeKind::Moved { from }));
                }
                let links = before.map(|before| &before.links);
                let other_links = links != now.map(|held| &held.links);
                let fields = record.fields_unlike(was, other_links);
                if !fields.is_empty() {
                    changes.push(record.became(ChangeKind::Changed { fields }));
                }
            }
        }
    }
}
