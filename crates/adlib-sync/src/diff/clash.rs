//! Names, e-mail addresses and card numbers belong to one user each (R36).
//!
//! Every user has claims on what it will have in the end: a wanted user on the values of the sources, a user
//! whom the run leaves alone on those of the store. A wanted user who shares a claim is held back, which gives its
//! old values a claim, which may hold back others; claims are never taken back, so the end does not depend on
//! the order.

use std::collections::{BTreeMap, HashMap, HashSet, btree_map::Entry, hash_map};

use super::{fate::Fate, identity::Matches};
use crate::{
    Details, FoldedName, HoldReason, Link, Links,
    held_back::Holder,
    snapshot::Snapshot,
    store::{Origin, StoreState},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Claim {
    Name(FoldedName),
    Entry(Link),
    Email(FoldedName),
    Card(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claimant {
    Wanted(usize),
    Stored(usize),
}

/// Everybody's claims.
pub(super) struct Clashes<'a> {
    snapshot: &'a Snapshot,
    state: &'a StoreState,
    fates: &'a [Fate],
    matches: &'a Matches,
    claimants: HashMap<Claim, Vec<Claimant>>,
    /// Claims that somebody joined since they were looked at.
    joined: HashSet<Claim>,
    held: BTreeMap<usize, Option<HoldReason>>,
}

impl<'a> Clashes<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        state: &'a StoreState,
        fates: &'a [Fate],
        matches: &'a Matches,
    ) -> Self {
        Self {
            snapshot,
            state,
            fates,
            matches,
            claimants: HashMap::new(),
            joined: HashSet::new(),
            held: BTreeMap::new(),
        }
    }

    /// A user of the snapshot will have its name and entries, and these details.
    pub(super) fn claim_wanted(&mut self, wanted: usize, details: &Details) {
        if let Some(user) = self.snapshot.users.get(wanted) {
            self.claim(Claimant::Wanted(wanted), &user.name, Some(&user.links), details);
        }
    }

    /// A user of the store stays as it is.
    pub(super) fn claim_stored(&mut self, stored: usize) {
        if let Some(user) = self.state.users.get(stored) {
            self.claim(
                Claimant::Stored(stored),
                &user.name,
                user.origin.links(),
                &user.details,
            );
        }
    }

    /// Hold back a wanted user, for a reason of its own or for a claim that it shares.
    pub(super) fn hold(&mut self, wanted: usize, reason: Option<HoldReason>) {
        if let Entry::Vacant(entry) = self.held.entry(wanted) {
            entry.insert(reason);
            if let Some(stored) = self.stored_of(wanted) {
                self.claim_stored(stored);
            }
        }
    }

    /// Who is held back, and why.
    pub(super) fn settle(mut self) -> HashMap<usize, HoldReason> {
        while !self.joined.is_empty() {
            for claim in std::mem::take(&mut self.joined) {
                let claimants = self.claimants.get(&claim).cloned().unwrap_or_default();
                for claimant in &claimants {
                    if let Some(wanted) = self.loses(*claimant, &claimants) {
                        self.hold(wanted, None);
                    }
                }
            }
        }
        self.reasons()
    }

    /// The first shared claim of everybody who is held back, in the order of reasons.
    fn reasons(self) -> HashMap<usize, HoldReason> {
        let mut reasons: HashMap<usize, HoldReason> = self
            .held
            .iter()
            .filter_map(|(wanted, reason)| Some((*wanted, reason.clone()?)))
            .collect();
        for (claim, claimants) in self.claimants.iter().filter(|(_, claimants)| claimants.len() > 1) {
            let mut holders: Vec<(Holder, Claimant)> = claimants
                .iter()
                .map(|claimant| (self.holder(*claimant), *claimant))
                .collect();
            holders.sort_unstable();
            for claimant in claimants {
                let Claimant::Wanted(wanted) = *claimant else {
                    continue;
                };
                let rival = holders.iter().find(|(_, rival)| self.is_rival(wanted, *rival));
                if let Some((holder, _)) = rival.filter(|_| self.held.get(&wanted) == Some(&None)) {
                    let reason = reason(claim, holder.clone());
                    match reasons.entry(wanted) {
                        hash_map::Entry::Occupied(mut known) if *known.get() > reason => {
                            known.insert(reason);
                        }
                        hash_map::Entry::Occupied(_) => {}
                        hash_map::Entry::Vacant(none) => {
                            none.insert(reason);
                        }
                    }
                }
            }
        }
        reasons
    }

    /// The wanted user, if somebody else has the same claim.
    fn loses(&self, claimant: Claimant, claimants: &[Claimant]) -> Option<usize> {
        let Claimant::Wanted(wanted) = claimant else {
            return None;
        };
        claimants
            .iter()
            .any(|rival| self.is_rival(wanted, *rival))
            .then_some(wanted)
    }

    /// Whether `other` is somebody else than the wanted user: neither it nor what the store has of it.
    fn is_rival(&self, wanted: usize, other: Claimant) -> bool {
        match other {
            Claimant::Wanted(other) => other != wanted,
            Claimant::Stored(other) => self.stored_of(wanted) != Some(other),
        }
    }

    fn stored_of(&self, wanted: usize) -> Option<usize> {
        self.matches.stored.get(wanted).copied().flatten()
    }

    fn claim(&mut self, claimant: Claimant, name: &str, links: Option<&Links>, details: &Details) {
        let mut claims = HashSet::from([Claim::Name(FoldedName::of(name))]);
        claims.extend(links.into_iter().flat_map(Links::iter).map(Claim::Entry));
        claims.extend(details.emails().map(|email| Claim::Email(FoldedName::of(email))));
        claims.extend(details.cards.iter().map(|card| Claim::Card(card.clone())));
        for claim in claims {
            let claimants = self.claimants.entry(claim.clone()).or_default();
            claimants.push(claimant);
            if claimants.len() > 1 {
                self.joined.insert(claim);
            }
        }
    }

    fn holder(&self, claimant: Claimant) -> Holder {
        match claimant {
            Claimant::Wanted(index) => {
                let user = self.snapshot.users.get(index);
                Holder::Wanted(user.map(|user| user.name.clone()).unwrap_or_default())
            }
            Claimant::Stored(index) => {
                let user = self.state.users.get(index);
                let name = user.map(|user| user.name.clone()).unwrap_or_default();
                match (self.fates.get(index), user.map(|user| &user.origin)) {
                    (Some(Fate::Gone(_)), _) => Holder::Gone(name),
                    (_, Some(Origin::Directory(_)) | None) => Holder::Kept(name),
                    (_, Some(_)) => Holder::Local(name),
                }
            }
        }
    }
}

fn reason(claim: &Claim, holder: Holder) -> HoldReason {
    match claim {
        Claim::Name(_) => HoldReason::NameTaken(holder),
        Claim::Entry(_) => HoldReason::EntryTaken(holder),
        Claim::Email(email) => HoldReason::EmailTaken(email.to_string(), holder),
        Claim::Card(card) => HoldReason::CardTaken(card.clone(), holder),
    }
}
