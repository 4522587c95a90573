//! Tickets from a KDC, by a password.
//!
//! Trust level: a ticket proves nothing before it is verified with the service's own key (R6).

#[cfg(feature = "sspi")]
mod sspi;

#[cfg(feature = "sspi")]
pub use sspi::SspiTicketSource;

use std::fmt;
use std::time::Duration;

use adlib_core::Password;

use crate::{BoxFuture, Endpoint, TicketError};

/// What to get a ticket for.
#[derive(Debug, Clone, Copy)]
pub struct TicketRequest<'a> {
    /// The account's `sAMAccountName`, as the directory spells it.
    pub account: &'a str,
    /// The account's realm: the domain's DNS name, in upper case.
    pub realm: &'a str,
    /// The account's password.
    pub password: &'a Password,
    /// The service principal name, `class/host`.
    pub service: &'a str,
    /// The realm's KDCs, in the order in which to ask them.
    pub kdcs: &'a [Endpoint],
    /// For how long to try, in all.
    pub deadline: Duration,
}

/// Something that gets service tickets: our own exchange with a KDC, or another's.
pub trait TicketSource: Send + Sync {
    /// Get a ticket for a service with the account's password, and make the token that presents it.
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>>;
}

/// An initial Kerberos token: an AP-REQ in its GSS frame (RFC 4121 4.1).
///
/// It signs its bearer in until it is used, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApReqToken(Vec<u8>);

impl ApReqToken {
    /// The token that is `bytes`.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The token's bytes, for the service to verify.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ApReqToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApReqToken({} bytes)", self.0.len())
    }
}
