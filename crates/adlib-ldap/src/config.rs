//! Where the servers are, how the connection is protected, and how much is taken from a peer.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use rustls::ClientConfig;

/// A server: the name that its certificate must bear, the port, and its addresses where they are known.
///
/// ```
/// use adlib_ldap::Endpoint;
///
/// let endpoint = Endpoint::new("dc1.corp.example.com", 636);
/// assert_eq!(endpoint.to_string(), "dc1.corp.example.com:636");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host name or address, which the certificate must bear; or the path of a socket of the local machine.
    pub host: String,
    /// The port: 636 for LDAP over TLS, 389 for `StartTLS` and for a security layer.
    pub port: u16,
    /// The addresses in the order to try; when there is none, the system resolves the host name.
    pub addresses: Vec<IpAddr>,
}

impl Endpoint {
    /// A server whose addresses the system resolves.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            addresses: Vec::new(),
        }
    }

    /// The server behind a socket of the local machine, which needs no TLS (`ldapi`).
    ///
    /// ```
    /// use adlib_ldap::Endpoint;
    ///
    /// let endpoint = Endpoint::local("/run/slapd/ldapi");
    /// assert!(endpoint.is_local());
    /// assert_eq!(endpoint.to_string(), "/run/slapd/ldapi");
    /// ```
    pub fn local(path: impl Into<String>) -> Self {
        Self::new(path, 0)
    }

    /// Whether it is behind a socket of the local machine: its host is a path.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host.starts_with('/')
    }

    /// The same server at `addresses`, without asking the system.
    #[must_use]
    pub fn at(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.addresses = addresses.into_iter().collect();
        self
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_local() {
            f.write_str(&self.host)
        } else if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How to open a connection. The default is LDAP over TLS, with the system's authorities.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// How the connection is protected.
    pub security: TransportSecurity,
    /// Whom to trust.
    pub tls: TlsSettings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to take.
    pub limits: Limits,
    /// No protection at all: passwords and entries in the clear, for tests on loopback.
    pub danger_plain: bool,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TransportSecurity {
    /// TLS from the first byte, port 636.
    #[default]
    Ldaps,
    /// TLS after an extended request for it (RFC 4511 4.14), port 389. A server that refuses it is an error.
    StartTls,
    /// No TLS, port 389: a SASL bind signs and encrypts whatever follows it.
    ///
    /// Before the bind only the root DSE may be asked, which anybody on the way could change, and a simple bind is
    /// refused. No certificate says who the server is: that is for the mechanism to know.
    Sasl,
}

impl TransportSecurity {
    /// The port where none is said: 636 for LDAP over TLS, 389 for the others.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::StartTls | Self::Sasl => 389,
        }
    }
}

/// The authorities whose certificates count.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TlsSettings {
    /// Certificates of further authorities, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Trust only `ca_pem`, not the system's authorities.
    pub ca_only: bool,
    /// A configuration of the caller's own, in place of all the above.
    pub client_config: Option<Arc<ClientConfig>>,
}

/// How long to wait before giving up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For one address: resolving, connecting and the TLS handshake.
    pub connect: Duration,
    /// For one request and the whole of its answer: a bind, a page.
    pub operation: Duration,
}

impl Default for Timeouts {
    /// 10 s to connect, 30 s for an operation.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            operation: Duration::from_secs(30),
        }
    }
}

/// How much a peer may send before it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one message, which is one entry with its values.
    pub message_bytes: usize,
    /// BER elements of one message, each of which costs memory whatever its size.
    pub message_elements: usize,
    /// Bytes of the answer to one request, which is one page.
    pub answer_bytes: usize,
    /// Entries and references in the answer to one request.
    pub answer_messages: usize,
    /// Entries that a lookup gives before it stops.
    pub lookup_entries: usize,
    /// Entries that a paged search gives before it stops.
    pub search_entries: usize,
    /// Values of one attribute that ranges are joined to.
    pub attribute_values: usize,
    /// Bytes of one entry that ranges are joined to.
    pub entry_bytes: usize,
}

impl Default for Limits {
    /// Far above what directories hold, far below what a machine has.
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            message_elements: 500_000,
            answer_bytes: 128 << 20,
            answer_messages: 10_000,
            lookup_entries: 1_000,
            search_entries: 10_000_000,
            attribute_values: 5_000_000,
            entry_bytes: 1 << 30,
        }
    }
}
