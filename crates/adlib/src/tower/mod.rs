//! `Authorization: Negotiate` and `NTLM` for HTTP services (RFC 4559, MS-NTHT), as a layer of tower's.
//!
//! ```
//! use adlib::{Identity, tower::NegotiateLayer};
//! use http::{Request, Response};
//! use tower::{Layer, Service, ServiceExt};
//!
//! # fn protect(acceptor: adlib::Acceptor) {
//! let page = tower::service_fn(async |request: Request<String>| {
//!     let user = request.extensions().get::<Identity>().map(Identity::account);
//!     Ok::<_, std::convert::Infallible>(Response::new(format!("Hello {}!", user.unwrap_or_default())))
//! });
//! let service = NegotiateLayer::new(acceptor).layer(page);
//! # let _ = service.oneshot(Request::new(String::new()));
//! # }
//! ```
//!
//! # What belongs to a connection
//!
//! A handshake of several legs, as NTLM's, belongs to the connection that it began on (RFC 4559 section 6), and a service
//! of tower's does not see connections. So the accept loop makes a [`NegotiateConnection`] for each and puts it into the
//! extensions of its requests; [`NegotiateConnection::serve`] does that. Without one, a sign-in has one leg, which is
//! enough for Kerberos, and NTLM is not offered.
//!
//! A finished sign-in belongs to the one request that finished it, never to a connection: behind a proxy, the next request
//! on a connection is somebody else's. Whoever wants to be known longer is given a session by the application.
//!
//! Over HTTP/2 and 3, requests of a connection mix, so a handshake has one leg there, and NTLM is refused.

mod answer;
mod audit;
mod authorization;
mod connection;
mod half_open;
mod layer;
mod page;
mod rejection;
mod service;

pub use connection::{NegotiateConnection, OnConnection};
pub use layer::NegotiateLayer;
pub use page::{Denial, Page};
pub use rejection::Rejection;
pub use service::Negotiate;
