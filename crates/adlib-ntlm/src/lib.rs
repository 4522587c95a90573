#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod crypto;
mod error;
pub mod message;

pub use crypto::{ClientChallenge, LmHash, NtHash, Ntlmv2Response, ResponseKey, SessionBaseKey, SessionKey};
pub use error::Rejection;
