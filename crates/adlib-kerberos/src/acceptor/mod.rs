//! The service's side: from a client's bytes to an accepted client (RFC 4120 3.2.3).
//!
//! Each step consumes the one before, so that none can be left out:
//! [`UnverifiedApReq`] -> [`DecryptedApReq`] -> [`PendingReplay`] -> [`Accepted`].

mod accepted;
mod addresses;
mod ap_rep;
mod ap_req;
mod authorization;
mod decrypted;
mod delegation;
mod key_search;
mod krb_error;
mod names;
mod pending;
mod plaintext;
mod replay;
mod ticket_acceptor;

pub use accepted::{Accepted, Evidence, PacState};
pub(crate) use ap_rep::first_number;
pub use ap_req::UnverifiedApReq;
pub(crate) use authorization::TicketAuthorization;
pub use decrypted::{Connection, DecryptedApReq};
pub use delegation::DelegatedCredential;
pub use key_search::KeyTried;
pub use pending::{Fresh, PendingReplay, ReplayRecord};
#[cfg(feature = "std")]
pub use replay::{MemoryReplayCache, conformance};
pub use replay::{ReplayCache, ReplayError};
pub use ticket_acceptor::TicketAcceptor;
