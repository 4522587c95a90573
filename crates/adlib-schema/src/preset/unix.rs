//! Accounts and groups of RFC 2307, on any server.

use adlib_core::UnixTime;

use super::{Preset, Schema, field, openldap, search};
use crate::{RawEntry, record::AccountState};

const SECONDS_PER_DAY: i64 = 86_400;

pub(super) const ACCOUNT_STATE: &[&str] = &["shadowExpire", "pwdAccountLockedTime", "pwdReset"];

pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::Unix,
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
        group_member: field(["memberUid"]),
        group_search: search("(&(cn={0})(objectClass=posixGroup))"),
        primary_group: field(["gidNumber"]),
        posix_groups: true,
        key: field(["entryUUID", "apple-generateduid"]),
    }
}

/// `shadowExpire` (RFC 2307 2.4): the day of expiry, counted from 1970; a negative number is never.
pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    let expires = entry
        .text("shadowExpire")
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|days| *days >= 0)
        .map(|days| UnixTime::from_seconds(days.saturating_mul(SECONDS_PER_DAY)));
    AccountState {
        expires,
        ..openldap::account_state(entry)
    }
}
