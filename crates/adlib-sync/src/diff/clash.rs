//! Names, e-mail addresses and card numbers belong to one user each (R36).
//!
//! Every user has claims on what it will have in the end: a wanted user on the values of the sources, a user
//! whom the run leaves alone on those of the store. A wanted user who shares a claim is held back, which gives its
//! old values a claim, which may hold back others; claims are never taken back, so the end does not depend on
//! the order.

//!
//! Most claims are nobody else's, and never leave the rows: only those whose hash came twice are looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map::Entry, hash_map};

use super::{Compare, fate::Fate};
use crate::{
    FoldedName, HoldReason, Link,
    held_back::Holder,
    options::EmailClash,
    table::{ClaimKind, HashIndex, Hashed, OriginKind, Record, Repeats, hash, hash_claim, str_of},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Claim {
    Name(FoldedName),
    Entry(Link),
    Email(FoldedName),
    Card(String),
}

/// A claim that may not have been looked at.
#[derive(Clone, Copy)]
enum Unseen<'a> {
    Text(ClaimKind, &'a [u8]),
    Entry(&'a [u8]),
}

impl Unseen<'_> {
    fn hash(self) -> u64 {
        match self {
            Self::Text(kind, text) => hash_claim(kind, text),
            Self::Entry(packed) => hash(packed),
        }
    }

    fn seen(self) -> Claim {
        match self {
            Self::Text(ClaimKind::Name, name) => Claim::Name(FoldedName::of(str_of(name))),
            Self::Text(ClaimKind::Email, email) => Claim::Email(FoldedName::of(str_of(email))),
            Self::Text(ClaimKind::Card, card) => Claim::Card(str_of(card).to_owned()),
            Self::Entry(packed) => Claim::Entry(Link::unpack(packed)),
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
    claimants: HashMap<Claim, Vec<Claimant>>,
    /// Claims that somebody joined since they were looked at.
    joined: HashSet<Claim>,
    held: BTreeMap<usize, Option<HoldReason>>,
    /// E-mail addresses that wanted users go without.
    without: HashMap<usize, BTreeSet<FoldedName>>,
    /// The claims of all wanted users, made when somebody joins late.
    index: Option<HashIndex>,
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
            index: None,
        };
        let mut repeats = Repeats::new(4 * compare.snapshot.users.len());
        for wanted in compare.active() {
            clashes.each_of_wanted(wanted, |claim| repeats.note(claim.hash()));
        }
        let staying: Vec<usize> = (0..compare.state.users.len())
            .filter(|stored| stays(*stored))
            .collect();
        for stored in &staying {
            clashes.each_of_stored(*stored, |claim| repeats.note(claim.hash()));
        }
        for (wanted, hash) in clashes.suspects(&repeats, &staying) {
            let mut claims = Vec::new();
            clashes.each_of_wanted(wanted, |claim| {
                if claim.hash() == hash {
                    claims.push(claim);
                }
            });
            clashes.claim(Claimant::Wanted(wanted), claims);
        }
        for stored in staying {
            let mut claims = Vec::new();
            clashes.each_of_stored(stored, |claim| claims.push(claim));
            clashes.claim(Claimant::Stored(stored), claims);
        }
        clashes
    }

    /// Wanted users with a claim whose hash is somebody else's, too.
    fn suspects(&self, repeats: &Repeats, staying: &[usize]) -> Vec<(usize, u64)> {
        let mut suspects: Vec<(u64, Claimant)> = Vec::new();
        let note = |suspects: &mut Vec<(u64, Claimant)>, claimant, hash| {
            if repeats.came_twice(hash) {
                suspects.push((hash, claimant));
            }
        };
        for wanted in self.compare.active() {
            self.each_of_wanted(wanted, |claim| {
                note(&mut suspects, Claimant::Wanted(wanted), claim.hash());
            });
        }
        for stored in staying {
            self.each_of_stored(*stored, |claim| {
                note(&mut suspects, Claimant::Stored(*stored), claim.hash());
            });
        }
        suspects.sort_unstable();
        suspects.dedup();
        let runs = suspects.chunk_by(|(one, _), (other, _)| one == other);
        let shared = runs.filter(|run| run.len() > 1).flatten();
        let wanted = shared.filter_map(|(hash, claimant)| match claimant {
            Claimant::Wanted(wanted) => Some((*wanted, *hash)),
            Claimant::Stored(_) => None,
        });
        wanted.collect()
    }

    /// A wanted user will have its name and entries, and the details that it gets or keeps.
    fn each_of_wanted(&self, wanted: usize, mut each: impl FnMut(Unseen<'a>)) {
        let Some(record) = self.compare.snapshot.record(wanted) else {
            return;
        };
        record
            .packed_links()
            .for_each(|(_, packed)| each(Unseen::Entry(packed)));
        if self.compare.options.update_details {
            return record.each_claim(|kind, text| each(Unseen::Text(kind, text)));
        }
        each(Unseen::Text(ClaimKind::Name, record.name().as_bytes()));
        let kept = self.compare.stored_record(wanted).unwrap_or(record);
        kept.each_claim(|kind, text| {
            if kind != ClaimKind::Name {
                each(Unseen::Text(kind, text));
            }
        });
    }

    fn each_of_stored(&self, stored: usize, mut each: impl FnMut(Unseen<'a>)) {
        let Some(record) = self.compare.state.record(stored) else {
            return;
        };
        record
            .packed_links()
            .for_each(|(_, packed)| each(Unseen::Entry(packed)));
        record.each_claim(|kind, text| each(Unseen::Text(kind, text)));
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
        let index = self.index.take().unwrap_or_else(|| self.index_of_all());
        let mut claims = Vec::new();
        self.each_of_stored(stored, |claim| claims.push(claim));
        for claim in &claims {
            for wanted in index.find(claim.hash()) {
                let wanted = wanted as usize;
                let mut same = false;
                self.each_of_wanted(wanted, |other| {
                    same |= other.hash() == claim.hash() && other.seen() == claim.seen();
                });
                if same {
                    self.claim(Claimant::Wanted(wanted), vec![*claim]);
                }
            }
        }
        self.claim(Claimant::Stored(stored), claims);
        self.index = Some(index);
    }

    fn index_of_all(&self) -> HashIndex {
        let mut entries = Vec::new();
        for wanted in self.compare.active() {
            let number = u32::try_from(wanted).unwrap_or(u32::MAX);
            self.each_of_wanted(wanted, |claim| entries.push(Hashed::new(claim.hash(), number)));
        }
        HashIndex::new(entries)
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

    fn hold_losers(&mut self, claimants: &[Claimant]) {
        for claimant in claimants {
            if let Some(wanted) = self.loses(*claimant, claimants) {
                self.hold(wanted, None);
            }
        }
    }

    /// All but its owner go without an e-mail address.
    fn keep_owner(&mut self, email: &FoldedName, claimants: &[Claimant]) {
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
    fn owner(&self, email: &FoldedName, claimants: &[Claimant]) -> Option<Claimant> {
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
            wanted.min().map(Claimant::Wanted)
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
        self.compare.matches.stored_of(wanted)
    }

    fn claim(&mut self, claimant: Claimant, claims: Vec<Unseen<'a>>) {
        for claim in claims {
            let claim = claim.seen();
            let claimants = self.claimants.entry(claim.clone()).or_default();
            if claimants.contains(&claimant) {
                continue;
            }
            claimants.push(claimant);
            if claimants.len() > 1 {
                self.joined.insert(claim);
            }
        }
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
