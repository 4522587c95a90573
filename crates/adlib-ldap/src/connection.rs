//! A connection to one server.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use ldap3::LdapError;
use tokio::time::timeout;

use crate::{
    Endpoint, Error, Limits, ServerMessage, Settings, Timeouts, Violation,
    transport::{Carrier, End, Loan, Relay, dial},
};

/// A connection to a directory server, anonymous until a bind.
///
/// A bind waits until every search has its answer, and searches wait until it is done.
///
/// After a time-out or a breach of the protocol it is cut, and every later request fails: what the server
/// might still send must not be taken for an answer to something else.
pub struct Connection {
    ldap: ldap3::Ldap,
    relay: Relay,
    endpoint: Endpoint,
    name: String,
    pub(crate) carrier: Carrier,
    /// Whether the session of a bind protects all that follows.
    layered: AtomicBool,
    bind_id: AtomicU32,
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
        // From the upper end: the LDAP library counts from the lower.
        const LAST_ID: u32 = 0x7fff_ffff;
        let dialled = dial(endpoints, settings).await?;
        Ok(Self {
            ldap: dialled.ldap,
            relay: dialled.relay,
            endpoint: dialled.endpoint.clone(),
            name: dialled.endpoint.to_string(),
            carrier: dialled.carrier,
            layered: AtomicBool::new(false),
            bind_id: AtomicU32::new(LAST_ID),
            timeouts: settings.timeouts,
            limits: settings.limits,
            active_directory: OnceLock::new(),
        })
    }

    /// The server, as `host:port`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.name
    }

    /// The server's host name, which a mechanism needs for the name of its service: `ldap/dc1.corp.example.com`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.endpoint.host
    }

    /// A handle for one request.
    pub(crate) fn ldap(&self) -> ldap3::Ldap {
        self.ldap.clone()
    }

    /// A message number for a step of a bind, which the LDAP library does not use.
    pub(crate) fn next_bind_id(&self) -> u32 {
        self.bind_id.fetch_sub(1, Ordering::Relaxed)
    }

    /// Whether the session of a bind protects all that follows.
    pub(crate) fn is_layered(&self) -> bool {
        self.layered.load(Ordering::Acquire)
    }

    /// From now on the session of a bind protects everything.
    pub(crate) fn set_layered(&self) {
        self.layered.store(true, Ordering::Release);
    }

    /// That what is asked now is protected, where a bind has to see to that.
    ///
    /// # Errors
    /// `NotBound`.
    pub(crate) fn refuse_before_bind(&self) -> Result<(), Error> {
        if self.carrier == Carrier::Sasl && !self.is_layered() {
            return Err(Error::NotBound {
                endpoint: self.name.clone(),
            });
        }
        Ok(())
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
        let answer = async { answer.await.map_err(|error| self.broken(&error)) };
        self.in_time(what, answer).await
    }

    /// Wait for `answer` as long as an operation may take.
    ///
    /// # Errors
    /// `Timeout`, and what `answer` gives.
    pub(crate) async fn in_time<T>(
        &self,
        what: &'static str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let after = self.timeouts.operation;
        timeout(after, answer).await.unwrap_or_else(|_| {
            self.relay.cut();
            Err(Error::Timeout {
                endpoint: self.name.clone(),
                what,
                after,
            })
        })
    }

    /// The server's side, for a bind.
    ///
    /// # Errors
    /// `Protocol`, `Lost`.
    pub(crate) async fn borrow(&self) -> Result<Loan, Error> {
        let loan = self.relay.lend().await;
        loan.ok_or_else(|| self.broken(&"the connection was closed"))
    }

    /// What ended the connection, when whoever meets its end knows no more than `what`.
    fn broken(&self, what: &dyn fmt::Display) -> Error {
        match self.relay.end() {
            Some(end) => self.ended(end.clone()),
            None => self.lost(format!("it was cut ({what})")),
        }
    }

    /// The error that an end of the connection is.
    pub(crate) fn ended(&self, end: End) -> Error {
        self.lost(match end {
            End::Violation(violation) => return self.violated(violation),
            End::Disconnected(code, message) => format!("the server closes it (code {code}: {message})"),
            End::Closed => "the server closed it".to_owned(),
            End::Failed(reason) => reason,
            End::Unbound => "it was closed after a bind failed".to_owned(),
        })
    }

    /// The server broke the protocol.
    pub(crate) fn violated(&self, violation: Violation) -> Error {
        Error::Protocol {
            endpoint: self.name.clone(),
            violation,
        }
    }

    fn lost(&self, reason: String) -> Error {
        Error::Lost {
            endpoint: self.name.clone(),
            reason,
        }
    }

    /// An answer that is no success, for a request that `what` names.
    pub(crate) fn refused(&self, what: &'static str, code: u32, message: ServerMessage) -> Error {
        const STRONGER_AUTH_REQUIRED: u32 = 8;
        const CONFIDENTIALITY_REQUIRED: u32 = 13;
        const UNWILLING_TO_PERFORM: u32 = 53;
        let endpoint = self.name.clone();
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
            .field("endpoint", &self.name)
            .finish_non_exhaustive()
    }
}
