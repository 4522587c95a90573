//! Groups whose members are others than the place has, where only the server can say which.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, Writer};

use super::{Delivered, EntryId, Event, Place, attributes::Attributes, codec};
use crate::{AttributeName, Dn, Preset, Schema, attribute_name::base_of, syntax::Filter};

/// With how many conditions a filter is full.
const CONDITIONS: usize = 200;
/// With how many conditions in all reading every group is less.
const MAX_CONDITIONS: usize = 10 * CONDITIONS;
/// How many DNs of nobody in one group are asked about; with more of them, the group is read.
const MAX_NOBODIES: usize = 8;

/// Somebody who may be listed, by the normal form of the DN.
type Members<'e> = BTreeMap<String, Member<'e>>;

struct Member<'e> {
    dn: &'e str,
    /// The groups that list it here, by the attribute in which they do.
    groups: HashMap<&'e AttributeName, Vec<EntryId>>,
}

/// For which entries a server may still be mending the groups.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Unsettled {
    /// All, as after a full read.
    All,
    /// What came or got another DN with the increments since.
    These(BTreeSet<EntryId>),
}

impl Default for Unsettled {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Unsettled {
    /// ```text
    /// 1 for all, 0 for these: count u32, identities of 16 octets
    /// ```
    pub(super) fn encode(&self, writer: &mut Writer) {
        let Self::These(ids) = self else {
            writer.u8(1);
            return;
        };
        writer.u8(0);
        codec::put_count(writer, ids.len());
        for id in ids {
            writer.bytes(id.as_bytes());
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const WHAT: &str = "unsettled";
        match reader.u8(WHAT)? {
            0 => {
                let ids = (0..codec::count(reader, WHAT)?).map(|_| codec::id(reader, WHAT));
                Ok(Self::These(ids.collect::<Result<_, _>>()?))
            }
            1 => Ok(Self::All),
            _ => Err(reader.error(WHAT, DecodeErrorKind::Invalid)),
        }
    }
}

impl Place {
    /// Filters for the groups that list somebody who came where the place does not, or do not where it does. Nothing matches
    /// them when the server agrees; where that would be much to ask, one for all groups.
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

    /// The same for what changed with the increments before and was read, perhaps, before the server had mended the groups;
    /// of groups, also where they list a DN that nobody has. After a full read, for all groups. What these match belongs to
    /// [`Increment::mended`](super::Increment::mended), and is asked about again only when it became another.
    #[must_use]
    pub fn unsettled(&self, schema: &Schema, events: &[Event]) -> Vec<Filter> {
        let unsettled = match &self.unsettled {
            _ if !may_change_untold(schema) => return Vec::new(),
            Unsettled::All => return vec![schema.group_search.for_all()],
            Unsettled::These(ids) => ids,
        };
        let entries = last_delivered(events);
        let others = unsettled.iter().filter(|id| !entries.contains_key(id));
        let others: Vec<_> = others
            .filter_map(|id| Some((*id, self.entries.get(id)?)))
            .collect();
        if others.is_empty() {
            return Vec::new();
        }
        let dns = others.iter().map(|(_, held)| &*held.dn);
        let mut conditions = self.about(dns, &entries, schema);
        let there = self.dns();
        for (group, held) in others {
            if let Some((count, filter)) = about_nobody(group, &held.attributes, &there, schema) {
                conditions.add(count, filter);
            }
        }
        packed(conditions, schema)
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
    ) -> Conditions {
        let mut members = Members::new();
        for dn in dns {
            if let Ok(normal) = dn.parse::<Dn>() {
                let groups = HashMap::new();
                members.insert(normal.into_normal(), Member { dn, groups });
            }
        }
        if members.is_empty() {
            return Conditions::default();
        }
        if members.len() > MAX_CONDITIONS {
            return Conditions::too_many();
        }
        let held = self.entries.iter().filter(|(id, _)| !entries.contains_key(id));
        let held = held.map(|(id, held)| (id, &held.attributes));
        let came = entries.iter().map(|(id, entry)| (id, &entry.attributes));
        for (group, attributes) in held.chain(came) {
            each_member(attributes, schema, |attribute, dn| {
                if let Some(member) = members.get_mut(dn.normal()) {
                    member.groups.entry(attribute).or_default().push(*group);
                }
            });
        }
        let mut conditions = Conditions::default();
        for member in members.values() {
            if !conditions.are_too_many() {
                conditions.add_member(member, schema);
            }
        }
        conditions
    }
}

/// Whether the server may change groups of `schema` and tell it by nothing that is looked at.
pub(super) fn may_change_untold(schema: &Schema) -> bool {
    schema.preset != Preset::ActiveDirectory && !schema.posix_groups && !schema.group_member.is_empty()
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

/// Call `each` with every DN that is listed as a member, and its attribute.
fn each_member<'s>(entry: &Attributes, schema: &'s Schema, mut each: impl FnMut(&'s AttributeName, &Dn)) {
    entry.each(|name, value| {
        let mut known = schema.group_member.iter();
        let attribute = known.find(|known| known.base().eq_ignore_ascii_case(base_of(name)));
        let dn = attribute.and_then(|_| std::str::from_utf8(value).ok()?.parse::<Dn>().ok());
        if let Some((attribute, dn)) = attribute.zip(dn)
            && !dn.normal().is_empty()
        {
            each(attribute, &dn);
        }
    });
}

/// What matches `group` when it no longer lists the DNs that are not `there`.
fn about_nobody(
    group: EntryId,
    attributes: &Attributes,
    there: &HashSet<String>,
    schema: &Schema,
) -> Option<(usize, Filter)> {
    let (mut lists, mut count) = (Vec::new(), 0);
    each_member(attributes, schema, |attribute, dn| {
        if !there.contains(dn.normal()) {
            count += 1;
            if count <= MAX_NOBODIES {
                lists.push(Filter::equal(attribute.clone(), dn.as_str()));
            }
        }
    });
    let group = group.filter(schema.preset);
    match count {
        0 => None,
        1..=MAX_NOBODIES => Some((count + 1, Filter::and([group, Filter::not(Filter::and(lists))]))),
        _ => Some((1, group)),
    }
}

/// What a group may match, with how many conditions each is made of.
#[derive(Default)]
struct Conditions {
    each: Vec<(usize, Filter)>,
    count: usize,
}

impl Conditions {
    const fn too_many() -> Self {
        Self {
            each: Vec::new(),
            count: usize::MAX,
        }
    }

    const fn are_too_many(&self) -> bool {
        self.count > MAX_CONDITIONS
    }

    /// What matches a group that disagrees about `member`.
    fn add_member(&mut self, member: &Member<'_>, schema: &Schema) {
        let count: usize = member.groups.values().map(|groups| 2 * groups.len()).sum();
        let count = count + 2 * schema.group_member.len();
        if count > MAX_CONDITIONS {
            return *self = Self::too_many();
        }
        let mut any = Vec::new();
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
        }
        self.add(count, Filter::or(any));
    }

    fn add(&mut self, count: usize, filter: Filter) {
        self.count = self.count.saturating_add(count);
        self.each.push((count, filter));
    }
}

/// As few filters as are not too large, for what the schema takes for a group.
fn packed(conditions: Conditions, schema: &Schema) -> Vec<Filter> {
    if conditions.are_too_many() {
        return vec![schema.group_search.for_all()];
    }
    let (mut full, mut open, mut size) = (Vec::new(), Vec::new(), 0);
    for (count, condition) in conditions.each {
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
