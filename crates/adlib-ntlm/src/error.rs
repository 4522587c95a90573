//! Why a peer is not believed.

/// A clause of the specification that a peer did not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The NT proof is not the one that the password's hash makes (MS-NLMP 3.3.2).
    #[error("the NT proof does not match the password")]
    WrongProof,
}

impl Rejection {
    /// The clause in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::WrongProof => "wrong-proof",
        }
    }
}
