//! The side that is asked: `Acceptor`, `AwaitingAuthenticate`, `PendingProof`, `Session` (MS-NLMP 3.2).

mod challenge;
mod claim;
mod gss;
mod pending;
mod terms;

pub use challenge::{Acceptor, AwaitingAuthenticate, MAX_NEGOTIATE_BYTES, ServerChallenge, ServerNames};
pub use gss::LookupAcceptor;
pub use pending::{NetworkLogon, NetworkValidation, PendingProof};
