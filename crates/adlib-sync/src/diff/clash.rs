//! Names, e-mail addresses and card numbers belong to one user each (R36).
//!
//! Every user has claims on what it will have in the end: a wanted user on the values of the sources, a user
//! whom the run leaves alone on those of the store. A wanted user who shares a claim is held back, which gives its
//! old values a claim, which may hold back others; claims are never taken back, so the end does not depend on
//! the order.
//!
//! Most claims are nobody else's, and never leave the rows: hashes of all are sorted, and only those that come twice are
//! looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map::Entry, hash_map};

use super::{Compare, fate::Fate};
use crate::{
    FoldedName, HoldReason, Link,
    held_back::Holder,
    options::EmailClash,
    snapshot::Standing,
    table::{BATCH, ClaimKind, HashIndex, Hashed, OriginKind, Record, hash_claim, str_of},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Claim {
    Name(FoldedName),
    Entry(Link),
    Email(FoldedName),
    Card(String),
}

impl Claim {
    fn of(kind: ClaimKind, text: &[u8]) -> Self {
        match kind {
            ClaimKind::Name => Self::Name(FoldedName::of(str_of(text))),
            ClaimKind::Email => Self::Email(FoldedName::of(str_of(text))),
            ClaimKind::Card => Self::Card(str_of(text).to_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claimant {
    Wanted(usize),
    Stored(usize),
}

/// Everybody's claims.
pub(super) struct Clashes<'c, 'a> {
    compare: &'c Compare<'a>,
    claimants: HashMap<Claim, BTreeSet<Claimant>>,
    /// Claims that somebody joined since they were looked at.
    joined: HashSet<Claim>,
    held: BTreeMap<usize, Option<HoldReason>>,
    /// E-mail addresses that wanted users go without.
    without: HashMap<usize, BTreeSet<FoldedName>>,
    /// The names, addresses and cards of all wanted users, and after these of the users of the store who stay.
    index: HashIndex,
}

/// What the claims come to.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Who is held back, and why.
    pub(super) held: HashMap<usize, HoldReason>,
    /// Who goes without which e-mail addresses, and whose they are.
    pub(super) without: BTreeMap<usize, BTreeMap<FoldedName, Option<Holder>>>,
}

impl<'c, 'a> Clashes<'c, 'a> {
    /// The claims of all wanted users, and of those users of the store who stay as they are.
    pub(super) fn new(compare: &'c Compare<'a>, stays: impl Fn(usize) -> bool) -> Self {
        let mut clashes = Self {
            compare,
            claimants: HashMap::new(),
            joined: HashSet::new(),
            held: BTreeMap::new(),
            without: HashMap::new(),
            index: HashIndex::default(),
        };
        let staying: Vec<usize> = (0..compare.state.users.len())
            .filter(|stored| stays(*stored))
            .collect();
        let index = clashes.index_of(&staying);
        for run in index.runs().filter(|run| run.len() > 1) {
            for entry in run {
                clashes.claim_hashed(*entry);
            }
        }
        clashes.index = index;
        for stored in staying {
            clashes.claim_entries(stored);
        }
        clashes
    }

    fn index_of(&self, staying: &[usize]) -> HashIndex {
        let users = self.compare.snapshot.users.len();
        let mut entries = Vec::with_capacity(3 * users);
        let mut note = |claimant| {
            let number = self.number(claimant);
            self.each_text(claimant, |kind, text| {
                entries.push(Hashed::new(hash_claim(kind, text), number));
            });
        };
        for first in (0..users).step_by(BATCH) {
            let batch = first..users.min(first + BATCH);
            self.compare.snapshot.fetch(batch.clone());
            let active = batch.filter(|wanted| self.compare.is_active(*wanted));
            active.map(Claimant::Wanted).for_each(&mut note);
        }
        staying.iter().copied().map(Claimant::Stored).for_each(note);
        // Who has what it would get claims it once.
        HashIndex::distinct(entries)
    }

    /// The number of a claimant in the index.
    fn number(&self, claimant: Claimant) -> u32 {
        let number = match claimant {
            Claimant::Wanted(wanted) => wanted,
            Claimant::Stored(stored) => self.compare.snapshot.users.len() + stored,
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn claimant(&self, number: u32) -> Claimant {
        let number = number as usize;
        match number.checked_sub(self.compare.snapshot.users.len()) {
            None => Claimant::Wanted(number),
            Some(stored) => Claimant::Stored(stored),
        }
    }

    /// The claims that an entry of the index may be of.
    fn claim_hashed(&mut self, entry: Hashed) {
        let claimant = self.claimant(entry.row());
        let mut claims = Vec::new();
        self.each_text(claimant, |kind, text| {
            if entry == Hashed::new(hash_claim(kind, text), entry.row()) {
                claims.push(Claim::of(kind, text));
            }
        });
        claims.into_iter().for_each(|claim| self.claim(claimant, claim));
    }

    /// A user of the store stays, and so do its entries; a wanted user may stand for some.
    fn claim_entries(&mut self, stored: usize) {
        let links = self
            .compare
            .state
            .record(stored)
            .into_iter()
            .flat_map(Record::packed_links);
        for (_, packed) in links {
            let standing = self.compare.snapshot.standing_of(packed);
            if let Some(Standing::Wanted(wanted)) = standing
                && self.compare.is_active(wanted as usize)
            {
                let claim = Claim::Entry(Link::unpack(packed));
                self.claim(Claimant::Wanted(wanted as usize), claim.clone());
                self.claim(Claimant::Stored(stored), claim);
            }
        }
    }

    /// The name that a claimant will have, the addresses and cards that it gets or keeps, and the addresses that it would
    /// get if it were new.
    fn each_text(&self, claimant: Claimant, mut each: impl FnMut(ClaimKind, &'a [u8])) {
        let (record, kept) = match claimant {
            Claimant::Stored(stored) => (self.compare.state.record(stored), None),
            Claimant::Wanted(wanted) if self.compare.options.update_details => {
                (self.compare.snapshot.record(wanted), None)
            }
            Claimant::Wanted(wanted) => {
                let kept = self.compare.stored_record(wanted);
                (self.compare.snapshot.record(wanted), kept)
            }
        };
        let Some(record) = record else { return };
        let Some(kept) = kept else {
            return record.each_claim(each);
        };
        each(ClaimKind::Name, record.name().as_bytes());
        kept.each_claim(|kind, text| {
            if kind != ClaimKind::Name {
                each(kind, text);
            }
        });
        // Two who want an address both go without it, and one of them does not get it by coming later.
        if self.compare.options.email_clash == EmailClash::KeepOwner {
            record.each_claim(|kind, text| {
                if kind == ClaimKind::Email {
                    each(kind, text);
                }
            });
        }
    }

    /// Hold back a wanted user, for a reason of its own or for a claim that it shares.
    pub(super) fn hold(&mut self, wanted: usize, reason: Option<HoldReason>) {
        if let Entry::Vacant(entry) = self.held.entry(wanted) {
            entry.insert(reason);
            if let Some(stored) = self.compare.matches.stored_of(wanted) {
                self.claim_late(stored);
            }
        }
    }

    /// A user of the store stays as it is after all. Wanted users with the same claims may not have been looked at.
    fn claim_late(&mut self, stored: usize) {
        let staying = Claimant::Stored(stored);
        let mut claims = Vec::new();
        self.each_text(staying, |kind, text| {
            claims.push((hash_claim(kind, text), Claim::of(kind, text)));
        });
        for (hash, claim) in claims {
            // Where there are several, they have claimed already.
            if let [only] = *self.index.find(hash) {
                self.claim_hashed(only);
            }
            self.claim(staying, claim);
        }
        self.claim_entries(stored);
    }

    /// Go on until nobody loses a claim any more.
    pub(super) fn settle(mut self) -> Settled {
        while !self.joined.is_empty() {
            for claim in std::mem::take(&mut self.joined) {
                let claimants = self.claimants.get(&claim).cloned().unwrap_or_default();
                match &claim {
                    Claim::Email(email) if self.compare.options.email_clash == EmailClash::KeepOwner => {
                        self.keep_owner(email, &claimants);
                    }
                    _ => self.hold_losers(&claimants),
                }
            }
        }
        let without = self.without_whose();
        Settled {
            held: self.reasons(),
            without,
        }
    }

    fn hold_losers(&mut self, claimants: &BTreeSet<Claimant>) {
        for claimant in claimants {
            if let Some(wanted) = self.loses(*claimant, claimants) {
                self.hold(wanted, None);
            }
        }
    }

    /// All but its owner go without an e-mail address.
    fn keep_owner(&mut self, email: &FoldedName, claimants: &BTreeSet<Claimant>) {
        let owner = self.owner(email, claimants);
        for claimant in claimants {
            if let Claimant::Wanted(wanted) = claimant
                && owner != Some(*claimant)
                && !claimants.iter().all(|other| !self.is_rival(*wanted, *other))
            {
                self.without.entry(*wanted).or_default().insert(email.clone());
            }
        }
    }

    /// Who has an e-mail address in the store: somebody who stays as is, or else the first by name of those who keep it.
    fn owner(&self, email: &FoldedName, claimants: &BTreeSet<Claimant>) -> Option<Claimant> {
        let staying = claimants
            .iter()
            .find(|claimant| matches!(claimant, Claimant::Stored(_)));
        let has_it = |wanted: usize| {
            let mut has = false;
            if let Some(stored) = self.compare.stored_record(wanted) {
                stored.each_claim(|kind, text| {
                    has |= kind == ClaimKind::Email && FoldedName::of(str_of(text)) == *email;
                });
            }
            has
        };
        let keeping = || {
            let wanted = claimants.iter().filter_map(|claimant| match claimant {
                Claimant::Wanted(wanted) if has_it(*wanted) => Some(*wanted),
                _ => None,
            });
            wanted
                .min_by_key(|wanted| self.name(*wanted))
                .map(Claimant::Wanted)
        };
        staying.copied().or_else(keeping)
    }

    fn without_whose(&self) -> BTreeMap<usize, BTreeMap<FoldedName, Option<Holder>>> {
        let whose = |email: &FoldedName| {
            let claimants = self.claimants.get(&Claim::Email(email.clone()))?;
            self.owner(email, claimants).map(|owner| self.holder(owner))
        };
        let without = self.without.iter().map(|(wanted, emails)| {
            (
                *wanted,
                emails.iter().map(|email| (email.clone(), whose(email))).collect(),
            )
        });
        without.collect()
    }

    /// The first shared claim of everybody who is held back, in the order of reasons.
    fn reasons(self) -> HashMap<usize, HoldReason> {
        let mut reasons: HashMap<usize, HoldReason> = self
            .held
            .iter()
            .filter_map(|(wanted, reason)| Some((*wanted, reason.clone()?)))
            .collect();
        let keeps_owner = self.compare.options.email_clash == EmailClash::KeepOwner;
        let is_settled = |claim: &Claim| keeps_owner && matches!(claim, Claim::Email(_));
        let shared = self.claimants.iter().filter(|(_, claimants)| claimants.len() > 1);
        for (claim, claimants) in shared.filter(|(claim, _)| !is_settled(claim)) {
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
    fn loses(&self, claimant: Claimant, claimants: &BTreeSet<Claimant>) -> Option<usize> {
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
        self.compare.matches.stored_of(wanted)
    }

    fn claim(&mut self, claimant: Claimant, claim: Claim) {
        let claimants = self.claimants.entry(claim.clone()).or_default();
        if claimants.insert(claimant) && claimants.len() > 1 {
            self.joined.insert(claim);
        }
    }

    fn name(&self, wanted: usize) -> FoldedName {
        let record = self.compare.snapshot.record(wanted);
        FoldedName::of(record.map_or("", Record::name))
    }

    fn holder(&self, claimant: Claimant) -> Holder {
        let name =
            |record: Option<Record<'_>>| record.map(|record| record.name().to_owned()).unwrap_or_default();
        match claimant {
            Claimant::Wanted(index) => Holder::Wanted(name(self.compare.snapshot.record(index))),
            Claimant::Stored(index) => {
                let record = self.compare.state.record(index);
                let name = name(record);
                match (self.compare.fates.get(index), record.map(Record::origin)) {
                    (Some(Fate::Absent), _) => Holder::Gone(name),
                    (_, Some(OriginKind::Directory) | None) => Holder::Kept(name),
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
