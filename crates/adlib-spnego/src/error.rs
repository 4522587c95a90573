//! Why a token is refused.

use adlib_core::DecodeError;

/// A clause that a client's token does not keep, or a mechanism that adlib does not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The token cannot be decoded.
    #[error("the token cannot be decoded: {0}")]
    Malformed(#[from] DecodeError),
    /// The token is none of any kind that is known.
    #[error("the token is neither SPNEGO, Kerberos nor NTLM")]
    UnknownToken,
    /// The client begins with the token that should answer one (RFC 4178 4.2).
    #[error("the client began with a NegTokenResp")]
    ResponseFirst,
    /// The client offers mechanisms that adlib does not know, and no other.
    #[error("the client offers neither Kerberos nor NTLM")]
    UnknownMechanisms,
    /// The client prefers a mechanism that adlib does not know, and its token is for that one.
    #[error("the client prefers a mechanism that is not spoken here")]
    UnknownPreferred,
    /// The client sent no token along with its offer.
    #[error("the client sent no token for the mechanism that it prefers")]
    NoToken,
    /// The client's token is not of the mechanism that it prefers.
    #[error("the client's token is not of the mechanism that it prefers")]
    TokenMismatch,
    /// NEGOEX (MS-NEGOEX).
    #[error("the client negotiates by NEGOEX")]
    NegoEx,
    /// IAKERB: the client has no KDC and wants this side to relay.
    #[error("the client wants its Kerberos messages relayed (IAKERB)")]
    Iakerb,
    /// Kerberos user-to-user: the client asks for our ticket-granting ticket.
    #[error("the client asks for user-to-user authentication")]
    UserToUser,
}

impl Rejection {
    /// The clause in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UnknownToken => "unknown-token",
            Self::ResponseFirst => "response-first",
            Self::UnknownMechanisms => "unknown-mechanisms",
            Self::UnknownPreferred => "unknown-preferred-mechanism",
            Self::NoToken => "no-mech-token",
            Self::TokenMismatch => "token-mismatch",
            Self::NegoEx => "negoex",
            Self::Iakerb => "iakerb",
            Self::UserToUser => "user-to-user",
        }
    }
}
