//! Signing users in with a name and a password.

mod builder;
mod kerberos;
mod reason;
mod resolve;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use adlib_core::Password;
use adlib_kdc::{Endpoint, Resolver, TicketError, TicketSource};
use adlib_kerberos::{Keytab, MemoryReplayCache};
use adlib_schema::record::User;
use adlib_upn::{AccountCase, LogonName, NameRule, ReloadableSuffixMap, SuffixMap, SuffixMapError, Upn};

use crate::{Clock, Directory, Error, Identity, Mode, Reason, Refusal, SignInError, directory::Lookup};

pub use builder::AuthenticatorBuilder;
use resolve::ResolveError;
pub(crate) use resolve::{Accounts, Wanted};

/// The account that is asked for in place of one that does not exist. No account can have it: it is longer than
/// account names may be, so that nobody's password is ever tried against somebody else's account.
const STAND_IN: &str = "no-account-has-this-name";

/// Signs users in against Active Directory.
///
/// The name is resolved in the directory (R18), a ticket for the application's own service is got with the
/// password, and the ticket is verified with the service's own key: a controller that merely says yes proves
/// nothing (R6). Cheap to clone and safe to share.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    /// The KDCs given by hand, by the domain's DNS name; then `other_kdcs`, then DNS.
    kdcs: BTreeMap<String, Vec<Endpoint>>,
    /// The KDCs given by hand for every other domain.
    other_kdcs: Vec<Endpoint>,
    resolver: Arc<dyn Resolver>,
    tickets: Arc<dyn TicketSource>,
    replays: MemoryReplayCache,
    clock: Arc<dyn Clock>,
    service: String,
    keytab: Keytab,
    policy: adlib_kerberos::Policy,
    suffixes: RwLock<ReloadableSuffixMap>,
    settings: Settings,
}

/// What is asked of a sign-in.
#[derive(Debug, Clone)]
struct Settings {
    mode: Mode,
    deadline: Duration,
    account_case: AccountCase,
    provision: Vec<(String, String)>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("service", &self.inner.service)
            .finish_non_exhaustive()
    }
}

impl Authenticator {
    /// The parts of an authenticator, to be put together.
    #[must_use]
    pub fn builder() -> AuthenticatorBuilder {
        AuthenticatorBuilder::default()
    }

    /// Sign the user in who typed `name` and `password`.
    ///
    /// # Errors
    /// `Refused` with the exact reason when the user is not let in; `Failed` when nobody could decide. Show a
    /// user [`SignInError::user_message`] in either case.
    pub async fn sign_in(&self, name: &str, password: &Password) -> Result<Identity, SignInError> {
        let deadline = self.inner.settings.deadline;
        match tokio::time::timeout(deadline, self.decide(name, password)).await {
            Ok(decision) => decision,
            Err(_) => {
                let seconds = deadline.as_secs();
                Err(Error::Unreachable(format!("no decision within the deadline of {seconds} s")).into())
            }
        }
    }

    /// Use the mapping of `file`, its content, for every later sign-in (R17).
    ///
    /// ```no_run
    /// # fn reload(ad: &adlib::Authenticator) -> Result<(), Box<dyn std::error::Error>> {
    /// if let Err(error) = ad.reload_suffixes(&std::fs::read("ad_upn_mappings.conf")?) {
    ///     eprintln!("ad_upn_mappings.conf: {error}; the old mapping stays in force");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// All that is wrong with the file; the mapping that was in force stays in force.
    pub fn reload_suffixes(&self, file: &[u8]) -> Result<(), SuffixMapError> {
        let mut suffixes = self
            .inner
            .suffixes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        suffixes.reload(file)?;
        self.inner.warn_of_unused(&suffixes.map());
        Ok(())
    }

    async fn decide(&self, name: &str, password: &Password) -> Result<Identity, SignInError> {
        let name = typed_name(name)?;
        if self.inner.settings.mode == Mode::LegacyOnly {
            let detail = "NTLM sign-in is not supported by this version; use mode auto or modern";
            return Err(Refusal::new(Reason::MechanismUnavailable, detail).into());
        }
        if password.is_empty() {
            return Err(
                Refusal::new(Reason::WrongPassword, "an empty password was not sent anywhere").into(),
            );
        }
        let lookup = self.inner.directory.lookup().await?;
        let case = self.inner.settings.account_case;
        match resolve::resolve(&lookup, &name, &self.inner.suffixes(), case).await {
            Ok(user) => self.verified(&lookup, &user, password).await,
            Err(ResolveError::Refused(refusal)) => {
                self.stand_in(&lookup, name.suffix(), password).await?;
                Err(refusal.into())
            }
            Err(ResolveError::Failed(error)) => Err(error.into()),
        }
    }

    /// The identity of `user`, once the ticket that the password buys has been verified.
    async fn verified(
        &self,
        lookup: &Lookup<'_>,
        user: &User,
        password: &Password,
    ) -> Result<Identity, SignInError> {
        let kdcs = self.inner.kdcs_of(&user.domain).await?;
        let token = self
            .inner
            .ticket(&user.account, &user.domain, password, &kdcs)
            .await;
        let token = token.map_err(|error| reason::of(&error, user, self.inner.clock.now()))?;
        let accepted = self.inner.accept(token.as_bytes())?;
        self.inner.identity(lookup, user, &accepted).await
    }

    /// The exchanges of a wrong password for a name that stands for nobody, so that the two look alike from
    /// outside (R9). What comes of it does not matter, but that nobody could be asked does: an outage must not tell
    /// who exists.
    async fn stand_in(&self, lookup: &Lookup<'_>, suffix: &str, password: &Password) -> Result<(), Error> {
        let domains = lookup.domains();
        let own = domains.iter().find(|domain| domain.eq_ignore_ascii_case(suffix));
        let Some(domain) = own.or(domains.first()) else {
            return Ok(());
        };
        let kdcs = self.inner.kdcs_of(domain).await?;
        match self.inner.ticket(STAND_IN, domain, password, &kdcs).await {
            Err(error @ TicketError::Unreachable(_)) => Err(Error::Unreachable(error.to_string())),
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// The mapping in force.
    fn suffixes(&self) -> Arc<SuffixMap> {
        self.suffixes.read().unwrap_or_else(PoisonError::into_inner).map()
    }

    /// Tell the operator which mappings can find nobody.
    fn warn_of_unused(&self, map: &SuffixMap) {
        let domains = self.directory.domains();
        if domains.is_empty() {
            return;
        }
        for mapping in map.unused(&domains) {
            tracing::warn!(%mapping, line = mapping.line(), "the domain of this mapping is not configured");
        }
    }
}

/// The name that was typed, if it has the form that tells a domain.
fn typed_name(name: &str) -> Result<Upn, Refusal> {
    let upn = LogonName::parse(name).and_then(|name| name.upn().cloned());
    upn.map_err(|error| {
        let reason = match error.rule {
            NameRule::DownLevelName => Reason::DownLevelName,
            _ => Reason::InvalidName,
        };
        Refusal::new(reason, error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R1, R2
    #[test]
    fn r01_names_of_other_forms_are_refused_with_their_reason() {
        for (name, reason) in [
            (r"CORP\ada", "down-level-name"),
            ("ada", "invalid-name"),
            ("", "invalid-name"),
            ("a da@corp.example.com", "invalid-name"),
            ("*)(uid=*@corp.example.com", "invalid-name"),
        ] {
            assert_eq!(typed_name(name).unwrap_err().reason().as_str(), reason, "{name}");
        }
        assert_eq!(typed_name("ada@corp.example.com").unwrap().prefix(), "ada");
    }
}
