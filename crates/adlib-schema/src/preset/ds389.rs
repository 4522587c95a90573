//! 389 Directory Server, and the servers of the same descent.

use adlib_core::UnixTime;

use super::{Preset, Schema, begins, field, openldap};
use crate::{RawEntry, record::AccountState, syntax::parse_boolean};

pub(super) const ACCOUNT_STATE: &[&str] = &["nsAccountLock", "accountUnlockTime", "pwdReset"];

/// In `accountUnlockTime`: an administrator must unlock the account.
const UNTIL_RESET: &str = "19700101000000Z";

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
///
/// A lock that ends by itself is left to the bind: its time says nothing of when it began, and stays when it is over.
pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    AccountState {
        enabled: !entry
            .text("nsAccountLock")
            .and_then(parse_boolean)
            .unwrap_or(false),
        locked_since: (entry.text("accountUnlockTime") == Some(UNTIL_RESET))
            .then_some(UnixTime::from_seconds(0)),
        must_change_password: entry.text("pwdReset").and_then(parse_boolean).unwrap_or(false),
        ..AccountState::default()
    }
}
