//! Why a token is refused.

use adlib_core::{DecodeError, gss};

use crate::Mechanism;

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
    /// The peer speaks a mechanism that is not admitted here, and no other that is.
    #[error("the peer sent {0}, which is not admitted here")]
    NotAdmitted(Mechanism),
    /// The acceptor chose a mechanism that was not on offer, or changed its mind.
    #[error("the peer chose a mechanism that was not on offer")]
    UnexpectedMechanism,
    /// The acceptor says that all is done, and the mechanism has only begun.
    #[error("the peer ended the negotiation before the mechanism was done")]
    EndedEarly,
    /// The peer gives up (`reject`, RFC 4178 4.2.2).
    #[error("the peer rejects the negotiation")]
    PeerRejects,
    /// The peer sent a token for a mechanism that had its last.
    #[error("a token came for a mechanism that had its last")]
    TokenAfterEnd,
    /// The peer did not prove what the list of mechanisms was, where it must (RFC 4178 5).
    #[error("there is no integrity code over the list of mechanisms")]
    MicMissing,
    /// The peer's code is not over the list of mechanisms that was seen here: somebody changed it on its way.
    #[error("the integrity code over the list of mechanisms is refused: {0}")]
    WrongMic(&'static str),
    /// The chosen mechanism has no key to prove with what the list of mechanisms was.
    #[error("no integrity code over the list of mechanisms can be made: {0}")]
    NoMic(&'static str),
    /// A mechanism was chosen that is not the preferred one, and it agreed on nothing by which that could be proven.
    #[error("not the preferred mechanism, and nothing to prove with what the list of mechanisms was")]
    Unprotected,
}

impl From<Rejection> for gss::Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(error) => Self::Malformed(error),
            rejection => Self::refused(rejection.reason(), rejection),
        }
    }
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
            Self::NotAdmitted(_) => "mechanism-not-admitted",
            Self::UnexpectedMechanism => "unexpected-mechanism",
            Self::EndedEarly => "ended-early",
            Self::PeerRejects => "peer-rejects",
            Self::TokenAfterEnd => "token-after-end",
            Self::MicMissing => "mech-list-mic-missing",
            Self::WrongMic(_) => "wrong-mech-list-mic",
            Self::NoMic(_) => "no-mech-list-mic",
            Self::Unprotected => "mech-list-unprotected",
        }
    }
}
