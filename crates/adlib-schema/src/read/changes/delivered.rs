//! An entry as a server delivered it, taken apart for a replica.

use super::{EntryId, attributes::Attributes, extended_dn, place::Links};
use crate::{
    Mapped, Mapper, Preset, RawEntry, attribute_name::base_of, preset::Schema, syntax::parse_boolean,
};

/// The identity of the entry above (MS-ADTS 3.1.1.4.5.16).
const PARENT: &str = "parentGUID";
/// The groups that list the entry.
const MEMBER_OF: &str = "memberOf";
const IS_DELETED: &str = "isDeleted";
/// What OpenLDAP numbers changes by, which tells readers where they are and nobody who somebody is.
const CHANGE_NUMBER: &str = "entryCSN";

/// An entry as a server delivered it.
#[derive(Clone)]
pub struct Delivered {
    pub(super) id: EntryId,
    pub(super) parent: Option<EntryId>,
    pub(super) dn: String,
    pub(super) attributes: Attributes,
    /// `None`: the members are told one by one.
    pub(super) links: Option<Vec<Links>>,
    /// The DNs of the members in `links`.
    pub(super) names: Vec<(EntryId, Box<str>)>,
    /// The groups that list it; `None` where the server does not tell.
    pub(super) member_of: Option<Vec<EntryId>>,
    is_deleted: bool,
}

impl std::fmt::Debug for Delivered {
    /// Without the values, among which there may be a PIN (A63).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivered({:?} {})", self.id, self.dn)
    }
}

impl Delivered {
    /// What to ask a server for, so that an entry can be held: what the schema needs, and what tells where it belongs.
    #[must_use]
    pub fn attributes(schema: &Schema) -> Vec<&str> {
        let mut names = schema.attributes();
        let more: &[&'static str] = match schema.preset {
            Preset::ActiveDirectory => &["objectGUID", PARENT, MEMBER_OF, IS_DELETED],
            preset => &[EntryId::attribute(preset)],
        };
        for name in more {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }

    /// The entry, taken apart; `None` when it has no identity.
    #[must_use]
    pub fn new(schema: &Schema, entry: &RawEntry) -> Option<Self> {
        let (named, dn) = match schema.preset {
            Preset::ActiveDirectory => extended_dn::parse(entry.dn()),
            _ => (None, entry.dn()),
        };
        let id = EntryId::of(schema.preset, entry).or(named)?;
        let mut delivered = Self {
            id,
            parent: parent(entry),
            dn: dn.to_owned(),
            attributes: Attributes::default(),
            links: Some(Vec::new()),
            names: Vec::new(),
            member_of: None,
            is_deleted: entry.text(IS_DELETED).and_then(parse_boolean) == Some(true),
        };
        if schema.preset == Preset::ActiveDirectory {
            delivered.member_of = Some(identified(entry, MEMBER_OF).map(|(id, _)| id).collect());
            delivered.take_links(schema, entry);
        } else {
            delivered.attributes =
                Attributes::of(entry, false, |name| !name.eq_ignore_ascii_case(CHANGE_NUMBER));
        }
        Some(delivered)
    }

    /// Take members by identity, and every other attribute as it is.
    fn take_links(&mut self, schema: &Schema, entry: &RawEntry) {
        const INTERNAL: [&str; 3] = [PARENT, MEMBER_OF, IS_DELETED];
        let mut links = Vec::new();
        for attribute in &schema.group_member {
            let members: Vec<(EntryId, &str)> = identified(entry, attribute.base()).collect();
            // A value without an identity stays what it is: text.
            if !members.is_empty() && members.len() == entry.all_values(attribute.base()).count() {
                let ids = members.iter().map(|(id, _)| *id).collect();
                links.push(Links::new(attribute.base(), ids));
                self.names
                    .extend(members.into_iter().map(|(id, dn)| (id, dn.into())));
            }
        }
        self.attributes = Attributes::of(entry, true, |name| {
            let base = base_of(name);
            !INTERNAL.iter().any(|own| own.eq_ignore_ascii_case(base))
                && !links
                    .iter()
                    .any(|links| links.attribute.eq_ignore_ascii_case(base))
        });
        self.links = Some(links);
    }

    /// The same entry, whose members are told one by one.
    #[must_use]
    pub fn without_links(mut self) -> Self {
        self.links = None;
        self
    }

    /// The identity.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// The distinguished name, as the server spells it.
    #[must_use]
    pub fn dn(&self) -> &str {
        &self.dn
    }

    /// Whether it is a user or a group, which have nothing below them.
    #[must_use]
    pub fn is_account(&self, mapper: &Mapper) -> bool {
        let mut entry = RawEntry::new(&*self.dn);
        self.attributes.add_to(&mut entry);
        matches!(
            mapper.map(&entry, &mut Vec::new()),
            Mapped::User(_) | Mapped::Group(_)
        )
    }

    /// Whether this is what is left of a deleted entry (MS-ADTS 3.1.1.5.5).
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        self.is_deleted
    }
}

/// The values of an attribute that have an identity, with their DNs.
fn identified<'e>(entry: &'e RawEntry, attribute: &str) -> impl Iterator<Item = (EntryId, &'e str)> {
    let texts = entry.all_values(attribute);
    texts.filter_map(|value| {
        let (id, dn) = extended_dn::parse(std::str::from_utf8(value).ok()?);
        Some((id?, dn))
    })
}

fn parent(entry: &RawEntry) -> Option<EntryId> {
    let bytes = <[u8; 16]>::try_from(entry.first(PARENT)?).ok()?;
    Some(EntryId::from_bytes(bytes))
}
