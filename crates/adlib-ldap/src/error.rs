//! Why a directory could not be asked, with what an operator can do about it.

use std::{fmt, time::Duration};

use adlib_core::{DecodeError, gss::Protection};

use crate::{Incomplete, Rejection};

/// A request that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No server is configured.
    #[error("no server to connect to; name at least one")]
    NoEndpoint,
    /// No connection to a server.
    #[error(
        "{endpoint}: cannot connect: {reason}; is the server up, and does a firewall let this port through?"
    )]
    Connect {
        /// The server.
        endpoint: String,
        /// What the system says.
        reason: String,
    },
    /// Several servers or addresses were tried, and none of them took the connection.
    #[error("no server could be reached: {}", Joined(.0))]
    NoneReachable(Vec<Error>),
    /// Nothing came in time.
    #[error("{endpoint}: {what} took longer than {} s; is the server overloaded or the time-out too short?", .after.as_secs_f32())]
    Timeout {
        /// The server.
        endpoint: String,
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The server's certificate, or the encryption that it offers, is not good enough.
    #[error("{endpoint}: {failure}")]
    Tls {
        /// The server.
        endpoint: String,
        /// What is wrong.
        failure: TlsFailure,
    },
    /// The authorities to trust cannot be used.
    #[error("certificates of authorities: {0}")]
    Authorities(String),
    /// The server will not encrypt a connection that must be encrypted.
    #[error(
        "{endpoint}: the server refuses StartTLS (code {code}: {message}); use `ldaps`, or give the server a certificate"
    )]
    StartTlsRefused {
        /// The server.
        endpoint: String,
        /// The LDAP result code.
        code: u32,
        /// What the server says.
        message: ServerMessage,
    },
    /// The name to bind as is empty.
    #[error("the name to bind as is empty")]
    EmptyName,
    /// The password is empty, which servers take for an anonymous success (RFC 4513 5.1.2).
    #[error("the password is empty, so the server was not asked")]
    EmptyPassword,
    /// The server refuses the name and the password.
    #[error("{endpoint}: bind as `{name}` refused: {rejection} ({message})")]
    BindRefused {
        /// The server.
        endpoint: String,
        /// The name that was bound as.
        name: String,
        /// The reason.
        rejection: Rejection,
        /// What the server says.
        message: ServerMessage,
    },
    /// A simple bind where nothing protects the password.
    #[error("{endpoint}: a simple bind would send the password in the clear; bind by SASL, or use `ldaps`")]
    PasswordInTheClear {
        /// The server.
        endpoint: String,
    },
    /// A search before the bind whose layer would protect it.
    #[error("{endpoint}: nothing may be asked before the bind that protects this connection")]
    NotBound {
        /// The server.
        endpoint: String,
    },
    /// A second bind on a connection that the first one's session protects.
    #[error("{endpoint}: bound already, by the session that protects this connection; open another")]
    BoundAlready {
        /// The server.
        endpoint: String,
    },
    /// The mechanism would not go on with this server.
    #[error("{endpoint}: bind as `{name}` given up: {detail} ({reason})")]
    Mechanism {
        /// The server.
        endpoint: String,
        /// The name that was bound as.
        name: String,
        /// The mechanism's clause in kebab-case, stable.
        reason: &'static str,
        /// What the mechanism says.
        detail: String,
    },
    /// The mechanism agreed to a protection that does not fit the connection: none over TLS, all without it.
    #[error("{endpoint}: the mechanism protects messages by {}, but this connection needs {}", Shown(*.agreed), Shown(*.needed))]
    WrongProtection {
        /// The server.
        endpoint: String,
        /// What the connection needs.
        needed: Protection,
        /// What the mechanism and the server agreed to.
        agreed: Protection,
    },
    /// The server does not offer the layer that the connection needs (RFC 4752 3.3).
    #[error("{endpoint}: the server does not offer {} of messages (it offers {offered:#05b}); use `ldaps`", Shown(*.needed))]
    LayerNotOffered {
        /// The server.
        endpoint: String,
        /// What the connection needs.
        needed: Protection,
        /// The server's bits: 1 no layer, 2 integrity, 4 confidentiality.
        offered: u8,
    },
    /// Code 8 over TLS: the server takes no SASL bind that TLS protects. This says nothing about the password.
    #[error(
        "{endpoint}: the server takes no SASL bind over TLS ({message}); set `ldap server require strong auth = allow_sasl_over_tls` on it, or use `sasl`"
    )]
    SaslOverTlsRefused {
        /// The server.
        endpoint: String,
        /// What the server says.
        message: ServerMessage,
    },
    /// Code 8: the server wants a bind to be signed or encrypted. This says nothing about the password.
    #[error("{endpoint}: the server takes binds over a protected connection only ({message}); use `ldaps`")]
    StrongerAuthRequired {
        /// The server.
        endpoint: String,
        /// What the server says.
        message: ServerMessage,
    },
    /// Code 53: the server does not do this, whoever asks. This says nothing about the password.
    #[error("{endpoint}: the server is unwilling to {what} ({message}); its policy must allow it")]
    UnwillingToPerform {
        /// The server.
        endpoint: String,
        /// What it was asked for.
        what: &'static str,
        /// What the server says.
        message: ServerMessage,
    },
    /// The server wants the bind tied to the TLS connection (`data 80090346`).
    #[error(
        "{endpoint}: channel binding refused ({message}); the server demands it (LdapEnforceChannelBinding), or a proxy breaks up TLS in between"
    )]
    ChannelBindingRefused {
        /// The server.
        endpoint: String,
        /// What the server says.
        message: ServerMessage,
    },
    /// There is no entry of this name, or no right to see it.
    #[error("{endpoint}: `{dn}` does not exist, or may not be seen by the account that asks")]
    NoSuchObject {
        /// The server.
        endpoint: String,
        /// The name that was searched below.
        dn: String,
    },
    /// Any other answer that is not success.
    #[error("{endpoint}: {what} failed with code {code} ({message})")]
    Refused {
        /// The server.
        endpoint: String,
        /// What it was asked for.
        what: &'static str,
        /// The LDAP result code (RFC 4511 A.1).
        code: u32,
        /// What the server says.
        message: ServerMessage,
    },
    /// What changed was not read to its end, so none of it counts.
    #[error("{endpoint}: not read to the end: {reason}")]
    Incomplete {
        /// The server.
        endpoint: String,
        /// Why not.
        reason: Incomplete,
    },
    /// The server broke the protocol, and the connection was cut.
    #[error("{endpoint}: not an LDAP server that can be talked to: {violation}")]
    Protocol {
        /// The server.
        endpoint: String,
        /// What it did.
        violation: Violation,
    },
    /// The connection ended before the answer did.
    #[error("{endpoint}: the connection was lost: {reason}")]
    Lost {
        /// The server.
        endpoint: String,
        /// What ended it.
        reason: String,
    },
    /// This side could not make what a connection needs.
    #[error("this system refuses what a connection needs: {0}")]
    System(String),
}

impl Error {
    /// Whether nothing more can be asked on this connection.
    pub(crate) const fn ends_the_connection(&self) -> bool {
        matches!(
            self,
            Self::Timeout { .. } | Self::Protocol { .. } | Self::Lost { .. }
        )
    }

    /// Whether the server answered, and the answer is no.
    pub(crate) const fn is_an_answer(&self) -> bool {
        matches!(
            self,
            Self::StrongerAuthRequired { .. }
                | Self::UnwillingToPerform { .. }
                | Self::NoSuchObject { .. }
                | Self::Refused { .. }
        )
    }
}

/// What is wrong with the server's certificate or its TLS (A53).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate is for other names.
    #[error("the server's certificate is not for this name, but for {}; connect by one of its names", NameList(.presented))]
    WrongName {
        /// The names that it is for.
        presented: Vec<String>,
    },
    /// The certificate was signed by nobody that is trusted.
    #[error(
        "the server's certificate was signed by an authority that is not trusted; name the authority's certificate as `ca_file`"
    )]
    UnknownAuthority,
    /// A signature is wrong: of another authority with the name of a trusted one, or of somebody without the key.
    #[error(
        "a signature on the server's certificate or handshake is wrong; if the authority was set up anew, name its present certificate as `ca_file`"
    )]
    BadSignature,
    /// The certificate's time has passed.
    #[error("the server's certificate has expired; renew it, or correct this machine's clock")]
    Expired,
    /// The certificate's time has not come.
    #[error("the server's certificate is not valid yet; correct this machine's clock")]
    NotYetValid,
    /// The certificate was taken back.
    #[error("the server's certificate was revoked")]
    Revoked,
    /// The server's name is none that a certificate could bear.
    #[error("`{0}` is neither a host name nor an address that a certificate could be for")]
    InvalidName(String),
    /// Something else about TLS.
    #[error("TLS failed: {0}")]
    Other(String),
}

/// What a server did that no LDAP server does (A50).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A message is not what RFC 4511 says.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// An answer to a request that was not made, or was answered already.
    #[error("an answer to message {0}, which was not asked")]
    UnknownMessage(u32),
    /// An answer of a kind that does not fit the request.
    #[error("an answer of kind {0:#04x}, which does not fit the request")]
    WrongKind(u8),
    /// An answer beyond the limits.
    #[error(
        "an answer of at least {messages} messages and {bytes} bytes, which is beyond the limits; use smaller pages"
    )]
    AnswerTooLarge {
        /// How many messages came.
        messages: usize,
        /// How many bytes came.
        bytes: usize,
    },
    /// Bytes in the clear after the agreement to encrypt, which somebody in between may have put there.
    #[error("bytes in the clear after StartTLS")]
    ClearAfterStartTls,
    /// Bytes in the clear after the bind that agreed to protect them, which somebody in between may have put there.
    #[error("bytes in the clear after a bind that protects the connection")]
    ClearAfterBind,
    /// A buffer of the security layer beyond the limits.
    #[error("a buffer of {0} bytes in the security layer, which is beyond the limits")]
    BufferTooLarge(usize),
    /// The session refuses a buffer of the security layer, for this reason.
    #[error("a buffer of the security layer is not the server's: {0}")]
    BrokenProtection(&'static str),
    /// Success, while the mechanism still waits for the server's proof: whoever merely says yes proves nothing (A64).
    #[error("it accepts a bind before the mechanism is done")]
    EarlySuccess,
    /// A step of a bind without the token that the mechanism waits for.
    #[error("it goes on with a bind, but sends no token")]
    NoCredentials,
    /// A token after the mechanism's last.
    #[error("it sends a token that the mechanism has no use for")]
    UnexpectedCredentials,
    /// One step of a bind after the other, and no end.
    #[error("it goes on with a bind without end")]
    EndlessBind,
    /// The offer of a security layer is not what RFC 4752 says.
    #[error("its offer of a security layer cannot be used")]
    BadOffer,
}

/// Text from a server: cut to a length that fits a line, control characters replaced, so that it can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerMessage(String);

impl ServerMessage {
    const MAX_CHARS: usize = 300;

    /// `text`, made fit to be shown.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim_end_matches(['\0', '\n', '\r', ' ']);
        let reorders = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let shown = |c: char| {
            if c.is_control() || reorders(c) {
                '\u{fffd}'
            } else {
                c
            }
        };
        Self(text.chars().map(shown).take(Self::MAX_CHARS).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("no text")
        } else {
            f.write_str(&self.0)
        }
    }
}

/// A protection in words.
struct Shown(Protection);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Protection::None => "nothing",
            Protection::Integrity => "signing",
            Protection::Confidentiality => "signing and encryption",
        })
    }
}

/// Errors in one line.
struct Joined<'a>(&'a [Error]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Names in one line.
struct NameList<'a>(&'a [String]);

impl fmt::Display for NameList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, name) in self.0.iter().enumerate() {
            let name = ServerMessage::new(name);
            write!(f, "{}{name}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A61
    #[test]
    fn a61_text_of_a_server_cannot_drive_a_terminal() {
        let message = ServerMessage::new("\u{1b}[2Jdata\u{202e}52e\r\n\0");
        assert_eq!(message.as_str(), "\u{fffd}[2Jdata\u{fffd}52e");
        assert_eq!(ServerMessage::new(&"x".repeat(1000)).as_str().len(), 300);
    }

    #[test]
    fn an_error_says_what_to_do() {
        let failure = TlsFailure::WrongName {
            presented: vec!["dc1.example.com".into(), "dc2.example.com".into()],
        };
        let error = Error::Tls {
            endpoint: "10.0.0.1:636".into(),
            failure,
        };
        let line = "10.0.0.1:636: the server's certificate is not for this name, but for dc1.example.com, \
                    dc2.example.com; connect by one of its names";
        assert_eq!(error.to_string(), line);
    }
}
