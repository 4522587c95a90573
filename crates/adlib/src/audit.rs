//! What happened in sign-ins, one typed event for every decision, for the operator's records.

use std::{fmt, sync::Arc};

use crate::{Error, Identity, Refusal, SignInError, SourceRole};

/// What the log is filtered by.
#[cfg(feature = "signin")]
const TARGET: &str = "adlib::audit";

/// Something that happened in a sign-in. It holds no secret (A63); the name is as it was typed, so that it may be shown,
/// but is not to be trusted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AuditRecord<'a> {
    /// The name that was typed; `None` where the client brought a token.
    pub name: Option<&'a str>,
    /// Where the user is, as far as the application said (`Authenticator::for_client`, `Acceptor::for_client`).
    pub client: Option<&'a str>,
    /// What happened.
    pub event: AuditEvent<'a>,
}

/// What happened in a sign-in: the last event is the decision, the others lead to it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum AuditEvent<'a> {
    /// The user is let in.
    Accepted(&'a Identity),
    /// The user is not let in.
    Refused(&'a Refusal),
    /// Nobody could decide.
    Undecided(&'a Error),
    /// The application gave the sign-in up before there was a decision. A controller may have counted it.
    Abandoned,
    /// Kerberos could not be used, for a reason that whoever is on the network can forge, and NTLM is tried (R5).
    FellBack {
        /// The account.
        account: &'a str,
        /// Why.
        because: &'a Refusal,
    },
    /// The primary source has no such user, and the secondary one is asked (R40).
    SecondaryAsked(&'a Refusal),
    /// The sources own the name in this order: the record is this source's (R40).
    OwnedBy(SourceRole),
    /// The user was not in the list, and now is (R12).
    Provisioned {
        /// Who it is.
        identity: &'a Identity,
        /// What the user gets.
        profile: &'a str,
    },
}

impl AuditEvent<'_> {
    /// The event as one word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Undecided(_) => "undecided",
            Self::Abandoned => "abandoned",
            Self::FellBack { .. } => "fell-back",
            Self::SecondaryAsked(_) => "secondary-asked",
            Self::OwnedBy(_) => "owned-by",
            Self::Provisioned { .. } => "provisioned",
        }
    }
}

impl<'a> From<Result<&'a Identity, &'a SignInError>> for AuditEvent<'a> {
    fn from(outcome: Result<&'a Identity, &'a SignInError>) -> Self {
        match outcome {
            Ok(identity) => Self::Accepted(identity),
            Err(SignInError::Refused(refusal)) => Self::Refused(refusal),
            Err(SignInError::Failed(error)) => Self::Undecided(error),
        }
    }
}

impl fmt::Display for AuditRecord<'_> {
    /// One line, whatever was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.event.as_str())?;
        if let Some(name) = self.name {
            write!(f, " name={name:?}")?;
        }
        if let Some(client) = self.client {
            write!(f, " client={client:?}")?;
        }
        match self.event {
            AuditEvent::Accepted(identity) | AuditEvent::Provisioned { identity, .. } => {
                write!(f, " account={:?}", identity.account())?;
                write!(f, " domain={:?}", identity.domain())?;
                write!(f, " mechanism={}", identity.evidence().mechanism.as_str())?;
            }
            AuditEvent::Refused(refusal) | AuditEvent::SecondaryAsked(refusal) => {
                write!(f, " reason={}", refusal.reason().as_str())?;
                write!(f, " detail={:?}", refusal.detail())?;
            }
            AuditEvent::FellBack { account, because } => {
                write!(f, " account={account:?} reason={}", because.reason().as_str())?;
            }
            AuditEvent::Undecided(error) => write!(f, " error={:?}", error.to_string())?,
            AuditEvent::OwnedBy(source) => write!(f, " source={source}")?,
            AuditEvent::Abandoned => {}
        }
        match self.event {
            AuditEvent::Provisioned { profile, .. } => write!(f, " profile={profile:?}"),
            _ => Ok(()),
        }
    }
}

/// Something that keeps the records. It is called in the sign-in, so it should hand them on and not wait.
///
/// ```
/// use adlib::{AuditEvent, AuditRecord};
///
/// let refused = |record: &AuditRecord<'_>| {
///     if let AuditEvent::Refused(refusal) = record.event {
///         eprintln!("{:?} was refused: {}", record.name, refusal.reason().as_str());
///     }
/// };
/// # #[cfg(feature = "signin")]
/// let builder = adlib::Authenticator::builder().audit(std::sync::Arc::new(refused));
/// ```
pub trait Audit: Send + Sync {
    /// Keep a record.
    fn record(&self, record: &AuditRecord<'_>);
}

impl<F: Fn(&AuditRecord<'_>) + Send + Sync> Audit for F {
    fn record(&self, record: &AuditRecord<'_>) {
        self(record);
    }
}

/// Where the records of one authenticator or acceptor go.
#[derive(Clone, Default)]
pub(crate) struct Records(Option<Arc<dyn Audit>>);

impl From<Arc<dyn Audit>> for Records {
    fn from(audit: Arc<dyn Audit>) -> Self {
        Self(Some(audit))
    }
}

impl Records {
    /// Keep `record`.
    pub(crate) fn keep(&self, record: &AuditRecord<'_>) {
        if let Some(audit) = &self.0 {
            audit.record(record);
        }
    }

    /// Keep `record`, and write it to the log.
    #[cfg(feature = "signin")]
    pub(crate) fn keep_and_log(&self, record: &AuditRecord<'_>) {
        match record.event {
            AuditEvent::Accepted(_) | AuditEvent::Provisioned { .. } => {
                tracing::info!(target: TARGET, "{record}");
            }
            AuditEvent::SecondaryAsked(_) | AuditEvent::OwnedBy(_) => {
                tracing::debug!(target: TARGET, "{record}");
            }
            _ => tracing::warn!(target: TARGET, "{record}"),
        }
        self.keep(record);
    }
}
