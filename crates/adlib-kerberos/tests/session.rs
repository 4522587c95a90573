//! Initiator and acceptor against one another in memory: contexts, and the messages that they protect (RFC 4121,
//! RFC 4757 7).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[allow(dead_code)]
#[path = "attacks/scene.rs"]
mod scene;

use std::sync::{Arc, Mutex};

use adlib_core::{
    ChannelBindings,
    gss::{self, Acceptor, AcceptorStep, Initiator, InitiatorStep, Protection, Session},
};
use adlib_kerberos::{
    Accepted, ApRepRejection, AwaitingApRep, Begun, BindingsState, EncryptionType, InitiatorOptions,
    KerberosSession, MemoryReplayCache, Rejection, SessionRandom, TicketAcceptor, TicketInitiator,
    UnverifiedApReq,
};

use scene::{Scene, service_key};

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

fn scene(etype: EncryptionType) -> Scene {
    let mut scene = Scene::with_etype(etype);
    scene.policy.danger_accept_rc4 = true;
    scene
}

fn options(mutual: bool, protection: Protection) -> InitiatorOptions {
    let mut options = InitiatorOptions::default();
    options.mutual = mutual;
    options.protection = protection;
    options
}

fn begin(scene: &Scene, options: InitiatorOptions) -> (Vec<u8>, Begun) {
    TicketInitiator::new(scene.issued().into(), options, scene.now, random(1))
        .begin()
        .unwrap()
}

fn accept(scene: &Scene, token: &[u8]) -> Accepted {
    scene
        .verify(token)
        .unwrap()
        .accept(adlib_kerberos::Fresh::danger_unchecked())
}

/// The two ends of a finished context, the initiator's first.
fn pair(scene: &Scene, options: InitiatorOptions) -> (KerberosSession, KerberosSession) {
    let (token, begun) = begin(scene, options);
    let (answer, acceptor) = accept(scene, &token).session(random(2));
    let initiator = match begun {
        Begun::AwaitingApRep(next) => next.verify(&answer.expect("an AP-REP")).unwrap(),
        Begun::Established(session) => {
            assert_eq!(answer, None);
            *session
        }
    };
    (initiator, acceptor)
}

fn awaiting(scene: &Scene) -> (Vec<u8>, AwaitingApRep) {
    match begin(scene, InitiatorOptions::default()) {
        (token, Begun::AwaitingApRep(next)) => (token, next),
        (_, begun) => panic!("{begun:?}"),
    }
}

#[test]
fn messages_go_both_ways() {
    for etype in EncryptionType::ALL {
        for mutual in [true, false] {
            for protection in [Protection::Integrity, Protection::Confidentiality] {
                let (mut initiator, mut acceptor) = pair(&scene(etype), options(mutual, protection));
                assert_eq!(
                    (initiator.protection(), acceptor.protection()),
                    (protection, protection)
                );
                assert_eq!(initiator.key(), acceptor.key());
                for length in [0, 1, 7, 8, 16, 100, 70_000] {
                    let message: Vec<u8> = (0..length).map(|at: u32| at.to_le_bytes()[0]).collect();
                    let token = initiator.wrap(&message).unwrap();
                    let readable =
                        length > 16 && token.windows(message.len()).any(|window| window == message);
                    assert_eq!(readable, protection == Protection::Integrity && length > 16);
                    assert_eq!(
                        acceptor.unwrap(&token).unwrap(),
                        message,
                        "{etype} {mutual} {protection:?}"
                    );
                    let token = acceptor.wrap(&message).unwrap();
                    assert_eq!(initiator.unwrap(&token).unwrap(), message);
                    let mic = initiator.mic(&message).unwrap();
                    acceptor.verify_mic(&message, &mic).unwrap();
                    let mic = acceptor.mic(&message).unwrap();
                    initiator.verify_mic(&message, &mic).unwrap();
                }
            }
        }
    }
}

#[test]
fn every_bit_of_a_message_counts() {
    for etype in EncryptionType::ALL {
        for protection in [Protection::Integrity, Protection::Confidentiality] {
            let (mut initiator, mut acceptor) = pair(&scene(etype), options(true, protection));
            let (token, mic) = (
                initiator.wrap(b"pay 10").unwrap(),
                initiator.mic(b"pay 10").unwrap(),
            );
            for bit in 0..token.len() * 8 {
                let mut flipped = token.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                match acceptor.unwrap(&flipped) {
                    Err(error) => assert!(!error.reason().is_empty()),
                    // A rotation by the whole length is none, and so is not protected (RFC 4121 4.2.5).
                    Ok(message) => panic!("{etype} {protection:?} bit {bit}: {message:?}"),
                }
            }
            for length in 0..token.len() {
                assert!(acceptor.unwrap(&token[..length]).is_err());
            }
            assert_eq!(
                acceptor.unwrap(&token).unwrap(),
                b"pay 10",
                "refusals change nothing"
            );
            for bit in 0..mic.len() * 8 {
                let mut flipped = mic.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    acceptor.verify_mic(b"pay 10", &flipped).is_err(),
                    "{etype} bit {bit}"
                );
            }
            assert_eq!(
                acceptor.verify_mic(b"pay 99", &mic).unwrap_err().reason(),
                "message-altered"
            );
            acceptor.verify_mic(b"pay 10", &mic).unwrap();
        }
    }
}

#[test]
fn messages_come_once_in_order_and_from_the_other_side() {
    for etype in EncryptionType::ALL {
        let (mut initiator, mut acceptor) = pair(&scene(etype), options(true, Protection::Confidentiality));
        let reason = |result: Result<Vec<u8>, gss::Error>| result.unwrap_err().reason();
        let first = initiator.wrap(b"first").unwrap();
        let second = initiator.wrap(b"second").unwrap();
        assert_eq!(reason(acceptor.unwrap(&second)), "message-out-of-order");
        assert_eq!(acceptor.unwrap(&first).unwrap(), b"first");
        assert_eq!(reason(acceptor.unwrap(&first)), "message-replayed");
        assert_eq!(acceptor.unwrap(&second).unwrap(), b"second");
        assert_eq!(reason(initiator.unwrap(&first)), "message-reflected");
        assert_eq!(reason(acceptor.unwrap(b"")), "malformed");
    }
}

/// RFC 4752 3.1: a client that may encrypt chooses to sign, message by message.
#[test]
fn a_peer_may_sign_where_it_could_encrypt() {
    for etype in EncryptionType::ALL {
        let scene = scene(etype);
        let (token, _) = begin(&scene, options(false, Protection::Confidentiality));
        let (_, mut acceptor) = accept(&scene, &token).session(random(2));
        // The same keys and numbers, with less agreed.
        let (_, begun) = begin(&scene, options(false, Protection::Integrity));
        let Begun::Established(mut initiator) = begun else {
            panic!("{begun:?}")
        };
        let signed = initiator.wrap(b"only signed").unwrap();
        assert_eq!(acceptor.unwrap(&signed).unwrap(), b"only signed");
    }
}

#[test]
fn without_an_agreement_nothing_is_wrapped() {
    let (mut initiator, mut acceptor) = pair(&scene(EncryptionType::Aes128Sha2), InitiatorOptions::default());
    assert_eq!(initiator.protection(), Protection::None);
    assert_eq!(
        initiator.wrap(b"x").unwrap_err().reason(),
        "protection-not-agreed"
    );
    assert_eq!(
        acceptor.unwrap(b"x").unwrap_err().reason(),
        "protection-not-agreed"
    );
    let mic = initiator.mic(b"mechTypes").unwrap();
    acceptor.verify_mic(b"mechTypes", &mic).unwrap();
}

/// RFC 4121 4.2.5: Windows rotates what it sends.
#[test]
fn rotated_messages_are_read() {
    for protection in [Protection::Integrity, Protection::Confidentiality] {
        for rotation in [0_u16, 1, 12, 16, 28, 1000, u16::MAX] {
            let scene = scene(EncryptionType::Aes256Sha1);
            let (mut initiator, mut acceptor) = pair(&scene, options(true, protection));
            let mut token = initiator.wrap(b"a message of some length").unwrap();
            let (header, data) = token.split_at_mut(16);
            header[6..8].copy_from_slice(&rotation.to_be_bytes());
            let length = data.len();
            data.rotate_right(usize::from(rotation) % length);
            assert_eq!(
                acceptor.unwrap(&token).unwrap(),
                b"a message of some length",
                "{rotation}"
            );
        }
    }
}

/// R13: bound to the connection, and promised to be.
#[test]
fn the_initiator_binds_the_connection() {
    let mut scene = scene(EncryptionType::Aes256Sha2);
    let mut options = InitiatorOptions::default();
    let bindings = ChannelBindings::tls_server_end_point(&[4; 32]);
    options.bindings = Some(bindings.clone());
    let (token, _) = begin(&scene, options);
    scene.bindings = Some(bindings);
    assert_eq!(accept(&scene, &token).evidence().bindings, BindingsState::Bound);
    scene.bindings = Some(ChannelBindings::tls_server_end_point(&[5; 32]));
    assert_eq!(scene.verify(&token).unwrap_err().reason(), "bindings-mismatch");
}

#[test]
fn a_service_that_cannot_read_the_ticket_is_found_out() {
    let scene = scene(EncryptionType::Aes256Sha1);
    let (token, next) = awaiting(&scene);
    let (answer, _) = accept(&scene, &token).session(random(2));
    let answer = answer.unwrap();
    assert!(next.verify(&answer).is_ok());
    for bit in 0..answer.len() * 8 {
        let mut flipped = answer.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // The frame names the mechanism in two ways.
        let refused = awaiting(&scene).1.verify(&flipped);
        assert!(
            refused.is_err() || flipped.windows(4).any(|oid| oid == [0x2a, 0x86, 0x48, 0x82]),
            "bit {bit}"
        );
    }
    let reason = |token: &[u8]| awaiting(&scene).1.verify(token).unwrap_err();
    // The answer to the same message a second later.
    let mut later = Scene::with_etype(EncryptionType::Aes256Sha1);
    later.now = scene.later(1);
    let (token, _) = awaiting(&later);
    let (other, _) = accept(&later, &token).session(random(2));
    assert_eq!(reason(&other.unwrap()), ApRepRejection::OtherMessage);
    // A service with another ticket.
    let other = Scene::with_etype(EncryptionType::Aes128Sha1);
    let (token, _) = awaiting(&other);
    let (other, _) = accept(&other, &token).session(random(2));
    assert_eq!(reason(&other.unwrap()), ApRepRejection::NotOpened);
    let error = Rejection::TicketInvalid.krb_error(&scene.service, scene.now);
    assert_eq!(reason(&error).reason(), "service-error");
    assert_eq!(reason(&token).reason(), "malformed", "an AP-REQ");
    assert_eq!(reason(b"").reason(), "malformed");
}

/// The traits that carry tokens without knowing the mechanism.
#[test]
fn all_of_it_behind_the_traits() {
    let scene = scene(EncryptionType::Aes256Sha1);
    let replays = Arc::new(MemoryReplayCache::new());
    let heard: Arc<Mutex<Option<Accepted>>> = Arc::default();
    let acceptor = || -> Box<dyn Acceptor> {
        let heard = Arc::clone(&heard);
        Box::new(TicketAcceptor {
            keytab: scene.keytab.clone(),
            policy: scene.policy.clone(),
            now: scene.now,
            bindings: None,
            replays: replays.clone(),
            random: random(2),
            on_accepted: Box::new(move |accepted| *heard.lock().unwrap() = Some(accepted)),
        })
    };
    let options = options(true, Protection::Confidentiality);
    let initiator = || -> Box<dyn Initiator> {
        let ticket = scene.issued().into();
        Box::new(TicketInitiator::new(
            ticket,
            options.clone(),
            scene.now,
            random(1),
        ))
    };
    assert_eq!(initiator().step(b"?").err().unwrap().reason(), "malformed");
    let Ok(InitiatorStep::Continue { token, next }) = initiator().step(&[]) else {
        panic!("no token");
    };
    let Ok(AcceptorStep::Done {
        token: answer,
        session: mut own,
    }) = acceptor().step(&token)
    else {
        panic!("not accepted");
    };
    assert_eq!(heard.lock().unwrap().take().unwrap().client(), &scene.client);
    assert_eq!(acceptor().step(&token).err().unwrap().reason(), "replayed");
    assert_eq!(acceptor().step(b"?").err().unwrap().reason(), "malformed");
    let Ok(InitiatorStep::Done {
        token: None,
        mut session,
    }) = next.step(&answer.unwrap())
    else {
        panic!("not done");
    };
    let token = session.wrap(b"hello").unwrap();
    assert_eq!(own.unwrap(&token).unwrap(), b"hello");
    assert_eq!(own.mechanism(), gss::KERBEROS_OID);
    assert!(!format!("{:?}", awaiting(&scene).1).contains("key"));
}

/// A10: nobody who failed gets a session, whatever the reason.
#[test]
fn the_acceptor_says_why() {
    let scene = scene(EncryptionType::Aes256Sha1);
    let (token, _) = begin(&scene, InitiatorOptions::default());
    let mut other = Scene::new();
    other.keytab = adlib_kerberos::Keytab::new(vec![scene::entry(
        scene::SERVICE,
        1,
        &service_key(EncryptionType::Aes256Sha1, 9),
    )]);
    let acceptor = Box::new(TicketAcceptor {
        keytab: other.keytab,
        policy: other.policy,
        now: other.now,
        bindings: None,
        replays: Arc::new(MemoryReplayCache::new()),
        random: random(2),
        on_accepted: Box::new(|_| panic!("nobody was accepted")),
    });
    assert_eq!(acceptor.step(&token).err().unwrap().reason(), "ticket-not-opened");
    assert!(UnverifiedApReq::decode(&token).is_ok());
}
