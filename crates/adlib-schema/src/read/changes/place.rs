//! What a replica holds of one domain, or of one tree of a server without domains.

use std::collections::{BTreeMap, HashMap, HashSet};

use adlib_core::{DecodeError, Reader, Writer};

use super::{EntryId, attributes::Attributes, codec, disagreement::Unsettled};
use crate::{Mapped, Mapper, RawEntry};

/// How many of those that are gone are remembered, to tell one that returns from a new one.
const MAX_GONE: usize = 100_000;

/// The entries of one place, by identity.
#[derive(Clone, Default)]
pub struct Place {
    pub(super) name: String,
    pub(super) entries: HashMap<EntryId, Held>,
    /// The DNs of members that are no entries of the place, or may not be seen.
    pub(super) strangers: HashMap<EntryId, Box<str>>,
    /// Those that are gone, the last one at the end.
    pub(super) gone: Vec<EntryId>,
    pub(super) unsettled: Unsettled,
}

/// One entry.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) parent: Option<EntryId>,
    pub(super) dn: Box<str>,
    /// None for an entry that is no record.
    pub(super) attributes: Attributes,
    pub(super) links: Vec<Links>,
}

/// The members that one attribute of a group lists, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) attribute: Box<str>,
    ids: Vec<EntryId>,
}

impl Links {
    pub(super) fn new(attribute: &str, mut ids: Vec<EntryId>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        ids.shrink_to_fit();
        Self {
            attribute: attribute.into(),
            ids,
        }
    }

    /// Add or remove one member.
    pub(super) fn set(&mut self, member: EntryId, is_member: bool) {
        match (self.ids.binary_search(&member), is_member) {
            (Err(position), true) => self.ids.insert(position, member),
            (Ok(position), false) => {
                self.ids.remove(position);
            }
            _ => {}
        }
    }

    /// Whether any of `members` is listed.
    pub(super) fn lists_any(&self, members: &HashSet<EntryId>) -> bool {
        self.ids.iter().any(|id| members.contains(id))
    }

    /// Remove `members`.
    pub(super) fn remove_all(&mut self, members: &HashSet<EntryId>) {
        self.ids.retain(|id| !members.contains(id));
    }
}

impl Place {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The name: that of the domain, or the DN of the tree.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many entries it holds, those included that are no records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it holds the entry `id`.
    #[must_use]
    pub fn contains(&self, id: EntryId) -> bool {
        self.entries.contains_key(&id)
    }

    /// Whether it holds the entry `id`, and that is a user or a group.
    #[must_use]
    pub fn holds_account(&self, id: EntryId, mapper: &Mapper) -> bool {
        let held = self.entries.get(&id).filter(|held| !held.attributes.is_empty());
        let mapped = held.map(|held| mapper.map(&held.without_links(), &mut Vec::new()));
        matches!(mapped, Some(Mapped::User(_) | Mapped::Group(_)))
    }

    /// The entries with something right below them, as far as the server told; and for each whether it told where the entry
    /// itself is: of what an account may only list it does not.
    #[must_use]
    pub fn containers(&self) -> BTreeMap<EntryId, bool> {
        let above = self.entries.values().filter_map(|held| held.parent);
        let held = above.filter_map(|id| Some((id, self.entries.get(&id)?.parent.is_some())));
        held.collect()
    }

    /// The organisational units.
    pub fn units(&self) -> impl Iterator<Item = EntryId> + '_ {
        let is_unit = |held: &Held| {
            let entry = held.without_links();
            let mut classes = entry.texts("objectClass");
            classes.any(|class| class.eq_ignore_ascii_case("organizationalUnit"))
        };
        let units = self.entries.iter().filter(move |(_, held)| is_unit(held));
        units.map(|(id, _)| *id)
    }

    /// The entries that are records, as a full read would have given them. Members may be entries of any of `places`.
    pub(super) fn records<'a>(&'a self, places: &'a [Self]) -> impl Iterator<Item = RawEntry> + 'a {
        let records = self.entries.values().filter(|held| !held.attributes.is_empty());
        records.map(|held| self.whole(held, places))
    }

    /// The entry with its members.
    fn whole(&self, held: &Held, places: &[Self]) -> RawEntry {
        let mut entry = held.without_links();
        for links in &held.links {
            for dn in links.ids.iter().filter_map(|id| self.dn_of(id, places)) {
                entry.push(&links.attribute, dn);
            }
        }
        entry
    }

    /// The DN of a member. In a forest, it may have another name by now in a domain of its own, which tells only there.
    fn dn_of<'a>(&'a self, id: &EntryId, places: &'a [Self]) -> Option<&'a str> {
        let mut held = std::iter::once(self)
            .chain(places)
            .map(|place| place.entries.get(id));
        match held.find_map(|held| held) {
            Some(held) => Some(&held.dn),
            None => self.strangers.get(id).map(|dn| &**dn),
        }
    }

    /// Note that an entry is gone.
    pub(super) fn remember_gone(&mut self, id: EntryId) {
        if self.gone.len() >= MAX_GONE {
            self.gone.drain(..MAX_GONE / 2);
        }
        self.gone.push(id);
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        codec::put(writer, self.name.as_bytes());
        codec::put_count(writer, self.entries.len());
        let mut ids: Vec<&EntryId> = self.entries.keys().collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(held) = self.entries.get(id) {
                writer.bytes(id.as_bytes());
                held.encode(writer);
            }
        }
        let mut strangers: Vec<_> = self.strangers.iter().collect();
        strangers.sort_unstable();
        codec::put_count(writer, strangers.len());
        for (id, dn) in strangers {
            writer.bytes(id.as_bytes());
            codec::put(writer, dn.as_bytes());
        }
        codec::put_count(writer, self.gone.len());
        for id in &self.gone {
            writer.bytes(id.as_bytes());
        }
        self.unsettled.encode(writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut place = Self::new(codec::text(reader, "place")?);
        for _ in 0..codec::count(reader, "entries")? {
            let id = codec::id(reader, "entry")?;
            place.entries.insert(id, Held::decode(reader)?);
        }
        for _ in 0..codec::count(reader, "strangers")? {
            let id = codec::id(reader, "stranger")?;
            place
                .strangers
                .insert(id, codec::text(reader, "stranger")?.into());
        }
        for _ in 0..codec::count(reader, "gone")? {
            place.gone.push(codec::id(reader, "gone")?);
        }
        place.unsettled = Unsettled::decode(reader)?;
        Ok(place)
    }
}

impl Held {
    /// The entry without the members that are held by identity.
    pub(super) fn without_links(&self) -> RawEntry {
        let mut entry = RawEntry::new(&*self.dn);
        self.attributes.add_to(&mut entry);
        entry
    }

    /// Whom the attribute lists of which `memberOf` is the other end, each once.
    pub(super) fn members(&self) -> &[EntryId] {
        let links = self
            .links
            .iter()
            .find(|links| links.attribute.eq_ignore_ascii_case("member"));
        links.map_or(&[], |links| &links.ids)
    }

    /// The members that `attribute` lists.
    pub(super) fn links_mut(&mut self, attribute: &str) -> Option<&mut Links> {
        let known = |links: &Links| links.attribute.eq_ignore_ascii_case(attribute);
        if !self.links.iter().any(known) {
            self.links.push(Links::new(attribute, Vec::new()));
        }
        self.links.iter_mut().find(|links| known(links))
    }

    fn encode(&self, writer: &mut Writer) {
        codec::put_id(writer, self.parent);
        codec::put(writer, self.dn.as_bytes());
        codec::put(writer, self.attributes.as_bytes());
        codec::put_count(writer, self.links.len());
        for links in &self.links {
            codec::put(writer, links.attribute.as_bytes());
            codec::put_count(writer, links.ids.len());
            for id in &links.ids {
                writer.bytes(id.as_bytes());
            }
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut held = Self {
            parent: codec::maybe_id(reader, "parent")?,
            dn: codec::text(reader, "dn")?.into(),
            attributes: Attributes::decode(codec::bytes(reader, "attributes")?)?,
            links: Vec::new(),
        };
        for _ in 0..codec::count(reader, "links")? {
            let attribute = codec::text(reader, "attribute")?;
            let mut ids = Vec::new();
            for _ in 0..codec::count(reader, "members")? {
                ids.push(codec::id(reader, "member")?);
            }
            held.links.push(Links::new(attribute, ids));
        }
        Ok(held)
    }
}
