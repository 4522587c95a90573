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

#[cfg(test)]
mod tests {
    use alloc::{boxed::Box, vec::Vec};

    use adlib_core::{
        Secret,
        gss::{Error, Initiator as _, InitiatorStep, NTLM_OID, Peer, Protection, Session},
    };

    use super::*;
    use crate::{Initiator, MechType, NegState, NegTokenInit, NegTokenResp, Negotiation, Offer, Received};

    const NTLM: &[u8] = b"NTLMSSP\0\x01\0\0\0";

    /// A session that believes every code, and makes none.
    struct Mute;

    impl Session for Mute {
        fn mechanism(&self) -> &'static [u8] {
            NTLM_OID
        }
        fn peer(&self) -> Option<Peer> {
            None
        }
        fn protection(&self) -> Protection {
            Protection::None
        }
        fn wrap(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
            Err(Rejection::PeerRejects.into())
        }
        fn unwrap(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
            Err(Rejection::PeerRejects.into())
        }
        fn mic(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
            Err(Rejection::PeerRejects.into())
        }
        fn verify_mic(&mut self, _: &[u8], mic: &[u8]) -> Result<(), Error> {
            if mic == b"good" {
                Ok(())
            } else {
                Err(Rejection::PeerRejects.into())
            }
        }
        fn key(&self) -> Option<Secret<Vec<u8>>> {
            None
        }
    }

    /// A mechanism that always has more to say.
    struct Talkative;

    impl adlib_core::gss::Initiator for Talkative {
        fn step(self: Box<Self>, _: &[u8]) -> Result<InitiatorStep, Error> {
            Ok(InitiatorStep::Continue {
                token: NTLM.to_vec(),
                next: self,
            })
        }
    }

    fn offer(list: &[MechType<'_>], token: Option<&[u8]>, mic: Option<&[u8]>) -> Vec<u8> {
        NegTokenInit {
            mech_types: list.to_vec(),
            mech_token: token,
            mech_list_mic: mic,
        }
        .encode()
    }

    fn negotiation() -> Negotiation {
        Negotiation::new(&[Mechanism::Ntlm])
    }

    fn refused(token: &[u8]) -> Rejection {
        negotiation().receive(token).unwrap_err().rejection
    }

    fn resp(change: impl FnOnce(&mut NegTokenResp<'_>)) -> Vec<u8> {
        let mut resp = NegTokenResp::default();
        change(&mut resp);
        resp.encode()
    }

    /// What follows NTLM's first token.
    fn after(token: &[u8], list: &[MechType<'_>], mic: Option<&[u8]>) -> Rejection {
        let first = offer(list, Some(NTLM), mic);
        let mut received = negotiation().receive(&first).unwrap();
        if let Received::Answer { next, .. } = received {
            received = next
                .receive(&resp(|resp| resp.response_token = Some(NTLM)))
                .unwrap();
        }
        let Received::Token { then, .. } = received else {
            unreachable!("{received:?}");
        };
        if token.is_empty() {
            return then.established(None, Box::new(Mute)).err().unwrap().rejection;
        }
        let (_, next) = then.proceed(b"challenge");
        next.receive(token).unwrap_err().rejection
    }

    /// What an initiator makes of an answer.
    fn answered(answer: &[u8]) -> &'static str {
        let initiator = Box::new(Initiator::preferring(Mechanism::Ntlm, Box::new(Talkative)));
        match initiator.step(&[]).unwrap() {
            InitiatorStep::Continue { next, .. } => next.step(answer).err().unwrap().reason(),
            InitiatorStep::Done { .. } => "done",
        }
    }

    /// I4: a way to each rejection; a new one does not compile without.
    fn meet(rejection: Rejection) -> &'static str {
        let ntlm = [MechType::NTLM];
        let met = match rejection {
            Rejection::Malformed(_) => refused(b"\xa0\x01"),
            Rejection::UnknownToken => refused(b"GET"),
            Rejection::ResponseFirst => refused(&resp(|_| {})),
            Rejection::UnknownMechanisms => refused(&offer(&[], None, None)),
            Rejection::UnknownPreferred => {
                let list = [MechType(b"\x2a"), MechType::NTLM];
                Offer::read(&offer(&list, Some(NTLM), None)).unwrap_err()
            }
            Rejection::NoToken => after(&resp(|_| {}), &ntlm, None),
            Rejection::TokenMismatch => refused(&offer(&ntlm, Some(b"\x6e\x00"), None)),
            Rejection::NegoEx => refused(&offer(&[MechType::NEGOEX], None, None)),
            Rejection::Iakerb => refused(&offer(&[MechType::IAKERB], None, None)),
            Rejection::UserToUser => refused(&offer(&[MechType::USER_TO_USER], None, None)),
            Rejection::NotAdmitted(_) => refused(&offer(&[MechType::KERBEROS], None, None)),
            Rejection::UnexpectedMechanism => {
                return answered(&resp(|resp| resp.supported_mech = Some(MechType::KERBEROS)));
            }
            Rejection::EndedEarly => {
                return answered(&resp(|resp| {
                    resp.state = Some(NegState::AcceptCompleted);
                    resp.response_token = Some(b"challenge");
                }));
            }
            Rejection::PeerRejects => after(&resp(|resp| resp.state = Some(NegState::Reject)), &ntlm, None),
            // They need a session that makes codes: tests/negotiation/attacks.rs, a29 and an_acceptor_that_lies.
            Rejection::TokenAfterEnd | Rejection::MicMissing => return rejection.reason(),
            Rejection::WrongMic(_) => after(b"", &ntlm, Some(b"bad")),
            Rejection::NoMic(_) => after(b"", &ntlm, Some(b"good")),
            Rejection::Unprotected => after(b"", &[MechType::KERBEROS, MechType::NTLM], None),
        };
        met.reason()
    }

    /// I4
    #[test]
    fn every_rejection_can_be_met() {
        let malformed = NegTokenResp::decode(b"\xa1").unwrap_err();
        for rejection in [
            Rejection::Malformed(malformed),
            Rejection::UnknownToken,
            Rejection::ResponseFirst,
            Rejection::UnknownMechanisms,
            Rejection::UnknownPreferred,
            Rejection::NoToken,
            Rejection::TokenMismatch,
            Rejection::NegoEx,
            Rejection::Iakerb,
            Rejection::UserToUser,
            Rejection::NotAdmitted(Mechanism::Kerberos),
            Rejection::UnexpectedMechanism,
            Rejection::EndedEarly,
            Rejection::PeerRejects,
            Rejection::WrongMic(""),
            Rejection::NoMic(""),
            Rejection::Unprotected,
        ] {
            assert_eq!(meet(rejection), rejection.reason(), "{rejection}");
        }
    }
}
