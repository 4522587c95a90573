//! From the parts to an [`Authenticator`].

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use adlib_kdc::{
    Endpoint, ExchangePolicy, KdcTicketSource, Locator, OwnAccount, Resolver, Service, TicketSource,
};
use adlib_kerberos::{AcceptedServices, MemoryReplayCache};
use adlib_ldap::Settings as LdapSettings;
use adlib_schema::Preset;

use super::{
    super::{
        Authenticator, Inner, Settings,
        resolver::BySource,
        source::{Common, KerberosParts, SignInSource},
    },
    Armour, AuthenticatorBuilder,
};
use crate::{
    Clock, Directory, Error, Mode, ReplayCache, SourceRole, SystemClock,
    directory::{endpoint, resolver as resolver_of},
    keys::Keys,
    users::Admission,
};

/// Nobody waits longer for a verdict; what is added to a time must end somewhere.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl AuthenticatorBuilder {
    /// The authenticator.
    ///
    /// # Errors
    /// `Configuration` when a part is missing or a name is no name. No server is asked.
    pub async fn build(self) -> Result<Authenticator, Error> {
        let resolver = resolver_of(&self.dns)?;
        let deadline = self.deadline.unwrap_or(Duration::from_secs(20)).min(LONGEST);
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
        let keys = self.keytab.clone().map(Keys::from);
        let common = Arc::new(self.common(deadline));
        let secondary_resolver = match (&self.secondary_dns, &self.secondary) {
            (Some(servers), Some(secondary)) if self.needs_kerberos(secondary) => resolver_of(servers)?,
            _ => resolver.clone(),
        };
        let source = |role, directory: Directory, other: Option<&Directory>| {
            let resolver = match role {
                SourceRole::Primary => (&resolver, &secondary_resolver),
                SourceRole::Secondary => (&secondary_resolver, &resolver),
            };
            let kerberos = match self.needs_kerberos(&directory) {
                true => {
                    let resolver = BySource::new(resolver, &directory, other);
                    let locator = self.locator([other, Some(&directory)], Arc::new(resolver))?;
                    Some(self.kerberos(locator, keys.clone(), replays.clone())?)
                }
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

    /// What Kerberos needs for the accounts of a directory, whose KDCs `locator` finds.
    fn kerberos(
        &self,
        locator: Locator,
        keys: Option<Keys>,
        replays: Arc<dyn ReplayCache>,
    ) -> Result<KerberosParts, Error> {
        let missing = |what: &str| Error::Configuration(format!("sign-in needs {what}"));
        let service = self
            .service
            .clone()
            .ok_or_else(|| missing("the service's own principal (`service`)"))?;
        let mut policy = self.policy.clone();
        policy.services = AcceptedServices::Only(vec![service.clone()]);
        let locator = Arc::new(locator);
        let keys = keys.ok_or_else(|| missing("the service's keys (`keytab`)"))?;
        let exchanges = self.exchanges(locator.clone());
        let armour = match &self.armour {
            None => None,
            Some(Armour::Account(account)) => Some(account.clone()),
            Some(Armour::Keytab(name)) => {
                let (account, domain) = name
                    .rsplit_once('@')
                    .ok_or_else(|| Error::Configuration(format!("armour: `{name}` is no account@domain")))?;
                let account = OwnAccount::new(exchanges.clone(), account, &domain.to_uppercase());
                Some(keys.prove(account, &service))
            }
        };
        let tickets: Arc<dyn TicketSource> = match (&self.tickets, armour) {
            (Some(tickets), _) => tickets.clone(),
            (None, Some(account)) => Arc::new(exchanges.with_armour(account)),
            (None, None) => Arc::new(exchanges),
        };
        Ok(KerberosParts {
            tickets,
            locator,
            replays,
            service,
            keys,
            policy,
        })
    }

    /// Our own exchanges with the KDCs; those of other realms are found as those of the domains are.
    fn exchanges(&self, locator: Arc<Locator>) -> KdcTicketSource {
        let clock = self.clock_to_go_by();
        let mut policy = ExchangePolicy::default();
        policy.danger_accept_rc4 = self.policy.danger_accept_rc4;
        let source = KdcTicketSource::new(move || clock.now()).with_policy(policy);
        source.with_locator(locator)
    }

    /// Where the KDCs are: given by hand, or the controllers of a domain on another port, or what DNS says. Each source
    /// knows the way to the realms of the other: a ticket may be bought there.
    fn locator(
        &self,
        directories: [Option<&Directory>; 2],
        resolver: Arc<dyn Resolver>,
    ) -> Result<Locator, Error> {
        let others = kdcs(&self.other_kdcs)?;
        let mut locator = Locator::new(resolver).with_other_kdcs(others);
        for (domain, controllers) in directories.into_iter().flatten().flat_map(Directory::servers) {
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
