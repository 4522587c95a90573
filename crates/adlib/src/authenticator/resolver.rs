//! Whose name servers are asked for a name.

use std::{net::IpAddr, sync::Arc};

use adlib_kdc::{Resolver, SrvRecord, locate::ResolveError};

use crate::{BoxFuture, Directory};

/// The name servers of one source, and those of the other one for the names of its domains: either may know names that
/// the other does not.
pub(super) struct BySource {
    own: Arc<dyn Resolver>,
    others: Arc<dyn Resolver>,
    own_domains: Vec<String>,
    others_domains: Vec<String>,
}

impl BySource {
    pub(super) fn new(
        (own, others): (&Arc<dyn Resolver>, &Arc<dyn Resolver>),
        directory: &Directory,
        other: Option<&Directory>,
    ) -> Self {
        let domains = |directory: &Directory| {
            directory
                .domains()
                .iter()
                .map(|name| name.to_lowercase())
                .collect()
        };
        Self {
            own: own.clone(),
            others: others.clone(),
            own_domains: domains(directory),
            others_domains: other.map(domains).unwrap_or_default(),
        }
    }

    /// By the longest domain that `name` is in.
    fn of(&self, name: &str) -> &dyn Resolver {
        let name = name.trim_end_matches('.').to_lowercase();
        let longest = |domains: &[String]| {
            let within = domains.iter().filter(|domain| is_within(&name, domain));
            within.map(String::len).max()
        };
        match longest(&self.others_domains) > longest(&self.own_domains) {
            true => &*self.others,
            false => &*self.own,
        }
    }
}

fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

impl Resolver for BySource {
    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>> {
        self.of(name).srv(name)
    }

    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        self.of(host).addresses(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(u8);

    impl Resolver for Says {
        fn srv<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
            Box::pin(async { Ok(vec![[127, 0, 0, self.0].into()]) })
        }
    }

    /// R4, R40
    #[tokio::test]
    async fn r04_a_name_is_asked_of_the_source_that_it_is_of() {
        let resolver = BySource {
            own: Arc::new(Says(1)),
            others: Arc::new(Says(2)),
            own_domains: vec!["corp.example".to_owned()],
            others_domains: vec!["eu.corp.example".to_owned(), "partners.example".to_owned()],
        };
        for (name, who) in [
            ("_kerberos._tcp.corp.example", 1),
            ("dc.CORP.example", 1),
            ("dc1.eu.corp.example.", 2),
            ("partners.example", 2),
            ("mypartners.example", 1),
            ("elsewhere.test", 1),
        ] {
            let asked = resolver.addresses(name).await.unwrap();
            assert_eq!(asked, [IpAddr::from([127, 0, 0, who])], "{name}");
        }
    }
}
