//! Signing in against one of the configured directories.

use std::sync::{Arc, PoisonError, RwLock};

use adlib_kdc::{Locator, TicketSource};
use adlib_schema::{
    Preset,
    record::{Key, User},
};
use adlib_upn::{AccountCase, LogonName, NameRule, ReloadableSuffixMap, SuffixMap, Upn};

use super::{
    STAND_IN, Settings,
    attempt::{Leg, Ongoing},
    mechanism::Decoy,
    resolve::{self, Accounts as _, ResolveError, Resolved, Rules, Wanted},
};
use crate::{
    Clock, Directory, Error, Identity, Reason, Refusal, ReplayCache, SignInError, SourceRole,
    directory::{Found, Lookup},
    keys::Keys,
};

/// What all sources have in common.
pub(super) struct Common {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) suffixes: RwLock<ReloadableSuffixMap>,
    pub(super) settings: Settings,
    /// The rules of provisioning: groups, and what their members get.
    pub(super) provision: Vec<(String, String)>,
    /// What the acceptor asks of NTLM responses.
    pub(super) responses: adlib_ntlm::Policy,
}

impl Common {
    /// The mapping in force.
    pub(super) fn suffixes(&self) -> Arc<SuffixMap> {
        self.suffixes.read().unwrap_or_else(PoisonError::into_inner).map()
    }
}

/// One directory, and what is needed to sign users in against it.
pub(super) struct SignInSource {
    pub(super) role: SourceRole,
    pub(super) directory: Directory,
    /// Absent where NTLM alone is used.
    pub(super) kerberos: Option<KerberosParts>,
    /// The domains of the other source.
    pub(super) elsewhere: Vec<String>,
    pub(super) common: Arc<Common>,
}

/// What Kerberos needs.
pub(super) struct KerberosParts {
    pub(super) locator: Arc<Locator>,
    pub(super) tickets: Arc<dyn TicketSource>,
    pub(super) replays: Arc<dyn ReplayCache>,
    /// The application's own service principal.
    pub(super) service: String,
    pub(super) keys: Keys,
    pub(super) policy: adlib_kerberos::Policy,
}

/// An account that a name stands for.
pub(super) enum Account {
    /// Of a domain: its controllers decide.
    Domain(Resolved),
    /// An entry of another directory: a bind decides (R39).
    Entry(Found),
}

impl Account {
    pub(super) fn user(&self) -> &User {
        match self {
            Self::Domain(resolved) => &resolved.user,
            Self::Entry(found) => &found.user,
        }
    }
}

/// Why a name stands for no account of a source.
pub(super) enum Absence {
    /// It is no name here.
    NoName(Refusal),
    /// The whole source was asked, and has no such account.
    NotThere(Refusal),
    /// It could be several, or somebody of a domain that is not configured.
    Undecided(Refusal),
    /// The source could not be asked, which is never "not there".
    Failed(Error),
}

impl From<Error> for Absence {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<ResolveError<Error>> for Absence {
    fn from(error: ResolveError<Error>) -> Self {
        match error {
            ResolveError::Failed(error) => Self::Failed(error),
            ResolveError::Refused(refusal) => refusal.into(),
            ResolveError::Unconfigured(refusal) => Self::Undecided(refusal),
        }
    }
}

impl From<Refusal> for Absence {
    fn from(refusal: Refusal) -> Self {
        match refusal.reason() {
            Reason::UnknownUser | Reason::UnknownDomain => Self::NotThere(refusal),
            Reason::InvalidName | Reason::DownLevelName => Self::NoName(refusal),
            _ => Self::Undecided(refusal),
        }
    }
}

/// Who has proven to be an account.
pub(super) struct Proven {
    pub(super) identity: Identity,
    pub(super) user: User,
}

impl SignInSource {
    /// A way to look accounts up, and the kind of directory.
    pub(super) async fn open(&self) -> Result<(Lookup<'_>, Preset), Error> {
        let lookup = self.directory.lookup().await?;
        let preset = match self.directory.preset() {
            Some(preset) => preset,
            None => lookup.preset().await?,
        };
        Ok((lookup, preset))
    }

    /// Sign in against this source alone.
    pub(super) async fn sign_in(&self, ongoing: &Ongoing<'_>) -> Result<Proven, SignInError> {
        match self.find(ongoing).await {
            Ok(account) => self.prove(account, ongoing).await,
            Err(absence) => Err(self.refused(absence, ongoing).await),
        }
    }

    /// That the typed name stands for no account of this source, which is the only one to be asked.
    pub(super) async fn refused(&self, absence: Absence, ongoing: &Ongoing<'_>) -> SignInError {
        match absence {
            Absence::NoName(refusal) => refusal.into(),
            Absence::NotThere(refusal) | Absence::Undecided(refusal) => match self.stand_in(ongoing).await {
                Ok(()) => refusal.into(),
                Err(error) => error.into(),
            },
            Absence::Failed(error) => error.into(),
        }
    }

    /// The account that the typed name stands for.
    pub(super) async fn find(&self, ongoing: &Ongoing<'_>) -> Result<Account, Absence> {
        // Before anything is asked, where the form alone decides.
        if self.directory.preset() == Some(Preset::ActiveDirectory) {
            self.typed_name(ongoing.name)?;
        }
        ongoing.asks(self.role, Leg::Account);
        let (lookup, preset) = self.open().await?;
        if preset != Preset::ActiveDirectory {
            return Ok(Account::Entry(self.find_entry(&lookup, ongoing.name).await?));
        }
        let rules = Rules {
            suffixes: &self.common.suffixes(),
            case: self.common.settings.account_case,
            elsewhere: &self.elsewhere,
        };
        Ok(Account::Domain(match self.typed_name(ongoing.name)? {
            Typed::Upn(name) => resolve::resolve(&lookup, &name, &rules).await?,
            Typed::DownLevel { domain, account } => {
                let user = resolve::of_domain(&lookup, &domain, &account, rules.case).await?;
                user.into()
            }
        }))
    }

    /// The account of this source that has the user name `name`, as a synchronisation would call it: case does not matter
    /// to a user list (R29), and a name that cannot be looked up is not proven to be nobody's.
    pub(super) async fn find_user_name(&self, name: &str) -> Result<Option<Account>, Absence> {
        let (lookup, preset) = self.open().await?;
        if preset != Preset::ActiveDirectory {
            return match self.find_entry(&lookup, name).await {
                Ok(found) => Ok(Some(Account::Entry(found))),
                Err(Absence::NotThere(_)) => Ok(None),
                Err(absence) => Err(absence),
            };
        }
        let upn = Upn::parse(name);
        let wanted = match (&upn, self.directory.user_name()) {
            (Ok(upn), adlib_schema::UserName::Upn) => Wanted::Upn(upn),
            _ => Wanted::Account(name),
        };
        let user = resolve::anywhere(&lookup, wanted, name, AccountCase::Insensitive).await;
        match user.map_err(Absence::from) {
            Ok(user) => Ok(Some(Account::Domain(user.into()))),
            Err(Absence::NotThere(_)) => Ok(None),
            Err(absence) => Err(absence),
        }
    }

    /// Who the user of `account` is, if the password is the account's.
    pub(super) async fn prove(&self, account: Account, ongoing: &Ongoing<'_>) -> Result<Proven, SignInError> {
        ongoing.asks(self.role, Leg::Password);
        let lookup = self.directory.lookup().await?;
        match account {
            Account::Domain(Resolved { user, spared }) => {
                let vouched = self.vouched(&lookup, &user, ongoing.proof, ongoing).await;
                if vouched.is_err() {
                    ongoing.spares(self.role, spared);
                }
                let (vouched, fallback) = vouched?;
                let identity = self.identity(&lookup, &user, vouched, fallback).await?;
                Ok(Proven { identity, user })
            }
            Account::Entry(found) => self.by_bind(&lookup, found, ongoing).await,
        }
    }

    /// The exchanges of a wrong password for a name that stands for nobody, so that the two look alike from
    /// outside (R9). What comes of it does not matter, but that nobody could be asked does: an outage must not tell
    /// who exists.
    pub(super) async fn stand_in(&self, ongoing: &Ongoing<'_>) -> Result<(), Error> {
        ongoing.asks(self.role, Leg::Password);
        let (lookup, preset) = self.open().await?;
        let decoy = Decoy::like(ongoing.proof)?;
        if preset != Preset::ActiveDirectory {
            return self.stand_in_bind(&lookup, decoy.proof()).await;
        }
        let domains = lookup.domains();
        let suffixes = self.common.suffixes();
        let called = |name: &str| domains.iter().find(|domain| domain.eq_ignore_ascii_case(name));
        // As a name that somebody has is resolved.
        let meant = match self.typed_name(ongoing.name) {
            // The domain itself, or the first that the suffix stands for.
            Ok(Typed::Upn(upn)) => {
                let suffix = upn.suffix();
                let mut candidates = [suffix].into_iter().chain(suffixes.domains_of(suffix));
                candidates.find_map(called)
            }
            // Nobody is asked once more which domain has the NetBIOS name: it is the first label nearly everywhere.
            Ok(Typed::DownLevel { domain: name, .. }) => called(&name).or_else(|| {
                let label = |domain: &str| domain.split('.').next().map(str::to_owned);
                let mut domains = domains.iter();
                domains.find(|domain| label(domain).is_some_and(|label| label.eq_ignore_ascii_case(&name)))
            }),
            Err(_) => None,
        };
        let Some(domain) = meant.or(domains.first()) else {
            return Ok(());
        };
        let nobody = User::new(Key::new(STAND_IN), STAND_IN, domain, STAND_IN);
        match self.vouched(&lookup, &nobody, decoy.proof(), ongoing).await {
            Err(SignInError::Failed(error @ Error::Unreachable(_))) => Err(error),
            _ => Ok(()),
        }
    }

    /// Make the lookups that were not needed to find the account. What comes of them does not matter.
    pub(super) async fn make_spared(&self, spared: &[String]) {
        if spared.is_empty() {
            return;
        }
        if let Ok(lookup) = self.directory.lookup().await {
            resolve::make_spared(&lookup, spared).await;
        }
    }

    /// Tell the operator which mappings can find nobody.
    pub(super) fn warn_of_unused(&self, map: &SuffixMap) {
        let mut domains = self.directory.domains();
        if domains.is_empty() {
            return;
        }
        domains.extend(self.elsewhere.iter().map(String::as_str));
        for mapping in map.unused(&domains) {
            tracing::warn!(%mapping, line = mapping.line(), "the domain of this mapping is not configured");
        }
    }

    /// The name that was typed, if it has a form that tells a domain.
    pub(super) fn typed_name(&self, name: &str) -> Result<Typed, Refusal> {
        typed_name(name, self.common.settings.accept_down_level_names)
    }
}

/// A name that tells a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// `account@domain`
    Upn(Upn),
    /// `DOMAIN\account` (R1)
    DownLevel { domain: String, account: String },
}

fn typed_name(name: &str, accept_down_level: bool) -> Result<Typed, Refusal> {
    let parsed = LogonName::parse(name);
    let typed = parsed.and_then(|name| match &name {
        LogonName::DownLevel(down_level) if accept_down_level => {
            let (domain, account) = down_level.parts()?;
            let (domain, account) = (domain.to_owned(), account.to_owned());
            Ok(Typed::DownLevel { domain, account })
        }
        name => name.upn().cloned().map(Typed::Upn),
    });
    typed.map_err(|error| {
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
            let refusal = typed_name(name, false).unwrap_err();
            assert_eq!(refusal.reason().as_str(), reason, "{name}");
        }
        let Ok(Typed::Upn(upn)) = typed_name("ada@corp.example.com", false) else {
            panic!("a name");
        };
        assert_eq!(upn.prefix(), "ada");
    }

    /// R1: the rules for the account part hold for this form, too.
    #[test]
    fn r01_a_down_level_name_where_the_policy_admits_it() {
        let (domain, account) = ("CORP".to_owned(), "ada".to_owned());
        assert_eq!(
            typed_name(r"CORP\ada", true),
            Ok(Typed::DownLevel { domain, account })
        );
        for name in [r"CORP\a*", r"CORP\", r"\ada", r"CORP\ada\x"] {
            assert!(typed_name(name, true).is_err(), "{name}");
        }
    }
}
