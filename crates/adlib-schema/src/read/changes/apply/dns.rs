//! The DNs of what is below a container that was renamed or moved: they change, and no server tells of each.

use std::collections::{HashMap, HashSet};

use super::Run;
use crate::{Dn, read::changes::EntryId};

impl Run<'_> {
    /// Give every entry the DN that follows from where it is now.
    pub(super) fn settle_dns(&mut self) {
        let by_identity = self.place.entries.values().any(|held| held.parent.is_some());
        if by_identity {
            self.settle_by_parent();
        } else {
            self.settle_by_name();
        }
    }

    /// The server tells the identity of the container: an entry's DN is its RDN and the container's DN, also when the
    /// container was renamed after the entry was read.
    fn settle_by_parent(&mut self) {
        let entries = &self.place.entries;
        let parents = entries.values().filter_map(|held| held.parent);
        let parents: HashSet<EntryId> = parents.collect();
        if self.delivered.iter().all(|id| !parents.contains(id)) {
            let delivered: Vec<EntryId> = self.delivered.iter().copied().collect();
            return delivered.into_iter().for_each(|id| self.settle_below_parent(id));
        }
        let mut children: HashMap<EntryId, Vec<EntryId>> = HashMap::new();
        let mut next = Vec::new();
        for (id, held) in entries {
            match held.parent.filter(|parent| entries.contains_key(parent)) {
                Some(parent) => children.entry(parent).or_default().push(*id),
                None => next.push(*id),
            }
        }
        // From the top; what hangs together in a circle is never reached, and keeps its DN.
        while let Some(id) = next.pop() {
            self.settle_below_parent(id);
            next.extend(children.remove(&id).unwrap_or_default());
        }
    }

    /// Put an entry's DN together of its RDN and the DN of its container.
    fn settle_below_parent(&mut self, id: EntryId) {
        let entries = &self.place.entries;
        let Some(held) = entries.get(&id) else {
            return;
        };
        let Some(parent) = held.parent.and_then(|parent| entries.get(&parent)) else {
            return;
        };
        let (rdn, above) = split_rdn(&held.dn);
        if *above != *parent.dn {
            let dn = format!("{rdn},{}", parent.dn);
            self.set_dn(id, &dn);
        }
    }

    /// The server tells DNs only: what was below the former DN of an entry that came with another one, and was not
    /// named itself, is now below the new one.
    fn settle_by_name(&mut self) {
        let moved = self.moved();
        if moved.is_empty() {
            return;
        }
        let mut settled = Vec::new();
        for (id, held) in &self.place.entries {
            if !self.delivered.contains(id)
                && !self.named.contains(id)
                && let Some(dn) = relocated(&held.dn, &moved)
            {
                settled.push((*id, dn));
            }
        }
        settled.into_iter().for_each(|(id, dn)| self.set_dn(id, &dn));
    }

    /// The former DNs in their normal form, and the new ones, of the entries that came with another DN.
    fn moved(&self) -> HashMap<String, Box<str>> {
        let mut moved = HashMap::new();
        for id in &self.delivered {
            if let Some(Some(before)) = self.before.get(id)
                && let Some(now) = self.place.entries.get(id)
                && before.dn != now.dn
                && let Ok(former) = before.dn.parse::<Dn>()
            {
                moved.insert(former.into_normal(), now.dn.clone());
            }
        }
        moved
    }
}

/// The DN that `dn` became, when the nearest of its containers that moved took it along.
fn relocated(dn: &str, moved: &HashMap<String, Box<str>>) -> Option<String> {
    let normal = dn.parse::<Dn>().ok()?.into_normal();
    let (mut above, mut rest) = (normal.as_str(), dn);
    while !above.is_empty() {
        above = split_rdn(above).1;
        rest = split_rdn(rest).1;
        if let Some(now) = moved.get(above) {
            let own = dn.get(..dn.len().checked_sub(rest.len())?)?;
            return Some(format!("{own}{now}"));
        }
    }
    None
}

/// The first RDN as it is written, and the DN above it.
fn split_rdn(dn: &str) -> (&str, &str) {
    let mut escaped = false;
    for (position, byte) in dn.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                let (rdn, above) = dn.split_at_checked(position).unwrap_or((dn, ""));
                return (rdn, above.strip_prefix(',').unwrap_or_default());
            }
            _ => {}
        }
    }
    (dn, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rdn_is_told_from_what_follows() {
        assert_eq!(
            split_rdn(r"CN=Doe\, J\\,OU=a,DC=b"),
            (r"CN=Doe\, J\\", "OU=a,DC=b")
        );
        assert_eq!(split_rdn("DC=b"), ("DC=b", ""));
        assert_eq!(split_rdn(""), ("", ""));
    }

    /// R28: the nearest container counts, and spelling does not.
    #[test]
    fn r28_what_is_below_goes_along() {
        let moved = HashMap::from([
            ("ou=a,dc=x".to_owned(), "ou=B,dc=x".into()),
            ("ou=c,ou=a,dc=x".to_owned(), "ou=C,dc=x".into()),
        ]);
        assert_eq!(relocated("uid=u,OU=A,dc=x", &moved).unwrap(), "uid=u,ou=B,dc=x");
        assert_eq!(
            relocated("uid=u, ou=c,ou=a,dc=x", &moved).unwrap(),
            "uid=u,ou=C,dc=x"
        );
        assert_eq!(relocated("ou=a,dc=x", &moved), None);
        assert_eq!(relocated("uid=u,ou=ba,dc=x", &moved), None);
    }
}
