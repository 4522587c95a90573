//! Whatever is changed, by whomever.

use adlib_core::gss::Protection;
use adlib_ntlm::{
    Rejection, SessionKey,
    crypto::{Sealing, Sender},
    message::{
        AuthenticateMessage, AvId, AvPairs, AvPairsBuilder, ChallengeMessage, NegotiateFlags,
        NegotiateMessage, SingleHost, Version,
    },
};
use proptest::prelude::*;

use crate::scene::{Client, Scene, bindings, initiator};

/// Every bit of an accepted transcript, in turn.
fn flipped(transcript: &[Vec<u8>; 3]) -> impl Iterator<Item = (usize, usize, [Vec<u8>; 3])> + '_ {
    (0..3).flat_map(move |message| {
        (0..8 * transcript[message].len()).map(move |bit| {
            let mut changed = transcript.clone();
            changed[message][bit / 8] ^= 1 << (bit % 8);
            (message, bit, changed)
        })
    })
}

/// A33, A35: with a MIC, nothing but the untouched transcript is accepted.
#[test]
fn a35_every_bit_of_a_transcript() {
    let mut scene = Scene::new();
    scene.bindings = Some(bindings(1));
    for protection in [Protection::None, Protection::Confidentiality] {
        let initiator = initiator().protection(protection).channel_bindings(&bindings(1));
        let transcript = scene.transcript(initiator);
        assert!(scene.judge(&transcript).is_ok());
        for (message, bit, changed) in flipped(&transcript) {
            assert!(scene.judge(&changed).is_err(), "bit {bit} of message {message}");
        }
    }
}

/// A35: without a MIC, the proof covers the response, who it is for, and the server's challenge and names.
#[test]
fn a35_every_bit_that_the_proof_covers() {
    let scene = Scene::new();
    let client = Client::without_mic();
    let negotiate = client.negotiate();
    let (challenge, _) = scene.challenge(&negotiate).unwrap();
    let authenticate = client.authenticate(&negotiate, &challenge);
    let message = AuthenticateMessage::decode(&authenticate).unwrap();
    let response = authenticate.windows(message.nt_response.len());
    let response = response
        .clone()
        .position(|window| window == message.nt_response)
        .unwrap();
    let covered = response..response + message.nt_response.len();
    let transcript = [negotiate, challenge, authenticate.clone()];
    assert!(scene.judge(&transcript).is_ok());
    for (message, bit, changed) in flipped(&transcript) {
        let counts = match message {
            0 => false,
            1 => (24..32).contains(&(bit / 8)),
            _ => covered.contains(&(bit / 8)),
        };
        if counts {
            assert!(scene.judge(&changed).is_err(), "bit {bit} of message {message}");
        }
    }
}

/// Every bit of a protected message, in each mode.
#[test]
fn a33_every_bit_of_a_message() {
    let base = NegotiateFlags::EXTENDED_SESSION_SECURITY | NegotiateFlags::KEY_128;
    for flags in [
        base,
        base | NegotiateFlags::KEY_EXCHANGE,
        base | NegotiateFlags::KEY_EXCHANGE | NegotiateFlags::DATAGRAM,
        base | NegotiateFlags::DATAGRAM,
        NegotiateFlags::default(),
    ] {
        let key = SessionKey::new([3; 16]);
        let sealing = |sender| Sealing::new(&key, flags, sender);
        let token = sealing(Sender::Initiator).seal(b"a message");
        assert_eq!(sealing(Sender::Acceptor).unseal(&token).unwrap(), b"a message");
        for bit in 0..8 * token.len() {
            // Without a signing key the pad is nobody's business (MS-NLMP 2.2.2.9.1).
            if flags == NegotiateFlags::default() && (4..8).contains(&(bit / 8)) {
                continue;
            }
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                sealing(Sender::Acceptor).unseal(&changed).is_err(),
                "bit {bit} {flags}"
            );
        }
        let mirrored = sealing(Sender::Initiator).unseal(&token);
        assert_eq!(
            mirrored.is_ok(),
            flags == NegotiateFlags::default(),
            "its own message"
        );
        for end in 0..16 {
            assert!(sealing(Sender::Acceptor).unseal(&token[..end]).is_err());
        }
    }
}

/// A message twice, one left out, and datagrams, which may come as they like.
#[test]
fn r14_order_of_messages() {
    let flags = NegotiateFlags::EXTENDED_SESSION_SECURITY | NegotiateFlags::KEY_128;
    let key = SessionKey::new([3; 16]);
    let pair = |flags| [Sender::Initiator, Sender::Acceptor].map(|sender| Sealing::new(&key, flags, sender));
    let [mut one, mut other] = pair(flags);
    let tokens: Vec<_> = (0..3).map(|index| one.seal(&[index])).collect();
    other.unseal(&tokens[0]).unwrap();
    let twice = other.unseal(&tokens[0]).unwrap_err();
    assert_eq!(
        twice,
        Rejection::OutOfOrder {
            expected: 1,
            actual: 0
        }
    );

    let [mut one, mut other] = pair(flags);
    let tokens: Vec<_> = (0..3).map(|index| one.seal(&[index])).collect();
    let left_out = other.unseal(&tokens[1]).unwrap_err();
    assert_eq!(
        left_out,
        Rejection::OutOfOrder {
            expected: 0,
            actual: 1
        }
    );

    let [mut one, mut other] = pair(flags | NegotiateFlags::DATAGRAM);
    let tokens: Vec<_> = (0..3).map(|index| one.seal(&[index])).collect();
    for index in [2_u8, 0, 1, 1] {
        assert_eq!(other.unseal(&tokens[usize::from(index)]).unwrap(), [index]);
    }
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..most)
}

fn version() -> impl Strategy<Value = Version> {
    any::<(u8, u8, u16, [u8; 3], u8)>().prop_map(|(major, minor, build, reserved, revision)| Version {
        major,
        minor,
        build,
        reserved,
        revision,
    })
}

proptest! {
    #[test]
    fn r14_negotiate_comes_back(
        flags: u32, domain in bytes(40), workstation in bytes(40), version in proptest::option::of(version()),
    ) {
        let flags = NegotiateFlags(flags);
        let message = NegotiateMessage { flags, domain: &domain, workstation: &workstation, version };
        let encoded = message.encode().unwrap();
        // Without a payload, nothing tells where the header ends but the end.
        let decoded = NegotiateMessage::decode(&encoded).unwrap();
        prop_assert_eq!(decoded, message);
        prop_assert!(decoded.is_canonical(&encoded));
        let longer = [&encoded[..], &[0]].concat();
        prop_assert!(!NegotiateMessage::decode(&longer).unwrap().is_canonical(&longer));
    }

    #[test]
    fn r14_challenge_comes_back(
        flags: u32, server_challenge: [u8; 8], target_name in bytes(40),
        pairs in proptest::collection::btree_map(1_u16.., bytes(40), 0..10),
        version in proptest::option::of(version()),
    ) {
        let mut builder = AvPairsBuilder::new();
        for (id, value) in &pairs {
            builder.set(AvId(*id), value.as_slice());
        }
        let list = builder.finish().unwrap();
        let target_info = AvPairs::decode(&list).unwrap();
        prop_assert_eq!(target_info.iter().count(), pairs.len());
        let message = ChallengeMessage {
            flags: NegotiateFlags(flags), server_challenge, target_name: &target_name,
            target_info: Some(target_info), version,
        };
        let encoded = message.encode().unwrap();
        let decoded = ChallengeMessage::decode(&encoded).unwrap();
        prop_assert_eq!(decoded, message);
        prop_assert!(decoded.is_canonical(&encoded));
    }

    #[test]
    fn r14_authenticate_comes_back(
        flags: u32, fields in proptest::array::uniform6(bytes(60)), version in version(),
        mic in proptest::option::of(any::<[u8; 16]>()),
    ) {
        let [lm_response, nt_response, domain, user, workstation, key] = &fields;
        let message = AuthenticateMessage {
            flags: NegotiateFlags(flags), lm_response, nt_response, domain, user, workstation,
            encrypted_session_key: key, version: Some(version), mic,
        };
        let encoded = message.encode().unwrap();
        let decoded = AuthenticateMessage::decode(&encoded).unwrap();
        prop_assert_eq!(decoded, message);
        prop_assert!(decoded.is_canonical(&encoded));
    }

    /// Whatever bytes are a message: encoded again and decoded, it is the same message.
    #[test]
    fn r14_any_message_comes_back(kind in 1_u32..=3, rest in bytes(300)) {
        let message = [&b"NTLMSSP\0"[..], &kind.to_le_bytes(), &rest].concat();
        if let Ok(decoded) = NegotiateMessage::decode(&message) {
            let encoded = decoded.encode().unwrap();
            prop_assert_eq!(decoded.is_canonical(&message), encoded == message);
        }
        if let Ok(decoded) = ChallengeMessage::decode(&message) {
            let encoded = decoded.encode().unwrap();
            prop_assert_eq!(decoded.is_canonical(&message), encoded == message);
        }
    }

    #[test]
    fn r14_single_host_comes_back(custom_data: [u8; 8], machine_id in proptest::array::uniform32(any::<u8>())) {
        let host = SingleHost { custom_data, machine_id };
        let mut builder = AvPairsBuilder::new();
        let list = builder.single_host(&host).finish().unwrap();
        prop_assert_eq!(AvPairs::decode(&list).unwrap().single_host().unwrap(), Some(host));
        for length in 0..48 {
            prop_assert!(SingleHost::decode(&host.encode()[..length]).is_err());
        }
    }

    /// What is sealed in any way is unsealed as it was.
    #[test]
    fn r14_messages_come_back(bits: u32, key: [u8; 16], messages in proptest::collection::vec(bytes(200), 1..6)) {
        let key = SessionKey::new(key);
        let sealing = |sender| Sealing::new(&key, NegotiateFlags(bits), sender);
        let (mut one, mut other) = (sealing(Sender::Initiator), sealing(Sender::Acceptor));
        for message in &messages {
            let token = one.seal(message);
            prop_assert_eq!(&other.unseal(&token).unwrap(), message);
            let signature = other.sign(message);
            prop_assert_eq!(one.verify(message, &signature), Ok(()));
        }
    }

    /// No challenge makes the initiator panic.
    #[test]
    fn a64_no_challenge_panics(rest in bytes(300)) {
        let (_, awaiting) = initiator().protection(Protection::Confidentiality).negotiate();
        let _ = awaiting.authenticate(&[&b"NTLMSSP\0\x02\0\0\0"[..], &rest].concat());
    }
}
