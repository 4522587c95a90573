//! What a hostile peer sends.

#![allow(clippy::unwrap_used, clippy::panic)]

use adlib_core::{DecodeErrorKind, FileTime, Writer};
use adlib_ntlm::{
    ClientChallenge, NtHash, Ntlmv2Response, Rejection,
    message::{
        AuthenticateMessage, AvId, AvPairs, AvPairsBuilder, ChallengeMessage, EncodeError, EncodeErrorKind,
        MAX_AV_PAIRS, MAX_MESSAGE_BYTES, MessageType, NegotiateFlags, NegotiateMessage, sniff,
    },
};
use proptest::prelude::*;

/// An AUTHENTICATE message with `user` at `offset`, and `rest` behind the header of 64 bytes.
fn authenticate(flags: NegotiateFlags, user: (u16, u32), rest: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.bytes(b"NTLMSSP\0").u32_le(3);
    for (length, offset) in [(0, 64), (0, 64), (0, 64), user, (0, 64), (0, 64)] {
        writer.u16_le(length).u16_le(length).u32_le(offset);
    }
    writer.u32_le(flags.0).bytes(rest);
    writer.finish()
}

fn pair(id: u16, value: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .u16_le(id)
        .u16_le(u16::try_from(value.len()).unwrap())
        .bytes(value);
    writer.finish()
}

/// A34: the MIC stands at 72 whatever the version flag says, if the payload leaves it room.
#[test]
fn a34_the_mic_stands_at_72() {
    let rest = [&[0; 8][..], &[7; 16], b"ada"].concat();
    for flags in [
        NegotiateFlags::OEM,
        NegotiateFlags(NegotiateFlags::OEM.0 | NegotiateFlags::VERSION.0),
    ] {
        let message = authenticate(flags, (3, 88), &rest);
        let decoded = AuthenticateMessage::decode(&message).unwrap();
        assert_eq!(decoded.mic, Some([7; 16]));
        assert_eq!(decoded.user_text().unwrap(), "ada");
    }
    let message = authenticate(NegotiateFlags::OEM, (3, 87), &rest);
    assert_eq!(
        AuthenticateMessage::decode(&message).unwrap().mic,
        None,
        "a payload before 88"
    );
    let message = authenticate(NegotiateFlags::OEM, (0, 88), &[0; 23]);
    assert_eq!(
        AuthenticateMessage::decode(&message).unwrap().mic,
        None,
        "a message that ends before 88"
    );
}

/// A35: the proof itself is compared: every bit of the response, the challenge, user, domain and password count.
#[test]
fn a35_a_wrong_proof_is_refused() {
    let challenge = [1; 8];
    let key = NtHash::from_password("Passw0rd.Test".into()).response_key("ada", "CORP");
    let client = ClientChallenge {
        time: FileTime(9),
        nonce: [2; 8],
        target_info: &[0; 4],
    };
    let (response, session_key) = key.respond(challenge, &client);
    let verify =
        |bytes: &[u8]| Ntlmv2Response::decode(bytes).map(|response| key.verify(challenge, &response));
    assert_eq!(verify(&response), Ok(Ok(session_key)));
    for bit in 0..response.len() * 8 {
        let mut flipped = response.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!matches!(verify(&flipped), Ok(Ok(_))), "bit {bit}");
    }

    let decoded = Ntlmv2Response::decode(&response).unwrap();
    assert_eq!(key.verify([0; 8], &decoded), Err(Rejection::WrongProof));
    for (password, user, domain) in [
        ("Passw0rd.test", "ada", "CORP"),
        ("Passw0rd.Test", "adb", "CORP"),
        ("Passw0rd.Test", "ada", "corp"),
    ] {
        let other = NtHash::from_password(password.into()).response_key(user, domain);
        assert_eq!(other.verify(challenge, &decoded), Err(Rejection::WrongProof));
    }
}

/// A36: the 24 bytes of an `NTLMv1` response are no `NTLMv2` response.
#[test]
fn a36_an_ntlmv1_response_is_told() {
    assert_eq!(
        Ntlmv2Response::decode(&[1; 24]).unwrap_err().kind,
        DecodeErrorKind::Truncated
    );
    assert_eq!(
        Ntlmv2Response::decode(&[]).unwrap_err().kind,
        DecodeErrorKind::Truncated
    );
    assert_eq!(
        Ntlmv2Response::decode(&[2; 99]).unwrap_err().kind,
        DecodeErrorKind::Unexpected
    );
}

/// A41
#[test]
fn a41_fields_that_lie_elsewhere() {
    let kind = |user| {
        AuthenticateMessage::decode(&authenticate(NegotiateFlags::UNICODE, user, b"abcd"))
            .unwrap_err()
            .kind
    };
    for user in [
        (4, 65),
        (5, 64),
        (2, 0),
        (2, 63),
        (0xffff, 64),
        (1, u32::MAX),
        (0xffff, u32::MAX - 5),
    ] {
        assert_eq!(kind(user), DecodeErrorKind::OutOfBounds, "{user:?}");
    }
    let message = authenticate(NegotiateFlags::UNICODE, (0, u32::MAX), b"");
    assert!(
        AuthenticateMessage::decode(&message).unwrap().user.is_empty(),
        "nothing may lie anywhere"
    );
}

/// A41: two fields over the same bytes are read as they lie, and no canonical message lies so.
#[test]
fn a41_overlapping_fields() {
    let mut message = authenticate(NegotiateFlags::OEM, (3, 64), b"ada");
    // DomainNameFields, over the last two letters of the user's name.
    message.splice(28..36, [2, 0, 2, 0, 65, 0, 0, 0]).for_each(drop);
    let decoded = AuthenticateMessage::decode(&message).unwrap();
    assert_eq!((decoded.user, decoded.domain), (&b"ada"[..], &b"da"[..]));
    assert!(!decoded.is_canonical(&message));
    let canonical = decoded.encode().unwrap();
    assert_eq!(AuthenticateMessage::decode(&canonical).unwrap(), decoded);
}

/// A41, A44: half a unit, half a pair, bytes of a code page that is not known.
#[test]
fn a41_texts_that_are_none() {
    for (flags, bytes) in [
        (NegotiateFlags::UNICODE, &b"\x00\xd8ab"[..]),
        (NegotiateFlags::UNICODE, b"abc"),
        (NegotiateFlags::OEM, b"Gr\xf6\xdfe"),
        (NegotiateFlags::OEM, "Größe".as_bytes()),
    ] {
        let message = authenticate(flags, (u16::try_from(bytes.len()).unwrap(), 64), bytes);
        let error = AuthenticateMessage::decode(&message)
            .unwrap()
            .user_text()
            .unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::Text);
    }
}

/// A42
#[test]
fn a42_attribute_pairs() {
    let kind = |bytes: &[u8]| AvPairs::decode(bytes).unwrap_err().kind;
    let end = pair(0, b"");
    assert_eq!(kind(b""), DecodeErrorKind::Truncated);
    assert_eq!(kind(&pair(1, b"ab")), DecodeErrorKind::Truncated, "without end");
    assert_eq!(
        kind(&[1, 0, 9, 0, 0, 0, 0, 0]),
        DecodeErrorKind::Truncated,
        "past the end"
    );
    assert_eq!(
        kind(&pair(0, b"x")),
        DecodeErrorKind::Invalid,
        "an end with a value"
    );
    assert_eq!(
        kind(&[pair(6, b""), pair(7, b""), pair(6, b""), end.clone()].concat()),
        DecodeErrorKind::Invalid
    );
    let many = |count: usize| {
        (1..=count)
            .flat_map(|id| pair(u16::try_from(id).unwrap(), b""))
            .collect::<Vec<u8>>()
    };
    assert!(AvPairs::decode(&[many(MAX_AV_PAIRS - 1), end.clone()].concat()).is_ok());
    assert_eq!(
        kind(&[many(MAX_AV_PAIRS), end.clone()].concat()),
        DecodeErrorKind::Limit(MAX_AV_PAIRS)
    );

    let list = [
        pair(99, b"?"),
        pair(AvId::FLAGS.0, &[2, 0, 0, 0]),
        end,
        b"padding".to_vec(),
    ]
    .concat();
    let pairs = AvPairs::decode(&list).unwrap();
    assert_eq!(pairs.iter().count(), 2);
    assert_eq!(pairs.value(AvId::FLAGS), Some(&[2, 0, 0, 0][..]));
    assert_eq!(pairs.value(AvId::TIMESTAMP), None);
}

/// A45: one message in the place of another, and one that is too long.
#[test]
fn a45_the_wrong_message_and_a_long_one() {
    let message = |kind: u32| [&b"NTLMSSP\0"[..], &kind.to_le_bytes(), &[0; 60]].concat();
    assert_eq!(sniff(&message(1)), Some(MessageType::Negotiate));
    assert_eq!(sniff(&message(2)), Some(MessageType::Challenge));
    assert_eq!(sniff(&message(3)), Some(MessageType::Authenticate));
    assert_eq!(sniff(&message(4)), None);
    assert_eq!(sniff(&message(1)[..11]), None);
    assert_eq!(
        NegotiateMessage::decode(&message(3)).unwrap_err().kind,
        DecodeErrorKind::Unexpected
    );
    assert_eq!(
        ChallengeMessage::decode(&message(1)).unwrap_err().kind,
        DecodeErrorKind::Unexpected
    );
    assert_eq!(
        AuthenticateMessage::decode(&message(2)).unwrap_err().kind,
        DecodeErrorKind::Unexpected
    );
    let mut long = message(1);
    long.resize(MAX_MESSAGE_BYTES, 0);
    assert!(NegotiateMessage::decode(&long).is_ok());
    long.push(0);
    assert_eq!(
        NegotiateMessage::decode(&long).unwrap_err().kind,
        DecodeErrorKind::Limit(MAX_MESSAGE_BYTES)
    );
}

/// A45: what would be too long is not written: one value, all together, too many pairs, one pair.
#[test]
fn a45_too_long_to_be_written() {
    let message = |domain, user| AuthenticateMessage {
        flags: NegotiateFlags::UNICODE,
        lm_response: &[],
        nt_response: &[],
        domain,
        user,
        workstation: &[],
        encrypted_session_key: &[],
        version: None,
        mic: None,
    };
    let what = |error: EncodeError| (error.what, error.kind);
    let long = vec![0; MAX_MESSAGE_BYTES - 64];
    let encoded = message(&long, &[]).encode().unwrap();
    assert_eq!(encoded.len(), MAX_MESSAGE_BYTES);
    assert_eq!(
        AuthenticateMessage::decode(&encoded).unwrap(),
        message(&long, &[])
    );
    let error = message(&long, b"a").encode().unwrap_err();
    assert_eq!(what(error), ("UserName", EncodeErrorKind::TooLong));

    let mut builder = AvPairsBuilder::new();
    for id in 0..MAX_AV_PAIRS {
        builder.set(AvId(u16::try_from(id).unwrap()), [1]);
    }
    let list = builder.finish().unwrap();
    let pairs = AvPairs::decode(&list).unwrap();
    assert_eq!(pairs.iter().count(), MAX_AV_PAIRS - 1, "the end is no pair");
    let error = builder.set(AvId(99), [1]).finish().unwrap_err();
    assert_eq!(what(error), ("AV_PAIR", EncodeErrorKind::TooLong));
    let error = AvPairsBuilder::new()
        .set(AvId(1), vec![0; 65_536])
        .finish()
        .unwrap_err();
    assert_eq!(what(error), ("AvPair value", EncodeErrorKind::TooLong));
}

/// R14: a message that ends behind its flags, as old clients send it.
#[test]
fn r14_a_short_negotiate_message() {
    let message = [
        &b"NTLMSSP\0\x01\0\0\0"[..],
        &NegotiateFlags::UNICODE.0.to_le_bytes(),
    ]
    .concat();
    let negotiate = NegotiateMessage::decode(&message).unwrap();
    assert_eq!(negotiate.flags, NegotiateFlags::UNICODE);
    assert!(negotiate.domain.is_empty() && negotiate.workstation.is_empty());
}

/// A63
#[test]
fn a63_debug_shows_no_response_and_no_key() {
    let hash = NtHash::from_password("Passw0rd.Test".into());
    let key = hash.response_key("ada", "CORP");
    let client = ClientChallenge {
        time: FileTime(0),
        nonce: [2; 8],
        target_info: &[0; 4],
    };
    let (response, session_key) = key.respond([1; 8], &client);
    let decoded = Ntlmv2Response::decode(&response).unwrap();
    let shown = format!("{hash:?} {key:?} {session_key:?} {decoded:?}");
    assert!(
        shown.starts_with("NtHash(..) ResponseKey(..) SessionBaseKey(..) Ntlmv2Response { time:"),
        "{shown}"
    );
    assert!(!shown.contains("proof") && !shown.contains("covered"), "{shown}");
    let message = authenticate(NegotiateFlags::OEM, (3, 64), b"ada");
    assert!(!format!("{:?}", AuthenticateMessage::decode(&message).unwrap()).contains("response"));
}

proptest! {
    #[test]
    fn a41_no_bytes_panic(kind in 1_u32..=3, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let message = [&b"NTLMSSP\0"[..], &kind.to_le_bytes(), &bytes].concat();
        let _ = NegotiateMessage::decode(&message);
        let _ = ChallengeMessage::decode(&message).map(|message| message.target_name_text());
        if let Ok(message) = AuthenticateMessage::decode(&message) {
            let _ = (message.user_text(), message.domain_text(), message.workstation_text());
            let _ = Ntlmv2Response::decode(message.nt_response);
        }
        let _ = Ntlmv2Response::decode(&bytes);
        let _ = AvPairs::decode(&bytes).map(|pairs| pairs.iter().count());
    }

    /// What is responded is verified.
    #[test]
    fn r07_a_right_response_is_verified(
        password in ".*", user in ".*", domain in ".*", challenge: [u8; 8], nonce: [u8; 8], ticks: u64,
    ) {
        let key = NtHash::from_password(password.into()).response_key(&user, &domain);
        let client = ClientChallenge { time: FileTime(ticks), nonce, target_info: &[0; 4] };
        let (response, session_key) = key.respond(challenge, &client);
        let response = Ntlmv2Response::decode(&response).unwrap();
        prop_assert_eq!(response.time, FileTime(ticks));
        prop_assert_eq!(key.verify(challenge, &response).unwrap(), session_key);
    }
}
