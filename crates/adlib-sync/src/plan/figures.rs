//! The numbers that the guards look at.

use std::collections::HashSet;

use crate::{
    Field, FoldedName, Sources, SyncOptions, Value, diff::Diff, guard::Figures, item::RemovalReason,
    store::StoreState,
};

impl Figures {
    /// What the reads alone tell.
    pub(super) fn of_sources(sources: Sources<'_>, options: &SyncOptions) -> Self {
        let empty = sources.iter().filter(|(_, read)| read.users.is_empty());
        Self {
            empty_sources: empty.map(|(source, _)| source.as_str()).collect(),
            missing_canaries: missing_canaries(sources, &options.guard.canaries),
            ..Self::default()
        }
    }

    /// What the run would do to the store.
    pub(super) fn count(&mut self, diff: &Diff, state: &StoreState) {
        let managed = || state.users.iter().filter(|user| user.origin.links().is_some());
        self.managed_users = managed().count();
        self.managed_groups = state.groups.len();
        self.managed_memberships = state.memberships.len();
        let removals = diff.removals.users();
        let is_gone = |reason: &RemovalReason| matches!(reason, RemovalReason::Gone(_));
        self.deletes = removals.iter().filter(|removal| is_gone(&removal.reason)).count();
        self.scope_removals = removals.len() - self.deletes;
        self.group_deletes = diff.removals.groups().len();
        self.membership_removals = diff.memberships_removed.len();
        // A user found disabled before is no news.
        let lost = diff.missing.len() + diff.left_scope.len() + diff.disables.len();
        self.fall = lost.saturating_sub(diff.creates.len());
        let changes = || diff.updates.iter().flat_map(|update| &update.changes);
        for field in Field::DETAILS {
            let blanked = changes()
                .filter(|change| change.field == field && change.is_blanking())
                .count();
            if blanked > 0 {
                let values = managed()
                    .filter(|user| user.value(field) != Value::Absent)
                    .count();
                self.blanked.push((field.as_str(), blanked, values));
            }
        }
    }
}

/// The canaries that no source has, whatever their standing.
fn missing_canaries(sources: Sources<'_>, canaries: &[String]) -> Vec<String> {
    if canaries.is_empty() {
        return Vec::new();
    }
    let mut names = HashSet::new();
    for user in sources.iter().flat_map(|(_, read)| &read.users) {
        names.insert(FoldedName::of(&user.account));
        names.insert(FoldedName::of(&user.qualified_name()));
        names.extend(user.upn.as_deref().map(FoldedName::of));
    }
    let is_missing = |canary: &&String| !names.contains(&FoldedName::of(canary));
    canaries.iter().filter(is_missing).cloned().collect()
}
