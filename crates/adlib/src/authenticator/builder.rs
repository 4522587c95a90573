//! Putting an [`Authenticator`] together.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use adlib_kdc::{
    Endpoint, ExchangePolicy, KdcTicketSource, Locator, OwnAccount, Resolver, Service, TicketSource,
};
use adlib_kerberos::{AcceptedServices, Keytab, MemoryReplayCache, Policy};
use adlib_ldap::{Settings as LdapSettings, TlsSettings};
use adlib_schema::Preset;
use adlib_upn::{AccountCase, SuffixMap};

use super::{
    Authenticator, Inner, Settings,
    source::{Common, KerberosParts, SignInSource},
};
use crate::{
    Audit, Bind, Clock, Directory, Error, Mode, RateLimit, ReplayCache, SourceRole, SystemClock, UserList,
    audit::Records,
    directory::{endpoint, resolver},
    users::Admission,
};

/// The parts of an [`Authenticator`]. The domain, the service and its keytab are needed; all else has a default. In
/// [`Mode::LegacyOnly`] the domain is enough.
///
/// ```no_run
/// use adlib::{Authenticator, Bind, Keytab, Password};
///
/// # async fn build() -> Result<(), Box<dyn std::error::Error>> {
/// let ad = Authenticator::builder()
///     .domain("corp.example.com")
///     .bind(Bind::simple("svc@corp.example.com", Password::from("secret")))
///     .service("HTTP/app.corp.example.com")
///     .keytab(Keytab::decode(&std::fs::read("http.keytab")?)?)
///     .build()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct AuthenticatorBuilder {
    domains: Vec<(String, Vec<String>)>,
    directory: Option<Directory>,
    secondary: Option<Directory>,
    bind: Option<Bind>,
    tls: TlsSettings,
    dns: Vec<String>,
    kdcs: BTreeMap<String, Vec<String>>,
    other_kdcs: Vec<String>,
    service: Option<String>,
    keytab: Option<Keytab>,
    policy: Policy,
    responses: adlib_ntlm::Policy,
    suffixes: Option<SuffixMap>,
    mode: Mode,
    account_case: AccountCase,
    deadline: Option<Duration>,
    provision: Vec<(String, String)>,
    users: Option<Arc<dyn UserList>>,
    limit: Option<Arc<dyn RateLimit>>,
    records: Records,
    tickets: Option<Arc<dyn TicketSource>>,
    armour: Option<Armour>,
    replays: Option<Arc<dyn ReplayCache>>,
    clock: Option<Arc<dyn Clock>>,
    accept_down_level_names: bool,
    danger_accept_unauthenticated_controller: bool,
}

/// Whose tickets armour the exchanges of users.
enum Armour {
    Account(Arc<OwnAccount>),
    /// The account that the service's keys in the keytab are of.
    Keytab(String),
}

impl AuthenticatorBuilder {
    /// Users of this domain may sign in; its controllers are found through DNS. May be called for several.
    #[must_use]
    pub fn domain(self, domain: impl Into<String>) -> Self {
        self.domain_at(domain, [] as [&str; 0])
    }

    /// Users of this domain may sign in; its controllers are these, as `host` or `host:port`.
    #[must_use]
    pub fn domain_at<S: Into<String>>(
        mut self,
        domain: impl Into<String>,
        controllers: impl IntoIterator<Item = S>,
    ) -> Self {
        let controllers = controllers.into_iter().map(Into::into).collect();
        self.domains.push((domain.into().to_lowercase(), controllers));
        self
    }

    /// Users of this directory may sign in, in place of [`AuthenticatorBuilder::domain`].
    #[must_use]
    pub fn directory(self, directory: Directory) -> Self {
        Self {
            directory: Some(directory),
            ..self
        }
    }

    /// Users of this directory may sign in, too, whom the primary one does not own (R40): with the same service and keys,
    /// where it is an Active Directory.
    ///
    /// A user signs in against the directory that owns the record, as the [user list](Self::users) says; without one the
    /// primary directory is asked first, and the secondary one only about names that the primary one proves not to have.
    ///
    /// ```
    /// use adlib::{Authenticator, Directory};
    ///
    /// let builder = Authenticator::builder()
    ///     .domain("corp.example.com")
    ///     .secondary_directory(Directory::from_ldif(["partners.ldif"]));
    /// ```
    #[must_use]
    pub fn secondary_directory(self, directory: Directory) -> Self {
        Self {
            secondary: Some(directory),
            ..self
        }
    }

    /// How the library itself signs in to look accounts up.
    #[must_use]
    pub fn bind(self, bind: Bind) -> Self {
        Self {
            bind: Some(bind),
            ..self
        }
    }

    /// Certificates of further authorities that controllers' certificates may be signed by, in PEM.
    #[must_use]
    pub fn authorities(mut self, pem: Vec<u8>) -> Self {
        self.tls.ca_pem = Some(pem);
        self
    }

    /// DNS servers to ask, as `address` or `address:port`, in place of the system's.
    #[must_use]
    pub fn dns<S: Into<String>>(self, servers: impl IntoIterator<Item = S>) -> Self {
        Self {
            dns: servers.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// The KDCs of `domain`, as `host` or `host:port`; else its controllers, else DNS.
    #[must_use]
    pub fn kdcs<S: Into<String>>(mut self, domain: &str, kdcs: impl IntoIterator<Item = S>) -> Self {
        self.kdcs
            .insert(domain.to_lowercase(), kdcs.into_iter().map(Into::into).collect());
        self
    }

    /// The KDCs of every domain for which neither KDCs nor controllers are given, as `host` or `host:port`.
    #[must_use]
    pub fn other_kdcs<S: Into<String>>(self, kdcs: impl IntoIterator<Item = S>) -> Self {
        Self {
            other_kdcs: kdcs.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// The application's own service principal, such as `HTTP/app.corp.example.com`.
    #[must_use]
    pub fn service(self, service: impl Into<String>) -> Self {
        Self {
            service: Some(service.into()),
            ..self
        }
    }

    /// The keys of the service.
    #[must_use]
    pub fn keytab(self, keytab: Keytab) -> Self {
        Self {
            keytab: Some(keytab),
            ..self
        }
    }

    /// What is asked of tickets.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// What is asked of the NTLM responses that clients send to the [acceptor](Authenticator::acceptor_builder).
    #[must_use]
    pub fn ntlm_policy(self, responses: adlib_ntlm::Policy) -> Self {
        Self { responses, ..self }
    }

    /// Which alternate UPN suffix stands for which domain (R16).
    #[must_use]
    pub fn suffixes(self, suffixes: SuffixMap) -> Self {
        Self {
            suffixes: Some(suffixes),
            ..self
        }
    }

    /// Which mechanisms may be used (R5). Default: [`Mode::Auto`].
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// How the account part of a name is compared (R3). Default: without case.
    #[must_use]
    pub fn account_case(self, account_case: AccountCase) -> Self {
        Self { account_case, ..self }
    }

    /// How long one sign-in may take. Default: 20 seconds.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self {
            deadline: Some(deadline),
            ..self
        }
    }

    /// The members of `group` get `profile` (R12); the first call that fits decides.
    #[must_use]
    pub fn provision(mut self, group: impl Into<String>, profile: impl Into<String>) -> Self {
        self.provision.push((group.into(), profile.into()));
        self
    }

    /// Let in only whom the application's user list has, and whom a rule of [`provision`](Self::provision) makes a user at
    /// the first sign-in (R12). Default: whoever proves to be an account of the directory is let in.
    #[must_use]
    pub fn users(self, users: Arc<dyn UserList>) -> Self {
        Self {
            users: Some(users),
            ..self
        }
    }

    /// Who stops those that try too often. Default: nobody.
    #[must_use]
    pub fn rate_limit(self, limit: Arc<dyn RateLimit>) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// Who keeps a record of every decision, besides the log (`tracing`, target `adlib::audit`).
    #[must_use]
    pub fn audit(self, audit: Arc<dyn Audit>) -> Self {
        Self {
            records: audit.into(),
            ..self
        }
    }

    /// Take names of the form `DOMAIN\user`, too (R1). Default: they are refused.
    #[must_use]
    pub fn accept_down_level_names(self, accept: bool) -> Self {
        Self {
            accept_down_level_names: accept,
            ..self
        }
    }

    /// Where tickets come from. Default: our own exchanges with the KDCs.
    #[must_use]
    pub fn tickets(self, tickets: Arc<dyn TicketSource>) -> Self {
        Self {
            tickets: Some(tickets),
            ..self
        }
    }

    /// Armour the exchanges with the KDCs with tickets of an account of the application's own (FAST, RFC 6113): nobody on
    /// the way can guess at passwords, or forge the reasons of a refusal. Every KDC must support it: one that does not
    /// answer in armour is not believed. Not for tickets of another source.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use adlib::{Authenticator, Clock, Keytab, SystemClock, kdc::{KdcTicketSource, OwnAccount}};
    ///
    /// fn builder(keytab: &Keytab) -> adlib::AuthenticatorBuilder {
    ///     let source = KdcTicketSource::new(|| SystemClock.now());
    ///     let account = OwnAccount::new(source, "svc-http", "CORP.EXAMPLE.COM").with_keytab(keytab, "svc-http");
    ///     Authenticator::builder().armour(Arc::new(account))
    /// }
    /// ```
    #[must_use]
    pub fn armour(self, account: Arc<OwnAccount>) -> Self {
        Self {
            armour: Some(Armour::Account(account)),
            ..self
        }
    }

    /// As [`armour`](Self::armour), with tickets of the service's own account, such as `svc-http@corp.example.com`: its
    /// keys are those that the keytab has for the service.
    #[must_use]
    pub fn armour_by_keytab(self, account: impl Into<String>) -> Self {
        Self {
            armour: Some(Armour::Keytab(account.into())),
            ..self
        }
    }

    /// Where accepted messages are remembered. Default: in the memory of this process.
    #[must_use]
    pub fn replay_cache(self, replays: Arc<dyn ReplayCache>) -> Self {
        Self {
            replays: Some(replays),
            ..self
        }
    }

    /// The clock. Default: the system's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock: Some(clock),
            ..self
        }
    }

    /// Take the word of a controller over a connection that proves nothing about it, such as NTLM's own protection on
    /// port 389: whoever sits on the network can then sign anybody in (R7).
    #[must_use]
    pub fn danger_accept_unauthenticated_controller(self, accept: bool) -> Self {
        Self {
            danger_accept_unauthenticated_controller: accept,
            ..self
        }
    }

    /// The authenticator.
    ///
    /// # Errors
    /// `Configuration` when a part is missing or a name is no name. No server is asked.
    pub async fn build(self) -> Result<Authenticator, Error> {
        let resolver = resolver(&self.dns)?;
        let deadline = self.deadline.unwrap_or(Duration::from_secs(20));
        let directory = match &self.directory {
            Some(directory) => directory.clone(),
            None => {
                let mut settings = LdapSettings::default();
                settings.tls = self.tls.clone();
                Directory::at(&self.domains, self.bind.clone(), settings, resolver.clone())?
            }
        };
        let replays = self.replays.clone();
        let replays = replays.unwrap_or_else(|| Arc::new(MemoryReplayCache::new()));
        let common = Arc::new(self.common(deadline));
        let source = |role, directory: Directory, other: Option<&Directory>| {
            let kerberos = match self.needs_kerberos(&directory) {
                true => Some(self.kerberos(&directory, resolver.clone(), replays.clone())?),
                false => None,
            };
            let elsewhere = other.into_iter().flat_map(Directory::domains);
            Ok::<_, Error>(SignInSource {
                role,
                elsewhere: elsewhere.map(str::to_owned).collect(),
                directory: directory.for_sign_in(deadline),
                kerberos,
                common: common.clone(),
            })
        };
        let secondary = self.secondary.as_ref();
        let primary = source(SourceRole::Primary, directory.clone(), secondary)?;
        let secondary = secondary.map(|secondary| {
            let secondary = secondary.clone();
            source(SourceRole::Secondary, secondary, Some(&directory))
        });
        let inner = Inner {
            primary,
            secondary: secondary.transpose()?,
            common,
            admission: Admission::new(self.users, self.provision),
            limit: self.limit,
            records: self.records,
        };
        inner.warn_of_unused(&inner.common.suffixes());
        Ok(Authenticator {
            inner: Arc::new(inner),
            client: None,
        })
    }

    fn common(&self, deadline: Duration) -> Common {
        Common {
            clock: self.clock_to_go_by(),
            suffixes: RwLock::new(self.suffixes.clone().unwrap_or_default().into()),
            provision: self.provision.clone(),
            responses: self.responses.clone(),
            settings: Settings {
                mode: self.mode,
                deadline,
                account_case: self.account_case,
                clock_tolerance: self.policy.clock_tolerance,
                accept_down_level_names: self.accept_down_level_names,
                danger_accept_unauthenticated_controller: self.danger_accept_unauthenticated_controller,
            },
        }
    }

    fn clock_to_go_by(&self) -> Arc<dyn Clock> {
        self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock))
    }

    /// NTLM alone, and directories other than Active Directory, need neither a service nor its keys.
    fn needs_kerberos(&self, directory: &Directory) -> bool {
        match (self.mode, directory.preset()) {
            (Mode::LegacyOnly, _) => false,
            (_, Some(preset)) => preset == Preset::ActiveDirectory,
            // The server will tell; what is given is used.
            (_, None) => self.service.is_some() || self.keytab.is_some(),
        }
    }

    /// What Kerberos needs for the accounts of `directory`.
    fn kerberos(
        &self,
        directory: &Directory,
        resolver: Arc<dyn Resolver>,
        replays: Arc<dyn ReplayCache>,
    ) -> Result<KerberosParts, Error> {
        let missing = |what: &str| Error::Configuration(format!("sign-in needs {what}"));
        let service = self
            .service
            .clone()
            .ok_or_else(|| missing("the service's own principal (`service`)"))?;
        let mut policy = self.policy.clone();
        policy.services = AcceptedServices::Only(vec![service.clone()]);
        let locator = Arc::new(self.locator(directory, resolver)?);
        let keytab = self.keytab.clone();
        let keytab = keytab.ok_or_else(|| missing("the service's keys (`keytab`)"))?;
        let tickets = match &self.tickets {
            Some(tickets) => tickets.clone(),
            None => self.default_tickets(locator.clone(), (&service, &keytab))?,
        };
        Ok(KerberosParts {
            tickets,
            locator,
            replays,
            service,
            keytab,
            policy,
        })
    }

    /// Our own exchanges with the KDCs; those of other realms are found as those of the domains are.
    fn default_tickets(
        &self,
        locator: Arc<Locator>,
        (service, keytab): (&str, &Keytab),
    ) -> Result<Arc<dyn TicketSource>, Error> {
        let clock = self.clock_to_go_by();
        let mut policy = ExchangePolicy::default();
        policy.danger_accept_rc4 = self.policy.danger_accept_rc4;
        let source = KdcTicketSource::new(move || clock.now()).with_policy(policy);
        let source = source.with_locator(locator);
        let account = match &self.armour {
            None => return Ok(Arc::new(source)),
            Some(Armour::Account(account)) => account.clone(),
            Some(Armour::Keytab(name)) => {
                let (account, domain) = name
                    .rsplit_once('@')
                    .ok_or_else(|| Error::Configuration(format!("armour: `{name}` is no account@domain")))?;
                let account = OwnAccount::new(source.clone(), account, &domain.to_uppercase());
                Arc::new(account.with_keytab(keytab, service))
            }
        };
        Ok(Arc::new(source.with_armour(account)))
    }

    /// Where the KDCs are: given by hand, or the controllers of a domain on another port, or what DNS says.
    fn locator(&self, directory: &Directory, resolver: Arc<dyn Resolver>) -> Result<Locator, Error> {
        let others = kdcs(&self.other_kdcs)?;
        let mut locator = Locator::new(resolver).with_other_kdcs(others);
        let primary = self.directory.iter().flat_map(Directory::servers);
        // Each source knows the way to the realms of the other: a ticket may be bought there.
        let known = primary.chain(self.secondary.iter().flat_map(Directory::servers));
        for (domain, controllers) in known.chain(directory.servers()) {
            let at_its_port = |controller: &Endpoint| {
                let mut kdc = controller.clone();
                kdc.port = Service::Kerberos.port();
                kdc
            };
            let controllers: Vec<Endpoint> = controllers.iter().map(at_its_port).collect();
            if !controllers.is_empty() {
                locator = locator.with_kdcs(domain, controllers);
            }
        }
        for (domain, given) in self.kdcs.iter().filter(|(_, given)| !given.is_empty()) {
            locator = locator.with_kdcs(domain, kdcs(given)?);
        }
        Ok(locator)
    }
}

/// The KDCs that `names` name.
fn kdcs(names: &[String]) -> Result<Vec<Endpoint>, Error> {
    names
        .iter()
        .map(|kdc| endpoint(kdc, Service::Kerberos.port()))
        .collect()
}

#[cfg(feature = "config")]
mod configured {
    use super::*;

    use crate::{Config, config::Controllers, read_file};

    impl Authenticator {
        /// The authenticator that a configuration describes.
        ///
        /// # Errors
        /// `Configuration` when a part is missing; `File` when the keytab or the mapping file cannot be read or
        /// is broken, with file and line.
        pub async fn from_config(config: &Config) -> Result<Self, Error> {
            Self::builder_from_config(config)?.build().await
        }

        /// The parts that a configuration describes, to be given what no file says: a user list, records, a rate limit.
        ///
        /// # Errors
        /// As [`from_config`](Self::from_config).
        pub fn builder_from_config(config: &Config) -> Result<AuthenticatorBuilder, Error> {
            let missing =
                |key: &str| Error::Configuration(format!("sign-in needs {key} in the configuration"));
            let section = config.directory.as_ref().ok_or_else(|| missing("[directory]"))?;
            let signin = &config.signin;
            let mut builder = Self::builder()
                .directory(Directory::from_config(section, &config.sync)?)
                .accept_down_level_names(signin.accept_down_level_names)
                .dns(&section.dns)
                .mode(signin.mode)
                .account_case(signin.account_case)
                .deadline(signin.deadline)
                .policy(signin.policy())
                .ntlm_policy(signin.ntlm_policy())
                .danger_accept_unauthenticated_controller(signin.danger_accept_unauthenticated_controller);
            if let Some(service) = &signin.service {
                builder = builder.service(service);
            }
            if let Some(secondary) = &config.secondary_directory {
                builder = builder.secondary_directory(Directory::from_config(secondary, &config.sync)?);
            }
            builder = match &signin.kdc {
                Some(Controllers::ByDomain(table)) => table
                    .iter()
                    .fold(builder, |builder, (realm, kdcs)| builder.kdcs(realm, kdcs)),
                Some(Controllers::All(kdcs)) if section.domains.is_empty() => builder.other_kdcs(kdcs),
                Some(Controllers::All(kdcs)) => section
                    .domains
                    .iter()
                    .fold(builder, |builder, domain| builder.kdcs(domain, kdcs)),
                None => builder,
            };
            if let Some(account) = &signin.armour {
                builder = builder.armour_by_keytab(account);
            }
            for rule in &signin.provision {
                builder = builder.provision(&rule.group, &rule.profile);
            }
            let named = |file: &std::path::Path, error: &dyn std::fmt::Display| {
                Error::File(format!("{}: {error}", file.display()))
            };
            if let Some(keytab) = &signin.keytab {
                let keys = Keytab::decode(&read_file(keytab)?).map_err(|error| named(keytab, &error))?;
                builder = builder.keytab(keys);
            }
            if let Some(file) = &signin.upn_mappings {
                let map = SuffixMap::parse(&read_file(file)?).into_map();
                builder = builder.suffixes(map.map_err(|error| named(file, &error))?);
            }
            Ok(builder)
        }
    }
}
