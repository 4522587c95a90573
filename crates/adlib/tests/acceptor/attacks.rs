//! What a hostile client tries.

use adlib::{
    Acceptor, Error, Mode, SignInError, Step,
    kerberos::{InitiatorOptions, TicketInitiator},
    spnego::{MechType, NegTokenInit, NegTokenResp},
};

use adlib_core::gss;

use super::scene::{Ended, NOW, both, kerberos, key, keytab, ntlm, random, run, sign_in, ticket};

/// A client whose ticket is encrypted with somebody else's key.
fn forged() -> Box<TicketInitiator> {
    let options = InitiatorOptions::default();
    Box::new(TicketInitiator::new(ticket(&key(8)), options, NOW, random(1)))
}

/// R15, A31
#[test]
fn a31_raw_ntlm_under_modern_only() {
    let acceptor = both().mode(Mode::ModernOnly).build().unwrap();
    let ended = sign_in(Box::new(ntlm("secret")), acceptor.handshake(None));
    assert_eq!(ended.reason(), "client-sent-ntlm");
    let acceptor = both().mode(Mode::LegacyOnly).build().unwrap();
    let ended = sign_in(kerberos(1, InitiatorOptions::default()), acceptor.handshake(None));
    assert_eq!(ended.reason(), "client-sent-kerberos");
}

/// A31
#[test]
fn a31_ntlm_after_a_failed_kerberos_token() {
    let acceptor = both().build().unwrap();
    let Ended::Refused("ticket-not-opened", Some(error), retry) = sign_in(forged(), acceptor.handshake(None))
    else {
        panic!("the ticket is another service's");
    };
    assert_eq!(error.first(), Some(&0x60), "a KRB-ERROR");
    let Ended::Refused("ntlm-after-kerberos", None, retry) = sign_in(Box::new(ntlm("secret")), retry) else {
        panic!("a step down");
    };
    // A better ticket is welcome.
    let identity = sign_in(kerberos(2, InitiatorOptions::default()), retry).identity();
    assert_eq!(identity.account(), "ada");
}

/// Nobody here can verify NTLM.
#[test]
fn ntlm_without_anybody_who_verifies_it() {
    let acceptor = Acceptor::builder().keytab(keytab()).build().unwrap();
    let ended = sign_in(Box::new(ntlm("secret")), acceptor.handshake(None));
    assert_eq!(ended.reason(), "mechanism-unavailable");
    for mode in [Mode::Auto, Mode::ModernOnly, Mode::LegacyOnly] {
        let error = Acceptor::builder().mode(mode).build().unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error}");
    }
}

fn first_token(client: Box<dyn gss::Initiator>) -> Vec<u8> {
    match client.step(&[]).unwrap() {
        gss::InitiatorStep::Continue { token, .. } => token,
        gss::InitiatorStep::Done { token, .. } => token.unwrap(),
    }
}

fn reason_of(step: &Step) -> &'static str {
    match step {
        Step::Continue { .. } => "continue",
        Step::Done { .. } => "accepted",
        Step::Refused {
            reason: SignInError::Refused(refusal),
            ..
        } => refusal.reason().as_str(),
        Step::Refused { .. } => "failed",
    }
}

/// A7: a token sent twice, to two handshakes at once.
#[test]
fn a07_a_token_sent_twice() {
    let acceptor = both().build().unwrap();
    let token = first_token(kerberos(1, InitiatorOptions::default()));
    let mut verdicts: Vec<&str> = std::thread::scope(|scope| {
        let one = || reason_of(&run(acceptor.handshake(None).step(&token)));
        let threads = [scope.spawn(one), scope.spawn(one), scope.spawn(one)];
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    verdicts.sort_unstable();
    assert_eq!(verdicts, ["accepted", "replayed", "replayed"]);
}

/// A30: a reason each.
#[test]
fn a30_what_is_not_spoken() {
    let acceptor = both().build().unwrap();
    let reason = |token: &[u8]| reason_of(&run(acceptor.handshake(None).step(token)));
    let offer = |list: &[MechType<'static>]| {
        let init = NegTokenInit {
            mech_types: list.to_vec(),
            mech_token: None,
            mech_list_mic: None,
        };
        init.encode()
    };
    assert_eq!(reason(&NegTokenResp::default().encode()), "response-first");
    assert_eq!(reason(&offer(&[MechType(b"\x2a\x03\x04")])), "unknown-mechanisms");
    assert_eq!(reason(&offer(&[MechType::NEGOEX])), "negoex");
    assert_eq!(reason(&offer(&[MechType::IAKERB])), "iakerb");
    assert_eq!(reason(&offer(&[MechType::USER_TO_USER])), "user-to-user");
    assert_eq!(reason(b""), "unknown-token");
    assert_eq!(reason(b"\x60\x03\x06\x01"), "unknown-token");
}

/// A31: in SPNEGO too.
#[test]
fn a31_ntlm_in_spnego_after_a_failed_kerberos_token() {
    let acceptor = both().build().unwrap();
    let Ended::Refused(_, _, retry) = sign_in(forged(), acceptor.handshake(None)) else {
        panic!("the ticket is another service's");
    };
    let init = NegTokenInit {
        mech_types: vec![MechType::NTLM],
        mech_token: Some(&first_token(Box::new(ntlm("secret")))),
        mech_list_mic: None,
    };
    let step = run(retry.step(&init.encode()));
    assert_eq!(reason_of(&step), "ntlm-after-kerberos");
    let Step::Refused {
        for_client: Some(token),
        ..
    } = step
    else {
        panic!("the client is told");
    };
    let state = NegTokenResp::decode(&token).unwrap().state;
    assert_eq!(state, Some(adlib::spnego::NegState::Reject));
}

/// A31: a Kerberos token of a kind that is not spoken is one that failed.
#[test]
fn a31_ntlm_after_user_to_user() {
    let acceptor = both().build().unwrap();
    let tgt_req = gss::frame(gss::KERBEROS_OID, &[b"\x04\x00", b"\x30\x00"]);
    let Step::Refused { retry, .. } = run(acceptor.handshake(None).step(&tgt_req)) else {
        panic!("user to user");
    };
    assert_eq!(
        sign_in(Box::new(ntlm("secret")), retry).reason(),
        "ntlm-after-kerberos"
    );
}

/// A32: the second token of one connection on another. That a handshake is not used again does not compile: see
/// `Handshake`.
#[test]
fn a32_a_step_of_one_connection_on_another() {
    let acceptor = both().build().unwrap();
    let client = Box::new(ntlm("secret"));
    let gss::InitiatorStep::Continue { token, next } = gss::Initiator::step(client, &[]).unwrap() else {
        panic!("NTLM goes on");
    };
    let Step::Continue { token: challenge, .. } = run(acceptor.handshake(None).step(&token)) else {
        panic!("a challenge");
    };
    let gss::InitiatorStep::Done {
        token: Some(authenticate),
        ..
    } = next.step(&challenge).unwrap()
    else {
        panic!("an answer");
    };
    // On a new connection, and on one whose challenge is another.
    assert_eq!(
        reason_of(&run(acceptor.handshake(None).step(&authenticate))),
        "malformed"
    );
    let Step::Continue { handshake, .. } = run(acceptor.handshake(None).step(&token)) else {
        panic!("a challenge");
    };
    assert_eq!(reason_of(&run(handshake.step(&authenticate))), "wrong-password");
}
