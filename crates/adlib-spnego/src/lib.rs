#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod acceptor;
mod error;
mod initiator;
mod mechanism;
mod sniff;
mod token;

pub use acceptor::{Acceptor, AwaitingMechanism, Negotiation, Offer, Received, Refused, Settled};
pub use error::Rejection;
pub use initiator::Initiator;
pub use mechanism::Mechanism;
pub use sniff::{TokenKind, sniff};
pub use token::{MAX_MECH_TYPES, MechType, NegState, NegTokenInit, NegTokenResp};
