//! Why a peer is not believed: one variant a clause, with what an operator needs.

use adlib_core::{DecodeError, gss};

use crate::message::{EncodeError, NegotiateFlags};

/// A clause of the specification, or of the policy, that a peer did not keep.
///
/// For the operator: names, numbers and times, and never a response or a key. The user is told nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are not what they should be.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The answer would not fit into a message: the peer's names, or our own, are too long.
    #[error("no answer fits into a message: {0}")]
    AnswerTooLong(#[from] EncodeError),
    /// The peer does not agree to what is needed.
    #[error("the peer does not agree to {missing}")]
    FlagsMissing {
        /// The flags that it left out.
        missing: NegotiateFlags,
    },
    /// The challenge holds no attribute pairs: the server knows no `NTLMv2`.
    #[error("the challenge holds no target information")]
    TargetInfoMissing,
    /// The challenge does not name its server and domain, which a signed session needs (MS-NLMP 3.1.5.1.2).
    #[error("the challenge does not name its server and domain")]
    ServerNamesMissing,
    /// The NT proof is not the one that the password's hash makes (MS-NLMP 3.3.2).
    #[error("the NT proof does not match the password")]
    WrongProof,
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
            Self::AnswerTooLong(_) => "answer-too-long",
            Self::FlagsMissing { .. } => "flags-missing",
            Self::TargetInfoMissing => "target-info-missing",
            Self::ServerNamesMissing => "server-names-missing",
            Self::WrongProof => "wrong-proof",
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
