//! What a run did.

use std::fmt;

use serde::Serialize;

use crate::store::Operation;

/// How much a run changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Users created.
    pub users_created: usize,
    /// Changes made to users. One who was moved out of the way of another counts twice.
    pub users_updated: usize,
    /// Users removed.
    pub users_deleted: usize,
    /// Groups created.
    pub groups_created: usize,
    /// Groups with other names.
    pub groups_updated: usize,
    /// Groups deleted.
    pub groups_deleted: usize,
    /// Memberships added.
    pub memberships_added: usize,
    /// Memberships removed.
    pub memberships_removed: usize,
    /// Operations that found their work done.
    pub already: usize,
}

impl Report {
    pub(crate) const fn count(&mut self, operation: &Operation) {
        let number = match operation {
            Operation::RemoveMembership { .. } => &mut self.memberships_removed,
            Operation::DeleteUser { .. } => &mut self.users_deleted,
            Operation::DeleteGroup { .. } => &mut self.groups_deleted,
            Operation::UpdateUser { .. } => &mut self.users_updated,
            Operation::CreateGroup(_) => &mut self.groups_created,
            Operation::UpdateGroup { .. } => &mut self.groups_updated,
            Operation::CreateUser(_) => &mut self.users_created,
            Operation::AddMembership { .. } => &mut self.memberships_added,
        };
        *number += 1;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "users: {} created, {} updated, {} deleted; groups: {} created, {} updated, {} deleted; \
             memberships: {} added, {} removed",
            self.users_created,
            self.users_updated,
            self.users_deleted,
            self.groups_created,
            self.groups_updated,
            self.groups_deleted,
            self.memberships_added,
            self.memberships_removed
        )
    }
}
