//! Ours and the peers of the lab, in both directions: MIT's SPNEGO over Kerberos and gss-ntlmssp, and pyspnego's.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use adlib_core::{
    FileTime, UnixTime,
    gss::{self, AcceptorStep, InitiatorStep, KERBEROS_OID, NTLM_OID, Protection, Session},
};
use adlib_kerberos::{
    Ccache, InitiatorOptions, Keytab, MemoryReplayCache, PacMode, Policy, SessionRandom, TicketAcceptor,
    TicketInitiator,
};
use adlib_lab::{
    Realm, heimdal, mit,
    peer::{Flag, Library, Mechanism as Their, Peer, PeerError, PeerOptions},
    realm,
};
use adlib_ntlm::{Ephemeral, LookupAcceptor, NtHash, ServerChallenge, ServerNames, SessionKey};
use adlib_spnego::{Acceptor, Initiator, Mechanism, NegTokenResp};

const PASSWORD: &str = "Pässwörd.1";
const TARGET: &str = "HTTP/app.mit.example.com";
const PROTECTED: [Flag; 5] = [
    Flag::Mutual,
    Flag::ReplayDetect,
    Flag::SequenceDetect,
    Flag::Confidentiality,
    Flag::Integrity,
];

fn now() -> UnixTime {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    UnixTime::from_seconds(seconds.cast_signed())
}

fn random() -> SessionRandom {
    Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).unwrap())
}

fn ntlm() -> Box<dyn gss::Initiator> {
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(now()),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let hash = NtHash::from_password(PASSWORD.into());
    let initiator = adlib_ntlm::Initiator::new("ada", "CORP", hash, ephemeral);
    Box::new(
        initiator
            .target_name(TARGET)
            .protection(Protection::Confidentiality),
    )
}

fn ntlm_acceptor() -> Box<dyn gss::Acceptor> {
    let names = ServerNames {
        netbios_computer: "APP".into(),
        netbios_domain: "CORP".into(),
        dns_computer: "app.mit.example.com".into(),
        ..ServerNames::default()
    };
    Box::new(LookupAcceptor::new(
        adlib_ntlm::Acceptor::new(names),
        ServerChallenge::new([3; 8]),
        || FileTime::from_unix(now()),
        |account| (account.user == "ada").then(|| NtHash::from_password(PASSWORD.into())),
    ))
}

/// Their initiator of NTLM in SPNEGO.
fn their_ntlm(realm: &Realm, library: Library) -> PeerOptions {
    realm
        .initiator("CORP\\ada", PASSWORD, TARGET)
        .library(library)
        .mechanism(Their::Spnego)
        .flags(&PROTECTED)
}

/// Their initiator until our acceptor is done; the tokens, theirs first.
fn accept(options: &PeerOptions, acceptor: Acceptor) -> (Peer, Box<dyn Session>, Vec<Vec<u8>>) {
    let mut peer = options.start();
    let (mut acceptor, mut tokens): (Box<dyn gss::Acceptor>, _) = (Box::new(acceptor), Vec::new());
    let mut answer = Vec::new();
    loop {
        let asked = peer.step(&answer).unwrap().token;
        tokens.push(asked.clone());
        match acceptor.step(&asked).unwrap() {
            AcceptorStep::Continue { token, next } => {
                tokens.push(token.clone());
                answer = token;
                acceptor = next;
            }
            AcceptorStep::Done { token, session } => {
                if let Some(token) = token {
                    tokens.push(token.clone());
                    assert!(peer.step(&token).unwrap().established);
                }
                return (peer, session, tokens);
            }
        }
    }
}

/// Our initiator until it is done.
fn initiate(initiator: Initiator, options: &PeerOptions) -> Result<(Peer, Box<dyn Session>), PeerError> {
    let mut peer = options.start();
    let mut initiator: Box<dyn gss::Initiator> = Box::new(initiator);
    let mut answer = Vec::new();
    loop {
        match initiator.step(&answer).unwrap() {
            InitiatorStep::Continue { token, next } => {
                answer = peer.step(&token)?.token;
                initiator = next;
            }
            InitiatorStep::Done { token, session } => {
                if let Some(token) = token {
                    assert!(peer.step(&token)?.established);
                }
                return Ok((peer, session));
            }
        }
    }
}

/// Messages both ways, which are out of step if the code over the list left a trace.
fn exchange(peer: &mut Peer, session: &mut dyn Session) {
    for message in [&b"one"[..], "zwölf 田中".as_bytes(), &[0x55; 3000]] {
        let token = peer.wrap(message, true).unwrap();
        assert_eq!(session.unwrap(&token).unwrap(), message);
        let token = session.wrap(message).unwrap();
        assert_eq!(peer.unwrap(&token), Ok((message.to_vec(), true)));
        let mic = peer.mic(message).unwrap();
        session.verify_mic(message, &mic).unwrap();
        let mic = session.mic(message).unwrap();
        peer.verify_mic(message, &mic).unwrap();
    }
}

/// Whether any of `tokens` has a code over the list of mechanisms.
fn has_mic(tokens: &[Vec<u8>]) -> bool {
    let mut resps = tokens.iter().filter_map(|token| NegTokenResp::decode(token).ok());
    resps.any(|resp| resp.mech_list_mic.is_some())
}

/// R14, A29: both send a code over the list, and believe ours.
#[test]
fn their_ntlm_in_spnego_is_accepted() {
    let realm = mit();
    for library in [Library::Pyspnego, Library::Mit] {
        let acceptor = Acceptor::new().with(Mechanism::Ntlm, ntlm_acceptor());
        let (mut peer, mut session, tokens) = accept(&their_ntlm(&realm, library), acceptor);
        assert_eq!(session.mechanism(), NTLM_OID);
        assert_eq!(session.peer().unwrap().name, "ada", "{library:?}");
        assert!(has_mic(&tokens), "{library:?}");
        exchange(&mut peer, &mut *session);
    }
}

/// R14, A29: ours sends one, and wants one back.
#[test]
fn their_acceptors_take_our_ntlm_in_spnego() {
    let realm = mit();
    for library in [Library::Pyspnego, Library::Mit] {
        let options = realm
            .acceptor()
            .library(library)
            .mechanism(Their::Spnego)
            .account("CORP", "ada", PASSWORD);
        let initiator = Initiator::preferring(Mechanism::Ntlm, ntlm());
        let (mut peer, mut session) = initiate(initiator, &options).unwrap();
        assert!(
            peer.established().unwrap().initiator.ends_with("ada"),
            "{library:?}"
        );
        exchange(&mut peer, &mut *session);
    }
}

fn ticket_acceptor(realm: &Realm) -> Box<dyn gss::Acceptor> {
    let mut policy = Policy::default();
    policy.pac = PacMode::BestEffort;
    policy.danger_accept_rc4 = true;
    Box::new(TicketAcceptor {
        keytab: Keytab::decode(&std::fs::read(&realm.keytab).unwrap()).unwrap(),
        policy,
        now: now(),
        bindings: None,
        replays: Arc::new(MemoryReplayCache::new()),
        random: random(),
        on_accepted: Box::new(|_| {}),
    })
}

/// Our initiator, with a ticket that `kinit` and `kvno` got.
fn ticket(realm: &Realm, service: &str) -> Box<dyn gss::Initiator> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = format!(
        "export KRB5CCNAME={}; kinit {} <<< {} >/dev/null && kvno -q {service}",
        file.path().display(),
        realm::USER,
        realm.user_password,
    );
    assert!(realm.exec(&["bash", "-c", &script]).status.success());
    let cache = Ccache::decode(&std::fs::read(file.path()).unwrap()).unwrap();
    let ticket = cache.ticket_for(service).unwrap().clone();
    let mut options = InitiatorOptions::default();
    options.protection = Protection::Confidentiality;
    Box::new(TicketInitiator::new(ticket, options, now(), random()))
}

/// R13: their Kerberos in SPNEGO, in every encryption type.
#[test]
fn their_kerberos_in_spnego_is_accepted() {
    for realm in [mit(), heimdal()] {
        for (etype, service) in realm.services() {
            let options = realm
                .initiator(realm::USER, &realm.user_password, &service)
                .mechanism(Their::Spnego)
                .offering(&[Their::Kerberos])
                .flags(&PROTECTED);
            let acceptor = Acceptor::new()
                .with(Mechanism::Kerberos, ticket_acceptor(&realm))
                .with(Mechanism::Ntlm, ntlm_acceptor());
            let (mut peer, mut session, tokens) = accept(&options, acceptor);
            assert_eq!(session.mechanism(), KERBEROS_OID);
            assert_eq!(session.peer().unwrap().name, realm::USER, "{etype}");
            assert!(!has_mic(&tokens), "{etype}");
            exchange(&mut peer, &mut *session);
        }
    }
}

/// A29: NTLM is what they prefer, and Kerberos what is admitted: both prove what the list was.
#[test]
fn a29_they_prefer_what_is_not_admitted() {
    let realm = mit();
    for (etype, service) in realm.services() {
        let options = realm
            .initiator(realm::USER, &realm.user_password, &service)
            .mechanism(Their::Spnego)
            .offering(&[Their::Ntlm, Their::Kerberos])
            .flags(&PROTECTED);
        let acceptor = Acceptor::new().with(Mechanism::Kerberos, ticket_acceptor(&realm));
        let (mut peer, mut session, tokens) = accept(&options, acceptor);
        assert_eq!(session.mechanism(), KERBEROS_OID);
        assert!(has_mic(&tokens), "{etype}");
        exchange(&mut peer, &mut *session);
    }
}

/// R5: our Kerberos in SPNEGO, where it is preferred and where they admit nothing else.
#[test]
fn their_acceptors_take_our_kerberos_in_spnego() {
    let realm = mit();
    for (etype, service) in realm.services() {
        for preferred in [true, false] {
            let options = realm
                .acceptor()
                .mechanism(Their::Spnego)
                .offering(&[Their::Kerberos]);
            let ticket = ticket(&realm, &service);
            let initiator = if preferred {
                Initiator::preferring(Mechanism::Kerberos, ticket).or(Mechanism::Ntlm, ntlm())
            } else {
                Initiator::preferring(Mechanism::Ntlm, ntlm()).or(Mechanism::Kerberos, ticket)
            };
            let (mut peer, mut session) = initiate(initiator, &options).unwrap();
            assert_eq!(
                peer.established().unwrap().initiator,
                realm.principal(realm::USER),
                "{etype}"
            );
            exchange(&mut peer, &mut *session);
        }
    }
}
