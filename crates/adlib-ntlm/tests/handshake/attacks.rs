//! What a hostile client, or somebody in between, tries: A33 to A46.

use adlib_core::{DecodeErrorKind, FileTime, gss::Protection};
use adlib_ntlm::{
    AcceptedTargets, LmHash, MAX_NEGOTIATE_BYTES, MicMode, MicState, NtHash, Rejection, ResponseVersion,
    message::{AvFlags, AvId, ChallengeMessage, NegotiateFlags, NegotiateMessage, Version},
};

use crate::{
    flows::edit_challenge,
    scene::{Client, Mic, PASSWORD, Proof, Scene, hash, initiator, later},
};

fn refused(client: &Client) -> Rejection {
    Scene::new().accept(client).unwrap_err()
}

/// A33: promised and zeroed, wrong, or without room.
#[test]
fn a33_mic_promised_and_not_there() {
    let mut client = Client::new();
    for (mic, rejection) in [
        (Mic::Zero, Rejection::WrongMic),
        (Mic::Wrong, Rejection::WrongMic),
        (Mic::NoRoom, Rejection::MicMissing),
    ] {
        client.mic = mic;
        assert_eq!(refused(&client), rejection);
    }
}

/// A33: the bit that promises it cannot be cleared on the way: the proof covers it (CVE-2019-1166).
#[test]
fn a33_mic_flag_cleared_on_the_way() {
    let scene = Scene::new();
    let mut transcript = scene.transcript(initiator());
    let token = &mut transcript[2];
    let flags = [6, 0, 4, 0, 2, 0, 0, 0];
    let at = token.windows(8).position(|window| window == flags).unwrap();
    token[at + 4] = 0;
    token[72..88].fill(0);
    assert_eq!(scene.judge(&transcript).unwrap_err(), Rejection::WrongProof);
}

/// A33: there, though nothing promises it: right or refused.
#[test]
fn a33_mic_present_but_unflagged() {
    let mut client = Client::new();
    client.av_flags = None;
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.evidence().unwrap().mic, MicState::Valid);
    client.mic = Mic::Wrong;
    assert_eq!(refused(&client), Rejection::WrongMic);
    client.mic = Mic::Zero;
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.evidence().unwrap().mic, MicState::Absent);
}

/// A33: a policy that requires it is not satisfied by a client that knows none.
#[test]
fn a33_mic_required() {
    let mut scene = Scene::new();
    scene.policy.mic = MicMode::Require;
    let mut client = Client::without_mic();
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::MicMissing);
    client.mic = Mic::Zero;
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::MicMissing);
    assert!(scene.accept(&Client::new()).is_ok());
}

/// A33: the first two messages count too (CVE-2019-1040): signing stripped from the offer.
#[test]
fn a33_mic_covers_the_first_messages() {
    let scene = Scene::new();
    let good = scene.transcript(initiator().protection(Protection::Integrity));
    assert!(scene.judge(&good).is_ok());
    for message in 0..2 {
        let mut changed = good.clone();
        let at = if message == 0 { 12 } else { 20 };
        changed[message][at] &= !0x10;
        assert_eq!(scene.judge(&changed).unwrap_err(), Rejection::WrongMic);
    }
}

/// A34: whatever the version flag and the version block say (Chromium: flag clear, 8 zero bytes).
#[test]
fn a34_version_flag_clear_and_block_zero() {
    let mut client = Client::new();
    client.version = Version::default();
    client.flags = client.flags & !NegotiateFlags::VERSION;
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.evidence().unwrap().mic, MicState::Valid);
}

/// A34: the pair of flags is there and empty, or of another length.
#[test]
fn a34_av_flags_empty() {
    let mut client = Client::new();
    client.pair = Some((AvId::FLAGS, vec![]));
    assert_eq!(refused(&client).reason(), "malformed");
    client.pair = Some((AvId::FLAGS, vec![2, 0, 0, 0, 0]));
    assert_eq!(refused(&client).reason(), "malformed");
    client.mic = Mic::NoRoom;
    client.pair = Some((AvId::FLAGS, vec![0, 0, 0, 0]));
    assert!(Scene::new().accept(&client).is_ok());
}

/// A35: everything well formed, MIC and key exchange made from another password's hash.
#[test]
fn a35_only_the_proof_is_wrong() {
    let mut client = Client::new();
    client.password = "Passw0rd.Tesa".into();
    assert_eq!(refused(&client), Rejection::WrongProof);
    let scene = Scene::new();
    let mut other = scene.transcript(initiator());
    let at = 88 + 2 * ("CORP".len() + "ada".len() + "WS1".len()) + 24;
    other[2][at] ^= 1;
    assert_eq!(scene.judge(&other).unwrap_err(), Rejection::WrongProof);
}

/// A36: an LM hash opens nothing but an LM response, and the NT hash no LM response.
#[test]
fn a36_each_hash_its_response() {
    let mut scene = Scene::new();
    scene.policy.danger_accept_lm = true;
    scene.policy.danger_accept_weak_keys = true;
    let lm_hash = LmHash::from_password(PASSWORD.into()).unwrap();
    let pending = scene.claim(&Client::new()).unwrap();
    assert_eq!(pending.verify_lm(&lm_hash).unwrap_err(), Rejection::WrongProof);
    let mut client = Client::without_mic();
    client.proof = Proof::Lm;
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::WrongProof);
    let pending = scene.claim(&client).unwrap();
    assert_eq!(pending.response(), ResponseVersion::Lm);
    assert_eq!(
        pending.verify_lm(&LmHash::new([0; 16])).unwrap_err(),
        Rejection::WrongProof
    );
}

/// A36: where `NTLMv1` is admitted, the LM response beside it does not stand for it.
#[test]
fn a36_the_lm_response_beside_another() {
    let mut scene = Scene::new();
    scene.policy.danger_accept_v1 = true;
    scene.policy.danger_accept_weak_keys = true;
    let mut client = Client::without_mic();
    client.flags = client.flags & !NegotiateFlags::EXTENDED_SESSION_SECURITY;
    client.proof = Proof::V1;
    assert!(scene.accept(&client).is_ok());
    let lm_hash = LmHash::from_password(PASSWORD.into()).unwrap();
    let pending = scene.claim(&client).unwrap();
    assert_eq!(pending.verify_lm(&lm_hash).unwrap_err(), Rejection::WrongProof);
}

/// A43: a key that nobody agreed to exchange counts nothing.
#[test]
fn a43_a_key_without_key_exchange() {
    let mut client = Client::new();
    client.flags = client.flags & !NegotiateFlags::KEY_EXCHANGE;
    let plain = Scene::new().accept(&client).unwrap();
    client.session_key = Some(vec![7; 16]);
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.key(), plain.key());
    assert_eq!(session.evidence().unwrap().mic, MicState::Valid);
}

/// A37: nobody, whether by flag or by empty fields, and a response of nobody's.
#[test]
fn a37_anonymous() {
    let mut nobody = Client::without_mic();
    nobody.user = String::new();
    nobody.domain = String::new();
    nobody.proof = Proof::Nothing;
    assert_eq!(refused(&nobody), Rejection::Anonymous);

    let mut flagged = Client::new();
    flagged.last_flags = Some(flagged.flags | NegotiateFlags::ANONYMOUS);
    assert_eq!(refused(&flagged), Rejection::Anonymous);

    let mut scene = Scene::new();
    scene.policy.danger_accept_anonymous = true;
    assert_eq!(
        scene.accept(&nobody).unwrap_err(),
        Rejection::Anonymous,
        "a hash proves nobody"
    );
    let session = scene.claim(&nobody).unwrap().accept_anonymous().unwrap();
    assert_eq!(session.account(), None, "never a user");
    assert_eq!(session.evidence().unwrap().response, ResponseVersion::Anonymous);
    let claim = scene.claim(&Client::new()).unwrap();
    assert_eq!(claim.accept_anonymous().unwrap_err(), Rejection::WrongProof);
    let validation = adlib_ntlm::NetworkValidation {
        session_key: adlib_ntlm::SessionBaseKey::new([0; 16]),
        guest: false,
    };
    let result = scene.claim(&nobody).unwrap().validated(&validation);
    assert_eq!(result.unwrap_err(), Rejection::Anonymous);
}

/// A37: an empty user with a response is nobody's proof, even where nobody is admitted.
#[test]
fn a37_an_empty_user_with_a_response() {
    let mut client = Client::new();
    client.user = String::new();
    let mut scene = Scene::new();
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::EmptyUser);
    scene.policy.danger_accept_anonymous = true;
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::EmptyUser);
}

/// A37: the guest, who is told so only after a right password.
#[test]
fn a37_guest() {
    let mut client = Client::new();
    client.user = "gUEST".into();
    assert_eq!(refused(&client), Rejection::Guest);
    let mut scene = Scene::new();
    scene.policy.danger_accept_guest = true;
    assert!(scene.accept(&client).unwrap().evidence().unwrap().guest);
    client.password = "other".into();
    assert_eq!(refused(&client), Rejection::WrongProof);
}

/// A38, R10: tolerance less a second, the tolerance, a second more, in both directions.
#[test]
fn a38_stale_and_ahead() {
    for (seconds, accepted) in [
        (-301, false),
        (-300, true),
        (-299, true),
        (299, true),
        (300, true),
        (301, false),
    ] {
        let mut client = Client::without_mic();
        client.time = later(seconds);
        let result = Scene::new().accept(&client);
        match result {
            Ok(session) => {
                assert!(accepted, "{seconds}");
                assert_eq!(session.evidence().unwrap().clock_difference_s, Some(seconds));
            }
            Err(rejection) => {
                assert!(!accepted, "{seconds}: {rejection}");
                assert!(
                    matches!(rejection, Rejection::ClockSkew { difference_s, .. } if difference_s == seconds)
                );
            }
        }
    }
}

/// A38: no time at all; and a policy that does not ask.
#[test]
fn a38_no_time() {
    for time in [FileTime(0), FileTime(u64::MAX)] {
        let mut client = Client::without_mic();
        client.time = time;
        assert_eq!(refused(&client), Rejection::TimeMissing);
        let mut scene = Scene::new();
        scene.policy.clock_tolerance = None;
        let session = scene.accept(&client).unwrap();
        assert_eq!(session.evidence().unwrap().clock_difference_s, None);
    }
}

/// A38: an answer to another challenge, and a challenge in place of an answer.
#[test]
fn a38_reused_and_reflected() {
    let scene = Scene::new();
    let [negotiate, challenge, authenticate] = scene.transcript(initiator());
    let message = ChallengeMessage::decode(&challenge).unwrap();
    let next = ChallengeMessage {
        server_challenge: *b"another.",
        ..message
    };
    let replayed = [negotiate.clone(), next.encode().unwrap(), authenticate];
    assert_eq!(scene.judge(&replayed).unwrap_err(), Rejection::WrongProof);
    let reflected = [negotiate, challenge.clone(), challenge];
    assert_eq!(scene.judge(&reflected).unwrap_err().reason(), "malformed");
}

/// A38, A33: without a MIC, what the challenge said must come back as it was: a relayed challenge of another server.
#[test]
fn a38_anothers_challenge() {
    let scene = Scene::new();
    let client = Client::without_mic();
    let negotiate = client.negotiate();
    let (challenge, _) = scene.challenge(&negotiate).unwrap();
    for id in [AvId::NETBIOS_COMPUTER, AvId::DNS_DOMAIN, AvId::TIMESTAMP] {
        let shown = edit_challenge(&challenge, |pairs| {
            let pair = pairs.iter_mut().find(|(known, _)| *known == id).unwrap();
            pair.1[0] ^= 1;
        });
        let authenticate = client.authenticate(&negotiate, &shown);
        let transcript = [negotiate.clone(), challenge.clone(), authenticate];
        assert_eq!(
            scene.judge(&transcript).unwrap_err(),
            Rejection::TargetInfoChanged { id }
        );
    }
}

/// A33: a client that is not shown the time makes no MIC; taking it out of the challenge opens nothing else.
#[test]
fn a33_time_stamp_taken_out_of_the_challenge() {
    let scene = Scene::new();
    let (negotiate, client) = initiator().negotiate();
    let (mut challenge, awaiting) = scene.challenge(&negotiate).unwrap();
    let timestamp = [AvId::TIMESTAMP.0, 8].map(u16::to_le_bytes).concat();
    let at = challenge.windows(4).position(|bytes| bytes == timestamp).unwrap();
    challenge[at] = 0x7f;
    let (authenticate, _) = client.authenticate(&challenge).unwrap();
    let pending = scene.pending(awaiting, &authenticate).unwrap();
    assert_eq!(
        pending.verify(&hash()).unwrap_err(),
        Rejection::TargetInfoChanged { id: AvId::TIMESTAMP }
    );
}

/// A33: the flags pair is the client's to change, also where the server sent one.
#[test]
fn a33_the_flags_pair_is_the_clients() {
    let scene = Scene::new();
    let mut client = Client::without_mic();
    client.av_flags = Some(AvFlags::default());
    let negotiate = client.negotiate();
    let (challenge, _) = scene.challenge(&negotiate).unwrap();
    let challenge = edit_challenge(&challenge, |pairs| pairs.push((AvId::FLAGS, vec![1, 0, 0, 0])));
    let authenticate = client.authenticate(&negotiate, &challenge);
    assert!(scene.judge(&[negotiate, challenge, authenticate]).is_ok());
}

/// A43: protection that must be is asked for at the beginning, and not dropped at the end.
#[test]
fn a43_protection_dropped() {
    let mut scene = Scene::new();
    scene.protection = Protection::Integrity;
    let dropped = Rejection::FlagsMissing {
        missing: NegotiateFlags::SIGN,
    };
    let never = Client::new().unprotected();
    assert_eq!(scene.challenge(&never.negotiate()).unwrap_err(), dropped);
    let mut client = Client::new();
    client.last_flags = Some(never.flags);
    assert_eq!(scene.accept(&client).unwrap_err(), dropped);
}

/// A39
#[test]
fn a39_target_names() {
    let mut scene = Scene::new();
    let mut client = Client::new();
    let target = "HTTP/other.corp.example.com".to_owned();
    client.target_name = Some(target.clone());
    let session = scene.accept(&client).unwrap();
    assert_eq!(
        session.evidence().unwrap().target_name.as_ref(),
        Some(&target),
        "any"
    );

    scene.policy.targets = AcceptedTargets::Only(vec!["HTTP/app1.corp.example.com".into()]);
    assert_eq!(
        scene.accept(&client).unwrap_err(),
        Rejection::TargetMismatch { target }
    );
    client.target_name = Some("http/APP1.corp.example.com".into());
    assert!(scene.accept(&client).is_ok());
    client.target_name = Some(String::new());
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::TargetMissing);
    client.target_name = None;
    assert_eq!(scene.accept(&client).unwrap_err(), Rejection::TargetMissing);
    client.pair = Some((AvId::TARGET_NAME, b"odd".to_vec()));
    assert_eq!(scene.accept(&client).unwrap_err().reason(), "malformed");
}

/// A39: a right name that the client does not trust itself.
#[test]
fn a39_untrusted_target() {
    let mut scene = Scene::new();
    let target = "HTTP/app1.corp.example.com".to_owned();
    let untrusted = || initiator().untrusted_target_name(target.clone());
    let (_, session) = scene.sign_in(untrusted()).unwrap();
    assert!(session.evidence().unwrap().untrusted_target);
    scene.policy.targets = AcceptedTargets::Only(vec![target.clone()]);
    let rejection = scene.sign_in(untrusted()).unwrap_err();
    assert_eq!(
        rejection,
        Rejection::UntrustedTarget {
            target: target.clone()
        }
    );
    scene.policy.danger_accept_untrusted_targets = true;
    assert!(scene.sign_in(untrusted()).is_ok());
}

/// A42: our own builder makes no second pair, so it is written by hand.
#[test]
fn a42_a_pair_twice_in_a_response() {
    let mut twice = Vec::new();
    for value in [2_u8, 0] {
        twice.extend_from_slice(&[6, 0, 4, 0, value, 0, 0, 0]);
    }
    twice.extend_from_slice(&[0; 4]);
    let client = adlib_ntlm::ClientChallenge {
        time: later(0),
        nonce: [1; 8],
        target_info: &twice,
    };
    let (response, _) = hash().response_key("ada", "CORP").respond([2; 8], &client);
    let error = adlib_ntlm::Ntlmv2Response::decode(&response).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::Invalid);
}

/// A43: a key that was agreed on and is none.
#[test]
fn a43_key_exchange_without_a_key() {
    for length in [0, 1, 15, 17] {
        let mut client = Client::new();
        client.session_key = Some(vec![1; length]);
        assert_eq!(refused(&client), Rejection::SessionKeyLength { length });
    }
    // Without protected messages some clients put a byte there, which counts nothing (MS-NLMP 3.2.5.1.2).
    let mut client = Client::new().unprotected();
    client.session_key = Some(vec![0]);
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.evidence().unwrap().mic, MicState::Valid);
    client.session_key = Some(vec![]);
    assert_eq!(refused(&client), Rejection::SessionKeyLength { length: 0 });
}

/// A43: without protected messages, a key of sixteen bytes is exchanged or not: the MIC says which.
#[test]
fn a43_which_key_without_protection() {
    let session = Scene::new().accept(&Client::new().unprotected()).unwrap();
    assert_eq!(session.key().expose(), b"the client's key");
    let mut client = Client::new().unprotected();
    client.session_key = Some(vec![0]);
    let other = Scene::new().accept(&client).unwrap();
    assert_ne!(other.key().expose(), b"the client's key");
    client.session_key = Some(vec![7; 16]);
    client.exchanges = false;
    let filled = Scene::new().accept(&client).unwrap();
    assert_eq!(filled.evidence().unwrap().mic, MicState::Valid);
    assert_eq!(filled.key(), other.key());
    client.flags = Client::new().flags;
    assert_eq!(
        refused(&client),
        Rejection::WrongMic,
        "where messages are protected, it counts"
    );
}

/// A43: keys of 40 and 56 bits.
#[test]
fn a43_weak_keys() {
    let strong = NegotiateFlags::KEY_128;
    for weak in [NegotiateFlags::default(), NegotiateFlags::KEY_56] {
        let mut client = Client::new();
        client.flags = client.flags & !strong | weak;
        assert_eq!(refused(&client), Rejection::FlagsMissing { missing: strong });
        assert!(
            Scene::new().accept(&client.clone().unprotected()).is_ok(),
            "nothing to protect"
        );
        let mut scene = Scene::new();
        scene.policy.danger_accept_weak_keys = true;
        assert!(scene.accept(&client).is_ok());
    }
}

/// A43: flags that only the client's last message has do not count.
#[test]
fn a43_flags_that_were_never_agreed_on() {
    let mut client = Client::without_mic();
    client.flags = client.flags & !NegotiateFlags::SEAL;
    client.last_flags = Some(client.flags | NegotiateFlags::SEAL | NegotiateFlags::LM_KEY);
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.protection(), Protection::Integrity);
}

/// A44: a client with a code page.
#[test]
fn a44_oem_strings() {
    let mut client = Client::new();
    client.flags = client.flags & !NegotiateFlags::UNICODE | NegotiateFlags::OEM;
    let session = Scene::new().accept(&client).unwrap();
    assert_eq!(session.account().unwrap().user, "ada");
    client.user = "Jürgen".into();
    assert_eq!(refused(&client).reason(), "malformed");
    let mut scene = Scene::new();
    scene.names.netbios_domain = "BÜRO".into();
    assert_eq!(scene.accept(&client).unwrap_err().reason(), "unanswerable");
    client.flags = client.flags & !NegotiateFlags::OEM;
    assert_eq!(refused(&client), Rejection::NoCharacterSet);
}

/// A44: case of the user does not matter, case of the domain does, and each letter keeps to Windows' table.
#[test]
fn a44_names_that_differ_by_rule() {
    let same = |sent: (&str, &str), proven: (&str, &str)| {
        let key = hash().response_key(proven.0, proven.1);
        hash().response_key(sent.0, sent.1) == key
    };
    assert!(same(("Jürgen", "CORP"), ("JÜRGEN", "CORP")));
    for (sent, proven) in [
        ("straße", "STRASSE"),
        ("straße", "STRAẞE"),
        ("ı", "I"),
        ("ſ", "S"),
        ("J\u{fc}rgen", "Ju\u{308}rgen"),
        ("𐐨", "𐐀"),
    ] {
        assert!(!same((sent, "CORP"), (proven, "CORP")), "{sent} {proven}");
    }
    for (user, domain) in [
        ("ada@corp.example.com", ""),
        ("ada", "corp"),
        ("ada", "CORP"),
        ("ada", ""),
        ("ada", "corp.example.com"),
    ] {
        let mut client = Client::new();
        client.user = user.into();
        client.domain = domain.into();
        let session = Scene::new().accept(&client).unwrap();
        assert_eq!(session.account().unwrap().domain, domain);
    }
}

/// A45: a message out of turn, one that is too long to be kept, and the largest that is.
#[test]
fn a45_out_of_turn_and_too_long() {
    let scene = Scene::new();
    let [negotiate, challenge, authenticate] = scene.transcript(initiator());
    assert_eq!(scene.challenge(&authenticate).unwrap_err().reason(), "malformed");
    assert_eq!(scene.challenge(&challenge).unwrap_err().reason(), "malformed");
    let twice = [negotiate.clone(), challenge.clone(), negotiate.clone()];
    assert_eq!(scene.judge(&twice).unwrap_err().reason(), "malformed");

    let mut long = negotiate;
    long.resize(MAX_NEGOTIATE_BYTES, 0);
    assert!(scene.challenge(&long).is_ok());
    long.push(0);
    assert_eq!(scene.challenge(&long).unwrap_err().reason(), "malformed");
    let mut long = authenticate;
    long.resize(adlib_ntlm::message::MAX_MESSAGE_BYTES + 1, 0);
    let transcript = [scene.transcript(initiator())[0].clone(), challenge, long];
    assert_eq!(scene.judge(&transcript).unwrap_err().reason(), "malformed");
}

/// A46: an unknown user is refused as late as a wrong password, and before anything that only the owner may know.
#[test]
fn a46_unknown_user() {
    let mut scene = Scene::new();
    scene.now = later(86_400);
    let rejection = scene.claim(&Client::new()).unwrap().verify_unknown();
    assert_eq!(rejection, Rejection::UnknownAccount);
    let wrong = scene.claim(&Client::new()).unwrap().verify(&NtHash::new([9; 16]));
    assert_eq!(wrong.unwrap_err(), Rejection::WrongProof);
    let right = scene.claim(&Client::new()).unwrap().verify(&hash());
    assert_eq!(right.unwrap_err().reason(), "clock-skew");
}

/// A46: an account whose hash is the stand-in's is unknown all the same.
#[test]
fn a46_the_stand_in_opens_nothing() {
    let scene = Scene::new();
    let stand_in = NtHash::new([0; 16]);
    let guess = adlib_ntlm::Initiator::new("ada", "CORP", stand_in, crate::scene::ephemeral());
    let [negotiate, challenge, token] = scene.transcript(guess);
    let awaiting = adlib_ntlm::AwaitingAuthenticate::from_transcript(&negotiate, &challenge).unwrap();
    let pending = scene.pending(awaiting, &token).unwrap();
    assert_eq!(pending.verify_unknown(), Rejection::UnknownAccount);
}

/// R14: a session with a layer that nobody agreed on does nothing.
#[test]
fn r14_nothing_is_protected_unasked() {
    let (mut session, _) = Scene::new().sign_in(initiator()).unwrap();
    assert_eq!(session.wrap(b"x").unwrap_err(), Rejection::NotProtected);
    assert_eq!(session.unwrap(&[1; 20]).unwrap_err(), Rejection::NotProtected);
    assert_eq!(session.sign(b"x").unwrap_err(), Rejection::NotProtected);
    assert_eq!(
        session.verify(b"x", &[1; 16]).unwrap_err(),
        Rejection::NotProtected
    );
}

/// A63: neither hash, response nor key in what is shown.
#[test]
fn a63_debug_shows_no_secret() {
    let scene = Scene::new();
    let pending = scene.claim(&Client::new()).unwrap();
    let logon = format!("{:?}", pending.network_logon());
    let shown = format!(
        "{pending:?} {logon} {:?} {:?}",
        initiator(),
        ephemeral_and_session()
    );
    let secrets = [
        hash().expose().to_vec(),
        b"a session's key!".to_vec(),
        pending.network_logon().nt_response.to_vec(),
    ];
    for secret in secrets {
        let listed = format!("{secret:?}");
        assert!(!shown.contains(listed.trim_matches(['[', ']'])), "{shown}");
    }
    assert!(!shown.contains("response: ["), "{shown}");
}

fn ephemeral_and_session() -> impl core::fmt::Debug {
    let (session, accepted) = Scene::new().sign_in(initiator()).unwrap();
    (crate::scene::ephemeral(), session, accepted)
}

/// R14: a client that offers nothing but a version of its own is answered in kind; one that is bare, too.
#[test]
fn r14_the_challenge_grants_what_was_asked() {
    let grant = |flags| {
        let message = NegotiateMessage {
            flags,
            domain: b"",
            workstation: b"",
            version: None,
        };
        let (challenge, _) = Scene::new().challenge(&message.encode().unwrap()).unwrap();
        ChallengeMessage::decode(&challenge).unwrap().flags
    };
    let always = NegotiateFlags::TARGET_INFO | NegotiateFlags::TARGET_TYPE_DOMAIN;
    assert_eq!(grant(NegotiateFlags::OEM), NegotiateFlags::OEM | always);
    let everything = grant(NegotiateFlags(u32::MAX));
    for never in [
        NegotiateFlags::OEM,
        NegotiateFlags::LM_KEY,
        NegotiateFlags::DATAGRAM,
        NegotiateFlags::ANONYMOUS,
        NegotiateFlags::NON_NT_SESSION_KEY,
    ] {
        assert!(!everything.intersects(never), "{never}");
    }
    assert_eq!(AvFlags::MIC | AvFlags::CONSTRAINED, AvFlags(3));
}
