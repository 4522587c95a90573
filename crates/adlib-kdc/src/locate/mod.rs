//! Where a domain's controllers are: DNS SRV records (RFC 2782), or a list given by hand.
//!
//! Trust level: DNS answers are a stranger's. They are bounded and checked here, and they decide only whom to
//! ask; who a controller really is, TLS and the service ticket decide.

mod dns;
mod endpoint;
mod error;
mod locator;
mod resolver;
mod srv;

pub use dns::DnsResolver;
pub use endpoint::{Endpoint, EndpointParseError};
pub use error::{LocateError, ResolveError};
pub use locator::{Locate, Locator};
pub use resolver::{Resolver, SrvRecord};

use std::future::poll_fn;
use std::net::IpAddr;
use std::task::Poll;

use crate::BoxFuture;

/// How many controllers of a domain are considered, the best first.
pub const MAX_ENDPOINTS: usize = 16;
/// How many addresses of one controller are considered.
pub const MAX_ADDRESSES: usize = 8;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// A domain controller's LDAP service.
    Ldap,
    /// A key distribution centre, over tcp.
    Kerberos,
}

impl Service {
    /// The name of the SRV records (MS-ADTS 6.3.2.3), fully qualified.
    ///
    /// ```
    /// use adlib_kdc::Service;
    ///
    /// assert_eq!(Service::Ldap.srv_name("corp.example.com"), "_ldap._tcp.dc._msdcs.corp.example.com.");
    /// ```
    #[must_use]
    pub fn srv_name(self, domain: &str) -> String {
        let domain = domain.trim_end_matches('.');
        match self {
            Self::Ldap => format!("_ldap._tcp.dc._msdcs.{domain}."),
            Self::Kerberos => format!("_kerberos._tcp.{domain}."),
        }
    }

    /// The name of the SRV records of one site (MS-ADTS 6.3.2.3), fully qualified.
    ///
    /// ```
    /// use adlib_kdc::Service;
    ///
    /// let name = Service::Kerberos.site_srv_name("Berlin", "corp.example.com");
    /// assert_eq!(name, "_kerberos._tcp.Berlin._sites.corp.example.com.");
    /// ```
    #[must_use]
    pub fn site_srv_name(self, site: &str, domain: &str) -> String {
        let domain = domain.trim_end_matches('.');
        match self {
            Self::Ldap => format!("_ldap._tcp.{site}._sites.dc._msdcs.{domain}."),
            Self::Kerberos => format!("_kerberos._tcp.{site}._sites.{domain}."),
        }
    }

    /// The port where none is said.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Ldap => 389,
            Self::Kerberos => 88,
        }
    }
}

/// Find the controllers of `domain`, in the order in which they should be tried.
///
/// `random` spreads the load among records of one priority: given `n` it returns a number from 0 to `n`, both
/// included. At most [`MAX_ENDPOINTS`] controllers with at most [`MAX_ADDRESSES`] addresses each are returned,
/// however many DNS names. A target is only ever asked for its addresses, so records cannot form a loop.
///
/// # Errors
/// `BadDomain`, `NotFound` when there are no records, `NotOffered` when the domain says that it has no such
/// service, `Resolve` when DNS cannot be asked, and `NoAddress` when no target has an address.
pub async fn locate(
    resolver: &dyn Resolver,
    service: Service,
    domain: &str,
    random: &mut (dyn FnMut(u32) -> u32 + Send),
) -> Result<Vec<Endpoint>, LocateError> {
    locate_in_site(resolver, service, domain, None, random).await
}

/// Find the controllers of `domain`, those of `site` first.
///
/// A site that has no records, or none that can be read, costs nothing but the question.
///
/// # Errors
/// As [`locate`]; `BadDomain` for a site that is no name, too.
pub async fn locate_in_site(
    resolver: &dyn Resolver,
    service: Service,
    domain: &str,
    site: Option<&str>,
    random: &mut (dyn FnMut(u32) -> u32 + Send),
) -> Result<Vec<Endpoint>, LocateError> {
    for name in [Some(domain), site].into_iter().flatten() {
        if !endpoint::is_host_name(name) {
            return Err(LocateError::BadDomain(name.escape_debug().to_string()));
        }
    }
    let mut endpoints = Vec::new();
    if let Some(site) = site {
        let name = service.site_srv_name(site, domain);
        match named(resolver, name, random).await {
            Ok(near) => endpoints = near,
            Err(error) => tracing::debug!(%site, %error, "no controllers of the site"),
        }
    }
    match named(resolver, service.srv_name(domain), random).await {
        Ok(all) => endpoints.extend(
            all.into_iter()
                .filter(|found| !endpoints.contains(found))
                .collect::<Vec<_>>(),
        ),
        Err(error) if endpoints.is_empty() => return Err(error),
        Err(error) => tracing::debug!(%domain, %error, "no controllers but those of the site"),
    }
    endpoints.truncate(MAX_ENDPOINTS);
    resolve(resolver, endpoints).await
}

/// The controllers that the SRV records `name` name, in order, without their addresses.
async fn named(
    resolver: &dyn Resolver,
    name: String,
    random: &mut (dyn FnMut(u32) -> u32 + Send),
) -> Result<Vec<Endpoint>, LocateError> {
    let records = match resolver.srv(&name).await {
        Ok(records) if records.is_empty() => return Err(LocateError::NotFound(name)),
        Ok(records) => records,
        Err(ResolveError::NotFound) => return Err(LocateError::NotFound(name)),
        Err(source) => return Err(LocateError::Resolve { name, source }),
    };
    let endpoints = srv::endpoints(records, random);
    if endpoints.is_empty() {
        return Err(LocateError::NotOffered(name));
    }
    Ok(endpoints)
}

/// Look up the addresses of `endpoints` that have none yet, all at once.
///
/// Endpoints without an address are left out of what comes back.
///
/// # Errors
/// `NoAddress` when no endpoint has one, with the reason for each host.
pub async fn resolve(
    resolver: &dyn Resolver,
    endpoints: Vec<Endpoint>,
) -> Result<Vec<Endpoint>, LocateError> {
    let lookups = endpoints
        .iter()
        .take(MAX_ENDPOINTS)
        .map(|endpoint| addresses_of(resolver, endpoint))
        .collect();
    let answers = all(lookups).await;
    let mut found = Vec::new();
    let mut failed = Vec::new();
    for (mut endpoint, addresses) in endpoints.into_iter().zip(answers) {
        match addresses {
            Ok(addresses) if !addresses.is_empty() => {
                endpoint.addresses = addresses;
                endpoint.addresses.truncate(MAX_ADDRESSES);
                found.push(endpoint);
            }
            Ok(_) => failed.push((endpoint.host, ResolveError::NotFound)),
            Err(error) => failed.push((endpoint.host, error)),
        }
    }
    if found.is_empty() {
        return Err(LocateError::NoAddress { hosts: failed });
    }
    for (host, error) in failed {
        tracing::warn!(%host, %error, "a controller without an address is left out");
    }
    Ok(found)
}

fn addresses_of<'a>(
    resolver: &'a dyn Resolver,
    endpoint: &'a Endpoint,
) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
    if endpoint.addresses.is_empty() {
        resolver.addresses(&endpoint.host)
    } else {
        let known = endpoint.addresses.clone();
        Box::pin(async move { Ok(known) })
    }
}

/// Wait for all futures, side by side.
async fn all<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut outputs: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::time::{Duration, Instant};

    /// A DNS in memory, which answers after a while.
    #[derive(Default)]
    struct Zone {
        srv: HashMap<String, Vec<SrvRecord>>,
        addresses: HashMap<String, Vec<IpAddr>>,
        delay: Duration,
    }

    impl Resolver for Zone {
        fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>> {
            Box::pin(async move { self.srv.get(name).cloned().ok_or(ResolveError::NotFound) })
        }

        fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
            Box::pin(async move {
                tokio::time::sleep(self.delay).await;
                self.addresses.get(host).cloned().ok_or(ResolveError::NotFound)
            })
        }
    }

    fn record(priority: u16, target: &str) -> SrvRecord {
        SrvRecord {
            priority,
            weight: 100,
            port: 389,
            target: target.to_owned(),
        }
    }

    fn zone(records: Vec<SrvRecord>) -> Zone {
        let addresses = records
            .iter()
            .map(|record| {
                (
                    record.target.trim_end_matches('.').to_owned(),
                    vec![IpAddr::from([127, 0, 0, 9])],
                )
            })
            .collect();
        Zone {
            srv: HashMap::from([("_ldap._tcp.dc._msdcs.corp.example.com.".to_owned(), records)]),
            addresses,
            delay: Duration::ZERO,
        }
    }

    async fn hosts(zone: &Zone) -> Result<Vec<String>, LocateError> {
        let found = locate(zone, Service::Ldap, "corp.example.com", &mut |_| 0).await?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    /// R4
    #[tokio::test]
    async fn controllers_come_by_priority_with_their_addresses() {
        let mut zone = zone(vec![
            record(20, "dc3.corp.example.com."),
            record(0, "dc1.corp.example.com."),
            record(10, "dc2.corp.example.com."),
        ]);
        zone.addresses.remove("dc2.corp.example.com");
        assert_eq!(
            hosts(&zone).await.unwrap(),
            ["dc1.corp.example.com:389", "dc3.corp.example.com:389"],
            "a target without an address is left out"
        );
    }

    /// R4: sixteen slow lookups take as long as one.
    #[tokio::test]
    async fn addresses_are_looked_up_side_by_side() {
        let mut zone = zone(
            (0..16)
                .map(|n| record(n, &format!("dc{n}.corp.example.com.")))
                .collect(),
        );
        zone.delay = Duration::from_millis(200);
        let begin = Instant::now();
        assert_eq!(hosts(&zone).await.unwrap().len(), 16);
        assert!(begin.elapsed() < Duration::from_secs(1));
    }

    /// A54
    #[tokio::test]
    async fn a54_no_records_is_not_found() {
        assert_eq!(
            hosts(&zone(Vec::new())).await.unwrap_err(),
            LocateError::NotFound("_ldap._tcp.dc._msdcs.corp.example.com.".to_owned())
        );
        assert!(matches!(
            hosts(&Zone::default()).await,
            Err(LocateError::NotFound(_))
        ));
    }

    /// A54
    #[tokio::test]
    async fn a54_the_root_as_target_means_not_offered() {
        assert!(matches!(
            hosts(&zone(vec![record(0, ".")])).await,
            Err(LocateError::NotOffered(_))
        ));
    }

    /// A54
    #[tokio::test]
    async fn a54_a_thousand_targets_are_bounded() {
        let mut zone = zone(
            (0..1000)
                .map(|n| record(1000 - n, &format!("dc{n}.corp.example.com.")))
                .collect(),
        );
        for addresses in zone.addresses.values_mut() {
            *addresses = vec![IpAddr::from([127, 0, 0, 9]); 1000];
        }
        let found = locate(&zone, Service::Ldap, "corp.example.com", &mut |_| 0)
            .await
            .unwrap();
        assert_eq!(found.len(), MAX_ENDPOINTS);
        assert_eq!(
            found[0].host, "dc999.corp.example.com",
            "the best are kept, not the first"
        );
        assert!(
            found
                .iter()
                .all(|endpoint| endpoint.addresses.len() <= MAX_ADDRESSES)
        );
    }

    /// A54: a target that is itself a service name is asked for its addresses and nothing more.
    #[tokio::test]
    async fn a54_records_that_name_each_other_end() {
        let mut zone = zone(vec![record(0, "_ldap._tcp.dc._msdcs.corp.example.com.")]);
        zone.addresses.clear();
        assert!(matches!(hosts(&zone).await, Err(LocateError::NoAddress { .. })));
    }

    /// A47: a domain is a name before it becomes part of one.
    #[tokio::test]
    async fn a_domain_must_be_a_name() {
        for domain in ["", ".", "a b", "a..b", "a/b", "bücher.example", &"a.".repeat(200)] {
            let result = locate(&Zone::default(), Service::Kerberos, domain, &mut |_| 0).await;
            assert!(matches!(result, Err(LocateError::BadDomain(_))), "{domain}");
        }
    }
}
