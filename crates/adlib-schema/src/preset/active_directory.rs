//! Active Directory (MS-ADTS) and Samba AD.

use adlib_core::UnixTime;

use super::{Preset, Schema, field, search};
use crate::{
    AttributeName, RawEntry,
    ad::{UserAccountControl, parse_file_time},
    record::AccountState,
    syntax::Filter,
};

/// `LDAP_CAP_ACTIVE_DIRECTORY_OID` (MS-ADTS 3.1.1.3.4.3.1).
const CAPABILITY: &str = "1.2.840.113556.1.4.800";
/// `LDAP_MATCHING_RULE_BIT_AND` (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: AttributeName = AttributeName::from_static("1.2.840.113556.1.4.803");

pub(super) const ACCOUNT_STATE: &[&str] = &[
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
    "lockoutTime",
    "pwdLastSet",
];

pub(super) fn schema() -> Schema {
    Schema {
        preset: Preset::ActiveDirectory,
        user_name: field(["sAMAccountName"]),
        user_full_name: field(["displayName"]),
        user_email: field(["mail"]),
        user_department: field(["department"]),
        user_office: field(["physicalDeliveryOfficeName"]),
        user_card_id: field(["pager"]),
        user_second_card_id: field([]),
        other_emails: field([]),
        home_directory: field(["homeDirectory"]),
        user_pin: field([]),
        user_search: search(
            "(&(sAMAccountName={0})(objectCategory=person)(objectClass=user)(sAMAccountType=805306368){1})",
        ),
        group_name: field(["sAMAccountName"]),
        group_full_name: field(["displayName"]),
        group_member: field(["member"]),
        group_search: search("(&(sAMAccountName={0})(objectCategory=group))"),
        primary_group: field(["primaryGroupID"]),
        posix_groups: false,
        key: field(["objectGUID"]),
    }
}

pub(super) fn recognises(root_dse: &RawEntry) -> bool {
    root_dse
        .texts("supportedCapabilities")
        .any(|oid| oid == CAPABILITY)
}

/// Not `ACCOUNTDISABLE`.
pub(super) fn enabled() -> Filter {
    let account_control = AttributeName::from_static("userAccountControl");
    Filter::not(Filter::extensible(account_control, BIT_AND, "2"))
}

/// The stored and the computed flags, and the times.
///
/// A `lockoutTime` stays after the lockout is over: where the server gives the computed flags, they decide.
pub(super) fn account_state(entry: &RawEntry) -> AccountState {
    let flags = |name| entry.text(name).and_then(UserAccountControl::parse);
    let time = |name| entry.text(name).and_then(parse_file_time);
    let unix = |name| time(name).and_then(adlib_core::FileTime::to_unix);
    let stored = flags("userAccountControl").unwrap_or_default();
    let computed = flags("msDS-User-Account-Control-Computed");
    let lockout: Option<UnixTime> = unix("lockoutTime");
    let never_set = time("pwdLastSet").is_some_and(|ticks| ticks.0 == 0);
    AccountState {
        enabled: !stored.is_disabled(),
        expires: unix("accountExpires"),
        locked_since: lockout.filter(|_| computed.is_none_or(UserAccountControl::is_locked_out)),
        must_change_password: never_set && !stored.password_never_expires(),
        password_expired: !never_set && computed.is_some_and(UserAccountControl::password_expired),
    }
}
