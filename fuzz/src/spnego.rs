//! Oracles of negotiations, with somebody in the middle.

use std::sync::Arc;

use adlib_core::{
    FileTime,
    gss::{self, AcceptorStep, InitiatorStep, KERBEROS_OID, NTLM_OID, Protection, Session},
};
use adlib_kerberos::{
    InitiatorOptions, MemoryReplayCache, Policy, SessionRandom, TicketAcceptor, TicketInitiator,
};
use adlib_ntlm::{Ephemeral, LookupAcceptor, NtHash, ServerChallenge, ServerNames, SessionKey};
use adlib_spnego::{
    Acceptor, Initiator, MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Negotiation, Offer,
};

use crate::{
    scene,
    script::{Script, key_of},
};

/// How many tokens a negotiation has at most, undisturbed or not.
const MOST_TOKENS: usize = 12;

/// What is decoded is encoded so that it is decoded as the same, and an answer has one encoding.
pub fn tokens(data: &[u8]) {
    if let Ok(init) = NegTokenInit::decode(data) {
        assert_eq!(NegTokenInit::decode(&init.encode()).as_ref(), Ok(&init));
    }
    if let Ok(resp) = NegTokenResp::decode(data) {
        assert_eq!(resp.encode(), data);
    }
    let _ = Offer::read(data);
    let _ = Negotiation::new(&[Mechanism::Kerberos, Mechanism::Ntlm]).receive(data);
}

/// What both sides are told in advance.
struct Pair {
    key: [u8; 16],
    /// The initiator's mechanisms, the preferred one first.
    offered: [Mechanism; 2],
    admitted: Vec<Mechanism>,
    mutual: bool,
}

/// Who is done, and how.
#[derive(Default)]
struct Outcome {
    initiator: Option<Box<dyn Session>>,
    acceptor: Option<Box<dyn Session>>,
    changed: bool,
}

/// Nobody in the middle has a word in the choice of the mechanism: who is done is so with the initiator's first one that
/// the acceptor admits, or with Kerberos on the acceptor's side alone, which tells of no weakness. And if nothing was
/// changed, both are done, with one key.
pub fn negotiation(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let pair = Pair::new(number, key_of(data));
    let expected = pair.expected();
    let outcome = pair.run(&mut script);
    if let Some(session) = &outcome.initiator {
        // Who asks for no answer believes whoever says that all is well.
        let unanswered = !pair.mutual && session.mechanism() == KERBEROS_OID;
        assert!(session.mechanism() == expected || unanswered);
    }
    if let Some(session) = &outcome.acceptor {
        assert!([expected, KERBEROS_OID].contains(&session.mechanism()));
        assert_eq!(session.peer().expect("somebody").name, "ada");
    }
    match (&outcome.initiator, &outcome.acceptor) {
        (Some(initiator), Some(acceptor)) => {
            assert_eq!(initiator.mechanism(), acceptor.mechanism());
            assert!(initiator.key() == acceptor.key());
        }
        _ => assert!(outcome.changed, "undisturbed, and not done"),
    }
}

impl Pair {
    fn new(number: u8, key: [u8; 16]) -> Self {
        let both = [Mechanism::Kerberos, Mechanism::Ntlm];
        let mut offered = both;
        if number & 1 == 1 {
            offered.reverse();
        }
        let admitted = match number >> 1 & 3 {
            0 => vec![Mechanism::Kerberos],
            1 => vec![Mechanism::Ntlm],
            _ => both.to_vec(),
        };
        Self {
            key,
            offered,
            admitted,
            mutual: number & 8 == 0,
        }
    }

    /// The mechanism that both want.
    fn expected(&self) -> &'static [u8] {
        let chosen = self
            .offered
            .iter()
            .find(|offered| self.admitted.contains(offered));
        match chosen.expect("both are offered") {
            Mechanism::Kerberos => KERBEROS_OID,
            Mechanism::Ntlm => NTLM_OID,
        }
    }

    fn random(&self, seed: u8) -> SessionRandom {
        let mut state = seed;
        let key = self.key;
        Box::new(move |bytes: &mut [u8]| {
            for (byte, key) in bytes.iter_mut().zip(key.iter().cycle()) {
                state = state.wrapping_mul(37).wrapping_add(91);
                *byte = state ^ key;
            }
        })
    }

    fn initiator(&self) -> Box<dyn gss::Initiator> {
        let [first, second] = self.offered;
        Box::new(Initiator::preferring(first, self.begin(first)).or(second, self.begin(second)))
    }

    fn begin(&self, mechanism: Mechanism) -> Box<dyn gss::Initiator> {
        match mechanism {
            Mechanism::Kerberos => {
                let mut options = InitiatorOptions::default();
                options.mutual = self.mutual;
                options.protection = Protection::Integrity;
                let ticket = scene::ticket().clone();
                Box::new(TicketInitiator::new(
                    ticket.into(),
                    options,
                    scene::now(),
                    self.random(1),
                ))
            }
            Mechanism::Ntlm => {
                let ephemeral = Ephemeral {
                    now: FileTime::from_unix(scene::now()),
                    client_challenge: [1; 8],
                    session_key: SessionKey::new(self.key),
                };
                let initiator = adlib_ntlm::Initiator::new("ada", "CORP", NtHash::new(self.key), ephemeral);
                Box::new(initiator.protection(Protection::Integrity))
            }
        }
    }

    fn acceptor(&self) -> Box<dyn gss::Acceptor> {
        let with =
            |acceptor: Acceptor, mechanism: &Mechanism| acceptor.with(*mechanism, self.accepting(*mechanism));
        Box::new(self.admitted.iter().fold(Acceptor::new(), with))
    }

    fn accepting(&self, mechanism: Mechanism) -> Box<dyn gss::Acceptor> {
        let key = self.key;
        match mechanism {
            Mechanism::Kerberos => Box::new(TicketAcceptor {
                keytab: scene::keytab().clone(),
                policy: Policy::default(),
                now: scene::now(),
                bindings: None,
                replays: Arc::new(MemoryReplayCache::with_capacity(4)),
                random: self.random(2),
                on_accepted: Box::new(|_| {}),
            }),
            Mechanism::Ntlm => {
                let names = ServerNames {
                    netbios_computer: "APP".into(),
                    netbios_domain: "CORP".into(),
                    ..ServerNames::default()
                };
                Box::new(LookupAcceptor::new(
                    adlib_ntlm::Acceptor::new(names),
                    ServerChallenge::new([3; 8]),
                    || FileTime::from_unix(scene::now()),
                    move |account| (account.user == "ada").then(|| NtHash::new(key)),
                ))
            }
        }
    }

    /// Carries tokens until nobody has anything to say.
    fn run(&self, script: &mut Script<'_>) -> Outcome {
        let (mut initiator, mut acceptor) = (Some(self.initiator()), Some(self.acceptor()));
        let (mut outcome, mut seen) = (Outcome::default(), Vec::new());
        let mut token = Some(Vec::new());
        for turn in 0..MOST_TOKENS {
            let Some(came) = token.take() else { break };
            let out = if turn % 2 == 0 {
                match initiator.take().map(|side| side.step(&came)) {
                    Some(Ok(InitiatorStep::Continue { token, next })) => {
                        initiator = Some(next);
                        Some(token)
                    }
                    Some(Ok(InitiatorStep::Done { token, session })) => {
                        outcome.initiator = Some(session);
                        token
                    }
                    Some(Err(_)) | None => None,
                }
            } else {
                match acceptor.take().map(|side| side.step(&came)) {
                    Some(Ok(AcceptorStep::Continue { token, next })) => {
                        acceptor = Some(next);
                        Some(token)
                    }
                    Some(Ok(AcceptorStep::Done { token, session })) => {
                        outcome.acceptor = Some(session);
                        token
                    }
                    Some(Err(_)) | None => None,
                }
            };
            token = out.map(|sent| {
                let came = disturb(script, &sent, &seen);
                outcome.changed |= came != sent;
                seen.push(sent);
                came
            });
        }
        outcome
    }
}

/// What somebody in the middle, who has `seen` other tokens, makes of one.
fn disturb(script: &mut Script<'_>, sent: &[u8], seen: &[Vec<u8>]) -> Vec<u8> {
    let mut token = sent.to_vec();
    let Some(act) = script.byte() else { return token };
    for _ in 0..act >> 5 {
        let Some(kind) = script.byte() else { break };
        token = match kind % 6 {
            0 => relisted(&token, kind >> 3),
            1 => answered(&token, |resp| resp.mech_list_mic = None),
            2 => answered(&token, |resp| {
                resp.state = STATES[usize::from(kind >> 3) % STATES.len()]
            }),
            3 => answered(&token, |resp| {
                resp.supported_mech = Some(NAMES[usize::from(kind >> 3) % NAMES.len()]);
            }),
            4 => answered(&token, |resp| resp.response_token = None),
            _ => {
                let other = seen.last().map_or(&[][..], Vec::as_slice);
                if let Some(change) = script.change() {
                    change.apply(&mut token, other);
                }
                token
            }
        };
    }
    token
}

const NAMES: [MechType<'static>; 4] = [
    MechType::KERBEROS,
    MechType::NTLM,
    MechType::MICROSOFT_KERBEROS,
    MechType::NEGOEX,
];
const STATES: [Option<NegState>; 5] = [
    None,
    Some(NegState::AcceptCompleted),
    Some(NegState::AcceptIncomplete),
    Some(NegState::Reject),
    Some(NegState::RequestMic),
];

/// The offer, with another list; without its token every other time.
fn relisted(token: &[u8], choice: u8) -> Vec<u8> {
    let Ok(mut init) = NegTokenInit::decode(token) else {
        return token.to_vec();
    };
    init.mech_types = (0..choice >> 3 & 3)
        .map(|at| NAMES[usize::from(choice.wrapping_add(at)) % NAMES.len()])
        .collect();
    if choice & 4 == 4 {
        init.mech_token = None;
    }
    init.encode()
}

/// The answer, changed.
fn answered(token: &[u8], change: impl FnOnce(&mut NegTokenResp<'_>)) -> Vec<u8> {
    match NegTokenResp::decode(token) {
        Ok(mut resp) => {
            change(&mut resp);
            resp.encode()
        }
        Err(_) => token.to_vec(),
    }
}
