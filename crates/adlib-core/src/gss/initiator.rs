//! The side that begins.

use alloc::{boxed::Box, vec::Vec};

use super::{Error, Session};

/// A context in the making, on the side that begins (RFC 2743 2.2.1).
///
/// A step consumes the state that it leaves, so a context that failed cannot be used again.
pub trait Initiator: Send {
    /// Take the acceptor's `token`, which is empty before the first.
    ///
    /// # Errors
    /// `Malformed` and `Refused`.
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error>;
}

/// Where a step of an initiator leads.
pub enum InitiatorStep {
    /// The acceptor has to answer.
    Continue {
        /// For the acceptor.
        token: Vec<u8>,
        /// What awaits the answer.
        next: Box<dyn Initiator>,
    },
    /// The context stands, on this side.
    Done {
        /// For the acceptor; `None` when it needs no more.
        token: Option<Vec<u8>>,
        /// What the context is good for.
        session: Box<dyn Session>,
    },
}
