//! What an encoder says when a value does not fit.

/// A value that no message can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {kind}")]
pub struct EncodeError {
    /// The field, by its name in the specification.
    pub what: &'static str,
    /// What is wrong.
    pub kind: EncodeErrorKind,
}

/// The ways in which a value can be unfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// It does not fit into the message, or into the number that says how long it is.
    #[error("is too long for a message")]
    TooLong,
    /// It is not ASCII, which is all that is known of the peer's code page.
    #[error("has letters that a code page may not have")]
    Text,
}

impl EncodeError {
    pub(crate) const fn too_long(what: &'static str) -> Self {
        Self {
            what,
            kind: EncodeErrorKind::TooLong,
        }
    }
}
