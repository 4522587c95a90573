//! 389 Directory Server, and the servers of the same descent.

use super::{Preset, Schema, begins, field, openldap};
use crate::{RawEntry, record::AccountState, syntax::parse_boolean};

pub(super) const ACCOUNT_STATE: &[&str] = &["nsAccountLock"];

/// As OpenLDAP, but for the key.
pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::Ds389,
        key: field(["nsUniqueId"]),
        ..openldap::schema()
    }
}

pub(super) fn recognises(root_dse: &RawEntry) -> bool {
    begins(root_dse, "vendorName", "389 Project") || begins(root_dse, "vendorVersion", "389-Directory")
}

/// `nsAccountLock` is how an administrator disables an account.
pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    AccountState {
        enabled: !entry
            .text("nsAccountLock")
            .and_then(parse_boolean)
            .unwrap_or(false),
        ..AccountState::default()
    }
}
