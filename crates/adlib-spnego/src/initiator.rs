//! The side that begins (RFC 4178 4.2.1, MS-SPNG 3.1).

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use adlib_core::gss::{self, Error, InitiatorStep, Protection, Session};

use crate::{MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Rejection};

/// A [`gss::Initiator`] that offers its mechanisms, with the first token of the one it prefers.
///
/// When the acceptor chooses another, or asks for it, both sides prove what the list was (RFC 4178 5); so they do for
/// every mechanism that protects messages and ends on this side, as NTLM does.
///
/// ```
/// use adlib_core::gss;
/// use adlib_spnego::{Initiator, Mechanism};
///
/// fn either(ticket: Box<dyn gss::Initiator>, ntlm: Box<dyn gss::Initiator>) -> Box<dyn gss::Initiator> {
///     Box::new(Initiator::preferring(Mechanism::Kerberos, ticket).or(Mechanism::Ntlm, ntlm))
/// }
/// ```
pub struct Initiator {
    mechanisms: Vec<(Mechanism, Box<dyn gss::Initiator>)>,
}

/// The offer is out, and the preferred mechanism's token with it; the acceptor has to choose.
struct AwaitingChoice {
    /// Those that are not preferred.
    others: Vec<(Mechanism, Box<dyn gss::Initiator>)>,
    preferred: Running,
}

/// The mechanism is chosen.
struct AwaitingAnswer(Running);

/// A mechanism on its way.
struct Running {
    mechanism: Mechanism,
    progress: Progress,
    proof: ListProof,
}

/// What is proven of the list of mechanisms.
struct ListProof {
    /// The encoded list.
    list: Vec<u8>,
    /// Whether both sides must prove what it was.
    required: bool,
    /// Whether our code over it is out.
    sent: bool,
}

/// How far a mechanism is.
enum Progress {
    /// It awaits a token.
    Stepping(Box<dyn gss::Initiator>),
    /// It is done, on this side.
    Established(Box<dyn Session>),
}

impl Initiator {
    /// An initiator of one mechanism.
    #[must_use]
    pub fn preferring(mechanism: Mechanism, initiator: Box<dyn gss::Initiator>) -> Self {
        Self {
            mechanisms: Vec::from([(mechanism, initiator)]),
        }
    }

    /// The same initiator, with a mechanism that it likes less than those before.
    #[must_use]
    pub fn or(mut self, mechanism: Mechanism, initiator: Box<dyn gss::Initiator>) -> Self {
        self.mechanisms.push((mechanism, initiator));
        self
    }
}

impl gss::Initiator for Initiator {
    /// The first step. Where the acceptor began, with hints that nobody protects (MS-SPNG 2.2.1), they are left aside.
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        if !token.is_empty() {
            NegTokenInit::decode(token)?;
        }
        let names = self.mechanisms.iter().map(|(mechanism, _)| name(*mechanism));
        let mut init = NegTokenInit {
            mech_types: names.collect(),
            mech_token: None,
            mech_list_mic: None,
        };
        let list = init.mech_type_list();
        let mut mechanisms = self.mechanisms.into_iter();
        let (mechanism, initiator) = mechanisms.next().ok_or(Rejection::UnknownMechanisms)?;
        let (token, progress) = Progress::after(initiator.step(&[])?);
        init.mech_token = token.as_deref();
        let preferred = Running {
            mechanism,
            progress,
            proof: ListProof {
                list,
                required: false,
                sent: false,
            },
        };
        Ok(InitiatorStep::Continue {
            token: init.encode(),
            next: Box::new(AwaitingChoice {
                others: mechanisms.collect(),
                preferred,
            }),
        })
    }
}

impl gss::Initiator for AwaitingChoice {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        let Self {
            others,
            mut preferred,
        } = *self;
        let resp = NegTokenResp::decode(token)?;
        let chosen = match resp.supported_mech {
            Some(name) => Mechanism::of(name).ok_or(Rejection::UnexpectedMechanism)?,
            None => preferred.mechanism,
        };
        preferred.proof.required = resp.state == Some(NegState::RequestMic);
        if chosen == preferred.mechanism {
            return preferred.receive(&resp);
        }
        match resp.state {
            Some(NegState::Reject) => return Err(Rejection::PeerRejects.into()),
            // The mechanism that it chose has not begun.
            Some(NegState::AcceptCompleted) => return Err(Rejection::EndedEarly.into()),
            _ => {}
        }
        if resp.response_token.is_some_and(|token| !token.is_empty()) {
            // It has no token of this mechanism to answer yet.
            return Err(Rejection::TokenMismatch.into());
        }
        let other = others.into_iter().find(|(mechanism, _)| *mechanism == chosen);
        let (mechanism, initiator) = other.ok_or(Rejection::UnexpectedMechanism)?;
        let (token, progress) = Progress::after(initiator.step(&[])?);
        let mut proof = preferred.proof;
        proof.required = true;
        let running = Running {
            mechanism,
            progress,
            proof,
        };
        running.answer(token.as_deref())
    }
}

impl gss::Initiator for AwaitingAnswer {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        let resp = NegTokenResp::decode(token)?;
        let named = resp.supported_mech.map(Mechanism::of);
        if named.is_some_and(|named| named != Some(self.0.mechanism)) {
            return Err(Rejection::UnexpectedMechanism.into());
        }
        self.0.receive(&resp)
    }
}

impl Progress {
    /// The mechanism's token, and how far it is.
    fn after(step: InitiatorStep) -> (Option<Vec<u8>>, Self) {
        match step {
            InitiatorStep::Continue { token, next } => (Some(token), Self::Stepping(next)),
            InitiatorStep::Done { token, session } => (token, Self::Established(session)),
        }
    }
}

impl Running {
    /// Take the acceptor's answer.
    fn receive(mut self, resp: &NegTokenResp<'_>) -> Result<InitiatorStep, Error> {
        if resp.state == Some(NegState::Reject) {
            return Err(self.rejected(resp.response_token));
        }
        let ended = resp.state == Some(NegState::AcceptCompleted);
        // Windows 2000 repeats the mechanism's token here.
        let mic = resp.mech_list_mic.filter(|mic| Some(*mic) != resp.response_token);
        let token = match (
            self.progress,
            resp.response_token.filter(|token| !token.is_empty()),
        ) {
            (Progress::Stepping(initiator), Some(token)) => {
                let (token, progress) = Progress::after(initiator.step(token)?);
                self.progress = progress;
                token
            }
            (Progress::Stepping(_), None) => return Err(Rejection::NoToken.into()),
            (Progress::Established(_), Some(_)) => return Err(Rejection::TokenAfterEnd.into()),
            (progress @ Progress::Established(_), None) => {
                self.progress = progress;
                None
            }
        };
        match self.progress {
            Progress::Established(session) if token.is_none() => {
                self.proof.settle(self.mechanism, session, mic, ended)
            }
            _ if ended || mic.is_some() => Err(Rejection::EndedEarly.into()),
            progress => Self { progress, ..self }.answer(token.as_deref()),
        }
    }

    /// Why the acceptor rejects: what the mechanism makes of its last token, if there is one.
    fn rejected(self, token: Option<&[u8]>) -> Error {
        match (self.progress, token) {
            (Progress::Stepping(initiator), Some(token)) if !token.is_empty() => initiator
                .step(token)
                .err()
                .unwrap_or_else(|| Rejection::PeerRejects.into()),
            _ => Rejection::PeerRejects.into(),
        }
    }

    /// Send the mechanism's token; with the last one, the code over the list.
    fn answer(mut self, token: Option<&[u8]>) -> Result<InitiatorStep, Error> {
        let mic = match &mut self.progress {
            Progress::Stepping(_) => None,
            Progress::Established(session) => {
                let proof = &self.proof;
                check_protected(self.mechanism, &**session, proof.required)?;
                let offered = proof.required || session.protection() != Protection::None;
                offered.then(|| session.mech_list_mic(&proof.list)).transpose()?
            }
        };
        self.proof.sent = mic.is_some();
        let token = NegTokenResp {
            response_token: token,
            mech_list_mic: mic.as_deref(),
            ..NegTokenResp::default()
        };
        Ok(InitiatorStep::Continue {
            token: token.encode(),
            next: Box::new(AwaitingAnswer(self)),
        })
    }
}

impl ListProof {
    /// The mechanism is done; the acceptor's code over the list has come, or not.
    fn settle(
        self,
        mechanism: Mechanism,
        mut session: Box<dyn Session>,
        mic: Option<&[u8]>,
        ended: bool,
    ) -> Result<InitiatorStep, Error> {
        let Some(mic) = mic else {
            return self.settle_without(mechanism, session, ended);
        };
        let verified = session.verify_mech_list_mic(&self.list, mic);
        verified.map_err(|error| Rejection::WrongMic(error.reason()))?;
        let own = if self.sent {
            None
        } else {
            let own = session.mech_list_mic(&self.list)?;
            Some(encode_mic(NegState::AcceptCompleted, &own))
        };
        Ok(InitiatorStep::Done { token: own, session })
    }

    /// The acceptor proves nothing, or not yet: then we do first.
    fn settle_without(
        self,
        mechanism: Mechanism,
        mut session: Box<dyn Session>,
        ended: bool,
    ) -> Result<InitiatorStep, Error> {
        if self.sent || ended && self.required {
            return Err(Rejection::MicMissing.into());
        }
        if ended {
            return Ok(InitiatorStep::Done { token: None, session });
        }
        check_protected(mechanism, &*session, true)?;
        let own = session.mech_list_mic(&self.list)?;
        let proof = Self {
            required: true,
            sent: true,
            ..self
        };
        let progress = Progress::Established(session);
        Ok(InitiatorStep::Continue {
            token: encode_mic(NegState::AcceptIncomplete, &own),
            next: Box::new(AwaitingAnswer(Running {
                mechanism,
                progress,
                proof,
            })),
        })
    }
}

fn encode_mic(state: NegState, mic: &[u8]) -> Vec<u8> {
    NegTokenResp {
        state: Some(state),
        mech_list_mic: Some(mic),
        ..NegTokenResp::default()
    }
    .encode()
}

/// That there is something to prove the list with, where it must be. Kerberos always has a key.
pub(crate) fn check_protected(
    mechanism: Mechanism,
    session: &dyn Session,
    mic_required: bool,
) -> Result<(), Rejection> {
    let unprotected = mechanism == Mechanism::Ntlm && session.protection() == Protection::None;
    if mic_required && unprotected {
        Err(Rejection::Unprotected)
    } else {
        Ok(())
    }
}

const fn name(mechanism: Mechanism) -> MechType<'static> {
    match mechanism {
        Mechanism::Kerberos => MechType::KERBEROS,
        Mechanism::Ntlm => MechType::NTLM,
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mechanisms = self.mechanisms.iter().map(|(mechanism, _)| mechanism);
        f.debug_list().entries(mechanisms).finish()
    }
}
