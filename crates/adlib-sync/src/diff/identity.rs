//! Which user of the store stands for which entries (R35): by key first, by security identifier where the key is gone,
//! by name only to adopt.

use std::collections::{BTreeMap, HashMap, HashSet};

use adlib_core::Sid;

use crate::{
    FoldedName, Source, SyncOptions,
    snapshot::{Snapshot, Standing},
    store::StoreState,
    table::{BATCH, HashIndex, Hashed, OriginKind, Record},
};

/// Who belongs to whom, by index into the snapshot's and the store's users.
pub(super) struct Matches {
    /// The stored user of each wanted one.
    stored: Partners,
    /// The stored users whom a wanted one stands for.
    taken: Taken,
    /// Whether the row of a wanted user is that of its stored one.
    is_same: Vec<bool>,
    /// A wanted user whose two entries are two stored users: wanted, matched, the other.
    pub(super) two_records: Vec<(u32, u32, u32)>,
}

/// The partner of each user, by number.
struct Partners(Vec<u32>);

/// The partner of who has none.
const NOBODY: u32 = u32::MAX;

impl Partners {
    fn nobody(users: usize) -> Self {
        Self(vec![NOBODY; users])
    }

    fn of(&self, user: usize) -> Option<u32> {
        self.0.get(user).copied().filter(|partner| *partner != NOBODY)
    }
}

/// A bit for each stored user: they are asked for in any order, and so many bits stay in the processor's cache.
struct Taken(Vec<u64>);

impl Taken {
    fn nobody(users: usize) -> Self {
        Self(vec![0; users.div_ceil(64)])
    }

    fn has(&self, user: usize) -> bool {
        let word = self.0.get(user / 64).copied().unwrap_or_default();
        word & Self::bit(user) != 0
    }

    fn insert(&mut self, user: usize) {
        if let Some(word) = self.0.get_mut(user / 64) {
            *word |= Self::bit(user);
        }
    }

    const fn bit(user: usize) -> u64 {
        1 << (user % 64)
    }
}

impl Matches {
    pub(super) fn find(snapshot: &Snapshot, state: &StoreState, options: &SyncOptions) -> Self {
        let mut matches = Self {
            stored: Partners::nobody(snapshot.users.len()),
            taken: Taken::nobody(state.users.len()),
            is_same: vec![false; snapshot.users.len()],
            two_records: Vec::new(),
        };
        // The keys of one source before those of the next: when a user who stood for two entries becomes two users, the
        // first source's entry keeps the record (R40).
        for (source, wanted, stored) in matches.found_by_key(snapshot, state) {
            matches.by_key(snapshot, state, source, wanted, stored);
        }
        matches.by_sid(snapshot, state);
        if options.adopt_local {
            matches.by_name(snapshot, state);
        }
        matches
    }

    pub(super) fn stored_of(&self, wanted: usize) -> Option<usize> {
        self.stored.of(wanted).map(|stored| stored as usize)
    }

    /// Whether the store has a wanted user as it should be, but for the PIN.
    pub(super) fn has_same_row(&self, wanted: usize) -> bool {
        self.is_same.get(wanted) == Some(&true)
    }

    /// Whether a wanted user stands for a stored one.
    pub(super) fn is_wanted(&self, stored: usize) -> bool {
        self.taken.has(stored)
    }

    fn by_key(&mut self, snapshot: &Snapshot, state: &StoreState, source: Source, wanted: u32, found: u32) {
        match self.stored.of(wanted as usize) {
            Some(known) if known != found && self.is_free(found) => {
                self.two_records.push((wanted, known, found));
            }
            None if self.is_free(found) && may_follow(snapshot, state, source, wanted, found) => {
                self.join(wanted, found);
                let is_same = snapshot.record(wanted as usize) == state.record(found as usize);
                if let Some(slot) = self.is_same.get_mut(wanted as usize) {
                    *slot = is_same;
                }
            }
            _ => {}
        }
    }

    /// Join wanted and stored users of one primary entry, but for those in doubt. The others, source by source.
    fn found_by_key(&mut self, snapshot: &Snapshot, state: &StoreState) -> Vec<(Source, u32, u32)> {
        let (mut likely, mut found) = (Vec::with_capacity(snapshot.users.len()), Vec::new());
        snapshot
            .wanted_keys()
            .join(&HashIndex::new(state.keys.clone()), |wanted, stored| {
                match (wanted, stored) {
                    ([wanted], [stored]) => likely.push((wanted.row(), stored.row())),
                    _ => found.extend(in_doubt(snapshot, state, wanted, stored)),
                }
            });
        for batch in likely.chunks(BATCH) {
            snapshot.fetch(batch.iter().map(|(wanted, _)| *wanted as usize));
            state.fetch(batch.iter().map(|(_, stored)| *stored as usize));
            for (wanted, stored) in batch.iter().copied() {
                for (source, link) in links_of(snapshot.record(wanted as usize)) {
                    let mut others = links_of(state.record(stored as usize));
                    match source {
                        _ if others.all(|(_, other)| other != link) => {}
                        Source::Primary => self.by_key(snapshot, state, source, wanted, stored),
                        _ => found.push((source, wanted, stored)),
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// An account that was moved to another domain has another key, but keeps its SID or remembers it.
    fn by_sid(&mut self, snapshot: &Snapshot, state: &StoreState) {
        let free = (0..)
            .zip(0..state.users.len())
            .filter(|(_, at)| !self.taken.has(*at));
        let free = free.map(|(stored, at)| (stored, Record(state.users.get(at))));
        let gone = free.filter(|(_, record)| {
            let is_absent = |packed| snapshot.standing_of(packed).is_none();
            record.origin() == OriginKind::Directory
                && record
                    .packed_links()
                    .all(|(source, packed)| snapshot.witnesses.has(source) && is_absent(packed))
        });
        let mut by_sid: HashMap<Sid, u32> = HashMap::new();
        let mut shared: HashSet<Sid> = HashSet::new();
        for (stored, record) in gone {
            let Some(sid) = record.sid() else { continue };
            if by_sid.insert(sid, stored).is_some() {
                shared.insert(sid);
            }
        }
        by_sid.retain(|sid, _| !shared.contains(sid));
        if by_sid.is_empty() {
            return;
        }
        let own = |wanted| Vec::from_iter(snapshot.record(wanted).and_then(Record::sid));
        self.join_claimed(&by_sid, own);
        self.join_claimed(&by_sid, |wanted| snapshot.sid_history_of(wanted));
    }

    /// Join each user who is left with the one that its SIDs name. Whom several claim, nobody gets.
    fn join_claimed(&mut self, by_sid: &HashMap<Sid, u32>, sids: impl Fn(usize) -> Vec<Sid>) {
        let mut claims: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (wanted, stored) in (0..).zip(&self.stored.0) {
            if *stored != NOBODY {
                continue;
            }
            let free = |sid: &Sid| by_sid.get(sid).copied().filter(|found| self.is_free(*found));
            if let Some(found) = sids(wanted as usize).iter().find_map(free) {
                claims.entry(found).or_default().push(wanted);
            }
        }
        for (found, claimants) in claims {
            if let [wanted] = claimants.as_slice() {
                self.join(*wanted, found);
            }
        }
    }

    fn by_name(&mut self, snapshot: &Snapshot, state: &StoreState) {
        let users = (0..).zip(state.users.iter().map(Record));
        let local: HashMap<FoldedName, u32> = users
            .filter(|(_, record)| record.origin() == OriginKind::Local)
            .map(|(index, record)| (FoldedName::of(record.name()), index))
            .collect();
        if local.is_empty() {
            return;
        }
        for wanted in 0..self.stored.0.len() {
            if self.stored.of(wanted).is_none()
                && let Some(record) = snapshot.record(wanted)
                && let Some(found) = local.get(&FoldedName::of(record.name()))
                && let Ok(wanted) = u32::try_from(wanted)
            {
                self.join(wanted, *found);
            }
        }
    }

    fn is_free(&self, stored: u32) -> bool {
        !self.taken.has(stored as usize)
    }

    fn join(&mut self, wanted: u32, stored: u32) {
        if let Some(partner) = self.stored.0.get_mut(wanted as usize) {
            *partner = stored;
            self.taken.insert(stored as usize);
        }
    }
}

fn links_of(record: Option<Record<'_>>) -> impl Iterator<Item = (Source, &[u8])> {
    record.into_iter().flat_map(Record::packed_links)
}

/// Wanted and stored users of one entry, among some whose entries have a hash in common.
fn in_doubt(
    snapshot: &Snapshot,
    state: &StoreState,
    wanted: &[Hashed],
    stored: &[Hashed],
) -> Vec<(Source, u32, u32)> {
    let stored = stored.iter().map(|stored| stored.row());
    let links = stored
        .flat_map(|stored| links_of(state.record(stored as usize)).map(move |(_, link)| (link, stored)));
    let stored: HashMap<&[u8], u32> = links.collect();
    let wanted = wanted.iter().map(|wanted| wanted.row());
    let links = wanted.flat_map(|wanted| {
        links_of(snapshot.record(wanted as usize)).map(move |(source, link)| (source, wanted, link))
    });
    links
        .filter_map(|(source, wanted, link)| Some((source, wanted, *stored.get(link)?)))
        .collect()
}

/// Whether a stored user follows an entry of `source`. It does not while an entry of a source before that exists and
/// decides otherwise (R40): who is disabled or held back there does not come in by the other door, and who left the scope
/// there is the same user only under the same name.
fn may_follow(snapshot: &Snapshot, state: &StoreState, source: Source, wanted: u32, stored: u32) -> bool {
    if source == Source::Primary {
        return true;
    }
    let (Some(wanted), Some(stored)) = (snapshot.record(wanted as usize), state.record(stored as usize))
    else {
        return false;
    };
    let mut before = stored.packed_links().filter(|(before, _)| *before < source);
    before.all(|(_, packed)| match snapshot.standing_of(packed) {
        None => true,
        Some(Standing::LeftScope) => FoldedName::of(wanted.name()) == FoldedName::of(stored.name()),
        Some(Standing::Wanted(_) | Standing::Disabled | Standing::HeldBack) => false,
    })
}
