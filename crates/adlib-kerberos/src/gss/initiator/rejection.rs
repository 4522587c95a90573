//! Why an initiator did not believe the service.

use adlib_core::{DecodeError, gss};

use crate::ErrorCode;

/// Why the answer to an AP-REQ was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApRepRejection {
    /// The bytes are no AP-REP and no KRB-ERROR.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The service says that it refuses, which anybody on the way can say.
    #[error("the service says error {}", .0.0)]
    PeerError(ErrorCode),
    /// The session key does not open the answer: whoever sent it could not read the ticket.
    #[error("the session key does not open the service's answer")]
    NotOpened,
    /// The answer is to another message.
    #[error("the service answers another message")]
    OtherMessage,
    /// The service's subkey is of a type that is not spoken here or weaker than the session key, or of a wrong length.
    #[error("the service chose a key of type {etype} with {length} bytes")]
    Subkey {
        /// The number of its encryption type.
        etype: i32,
        /// Its length in bytes.
        length: usize,
    },
}

impl ApRepRejection {
    /// The variant's name in kebab case: stable, for logs and tools.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::PeerError(_) => "service-error",
            Self::NotOpened => "ap-rep-not-opened",
            Self::OtherMessage => "ap-rep-other-message",
            Self::Subkey { .. } => "ap-rep-subkey",
        }
    }
}

impl From<ApRepRejection> for gss::Error {
    fn from(rejection: ApRepRejection) -> Self {
        match rejection {
            ApRepRejection::Malformed(error) => Self::Malformed(error),
            rejection => Self::refused(rejection.reason(), rejection),
        }
    }
}
