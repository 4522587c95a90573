//! Signing users in with a name and a password.

mod bind;
mod builder;
mod identity;
mod kerberos;
mod mechanism;
mod ntlm;
mod reason;
mod resolve;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use adlib_core::Password;
use adlib_kdc::{Locator, TicketSource};
use adlib_kerberos::Keytab;
use adlib_ntlm::SavedCredential;
use adlib_schema::{
    Preset,
    record::{Key, User},
};
use adlib_upn::{AccountCase, LogonName, NameRule, ReloadableSuffixMap, SuffixMap, SuffixMapError, Upn};

use crate::{
    Acceptor, AcceptorBuilder, Clock, Directory, Error, Identity, Mode, Reason, Refusal, ReplayCache,
    SignInError, directory::Lookup,
};

pub use builder::AuthenticatorBuilder;
pub(crate) use identity::profile;
use mechanism::Proof;
#[cfg(feature = "config")]
pub(crate) use reason::of_bind_rejection as bind_reason;
use resolve::ResolveError;
pub(crate) use resolve::{Accounts, Candidate, Wanted};

/// The account that is asked for in place of one that does not exist. No account can have it: it is longer than
/// account names may be, so that nobody's password is ever tried against somebody else's account.
const STAND_IN: &str = "no-account-has-this-name";

/// Signs users in against Active Directory, or against another directory.
///
/// The name is resolved in the directory (R18). By Kerberos, a ticket for the application's own service is got with
/// the password and verified with the service's own key (R6); by NTLM, a controller compares a response, and must have
/// proven itself before (R7). A controller that merely says yes proves nothing. On other directories the configured filter
/// finds the user, and a simple bind as that entry decides (R39). Cheap to clone and safe to share.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    clock: Arc<dyn Clock>,
    /// Absent where NTLM alone is used.
    kerberos: Option<KerberosParts>,
    suffixes: RwLock<ReloadableSuffixMap>,
    settings: Settings,
}

/// What Kerberos needs.
struct KerberosParts {
    locator: Arc<Locator>,
    tickets: Arc<dyn TicketSource>,
    replays: Arc<dyn ReplayCache>,
    /// The application's own service principal.
    service: String,
    keytab: Keytab,
    policy: adlib_kerberos::Policy,
}

/// What is asked of a sign-in.
#[derive(Debug, Clone)]
struct Settings {
    mode: Mode,
    deadline: Duration,
    account_case: AccountCase,
    provision: Vec<(String, String)>,
    /// Take the word of a controller that has not proven itself (R7).
    danger_accept_unauthenticated_controller: bool,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("mode", &self.inner.settings.mode)
            .finish_non_exhaustive()
    }
}

impl Authenticator {
    /// The parts of an authenticator, to be put together.
    #[must_use]
    pub fn builder() -> AuthenticatorBuilder {
        AuthenticatorBuilder::default()
    }

    /// An acceptor of clients' tokens: with this authenticator's keys, policy, mode, directory, clock and replay records.
    ///
    /// # Errors
    /// As [`AcceptorBuilder::build`]: in [`Mode::LegacyOnly`] somebody must verify NTLM, for which see
    /// [`acceptor_builder`](Self::acceptor_builder).
    pub fn acceptor(&self) -> Result<Acceptor, Error> {
        self.acceptor_builder().build()
    }

    /// The same, to be given more.
    pub fn acceptor_builder(&self) -> AcceptorBuilder {
        let Inner {
            directory,
            clock,
            kerberos,
            settings,
            ..
        } = &*self.inner;
        let mut builder = Acceptor::builder()
            .mode(settings.mode)
            .clock(clock.clone())
            .directory(directory.clone());
        for (group, profile) in &settings.provision {
            builder = builder.provision(group, profile);
        }
        match kerberos {
            Some(kerberos) => builder
                .service(&kerberos.service)
                .keytab(kerberos.keytab.clone())
                .ticket_policy(kerberos.policy.clone())
                .replay_cache(kerberos.replays.clone()),
            None => builder,
        }
    }

    /// Sign the user in who typed `name` and `password`.
    ///
    /// # Errors
    /// `Refused` with the exact reason when the user is not let in; `Failed` when nobody could decide. Show a
    /// user [`SignInError::user_message`] in either case.
    pub async fn sign_in(&self, name: &str, password: &Password) -> Result<Identity, SignInError> {
        if password.is_empty() {
            if self.inner.directory.preset() == Some(Preset::ActiveDirectory) {
                typed_name(name)?;
            }
            let detail = "an empty password was not sent anywhere";
            return Err(Refusal::new(Reason::WrongPassword, detail).into());
        }
        self.in_time(self.decide(name, Proof::Password(password))).await
    }

    /// Sign the user in who typed `name` some time ago, by what was kept of the password (R8): by NTLM, unless the
    /// mode rules it out.
    ///
    /// ```no_run
    /// # async fn sign_in(ad: &adlib::Authenticator, vault: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use adlib::ntlm::SavedCredential;
    ///
    /// let saved = SavedCredential::from_bytes(vault)?;
    /// let identity = ad.sign_in_saved("ada@corp.example.com", &saved).await?;
    /// assert_eq!(identity.evidence().mechanism.as_str(), "ntlm");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Authenticator::sign_in`]; refused with `NtlmNotAdmitted` in [`Mode::ModernOnly`].
    pub async fn sign_in_saved(&self, name: &str, saved: &SavedCredential) -> Result<Identity, SignInError> {
        self.in_time(self.decide(name, Proof::Hash(saved.hash()))).await
    }

    async fn in_time(
        &self,
        decision: impl Future<Output = Result<Identity, SignInError>>,
    ) -> Result<Identity, SignInError> {
        let deadline = self.inner.settings.deadline;
        match tokio::time::timeout(deadline, decision).await {
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

    async fn decide(&self, name: &str, proof: Proof<'_>) -> Result<Identity, SignInError> {
        let known = self.inner.directory.preset();
        let typed = match known {
            Some(Preset::ActiveDirectory) => Some(typed_name(name)?),
            _ => None,
        };
        let lookup = self.inner.directory.lookup().await?;
        let preset = match known {
            Some(preset) => preset,
            None => lookup.preset().await?,
        };
        if preset != Preset::ActiveDirectory {
            return self.inner.by_bind(&lookup, name, proof).await;
        }
        let name = match typed {
            Some(typed) => typed,
            None => typed_name(name)?,
        };
        let case = self.inner.settings.account_case;
        match resolve::resolve(&lookup, &name, &self.inner.suffixes(), case).await {
            Ok(user) => {
                let (vouched, fallback) = self.inner.vouched(&lookup, &user, proof).await?;
                Ok(self.inner.identity(&lookup, &user, vouched, fallback).await?)
            }
            Err(ResolveError::Refused(refusal)) => {
                self.inner.stand_in(&lookup, name.suffix(), proof).await?;
                Err(refusal.into())
            }
            Err(ResolveError::Failed(error)) => Err(error.into()),
        }
    }
}

impl Inner {
    /// The exchanges of a wrong password for a name that stands for nobody, so that the two look alike from
    /// outside (R9). What comes of it does not matter, but that nobody could be asked does: an outage must not tell
    /// who exists.
    async fn stand_in(&self, lookup: &Lookup<'_>, suffix: &str, proof: Proof<'_>) -> Result<(), Error> {
        let domains = lookup.domains();
        let own = domains.iter().find(|domain| domain.eq_ignore_ascii_case(suffix));
        let Some(domain) = own.or(domains.first()) else {
            return Ok(());
        };
        let nobody = User::new(Key::new(STAND_IN), STAND_IN, domain, STAND_IN);
        match self.vouched(lookup, &nobody, proof).await {
            Err(SignInError::Failed(error @ Error::Unreachable(_))) => Err(error),
            _ => Ok(()),
        }
    }

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
