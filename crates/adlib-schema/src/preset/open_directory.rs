//! Apple Open Directory: RFC 2307 with Apple's own identifiers.

use super::{Preset, Schema, begins, openldap, unix};
use crate::{RawEntry, record::AccountState};

/// The mark of a disabled account in `authAuthority`.
const DISABLED: &str = ";DisabledUser;";

pub(super) const ACCOUNT_STATE: &[&str] = &["authAuthority"];

/// As RFC 2307.
pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::OpenDirectory,
        ..unix::schema()
    }
}

/// Apple's server is an OpenLDAP that names Apple as its vendor.
pub(super) fn recognises(root_dse: &RawEntry) -> bool {
    openldap::recognises(root_dse) && begins(root_dse, "vendorName", "Apple")
}

pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    AccountState {
        enabled: !entry
            .texts("authAuthority")
            .any(|authority| authority.contains(DISABLED)),
        ..AccountState::default()
    }
}
