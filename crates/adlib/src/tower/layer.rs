//! The layer, and what can be set on it.

use std::{fmt, sync::Arc, time::Duration};

use adlib_core::ChannelBindings;
use http::request::Parts;
use tower_layer::Layer;

use super::{
    half_open::HalfOpen,
    page::{Denial, Page, Pages},
    service::Negotiate,
};
use crate::{Acceptor, Identity};

/// Each handshake that waits holds a challenge and two messages: below 200 KB, whatever clients send.
const LIMIT: usize = 1024;
/// A client needs milliseconds for its next leg.
const LIFETIME: Duration = Duration::from_secs(30);

/// Lets only those requests through that sign a user in, and puts the [`Identity`] into their extensions.
///
/// See the [module](crate::tower) for what belongs to a connection. Limits of a connection's time and of all its headers are
/// the server's, as always; HTTP/2 servers often take 16 KB of headers, and a ticket of a user in many groups has more.
///
/// ```
/// use adlib::{ChannelBindings, Identity, USER_MESSAGE, tower::{Denial, NegotiateLayer, Page}};
///
/// # fn layer(acceptor: adlib::Acceptor, certificate: &[u8]) -> Result<NegotiateLayer, Box<dyn std::error::Error>> {
/// let negotiate = NegotiateLayer::new(acceptor)
///     .channel_bindings(ChannelBindings::of_server_certificate(certificate)?)
///     .admit(|identity: &Identity| identity.groups().iter().any(|group| group.name() == Some(r"corp.example.com\Staff")))
///     .page(|denial| Page {
///         content_type: "text/html; charset=utf-8",
///         body: match denial {
///             Denial::SignInNeeded => "<p>Get a ticket first: lock your screen and unlock it.".to_owned(),
///             _ => format!("<p>{USER_MESSAGE}"),
///         },
///     });
/// # Ok(negotiate)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct NegotiateLayer {
    settings: Settings,
    half_open: Arc<HalfOpen>,
}

/// What the layer and its services share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) acceptor: Acceptor,
    pub(super) bindings: Option<ChannelBindings>,
    pub(super) admit: Arc<dyn Fn(&Identity) -> bool + Send + Sync>,
    pub(super) pages: Pages,
    pub(super) client: Arc<WhereFrom>,
}

/// Tells where the client of a request is.
type WhereFrom = dyn Fn(&Parts) -> Option<String> + Send + Sync;

impl NegotiateLayer {
    /// A layer that asks `acceptor`.
    #[must_use]
    pub fn new(acceptor: Acceptor) -> Self {
        Self {
            settings: Settings {
                acceptor,
                bindings: None,
                admit: Arc::new(|_| true),
                pages: Pages::default(),
                client: Arc::new(|_| None),
            },
            half_open: Arc::new(HalfOpen::new(LIMIT, LIFETIME)),
        }
    }

    /// The channel bindings of every connection that has none of its own: `tls-server-end-point` of the certificate,
    /// where there is one.
    #[must_use]
    pub fn channel_bindings(mut self, bindings: ChannelBindings) -> Self {
        self.settings.bindings = Some(bindings);
        self
    }

    /// Who may use the service, of those who signed in; everybody otherwise. Whoever may not gets 403.
    #[must_use]
    pub fn admit(mut self, admits: impl Fn(&Identity) -> bool + Send + Sync + 'static) -> Self {
        self.settings.admit = Arc::new(admits);
        self
    }

    /// Where the client of a request is, for the records: behind a proxy in a header of it, elsewhere in what the server puts
    /// into the extensions, such as axum's `ConnectInfo`. Where it says nothing, the connection's client counts
    /// ([`NegotiateConnection::for_client`](super::NegotiateConnection::for_client)).
    ///
    /// ```
    /// # fn layer(acceptor: adlib::Acceptor) -> adlib::tower::NegotiateLayer {
    /// // Only behind a proxy that sets the header itself: a client can write anything into it.
    /// adlib::tower::NegotiateLayer::new(acceptor).client(|request| {
    ///     let address = request.headers.get("x-real-ip")?.to_str().ok()?;
    ///     Some(address.to_owned())
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn client(mut self, client: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.settings.client = Arc::new(client);
        self
    }

    /// What a user sees who is not let through; one text for every failure otherwise (R9).
    #[must_use]
    pub fn page(mut self, page: impl Fn(Denial) -> Page + Send + Sync + 'static) -> Self {
        self.settings.pages = Pages(Arc::new(page));
        self
    }

    /// How many handshakes may wait for their next leg, on all connections together (1024), and for how long (30 s).
    #[must_use]
    pub fn handshakes(mut self, limit: usize, lifetime: Duration) -> Self {
        self.half_open = Arc::new(HalfOpen::new(limit, lifetime));
        self
    }
}

impl<S> Layer<S> for NegotiateLayer {
    type Service = Negotiate<S>;

    fn layer(&self, service: S) -> Negotiate<S> {
        Negotiate::new(service, self.settings.clone(), Arc::clone(&self.half_open))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("acceptor", &self.acceptor)
            .field("is_bound", &self.bindings.is_some())
            .finish_non_exhaustive()
    }
}
