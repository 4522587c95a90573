//! What is in containers that may not be seen.

use std::collections::{HashMap, HashSet};

use super::{EntryId, Place, place::Held};
use crate::{Dn, Mapped, Mapper};

impl Place {
    /// The users, groups and units that the containers between them and `base` are not all held of: some of these may not be
    /// seen, and neither may what happens to their names and to the rights that they hand down.
    #[must_use]
    pub fn below_the_unseen(&self, base: &Dn, mapper: &Mapper) -> HashSet<EntryId> {
        let mut known = HashMap::new();
        let kept = self
            .entries
            .iter()
            .filter(|(_, held)| !held.attributes.is_empty());
        let below = kept.filter(|(_, held)| !self.is_placed(held, base, &mut known));
        let records = below.filter(|(_, held)| is_record(held, mapper));
        records.map(|(id, _)| *id).collect()
    }

    /// Whether all containers of `held` are held, up to `base`; what is `known` of them.
    fn is_placed(&self, held: &Held, base: &Dn, known: &mut HashMap<EntryId, bool>) -> bool {
        let (mut held, mut way) = (held, Vec::new());
        let is_placed = loop {
            let above = held.parent.and_then(|id| Some((id, self.entries.get(&id)?)));
            let Some((id, container)) = above else {
                break is_at(&held.dn, base);
            };
            if let Some(is_placed) = known.get(&id) {
                break *is_placed;
            }
            // A circle leads nowhere.
            known.insert(id, false);
            way.push(id);
            held = container;
        };
        known.extend(way.into_iter().map(|id| (id, is_placed)));
        is_placed
    }
}

/// Whether it has a DN of its own: foreign principals are known by their SIDs, and often tell nothing else.
fn is_record(held: &Held, mapper: &Mapper) -> bool {
    let mapped = mapper.map(&held.without_links(), &mut Vec::new());
    matches!(mapped, Mapped::User(_) | Mapped::Group(_) | Mapped::Unit(_))
}

/// Whether `dn` is `base`, or right below it.
fn is_at(dn: &str, base: &Dn) -> bool {
    let Ok(dn) = dn.parse::<Dn>() else {
        return false;
    };
    let above = dn.parent();
    dn.normal() == base.normal() || above.is_some_and(|above| above.normal() == base.normal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preset, RawEntry, Schema, read::changes::attributes::Attributes};

    fn id(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn place(entries: &[(u8, Option<u8>, &str)]) -> Place {
        let mut place = Place::default();
        for (number, parent, dn) in entries {
            let mut entry = RawEntry::new(*dn);
            let class = match dn.split('=').next() {
                Some("S") => "foreignSecurityPrincipal",
                _ => "organizationalUnit",
            };
            entry.push("objectClass", class);
            entry.push("objectGUID", [*number; 16]);
            let held = Held {
                parent: parent.map(id),
                dn: (*dn).into(),
                attributes: Attributes::of(&entry, false, |_| true),
                links: Vec::new(),
            };
            place.entries.insert(id(*number), held);
        }
        place
    }

    /// R28: what hangs on a container that is not held, at whatever depth; not the base, nor what is right below it.
    #[test]
    fn r28_what_is_below_the_unseen() {
        let place = place(&[
            (1, None, "DC=X"),
            (2, Some(1), "OU=a,DC=x"),
            (3, Some(2), "CN=u,OU=a,DC=x"),
            (4, Some(99), "OU=c,OU=hidden,DC=x"),
            (5, Some(4), "CN=u,OU=c,OU=hidden,DC=x"),
            (6, Some(98), "CN=v, DC=x"),
            (7, None, "CN=w,OU=listed,DC=x"),
            (8, Some(9), "OU=round,OU=about,DC=x"),
            (9, Some(8), "OU=about,OU=round,DC=x"),
            (10, None, "S=1,CN=Foreign,DC=x"),
        ]);
        let mapper = Mapper::new(Schema::of(Preset::ActiveDirectory));
        let below = place.below_the_unseen(&"dc=x".parse().unwrap(), &mapper);
        assert_eq!(below, [4, 5, 7, 8, 9].map(id).into());
    }
}
