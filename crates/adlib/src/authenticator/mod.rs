//! Signing users in with a name and a password.

mod attempt;
mod bind;
mod builder;
mod identity;
mod kerberos;
mod mechanism;
mod ntlm;
mod owner;
mod reason;
mod resolve;
mod resolver;
mod source;

use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use adlib_core::Password;
use adlib_kerberos::KeytabError;
use adlib_ntlm::SavedCredential;
use adlib_schema::Preset;
use adlib_upn::{AccountCase, SuffixMapError};
use tokio::time::timeout_at;

use crate::{
    Acceptor, AcceptorBuilder, Attempt, AuditEvent, Error, Identity, Mode, RateLimit, Reason, Refusal,
    SignInError,
    audit::Records,
    users::{Admission, Admitted},
};

use attempt::Ongoing;
pub use builder::AuthenticatorBuilder;
pub(crate) use identity::profile;
use mechanism::Proof;
#[cfg(feature = "config")]
pub(crate) use reason::of_bind_rejection as bind_reason;
pub(crate) use resolve::{Accounts, Candidate, Wanted};
use source::{Common, Proven, SignInSource};

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
    /// Where the user is, for the records and the rate limit.
    client: Option<Arc<str>>,
}

struct Inner {
    primary: SignInSource,
    secondary: Option<SignInSource>,
    common: Arc<Common>,
    admission: Admission,
    limit: Option<Arc<dyn RateLimit>>,
    records: Records,
}

/// What is asked of a sign-in.
#[derive(Debug, Clone)]
struct Settings {
    mode: Mode,
    deadline: Duration,
    account_case: AccountCase,
    clock_tolerance: Duration,
    accept_down_level_names: bool,
    /// Take the word of a controller that has not proven itself (R7).
    danger_accept_unauthenticated_controller: bool,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("mode", &self.inner.common.settings.mode)
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
            primary,
            secondary,
            common,
            admission,
            records,
            ..
        } = &*self.inner;
        let mut builder = Acceptor::builder()
            .mode(common.settings.mode)
            .ntlm_policy(common.responses.clone())
            .clock_tolerance(common.settings.clock_tolerance)
            .clock(common.clock.clone())
            .directory(primary.directory.clone())
            .admission(admission.clone())
            .records(records.clone());
        if let Some(secondary) = secondary {
            builder = builder.secondary_directory(secondary.directory.clone());
        }
        match &primary.kerberos {
            Some(kerberos) => builder
                .service(&kerberos.service)
                .keys(kerberos.keys.clone())
                .ticket_policy(kerberos.policy.clone())
                .replay_cache(kerberos.replays.clone()),
            None => builder,
        }
    }

    /// The same, for users at `client`, such as the address from which a browser connects: the rate limit and the audit
    /// records get to know it.
    #[must_use]
    pub fn for_client(&self, client: impl Into<Arc<str>>) -> Self {
        Self {
            inner: self.inner.clone(),
            client: Some(client.into()),
        }
    }

    /// Sign the user in who typed `name` and `password`.
    ///
    /// # Errors
    /// `Refused` with the exact reason when the user is not let in; `Failed` when nobody could decide. Show a
    /// user [`SignInError::user_message`] in either case.
    pub async fn sign_in(&self, name: &str, password: &Password) -> Result<Identity, SignInError> {
        self.run(name, Proof::Password(password)).await
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
        self.run(name, Proof::Hash(saved.hash())).await
    }

    /// One sign-in, from the rate limit to the decision, with a record of it.
    async fn run(&self, name: &str, proof: Proof<'_>) -> Result<Identity, SignInError> {
        let deadline = self.inner.common.settings.deadline;
        let ongoing = Ongoing::new(name, self.client.as_deref(), proof, &self.inner);
        let outcome = match timeout_at(ongoing.until, self.inner.judge(&ongoing)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let seconds = deadline.as_secs();
                Err(Error::Unreachable(format!("no decision within the deadline of {seconds} s")).into())
            }
        };
        // Before anything else is waited for: whoever hangs up then is on record all the same.
        ongoing.conclude(outcome.as_ref());
        if let Err(SignInError::Refused(refusal)) = &outcome {
            if !is_of_the_list(refusal) {
                self.inner.even_out(&ongoing).await;
            }
            if *refusal.reason() != Reason::RateLimited {
                ongoing.wait_for_step().await;
            }
        }
        outcome
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
            .common
            .suffixes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        suffixes.reload(file)?;
        self.inner.warn_of_unused(&suffixes.map());
        Ok(())
    }

    /// Use the keys of `file`, a keytab's content, for every later ticket: in sign-ins, in the acceptors of this
    /// authenticator, whenever they were made, and for the armour that the keytab has the keys of. What was accepted before
    /// stays on record, which it would not with a new authenticator.
    ///
    /// ```no_run
    /// # fn rotate(ad: &adlib::Authenticator) -> Result<(), Box<dyn std::error::Error>> {
    /// if let Err(error) = ad.reload_keytab(&std::fs::read("http.keytab")?) {
    ///     eprintln!("http.keytab: {error}; the old keys stay in force");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Keytab::decode`](crate::Keytab::decode); the keys that were in force stay in force.
    pub fn reload_keytab(&self, file: &[u8]) -> Result<(), KeytabError> {
        let mut sources = std::iter::once(&self.inner.primary).chain(&self.inner.secondary);
        // Both have the same keys.
        let kerberos = sources.find_map(|source| source.kerberos.as_ref());
        kerberos.map_or(Ok(()), |kerberos| kerberos.keys.reload(file))
    }
}

impl Inner {
    /// Who signs in and is let in.
    async fn judge(&self, ongoing: &Ongoing<'_>) -> Result<Identity, SignInError> {
        if let Some(limit) = &self.limit {
            let attempt = Attempt::new(ongoing.name, ongoing.client);
            if !limit.admits(&attempt).await {
                let detail = "the application's rate limit does not admit the attempt";
                return Err(Refusal::new(Reason::RateLimited, detail).into());
            }
        }
        self.refuse_empty(ongoing)?;
        let Proven { mut identity, user } = self.decide(ongoing).await?;
        let admitted = self.admission.admit(&mut identity, async { Ok(Some(user)) });
        if let Admitted::Provisioned(profile) = admitted.await? {
            let (identity, profile) = (&identity, &*profile);
            ongoing.record(AuditEvent::Provisioned { identity, profile });
        }
        Ok(identity)
    }

    /// Servers take a bind without a password for an anonymous success.
    fn refuse_empty(&self, ongoing: &Ongoing<'_>) -> Result<(), Refusal> {
        let Proof::Password(password) = ongoing.proof else {
            return Ok(());
        };
        if !password.is_empty() {
            return Ok(());
        }
        if self.secondary.is_none() && self.primary.directory.preset() == Some(Preset::ActiveDirectory) {
            self.primary.typed_name(ongoing.name)?;
        }
        let detail = "an empty password was not sent anywhere";
        Err(Refusal::new(Reason::WrongPassword, detail))
    }

    fn warn_of_unused(&self, map: &adlib_upn::SuffixMap) {
        // Each source knows the domains of the other.
        self.primary.warn_of_unused(map);
    }
}

/// Whether the application itself refuses whoever it is.
fn is_of_the_list(refusal: &Refusal) -> bool {
    let reason = refusal.reason();
    matches!(
        reason,
        Reason::RateLimited | Reason::NotProvisioned | Reason::BlockedHere
    )
}
