//! Why no KDC gave an answer.

use std::{fmt, io::ErrorKind, net::SocketAddr};

/// No KDC gave an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreachable {
    /// Every address that was tried, in order; empty when none was known.
    pub tried: Vec<Attempt>,
    /// Whether a KDC is there all the same: it took a connection, or answered an earlier message of the exchange. Then
    /// Kerberos can be used in this realm, and that it takes long is no reason to use something weaker (R5).
    pub reached: bool,
}

impl std::error::Error for Unreachable {}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no KDC answers")?;
        if self.tried.is_empty() {
            return f.write_str(": no address is known");
        }
        for (number, attempt) in self.tried.iter().enumerate() {
            write!(f, "{} {attempt}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// An attempt to ask a KDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The host's name as it was found.
    pub host: String,
    /// The address of this attempt.
    pub address: SocketAddr,
    /// Why there was no answer.
    pub failure: AttemptFailure,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({})", self.host, self.address, self.failure)
    }
}

/// Why a KDC gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptFailure {
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Io(ErrorKind),
    /// The time for this attempt ran out.
    #[error("timed out")]
    TimedOut,
    /// The KDC says that it cannot answer at present.
    #[error("unavailable at present")]
    Unavailable,
    /// Somebody answers, and it is no KDC.
    #[error("an answer that is no Kerberos message")]
    NotAKdc,
    /// A message of a length that is not acceptable.
    #[error("a message of {0} bytes")]
    Length(u32),
}

impl From<std::io::Error> for AttemptFailure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}
