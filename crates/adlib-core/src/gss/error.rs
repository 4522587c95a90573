//! What a mechanism says when it does not go on.

use alloc::boxed::Box;

use crate::DecodeError;

/// Why a context was not made, or a message not taken, whatever the mechanism.
///
/// The mechanism's own rejection is the source, for the operator; nothing of it is for the peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's bytes are no token of this mechanism.
    #[error("not a token of this mechanism: {0}")]
    Malformed(#[from] DecodeError),
    /// The mechanism will not go on with this peer.
    #[error("{source}")]
    Refused {
        /// The clause in kebab-case, stable, for logs and machines.
        reason: &'static str,
        /// The mechanism's rejection.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A refusal for `reason`, with the mechanism's own rejection as its source.
    pub fn refused(reason: &'static str, rejection: impl core::error::Error + Send + Sync + 'static) -> Self {
        Self::Refused {
            reason,
            source: Box::new(rejection),
        }
    }

    /// The clause in kebab-case, stable: `malformed`, or the mechanism's.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Refused { reason, .. } => reason,
        }
    }
}
