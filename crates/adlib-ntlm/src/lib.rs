#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod crypto;
mod error;
mod initiator;
pub mod message;
mod session;

pub use crypto::{ClientChallenge, LmHash, NtHash, Ntlmv2Response, ResponseKey, SessionBaseKey, SessionKey};
pub use error::Rejection;
pub use initiator::{AwaitingChallenge, Ephemeral, Initiator};
pub use session::{Account, Session};
