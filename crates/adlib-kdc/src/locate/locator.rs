//! The KDCs of realms, remembered for a while.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Endpoint, LocateError, Resolver, Service, locate_in_site, resolve};
use crate::BoxFuture;

/// Something that knows the KDCs of a realm: [`Locator`], or a table of one's own.
pub trait Locate: Send + Sync {
    /// The KDCs of `realm`, with their addresses, in the order in which to ask them.
    fn kdcs<'a>(&'a self, realm: &'a str) -> BoxFuture<'a, Result<Vec<Endpoint>, LocateError>>;
}

/// For how long what was found is taken for granted.
const FOUND: Duration = Duration::from_secs(300);
/// For how long it is taken for granted that there is nothing to be found.
const NOT_FOUND: Duration = Duration::from_secs(60);
/// As many realms are remembered: their names come from KDCs.
const MAX_REALMS: usize = 256;

/// KDCs that are given by hand, and those that DNS names.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use adlib_kdc::{DnsResolver, Endpoint, Locator};
///
/// let dns = DnsResolver::with_name_servers(&["10.0.0.1", "10.0.0.2"])?;
/// let locator = Locator::new(Arc::new(dns))
///     .with_kdcs("STAFF.EXAMPLE.COM", vec![Endpoint::new("dc1.staff.example.com", 88)]);
/// # drop(locator);
/// # Ok::<(), adlib_kdc::locate::ResolveError>(())
/// ```
pub struct Locator {
    resolver: Arc<dyn Resolver>,
    given: BTreeMap<String, Vec<Endpoint>>,
    others: Vec<Endpoint>,
    site: Option<String>,
    known: Mutex<BTreeMap<String, Known>>,
}

/// What is known of a realm, and until when.
struct Known {
    until: Instant,
    kdcs: Result<Vec<Endpoint>, LocateError>,
}

impl Locator {
    /// A locator that asks `resolver` for every realm.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self {
            resolver,
            given: BTreeMap::new(),
            others: Vec::new(),
            site: None,
            known: Mutex::default(),
        }
    }

    /// Take these KDCs of `realm`, in place of those that DNS names.
    #[must_use]
    pub fn with_kdcs(mut self, realm: &str, kdcs: Vec<Endpoint>) -> Self {
        self.given.insert(realm.to_lowercase(), kdcs);
        self
    }

    /// Take these KDCs of every realm that none are given of; if there are any, DNS is not asked.
    #[must_use]
    pub fn with_other_kdcs(mut self, kdcs: Vec<Endpoint>) -> Self {
        self.others = kdcs;
        self
    }

    /// Prefer the KDCs of this site (MS-ADTS 6.3.2.3).
    #[must_use]
    pub fn with_site(mut self, site: &str) -> Self {
        self.site = Some(site.to_owned());
        self
    }

    async fn find(&self, realm: &str) -> Result<Vec<Endpoint>, LocateError> {
        let realm = realm.to_lowercase();
        let given = self.given.get(&realm).unwrap_or(&self.others);
        if !given.is_empty() {
            return resolve(&*self.resolver, given.clone()).await;
        }
        if let Some(known) = self.recall(&realm) {
            return known;
        }
        let site = self.site.as_deref();
        let kdcs = locate_in_site(&*self.resolver, Service::Kerberos, &realm, site, &mut up_to).await;
        self.remember(realm, &kdcs);
        kdcs
    }

    fn recall(&self, realm: &str) -> Option<Result<Vec<Endpoint>, LocateError>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(realm).filter(|known| known.until > Instant::now())?;
        Some(known.kdcs.clone())
    }

    /// Remember what DNS said; not that it could not be asked.
    fn remember(&self, realm: String, kdcs: &Result<Vec<Endpoint>, LocateError>) {
        let lifetime = match kdcs {
            Ok(_) => FOUND,
            Err(LocateError::NotFound(_) | LocateError::NotOffered(_)) => NOT_FOUND,
            Err(_) => return,
        };
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.until > now);
        if known.len() < MAX_REALMS {
            let kdcs = kdcs.clone();
            let until = now + lifetime;
            known.insert(realm, Known { until, kdcs });
        }
    }
}

impl Locate for Locator {
    fn kdcs<'a>(&'a self, realm: &'a str) -> BoxFuture<'a, Result<Vec<Endpoint>, LocateError>> {
        Box::pin(self.find(realm))
    }
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locator")
            .field("given", &self.given)
            .field("others", &self.others)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// A random number from 0 to `limit`, which spreads load and protects nothing.
fn up_to(limit: u32) -> u32 {
    let number = getrandom::u32().unwrap_or(0);
    let scaled = (u64::from(number) * (u64::from(limit) + 1)) >> 32;
    u32::try_from(scaled).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::{ResolveError, SrvRecord};
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A DNS with one realm, which counts what it is asked.
    #[derive(Default)]
    struct Zone {
        asked: AtomicUsize,
        broken: bool,
    }

    impl Resolver for Zone {
        fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let target = match name {
                "_kerberos._tcp.corp.example.com." => Some("dc1.corp.example.com."),
                "_kerberos._tcp.Berlin._sites.corp.example.com." => Some("dc2.corp.example.com."),
                _ => None,
            };
            let record = target.map(|target| SrvRecord {
                priority: 0,
                weight: 0,
                port: 88,
                target: target.to_owned(),
            });
            let failure = if self.broken {
                ResolveError::TimedOut
            } else {
                ResolveError::NotFound
            };
            Box::pin(async move { Ok(vec![record.ok_or(failure)?]) })
        }

        fn addresses<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
            Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 9])]) })
        }
    }

    async fn hosts(locator: &Locator, realm: &str) -> Vec<String> {
        let found = locator.kdcs(realm).await.unwrap();
        found.into_iter().map(|kdc| kdc.host).collect()
    }

    /// R4
    #[tokio::test(start_paused = true)]
    async fn what_was_found_is_remembered_for_a_while() {
        let zone = Arc::new(Zone::default());
        let locator = Locator::new(zone.clone());
        for _ in 0..3 {
            assert_eq!(
                hosts(&locator, "CORP.EXAMPLE.COM").await,
                ["dc1.corp.example.com"]
            );
        }
        assert_eq!(zone.asked.load(Ordering::SeqCst), 1);
        tokio::time::advance(FOUND).await;
        hosts(&locator, "corp.example.com").await;
        assert_eq!(zone.asked.load(Ordering::SeqCst), 2);
    }

    /// R4, A54: what is not there is remembered too, but not a resolver that fails.
    #[tokio::test(start_paused = true)]
    async fn a54_what_is_not_there_is_remembered_too() {
        let zone = Arc::new(Zone::default());
        let locator = Locator::new(zone.clone());
        for _ in 0..3 {
            assert!(matches!(
                locator.kdcs("EVIL").await,
                Err(LocateError::NotFound(_))
            ));
        }
        assert_eq!(zone.asked.load(Ordering::SeqCst), 1);
        tokio::time::advance(NOT_FOUND).await;
        locator.kdcs("EVIL").await.unwrap_err();
        assert_eq!(zone.asked.load(Ordering::SeqCst), 2);

        let broken = Arc::new(Zone {
            broken: true,
            ..Zone::default()
        });
        let locator = Locator::new(broken.clone());
        for _ in 0..2 {
            assert!(matches!(
                locator.kdcs("EVIL").await,
                Err(LocateError::Resolve { .. })
            ));
        }
        assert_eq!(broken.asked.load(Ordering::SeqCst), 2);
    }

    /// A54: realms that KDCs make up do not fill the memory.
    #[tokio::test(start_paused = true)]
    async fn a54_no_more_realms_are_remembered_than_there_are() {
        let locator = Locator::new(Arc::new(Zone::default()));
        for number in 0..MAX_REALMS + 10 {
            locator.kdcs(&format!("R{number}")).await.unwrap_err();
        }
        assert_eq!(locator.known.lock().unwrap().len(), MAX_REALMS);
    }

    /// R4
    #[tokio::test]
    async fn the_site_comes_first_and_what_is_given_before_all() {
        let locator = Locator::new(Arc::new(Zone::default())).with_site("Berlin");
        assert_eq!(
            hosts(&locator, "CORP.EXAMPLE.COM").await,
            ["dc2.corp.example.com", "dc1.corp.example.com"]
        );
        let given = vec![Endpoint::parse("127.0.0.1", 88).unwrap()];
        let locator = locator.with_kdcs("CORP.EXAMPLE.COM", given);
        assert_eq!(hosts(&locator, "corp.EXAMPLE.com").await, ["127.0.0.1"]);
        let others = vec![Endpoint::parse("127.0.0.2", 88).unwrap()];
        let locator = locator.with_other_kdcs(others);
        assert_eq!(hosts(&locator, "CORP.EXAMPLE.COM").await, ["127.0.0.1"]);
        assert_eq!(hosts(&locator, "STAFF.EXAMPLE.COM").await, ["127.0.0.2"]);
        let elsewhere = Locator::new(Arc::new(Zone::default())).with_site("Nowhere");
        assert_eq!(
            hosts(&elsewhere, "CORP.EXAMPLE.COM").await,
            ["dc1.corp.example.com"]
        );
    }

    #[test]
    fn random_numbers_stay_within_their_limit() {
        for limit in [0, 1, 7, u32::MAX] {
            assert!((0..100).all(|_| up_to(limit) <= limit));
        }
    }
}
