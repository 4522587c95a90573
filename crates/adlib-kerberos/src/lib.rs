#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;
// The scene of the integration tests names this crate as they do.
#[cfg(all(test, feature = "issue"))]
extern crate self as adlib_kerberos;

mod acceptor;
mod ccache;
mod crypto;
mod der;
mod error;
#[cfg(feature = "issue")]
#[doc(hidden)]
pub mod fuzzing;
mod gss;
pub mod initiator;
pub mod inspect;
#[cfg(feature = "issue")]
pub mod issue;
mod keytab;
mod number;
pub mod pac;
mod policy;
mod principal;
#[cfg(test)]
#[cfg(feature = "issue")]
#[path = "../tests/attacks/scene.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use more of it")]
mod scene;
mod ticket;

pub use adlib_core::{BindingsMode, BindingsState};

pub use acceptor::{
    Accepted, Connection, DecryptedApReq, DelegatedCredential, Evidence, Fresh, KeyTried, PacState,
    PendingReplay, ReplayCache, ReplayError, ReplayRecord, TicketAcceptor, UnverifiedApReq,
};
#[cfg(feature = "std")]
pub use acceptor::{MemoryReplayCache, conformance};
pub use ccache::{Ccache, CcacheError, UnusableCredentials};
pub use crypto::{KeyError, MAX_ITERATIONS, Random, ServiceKey, SessionKey};
pub use error::{Part, Rejection};
pub use gss::{
    ApRepRejection, AwaitingApRep, Begun, InitiatorOptions, KerberosSession, MessageRejection, SessionRandom,
    TicketInitiator,
};
pub use keytab::{Keytab, KeytabEntry, KeytabError, ReloadableKeytab, UnusableEntry};
pub use number::{ChecksumType, EncryptionType, ErrorCode, UnsupportedEtype, name_type};
pub use policy::{AcceptedServices, AddressMode, PacMode, Policy};
pub use principal::{Principal, PrincipalParseError};
pub use ticket::{TicketReport, UnverifiedTicket};
