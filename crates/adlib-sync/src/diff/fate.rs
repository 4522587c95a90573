//! What becomes of each user of the store.

use super::identity::Matches;
use crate::{
    SyncOptions, Trigger,
    absence::Gone,
    snapshot::{Snapshot, Standing},
    store::{StoreState, StoredUser},
};

/// What becomes of a user of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// No source brought it in: none of the sync's business (R31).
    Local,
    /// It follows the wanted user with this index.
    Follows(usize),
    /// Its entries are held back, so it stays as it is.
    HeldBack,
    /// It exists, disabled.
    Disabled,
    /// It exists, out of scope.
    LeftScope,
    /// It is in no source any more.
    Gone(Gone),
    /// It came from a source that this run does not have.
    Unknown,
}

/// The fate of every stored user.
pub(super) fn decide(snapshot: &Snapshot, state: &StoreState, matches: &Matches) -> Vec<Fate> {
    let mut fates: Vec<Fate> = state
        .users
        .iter()
        .zip(&matches.wanted)
        .map(|(user, wanted)| wanted.map_or_else(|| of_unmatched(snapshot, user), Fate::Follows))
        .collect();
    for (_, _, other) in &matches.two_records {
        if let Some(fate) = fates.get_mut(*other) {
            *fate = Fate::HeldBack;
        }
    }
    fates
}

fn of_unmatched(snapshot: &Snapshot, user: &StoredUser) -> Fate {
    let Some(links) = user.origin.links() else {
        return Fate::Local;
    };
    let standings: Vec<Standing> = links
        .iter()
        .filter_map(|link| snapshot.standing.get(&link).copied())
        .collect();
    let any = |standing| standings.contains(&standing);
    if standings.is_empty() {
        let gone = snapshot.witnesses.absence_of(links);
        return gone.map_or(Fate::Unknown, Fate::Gone);
    }
    if any(Standing::HeldBack) {
        Fate::HeldBack
    } else if any(Standing::Disabled) {
        Fate::Disabled
    } else if any(Standing::LeftScope) {
        Fate::LeftScope
    } else {
        // An entry of it belongs to another user now; what it stood for besides is gone.
        Fate::HeldBack
    }
}

/// Whether the run removes a user with this fate (R31).
pub(super) fn is_removed(fate: &Fate, trigger: &Trigger, options: &SyncOptions) -> bool {
    let deletes = trigger.as_manual().is_some_and(|run| run.delete_missing);
    deletes
        && match fate {
            Fate::Gone(_) => true,
            Fate::LeftScope => options.remove_left_scope,
            Fate::Disabled => options.remove_disabled,
            Fate::Local | Fate::Follows(_) | Fate::HeldBack | Fate::Unknown => false,
        }
}
