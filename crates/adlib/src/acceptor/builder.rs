//! Putting an [`Acceptor`] together.

use std::{sync::Arc, time::Duration};

use adlib_core::BindingsMode;
#[cfg(feature = "kerberos")]
use adlib_kerberos::{AcceptedServices, Keytab, MemoryReplayCache};
#[cfg(feature = "ntlm")]
use adlib_ntlm::ServerNames;

#[cfg(feature = "ntlm")]
use super::ntlm::{HashLookup, PassThrough, Responses, Verifier};
use super::{Acceptor, Inner};
use crate::{Audit, Clock, Error, Mode, SystemClock, audit::Records};
#[cfg(feature = "signin")]
use crate::{Directory, UserList, users::Admission};
#[cfg(feature = "kerberos")]
use crate::{ReplayCache, acceptor::kerberos::Tickets, keys::Keys};

/// The parts of an [`Acceptor`]: a keytab, or somebody who verifies NTLM, is needed; all else has a default.
#[derive(Default)]
#[must_use]
pub struct AcceptorBuilder {
    mode: Mode,
    bindings: Option<BindingsMode>,
    clock_tolerance: Option<Duration>,
    services: Vec<String>,
    clock: Option<Arc<dyn Clock>>,
    #[cfg(feature = "kerberos")]
    keys: Option<Keys>,
    #[cfg(feature = "kerberos")]
    tickets: adlib_kerberos::Policy,
    #[cfg(feature = "kerberos")]
    replays: Option<Arc<dyn ReplayCache>>,
    #[cfg(feature = "ntlm")]
    responses: adlib_ntlm::Policy,
    #[cfg(feature = "ntlm")]
    names: Option<ServerNames>,
    #[cfg(feature = "ntlm")]
    verifier: Option<Verifier>,
    #[cfg(feature = "signin")]
    directory: Option<Directory>,
    #[cfg(feature = "signin")]
    secondary_directory: Option<Directory>,
    #[cfg(feature = "signin")]
    users: Option<Arc<dyn UserList>>,
    #[cfg(feature = "signin")]
    provision: Vec<(String, String)>,
    /// In place of users and rules.
    #[cfg(feature = "signin")]
    admission: Option<Admission>,
    records: Records,
}

impl AcceptorBuilder {
    /// Which mechanisms may be used (R15). Default: [`Mode::Auto`].
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// What is done about channel bindings. Default: what the policies say, which is [`BindingsMode::IfOffered`].
    pub fn bindings(self, mode: BindingsMode) -> Self {
        Self {
            bindings: Some(mode),
            ..self
        }
    }

    /// By how much clocks may differ (R10). Default: what the policies say, which is 5 minutes.
    pub fn clock_tolerance(self, tolerance: Duration) -> Self {
        Self {
            clock_tolerance: Some(tolerance),
            ..self
        }
    }

    /// A service principal of the application's own, such as `HTTP/app.corp.example.com`. May be called for several.
    /// Default: every service that the keytab has a key of.
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.services.push(service.into());
        self
    }

    /// The clock. Default: the system's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock: Some(clock),
            ..self
        }
    }

    /// Who keeps a record of every decision.
    pub fn audit(self, audit: Arc<dyn Audit>) -> Self {
        Self {
            records: audit.into(),
            ..self
        }
    }

    /// The acceptor.
    ///
    /// # Errors
    /// `Configuration` when nothing is there to verify any token with that the mode admits.
    pub fn build(self) -> Result<Acceptor, Error> {
        let inner = Inner {
            mode: self.mode,
            clock: self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock)),
            #[cfg(feature = "kerberos")]
            kerberos: self.tickets(),
            #[cfg(feature = "ntlm")]
            ntlm: self.responses(),
            #[cfg(feature = "signin")]
            directories: self
                .directory
                .into_iter()
                .chain(self.secondary_directory)
                .collect(),
            #[cfg(feature = "signin")]
            admission: self
                .admission
                .unwrap_or_else(|| Admission::new(self.users, self.provision)),
            records: self.records,
        };
        let acceptor = Acceptor {
            inner: Arc::new(inner),
            client: None,
        };
        if acceptor.admitted(false).is_empty() {
            let wanted = match self.mode {
                Mode::ModernOnly => "a keytab",
                Mode::LegacyOnly => "somebody who verifies NTLM",
                Mode::Auto => "a keytab or somebody who verifies NTLM",
            };
            let mode = self.mode;
            return Err(Error::Configuration(format!(
                "an acceptor in mode {mode} needs {wanted}"
            )));
        }
        Ok(acceptor)
    }
}

#[cfg(feature = "kerberos")]
impl AcceptorBuilder {
    /// The keys of the service.
    pub fn keytab(self, keytab: Keytab) -> Self {
        self.keys(keytab.into())
    }

    /// Keys that others verify with, too.
    pub(crate) fn keys(self, keys: Keys) -> Self {
        Self {
            keys: Some(keys),
            ..self
        }
    }

    /// What is asked of tickets. What [`service`](Self::service), [`bindings`](Self::bindings) and
    /// [`clock_tolerance`](Self::clock_tolerance) say comes first.
    pub fn ticket_policy(self, policy: adlib_kerberos::Policy) -> Self {
        Self {
            tickets: policy,
            ..self
        }
    }

    /// Where accepted tickets are remembered. Default: in the memory of this process. Whoever shares them
    /// needs the same tolerance of clocks: a record is kept for as long as the tolerance of who accepted the message says.
    pub fn replay_cache(self, replays: Arc<dyn ReplayCache>) -> Self {
        Self {
            replays: Some(replays),
            ..self
        }
    }

    fn tickets(&self) -> Option<Tickets> {
        let mut policy = self.tickets.clone();
        policy.clock_tolerance = self.clock_tolerance.unwrap_or(policy.clock_tolerance);
        policy.bindings = self.bindings.unwrap_or(policy.bindings);
        if !self.services.is_empty() {
            policy.services = AcceptedServices::Only(self.services.clone());
        }
        let replays = self.replays.clone();
        Some(Tickets {
            keys: self.keys.clone()?,
            policy,
            replays: replays.unwrap_or_else(|| Arc::new(MemoryReplayCache::new())),
        })
    }
}

#[cfg(feature = "ntlm")]
impl AcceptorBuilder {
    /// Who knows the hashes by which NTLM is verified. In the place of a [pass-through](Self::pass_through).
    pub fn hash_lookup(self, lookup: Arc<dyn HashLookup>) -> Self {
        Self {
            verifier: Some(Verifier::Lookup(lookup)),
            ..self
        }
    }

    /// Who takes NTLM responses to a domain controller. In the place of a [hash lookup](Self::hash_lookup).
    pub fn pass_through(self, controller: Arc<dyn PassThrough>) -> Self {
        Self {
            verifier: Some(Verifier::PassThrough(controller)),
            ..self
        }
    }

    /// What is asked of NTLM responses. What [`bindings`](Self::bindings) and
    /// [`clock_tolerance`](Self::clock_tolerance) say comes first.
    pub fn ntlm_policy(self, policy: adlib_ntlm::Policy) -> Self {
        Self {
            responses: policy,
            ..self
        }
    }

    /// What the application calls itself in NTLM's challenge. Default: made from the first [`service`](Self::service).
    pub fn server_names(self, names: ServerNames) -> Self {
        Self {
            names: Some(names),
            ..self
        }
    }

    fn responses(&self) -> Option<Responses> {
        let mut policy = self.responses.clone();
        policy.clock_tolerance = self.clock_tolerance.or(policy.clock_tolerance);
        policy.bindings = self.bindings.unwrap_or(policy.bindings);
        let service = self.services.first().map_or("", String::as_str);
        Some(Responses {
            names: self.names.clone().unwrap_or_else(|| names_of(service)),
            policy,
            verifier: self.verifier.clone()?,
        })
    }
}

/// The names in `service`, a class and a host: clients need them in full.
#[cfg(feature = "ntlm")]
fn names_of(service: &str) -> ServerNames {
    let host = service.split('/').nth(1).unwrap_or_default();
    let host = host.split(['@', ':']).next().unwrap_or_default();
    let (computer, domain) = host.split_once('.').unwrap_or((host, ""));
    let netbios = |label: &str, default: &str| {
        let name: String = label.chars().take(15).collect();
        if name.is_empty() {
            default.to_owned()
        } else {
            name.to_uppercase()
        }
    };
    ServerNames {
        netbios_computer: netbios(computer, "SERVER"),
        netbios_domain: netbios(domain.split('.').next().unwrap_or_default(), "WORKGROUP"),
        dns_computer: host.to_owned(),
        dns_domain: domain.to_owned(),
        dns_tree: String::new(),
    }
}

#[cfg(feature = "signin")]
impl AcceptorBuilder {
    /// Where groups have names, and accounts without a PAC a SID. Names are remembered for five minutes.
    pub fn directory(self, directory: Directory) -> Self {
        Self {
            directory: Some(directory),
            ..self
        }
    }

    /// A second one, for accounts of its domains (R40).
    pub fn secondary_directory(self, directory: Directory) -> Self {
        Self {
            secondary_directory: Some(directory),
            ..self
        }
    }

    /// Let in only whom the application's user list has, and whom provisioning makes a user (R12). Needs a
    /// [directory](Self::directory).
    pub fn users(self, users: Arc<dyn UserList>) -> Self {
        Self {
            users: Some(users),
            ..self
        }
    }

    pub(crate) fn admission(self, admission: Admission) -> Self {
        Self {
            admission: Some(admission),
            ..self
        }
    }

    pub(crate) fn records(self, records: Records) -> Self {
        Self { records, ..self }
    }

    /// The members of `group` get `profile` (R12); the first call that fits decides. Needs a
    /// [directory](Self::directory).
    pub fn provision(mut self, group: impl Into<String>, profile: impl Into<String>) -> Self {
        self.provision.push((group.into(), profile.into()));
        self
    }
}

#[cfg(all(test, feature = "ntlm"))]
mod tests {
    use super::*;

    #[test]
    fn the_names_in_a_service() {
        let names = names_of("HTTP/app.corp.example.com@CORP.EXAMPLE.COM");
        assert_eq!(
            (&*names.netbios_computer, &*names.netbios_domain),
            ("APP", "CORP")
        );
        assert_eq!(
            (&*names.dns_computer, &*names.dns_domain),
            ("app.corp.example.com", "corp.example.com")
        );
        let names = names_of("");
        assert_eq!(
            (&*names.netbios_computer, &*names.netbios_domain),
            ("SERVER", "WORKGROUP")
        );
    }
}
