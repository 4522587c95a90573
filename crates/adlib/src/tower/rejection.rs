//! Why a request is not let through.

use http::StatusCode;

use crate::{Reason, Refusal, SignInError};

/// Why a request was not let through, for the operator.
///
/// It is in the extensions of the response, where a layer around this one finds it, and in the log. Nothing of it is sent
/// to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The request has no `Authorization`, or that of another scheme: the client is asked to sign in.
    #[error("the request has no credentials of a scheme that is spoken here")]
    NoCredentials,
    /// The next leg of a handshake was sent, and the client is asked to answer it.
    #[error("the handshake goes on")]
    Continued,
    /// More than one `Authorization` header.
    #[error("the request has more than one Authorization header")]
    TwoHeaders,
    /// An `Authorization` header of more than 64 KiB; its length.
    #[error("the Authorization header has {0} bytes")]
    HeaderTooLarge(usize),
    /// What follows the scheme is no token in base64.
    #[error("the Authorization header has no token in base64")]
    NotBase64,
    /// The scheme `NTLM` with a token of something else.
    #[error("the scheme is NTLM, and the token is not")]
    NotNtlm,
    /// The next leg came by another scheme than the first.
    #[error("the handshake began by another scheme")]
    SchemeChanged,
    /// The next leg came too late.
    #[error("the handshake has waited too long for its next leg")]
    Expired,
    /// NTLM over HTTP/2 or 3, whose connections have no order of requests.
    #[error(
        "NTLM belongs to a connection, and over this version of HTTP requests mix: the client must use HTTP/1.1"
    )]
    NtlmOverHttp2,
    /// A handshake of several legs over HTTP/2 or 3.
    #[error("a handshake of several legs belongs to a connection: the client must use HTTP/1.1")]
    LegsOverHttp2,
    /// A handshake of several legs where the server names no connections.
    #[error("a handshake of several legs needs a NegotiateConnection, and the server gives none")]
    NoConnection,
    /// NTLM on a connection on which a Kerberos token was refused: a downgrade.
    #[error("the client sent NTLM after a Kerberos token of it was refused")]
    NtlmAfterKerberos,
    /// So many handshakes have begun and not ended that no other may.
    #[error("too many handshakes have begun and not ended")]
    TooManyHandshakes,
    /// Who signed in may not use this service.
    #[error("the application does not admit this user")]
    NotAdmitted,
    /// The token was refused, or nobody could decide.
    #[error(transparent)]
    Token(SignInError),
}

impl Rejection {
    /// The reason in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCredentials => "no-credentials",
            Self::Continued => "continued",
            Self::TwoHeaders => "two-authorization-headers",
            Self::HeaderTooLarge(_) => "header-too-large",
            Self::NotBase64 => "not-base64",
            Self::NotNtlm => "not-ntlm",
            Self::SchemeChanged => "scheme-changed",
            Self::Expired => "handshake-expired",
            Self::NtlmOverHttp2 => "ntlm-over-http2",
            Self::LegsOverHttp2 => "several-legs-over-http2",
            Self::NoConnection => "no-connection",
            Self::NtlmAfterKerberos => "ntlm-after-kerberos",
            Self::TooManyHandshakes => "too-many-handshakes",
            Self::NotAdmitted => "not-admitted",
            Self::Token(SignInError::Refused(refusal)) => refusal.reason().as_str(),
            Self::Token(SignInError::Failed(_)) => "undecided",
        }
    }

    /// The refusal of a request of nobody, for the records; `None` where no sign-in was refused, or the acceptor did it,
    /// which has records of its own.
    pub(super) fn of_the_layer(&self) -> Option<Refusal> {
        let reason = match self {
            // Who is not admitted is known, and recorded by name.
            Self::NoCredentials | Self::Continued | Self::Token(_) | Self::NotAdmitted => return None,
            Self::NtlmAfterKerberos => Reason::NtlmAfterKerberos,
            other => Reason::Token(other.reason()),
        };
        Some(Refusal::new(reason, self.to_string()))
    }

    /// 401: sign in, or sign in otherwise. 403: known, and not admitted. 400 and 431: no client that means it sends
    /// that. 503: nobody could decide.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::TwoHeaders | Self::NotBase64 | Self::NotNtlm => StatusCode::BAD_REQUEST,
            Self::HeaderTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NotAdmitted => StatusCode::FORBIDDEN,
            Self::TooManyHandshakes | Self::Token(SignInError::Failed(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token(SignInError::Refused(refusal)) if matches!(refusal.reason(), Reason::Unreachable) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::UNAUTHORIZED,
        }
    }
}
