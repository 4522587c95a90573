//! What a decoder says when bytes are not what they should be.

/// Bytes that could not be decoded: what was being read, where, and what is wrong with it.
///
/// The error holds positions and names, never the bytes themselves, so that it can be logged whatever the
/// message contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}: {kind}")]
pub struct DecodeError {
    /// The field or structure being read, by its name in the specification.
    pub what: &'static str,
    /// The position in the input that the decoder was given, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// The ways in which bytes can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends before the field does.
    #[error("the input ends too early")]
    Truncated,
    /// An offset or a length points outside of its container.
    #[error("points outside of the input")]
    OutOfBounds,
    /// The input goes on after its end.
    #[error("bytes follow the end")]
    Trailing,
    /// A fixed value (signature, tag, version) is another one.
    #[error("is not the expected value")]
    Unexpected,
    /// A value is not in the range that the specification allows.
    #[error("has a value that is not allowed")]
    Invalid,
    /// A count or size exceeds what this decoder accepts.
    #[error("exceeds the limit of {0}")]
    Limit(usize),
    /// Text is not valid in its encoding.
    #[error("is not valid text")]
    Text,
}

impl DecodeError {
    /// An error of `kind` in `what` at `offset`.
    #[must_use]
    pub const fn new(what: &'static str, offset: usize, kind: DecodeErrorKind) -> Self {
        Self { what, offset, kind }
    }
}
