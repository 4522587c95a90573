//! A connection to one server.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use adlib_core::UnixTime;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout},
};

use crate::{
    Endpoint, Error, Limits, ServerMessage, Settings, Timeouts, Violation,
    transport::{Carrier, End, Wire, dial},
};

/// A connection to a directory server, anonymous until a bind.
///
/// One request after the other: what is asked meanwhile waits.
///
/// After a time-out, a request that was given up or a breach of the protocol it is cut, and every later request fails:
/// what the server might still send must not be taken for an answer to something else.
pub struct Connection {
    /// The way to the server; absent while it is lent, and for good once the connection has ended.
    wire: Mutex<Option<Wire>>,
    end: OnceLock<End>,
    endpoint: Endpoint,
    name: String,
    pub(crate) carrier: Carrier,
    /// Whether the session of a bind protects all that follows.
    layered: AtomicBool,
    bind_id: AtomicU32,
    search_id: AtomicU32,
    timeouts: Timeouts,
    pub(crate) limits: Limits,
    pub(crate) active_directory: OnceLock<bool>,
    opened: Instant,
}

impl Connection {
    /// Connect to the first of `endpoints` that answers, and that the settings trust.
    ///
    /// # Errors
    /// What the only server did (`Connect`, `Timeout`, `Tls`, `StartTlsRefused`, `Protocol`, `Lost`), or
    /// `NoneReachable` with what each of several did; `NoEndpoint`, `Authorities` and `System` before any of them.
    pub async fn open(endpoints: &[Endpoint], settings: &Settings) -> Result<Self, Error> {
        // Binds count from the upper end, searches from the lower.
        const LAST_ID: u32 = 0x7fff_ffff;
        let dialled = dial(endpoints, settings).await?;
        Ok(Self {
            wire: Mutex::new(Some(dialled.wire)),
            end: OnceLock::new(),
            endpoint: dialled.endpoint.clone(),
            name: dialled.endpoint.to_string(),
            carrier: dialled.carrier,
            layered: AtomicBool::new(false),
            bind_id: AtomicU32::new(LAST_ID),
            search_id: AtomicU32::new(1),
            timeouts: settings.timeouts,
            limits: settings.limits,
            active_directory: OnceLock::new(),
            opened: Instant::now(),
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

    /// When the first of the certificates ends that the server presented; `None` without TLS.
    #[must_use]
    pub fn certificate_end(&self) -> Option<UnixTime> {
        match &self.carrier {
            Carrier::Tls(tls) => tls.certificate_end,
            Carrier::Sasl | Carrier::Plain => None,
        }
    }

    /// For how long it is open.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Whether anything can be asked on it now: it has not ended as far as is known, and no request goes on. A server
    /// may have closed it all the same, which shows when it is asked.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let wire = self.wire.try_lock();
        self.end.get().is_none() && wire.is_ok_and(|wire| wire.is_some())
    }

    /// Hand the connection over to the [`ldap3`] crate, for what this one does not do: changes, comparisons, extended
    /// operations, its adapters. The bind stands, and so do TLS or the security layer that seals every message, which
    /// that crate has not; answers are checked before it sees them, and one that breaks the protocol ends the connection.
    /// So does a bind by its means. Time-outs are its own ([`ldap3::Ldap::with_timeout`]).
    ///
    /// ```no_run
    /// use std::collections::HashSet;
    ///
    /// use adlib_core::Password;
    /// use adlib_ldap::{Connection, Endpoint, Settings};
    /// use ldap3::Mod;
    ///
    /// # async fn example(password: &Password) -> Result<(), Box<dyn std::error::Error>> {
    /// let endpoint = Endpoint::new("dc1.corp.example.com", 636);
    /// let connection = Connection::open(&[endpoint], &Settings::default()).await?;
    /// connection.bind_simple("svc-app@corp.example.com", password).await?;
    /// let mut ldap = connection.into_ldap3().await?;
    /// let office = Mod::Replace("physicalDeliveryOfficeName", HashSet::from(["2.14"]));
    /// ldap.modify("CN=Ada,OU=Staff,DC=corp,DC=example,DC=com", vec![office]).await?.success()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotBound` where a bind has to protect what follows; `Protocol`, `Lost` when the connection has ended; `System`
    /// when the operating system gives no sockets.
    #[cfg(feature = "ldap3")]
    pub async fn into_ldap3(self) -> Result<ldap3::Ldap, Error> {
        self.refuse_before_bind()?;
        let mut loan = self.borrow().await?;
        loan.wire.settle().await.map_err(|end| self.ends(end))?;
        crate::transport::hand_over(loan.wire.server, self.limits)
            .await
            .map_err(|error| Error::System(error.to_string()))
    }

    /// A message number for a step of a bind.
    pub(crate) fn next_bind_id(&self) -> u32 {
        self.bind_id.fetch_sub(1, Ordering::Relaxed)
    }

    /// A message number for a search: 1 to 2^30, and then from the beginning.
    pub(crate) fn next_search_id(&self) -> u32 {
        const LAST_ID: u32 = 1 << 30;
        self.search_id.fetch_add(1, Ordering::Relaxed) % LAST_ID
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
        // Dropped half-way, an exchange takes the wire with it.
        timeout(after, answer).await.unwrap_or_else(|_| {
            Err(Error::Timeout {
                endpoint: self.name.clone(),
                what,
                after,
            })
        })
    }

    /// The way to the server, when it is this request's turn.
    ///
    /// # Errors
    /// `Protocol`, `Lost`.
    pub(crate) async fn borrow(&self) -> Result<Loan<'_>, Error> {
        let mut slot = self.wire.lock().await;
        match slot.take() {
            Some(wire) => Ok(Loan { wire, slot }),
            None => Err(match self.end.get() {
                Some(end) => self.ended(end.clone()),
                None => self.lost("it was closed after a request was given up or a bind failed".to_owned()),
            }),
        }
    }

    /// The connection has ended so, which every later request hears.
    pub(crate) fn ends(&self, end: End) -> Error {
        self.ended(self.end.get_or_init(|| end).clone())
    }

    /// The error that an end of the connection is.
    pub(crate) fn ended(&self, end: End) -> Error {
        self.lost(match end {
            End::Violation(violation) => return self.violated(violation),
            End::Disconnected(code, message) => format!("the server closes it (code {code}: {message})"),
            End::Closed => "the server closed it".to_owned(),
            End::Failed(reason) => reason,
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

/// The way to the server, lent to one exchange. Dropped in place of given back, the connection ends.
pub(crate) struct Loan<'c> {
    /// What is lent.
    pub(crate) wire: Wire,
    slot: MutexGuard<'c, Option<Wire>>,
}

impl Loan<'_> {
    /// The next exchange may begin.
    pub(crate) fn give_back(mut self) {
        *self.slot = Some(self.wire);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("endpoint", &self.name)
            .finish_non_exhaustive()
    }
}
