//! Ours and the peers of the lab, in both directions: who signs in, what binds it, and messages afterwards.
//!
//! What a peer cannot do is in the tests: impacket initiates only, knows of no channel bindings, and makes an LM hash of
//! every password, for which it must be Latin-1; and of gss-ntlmssp and impacket, neither sends a MIC.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::time::{SystemTime, UNIX_EPOCH};

use adlib_core::{ChannelBindings, FileTime, UnixTime, gss::Protection};
use adlib_lab::{
    Realm, mit,
    peer::{Flag, Library, Mechanism, Peer, PeerError, PeerOptions},
};
use adlib_ntlm::{
    Acceptor, BindingsMode, BindingsState, Ephemeral, Initiator, MicMode, MicState, NtHash, Policy,
    Rejection, ResponseVersion, ServerChallenge, ServerNames, Session, SessionKey,
};

const USERS: [&str; 4] = ["ada", "zoë", "田中", "ΙΩΆΝΝΗΣ"];
const PASSWORD: &str = "Pässwörd.1";
const WRONG: &str = "another";
const TARGET: &str = "HTTP/app.mit.example.com";
const PROTECTED: [Flag; 4] = [
    Flag::ReplayDetect,
    Flag::SequenceDetect,
    Flag::Confidentiality,
    Flag::Integrity,
];
/// Every initiator, and whether it sends a MIC.
const INITIATORS: [(Library, MicState); 3] = [
    (Library::Mit, MicState::Absent),
    (Library::Pyspnego, MicState::Valid),
    (Library::Impacket, MicState::Absent),
];
/// Those that accept, and know of channel bindings.
const ACCEPTORS: [Library; 2] = [Library::Mit, Library::Pyspnego];

fn now() -> FileTime {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    FileTime::from_unix(UnixTime::from_seconds(seconds.cast_signed()))
}

fn bindings(certificate: u8) -> ChannelBindings {
    ChannelBindings::tls_server_end_point(&[certificate; 32])
}

/// An initiator of theirs, that asks for sealed messages.
fn initiator(realm: &Realm, library: Library, user: &str, password: &str) -> PeerOptions {
    realm
        .initiator(&format!("CORP\\{user}"), password, TARGET)
        .library(library)
        .mechanism(Mechanism::Ntlm)
        .flags(&PROTECTED)
}

/// An acceptor of theirs, that knows one account.
fn acceptor(realm: &Realm, library: Library, user: &str, password: &str) -> PeerOptions {
    realm
        .acceptor()
        .library(library)
        .mechanism(Mechanism::Ntlm)
        .account("CORP", user, password)
}

/// Our verdict on their initiator.
fn accept(
    peer: &PeerOptions,
    policy: &Policy,
    bindings: Option<&ChannelBindings>,
) -> Result<(Peer, Session), Rejection> {
    let mut peer = peer.start();
    let names = ServerNames {
        netbios_computer: "APP".into(),
        netbios_domain: "CORP".into(),
        dns_computer: "app.mit.example.com".into(),
        ..ServerNames::default()
    };
    let acceptor = Acceptor::new(names).protection(Protection::Integrity);
    let negotiate = peer.step(&[]).unwrap().token;
    let (challenge, awaiting) = acceptor.challenge(&negotiate, ServerChallenge::new([3; 8]), now())?;
    let step = peer.step(&challenge).unwrap();
    assert!(step.established);
    let bindings = bindings.map(ChannelBindings::hash);
    let pending = awaiting.authenticate(&step.token, policy, now(), bindings)?;
    let session = pending.verify(&NtHash::from_password(PASSWORD.into()))?;
    Ok((peer, session))
}

fn ours(user: &str) -> Initiator {
    let ephemeral = Ephemeral {
        now: now(),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let hash = NtHash::from_password(PASSWORD.into());
    Initiator::new(user, "CORP", hash, ephemeral)
        .workstation("WS1")
        .target_name(TARGET)
        .protection(Protection::Confidentiality)
}

/// Their verdict on our initiator.
fn initiate(initiator: Initiator, peer: &PeerOptions) -> Result<(Peer, Session), PeerError> {
    let mut peer = peer.start();
    let (negotiate, awaiting) = initiator.negotiate();
    let challenge = peer.step(&negotiate)?.token;
    let (authenticate, session) = awaiting.authenticate(&challenge).unwrap();
    let step = peer.step(&authenticate)?;
    assert!(step.established && step.token.is_empty());
    Ok((peer, session))
}

/// Messages both ways, sealed and then signed apart; and one that was changed.
fn exchange(peer: &mut Peer, session: &mut Session) {
    assert_eq!(
        session.key().expose()[..],
        peer.established().unwrap().session_key
    );
    assert_eq!(session.protection(), Protection::Confidentiality);
    for message in [&b"one"[..], "zwölf 田中".as_bytes(), &[0x55; 3000]] {
        let token = peer.wrap(message, true).unwrap();
        assert_eq!(session.unwrap(&token).unwrap(), message);
        let token = session.wrap(message).unwrap();
        assert_eq!(peer.unwrap(&token), Ok((message.to_vec(), true)));
        let mic = peer.mic(message).unwrap();
        session.verify(message, &mic).unwrap();
        let mic = session.sign(message).unwrap();
        peer.verify_mic(message, &mic).unwrap();
    }
    let mut token = session.wrap(b"changed").unwrap();
    token[20] ^= 1;
    peer.unwrap(&token).unwrap_err();
    let mut token = peer.wrap(b"changed", true).unwrap();
    token[20] ^= 1;
    assert_eq!(session.unwrap(&token).unwrap_err(), Rejection::WrongSignature);
}

/// R14: names beyond ASCII, and afterwards both sides have one key.
#[test]
fn their_initiators_are_accepted() {
    let realm = mit();
    for (library, mic) in INITIATORS {
        for user in USERS {
            let peer = initiator(&realm, library, user, PASSWORD);
            let (mut peer, mut session) = accept(&peer, &Policy::default(), None).unwrap();
            let account = session.account().unwrap();
            assert_eq!((&*account.user, &*account.domain), (user, "CORP"), "{library:?}");
            let evidence = session.evidence().unwrap();
            assert_eq!(evidence.response, ResponseVersion::NtlmV2);
            assert_eq!(evidence.mic, mic, "{library:?}");
            exchange(&mut peer, &mut session);
        }
    }
}

/// A33: a MIC that nobody promised is missed only where it is required.
#[test]
fn a33_a_mic_is_required_of_them() {
    let realm = mit();
    let mut policy = Policy::default();
    policy.mic = MicMode::Require;
    for (library, mic) in INITIATORS {
        let peer = initiator(&realm, library, "ada", PASSWORD);
        let verdict = accept(&peer, &policy, None).map(drop);
        let expected = match mic {
            MicState::Valid => Ok(()),
            MicState::Absent => Err(Rejection::MicMissing),
        };
        assert_eq!(verdict, expected, "{library:?}");
    }
}

/// R14: a wrong password is a wrong proof, whoever computes it.
#[test]
fn their_wrong_passwords_are_refused() {
    let realm = mit();
    for (library, _) in INITIATORS {
        let peer = initiator(&realm, library, "ada", WRONG);
        let verdict = accept(&peer, &Policy::default(), None).map(drop);
        assert_eq!(verdict, Err(Rejection::WrongProof), "{library:?}");
    }
}

/// A40: bound to this connection, to another, or to none.
#[test]
fn a40_their_bindings() {
    let realm = mit();
    let mut required = Policy::default();
    required.bindings = BindingsMode::Require;
    for library in ACCEPTORS {
        let unbound = initiator(&realm, library, "ada", PASSWORD);
        let bound = unbound.clone().bindings(bindings(1).application_data());
        let (mut peer, mut session) = accept(&bound, &required, Some(&bindings(1))).unwrap();
        assert_eq!(session.evidence().unwrap().bindings, BindingsState::Bound);
        exchange(&mut peer, &mut session);
        let verdict = accept(&bound, &Policy::default(), Some(&bindings(2))).map(drop);
        assert_eq!(verdict, Err(Rejection::BindingsMismatch), "{library:?}");
        let verdict = accept(&unbound, &required, Some(&bindings(1))).map(drop);
        assert_eq!(verdict, Err(Rejection::BindingsMissing), "{library:?}");
    }
}

/// A40: impacket knows of no bindings, and cannot be required to.
#[test]
fn a40_impacket_has_no_bindings() {
    let realm = mit();
    let peer = initiator(&realm, Library::Impacket, "ada", PASSWORD);
    let (_, session) = accept(&peer, &Policy::default(), Some(&bindings(1))).unwrap();
    assert_eq!(session.evidence().unwrap().bindings, BindingsState::Absent);
    let mut required = Policy::default();
    required.bindings = BindingsMode::Require;
    let verdict = accept(&peer, &required, Some(&bindings(1))).map(drop);
    assert_eq!(verdict, Err(Rejection::BindingsMissing));
}

/// R14: our initiator at their acceptors.
#[test]
fn their_acceptors_take_ours() {
    let realm = mit();
    for library in ACCEPTORS {
        for user in USERS {
            let peer = acceptor(&realm, library, user, PASSWORD);
            let (mut peer, mut session) = initiate(ours(user), &peer).unwrap();
            let named = peer.established().unwrap().initiator;
            assert_eq!(named, format!("CORP\\{user}"), "{library:?}");
            exchange(&mut peer, &mut session);
        }
    }
}

/// R14: a wrong password of ours.
#[test]
fn their_acceptors_refuse_a_wrong_password() {
    let realm = mit();
    for library in ACCEPTORS {
        let peer = acceptor(&realm, library, "ada", WRONG);
        assert!(initiate(ours("ada"), &peer).is_err(), "{library:?}");
    }
}

/// A40: our bindings, at acceptors that have the same, others or none.
#[test]
fn a40_our_bindings() {
    let realm = mit();
    for library in ACCEPTORS {
        let unbound = acceptor(&realm, library, "ada", PASSWORD);
        let bound = unbound.clone().bindings(bindings(1).application_data());
        let ours = |certificate| ours("ada").channel_bindings(&bindings(certificate));
        let (mut peer, mut session) = initiate(ours(1), &bound).unwrap();
        exchange(&mut peer, &mut session);
        assert!(initiate(ours(2), &bound).is_err(), "{library:?}");
        initiate(ours(1), &unbound).unwrap();
    }
}
