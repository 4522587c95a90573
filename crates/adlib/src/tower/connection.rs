//! What belongs to a connection of the server: a handshake that has begun, and no user.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use adlib_core::ChannelBindings;
use http::Request;
use tower_service::Service;

use super::half_open::Begun;

/// One connection of the server; put a clone of it into the extensions of each of its requests.
///
/// The accept loop makes it, since nothing behind it sees connections. It ends with its last clone, and a handshake that
/// waits in it with it.
///
/// ```
/// use adlib::tower::NegotiateConnection;
///
/// # fn accepted<S>(app: S) {
/// // for each connection, before it is served:
/// let connection = NegotiateConnection::new();
/// let service = connection.serve(app); // for hyper, in `hyper_util::service::TowerToHyperService`
/// # drop(service);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct NegotiateConnection {
    shared: Arc<Shared>,
    client: Option<Arc<str>>,
}

#[derive(Default)]
struct Shared {
    bindings: Option<ChannelBindings>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    begun: Option<Arc<Begun>>,
    kerberos_was_refused: bool,
}

impl NegotiateConnection {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A connection through TLS, by what a sign-in on it is bound to: its own bindings, in place of those of the layer.
    #[must_use]
    pub fn bound(bindings: ChannelBindings) -> Self {
        let shared = Shared {
            bindings: Some(bindings),
            state: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            client: None,
        }
    }

    /// The same connection, from `client`, such as the peer's address: the records get to know it. Behind a proxy the layer
    /// must look for it elsewhere ([`NegotiateLayer::client`](super::NegotiateLayer::client)).
    ///
    /// ```
    /// use adlib::tower::NegotiateConnection;
    ///
    /// # fn accepted(peer: std::net::SocketAddr) {
    /// let connection = NegotiateConnection::new().for_client(peer.ip().to_string());
    /// # drop(connection);
    /// # }
    /// ```
    #[must_use]
    pub fn for_client(self, client: impl Into<Arc<str>>) -> Self {
        Self {
            client: Some(client.into()),
            ..self
        }
    }

    /// `service` for the requests of this connection.
    #[must_use]
    pub fn serve<S>(&self, service: S) -> OnConnection<S> {
        OnConnection {
            service,
            connection: self.clone(),
        }
    }

    pub(super) fn bindings(&self) -> Option<&ChannelBindings> {
        self.shared.bindings.as_ref()
    }

    pub(super) const fn client(&self) -> Option<&Arc<str>> {
        self.client.as_ref()
    }

    /// The handshake that has begun here; it is here no more.
    pub(super) fn take(&self) -> Option<Arc<Begun>> {
        self.state().begun.take()
    }

    /// Keep a handshake for its next leg, in place of any other.
    pub(super) fn keep(&self, begun: Arc<Begun>) {
        self.state().begun = Some(begun);
    }

    /// Remember that a Kerberos token was refused.
    pub(super) fn refuse_ntlm(&self) {
        self.state().kerberos_was_refused = true;
    }

    pub(super) fn refuses_ntlm(&self) -> bool {
        self.state().kerberos_was_refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for NegotiateConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiateConnection")
            .field("is_bound", &self.shared.bindings.is_some())
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// A service whose requests know the connection that they came on.
#[derive(Debug, Clone)]
pub struct OnConnection<S> {
    service: S,
    connection: NegotiateConnection,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for OnConnection<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.connection.clone());
        self.service.call(request)
    }
}
