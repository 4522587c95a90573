//! What to ask a directory for when one account, or a few groups, are wanted.

use adlib_core::Sid;

use crate::{
    AttributeName, RawEntry,
    preset::Schema,
    record::User,
    syntax::{Dn, Filter},
};

/// What to ask the root DSE for, to learn as whom a connection is bound: see [`security_context`].
pub const SECURITY_CONTEXT: &str = "tokenGroups";

/// The users whose account name is `account`, disabled ones included.
///
/// ```
/// use adlib_schema::{Preset, Schema, lookup};
///
/// let filter = lookup::by_account(&Schema::of(Preset::OpenLdap), "*)(uid=*");
/// assert_eq!(filter.to_string(), r"(uid=\2a\29\28uid=\2a)");
/// ```
#[must_use]
pub fn by_account(schema: &Schema, account: &str) -> Filter {
    schema.user_search.for_name(account)
}

/// The users whose user principal name is `upn`, disabled ones included.
#[must_use]
pub fn by_upn(schema: &Schema, upn: &str) -> Filter {
    let named = Filter::equal(AttributeName::from_static("userPrincipalName"), upn);
    Filter::and([schema.user_search.for_all(), named])
}

/// Every entry, whatever it is: of a search that looks at one entry.
#[must_use]
pub fn anything() -> Filter {
    Filter::present(AttributeName::from_static("objectClass"))
}

/// The attribute of a domain among Active Directory's [partitions](crate::RootDse::partitions) that has its DNS name.
pub const DNS_NAME: &str = "dnsRoot";

/// The domains among Active Directory's [partitions](crate::RootDse::partitions) with this `NetBIOS` name (MS-ADTS
/// 6.1.1.2.1.1).
///
/// ```
/// use adlib_schema::lookup;
///
/// let filter = lookup::by_netbios_name("CORP*");
/// assert_eq!(filter.to_string(), r"(&(objectClass=crossRef)(nETBIOSName=CORP\2a))");
/// ```
#[must_use]
pub fn by_netbios_name(name: &str) -> Filter {
    let class = Filter::equal(AttributeName::from_static("objectClass"), "crossRef");
    let named = Filter::equal(AttributeName::from_static("nETBIOSName"), name);
    Filter::and([class, named])
}

/// The groups with these security identifiers.
///
/// Active Directory takes the text form of a SID in a filter (MS-ADTS 3.1.1.3.1.3.1).
#[must_use]
pub fn groups_by_sid(schema: &Schema, sids: &[Sid]) -> Filter {
    let sid = |sid: &Sid| Filter::equal(AttributeName::from_static("objectSid"), sid.to_string());
    Filter::and([schema.group_search.for_all(), Filter::or(sids.iter().map(sid))])
}

/// The groups that list `user`, and the one that counts as primary, without those that these are in.
///
/// ```
/// use adlib_schema::{Preset, Schema, lookup, record::{Key, User}};
///
/// let user = User::new(Key::new("1"), "uid=ada,dc=example,dc=org", "example.org", "ada");
/// let filter = lookup::groups_of_user(&Schema::of(Preset::Unix), &user);
/// assert_eq!(filter.to_string(), "(&(&(cn=*)(objectClass=posixGroup))(|(memberUid=ada)))");
/// ```
#[must_use]
pub fn groups_of_user(schema: &Schema, user: &User) -> Filter {
    let member = match schema.posix_groups {
        true => &user.account,
        false => &user.dn,
    };
    let lists = schema
        .group_member
        .iter()
        .map(|name| Filter::equal(name.clone(), member.as_str()));
    let primary = user.primary_group.iter().flat_map(|id| {
        let names = schema.primary_group.iter().filter(|_| schema.posix_groups);
        names.map(move |name| Filter::equal(name.clone(), id.as_str()))
    });
    Filter::and([schema.group_search.for_all(), Filter::or(lists.chain(primary))])
}

/// The groups that list any of the entries with these DNs.
#[must_use]
pub fn groups_with_members(schema: &Schema, dns: &[String]) -> Filter {
    let lists = schema.group_member.iter().flat_map(|name| {
        let dns = dns.iter();
        dns.map(move |dn| Filter::equal(name.clone(), dn.as_str()))
    });
    Filter::and([schema.group_search.for_all(), Filter::or(lists)])
}

/// The DN of the domain with this DNS name (RFC 2247).
///
/// ```
/// assert_eq!(adlib_schema::lookup::domain_dn("corp.example.com"), "DC=corp,DC=example,DC=com");
/// ```
#[must_use]
pub fn domain_dn(domain: &str) -> String {
    let component = AttributeName::from_static("DC");
    let labels = domain.rsplit('.').filter(|label| !label.is_empty());
    labels
        .fold(Dn::root(), |dn, label| dn.child(&component, label))
        .to_string()
}

/// The security context of a connection, from the root DSE (MS-ADTS 3.1.1.3.2): the account's own SID and those of its
/// groups, nested ones included, in no order.
#[must_use]
pub fn security_context(root_dse: &RawEntry) -> Vec<Sid> {
    let values = root_dse.values(SECURITY_CONTEXT);
    values.filter_map(|value| Sid::decode(value).ok()).collect()
}

/// What to ask for when only the names of groups are wanted: everything but the members.
#[must_use]
pub fn group_name_attributes(schema: &Schema) -> Vec<&str> {
    let is_member = |name: &&str| {
        schema
            .group_member
            .iter()
            .any(|member| member.as_str().eq_ignore_ascii_case(name))
    };
    let mut names = schema.attributes();
    names.retain(|name| !is_member(name));
    names
}

/// The attributes that every user has and that `user`, the entry of one, does not show: a right to read them is missing.
///
/// ```
/// use adlib_schema::{Preset, RawEntry, Schema, lookup};
///
/// let mut user = RawEntry::new("uid=ada,dc=example,dc=org");
/// user.push("uid", "ada");
/// assert_eq!(lookup::not_shown(&Schema::of(Preset::OpenLdap), &user), ["entryUUID"]);
/// ```
#[must_use]
pub fn not_shown<'s>(schema: &'s Schema, user: &RawEntry) -> Vec<&'s str> {
    let fields = [&schema.user_name, &schema.key];
    let is_shown = |name: &&AttributeName| !user.values_of(name).is_empty();
    let hidden = fields
        .into_iter()
        .filter(|names| !names.iter().any(|name| is_shown(&name)));
    let mut missing: Vec<&str> = hidden.filter_map(|names| Some(names.first()?.as_str())).collect();
    missing.extend(
        schema
            .always_present()
            .iter()
            .filter(|name| user.values(name).is_empty()),
    );
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R18: what is no SID is nobody's.
    #[test]
    fn r18_the_security_context_of_a_connection() {
        let ada: Sid = "S-1-5-21-1-2-3-1104".parse().unwrap();
        let mut root_dse = RawEntry::new("");
        root_dse.push("tokengroups", ada.encode());
        root_dse.push("tokengroups", "S-1-5-21-1-2-3-500");
        assert_eq!(security_context(&root_dse), [ada]);
        assert_eq!(security_context(&RawEntry::new("")), []);
    }
}
