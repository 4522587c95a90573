//! The side that is asked.

use alloc::{boxed::Box, vec::Vec};

use super::{Error, Session};

/// A context in the making, on the side that is asked (RFC 2743 2.2.2).
///
/// A mechanism that needs an answer from outside half-way, such as an account's hash, takes the function that gives it
/// when it is made. Where that answer must be awaited, the mechanism's own states are the way.
pub trait Acceptor: Send {
    /// Take the initiator's `token`.
    ///
    /// # Errors
    /// `Malformed` and `Refused`.
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, Error>;
}

/// Where a step of an acceptor leads.
pub enum AcceptorStep {
    /// The initiator has to answer.
    Continue {
        /// For the initiator.
        token: Vec<u8>,
        /// What awaits the answer.
        next: Box<dyn Acceptor>,
    },
    /// The initiator is who it says.
    Done {
        /// For the initiator; `None` when it needs no more.
        token: Option<Vec<u8>>,
        /// What the context is good for.
        session: Box<dyn Session>,
    },
}
