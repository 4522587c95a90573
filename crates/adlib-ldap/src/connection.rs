//! A connection to one server.

use std::{fmt, sync::OnceLock};

use ldap3::LdapError;
use tokio::time::timeout;

use crate::{
    Endpoint, Error, Limits, ServerMessage, Settings, Timeouts,
    transport::{End, Relay, dial},
};

/// A connection to a directory server, anonymous until a bind.
///
/// After a time-out or a breach of the protocol it is cut, and every later request fails: what the server
/// might still send must not be taken for an answer to something else.
pub struct Connection {
    ldap: ldap3::Ldap,
    relay: Relay,
    endpoint: String,
    timeouts: Timeouts,
    pub(crate) limits: Limits,
    pub(crate) active_directory: OnceLock<bool>,
}

impl Connection {
    /// Connect to the first of `endpoints` that answers, and that the settings trust.
    ///
    /// # Errors
    /// What the only server did (`Connect`, `Timeout`, `Tls`, `StartTlsRefused`, `Protocol`, `Lost`), or
    /// `NoneReachable` with what each of several did; `NoEndpoint`, `Authorities` and `System` before any of them.
    pub async fn open(endpoints: &[Endpoint], settings: &Settings) -> Result<Self, Error> {
        let (endpoint, ldap, relay) = dial(endpoints, settings).await?;
        Ok(Self {
            ldap,
            relay,
            endpoint: endpoint.to_string(),
            timeouts: settings.timeouts,
            limits: settings.limits,
            active_directory: OnceLock::new(),
        })
    }

    /// The server, as `host:port`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A handle for one request.
    pub(crate) fn ldap(&self) -> ldap3::Ldap {
        self.ldap.clone()
    }

    /// Wait for the whole answer to one request.
    ///
    /// # Errors
    /// `Timeout`, `Protocol`, `Lost`.
    pub(crate) async fn whole_answer<T>(
        &self,
        what: &'static str,
        answer: impl Future<Output = Result<T, LdapError>>,
    ) -> Result<T, Error> {
        let after = self.timeouts.operation;
        match timeout(after, answer).await {
            Ok(answer) => answer.map_err(|error| self.broken(&error)),
            Err(_) => {
                self.relay.cut();
                Err(Error::Timeout {
                    endpoint: self.endpoint.clone(),
                    what,
                    after,
                })
            }
        }
    }

    /// What ended the connection, when the library says no more than that it ended.
    fn broken(&self, error: &LdapError) -> Error {
        let reason = match self.relay.end() {
            Some(End::Violation(violation)) => {
                return Error::Protocol {
                    endpoint: self.endpoint.clone(),
                    violation: violation.clone(),
                };
            }
            Some(End::Disconnected(code, message)) => {
                format!("the server closes it (code {code}: {message})")
            }
            Some(End::Closed) => "the server closed it".to_owned(),
            Some(End::Failed(reason)) => reason.clone(),
            None => format!("it was cut ({error})"),
        };
        Error::Lost {
            endpoint: self.endpoint.clone(),
            reason,
        }
    }

    /// An answer that is no success, for a request that `what` names.
    pub(crate) fn refused(&self, what: &'static str, code: u32, message: ServerMessage) -> Error {
        const STRONGER_AUTH_REQUIRED: u32 = 8;
        const CONFIDENTIALITY_REQUIRED: u32 = 13;
        const UNWILLING_TO_PERFORM: u32 = 53;
        let endpoint = self.endpoint.clone();
        match code {
            STRONGER_AUTH_REQUIRED | CONFIDENTIALITY_REQUIRED => {
                Error::StrongerAuthRequired { endpoint, message }
            }
            UNWILLING_TO_PERFORM => Error::UnwillingToPerform {
                endpoint,
                what,
                message,
            },
            _ => Error::Refused {
                endpoint,
                what,
                code,
                message,
            },
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
