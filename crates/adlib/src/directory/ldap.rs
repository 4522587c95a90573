//! A directory behind LDAP servers.

#[cfg(feature = "signin")]
use std::time::Duration;
use std::{fmt, sync::Arc};

use adlib_kdc::{Endpoint, Resolver, Service, locate};
use adlib_ldap::{Connection, DomainReader, Settings, TransportSecurity};
use adlib_schema::{
    Mapper, Preset, lookup,
    read::{DirectoryRead, ReadBuilder},
};

use super::{Bind, Directory, MapperRules, Progress, Source};
use crate::Error;

/// How many entries are asked for at a time where nobody says otherwise.
const PAGE_SIZE: u32 = 500;
/// How often a domain is read before a connection that is lost on the way is an error.
const ATTEMPTS: usize = 3;

/// The servers of one source, and how to talk to them.
#[derive(Clone)]
pub(crate) struct LdapSource {
    pub(crate) places: Vec<Place>,
    /// Where referrals may lead.
    pub(crate) referrals: Vec<Endpoint>,
    pub(crate) settings: Settings,
    pub(crate) bind: Option<Bind>,
    pub(crate) page_size: u32,
    pub(crate) resolver: Arc<dyn Resolver>,
    /// For how long one server may keep a lookup waiting while there is another.
    #[cfg(feature = "signin")]
    pub(crate) patience: Option<Duration>,
    /// What groups are called.
    #[cfg(feature = "signin")]
    pub(crate) group_names: Arc<super::group_names::GroupNames>,
}

impl fmt::Debug for LdapSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LdapSource")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

/// One domain, or one tree of a server that has no domains.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The domain's DNS name, or the DN of the tree.
    pub(crate) name: String,
    /// The DN below which everything is.
    pub(crate) base: String,
    /// The servers, if they are known; else DNS is asked.
    pub(crate) servers: Vec<Endpoint>,
    /// What lookups keep of it.
    #[cfg(feature = "signin")]
    pub(crate) pool: Arc<super::pool::Pool>,
}

impl Place {
    pub(super) fn new(name: String, base: String, servers: Vec<Endpoint>) -> Self {
        Self {
            name,
            base,
            servers,
            #[cfg(feature = "signin")]
            pool: Arc::default(),
        }
    }
}

impl From<adlib_ldap::Error> for Error {
    fn from(error: adlib_ldap::Error) -> Self {
        use adlib_ldap::Error as Ldap;
        match &error {
            Ldap::Connect { .. } | Ldap::Timeout { .. } | Ldap::NoneReachable(_) | Ldap::Lost { .. } => {
                Self::Unreachable(error.to_string())
            }
            _ => Self::Directory(error.to_string()),
        }
    }
}

impl Directory {
    /// The domains of an Active Directory, by their DNS names, each with its controllers as `host` or `host:port`;
    /// where none are named, DNS is asked.
    ///
    /// ```
    /// use adlib::{Bind, Directory, Password};
    ///
    /// let bind = Bind::simple("svc@corp.example.com", Password::from("secret"));
    /// let controllers = vec!["dc1.corp.example.com".to_owned()];
    /// let domains = [("corp.example.com".to_owned(), controllers)];
    /// let directory = Directory::of_domains(&domains, Some(bind), adlib::ldap::Settings::default())?;
    /// # Ok::<(), adlib::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Configuration` when there is no domain, a controller is no host, or the system has no resolver. No server is
    /// asked.
    pub fn of_domains(
        domains: &[(String, Vec<String>)],
        bind: Option<Bind>,
        settings: Settings,
    ) -> Result<Self, Error> {
        Self::at(domains, bind, settings, super::resolver(&[])?)
    }

    /// The same directory, whose controllers are looked up at these DNS servers, as `address` or `address:port`, in place of
    /// the system's; files have no controllers.
    ///
    /// ```
    /// use adlib::{Directory, ldap::Settings};
    ///
    /// let domains = [("corp.example.com".to_owned(), Vec::new())];
    /// let directory = Directory::of_domains(&domains, None, Settings::default())?.with_dns(["10.0.0.1"])?;
    /// # Ok::<(), adlib::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Configuration` when one of them is no address, or there are none and the system has no resolver. No server is asked.
    pub fn with_dns<S: Into<String>>(mut self, servers: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let servers: Vec<String> = servers.into_iter().map(Into::into).collect();
        let resolver = super::resolver(&servers)?;
        if let Source::Ldap(source) = &mut self.source {
            source.resolver = resolver;
        }
        Ok(self)
    }

    pub(crate) fn at(
        domains: &[(String, Vec<String>)],
        bind: Option<Bind>,
        settings: Settings,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, Error> {
        if domains.is_empty() {
            return Err(Error::Configuration(
                "a domain or a directory must be named".to_owned(),
            ));
        }
        let port = settings.security.default_port();
        let place = |(domain, controllers): &(String, Vec<String>)| {
            let servers = controllers.iter().map(|server| endpoint(server, port));
            let servers = servers.collect::<Result<_, _>>()?;
            Ok(Place::new(
                domain.to_lowercase(),
                lookup::domain_dn(domain),
                servers,
            ))
        };
        let places = domains.iter().map(place).collect::<Result<_, Error>>()?;
        let source = LdapSource {
            places,
            referrals: Vec::new(),
            settings,
            bind,
            page_size: PAGE_SIZE,
            resolver,
            #[cfg(feature = "signin")]
            patience: None,
            #[cfg(feature = "signin")]
            group_names: Arc::default(),
        };
        let rules = MapperRules {
            preset: Some(Preset::ActiveDirectory),
            ..MapperRules::default()
        };
        Ok(Self {
            source: Source::Ldap(Box::new(source)),
            rules,
            delta: None,
        })
    }
}

/// The server that `text` names.
pub(crate) fn endpoint(text: &str, port: u16) -> Result<Endpoint, Error> {
    Endpoint::parse(text, port).map_err(|error| Error::Configuration(error.to_string()))
}

impl LdapSource {
    /// The servers of `place`, found as the configuration says.
    async fn endpoints(&self, place: &Place) -> Result<Vec<adlib_ldap::Endpoint>, Error> {
        let found = server_endpoints(place, self.settings.security, &*self.resolver);
        Ok(Box::pin(found).await?)
    }

    /// A connection to a server of `place`, bound.
    pub(super) async fn connect(&self, place: &Place) -> Result<Connection, Error> {
        let connection = self.open(place).await?;
        self.bind_on(&connection).await?;
        Ok(connection)
    }

    /// The bind by which everything is read.
    pub(super) async fn bind_on(&self, connection: &Connection) -> Result<(), Error> {
        match &self.bind {
            Some(bind) => bind.make(connection).await,
            None => Ok(()),
        }
    }

    /// A connection to a server of `place`, the `lost` ones last.
    async fn connect_elsewhere(&self, place: &Place, lost: &[String]) -> Result<Connection, Error> {
        let mut endpoints = self.endpoints(place).await?;
        endpoints.sort_by_key(|endpoint| lost.contains(&endpoint.to_string()));
        self.bound(&endpoints).await
    }

    /// A connection to the first of `endpoints` that answers, bound.
    pub(super) async fn bound(&self, endpoints: &[adlib_ldap::Endpoint]) -> Result<Connection, Error> {
        let connection = Connection::open(endpoints, &self.settings).await?;
        self.bind_on(&connection).await?;
        Ok(connection)
    }

    /// A connection to a server of `place`, anonymous.
    #[cfg(not(feature = "signin"))]
    pub(super) async fn open(&self, place: &Place) -> Result<Connection, Error> {
        let endpoints = self.endpoints(place).await?;
        Ok(Connection::open(&endpoints, &self.settings).await?)
    }

    /// A connection to a server of `place`, anonymous. Those that were silent are asked last.
    #[cfg(feature = "signin")]
    pub(super) async fn open(&self, place: &Place) -> Result<Connection, Error> {
        Ok(self.open_any(place).await?.0)
    }

    /// The same, and whether there are other servers.
    #[cfg(feature = "signin")]
    pub(super) async fn open_any(&self, place: &Place) -> Result<(Connection, bool), Error> {
        let mut endpoints = self.endpoints(place).await?;
        endpoints.sort_by_cached_key(|endpoint| place.pool.was_silent(&endpoint.host));
        let connection = Connection::open(&endpoints, &self.settings).await?;
        let hosts = endpoints.iter().map(|endpoint| &*endpoint.host);
        let passed_over = hosts.take_while(|host| *host != connection.host());
        place.pool.note(passed_over, connection.host());
        Ok((connection, endpoints.len() > 1))
    }

    pub(super) async fn read(
        &self,
        rules: &MapperRules,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<DirectoryRead, Error> {
        let mut builder = None;
        for place in &self.places {
            // In a box, so that what awaits a read does not hold all of its states.
            Box::pin(self.read_place(place, rules, &mut builder, &mut progress)).await?;
        }
        let builder = builder.ok_or_else(|| Error::Configuration("no domain is configured".to_owned()))?;
        Ok(builder.finish())
    }

    /// Read `place`. When the connection is lost on the way, it is read again from the beginning, if possible from another
    /// server: no server knows how far another has come, nor has all that another has.
    async fn read_place(
        &self,
        place: &Place,
        rules: &MapperRules,
        builder: &mut Option<ReadBuilder>,
        progress: &mut (impl FnMut(&Progress) + Send),
    ) -> Result<(), Error> {
        let listed = self.listed();
        let mut lost = Vec::new();
        loop {
            let connection = self.connect_elsewhere(place, &lost).await?;
            let builder = match builder {
                Some(builder) => builder,
                None => builder.insert(ReadBuilder::new(mapper(rules, &connection).await?)),
            };
            let mut at = Progress {
                domain: place.name.clone(),
                entries: 0,
            };
            let mut told = |entries| {
                at.entries = entries;
                progress(&at);
            };
            let mut reader = DomainReader::new(&connection, &place.name, &place.base);
            reader.page_size = self.page_size;
            reader.referrals = Some(&listed)
                .filter(|_| !self.referrals.is_empty())
                .map(|listed| listed as _);
            match reader.read(builder, &mut told).await {
                Err(error) if is_lost(&error) && lost.len() + 1 < ATTEMPTS => {
                    tracing::warn!(domain = place.name, %error, "the read starts over");
                    lost.push(connection.endpoint().to_owned());
                    builder.start_over();
                }
                outcome => return Ok(outcome?),
            }
        }
    }
}

/// Whether another connection could do better.
const fn is_lost(error: &adlib_ldap::Error) -> bool {
    matches!(
        error,
        adlib_ldap::Error::Lost { .. } | adlib_ldap::Error::Timeout { .. }
    )
}

/// Why the servers of a domain are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLocated {
    /// DNS does not tell.
    #[error(transparent)]
    Dns(#[from] adlib_kdc::LocateError),
    /// DNS names others' servers.
    #[error("DNS names controllers outside of {0} only; if they are right, list them as `controllers`")]
    OutsideOfDomain(String),
}

impl From<NotLocated> for Error {
    fn from(error: NotLocated) -> Self {
        match &error {
            NotLocated::Dns(_) => Self::Unreachable(error.to_string()),
            NotLocated::OutsideOfDomain(_) => Self::Configuration(error.to_string()),
        }
    }
}

/// The servers of `place`: those that are named, or those that DNS names.
pub(crate) async fn server_endpoints(
    place: &Place,
    security: TransportSecurity,
    resolver: &dyn Resolver,
) -> Result<Vec<adlib_ldap::Endpoint>, NotLocated> {
    let as_path = |server: &Endpoint| adlib_ldap::Endpoint::local(&server.host);
    let local = place
        .servers
        .iter()
        .map(as_path)
        .filter(adlib_ldap::Endpoint::is_local);
    let local: Vec<_> = local.collect();
    if !local.is_empty() {
        return Ok(local);
    }
    let found = match place.servers.is_empty() {
        true => located(place, security, resolver).await?,
        false => adlib_kdc::locate::resolve(resolver, place.servers.clone()).await?,
    };
    let convert = |found: Endpoint| adlib_ldap::Endpoint::new(found.host, found.port).at(found.addresses);
    Ok(found.into_iter().map(convert).collect())
}

async fn located(
    place: &Place,
    security: TransportSecurity,
    resolver: &dyn Resolver,
) -> Result<Vec<Endpoint>, NotLocated> {
    let mut random = crate::random::up_to;
    let mut found = locate(resolver, Service::Ldap, &place.name, &mut random).await?;
    // Nobody vouches for DNS, and the password of the bind goes to whom it names: a certificate for a name
    // outside of the domain proves nothing.
    found.retain(|endpoint| is_in_domain(&endpoint.host, &place.name));
    if found.is_empty() {
        return Err(NotLocated::OutsideOfDomain(place.name.clone()));
    }
    if security == TransportSecurity::Ldaps {
        // DNS knows the port without TLS only.
        let port = security.default_port();
        found.iter_mut().for_each(|endpoint| endpoint.port = port);
    }
    Ok(found)
}

/// Whether `host` is `domain` or a name below it.
pub(super) fn is_in_domain(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.trim_end_matches('.').to_lowercase(), domain.to_lowercase());
    host.strip_suffix(&*domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The mapper by the rules; where they leave the preset open, the server's root DSE tells.
pub(super) async fn mapper(rules: &MapperRules, connection: &Connection) -> Result<Mapper, Error> {
    let preset = match rules.preset {
        Some(preset) => preset,
        None => Preset::detect(&connection.root_dse().await?).ok_or_else(|| {
            let server = connection.endpoint();
            Error::Configuration(format!("{server}: the kind of server is not known; set `preset`"))
        })?,
    };
    rules.mapper(preset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A54: a controller that DNS names must be in the domain.
    #[test]
    fn a54_a_foreign_target_is_no_controller() {
        for host in [
            "dc1.corp.example.com",
            "DC1.Corp.Example.COM.",
            "corp.example.com",
            "a.b.corp.example.com",
        ] {
            assert!(is_in_domain(host, "corp.example.com"), "{host}");
        }
        for host in [
            "evil.example",
            "dc1.evilcorp.example.com",
            "corp.example.com.evil.example",
            "example.com",
            "",
        ] {
            assert!(!is_in_domain(host, "corp.example.com"), "{host}");
        }
    }
}
