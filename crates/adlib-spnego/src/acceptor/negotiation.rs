//! The negotiation itself, whoever runs the mechanisms.

use alloc::{borrow::ToOwned, boxed::Box, vec::Vec};
use core::fmt;

use adlib_core::gss::{Protection, Session};

use crate::{
    MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Rejection, TokenKind,
    initiator::check_protected, sniff,
};

/// A negotiation that awaits the initiator's next token.
///
/// Whatever the initiator sends, raw or in SPNEGO, what comes out is a token for one mechanism, or an answer, or a
/// refusal. The mechanisms are run by the caller, who may have to wait for somebody; [`Acceptor`](crate::Acceptor) runs
/// those that need not wait.
///
/// Of the mechanisms on offer, the initiator's first that is admitted here is chosen. When that is not the one which
/// the initiator prefers, both sides must prove what the list was (RFC 4178 5); so they must for NTLM that signs messages,
/// as Windows does and whoever speaks to it. Otherwise they do if the initiator begins to.
///
/// A step takes the negotiation by value: after a refusal there is none to go on with.
///
/// ```
/// use adlib_spnego::{MechType, Mechanism, NegTokenInit, Negotiation, Received};
///
/// let ap_req = [0x6e, 0x03, 0x30, 0x01, 0x00];
/// let token = NegTokenInit {
///     mech_types: vec![MechType::KERBEROS, MechType::NTLM],
///     mech_token: Some(&ap_req),
///     mech_list_mic: None,
/// };
/// let negotiation = Negotiation::new(&[Mechanism::Kerberos]);
/// match negotiation.receive(&token.encode()) {
///     Ok(Received::Token { mechanism: Mechanism::Kerberos, token, .. }) => assert_eq!(token, ap_req),
///     other => panic!("{other:?}"),
/// }
/// ```
#[must_use]
pub struct Negotiation {
    state: State,
}

/// What is awaited of the initiator.
enum State {
    /// Its first token.
    Offer { admitted: Vec<Mechanism> },
    /// The next token of the chosen mechanism.
    Token(Chosen),
    /// The code over the list, all else being done; ours is out.
    Mic {
        chosen: Chosen,
        session: Box<dyn Session>,
    },
}

/// The mechanism that is negotiated.
struct Chosen {
    mechanism: Mechanism,
    wrapping: Option<Wrapping>,
}

/// SPNEGO around the mechanism's tokens.
struct Wrapping {
    /// The mechanism by the name that the initiator used.
    mech_type: Vec<u8>,
    /// The encoded list of mechanisms.
    list: Vec<u8>,
    /// Whether both sides must prove what the list was.
    mic_required: bool,
    /// Whether the first answer is out, which names the mechanism.
    answered: bool,
}

/// What a token of the initiator's asks for.
#[must_use]
pub enum Received {
    /// The mechanism's turn.
    Token {
        /// The mechanism.
        mechanism: Mechanism,
        /// For the mechanism.
        token: Vec<u8>,
        /// What awaits the mechanism's word.
        then: AwaitingMechanism,
    },
    /// The initiator has to answer first.
    Answer {
        /// For the initiator.
        token: Vec<u8>,
        /// What awaits its answer.
        next: Negotiation,
    },
    /// The initiator proved what the list was, and all is done.
    Done {
        /// What the context is good for.
        session: Box<dyn Session>,
    },
}

/// Where the mechanism's word leads.
#[must_use]
pub enum Settled {
    /// The initiator has to prove yet what the list was.
    Continue {
        /// For the initiator.
        token: Vec<u8>,
        /// What awaits its answer.
        next: Negotiation,
    },
    /// All is done.
    Done {
        /// For the initiator; `None` when it needs no more.
        token: Option<Vec<u8>>,
        /// What the context is good for.
        session: Box<dyn Session>,
        /// Whether both sides proved what the list was.
        mic: bool,
    },
}

/// A negotiation that is over.
#[derive(Debug)]
#[must_use]
pub struct Refused {
    /// Why.
    pub rejection: Rejection,
    /// For the initiator, if it would understand one.
    pub token: Option<Vec<u8>>,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self {
            rejection,
            token: None,
        }
    }
}

impl Negotiation {
    /// A negotiation in which nothing was said, of the mechanisms that are `admitted`.
    pub fn new(admitted: &[Mechanism]) -> Self {
        let admitted = admitted.to_vec();
        Self {
            state: State::Offer { admitted },
        }
    }

    /// Take the initiator's `token`.
    ///
    /// # Errors
    /// [`Refused`], whose `rejection` is any of [`Rejection`].
    pub fn receive(self, token: &[u8]) -> Result<Received, Refused> {
        match self.state {
            State::Offer { admitted } if sniff(token) == TokenKind::NegTokenInit => {
                receive_offer(&admitted, token)
            }
            State::Offer { admitted } => receive_raw(&admitted, token),
            State::Token(chosen) => chosen.receive_token(token),
            State::Mic { chosen, session } => chosen.receive_mic(session, token),
        }
    }

    const fn token(chosen: Chosen) -> Self {
        Self {
            state: State::Token(chosen),
        }
    }
}

/// The first token, without SPNEGO around it.
fn receive_raw(admitted: &[Mechanism], token: &[u8]) -> Result<Received, Refused> {
    let mechanism = Mechanism::of_token(token)?;
    if !admitted.contains(&mechanism) {
        return Err(Rejection::NotAdmitted(mechanism).into());
    }
    let chosen = Chosen {
        mechanism,
        wrapping: None,
    };
    Ok(chosen.turn(token.to_owned(), None))
}

/// The first token, with an offer.
fn receive_offer(admitted: &[Mechanism], token: &[u8]) -> Result<Received, Refused> {
    let init = NegTokenInit::decode(token).map_err(Rejection::from)?;
    let (mech_type, mechanism) = choose(admitted, &init).map_err(Refused::wrapped)?;
    let preferred = init.mech_types.first().copied().and_then(Mechanism::of) == Some(mechanism);
    let mut chosen = Chosen {
        mechanism,
        wrapping: Some(Wrapping {
            mech_type: mech_type.0.to_owned(),
            list: init.mech_type_list(),
            mic_required: !preferred,
            answered: false,
        }),
    };
    match init.mech_token.filter(|_| preferred) {
        Some(token) => {
            match Mechanism::of_token(token) {
                Ok(found) if found == mechanism => {}
                Err(named @ (Rejection::NegoEx | Rejection::Iakerb | Rejection::UserToUser)) => {
                    return Err(Refused::wrapped(named));
                }
                Ok(_) | Err(_) => return Err(Refused::wrapped(Rejection::TokenMismatch)),
            }
            let mic = init.mech_list_mic.map(ToOwned::to_owned);
            Ok(chosen.turn(token.to_owned(), mic))
        }
        // A token of another mechanism is left aside (RFC 4178 4.2.1).
        None => {
            let state = if preferred {
                NegState::AcceptIncomplete
            } else {
                NegState::RequestMic
            };
            let token = chosen.encode(state, None, None);
            Ok(Received::Answer {
                token,
                next: Negotiation::token(chosen),
            })
        }
    }
}

/// The initiator's first mechanism that is admitted, by its name.
fn choose<'a>(
    admitted: &[Mechanism],
    init: &NegTokenInit<'a>,
) -> Result<(MechType<'a>, Mechanism), Rejection> {
    let known = || {
        init.mech_types
            .iter()
            .filter_map(|name| Some((*name, Mechanism::of(*name)?)))
    };
    if let Some(chosen) = known().find(|(_, mechanism)| admitted.contains(mechanism)) {
        return Ok(chosen);
    }
    if let Some((_, mechanism)) = known().next() {
        return Err(Rejection::NotAdmitted(mechanism));
    }
    let named = init.mech_types.iter().find_map(|name| match *name {
        MechType::NEGOEX => Some(Rejection::NegoEx),
        MechType::IAKERB => Some(Rejection::Iakerb),
        MechType::USER_TO_USER => Some(Rejection::UserToUser),
        _ => None,
    });
    Err(named.unwrap_or(Rejection::UnknownMechanisms))
}

impl Refused {
    /// A refusal of which the initiator is told, in SPNEGO.
    fn wrapped(rejection: Rejection) -> Self {
        Self {
            rejection,
            token: Some(encode_reject(None)),
        }
    }
}

fn encode_reject(reply: Option<&[u8]>) -> Vec<u8> {
    NegTokenResp {
        state: Some(NegState::Reject),
        response_token: reply,
        ..NegTokenResp::default()
    }
    .encode()
}

impl Chosen {
    /// The mechanism's turn, with its `token` and, if it comes along, the code over the list.
    const fn turn(self, token: Vec<u8>, mic: Option<Vec<u8>>) -> Received {
        Received::Token {
            mechanism: self.mechanism,
            token,
            then: AwaitingMechanism { chosen: self, mic },
        }
    }

    fn receive_token(self, token: &[u8]) -> Result<Received, Refused> {
        if self.wrapping.is_none() {
            return Ok(self.turn(token.to_owned(), None));
        }
        let resp = decode_resp(token)?;
        let mic = resp.mech_list_mic.map(ToOwned::to_owned);
        match resp.response_token {
            Some(token) => Ok(self.turn(token.to_owned(), mic)),
            None => Err(Refused::wrapped(Rejection::NoToken)),
        }
    }

    fn receive_mic(self, mut session: Box<dyn Session>, token: &[u8]) -> Result<Received, Refused> {
        let resp = decode_resp(token)?;
        if resp.response_token.is_some_and(|token| !token.is_empty()) {
            return Err(Refused::wrapped(Rejection::TokenAfterEnd));
        }
        let mic = resp
            .mech_list_mic
            .ok_or_else(|| Refused::wrapped(Rejection::MicMissing))?;
        self.verify(&mut *session, mic)?;
        Ok(Received::Done { session })
    }

    /// Compare the initiator's code over the list.
    fn verify(&self, session: &mut dyn Session, mic: &[u8]) -> Result<(), Refused> {
        let list = self.wrapping.as_ref().map_or(&[][..], |wrapping| &wrapping.list);
        let verified = session.verify_mech_list_mic(list, mic);
        verified.map_err(|error| Refused::wrapped(Rejection::WrongMic(error.reason())))
    }

    /// Our code over the list.
    fn mic(&self, session: &mut dyn Session) -> Result<Vec<u8>, Refused> {
        let list = self.wrapping.as_ref().map_or(&[][..], |wrapping| &wrapping.list);
        let mic = session.mech_list_mic(list);
        mic.map_err(|error| Refused::wrapped(Rejection::NoMic(error.reason())))
    }

    fn encode(&mut self, state: NegState, reply: Option<&[u8]>, mic: Option<&[u8]>) -> Vec<u8> {
        let Some(wrapping) = &mut self.wrapping else {
            return reply.map(ToOwned::to_owned).unwrap_or_default();
        };
        let first = !core::mem::replace(&mut wrapping.answered, true);
        NegTokenResp {
            state: Some(state),
            supported_mech: first.then_some(MechType(&wrapping.mech_type)),
            response_token: reply,
            mech_list_mic: mic,
        }
        .encode()
    }
}

fn decode_resp(token: &[u8]) -> Result<NegTokenResp<'_>, Refused> {
    let resp = NegTokenResp::decode(token).map_err(|error| Refused::wrapped(error.into()))?;
    if resp.state == Some(NegState::Reject) {
        return Err(Rejection::PeerRejects.into());
    }
    Ok(resp)
}

/// A negotiation that awaits what its mechanism says of a token.
#[must_use]
pub struct AwaitingMechanism {
    chosen: Chosen,
    /// The initiator's code over the list, which came along with the token.
    mic: Option<Vec<u8>>,
}

impl AwaitingMechanism {
    /// The mechanism needs another token, and answers with `reply`.
    pub fn proceed(mut self, reply: &[u8]) -> (Vec<u8>, Negotiation) {
        let token = self.chosen.encode(NegState::AcceptIncomplete, Some(reply), None);
        (token, Negotiation::token(self.chosen))
    }

    /// The mechanism knows the initiator, and sends it a last `reply` if it needs one.
    ///
    /// # Errors
    /// `WrongMic`, `NoMic`, `Unprotected`.
    pub fn established(
        self,
        reply: Option<&[u8]>,
        mut session: Box<dyn Session>,
    ) -> Result<Settled, Refused> {
        let Self { mut chosen, mic } = self;
        let Some(wrapping) = &chosen.wrapping else {
            let token = reply.map(ToOwned::to_owned);
            return Ok(Settled::Done {
                token,
                session,
                mic: false,
            });
        };
        // Who signs by NTLM and offers it here proves the list: else it could be made the preferred one on the way.
        let signs = chosen.mechanism == Mechanism::Ntlm && session.protection() != Protection::None;
        let mic_required = wrapping.mic_required || signs;
        if let Some(mic) = mic {
            chosen.verify(&mut *session, &mic)?;
            let own = chosen.mic(&mut *session)?;
            let token = chosen.encode(NegState::AcceptCompleted, reply, Some(&own));
            return Ok(Settled::Done {
                token: Some(token),
                session,
                mic: true,
            });
        }
        if !mic_required {
            let token = chosen.encode(NegState::AcceptCompleted, reply, None);
            return Ok(Settled::Done {
                token: Some(token),
                session,
                mic: false,
            });
        }
        check_protected(chosen.mechanism, &*session, mic_required).map_err(Refused::wrapped)?;
        let own = chosen.mic(&mut *session)?;
        let token = chosen.encode(NegState::AcceptIncomplete, reply, Some(&own));
        let state = State::Mic { chosen, session };
        Ok(Settled::Continue {
            token,
            next: Negotiation { state },
        })
    }

    /// The mechanism refuses, and has `reply` for the initiator; what to send, if anything.
    #[must_use]
    pub fn reject(self, reply: Option<&[u8]>) -> Option<Vec<u8>> {
        match self.chosen.wrapping {
            Some(_) => Some(encode_reject(reply)),
            None => reply.map(ToOwned::to_owned),
        }
    }

    /// Whether SPNEGO is around the mechanism's tokens.
    #[must_use]
    pub const fn is_wrapped(&self) -> bool {
        self.chosen.wrapping.is_some()
    }
}

impl fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let awaited = match &self.state {
            State::Offer { .. } => "offer",
            State::Token(_) => "token",
            State::Mic { .. } => "mechListMIC",
        };
        f.debug_struct("Negotiation")
            .field("awaits", &awaited)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AwaitingMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitingMechanism")
            .field("mechanism", &self.chosen.mechanism)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Received {
    /// Without tokens, which may hold what a password can be guessed from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { mechanism, .. } => write!(f, "Token({mechanism})"),
            Self::Answer { .. } => f.write_str("Answer"),
            Self::Done { .. } => f.write_str("Done"),
        }
    }
}
