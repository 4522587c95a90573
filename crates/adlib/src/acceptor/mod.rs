//! Signing users in with the tokens of their clients.

mod builder;
mod handshake;
#[cfg(feature = "kerberos")]
mod kerberos;
#[cfg(feature = "ntlm")]
mod ntlm;
mod vouched;

use std::{fmt, sync::Arc};

use adlib_core::ChannelBindings;
#[cfg(feature = "kerberos")]
use adlib_kerberos::KeytabError;
use adlib_spnego::Mechanism;

use crate::{AuditEvent, AuditRecord, Clock, Mode, Reason, Refusal, audit::Records};
#[cfg(feature = "signin")]
use crate::{Directory, users::Admission};

pub use builder::AcceptorBuilder;
pub use handshake::{Handshake, Step};
#[cfg(feature = "ntlm")]
pub use ntlm::{BoxFuture, HashLookup, KnownAccount, PassThrough};

/// Signs users in with the tokens that their clients send: Kerberos and NTLM, raw or in SPNEGO (R13, R14).
///
/// It knows no transport: an HTTP layer, or whatever carries tokens, begins a [`Handshake`] for each connection and gives
/// it the client's tokens. Cheap to clone and safe to share.
///
/// ```
/// use adlib::{Acceptor, ChannelBindings, Keytab, Step};
///
/// # async fn serve(keytab: Keytab, certificate: &[u8], token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let acceptor = Acceptor::builder()
///     .service("HTTP/app.corp.example.com")
///     .keytab(keytab)
///     .build()?;
/// match acceptor.handshake(None).step(token).await {
///     Step::Continue { token, handshake } => { /* send the token, give the answer to the handshake */ },
///     Step::Done { identity, token } => println!("welcome, {}", identity.account()),
///     Step::Refused { for_client, reason, retry } => println!("{}", reason.user_message()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Acceptor {
    inner: Arc<Inner>,
    /// Where the client is, for the records.
    client: Option<Arc<str>>,
}

struct Inner {
    mode: Mode,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "kerberos")]
    kerberos: Option<kerberos::Tickets>,
    #[cfg(feature = "ntlm")]
    ntlm: Option<ntlm::Responses>,
    /// Where groups have names: the primary source, and the secondary one.
    #[cfg(feature = "signin")]
    directories: Vec<Directory>,
    /// Who is let in of those who have proven themselves.
    #[cfg(feature = "signin")]
    admission: Admission,
    records: Records,
}

impl Acceptor {
    /// The parts of an acceptor, to be put together.
    pub fn builder() -> AcceptorBuilder {
        AcceptorBuilder::default()
    }

    /// The same, for clients at `client`, such as the address from which a browser connects: the audit records get to know
    /// it.
    ///
    /// ```
    /// # fn begin(acceptor: &adlib::Acceptor, peer: std::net::SocketAddr) {
    /// let handshake = acceptor.for_client(peer.ip().to_string()).handshake(None);
    /// # let _ = handshake;
    /// # }
    /// ```
    #[must_use]
    pub fn for_client(&self, client: impl Into<Arc<str>>) -> Self {
        Self {
            inner: self.inner.clone(),
            client: Some(client.into()),
        }
    }

    /// A handshake on a new connection, with the connection's `bindings` if it has any.
    pub fn handshake(&self, bindings: Option<ChannelBindings>) -> Handshake {
        Handshake::new(self.clone(), bindings, false)
    }

    /// A handshake on a connection on which a token of Kerberos may have been refused, after which NTLM is not taken (A31).
    #[cfg(feature = "tower")]
    pub(crate) fn handshake_after(
        &self,
        bindings: Option<ChannelBindings>,
        kerberos_was_refused: bool,
    ) -> Handshake {
        Handshake::new(self.clone(), bindings, kerberos_was_refused)
    }

    /// Whether tokens of `mechanism` may be taken: what a service offers to clients.
    #[must_use]
    pub fn admits(&self, mechanism: Mechanism) -> bool {
        self.admitted(false).contains(&mechanism)
    }

    /// Use the keys of `file`, a keytab's content, for every later token. An acceptor without keys takes no tickets, and
    /// does not begin to. One of an [`Authenticator`](crate::Authenticator) shares the keys with its sign-ins: they are
    /// replaced there, too.
    ///
    /// # Errors
    /// As [`Keytab::decode`](crate::Keytab::decode); the keys that were in force stay in force.
    #[cfg(feature = "kerberos")]
    pub fn reload_keytab(&self, file: &[u8]) -> Result<(), KeytabError> {
        match &self.inner.kerberos {
            Some(tickets) => tickets.keys.reload(file),
            None => Ok(()),
        }
    }

    /// Keep what happened.
    pub(crate) fn record(&self, event: AuditEvent<'_>) {
        let record = AuditRecord {
            name: None,
            client: self.client.as_deref(),
            event,
        };
        self.inner.records.keep(&record);
    }

    /// The mechanisms of which tokens are taken, after a failed token of Kerberos or before any.
    fn admitted(&self, kerberos_failed: bool) -> Vec<Mechanism> {
        #[cfg(feature = "kerberos")]
        let kerberos = self.inner.kerberos.is_some();
        #[cfg(not(feature = "kerberos"))]
        let kerberos = false;
        #[cfg(feature = "ntlm")]
        let ntlm = self.inner.ntlm.is_some();
        #[cfg(not(feature = "ntlm"))]
        let ntlm = false;
        let mode = self.inner.mode;
        let kerberos = (kerberos && mode != Mode::LegacyOnly).then_some(Mechanism::Kerberos);
        let ntlm = (ntlm && mode != Mode::ModernOnly && !kerberos_failed).then_some(Mechanism::Ntlm);
        kerberos.into_iter().chain(ntlm).collect()
    }

    /// Why no token of `mechanism` is taken.
    fn not_admitted(&self, mechanism: Mechanism, kerberos_failed: bool) -> Refusal {
        let (reason, detail) = match (mechanism, self.inner.mode) {
            (Mechanism::Ntlm, Mode::ModernOnly) => (
                Reason::ClientSentNtlm,
                "the client sent NTLM, which mode modern never takes",
            ),
            (Mechanism::Ntlm, _) if kerberos_failed => (
                Reason::NtlmAfterKerberos,
                "the client sent NTLM after a Kerberos token that was refused",
            ),
            (Mechanism::Ntlm, _) => (
                Reason::MechanismUnavailable,
                "the client sent NTLM, and nobody here can verify it: configure a hash lookup or a pass-through",
            ),
            (Mechanism::Kerberos, Mode::LegacyOnly) => (
                Reason::ClientSentKerberos,
                "the client sent Kerberos, which mode legacy never takes",
            ),
            (Mechanism::Kerberos, _) => (
                Reason::KerberosUnavailable,
                "the client sent Kerberos, and no keytab is configured",
            ),
        };
        Refusal::new(reason, detail)
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("mode", &self.inner.mode)
            .finish_non_exhaustive()
    }
}
