//! What an accepted handshake showed.

use alloc::string::String;

use adlib_core::BindingsState;

/// What was seen while a response was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// How the account was proven.
    pub response: ResponseVersion,
    /// Whether the messages were those that both sides saw.
    pub mic: MicState,
    /// Whether the client means this connection.
    pub bindings: BindingsState,
    /// The service that the client means; `None` if it names none.
    pub target_name: Option<String>,
    /// Whether the client says that it does not trust its source of that name.
    pub untrusted_target: bool,
    /// The response's time less ours, in seconds; `None` if the response has none, or nobody asked.
    pub clock_difference_s: Option<i64>,
    /// Whether it is a guest, whoever was named.
    pub guest: bool,
}

/// What an account is proven with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseVersion {
    /// `NTLMv2`.
    NtlmV2,
    /// `NTLMv1` with extended session security.
    NtlmV1Extended,
    /// `NTLMv1`.
    NtlmV1,
    /// `LMv2` alone.
    LmV2,
    /// LM alone.
    Lm,
    /// Nothing: nobody is proven.
    Anonymous,
}

impl ResponseVersion {
    /// The version as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NtlmV2 => "ntlmv2",
            Self::NtlmV1Extended => "ntlmv1-extended",
            Self::NtlmV1 => "ntlmv1",
            Self::LmV2 => "lmv2",
            Self::Lm => "lm",
            Self::Anonymous => "anonymous",
        }
    }
}

/// The code over the three messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MicState {
    /// It is right: nobody changed a message.
    Valid,
    /// There is none, and the client promised none.
    Absent,
}

impl MicState {
    /// The state as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Absent => "absent",
        }
    }
}
