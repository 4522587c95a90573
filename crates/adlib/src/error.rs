//! Why something could not go on, as opposed to would not ([`Refusal`]).

use crate::{Reason, Refusal};

/// Something that could not go on: a server that cannot be reached, an input that is not in order.
///
/// The text holds what an operator needs to mend it, and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration asks for something that cannot be.
    #[error("{0}")]
    Configuration(String),
    /// A file cannot be read, or is not what it should be; with its name and, where there is one, its line.
    #[error("{0}")]
    File(String),
    /// No server answered in time.
    #[error("{0}")]
    Unreachable(String),
    /// A directory cannot be read: TLS, the bind, or the search.
    #[error("{0}")]
    Directory(String),
    /// A directory could be read only in part, and the call needs all of it.
    #[error("the directory was not read to its end, so nothing was done: {0}")]
    Incomplete(String),
    /// The store failed, or another run holds it.
    #[error("the store: {0}")]
    Store(String),
    /// The plan cannot be made or applied.
    #[error("{0}")]
    Plan(String),
}

impl Error {
    /// The same as a refusal, where a sign-in could not be decided because nobody could be asked (R9).
    #[must_use]
    pub fn as_refusal(&self) -> Option<Refusal> {
        match self {
            Self::Unreachable(detail) => Some(Refusal::new(Reason::Unreachable, detail.clone())),
            _ => None,
        }
    }
}

/// A sign-in that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The user is not let in.
    #[error("{0}")]
    Refused(Refusal),
    /// Nobody could decide.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl SignInError {
    /// What the user is told: the same for every reason, and when nobody could decide (R9).
    #[must_use]
    pub const fn user_message(&self) -> &'static str {
        crate::USER_MESSAGE
    }
}

impl From<Refusal> for SignInError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
