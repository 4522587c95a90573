//! Initiator against acceptor, over the product of what either may want.

use adlib_core::gss::{self, AcceptorStep, InitiatorStep, Protection};
use adlib_ntlm::{
    AcceptedTargets, Acceptor, BindingsMode, BindingsState, Initiator, LookupAcceptor, MicMode, MicState,
    NetworkValidation, NtHash, Rejection, ResponseVersion, SavedCredential, ServerChallenge, Session,
    message::{AuthenticateMessage, AvFlags, AvId, ChallengeMessage, NegotiateFlags},
};

use crate::scene::{
    Client, Mic, PASSWORD, Proof, SERVER_CHALLENGE, Scene, bindings, ephemeral, hash, initiator, later,
    names, now,
};

const PROTECTIONS: [Protection; 3] = [
    Protection::None,
    Protection::Integrity,
    Protection::Confidentiality,
];

/// Messages in both directions, several of each.
fn talk(one: &mut Session, other: &mut Session) {
    for message in [&b"first"[..], b"", &[7; 5000]] {
        let token = one.wrap(message).unwrap();
        assert_eq!(other.unwrap(&token).unwrap(), message);
        let token = other.wrap(message).unwrap();
        assert_eq!(one.unwrap(&token).unwrap(), message);
        let signature = one.sign(message).unwrap();
        other.verify(message, &signature).unwrap();
    }
}

/// R7, R14: every mix of policies that an honest pair gets through, and what the evidence says.
#[test]
fn r14_the_product_of_policies() {
    let modes = [
        BindingsMode::Ignore,
        BindingsMode::IfOffered,
        BindingsMode::Require,
    ];
    for wanted in PROTECTIONS {
        for least in PROTECTIONS {
            for (mode, mic) in modes
                .iter()
                .flat_map(|mode| [(mode, MicMode::IfPromised), (mode, MicMode::Require)])
            {
                let mut scene = Scene::new();
                scene.policy.bindings = *mode;
                scene.policy.mic = mic;
                scene.policy.targets = AcceptedTargets::Only(vec!["http/APP1.corp.example.com".into()]);
                scene.protection = least;
                scene.bindings = Some(bindings(1));
                let initiator = initiator()
                    .protection(wanted)
                    .channel_bindings(&bindings(1))
                    .target_name("HTTP/app1.corp.example.com");
                let result = scene.sign_in(initiator);
                if wanted < least {
                    assert!(matches!(result, Err(Rejection::FlagsMissing { .. })));
                    continue;
                }
                let (mut ours, mut theirs) = result.unwrap();
                judge(&theirs, *mode);
                assert_eq!(ours.key(), theirs.key());
                assert_eq!((ours.protection(), theirs.protection()), (wanted, wanted));
                assert!(ours.evidence().is_none());
                if wanted != Protection::None {
                    talk(&mut ours, &mut theirs);
                }
            }
        }
    }
}

fn judge(session: &Session, mode: BindingsMode) {
    let evidence = session.evidence().unwrap();
    let bound = match mode {
        BindingsMode::Ignore => BindingsState::NotChecked,
        BindingsMode::IfOffered | BindingsMode::Require => BindingsState::Bound,
    };
    assert_eq!(evidence.bindings, bound);
    assert_eq!(evidence.mic, MicState::Valid);
    assert_eq!(evidence.response, ResponseVersion::NtlmV2);
    assert_eq!(
        evidence.target_name.as_deref(),
        Some("HTTP/app1.corp.example.com")
    );
    assert_eq!(evidence.clock_difference_s, Some(0));
    assert!(!evidence.untrusted_target && !evidence.guest);
    let account = session.account().unwrap();
    assert_eq!((&account.user[..], &account.domain[..]), ("ada", "CORP"));
    assert_eq!(session.workstation(), "WS1");
}

/// R8: a saved hash signs in as the password does.
#[test]
fn r08_a_saved_credential_signs_in() {
    let account = adlib_ntlm::Account {
        user: "ada".into(),
        domain: "CORP".into(),
    };
    let bytes = SavedCredential::new(account, hash()).to_bytes();
    let saved = SavedCredential::from_bytes(bytes.expose()).unwrap();
    let account = saved.account();
    let initiator = Initiator::new(&account.user, &account.domain, saved.hash().clone(), ephemeral());
    assert!(Scene::new().sign_in(initiator).is_ok());
    for end in 0..bytes.expose().len() {
        assert!(SavedCredential::from_bytes(&bytes.expose()[..end]).is_err());
    }
    let mut changed = bytes.expose().clone();
    changed.push(0);
    assert!(SavedCredential::from_bytes(&changed).is_err());
    changed.pop();
    changed[8] = 2;
    assert!(SavedCredential::from_bytes(&changed).is_err(), "a later version");
}

/// R14: pass-through: a domain controller compares the proof, we do all the rest.
#[test]
fn r14_a_domain_controller_verifies() {
    let scene = Scene::new();
    let (negotiate, awaiting) = initiator().protection(Protection::Confidentiality).negotiate();
    let (challenge, ours) = scene.challenge(&negotiate).unwrap();
    let (token, mut session) = awaiting.authenticate(&challenge).unwrap();
    let pending = scene.pending(ours, &token).unwrap();

    let logon = pending.network_logon();
    assert_eq!(
        (logon.user, logon.domain, logon.workstation),
        ("ada", "CORP", "WS1")
    );
    assert_eq!(logon.server_challenge, SERVER_CHALLENGE);
    let response = adlib_ntlm::Ntlmv2Response::decode(logon.nt_response).unwrap();
    let key = hash()
        .response_key(logon.user, logon.domain)
        .verify(logon.server_challenge, &response)
        .unwrap();
    let validation = NetworkValidation {
        session_key: key,
        guest: false,
    };
    let mut accepted = pending.validated(&validation).unwrap();
    assert_eq!(accepted.evidence().unwrap().mic, MicState::Valid);
    talk(&mut session, &mut accepted);
}

/// R14, A37: the controller let somebody in as a guest; a wrong key shows in the MIC.
#[test]
fn a37_a_guest_by_the_controllers_word() {
    let mut scene = Scene::new();
    let client = Client::without_mic();
    let guest = NetworkValidation {
        session_key: adlib_ntlm::SessionBaseKey::new([1; 16]),
        guest: true,
    };
    let result = scene.claim(&client).unwrap().validated(&guest);
    assert_eq!(result.unwrap_err(), Rejection::Guest);
    scene.policy.danger_accept_guest = true;
    let session = scene.claim(&client).unwrap().validated(&guest).unwrap();
    assert!(session.evidence().unwrap().guest);
    let result = scene.claim(&Client::new()).unwrap().validated(&guest);
    assert_eq!(result.unwrap_err(), Rejection::WrongMic);
}

/// R7: with a time stamp in the challenge the LM response is zero and the MIC there; without, the other way round.
#[test]
fn r07_what_the_initiator_sends() {
    let (negotiate, awaiting) = initiator().negotiate();
    let (challenge, _) = Scene::new().challenge(&negotiate).unwrap();
    let (token, _) = awaiting.authenticate(&challenge).unwrap();
    let message = AuthenticateMessage::decode(&token).unwrap();
    assert!(message.is_canonical(&token));
    assert_eq!(message.lm_response, [0; 24]);
    assert_ne!(message.mic, Some([0; 16]));
    let response = adlib_ntlm::Ntlmv2Response::decode(message.nt_response).unwrap();
    assert_eq!(response.time, now(), "the server's");
    assert_eq!(response.av_pairs.flags().unwrap(), Some(AvFlags::MIC));
    assert_eq!(response.av_pairs.channel_bindings().unwrap(), Some([0; 16]));
    assert_eq!(response.av_pairs.target_name().unwrap().as_deref(), Some(""));

    let challenge = edit_challenge(&challenge, |pairs| pairs.retain(|(id, _)| *id != AvId::TIMESTAMP));
    let (token, _) = initiator().negotiate().1.authenticate(&challenge).unwrap();
    let message = AuthenticateMessage::decode(&token).unwrap();
    assert_ne!(message.lm_response, [0; 24]);
    assert_eq!(message.mic, Some([0; 16]));
    let response = adlib_ntlm::Ntlmv2Response::decode(message.nt_response).unwrap();
    assert_eq!(response.time, later(60), "the initiator's own");
    assert_eq!(response.av_pairs.flags().unwrap(), Some(AvFlags::default()));
}

/// A33: what a server says in the client's name does not get into the response (CVE-2019-1166).
#[test]
fn a33_the_servers_pairs_do_not_stand_for_ours() {
    let (negotiate, awaiting) = initiator().channel_bindings(&bindings(1)).negotiate();
    let (challenge, _) = Scene::new().challenge(&negotiate).unwrap();
    let challenge = edit_challenge(&challenge, |pairs| {
        pairs.push((AvId::FLAGS, vec![5, 0, 0, 0]));
        pairs.push((AvId::CHANNEL_BINDINGS, vec![9; 16]));
        pairs.push((AvId::TARGET_NAME, b"e\0v\0e\0".to_vec()));
        pairs.push((AvId::SINGLE_HOST, vec![3; 48]));
    });
    let (token, _) = awaiting.authenticate(&challenge).unwrap();
    let message = AuthenticateMessage::decode(&token).unwrap();
    let pairs = adlib_ntlm::Ntlmv2Response::decode(message.nt_response)
        .unwrap()
        .av_pairs;
    assert_eq!(pairs.flags().unwrap(), Some(AvFlags::CONSTRAINED | AvFlags::MIC));
    assert_eq!(pairs.channel_bindings().unwrap(), Some(bindings(1).hash()));
    assert_eq!(pairs.value(AvId::SINGLE_HOST), None);
    assert_eq!(pairs.target_name().unwrap().as_deref(), Some(""));
}

/// A challenge with other attribute pairs.
pub(crate) fn edit_challenge(challenge: &[u8], edit: impl FnOnce(&mut Vec<(AvId, Vec<u8>)>)) -> Vec<u8> {
    let message = ChallengeMessage::decode(challenge).unwrap();
    let mut pairs: Vec<_> = message
        .target_info
        .unwrap()
        .iter()
        .map(|pair| (pair.id, pair.value.to_vec()))
        .collect();
    edit(&mut pairs);
    let mut builder = adlib_ntlm::message::AvPairsBuilder::new();
    for (id, value) in pairs {
        builder.set(id, value);
    }
    let list = builder.finish().unwrap();
    let target_info = Some(adlib_ntlm::message::AvPairs::decode(&list).unwrap());
    ChallengeMessage {
        target_info,
        ..message
    }
    .encode()
    .unwrap()
}

/// A64: a server that grants less than is needed is refused; it is never met half-way.
#[test]
fn a64_a_server_that_would_have_it_weaker() {
    let (negotiate, _) = initiator().protection(Protection::Confidentiality).negotiate();
    let (challenge, _) = Scene::new().challenge(&negotiate).unwrap();
    let message = ChallengeMessage::decode(&challenge).unwrap();
    let answer = |message: &ChallengeMessage<'_>| {
        let (_, awaiting) = initiator().protection(Protection::Confidentiality).negotiate();
        awaiting.authenticate(&message.encode().unwrap()).map(|_| ())
    };
    assert_eq!(answer(&message), Ok(()));
    for missing in [
        NegotiateFlags::UNICODE,
        NegotiateFlags::EXTENDED_SESSION_SECURITY,
        NegotiateFlags::KEY_128,
        NegotiateFlags::SIGN,
        NegotiateFlags::SEAL,
        NegotiateFlags::KEY_EXCHANGE,
    ] {
        let flags = message.flags & !missing;
        let weaker = ChallengeMessage { flags, ..message };
        assert_eq!(answer(&weaker), Err(Rejection::FlagsMissing { missing }));
    }
    let flags = message.flags & !(NegotiateFlags::ALWAYS_SIGN | NegotiateFlags::VERSION);
    let modest = ChallengeMessage { flags, ..message };
    let (_, awaiting) = initiator().protection(Protection::Confidentiality).negotiate();
    let (token, session) = awaiting.authenticate(&modest.encode().unwrap()).unwrap();
    let answered = AuthenticateMessage::decode(&token).unwrap().flags;
    assert!(
        !answered.intersects(!flags),
        "nothing that the server did not grant"
    );
    assert_eq!(session.flags(), answered);
    let silent = ChallengeMessage {
        target_info: None,
        ..message
    };
    assert_eq!(answer(&silent), Err(Rejection::TargetInfoMissing));
    let nameless = edit_challenge(&challenge, |pairs| pairs.retain(|(id, _)| *id == AvId::TIMESTAMP));
    let nameless = ChallengeMessage::decode(&nameless).unwrap();
    assert_eq!(answer(&nameless), Err(Rejection::ServerNamesMissing));
}

/// R15, I3: the same through the traits that carry tokens without knowing them.
#[test]
fn r14_through_the_gss_traits() {
    let lookup = |account: &adlib_ntlm::Account| (account.user == "ada").then(hash);
    let acceptor = || -> Box<dyn gss::Acceptor> {
        let acceptor = Acceptor::new(names());
        let challenge = ServerChallenge::new(SERVER_CHALLENGE);
        Box::new(LookupAcceptor::new(acceptor, challenge, now, lookup).channel_bindings(&bindings(1)))
    };
    let run = |initiator: Initiator| {
        let initiator: Box<dyn gss::Initiator> = Box::new(initiator);
        let InitiatorStep::Continue { token, next } = initiator.step(b"").unwrap() else {
            panic!("the server has to answer");
        };
        let AcceptorStep::Continue {
            token,
            next: awaiting,
        } = acceptor().step(&token).unwrap()
        else {
            panic!("the client has to answer");
        };
        let InitiatorStep::Done {
            token: Some(token),
            session,
        } = next.step(&token).unwrap()
        else {
            panic!("the client is done");
        };
        awaiting.step(&token).map(|step| match step {
            AcceptorStep::Done {
                token: None,
                session: accepted,
            } => (session, accepted),
            _ => panic!("the acceptor is done"),
        })
    };
    let good = initiator()
        .protection(Protection::Confidentiality)
        .channel_bindings(&bindings(1));
    let (mut ours, mut theirs) = run(good).unwrap();
    assert_eq!(ours.mechanism(), gss::NTLM_OID);
    assert_eq!(ours.key(), theirs.key());
    let token = ours.wrap(b"message").unwrap();
    assert_eq!(theirs.unwrap(&token).unwrap(), b"message");
    let mic = theirs.mic(b"list").unwrap();
    ours.verify_mic(b"list", &mic).unwrap();
    assert_eq!(
        ours.verify_mic(b"list", &mic).unwrap_err().reason(),
        "out-of-order"
    );
    assert_eq!(ours.unwrap(b"short").unwrap_err().reason(), "malformed");

    let reason = |initiator| run(initiator).err().unwrap().reason();
    assert_eq!(reason(initiator()), "bindings-missing");
    let wrong = NtHash::from_password("other".into());
    assert_eq!(
        reason(Initiator::new("ada", "CORP", wrong, ephemeral())),
        "wrong-proof"
    );
    assert_eq!(
        reason(Initiator::new("eve", "CORP", hash(), ephemeral())),
        "unknown-account"
    );
    let early: Box<dyn gss::Initiator> = Box::new(initiator());
    assert_eq!(early.step(b"NTLMSSP\0").err().unwrap().reason(), "malformed");
}

/// A36: what the policy admits by name is verified like everything else.
#[test]
fn a36_old_versions_where_they_are_admitted() {
    let extended = NegotiateFlags::EXTENDED_SESSION_SECURITY;
    for (proof, version) in [
        (Proof::V1, ResponseVersion::NtlmV1),
        (Proof::V1Extended, ResponseVersion::NtlmV1Extended),
        (Proof::LmV2, ResponseVersion::LmV2),
        (Proof::Lm, ResponseVersion::Lm),
    ] {
        let mut client = Client::without_mic();
        client.proof = proof;
        client.mic = Mic::Zero;
        if proof != Proof::V1Extended {
            client.flags = client.flags & !extended;
        }
        let mut scene = Scene::new();
        scene.policy.danger_accept_weak_keys = true;
        let not_admitted = scene.accept(&client).unwrap_err();
        scene.policy.danger_accept_v1 = true;
        scene.policy.danger_accept_lm = true;
        let verify = |client: &Client| {
            let pending = scene.claim(client).unwrap();
            match proof {
                Proof::Lm => pending.verify_lm(&adlib_ntlm::LmHash::from_password(PASSWORD.into()).unwrap()),
                _ => pending.verify(&hash()),
            }
        };
        let session = verify(&client).unwrap();
        assert_eq!(session.evidence().unwrap().response, version);
        let expected = match proof {
            Proof::V1 | Proof::V1Extended => Rejection::V1NotAdmitted,
            _ => Rejection::LmNotAdmitted,
        };
        assert_eq!(not_admitted, expected, "{}", version.as_str());
        client.password = "other".into();
        assert_eq!(verify(&client).unwrap_err(), Rejection::WrongProof);
    }
}
