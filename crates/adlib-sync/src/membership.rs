//! Who joins and who leaves which group.

use std::collections::HashSet;

use crate::{
    Link,
    item::Membership,
    snapshot::{Snapshot, SnapshotUser},
    store::{StoreState, StoredGroup},
};

/// The memberships to add and to remove.
///
/// Only those of `settled` users count, each with the index of its stored user: of a user who is held back, out of
/// scope or gone the sources do not say who it is with. Groups that are deleted take their memberships with them;
/// of groups of a source that this run does not have, nothing is known.
pub(crate) fn diff<'a>(
    settled: impl Iterator<Item = (Option<usize>, &'a SnapshotUser)>,
    snapshot: &Snapshot,
    state: &StoreState,
    deleted: &HashSet<&Link>,
) -> (Vec<Membership>, Vec<Membership>) {
    let stored = stored_groups(state);
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for (index, user) in settled {
        let wanted: HashSet<&Link> = user
            .groups
            .iter()
            .filter_map(|group| snapshot.groups.get(*group))
            .map(|group| &group.link)
            .collect();
        let mut has: HashSet<&Link> = HashSet::new();
        let known = index.and_then(|index| Some((state.users.get(index)?, stored.get(index)?)));
        if let Some((known, groups)) = known {
            let owner = known.origin.links().map(crate::Links::owner);
            for group in groups.iter().filter_map(|group| state.groups.get(*group)) {
                has.insert(&group.link);
                let is_kept = wanted.contains(&group.link)
                    || deleted.contains(&group.link)
                    || !snapshot.witnesses.has(group.link.source);
                if let Some(owner) = owner.as_ref().filter(|_| !is_kept) {
                    removed.push(membership(&known.name, owner, group));
                }
            }
        }
        let owner = user.links.owner();
        for group in user.groups.iter().filter_map(|group| snapshot.groups.get(*group)) {
            if !has.contains(&group.link) {
                added.push(membership(&user.name, &owner, group));
            }
        }
    }
    added.sort_unstable();
    removed.sort_unstable();
    (added, removed)
}

/// The groups of each stored user, by index.
fn stored_groups(state: &StoreState) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); state.users.len()];
    for (user, group) in &state.memberships {
        if let Some(groups) = groups.get_mut(*user) {
            groups.push(*group);
        }
    }
    groups
}

fn membership(user: &str, owner: &Link, group: &StoredGroup) -> Membership {
    Membership {
        user: user.to_owned(),
        group: group.qualified_name(),
        user_link: owner.clone(),
        group_link: group.link.clone(),
    }
}
