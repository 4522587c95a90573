//! What a server says of itself (RFC 4512 5.1; MS-ADTS 3.1.1.3.2).
//!
//! Trust level: before a bind over a protected connection, anybody on the way may have said it.

use adlib_core::UnixTime;

use crate::{
    Dn, Preset, RawEntry,
    syntax::{parse_boolean, parse_generalized_time},
};

/// Pages (RFC 2696).
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// Where Active Directory keeps the limits of searches (MS-ADTS 3.1.1.3.4.6), below the configuration.
const QUERY_POLICY: &str =
    "CN=Default Query Policy,CN=Query-Policies,CN=Directory Service,CN=Windows NT,CN=Services";
/// Where Active Directory lists its domains (MS-ADTS 6.1.1.2.1), below the configuration.
const PARTITIONS: &str = "CN=Partitions";
/// The limits, as `MaxPageSize=1000`.
const ADMIN_LIMITS: &str = "lDAPAdminLimits";

/// The entry that describes a server, as far as an operator wants to know.
///
/// ```
/// use adlib_schema::{Preset, RawEntry, RootDse};
///
/// let mut entry = RawEntry::new("");
/// entry.push("supportedCapabilities", "1.2.840.113556.1.4.800");
/// entry.push("defaultNamingContext", "DC=corp,DC=example,DC=com");
/// entry.push("currentTime", "20261123033947.0Z");
/// let server = RootDse::of(&entry);
/// assert_eq!(server.preset, Some(Preset::ActiveDirectory));
/// assert_eq!(server.domain().as_deref(), Some("corp.example.com"));
/// assert_eq!(server.time.unwrap().to_string(), "2026-11-23T03:39:47Z");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootDse {
    /// The kind of server; `None` when it is like none that is known.
    pub preset: Option<Preset>,
    /// What time it says it is; Active Directory does.
    pub time: Option<UnixTime>,
    /// The DN of the domain of a controller.
    pub domain_dn: Option<String>,
    /// The DNs below which its entries are.
    pub naming_contexts: Vec<String>,
    /// Whether it gives pages (RFC 2696).
    pub gives_pages: bool,
    /// Whether a controller has caught up with the others since it was started; others do not say.
    pub is_synchronized: Option<bool>,
    configuration_dn: Option<String>,
}

impl RootDse {
    /// What `entry` says.
    #[must_use]
    pub fn of(entry: &RawEntry) -> Self {
        let text = |name| entry.text(name).map(str::to_owned);
        Self {
            preset: Preset::detect(entry),
            time: entry
                .text("currentTime")
                .and_then(|text| parse_generalized_time(text).ok()),
            domain_dn: text("defaultNamingContext"),
            naming_contexts: entry.texts("namingContexts").map(str::to_owned).collect(),
            gives_pages: entry.texts("supportedControl").any(|oid| oid == PAGED_RESULTS),
            is_synchronized: entry.text("isSynchronized").and_then(parse_boolean),
            configuration_dn: text("configurationNamingContext"),
        }
    }

    /// The DNS name of a controller's domain.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        let dn: Dn = self.domain_dn.as_ref()?.parse().ok()?;
        Some(dn.dns_domain())
    }

    /// Whether entries at or below `base` are this server's own: the domain of a controller, and elsewhere what is in or
    /// below a naming context. A server that names none may have any.
    #[must_use]
    pub fn holds(&self, base: &str) -> bool {
        let Ok(base) = base.parse::<Dn>() else {
            return false;
        };
        let is = |dn: &String| dn.parse::<Dn>().is_ok_and(|dn| dn.normal() == base.normal());
        let is_in = |dn: &String| dn.parse::<Dn>().is_ok_and(|dn| base.is_under(&dn));
        match &self.domain_dn {
            Some(domain) => is(domain) || is_in(domain),
            None if self.naming_contexts.is_empty() => true,
            None => self
                .naming_contexts
                .iter()
                .any(|context| is(context) || is_in(context)),
        }
    }

    /// The entry of Active Directory below which its domains are listed, for [`by_netbios_name`](crate::lookup::by_netbios_name).
    #[must_use]
    pub fn partitions(&self) -> Option<String> {
        let configuration = self.configuration_dn.as_ref()?;
        Some(format!("{PARTITIONS},{configuration}"))
    }

    /// The entry of Active Directory with the limits of searches, for [`page_limit`].
    #[must_use]
    pub fn query_policy(&self) -> Option<String> {
        let configuration = self.configuration_dn.as_ref()?;
        Some(format!("{QUERY_POLICY},{configuration}"))
    }
}

/// The attribute to ask the [query policy](RootDse::query_policy) for.
pub const PAGE_LIMIT: &str = ADMIN_LIMITS;

/// The most entries of a page, by the query policy `entry` (MS-ADTS 3.1.1.3.4.6, `MaxPageSize`).
#[must_use]
pub fn page_limit(entry: &RawEntry) -> Option<u32> {
    let limits = entry.texts(ADMIN_LIMITS);
    let mut sizes = limits.filter_map(|limit| limit.strip_prefix("MaxPageSize="));
    sizes.next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(attributes: &[(&str, &str)]) -> RootDse {
        let mut entry = RawEntry::new("");
        for (name, value) in attributes {
            entry.push(name, value);
        }
        RootDse::of(&entry)
    }

    #[test]
    fn a_controller_holds_its_domain_and_no_other() {
        let corp = described(&[
            ("defaultNamingContext", "DC=corp,DC=example,DC=com"),
            ("namingContexts", "DC=corp,DC=example,DC=com"),
            ("namingContexts", "CN=Configuration,DC=corp,DC=example,DC=com"),
            (
                "configurationNamingContext",
                "CN=Configuration,DC=corp,DC=example,DC=com",
            ),
            ("isSynchronized", "TRUE"),
        ]);
        assert!(corp.holds("dc=CORP, dc=example,dc=com"));
        assert!(!corp.holds("DC=staff,DC=example,DC=com"));
        assert!(!corp.holds("DC=example,DC=com"));
        assert!(!corp.holds("no DN"));
        assert!(
            corp.query_policy()
                .unwrap()
                .ends_with(",CN=Services,CN=Configuration,DC=corp,DC=example,DC=com")
        );
        assert_eq!((corp.is_synchronized, corp.gives_pages), (Some(true), false));
    }

    #[test]
    fn other_servers_hold_what_is_below_their_contexts() {
        let server = described(&[
            ("namingContexts", "dc=example,dc=org"),
            ("supportedControl", PAGED_RESULTS),
        ]);
        assert!(server.holds("ou=people,dc=example,dc=org") && server.gives_pages);
        assert!(!server.holds("dc=unix,dc=org"));
        assert!(described(&[]).holds("dc=unix,dc=org"), "it does not tell");
        assert_eq!(server.query_policy(), None);
    }

    /// R27
    #[test]
    fn r27_the_page_limit_of_a_query_policy() {
        let mut policy = RawEntry::new("CN=Default Query Policy");
        assert_eq!(page_limit(&policy), None);
        policy.push(ADMIN_LIMITS, "MaxValRange=1500");
        policy.push(ADMIN_LIMITS, "MaxPageSize=1000");
        assert_eq!(page_limit(&policy), Some(1000));
    }
}
