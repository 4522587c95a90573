//! What an application accepts: a plain value with safe defaults.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use adlib_core::BindingsMode;

/// What is accepted, read by [`AwaitingAuthenticate::authenticate`](crate::AwaitingAuthenticate::authenticate).
///
/// Responses of version 2 are; what is older is only with a `danger_*`.
///
/// ```
/// use adlib_ntlm::{MicMode, Policy};
///
/// let mut policy = Policy::default();
/// assert!(!policy.danger_accept_v1);
/// policy.mic = MicMode::Require;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// By how much the response's time may differ from ours (R10); `None`: by any. Default: 5 minutes.
    pub clock_tolerance: Option<Duration>,
    /// Whether the messages must have a MIC. Default: if the client says that it sends one.
    pub mic: MicMode,
    /// Whether the client must tie its response to the connection. Default: if it offers to.
    pub bindings: BindingsMode,
    /// For which services responses are accepted. Default: any.
    pub targets: AcceptedTargets,
    /// Believe a target name of which the client says that it has it from a source it does not trust. It counts only
    /// where `targets` are listed. Default: no.
    pub danger_accept_untrusted_targets: bool,
    /// Accept anonymous sessions, which are nobody's. Default: no.
    pub danger_accept_anonymous: bool,
    /// Accept the guest account, whose password everybody knows. Default: no.
    pub danger_accept_guest: bool,
    /// Accept `NTLMv1`, with and without extended session security: its responses give the hash away. Default: no.
    pub danger_accept_v1: bool,
    /// Accept a LAN Manager response alone, `LMv2` included. Default: no.
    pub danger_accept_lm: bool,
    /// Accept sessions that are signed or sealed with keys of 40 or 56 bits, or without extended session security.
    /// Default: no.
    pub danger_accept_weak_keys: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            clock_tolerance: Some(Duration::from_secs(300)),
            mic: MicMode::IfPromised,
            bindings: BindingsMode::IfOffered,
            targets: AcceptedTargets::Any,
            danger_accept_untrusted_targets: false,
            danger_accept_anonymous: false,
            danger_accept_guest: false,
            danger_accept_v1: false,
            danger_accept_lm: false,
            danger_accept_weak_keys: false,
        }
    }
}

/// What is done about the MIC. One that is there must be right, whatever the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MicMode {
    /// It must be there if the response says so, which nobody can change who does not know the password.
    IfPromised,
    /// It must be there. Old clients, and some that are not Windows, send none.
    Require,
}

/// The services for which responses are accepted, as the client names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptedTargets {
    /// Every service, and a client that names none.
    Any,
    /// These, as `HTTP/app.corp.example.com`, compared without case.
    Only(Vec<String>),
}
