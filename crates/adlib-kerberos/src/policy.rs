//! What an application accepts: a plain value with safe defaults.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

/// What is accepted, read by [`UnverifiedApReq::decrypt`](crate::UnverifiedApReq::decrypt) and
/// [`DecryptedApReq::check`](crate::DecryptedApReq::check).
///
/// ```
/// use adlib_kerberos::{PacMode, Policy};
///
/// let mut policy = Policy::default();
/// assert_eq!(policy.pac, PacMode::Required);
/// assert!(!policy.danger_accept_rc4);
/// policy.pac = PacMode::BestEffort;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// By how much clocks may differ (R10). Default: 5 minutes.
    pub clock_tolerance: Duration,
    /// For which services tickets are accepted. Default: any that the keytab has a key of.
    pub services: AcceptedServices,
    /// Whether a PAC must be there. Default: it must.
    pub pac: PacMode,
    /// Whether the client must tie its ticket to the connection. Default: if it offers to.
    pub bindings: BindingsMode,
    /// Realms whose clients are accepted although no controller vouched for the realms in between (A15) and no PAC
    /// did. Default: none.
    pub trusted_realms: Vec<String>,
    /// Accept RC4 in tickets and session keys (R11). Default: no.
    pub danger_accept_rc4: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            clock_tolerance: Duration::from_secs(300),
            services: AcceptedServices::AnyOfKeytab,
            pac: PacMode::Required,
            bindings: BindingsMode::IfOffered,
            trusted_realms: Vec::new(),
            danger_accept_rc4: false,
        }
    }
}

/// The services for which tickets are accepted.
///
/// What counts is the keytab entry that opened the ticket, not the name that stands on it: the name is not protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptedServices {
    /// Every service that the keytab has a key of.
    AnyOfKeytab,
    /// These, as `HTTP/app.example.com`, with or without `@REALM`, compared without case.
    Only(Vec<String>),
}

impl AcceptedServices {
    /// Whether tickets for `service` are accepted.
    pub(crate) fn accept(&self, service: &crate::Principal) -> bool {
        match self {
            Self::AnyOfKeytab => true,
            Self::Only(names) => names.iter().any(|name| service.answers_to(name)),
        }
    }
}

/// What is done about the PAC: who the user is, signed by the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacMode {
    /// A ticket without one is refused.
    Required,
    /// A ticket may come without one. One that is there must verify.
    BestEffort,
    /// It is not looked at.
    Off,
}

/// What is done about channel bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingsMode {
    /// Nothing: the application's own bindings count as absent.
    Ignore,
    /// They are compared if the client sends them, or says that it would have.
    IfOffered,
    /// A client without them is refused.
    Require,
}
