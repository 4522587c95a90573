//! The parts of an [`Authenticator`].

mod assembly;
#[cfg(feature = "config")]
mod configured;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use adlib_kdc::{OwnAccount, TicketSource};
use adlib_kerberos::{Keytab, Policy};
use adlib_ldap::TlsSettings;
use adlib_upn::{AccountCase, SuffixMap};

#[cfg(doc)]
use super::Authenticator;
use crate::{Audit, Bind, Clock, Directory, Mode, RateLimit, ReplayCache, UserList, audit::Records};

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
    secondary_dns: Option<Vec<String>>,
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

    /// DNS servers to ask for the KDCs of the secondary directory; none is the system's. Default: as for the primary one.
    ///
    /// ```
    /// use adlib::{Authenticator, Directory};
    ///
    /// let builder = Authenticator::builder()
    ///     .domain("corp.example.com")
    ///     .dns(["10.0.0.1"])
    ///     .secondary_directory(Directory::from_ldif(["partners.ldif"]))
    ///     .secondary_dns(["10.1.0.1"]);
    /// ```
    #[must_use]
    pub fn secondary_dns<S: Into<String>>(self, servers: impl IntoIterator<Item = S>) -> Self {
        Self {
            secondary_dns: Some(servers.into_iter().map(Into::into).collect()),
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

    /// How long one sign-in may take, a day at most. Default: 20 seconds.
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

    /// Where accepted messages are remembered. Default: in the memory of this process. Whoever shares them
    /// needs the same tolerance of clocks: a record is kept for as long as the tolerance of who accepted the message says.
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
}
