//! Kerberos under GSS-API: tokens, and what a finished context does for messages (RFC 4121, RFC 4757 7).

pub(crate) mod checksum;
mod framing;
mod initiator;
mod rc4;
mod rejection;
mod sequence;
mod session;
mod token;

pub(crate) use checksum::{InitiatorChecksum, encode_checksum};
pub(crate) use framing::{AP_REP_TOKEN, AP_REQ_TOKEN, ERROR_TOKEN, Framing};
pub use initiator::{ApRepRejection, AwaitingApRep, Begun, InitiatorOptions, TicketInitiator};
pub use rejection::MessageRejection;
pub(crate) use session::{Agreement, Role};
pub use session::{KerberosSession, SessionRandom};
