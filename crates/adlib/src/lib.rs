#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "signin", feature = "sync", feature = "config"), doc = include_str!("tour.md"))]
#![forbid(unsafe_code)]

#[cfg(any(feature = "kerberos", feature = "ntlm"))]
mod acceptor;
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
mod audit;
#[cfg(feature = "signin")]
mod authenticator;
mod clock;
#[cfg(feature = "config")]
mod config;
mod directory;
#[cfg(all(feature = "config", feature = "signin"))]
mod doctor;
mod error;
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
mod identity;
#[cfg(feature = "kerberos")]
mod keys;
mod mode;
#[cfg(feature = "sync")]
mod nightly;
#[cfg(any(
    feature = "directory",
    feature = "kerberos",
    feature = "ntlm",
    feature = "sync"
))]
mod random;
#[cfg(feature = "signin")]
mod rate_limit;
mod refusal;
#[cfg(feature = "kerberos")]
mod replay;
mod source_role;
#[cfg(feature = "sync")]
mod syncer;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "signin")]
mod users;

#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub use acceptor::{Acceptor, AcceptorBuilder, Handshake, Step};
#[cfg(feature = "ntlm")]
pub use acceptor::{BoxFuture, HashLookup, KnownAccount, PassThrough};
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub use adlib_core::BindingsMode;
pub use adlib_core::{ChannelBindings, Guid, Password, Sid, UnixTime};
#[cfg(feature = "kerberos")]
pub use adlib_kerberos::{Keytab, PacMode, Policy as TicketPolicy};
pub use adlib_schema::{CardFormat, CardRule, Preset, UserName, read::DirectoryRead};
pub use adlib_upn::{AccountCase, LogonName, SuffixMap, Upn};
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub use audit::{Audit, AuditEvent, AuditRecord};
#[cfg(feature = "signin")]
pub use authenticator::{Authenticator, AuthenticatorBuilder};
pub use clock::{Clock, SystemClock};
#[cfg(feature = "config")]
pub use config::{
    BindConfig, BindMethod, CardConfig, Config, ConfigError, Controllers, DirectoryConfig, ProvisionRule,
    ScopeConfig, SignInConfig, SyncConfig, Transport,
};
#[cfg(feature = "directory")]
pub use directory::{Bind, ChangedDomain, Changes};
pub use directory::{Directory, Progress};
#[cfg(all(feature = "config", feature = "signin"))]
pub use doctor::{Check, CheckKind, CheckName, CheckState, Doctor, Examination, Problem};
pub use error::{Error, SignInError};
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub use identity::{
    BindEvidence, Evidence, GroupIdentity, Identity, KerberosEvidence, MechListMic, Mechanism,
    NegotiationEvidence, NtlmEvidence, NtlmResponseEvidence,
};
pub use mode::{Mode, ModeParseError};
#[cfg(feature = "sync")]
pub use nightly::Nightly;
#[cfg(feature = "signin")]
pub use rate_limit::{Attempt, RateLimit};
pub use refusal::{Reason, Refusal, USER_MESSAGE};
#[cfg(feature = "kerberos")]
pub use replay::ReplayCache;
#[cfg(feature = "redis")]
pub use replay::{RedisReplayCache, RedisReplayError};
pub use source_role::SourceRole;
#[cfg(feature = "sync")]
pub use syncer::Syncer;
#[cfg(all(feature = "signin", feature = "sync"))]
pub use users::StoreUsers;
#[cfg(feature = "signin")]
pub use users::{ListedBy, ListedUser, Provisioning, UserList};

/// What every crate has in common: SIDs, times, secrets, channel bindings, and the traits of mechanisms.
pub use adlib_core as core;
/// Controllers, and tickets from them.
#[cfg(feature = "directory")]
pub use adlib_kdc as kdc;
/// Verification of service tickets, for an application that has the client's token itself.
#[cfg(feature = "kerberos")]
pub use adlib_kerberos as kerberos;
/// Connections to directory servers.
#[cfg(feature = "directory")]
pub use adlib_ldap as ldap;
/// NTLM hashes, responses and messages.
#[cfg(feature = "ntlm")]
pub use adlib_ntlm as ntlm;
/// Records, filters, LDIF and presets.
pub use adlib_schema as schema;
/// Negotiation tokens: which mechanism a client's token is for, and what is in it.
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub use adlib_spnego as spnego;
/// Plans, guards, stores.
#[cfg(feature = "sync")]
pub use adlib_sync as sync;
/// Logon names and suffix maps.
pub use adlib_upn as upn;

/// The bytes of a file that the configuration names.
#[cfg(all(feature = "config", feature = "directory"))]
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::File(format!("{}: {error}", path.display())))
}

/// The code of the project's README, tested.
#[cfg(all(doctest, feature = "signin", feature = "sync", feature = "tower"))]
#[doc = include_str!("../../../README.md")]
struct ProjectReadme;
