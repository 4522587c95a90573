//! The way to a server, which is ours down to the socket: TCP, TLS or a security layer, the guard, and the relay to the
//! LDAP library. Binds pass the library by: the relay lends them the server's side while nothing else is under way.
//!
//! ```text
//! application - ldap3 == socket pair == relay [guard] == frames [security layer] == TLS == TCP - server
//!             \- bind ---------------- loan ----------/
//! ```

mod ber;
mod bind_message;
mod dial;
mod end_point;
mod frames;
mod guard;
mod inbox;
mod layer;
mod message;
mod pair;
mod relay;
mod start_tls;
mod tls;

use adlib_core::ChannelBindings;
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use bind_message::{Authentication, BindAnswer, BindResult, decode_bind_answer, encode_bind};
pub(crate) use dial::dial;
pub use end_point::tls_server_end_point;
pub(crate) use frames::FrameError;
pub(crate) use guard::Guard;
pub(crate) use inbox::Inbox;
pub(crate) use layer::{Layer, OVERHEAD};
pub(crate) use relay::{End, Loan, Relay};

use crate::{Error, Limits};

/// What protects the messages of a connection before any bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// TLS, with what a bind is tied to it by.
    Tls(Option<ChannelBindings>),
    /// Nothing, until a bind brings its layer.
    Sasl,
    /// Nothing.
    Plain,
}

/// A byte stream to a server.
type Stream = Box<dyn Duplex>;

/// What a byte stream can do.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Put the guard, the relay and the LDAP library on `stream`.
///
/// # Errors
/// `System` when the socket pair cannot be made.
async fn attach(stream: Stream, limits: Limits) -> Result<(ldap3::Ldap, Relay), Error> {
    let (settings, end) = pair::ends().map_err(|error| Error::System(error.to_string()))?;
    let (library, ldap) = ldap3::LdapConnAsync::with_settings(settings, pair::URL)
        .await
        .map_err(|error| Error::System(error.to_string()))?;
    // The library ends when its end of the pair closes, which the relay sees to.
    tokio::spawn(library.drive());
    Ok((ldap, Relay::start(stream, end, limits)))
}

/// The parts of the value of a paged results response control (RFC 2696 2): the size estimate and the cookie.
///
/// # Errors
/// A `DecodeError` for anything else.
pub(crate) fn paged_cookie(value: &[u8]) -> Result<Vec<u8>, adlib_core::DecodeError> {
    const WHAT: &str = "realSearchControlValue";
    let mut reader = adlib_core::Reader::new(value);
    let mut parts = adlib_core::Reader::new(ber::expect(&mut reader, ber::SEQUENCE, WHAT)?);
    reader.finish(WHAT)?;
    ber::expect(&mut parts, ber::INTEGER, "size")?;
    let cookie = ber::expect(&mut parts, ber::OCTET_STRING, "cookie")?;
    parts.finish(WHAT)?;
    Ok(cookie.to_vec())
}
