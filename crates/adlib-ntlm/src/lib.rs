#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate self as adlib_ntlm;
#[cfg(test)]
extern crate std;

mod acceptor;
pub mod crypto;
mod error;
mod evidence;
mod initiator;
pub mod message;
mod policy;
mod saved_credential;
mod session;

#[cfg(test)]
#[allow(
    dead_code,
    reason = "written for the tests of whole handshakes, which need more of it"
)]
#[path = "../tests/handshake/scene.rs"]
mod scene;

pub use adlib_core::{BindingsMode, BindingsState};

pub use acceptor::{
    Acceptor, AwaitingAuthenticate, LookupAcceptor, MAX_NEGOTIATE_BYTES, NetworkLogon, NetworkValidation,
    PendingProof, ServerChallenge, ServerNames,
};
pub use crypto::{ClientChallenge, LmHash, NtHash, Ntlmv2Response, ResponseKey, SessionBaseKey, SessionKey};
pub use error::Rejection;
pub use evidence::{Evidence, MicState, ResponseVersion};
pub use initiator::{AwaitingChallenge, Ephemeral, Initiator};
pub use policy::{AcceptedTargets, MicMode, Policy};
pub use saved_credential::SavedCredential;
pub use session::{Account, Session};
