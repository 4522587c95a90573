//! What an application accepts: a plain value with safe defaults.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use adlib_core::BindingsMode;

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
    /// Whether the client must come from an address that the ticket lists, if it lists any. Default: it need not, as
    /// addresses are translated on the way and controllers list none.
    pub addresses: AddressMode,
    /// Flags that a ticket must have (`TicketFlags`, RFC 4120 5.3), bit 0 the most significant. Default: none.
    pub required_ticket_flags: u32,
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
            addresses: AddressMode::Ignore,
            required_ticket_flags: 0,
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
    /// A class of services on any host, such as `HTTP`, compared without case.
    OfClass(String),
    /// Any class of services on one host, compared without case.
    OnHost(String),
}

impl AcceptedServices {
    /// Whether tickets for `service` are accepted.
    pub(crate) fn accept(&self, service: &crate::Principal) -> bool {
        match self {
            Self::AnyOfKeytab => true,
            Self::Only(names) => names.iter().any(|name| service.answers_to(name)),
            Self::OfClass(class) => matches!(service.components(),
                [own, _, ..] if own.eq_ignore_ascii_case(class)),
            Self::OnHost(host) => matches!(service.components(),
                [_, own, ..] if own.eq_ignore_ascii_case(host)),
        }
    }
}

/// What is done about the addresses in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressMode {
    /// Nothing.
    Ignore,
    /// A client from elsewhere, or from nowhere that is known, is refused.
    Check,
}

/// What is done about the PAC: who the user is, signed by the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacMode {
    /// A ticket without one is refused.
    ///
    /// One that names no user will do, as those of MIT controllers (A27): it is signed all the same, only a controller can
    /// make one, and a realm without Windows accounts has no SIDs to tell. The evidence says
    /// [`NamesNoUser`](crate::PacState::NamesNoUser); who knows users by their SIDs finds `None` in the SID's place.
    Required,
    /// A ticket may come without one. One that is there must verify.
    BestEffort,
    /// It is not looked at.
    Off,
}
