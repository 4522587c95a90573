//! Tickets from a KDC, by an account's password or keys.
//!
//! Trust level: a ticket proves nothing before it is verified with the service's own key (R6).

mod exchange;
mod own_account;
#[cfg(feature = "sspi")]
mod sspi;

pub use exchange::KdcTicketSource;
pub use own_account::OwnAccount;
#[cfg(feature = "sspi")]
pub use sspi::SspiTicketSource;

use std::fmt;
use std::time::Duration;

use adlib_core::Password;
use adlib_kerberos::{ServiceKey, initiator::ClientSecret};

use crate::{BoxFuture, Endpoint, TicketError};

/// What to get a ticket for.
#[derive(Debug, Clone, Copy)]
pub struct TicketRequest<'a> {
    /// The account's `sAMAccountName`, as the directory spells it. With an `@` it is an enterprise name, which the KDC
    /// resolves; with a `/` the principal of a service.
    pub account: &'a str,
    /// The account's realm: the domain's DNS name, in upper case.
    pub realm: &'a str,
    /// The account's password, or its keys.
    pub secret: AccountSecret<'a>,
    /// The service principal name, `class/host`.
    pub service: &'a str,
    /// The realm's KDCs, in the order in which to ask them. Where there is none, a source that can locate them does.
    pub kdcs: &'a [Endpoint],
    /// For how long to try, in all.
    pub deadline: Duration,
}

/// What an account proves itself with.
#[derive(Debug, Clone, Copy)]
pub enum AccountSecret<'a> {
    /// The password.
    Password(&'a Password),
    /// Keys, each of its own encryption type, as a keytab has them.
    Keys(&'a [ServiceKey]),
}

impl<'a> From<&'a Password> for AccountSecret<'a> {
    fn from(password: &'a Password) -> Self {
        Self::Password(password)
    }
}

impl<'a> From<&'a [ServiceKey]> for AccountSecret<'a> {
    fn from(keys: &'a [ServiceKey]) -> Self {
        Self::Keys(keys)
    }
}

impl From<AccountSecret<'_>> for ClientSecret {
    fn from(secret: AccountSecret<'_>) -> Self {
        match secret {
            AccountSecret::Password(password) => Self::Password(password.clone()),
            AccountSecret::Keys(keys) => Self::Keys(keys.to_vec()),
        }
    }
}

/// Something that gets service tickets: our own exchange with a KDC, or another's.
pub trait TicketSource: Send + Sync {
    /// Get a ticket for a service with the account's password, and make the token that presents it.
    ///
    /// For an account that the KDC does not know, a source makes the exchanges of a wrong password, and does its work: the
    /// two must look alike from outside (R9).
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

/// A `NetBIOS` name is no longer.
const WORKSTATION_LENGTH: usize = 15;

/// The `NetBIOS` name of a service's host, which is the workstation that a KDC is told: there the password was typed.
fn workstation(service: &str) -> String {
    let host = service.split_once('/').map_or(service, |(_, host)| host);
    let label = host.split('.').next().unwrap_or(host);
    label
        .chars()
        .take(WORKSTATION_LENGTH)
        .collect::<String>()
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workstation_is_where_the_service_runs() {
        assert_eq!(workstation("HTTP/app.corp.example.com"), "APP");
        assert_eq!(
            workstation("HTTP/a-very-long-host-name.example"),
            "A-VERY-LONG-HOS"
        );
    }

    /// A63
    #[test]
    fn a63_a_token_is_not_shown() {
        assert_eq!(
            format!("{:?}", ApReqToken::new(b"secret".to_vec())),
            "ApReqToken(6 bytes)"
        );
    }
}
