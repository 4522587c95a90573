//! Why a PAC was refused.

use alloc::{boxed::Box, string::String};

use adlib_core::{DecodeError, Sid, UnixTime};

use super::BufferType;
use crate::ChecksumType;

/// Why a PAC was not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacRejection {
    /// The bytes are not what they should be.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// A buffer of this type appears twice.
    #[error("two buffers of type {}", .0.0)]
    BufferTwice(BufferType),
    /// Buffers share bytes.
    #[error("the buffer of type {} overlaps another", .0.0)]
    BufferOverlap(BufferType),
    /// There is no server signature.
    #[error("no server signature")]
    ServerSignatureMissing,
    /// The server signature is unkeyed, or of a type that does not go with the service's key (MS14-068).
    #[error("the server signature has checksum type {}, the key makes type {}", found.0, expected.0)]
    ServerSignatureType {
        /// The type that was found.
        found: ChecksumType,
        /// The type that the key makes.
        expected: ChecksumType,
    },
    /// The server signature is not the PAC's.
    #[error("the server signature is wrong")]
    ServerSignature,
    /// A signature with the controllers' key is wrong, for who has that key.
    #[error("the controllers' signature of type {} is wrong", .0.0)]
    ControllersSignature(BufferType),
    /// There is no client information, which ties the PAC to its ticket.
    #[error("no client information")]
    ClientInfoMissing,
    /// The PAC is about another client than the ticket.
    #[error("the PAC is about {pac:?}, the ticket about {ticket:?}")]
    ClientName {
        /// The name in the PAC.
        pac: String,
        /// The name in the ticket.
        ticket: String,
    },
    /// The PAC is of another sign-in than the ticket.
    #[error("the PAC is of a sign-in at {}, the ticket of one at {ticket}", At(pac))]
    ClientTime {
        /// The time in the PAC.
        pac: Option<UnixTime>,
        /// The time in the ticket.
        ticket: UnixTime,
    },
    /// Two buffers name different users (noPac).
    #[error("the PAC names two users: {logon} and {other}")]
    SidMismatch {
        /// The user of the logon information.
        logon: Box<Sid>,
        /// The user of the other buffer.
        other: Box<Sid>,
    },
}

impl PacRejection {
    /// The variant's name in kebab case, after `pac-`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "pac-malformed",
            Self::BufferTwice(_) => "pac-buffer-twice",
            Self::BufferOverlap(_) => "pac-buffer-overlap",
            Self::ServerSignatureMissing => "pac-server-signature-missing",
            Self::ServerSignatureType { .. } => "pac-server-signature-type",
            Self::ServerSignature => "pac-server-signature",
            Self::ControllersSignature(_) => "pac-controllers-signature",
            Self::ClientInfoMissing => "pac-client-info-missing",
            Self::ClientName { .. } => "pac-client-name",
            Self::ClientTime { .. } => "pac-client-time",
            Self::SidMismatch { .. } => "pac-sid-mismatch",
        }
    }
}

/// A time that may be "never".
struct At<'a>(&'a Option<UnixTime>);

impl core::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(time) => write!(f, "{time}"),
            None => f.write_str("no time"),
        }
    }
}
