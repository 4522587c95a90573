//! The mechanisms that can be negotiated.

use core::fmt;

use crate::{MechType, Rejection, TokenKind, sniff};

/// A mechanism that adlib speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// Kerberos 5, by either of its names.
    Kerberos,
    /// NTLM.
    Ntlm,
}

impl Mechanism {
    /// The mechanism by this name, if it is spoken here.
    #[must_use]
    pub fn of(mech_type: MechType<'_>) -> Option<Self> {
        match mech_type {
            MechType::KERBEROS | MechType::MICROSOFT_KERBEROS => Some(Self::Kerberos),
            MechType::NTLM => Some(Self::Ntlm),
            _ => None,
        }
    }

    /// The mechanism of a token that is not wrapped.
    ///
    /// # Errors
    /// `ResponseFirst`, `NegoEx`, `Iakerb`, `UserToUser`, `UnknownToken`.
    pub(crate) fn of_token(token: &[u8]) -> Result<Self, Rejection> {
        match sniff(token) {
            TokenKind::RawKerberos => Ok(Self::Kerberos),
            TokenKind::RawNtlm => Ok(Self::Ntlm),
            TokenKind::NegTokenResp => Err(Rejection::ResponseFirst),
            TokenKind::NegoEx => Err(Rejection::NegoEx),
            TokenKind::Iakerb => Err(Rejection::Iakerb),
            TokenKind::UserToUser => Err(Rejection::UserToUser),
            TokenKind::NegTokenInit | TokenKind::Unknown => Err(Rejection::UnknownToken),
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kerberos => "kerberos",
            Self::Ntlm => "ntlm",
        })
    }
}
