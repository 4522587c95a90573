//! eDirectory, by Novell and its successors.

use super::{Preset, Schema, field, search};
use crate::{
    RawEntry,
    record::AccountState,
    syntax::{parse_boolean, parse_generalized_time},
};

pub(super) const ACCOUNT_STATE: &[&str] = &["loginDisabled", "loginExpirationTime"];

pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::EDirectory,
        user_name: field(["cn"]),
        user_full_name: field(["fullName"]),
        user_email: field(["mail"]),
        user_department: field(["ou"]),
        user_office: field(["l"]),
        user_card_id: field(["employeeNumber"]),
        user_second_card_id: field([]),
        other_emails: field([]),
        home_directory: field([]),
        user_pin: field([]),
        user_search: search("(&(cn={0})(objectClass=person))"),
        group_name: field(["cn"]),
        group_full_name: field(["fullName"]),
        group_member: field(["member"]),
        group_search: search("(&(cn={0})(objectClass=groupOfNames))"),
        primary_group: field([]),
        posix_groups: false,
        key: field(["GUID"]),
    }
}

/// The vendor changed its name several times, the product did not.
pub(super) fn recognises(root_dse: &RawEntry) -> bool {
    root_dse
        .texts("vendorVersion")
        .any(|version| version.contains("eDirectory"))
        || root_dse.first("directoryTreeName").is_some() && root_dse.first("dsaName").is_some()
}

pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    AccountState {
        enabled: !entry
            .text("loginDisabled")
            .and_then(parse_boolean)
            .unwrap_or(false),
        expires: entry
            .text("loginExpirationTime")
            .and_then(|text| parse_generalized_time(text).ok()),
        ..AccountState::default()
    }
}
