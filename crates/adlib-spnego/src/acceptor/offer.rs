//! The acceptor's side: the client's first token, and the answer to it.

use alloc::{borrow::ToOwned, vec::Vec};

use crate::{MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Rejection, TokenKind, sniff};

/// What a client begins with: a mechanism and its token, whether or not SPNEGO is around it.
///
/// The token is that of the mechanism which the client prefers, and no other is ever taken: so nobody on the way can make
/// both sides agree on a weaker one, and the integrity code over the list may be left out (RFC 4178 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<'a> {
    mechanism: Mechanism,
    token: &'a [u8],
    /// The mechanism by the name that the client used, if SPNEGO is around the token.
    wrapped: Option<MechType<'a>>,
}

impl<'a> Offer<'a> {
    /// Find the mechanism and its token in whatever the client sent.
    ///
    /// # Errors
    /// Why there is none that adlib speaks; each reason is a variant.
    pub fn read(token: &'a [u8]) -> Result<Self, Rejection> {
        match sniff(token) {
            TokenKind::NegTokenInit => Self::unwrap(&NegTokenInit::decode(token)?),
            _ => Ok(Self {
                mechanism: Mechanism::of_token(token)?,
                token,
                wrapped: None,
            }),
        }
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The mechanism's own token: an AP-REQ, in its GSS frame or bare, or an NTLM message.
    #[must_use]
    pub const fn token(&self) -> &'a [u8] {
        self.token
    }

    /// Whether SPNEGO was around the token.
    #[must_use]
    pub const fn is_wrapped(&self) -> bool {
        self.wrapped.is_some()
    }

    /// What to send to the client: `reply`, the mechanism's own, wrapped if the client's token was.
    #[must_use]
    pub fn answer(&self, state: NegState, reply: Option<&[u8]>) -> Vec<u8> {
        match self.wrapped {
            None => reply.map(ToOwned::to_owned).unwrap_or_default(),
            Some(mech) => NegTokenResp {
                state: Some(state),
                supported_mech: (state != NegState::Reject).then_some(mech),
                response_token: reply,
                mech_list_mic: None,
            }
            .encode(),
        }
    }

    fn unwrap(init: &NegTokenInit<'a>) -> Result<Self, Rejection> {
        let preferred = preferred(&init.mech_types)?;
        let mechanism = Mechanism::of(preferred).ok_or(Rejection::UnknownPreferred)?;
        let token = init.mech_token.ok_or(Rejection::NoToken)?;
        match Mechanism::of_token(token) {
            Ok(found) if found == mechanism => Ok(Self {
                mechanism,
                token,
                wrapped: Some(preferred),
            }),
            Err(rejection @ (Rejection::NegoEx | Rejection::Iakerb | Rejection::UserToUser)) => {
                Err(rejection)
            }
            Ok(_) | Err(_) => Err(Rejection::TokenMismatch),
        }
    }
}

/// The mechanism that a client prefers, if the list holds any that adlib speaks.
fn preferred<'a>(mech_types: &[MechType<'a>]) -> Result<MechType<'a>, Rejection> {
    let first = *mech_types.first().ok_or(Rejection::UnknownMechanisms)?;
    match first {
        MechType::NEGOEX => Err(Rejection::NegoEx),
        MechType::IAKERB => Err(Rejection::Iakerb),
        MechType::USER_TO_USER => Err(Rejection::UserToUser),
        _ if mech_types.iter().any(|known| Mechanism::of(*known).is_some()) => Ok(first),
        _ => Err(Rejection::UnknownMechanisms),
    }
}
