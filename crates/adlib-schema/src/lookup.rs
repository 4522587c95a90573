//! What to ask a directory when one account, or the names of a few groups, are wanted.

use adlib_core::Sid;

use crate::{AttributeName, Dn, Filter, Schema};

const DOMAIN_COMPONENT: AttributeName = AttributeName::from_static("DC");
const UPN: AttributeName = AttributeName::from_static("userPrincipalName");
const SID: AttributeName = AttributeName::from_static("objectSid");

/// The users whose user principal name is `upn`, disabled ones included.
///
/// ```
/// use adlib_schema::{Preset, Schema, lookup};
///
/// let schema = Schema::of(Preset::ActiveDirectory);
/// let filter = lookup::by_upn(&schema, "mia@*").to_string();
/// assert!(filter.ends_with(r"(userPrincipalName=mia@\2a))"), "{filter}");
/// ```
#[must_use]
pub fn by_upn(schema: &Schema, upn: &str) -> Filter {
    Filter::and([schema.user_search.for_all(), Filter::equal(UPN, upn)])
}

/// The users whose account name is `account`, disabled ones included.
#[must_use]
pub fn by_account(schema: &Schema, account: &str) -> Filter {
    schema.user_search.for_name(account)
}

/// The groups with one of these SIDs.
#[must_use]
pub fn groups_by_sid(schema: &Schema, sids: &[Sid]) -> Filter {
    let any = Filter::or(sids.iter().map(|sid| Filter::equal(SID, sid.encode())));
    Filter::and([schema.group_search.for_all(), any])
}

/// What to ask for when only the names of groups are wanted: everything about them but their members.
#[must_use]
pub fn group_name_attributes(schema: &Schema) -> Vec<&str> {
    let fields = [&schema.group_name, &schema.group_full_name, &schema.key];
    let kept = fields
        .into_iter()
        .flatten()
        .chain(schema.group_search.attributes());
    let mut names: Vec<&str> = kept
        .map(AttributeName::as_str)
        .chain(["objectClass", "objectSid"])
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The DN of the domain with this DNS name (RFC 2247).
///
/// ```
/// use adlib_schema::lookup;
///
/// assert_eq!(lookup::domain_dn("corp.example.com"), "DC=corp,DC=example,DC=com");
/// ```
#[must_use]
pub fn domain_dn(domain: &str) -> String {
    let labels = domain.split('.').rev().filter(|label| !label.is_empty());
    labels
        .fold(Dn::root(), |dn, label| dn.child(&DOMAIN_COMPONENT, label))
        .to_string()
}
