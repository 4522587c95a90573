//! What somebody on the way tries.

use adlib_core::gss::Protection;
use adlib_spnego::{MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Negotiation};

use crate::scene::{BOTH, Outcome, acceptor, negotiate, preferring, relisted};

const SIGNED: Protection = Protection::Integrity;

fn change_first(change: impl Fn(&[u8]) -> Vec<u8>) -> impl FnMut(usize, Vec<u8>) -> Vec<u8> {
    move |at, token| if at == 0 { change(&token) } else { token }
}

/// Change the code over the list in every token that has one.
fn change_mics(change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> impl FnMut(usize, Vec<u8>) -> Vec<u8> {
    move |_, token| match NegTokenResp::decode(&token) {
        Ok(resp) => {
            let mic = resp.mech_list_mic.and_then(&change);
            let mech_list_mic = mic.as_deref();
            NegTokenResp {
                mech_list_mic,
                ..resp
            }
            .encode()
        }
        Err(_) => token,
    }
}

/// A29: somebody puts NTLM before Kerberos, or takes Kerberos away, to get at the weaker one.
#[test]
fn a29_mech_types_reordered() {
    let run = |list: &'static [MechType<'static>], keep| {
        let network = change_first(move |token| relisted(token, list, keep));
        negotiate(
            preferring(Mechanism::Kerberos, true, SIGNED),
            acceptor(&BOTH),
            network,
        )
    };
    assert_eq!(
        run(&[MechType::NTLM, MechType::KERBEROS], true).word(),
        "token-mismatch"
    );
    let outcome = run(&[MechType::NTLM, MechType::KERBEROS], false);
    assert!(
        matches!(outcome, Outcome::AcceptorRefused("wrong-mech-list-mic")),
        "{}",
        outcome.word()
    );
    let outcome = run(&[MechType::NTLM], false);
    assert!(
        matches!(outcome, Outcome::AcceptorRefused("wrong-mech-list-mic")),
        "{}",
        outcome.word()
    );
    // Nothing is signed, so nothing proves what the list was: the initiator does not go on.
    let network = change_first(|token| relisted(token, &[MechType::NTLM], false));
    let outcome = negotiate(
        preferring(Mechanism::Kerberos, true, Protection::None),
        acceptor(&BOTH),
        network,
    );
    assert!(
        matches!(outcome, Outcome::InitiatorRefused("mech-list-unprotected")),
        "{}",
        outcome.word()
    );
}

/// A29: where another mechanism than the preferred one was chosen, no side goes without the other's code.
#[test]
fn a29_mech_list_mic_missing() {
    for (first, admitted) in [
        (Mechanism::Kerberos, Mechanism::Ntlm),
        (Mechanism::Ntlm, Mechanism::Kerberos),
    ] {
        let initiator = || preferring(first, true, SIGNED);
        let outcome = negotiate(initiator(), acceptor(&[admitted]), change_mics(|_| None));
        assert!(!matches!(outcome, Outcome::Done { .. }));
        let mut strip = change_mics(|_| None);
        // Only the initiator's codes are taken away.
        let outcome = negotiate(initiator(), acceptor(&[admitted]), |at, token| {
            if at % 2 == 0 { strip(at, token) } else { token }
        });
        match outcome {
            Outcome::AcceptorWaits(acceptor) => {
                let empty = NegTokenResp::default().encode();
                assert_eq!(
                    acceptor.step(&empty).err().unwrap().reason(),
                    "mech-list-mic-missing"
                );
            }
            outcome => assert_eq!(outcome.word(), "mech-list-mic-missing"),
        }
        // And only the acceptor's.
        let mut strip = change_mics(|_| None);
        let network = |at: usize, token| if at % 2 == 1 { strip(at, token) } else { token };
        let outcome = negotiate(initiator(), acceptor(&[admitted]), network);
        assert!(!matches!(outcome, Outcome::Done { .. }), "{}", outcome.word());
    }
}

/// A29: NTLM is made the preferred mechanism, and the code that would tell is taken away: nobody is signed in.
#[test]
fn a29_reordered_and_the_code_removed() {
    let mut strip = change_mics(|_| None);
    let network = |at, token: Vec<u8>| match at {
        0 => relisted(&token, &[MechType::NTLM], false),
        _ => strip(at, token),
    };
    let outcome = negotiate(
        preferring(Mechanism::Kerberos, true, SIGNED),
        acceptor(&BOTH),
        network,
    );
    assert_eq!(outcome.word(), "mech-list-mic-missing");
}

/// A29: request-mic taken back, so that the initiator believes it has its wish.
#[test]
fn a29_request_mic_changed() {
    let network = |at, token: Vec<u8>| {
        if at != 1 {
            return token;
        }
        let resp = NegTokenResp::decode(&token).unwrap();
        assert_eq!(resp.state, Some(NegState::RequestMic));
        let state = Some(NegState::AcceptIncomplete);
        NegTokenResp { state, ..resp }.encode()
    };
    // The name of the mechanism is enough to know.
    negotiate(
        preferring(Mechanism::Kerberos, true, SIGNED),
        acceptor(&[Mechanism::Ntlm]),
        network,
    )
    .sessions();
}

/// A29
#[test]
fn a29_mech_list_mic_wrong() {
    for (first, admitted) in [
        (Mechanism::Kerberos, Mechanism::Ntlm),
        (Mechanism::Ntlm, Mechanism::Kerberos),
    ] {
        let flip = |mic: &[u8]| {
            let mut mic = mic.to_vec();
            let last = mic.len() - 1;
            mic[last] ^= 1;
            Some(mic)
        };
        let initiator = || preferring(first, true, SIGNED);
        let outcome = negotiate(initiator(), acceptor(&[admitted]), change_mics(flip));
        assert_eq!(outcome.word(), "wrong-mech-list-mic");
    }
}

/// A29
#[test]
fn a29_mech_list_mic_zero() {
    for (first, admitted) in [
        (Mechanism::Kerberos, Mechanism::Ntlm),
        (Mechanism::Ntlm, Mechanism::Kerberos),
    ] {
        for length in [0, 4, 16, 28] {
            let zero = |_: &[u8]| Some(vec![0; length]);
            let initiator = preferring(first, true, SIGNED);
            let outcome = negotiate(initiator, acceptor(&[admitted]), change_mics(zero));
            assert_eq!(outcome.word(), "wrong-mech-list-mic");
        }
    }
}

/// A29: a code that is there must be right, needed or not.
#[test]
fn a29_mech_list_mic_wrong_where_none_is_needed() {
    let mut network = change_mics(|mic| Some(vec![1; mic.len()]));
    let outcome = negotiate(
        preferring(Mechanism::Ntlm, true, SIGNED),
        acceptor(&BOTH),
        &mut network,
    );
    assert_eq!(outcome.word(), "wrong-mech-list-mic");
    // In the first token, before there is anybody to have made it.
    let forged = |token: &[u8]| {
        let init = NegTokenInit::decode(token).unwrap();
        NegTokenInit {
            mech_list_mic: Some(&[7; 28]),
            ..init
        }
        .encode()
    };
    let initiator = preferring(Mechanism::Kerberos, true, SIGNED);
    let outcome = negotiate(initiator, acceptor(&BOTH), change_first(forged));
    assert_eq!(outcome.word(), "wrong-mech-list-mic");
}

fn refused(token: &[u8]) -> (&'static str, bool) {
    let refused = Negotiation::new(&BOTH).receive(token).unwrap_err();
    (refused.rejection.reason(), refused.token.is_some())
}

fn offer(list: &[MechType<'static>], token: Option<&[u8]>) -> Vec<u8> {
    NegTokenInit {
        mech_types: list.to_vec(),
        mech_token: token,
        mech_list_mic: None,
    }
    .encode()
}

/// A30: a reason each; in SPNEGO the client is told that it is over.
#[test]
fn a30_what_is_not_spoken() {
    let resp = NegTokenResp::default().encode();
    assert_eq!(refused(&resp), ("response-first", false));
    let unknown = MechType(b"\x2a\x03\x04");
    assert_eq!(refused(&offer(&[unknown], None)), ("unknown-mechanisms", true));
    assert_eq!(refused(&offer(&[], None)), ("unknown-mechanisms", true));
    assert_eq!(
        refused(&offer(&[unknown, MechType::NEGOEX], None)),
        ("negoex", true)
    );
    assert_eq!(refused(b"NEGOEXTS\0\0\0\0"), ("negoex", false));
    assert_eq!(refused(&offer(&[MechType::IAKERB], None)), ("iakerb", true));
    assert_eq!(
        refused(&offer(&[MechType::USER_TO_USER], None)),
        ("user-to-user", true)
    );
    assert_eq!(refused(b"GET / HTTP/1.1"), ("unknown-token", false));
    let tgt_req = adlib_core::gss::frame(adlib_core::gss::KERBEROS_OID, &[b"\x04\x00", b"\x30\x00"]);
    assert_eq!(refused(&tgt_req), ("user-to-user", false));
    assert_eq!(
        refused(&offer(&[MechType::KERBEROS], Some(&tgt_req))),
        ("user-to-user", true)
    );
    let proxy = adlib_core::gss::frame(adlib_core::gss::KERBEROS_OID, &[b"\x05\x01", b"\x30\x00"]);
    assert_eq!(
        refused(&offer(&[MechType::KERBEROS], Some(&proxy))),
        ("iakerb", true)
    );
    assert_eq!(
        refused(&offer(&[MechType::KERBEROS], Some(b"NTLMSSP\0\x01\0\0\0"))),
        ("token-mismatch", true)
    );
}

/// R15, A31: a mechanism that is known and not admitted.
#[test]
fn a31_a_mechanism_that_is_not_admitted() {
    let modern = Negotiation::new(&[Mechanism::Kerberos]);
    let refused = modern.receive(&offer(&[MechType::NTLM], None)).unwrap_err();
    assert_eq!(
        refused.rejection.to_string(),
        "the peer sent ntlm, which is not admitted here"
    );
    let modern = Negotiation::new(&[Mechanism::Kerberos]);
    let refused = modern.receive(b"NTLMSSP\0\x01\0\0\0").unwrap_err();
    assert_eq!(refused.rejection.reason(), "mechanism-not-admitted");
}

/// The acceptor chooses what was not on offer, ends too early, or changes its mind.
#[test]
fn an_acceptor_that_lies() {
    let answer = |at, token: Vec<u8>, to: usize, change: &dyn Fn(NegTokenResp<'_>) -> Vec<u8>| {
        if at == to {
            change(NegTokenResp::decode(&token).unwrap())
        } else {
            token
        }
    };
    let run = |first, to, change: &dyn Fn(NegTokenResp<'_>) -> Vec<u8>| {
        let network = |at, token| answer(at, token, to, change);
        negotiate(preferring(first, true, SIGNED), acceptor(&BOTH), network).word()
    };
    let supporting = |mech| {
        move |resp: NegTokenResp<'_>| {
            NegTokenResp {
                supported_mech: Some(mech),
                ..resp
            }
            .encode()
        }
    };
    let ended = |resp: NegTokenResp<'_>| {
        NegTokenResp {
            state: Some(NegState::AcceptCompleted),
            ..resp
        }
        .encode()
    };
    let without = |resp: NegTokenResp<'_>| {
        NegTokenResp {
            response_token: None,
            ..resp
        }
        .encode()
    };
    let more = |resp: NegTokenResp<'_>| {
        NegTokenResp {
            response_token: Some(b"more"),
            ..resp
        }
        .encode()
    };
    let reject = |_: NegTokenResp<'_>| {
        NegTokenResp {
            state: Some(NegState::Reject),
            ..NegTokenResp::default()
        }
        .encode()
    };
    assert_eq!(
        run(Mechanism::Ntlm, 1, &supporting(MechType::NEGOEX)),
        "unexpected-mechanism"
    );
    assert_eq!(
        run(Mechanism::Ntlm, 3, &supporting(MechType::KERBEROS)),
        "unexpected-mechanism"
    );
    assert_eq!(
        run(Mechanism::Ntlm, 1, &supporting(MechType::KERBEROS)),
        "token-mismatch"
    );
    assert_eq!(run(Mechanism::Ntlm, 1, &ended), "ended-early");
    assert_eq!(run(Mechanism::Ntlm, 1, &without), "no-mech-token");
    assert_eq!(run(Mechanism::Ntlm, 3, &more), "token-after-end");
    assert_eq!(run(Mechanism::Kerberos, 1, &reject), "peer-rejects");
    // The other mechanism is on offer, but these two words are the last ones.
    for (state, word) in [
        (NegState::Reject, "peer-rejects"),
        (NegState::AcceptCompleted, "ended-early"),
    ] {
        let last = move |_: NegTokenResp<'_>| {
            NegTokenResp {
                state: Some(state),
                supported_mech: Some(MechType::NTLM),
                ..NegTokenResp::default()
            }
            .encode()
        };
        assert_eq!(run(Mechanism::Kerberos, 1, &last), word);
    }
}
