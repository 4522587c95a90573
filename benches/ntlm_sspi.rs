//! The `sspi` crate's NTLM and ours understand one another, in both directions.
//!
//! It has no name for a service in its response. Its acceptor compares no proof, so that without a MIC it accepts
//! anybody: what it refuses is not asked here but where there is one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use adlib_core::{ChannelBindings, FileTime, UnixTime, gss::Protection};
use adlib_ntlm::{
    Acceptor, BindingsMode, BindingsState, Ephemeral, Initiator, MicMode, MicState, NtHash, Policy,
    Rejection, ResponseVersion, ServerChallenge, ServerNames, Session, SessionKey,
};
use sspi::{EncryptionFlags, SecurityBufferRef, Sspi};

mod ntlm_peer;

use ntlm_peer::Peer;

const DOMAIN: &str = "CORP";
const USERS: [&str; 4] = ["ada", "zoë", "田中", "ΙΩΆΝΝΗΣ"];

fn hash() -> NtHash {
    NtHash::from_password("Pässwörd.テスト".into())
}

fn other_hash() -> NtHash {
    NtHash::from_password("another".into())
}

fn peer(user: &str, hash: &NtHash) -> Peer {
    Peer::new(user, DOMAIN, *hash.expose())
}

fn now() -> FileTime {
    FileTime::from_unix(UnixTime::from_seconds(1_800_000_000))
}

fn bindings() -> ChannelBindings {
    ChannelBindings::tls_server_end_point(&[0xab; 32])
}

/// A policy that lets nothing pass that the peer can do, but channel bindings.
fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.mic = MicMode::Require;
    policy
}

/// Our verdict on the peer's initiator.
fn accept(
    mut peer: Peer,
    policy: &Policy,
    bindings: Option<&ChannelBindings>,
) -> Result<(Peer, Session), Rejection> {
    let names = ServerNames {
        netbios_computer: "APP1".into(),
        netbios_domain: DOMAIN.into(),
        ..ServerNames::default()
    };
    let acceptor = Acceptor::new(names).protection(Protection::Confidentiality);
    let negotiate = peer.initiate(&[]).unwrap();
    let (challenge, awaiting) = acceptor.challenge(&negotiate, ServerChallenge::new([3; 8]), now())?;
    let authenticate = peer.initiate(&challenge).unwrap();
    let bindings = bindings.map(ChannelBindings::hash);
    let pending = awaiting.authenticate(&authenticate, policy, now(), bindings)?;
    Ok((peer, pending.verify(&hash())?))
}

/// The peer's verdict on our initiator, `user` of the right password.
fn initiate(user: &str, mut peer: Peer) -> Result<(Peer, Session), sspi::Error> {
    let ephemeral = Ephemeral {
        now: now(),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let initiator = Initiator::new(user, DOMAIN, hash(), ephemeral)
        .protection(Protection::Confidentiality)
        .channel_bindings(&bindings());
    let (negotiate, awaiting) = initiator.negotiate();
    let challenge = peer.accept(&negotiate)?;
    let (authenticate, session) = awaiting.authenticate(&challenge).unwrap();
    peer.accept(&authenticate)?;
    peer.complete()?;
    Ok((peer, session))
}

fn seal(peer: &mut Peer, message: &[u8]) -> Vec<u8> {
    let (mut signature, mut data) = ([0; 16], message.to_vec());
    let mut buffers = [
        SecurityBufferRef::token_buf(&mut signature),
        SecurityBufferRef::data_buf(&mut data),
    ];
    let sealed = peer
        .context
        .encrypt_message(EncryptionFlags::empty(), &mut buffers);
    sealed.unwrap();
    [&signature[..], &data].concat()
}

fn unseal(peer: &mut Peer, token: &[u8]) -> Result<Vec<u8>, sspi::Error> {
    let (mut signature, mut data) = (token[..16].to_vec(), token[16..].to_vec());
    let mut buffers = [
        SecurityBufferRef::token_buf(&mut signature),
        SecurityBufferRef::data_buf(&mut data),
    ];
    peer.context.decrypt_message(&mut buffers)?;
    Ok(data)
}

/// Several messages each way, and one that was changed.
fn exchange(mut peer: Peer, mut session: Session) {
    for message in [&b"one"[..], b"two, which is longer", b"three"] {
        let token = seal(&mut peer, message);
        assert_eq!(session.unwrap(&token).unwrap(), message);
        let token = session.wrap(message).unwrap();
        assert_eq!(unseal(&mut peer, &token).unwrap(), message);
    }
    let mut token = session.wrap(b"changed").unwrap();
    token[20] ^= 1;
    assert!(unseal(&mut peer, &token).is_err());
    let mut token = seal(&mut peer, b"changed");
    token[20] ^= 1;
    assert_eq!(session.unwrap(&token).unwrap_err(), Rejection::WrongSignature);
}

/// R14: its initiator, with a MIC and a sealed session, and names beyond ASCII.
#[test]
fn its_initiator_is_accepted() {
    for user in USERS {
        let (peer, session) = accept(peer(user, &hash()), &policy(), None).unwrap();
        assert_eq!(session.account().unwrap().user, user);
        let evidence = session.evidence().unwrap();
        assert_eq!(evidence.response, ResponseVersion::NtlmV2);
        assert_eq!(evidence.mic, MicState::Valid);
        exchange(peer, session);
    }
}

/// R14, A40: its channel bindings are this connection's, another's, or none.
#[test]
fn a40_its_bindings() {
    let mut policy = policy();
    policy.bindings = BindingsMode::Require;
    let bound = || {
        let mut peer = peer("ada", &hash());
        peer.context.set_channel_bindings(bindings().application_data());
        peer
    };
    let (_, session) = accept(bound(), &policy, Some(&bindings())).unwrap();
    assert_eq!(session.evidence().unwrap().bindings, BindingsState::Bound);
    let others = ChannelBindings::tls_server_end_point(&[0xcd; 32]);
    let verdict = accept(bound(), &policy, Some(&others)).map(drop);
    assert_eq!(verdict, Err(Rejection::BindingsMismatch));
    let verdict = accept(peer("ada", &hash()), &policy, Some(&bindings())).map(drop);
    assert_eq!(verdict, Err(Rejection::BindingsMissing));
}

/// R14: a wrong password of its initiator.
#[test]
fn its_wrong_password_is_refused() {
    let verdict = accept(peer("ada", &other_hash()), &policy(), None).map(drop);
    assert_eq!(verdict, Err(Rejection::WrongProof));
}

/// R14: its acceptor takes our initiator, and refuses a wrong password, by the MIC.
#[test]
fn its_acceptor_takes_ours() {
    for user in USERS {
        let (peer, session) = initiate(user, peer(user, &hash())).unwrap();
        exchange(peer, session);
    }
    assert!(initiate("ada", peer("ada", &other_hash())).is_err());
}
