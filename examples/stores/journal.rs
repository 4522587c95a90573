//! What the journal of a run says of an operation.

use adlib_sync::store::Operation;

/// The operation in one line: who and what, and no value.
pub(crate) fn headline(operation: &Operation) -> String {
    match operation {
        Operation::RemoveMembership { user, group } => format!("remove {user} from {group}"),
        Operation::AddMembership { user, group } => format!("add {user} to {group}"),
        Operation::DeleteUser { user, links } => format!("delete user {user} ({links})"),
        Operation::DeleteGroup { group } => format!("delete group {group}"),
        Operation::CreateGroup(group) => format!("create group {}", group.qualified_name()),
        Operation::UpdateGroup { to, .. } => format!("update group {}", to.qualified_name()),
        Operation::CreateUser(new) => format!("create user {} ({})", new.name, new.links),
        Operation::UpdateUser { user, changes } => {
            let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
            format!("update user {user}: {}", fields.join(", "))
        }
    }
}
