//! What becomes of each user of the store.

use super::identity::Matches;
use crate::{
    SyncOptions, Trigger,
    snapshot::{Snapshot, Standing},
    store::StoreState,
    table::{OriginKind, Record},
};

/// What becomes of a user of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// No source brought it in: none of the sync's business (R31).
    Local,
    /// It follows a wanted user.
    Follows,
    /// Its entries are held back, so it stays as it is.
    HeldBack,
    /// It exists, disabled.
    Disabled,
    /// It exists, out of scope.
    LeftScope,
    /// No source shows it. Only witnesses of all its sources prove that it is gone.
    Absent,
    /// It came from a source that this run does not have.
    Unknown,
}

/// The fate of every stored user.
pub(super) fn decide(snapshot: &Snapshot, state: &StoreState, matches: &Matches) -> Vec<Fate> {
    let of = |stored| match matches.is_wanted(stored) {
        true => Fate::Follows,
        false => of_unmatched(snapshot, Record(state.users.get(stored))),
    };
    let mut fates: Vec<Fate> = (0..state.users.len()).map(of).collect();
    for (_, _, other) in &matches.two_records {
        if let Some(fate) = fates.get_mut(*other as usize) {
            *fate = Fate::HeldBack;
        }
    }
    fates
}

fn of_unmatched(snapshot: &Snapshot, user: Record<'_>) -> Fate {
    if user.origin() != OriginKind::Directory {
        return Fate::Local;
    }
    let standings: Vec<Standing> = user
        .packed_links()
        .filter_map(|(_, packed)| snapshot.standing_of(packed))
        .collect();
    let any = |standing| standings.contains(&standing);
    if standings.is_empty() {
        let mut sources = user.packed_links().map(|(source, _)| source);
        return if sources.all(|source| snapshot.witnesses.has(source)) {
            Fate::Absent
        } else {
            Fate::Unknown
        };
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
pub(super) fn is_removed(fate: Fate, trigger: &Trigger, options: &SyncOptions) -> bool {
    let deletes = trigger.as_manual().is_some_and(|run| run.delete_missing);
    deletes
        && match fate {
            Fate::Absent => true,
            Fate::LeftScope => options.remove_left_scope,
            Fate::Disabled => options.remove_disabled,
            Fate::Local | Fate::Follows | Fate::HeldBack | Fate::Unknown => false,
        }
}
