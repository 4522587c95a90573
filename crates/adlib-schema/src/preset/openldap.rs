//! OpenLDAP with `inetOrgPerson` (RFC 2798) and `groupOfNames` (RFC 4519), password policy by its overlay.

use super::{Preset, Schema, field, search};
use crate::{
    RawEntry,
    record::AccountState,
    syntax::{parse_boolean, parse_generalized_time},
};

pub(super) const ACCOUNT_STATE: &[&str] = &["pwdAccountLockedTime", "pwdReset"];

pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::OpenLdap,
        user_name: field(["uid"]),
        user_full_name: field(["cn"]),
        user_email: field(["mail"]),
        user_department: field(["departmentNumber"]),
        user_office: field([]),
        user_card_id: field(["employeeNumber"]),
        user_second_card_id: field([]),
        other_emails: field([]),
        home_directory: field(["homeDirectory"]),
        user_pin: field([]),
        user_search: search("(uid={0})"),
        group_name: field(["cn"]),
        group_full_name: field(["displayName"]),
        group_member: field(["member", "uniqueMember"]),
        group_search: search("(&(cn={0})(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)))"),
        primary_group: field([]),
        posix_groups: false,
        key: field(["entryUUID"]),
    }
}

pub(super) fn recognises(root_dse: &RawEntry) -> bool {
    root_dse
        .texts("objectClass")
        .any(|class| class.eq_ignore_ascii_case("OpenLDAProotDSE"))
}

/// The overlay's operational attributes (draft-behera-ldap-password-policy 5.3).
///
/// `000001010000Z` in `pwdAccountLockedTime` is a lock without end: it reads as locked since the year 0.
pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    AccountState {
        locked_since: entry
            .text("pwdAccountLockedTime")
            .and_then(|text| parse_generalized_time(text).ok()),
        must_change_password: entry.text("pwdReset").and_then(parse_boolean).unwrap_or(false),
        ..AccountState::default()
    }
}
