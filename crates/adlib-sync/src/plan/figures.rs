//! The numbers that the guards look at.

use crate::{Field, Snapshot, diff::Diff, guard::Figures, item::RemovalReason, store::StoreState};

impl Figures {
    /// What the reads alone tell.
    pub(super) fn of_snapshot(snapshot: &Snapshot) -> Self {
        Self {
            empty_sources: snapshot.empty_sources.clone(),
            missing_canaries: snapshot.missing_canaries.clone(),
            ..Self::default()
        }
    }

    /// What the run would do to the store.
    pub(super) fn count(&mut self, diff: &Diff, state: &StoreState) {
        self.managed_users = state.managed;
        self.managed_groups = state.groups.len();
        self.managed_memberships = state.memberships.len();
        let removals = diff.removals.users();
        let is_gone = |reason: &RemovalReason| matches!(reason, RemovalReason::Gone(_));
        self.deletes = removals.iter().filter(|removal| is_gone(&removal.reason)).count();
        self.scope_removals = removals.len() - self.deletes;
        self.group_deletes = diff.removals.groups().len();
        self.membership_removals = diff.memberships.removed().len();
        // A user found disabled before is no news.
        let lost = diff.missing.len() + diff.left_scope.len() + diff.disables.len();
        self.fall = lost.saturating_sub(diff.creates.len());
        let changes = || diff.updates.iter().flat_map(|update| &update.changes);
        for (field, values) in Field::DETAILS.into_iter().zip(state.values) {
            let blanked = changes()
                .filter(|change| change.field == field && change.is_blanking())
                .count();
            if blanked > 0 {
                self.blanked.push((field.as_str(), blanked, values));
            }
        }
    }
}
