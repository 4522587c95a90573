//! GSS-API: the frame that Kerberos and SPNEGO share, and what every mechanism can do (RFC 2743).
//!
//! The traits are bytes in, bytes out: whoever carries the tokens needs to know no mechanism. Time, random numbers and
//! credentials are given to a mechanism when it is made.
//!
//! Trust level: framing looks at a peer's bytes and trusts none of them.

mod acceptor;
mod error;
mod framing;
mod initiator;
mod session;

pub use acceptor::{Acceptor, AcceptorStep};
pub use error::Error;
pub(crate) use framing::element;
pub use framing::{Framed, KERBEROS_OID, MICROSOFT_KERBEROS_OID, NTLM_OID, SPNEGO_OID, frame, unframe};
pub use initiator::{Initiator, InitiatorStep};
pub use session::{Peer, Protection, Session};
