//! Oracles of handshakes, with somebody in the middle.

use std::cell::OnceCell;

use adlib_ntlm::{
    AwaitingAuthenticate, MicMode, MicState, Policy, Rejection, Session,
    crypto::upper_case_unit,
    message::{AuthenticateMessage, AvFlags, ChallengeMessage},
};

use super::scene::{self, NOW, Scene};
use crate::script::{Change, Script, key_of};

/// What somebody in the middle does to each of the three messages.
struct Middle<'a> {
    changes: [Vec<Change<'a>>; 3],
    /// Another handshake of the same two, and its messages.
    other: Scene,
    others: OnceCell<[Vec<u8>; 3]>,
}

impl<'a> Middle<'a> {
    fn read(script: &mut Script<'a>, key: [u8; 16]) -> Self {
        let other = Scene::new(script.byte().unwrap_or_default(), key);
        let mut changes = [const { Vec::new() }; 3];
        while let Some(message) = script.byte()
            && let Some(change) = script.change()
        {
            changes[usize::from(message) % 3].push(change);
        }
        Self {
            changes,
            other,
            others: OnceCell::new(),
        }
    }

    /// What becomes of `message`, the first, second or third.
    fn pass(&self, message: usize, bytes: &[u8]) -> Vec<u8> {
        let mut passed = bytes.to_vec();
        for change in &self.changes[message] {
            let others = self.others.get_or_init(|| self.other.messages(2).0);
            change.apply(&mut passed, &others[message]);
        }
        passed
    }
}

/// What came of a handshake: the three messages as they were sent and as they came, and the acceptor's verdict.
struct Outcome {
    sent: [Vec<u8>; 3],
    came: [Vec<u8>; 3],
    verdict: Result<Session, Rejection>,
}

/// Nobody in the middle is accepted: of a handshake with a MIC nothing but the untouched messages, of one without
/// nothing but the untouched proof.
///
/// A client without a MIC protects with its proof the server's challenge, its own attribute pairs, its user's name but
/// for case, and its domain. What nobody protects then (MS-NLMP 3.1.5.1.2): the first message, in the second all but
/// the server's challenge and pairs, and in the third the flags, the version block, the workstation, the LM response,
/// the session key and how it is laid out. None of it reaches what is believed, but the session key, of which the
/// client has another.
pub fn acceptor(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let key = key_of(data);
    let scene = Scene::new(number & 0x7f, key);
    let middle = Middle::read(&mut script, key);
    if number & 0x80 == 0 {
        with_mic(scene, &middle);
    } else {
        without_mic(scene, &middle);
    }
}

fn with_mic(scene: Scene, middle: &Middle<'_>) {
    let (negotiate, client) = scene.negotiate(1);
    let answer = |challenge: &[u8]| client.authenticate(challenge).ok().map(|(token, _)| token);
    let Some(outcome) = handshake(scene, middle, negotiate, answer) else {
        return;
    };
    match outcome.verdict {
        Ok(session) => {
            assert_eq!(outcome.came, outcome.sent);
            assert_eq!(session.account(), Some(&scene::account()));
            let evidence = session.evidence().expect("an acceptor's session");
            assert_eq!(evidence.mic, MicState::Valid);
        }
        Err(rejection) => assert_ne!(outcome.came, outcome.sent, "{rejection}"),
    }
}

fn without_mic(scene: Scene, middle: &Middle<'_>) {
    // Without a session to protect, and with no bindings: such clients know neither.
    let scene = scene.without_protection();
    let negotiate = scene::old_negotiate();
    let answer = |challenge: &[u8]| scene::old_authenticate(challenge, &scene.hash());
    let Some(outcome) = handshake(scene, middle, negotiate, answer) else {
        return;
    };
    match outcome.verdict {
        Ok(session) => {
            assert_eq!(scene.mic, MicMode::IfPromised);
            let evidence = session.evidence().expect("an acceptor's session");
            assert_eq!(evidence.mic, MicState::Absent);
            assert_eq!(proven(&outcome.came[2]), proven(&outcome.sent[2]));
        }
        Err(Rejection::MicMissing) if scene.mic == MicMode::Require => {}
        Err(rejection) => assert_ne!(outcome.came, outcome.sent, "{rejection}"),
    }
}

/// What a message's proof covers, and the proof.
fn proven(authenticate: &[u8]) -> (Vec<u8>, Vec<u16>, String) {
    let message = AuthenticateMessage::decode(authenticate).expect("accepted");
    let (user, domain) = (message.user_text(), message.domain_text());
    (
        message.nt_response.to_vec(),
        user.expect("accepted")
            .encode_utf16()
            .map(upper_case_unit)
            .collect(),
        domain.expect("accepted"),
    )
}

/// Hands the messages to and fro, as far as the two are ready to speak.
fn handshake(
    scene: Scene,
    middle: &Middle<'_>,
    negotiate: Vec<u8>,
    answer: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Outcome> {
    let negotiate_came = middle.pass(0, &negotiate);
    let (challenge, acceptor) = scene.challenge(&negotiate_came, 1)?;
    let challenge_came = middle.pass(1, &challenge);
    let authenticate = answer(&challenge_came)?;
    let authenticate_came = middle.pass(2, &authenticate);
    let bindings = scene.bindings().map(|bindings| bindings.hash());
    let verdict = acceptor
        .authenticate(&authenticate_came, &scene.policy(), NOW, bindings)
        .and_then(|pending| pending.verify(&scene.hash()));
    Some(Outcome {
        sent: [negotiate, challenge, authenticate],
        came: [negotiate_came, challenge_came, authenticate_came],
        verdict,
    })
}

/// Whatever challenge is answered, whoever sent it accepts the answer, with a MIC if the challenge told the time.
pub fn initiator(data: &[u8]) {
    let Some((number, challenge)) = data.split_first() else {
        return;
    };
    let scene = Scene::new(number % 3, [7; 16]);
    let (negotiate, client) = scene.negotiate(1);
    let Ok((authenticate, _)) = client.authenticate(challenge) else {
        return;
    };
    let sent = ChallengeMessage::decode(challenge).expect("answered");
    let sent = sent.target_info.expect("answered");
    let timed = sent.value(adlib_ntlm::message::AvId::TIMESTAMP).is_some();
    let message = AuthenticateMessage::decode(&authenticate).expect("our own");
    assert!(message.is_canonical(&authenticate));
    let response = adlib_ntlm::Ntlmv2Response::decode(message.nt_response).expect("our own");
    let flags = response.av_pairs.flags().expect("our own").unwrap_or_default();
    assert_eq!(flags.contains(AvFlags::MIC), timed);

    let mut policy = Policy::default();
    policy.clock_tolerance = None;
    let verdict = AwaitingAuthenticate::from_transcript(&negotiate, challenge)
        .and_then(|acceptor| acceptor.authenticate(&authenticate, &policy, NOW, None))
        .and_then(|pending| pending.verify(&scene.hash()));
    match verdict {
        Ok(session) => assert_eq!(session.account(), Some(&scene::account())),
        // What the challenge said in the client's name is not repeated; without a MIC that looks like a change.
        Err(Rejection::TargetInfoChanged { .. }) => assert!(!timed),
        Err(rejection) => panic!("{rejection}"),
    }
}
