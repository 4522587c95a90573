#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod crypto;
mod error;
pub mod message;

pub use crypto::{ClientChallenge, NtHash, Ntlmv2Response, ResponseKey, SessionBaseKey};
pub use error::Rejection;
