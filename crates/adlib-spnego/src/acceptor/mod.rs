//! The side that is asked (RFC 4178 4.2.2, MS-SPNG 3.2).

mod gss;
mod negotiation;
mod offer;

pub use gss::Acceptor;
pub use negotiation::{AwaitingMechanism, Negotiation, Received, Refused, Settled};
pub use offer::Offer;
