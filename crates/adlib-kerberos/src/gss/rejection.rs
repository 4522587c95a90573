//! Why a message of a session was refused.

use adlib_core::{DecodeError, gss};

/// Why a protected message was not taken, or none was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageRejection {
    /// The bytes are no token of this mechanism.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The two sides agreed to leave messages as they are.
    #[error("no protection of messages was agreed")]
    NotAgreed,
    /// The token was made by this side, and comes back.
    #[error("the message is one of our own")]
    Reflected,
    /// The token was made with another key than the one agreed.
    #[error(
        "the message is protected with another key than the acceptor's subkey, or with it though there is none"
    )]
    OtherKey,
    /// The signature is not the message's.
    #[error("the message was altered")]
    Signature,
    /// The message came before.
    #[error("message {number} came before")]
    Replayed {
        /// Its number.
        number: u64,
    },
    /// A message before it is missing.
    #[error("message {number} came, {expected} was expected")]
    OutOfOrder {
        /// The number that it should have had.
        expected: u64,
        /// Its number.
        number: u64,
    },
}

impl MessageRejection {
    /// The variant's name in kebab case: stable, for logs and tools.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::NotAgreed => "protection-not-agreed",
            Self::Reflected => "message-reflected",
            Self::OtherKey => "message-other-key",
            Self::Signature => "message-altered",
            Self::Replayed { .. } => "message-replayed",
            Self::OutOfOrder { .. } => "message-out-of-order",
        }
    }
}

impl From<MessageRejection> for gss::Error {
    fn from(rejection: MessageRejection) -> Self {
        match rejection {
            MessageRejection::Malformed(error) => Self::Malformed(error),
            rejection => Self::refused(rejection.reason(), rejection),
        }
    }
}
