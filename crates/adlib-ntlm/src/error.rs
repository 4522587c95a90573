//! Why a peer is not believed: one variant a clause, with what an operator needs.

use alloc::string::String;
use core::time::Duration;

use adlib_core::{DecodeError, gss};

use crate::message::{AvId, EncodeError, NegotiateFlags};

/// A clause of the specification, or of the policy, that a peer did not keep.
///
/// For the operator: names, numbers and times, and never a response or a key. The user is told nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are not what they should be.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The answer cannot be written: names, the peer's or our own, are too long or not for its code page.
    #[error("no answer can be written: {0}")]
    Unanswerable(#[from] EncodeError),
    /// The peer does not agree to what is needed.
    #[error("the peer does not agree to {missing}")]
    FlagsMissing {
        /// The flags that it left out.
        missing: NegotiateFlags,
    },
    /// The client knows neither Unicode nor a code page.
    #[error("the client offers neither Unicode nor a code page")]
    NoCharacterSet,
    /// The challenge holds no attribute pairs: the server knows no `NTLMv2`.
    #[error("the challenge holds no target information")]
    TargetInfoMissing,
    /// The challenge does not name its server and domain, which a signed session needs (MS-NLMP 3.1.5.1.2).
    #[error("the challenge does not name its server and domain")]
    ServerNamesMissing,
    /// Nobody signs in, and the policy does not admit that.
    #[error("the client signs in as nobody")]
    Anonymous,
    /// A response without a user whose it could be.
    #[error("a response without a user")]
    EmptyUser,
    /// The guest account, which the policy does not admit.
    #[error("the user is a guest")]
    Guest,
    /// `NTLMv1`, which the policy does not admit.
    #[error("the response is NTLMv1, which the policy does not admit")]
    V1NotAdmitted,
    /// A LAN Manager response alone, which the policy does not admit.
    #[error("there is nothing but an LM response, which the policy does not admit")]
    LmNotAdmitted,
    /// A session key was agreed on, and this is none.
    #[error("the encrypted session key has {length} bytes")]
    SessionKeyLength {
        /// Its length in bytes.
        length: usize,
    },
    /// There is no such account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The NT proof is not the one that the password's hash makes (MS-NLMP 3.3.2).
    #[error("the NT proof does not match the password")]
    WrongProof,
    /// There is no MIC where the client promised one, or the policy requires one.
    #[error("the messages have no MIC")]
    MicMissing,
    /// The MIC is not the one over these messages: one of them was changed on its way.
    #[error("the MIC does not match the messages")]
    WrongMic,
    /// What the challenge said came back as something else: it was changed on its way, or is another's.
    #[error("attribute {} is not what the challenge said", .id.0)]
    TargetInfoChanged {
        /// The attribute.
        id: AvId,
    },
    /// The response has no time, or there is none to compare it with.
    #[error("the response has no time")]
    TimeMissing,
    /// The response's time differs from ours by more than the tolerance.
    #[error("the response is from {difference_s} s ahead; {} s are tolerated", tolerance.as_secs())]
    ClockSkew {
        /// The response's time less ours, in seconds.
        difference_s: i64,
        /// The policy's tolerance.
        tolerance: Duration,
    },
    /// The client sent no channel bindings where it must, or says that its connection has none.
    #[error("the client sent no channel bindings")]
    BindingsMissing,
    /// The client is bound to another connection.
    #[error("the client's channel bindings are another connection's")]
    BindingsMismatch,
    /// The client does not say which service it means.
    #[error("the client does not say which service it means")]
    TargetMissing,
    /// The client means another service.
    #[error("the client means {target:?}")]
    TargetMismatch {
        /// The service, as the client names it.
        target: String,
    },
    /// The client means this service by a name that it does not trust itself.
    #[error("the client has the name {target:?} from a source that it does not trust")]
    UntrustedTarget {
        /// The service, as the client names it.
        target: String,
    },
    /// Neither side agreed to sign or seal.
    #[error("no protection of messages was agreed on")]
    NotProtected,
    /// A message that was lost, repeated or left out.
    #[error("message {actual} came in place of {expected}")]
    OutOfOrder {
        /// The number of the message that is awaited.
        expected: u32,
        /// The number of the one that came.
        actual: u32,
    },
    /// A message was changed on its way.
    #[error("the signature does not match the message")]
    WrongSignature,
}

impl Rejection {
    /// The clause in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unanswerable(_) => "unanswerable",
            Self::FlagsMissing { .. } => "flags-missing",
            Self::NoCharacterSet => "no-character-set",
            Self::TargetInfoMissing => "target-info-missing",
            Self::ServerNamesMissing => "server-names-missing",
            Self::Anonymous => "anonymous",
            Self::EmptyUser => "empty-user",
            Self::Guest => "guest",
            Self::V1NotAdmitted => "v1-not-admitted",
            Self::LmNotAdmitted => "lm-not-admitted",
            Self::SessionKeyLength { .. } => "session-key-length",
            Self::UnknownAccount => "unknown-account",
            Self::WrongProof => "wrong-proof",
            Self::MicMissing => "mic-missing",
            Self::WrongMic => "wrong-mic",
            Self::TargetInfoChanged { .. } => "target-info-changed",
            Self::TimeMissing => "time-missing",
            Self::ClockSkew { .. } => "clock-skew",
            Self::BindingsMissing => "bindings-missing",
            Self::BindingsMismatch => "bindings-mismatch",
            Self::TargetMissing => "target-missing",
            Self::TargetMismatch { .. } => "target-mismatch",
            Self::UntrustedTarget { .. } => "untrusted-target",
            Self::NotProtected => "not-protected",
            Self::OutOfOrder { .. } => "out-of-order",
            Self::WrongSignature => "wrong-signature",
        }
    }
}

impl From<Rejection> for gss::Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(error) => Self::Malformed(error),
            rejection => Self::refused(rejection.reason(), rejection),
        }
    }
}
