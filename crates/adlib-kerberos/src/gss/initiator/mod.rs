//! The client's side: a service ticket in an AP-REQ, the AP-REP that answers, the session (RFC 4120 3.2, RFC 4121).
//!
//! [`TicketInitiator`] -> [`AwaitingApRep`] -> [`KerberosSession`](super::KerberosSession): each consumes the one before.

mod ap_rep;
mod ap_req;
mod rejection;

pub use ap_rep::AwaitingApRep;
pub use ap_req::{Begun, InitiatorOptions, TicketInitiator};
pub use rejection::ApRepRejection;
