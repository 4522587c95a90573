//! Initiators and acceptors of both mechanisms, and a network between them.

use std::sync::Arc;

use adlib_core::{
    FileTime, UnixTime,
    gss::{self, AcceptorStep, InitiatorStep, Protection, Session},
};
use adlib_kerberos::{
    EncryptionType, InitiatorOptions, Keytab, KeytabEntry, MemoryReplayCache, PacMode, Policy, Principal,
    ServiceKey, SessionKey, SessionRandom, TicketAcceptor, TicketInitiator, issue::TicketBuilder,
};
use adlib_ntlm::{Ephemeral, LookupAcceptor, NtHash, ServerChallenge, ServerNames};
use adlib_spnego::{Acceptor, Initiator, MechType, Mechanism, NegTokenInit};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const SERVICE: &str = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM";

/// Random bytes that differ from one another.
fn random(seed: u8) -> SessionRandom {
    let mut state = seed;
    Box::new(move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(37).wrapping_add(91);
            *byte = state;
        }
    })
}

fn key() -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).unwrap()
}

pub(crate) fn kerberos(mutual: bool, protection: Protection) -> Box<dyn gss::Initiator> {
    let client = Principal::user("ada", "CORP.EXAMPLE.COM");
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
    let ticket = TicketBuilder::new(client, SERVICE.parse().unwrap(), session_key, NOW);
    let ticket = ticket.encrypt(&key(), &mut *random(7));
    let mut options = InitiatorOptions::default();
    options.mutual = mutual;
    options.protection = protection;
    Box::new(TicketInitiator::new(ticket.into(), options, NOW, random(1)))
}

pub(crate) fn kerberos_acceptor() -> Box<dyn gss::Acceptor> {
    let mut policy = Policy::default();
    policy.pac = PacMode::Off;
    Box::new(TicketAcceptor {
        keytab: Keytab::new(vec![KeytabEntry {
            principal: SERVICE.parse().unwrap(),
            kvno: 1,
            key: key(),
            timestamp: NOW,
        }]),
        policy,
        now: NOW,
        bindings: None,
        replays: Arc::new(MemoryReplayCache::new()),
        random: random(2),
        on_accepted: Box::new(|_| {}),
    })
}

pub(crate) fn ntlm(protection: Protection) -> Box<dyn gss::Initiator> {
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(NOW),
        client_challenge: [1; 8],
        session_key: adlib_ntlm::SessionKey::new([2; 16]),
    };
    let hash = NtHash::from_password("secret".into());
    Box::new(adlib_ntlm::Initiator::new("ada", "CORP", hash, ephemeral).protection(protection))
}

pub(crate) fn ntlm_acceptor() -> Box<dyn gss::Acceptor> {
    let names = ServerNames {
        netbios_computer: "APP".into(),
        netbios_domain: "CORP".into(),
        ..ServerNames::default()
    };
    Box::new(LookupAcceptor::new(
        adlib_ntlm::Acceptor::new(names),
        ServerChallenge::new([3; 8]),
        || FileTime::from_unix(NOW),
        |account| (account.user == "ada").then(|| NtHash::from_password("secret".into())),
    ))
}

/// An initiator that likes `first` better than the other.
pub(crate) fn preferring(first: Mechanism, mutual: bool, protection: Protection) -> Box<dyn gss::Initiator> {
    let (ticket, response) = (kerberos(mutual, protection), ntlm(protection));
    Box::new(match first {
        Mechanism::Kerberos => Initiator::preferring(first, ticket).or(Mechanism::Ntlm, response),
        Mechanism::Ntlm => Initiator::preferring(first, response).or(Mechanism::Kerberos, ticket),
    })
}

pub(crate) fn acceptor(mechanisms: &[Mechanism]) -> Box<dyn gss::Acceptor> {
    let with = |acceptor: Acceptor, mechanism: &Mechanism| {
        let inner = match mechanism {
            Mechanism::Kerberos => kerberos_acceptor(),
            Mechanism::Ntlm => ntlm_acceptor(),
        };
        acceptor.with(*mechanism, inner)
    };
    Box::new(mechanisms.iter().fold(Acceptor::new(), with))
}

pub(crate) const BOTH: [Mechanism; 2] = [Mechanism::Kerberos, Mechanism::Ntlm];

/// How a negotiation ended.
pub(crate) enum Outcome {
    /// Both sides are done, after so many tokens.
    Done {
        initiator: Box<dyn Session>,
        acceptor: Box<dyn Session>,
        tokens: usize,
    },
    InitiatorRefused(&'static str),
    AcceptorRefused(&'static str),
    /// The acceptor waits for a token that does not come.
    AcceptorWaits(Box<dyn gss::Acceptor>),
}

impl Outcome {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::InitiatorRefused(reason) | Self::AcceptorRefused(reason) => reason,
            Self::AcceptorWaits(_) => "waits",
        }
    }

    pub(crate) fn sessions(self) -> (Box<dyn Session>, Box<dyn Session>) {
        match self {
            Self::Done {
                initiator, acceptor, ..
            } => (initiator, acceptor),
            other => panic!("{}", other.word()),
        }
    }
}

/// Carry tokens until a side ends it; `network` sees the number of each token, from 0, and may change it.
pub(crate) fn negotiate(
    initiator: Box<dyn gss::Initiator>,
    acceptor: Box<dyn gss::Acceptor>,
    mut network: impl FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> Outcome {
    let (mut initiator, mut acceptor) = (Ok(initiator), Ok(acceptor));
    let (mut token, mut tokens) = (Some(Vec::new()), 0);
    let mut carry = |token: Vec<u8>, tokens: &mut usize| {
        *tokens += 1;
        network(*tokens - 1, token)
    };
    loop {
        initiator = match (initiator, token.take()) {
            (Ok(side), Some(answer)) => match gss::Initiator::step(side, &answer) {
                Ok(InitiatorStep::Continue { token: out, next }) => {
                    token = Some(carry(out, &mut tokens));
                    Ok(next)
                }
                Ok(InitiatorStep::Done { token: out, session }) => {
                    token = out.map(|out| carry(out, &mut tokens));
                    Err(session)
                }
                Err(error) => return Outcome::InitiatorRefused(error.reason()),
            },
            (side, _) => side,
        };
        acceptor = match (acceptor, token.take()) {
            (Ok(side), Some(asked)) => match side.step(&asked) {
                Ok(AcceptorStep::Continue { token: out, next }) => {
                    token = Some(carry(out, &mut tokens));
                    Ok(next)
                }
                Ok(AcceptorStep::Done { token: out, session }) => {
                    token = out.map(|out| carry(out, &mut tokens));
                    Err(session)
                }
                Err(error) => return Outcome::AcceptorRefused(error.reason()),
            },
            (side, _) => side,
        };
        if token.is_some() && initiator.is_ok() {
            continue;
        }
        return match (initiator, acceptor) {
            (Err(initiator), Err(acceptor)) => Outcome::Done {
                initiator,
                acceptor,
                tokens,
            },
            (_, Ok(acceptor)) => Outcome::AcceptorWaits(acceptor),
            (Ok(_), Err(_)) => Outcome::InitiatorRefused("waits"),
        };
    }
}

/// Messages go both ways, sealed or signed.
pub(crate) fn exchange(one: &mut dyn Session, other: &mut dyn Session) {
    assert_eq!(
        (one.mechanism(), one.protection()),
        (other.mechanism(), other.protection())
    );
    for message in [&b"first"[..], b"", b"third"] {
        if one.protection() == Protection::None {
            return;
        }
        let token = one.wrap(message).unwrap();
        assert_eq!(other.unwrap(&token).unwrap(), message);
        let token = other.wrap(message).unwrap();
        assert_eq!(one.unwrap(&token).unwrap(), message);
    }
}

/// The first token, with another list of mechanisms, and its own token if `keep`.
pub(crate) fn relisted(token: &[u8], list: &[MechType<'static>], keep: bool) -> Vec<u8> {
    let init = NegTokenInit::decode(token).unwrap();
    NegTokenInit {
        mech_types: list.to_vec(),
        mech_token: init.mech_token.filter(|_| keep),
        mech_list_mic: init.mech_list_mic,
    }
    .encode()
}
