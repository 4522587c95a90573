//! Which user of the store stands for which entries (R35): by key first, by name only to adopt.

use std::collections::HashMap;

use adlib_schema::record::Key;

use crate::{
    FoldedName, Link, Source, SyncOptions,
    snapshot::{Snapshot, Standing},
    store::{Origin, StoreState},
};

/// Who belongs to whom, by index into the snapshot's and the store's users.
pub(super) struct Matches {
    /// The stored user of each wanted one.
    pub(super) stored: Vec<Option<usize>>,
    /// The wanted user of each stored one.
    pub(super) wanted: Vec<Option<usize>>,
    /// A wanted user whose two entries are two stored users: wanted, matched, the other.
    pub(super) two_records: Vec<(usize, usize, usize)>,
}

impl Matches {
    pub(super) fn find(snapshot: &Snapshot, state: &StoreState, options: &SyncOptions) -> Self {
        let mut matches = Self {
            stored: vec![None; snapshot.users.len()],
            wanted: vec![None; state.users.len()],
            two_records: Vec::new(),
        };
        // All primary keys before any secondary one: when a user who stood for two entries becomes two users, the
        // primary entry keeps the record (R40).
        matches.by_key(snapshot, state, Source::Primary);
        matches.by_key(snapshot, state, Source::Secondary);
        if options.adopt_local {
            matches.by_name(snapshot, state);
        }
        matches
    }

    fn by_key(&mut self, snapshot: &Snapshot, state: &StoreState, source: Source) {
        let stored: HashMap<&Key, usize> = state
            .users
            .iter()
            .enumerate()
            .filter_map(|(index, user)| Some((user.origin.links()?.key(source)?, index)))
            .collect();
        for (wanted, user) in snapshot.users.iter().enumerate() {
            let Some(found) = user.links.key(source).and_then(|key| stored.get(key)).copied() else {
                continue;
            };
            match self.stored.get(wanted).copied().flatten() {
                Some(known) if known != found && self.is_free(found) => {
                    self.two_records.push((wanted, known, found));
                }
                None if self.is_free(found) && may_follow(snapshot, state, source, wanted, found) => {
                    self.join(wanted, found);
                }
                _ => {}
            }
        }
    }

    fn by_name(&mut self, snapshot: &Snapshot, state: &StoreState) {
        let local: HashMap<FoldedName, usize> = state
            .users
            .iter()
            .enumerate()
            .filter(|(_, user)| user.origin == Origin::Local)
            .map(|(index, user)| (FoldedName::of(&user.name), index))
            .collect();
        for (wanted, user) in snapshot.users.iter().enumerate() {
            if self.stored.get(wanted) == Some(&None)
                && let Some(found) = local.get(&user.folded_name())
            {
                self.join(wanted, *found);
            }
        }
    }

    fn is_free(&self, stored: usize) -> bool {
        self.wanted.get(stored) == Some(&None)
    }

    fn join(&mut self, wanted: usize, stored: usize) {
        if let (Some(to), Some(from)) = (self.stored.get_mut(wanted), self.wanted.get_mut(stored)) {
            *to = Some(stored);
            *from = Some(wanted);
        }
    }
}

/// Whether a stored user follows an entry of `source`. By a secondary entry it does not while its primary one
/// exists and decides otherwise (R40): who is disabled or held back there does not come in by the other door, and
/// who left the scope there is the same user only under the same name.
fn may_follow(snapshot: &Snapshot, state: &StoreState, source: Source, wanted: usize, stored: usize) -> bool {
    let (Some(wanted), Some(stored)) = (snapshot.users.get(wanted), state.users.get(stored)) else {
        return false;
    };
    let primary = stored.origin.links().and_then(|links| links.key(Source::Primary));
    let Some(primary) = primary.filter(|_| source == Source::Secondary) else {
        return true;
    };
    match snapshot
        .standing
        .get(&Link::new(Source::Primary, primary.clone()))
    {
        None => true,
        Some(Standing::LeftScope) => wanted.folded_name() == FoldedName::of(&stored.name),
        Some(Standing::Wanted(_) | Standing::Disabled | Standing::HeldBack) => false,
    }
}
