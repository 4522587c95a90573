//! What goes well.

use adlib_core::gss::{InitiatorStep, KERBEROS_OID, NTLM_OID, Protection};
use adlib_spnego::{MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Negotiation, Received};

use crate::scene::{BOTH, Outcome, acceptor, exchange, kerberos, negotiate, ntlm, preferring, relisted};

const PROTECTIONS: [Protection; 3] = [
    Protection::None,
    Protection::Integrity,
    Protection::Confidentiality,
];

/// R13, R14: initiator against acceptor over both mechanisms, whichever is preferred and whichever is admitted; the
/// messages afterwards are in step whether codes over the list went before them or not.
#[test]
fn every_pair_of_lists() {
    for protection in PROTECTIONS {
        for mutual in [true, false] {
            for first in BOTH {
                for admitted in [&BOTH[..], &BOTH[..1], &BOTH[1..]] {
                    let chosen = if admitted.contains(&first) {
                        first
                    } else {
                        admitted[0]
                    };
                    let case = format!("{protection:?} {mutual} {first} {admitted:?}");
                    let outcome = negotiate(
                        preferring(first, mutual, protection),
                        acceptor(admitted),
                        |_, token| token,
                    );
                    if chosen != first && chosen == Mechanism::Ntlm && protection == Protection::None {
                        assert_eq!(outcome.word(), "mech-list-unprotected", "{case}");
                        continue;
                    }
                    let Outcome::Done {
                        mut initiator,
                        mut acceptor,
                        tokens,
                    } = outcome
                    else {
                        panic!("{case}: {}", outcome.word());
                    };
                    let oid = if chosen == Mechanism::Ntlm {
                        NTLM_OID
                    } else {
                        KERBEROS_OID
                    };
                    assert_eq!(initiator.mechanism(), oid, "{case}");
                    assert_eq!(acceptor.peer().unwrap().name, "ada");
                    exchange(&mut *initiator, &mut *acceptor);
                    let legs = match (chosen, chosen == first) {
                        (Mechanism::Kerberos, true) => 2,
                        // The offer, the choice, and then a pair for each pair of the mechanism and the codes.
                        (Mechanism::Kerberos, false) if mutual => 5,
                        (Mechanism::Kerberos, false) => 4,
                        (Mechanism::Ntlm, true) => 4,
                        (Mechanism::Ntlm, false) => 6,
                    };
                    assert_eq!(tokens, legs, "{case}");
                }
            }
        }
    }
}

/// Tokens without SPNEGO around them.
#[test]
fn raw_tokens() {
    for protection in PROTECTIONS {
        for initiator in [
            kerberos(true, protection),
            kerberos(false, protection),
            ntlm(protection),
        ] {
            let (mut one, mut other) = negotiate(initiator, acceptor(&BOTH), |_, token| token).sessions();
            exchange(&mut *one, &mut *other);
        }
    }
}

/// Who proved to be whom.
#[test]
fn the_peer_is_named() {
    let peers = |first| {
        let (one, other) = negotiate(
            preferring(first, true, Protection::None),
            acceptor(&BOTH),
            |_, token| token,
        )
        .sessions();
        (one.peer(), other.peer())
    };
    let (service, client) = peers(Mechanism::Kerberos);
    assert_eq!(service.unwrap().name, "HTTP/app.corp.example.com");
    let client = client.unwrap();
    assert_eq!((&*client.name, &*client.domain), ("ada", "CORP.EXAMPLE.COM"));
    let (service, client) = peers(Mechanism::Ntlm);
    assert_eq!(service, None, "NTLM proves nothing about the service");
    let client = client.unwrap();
    assert_eq!((&*client.name, &*client.domain), ("ada", "CORP"));
}

/// MS-SPNG 3.1.5.2: Kerberos by its misspelt name is the same mechanism, and is answered by that name.
#[test]
fn kerberos_by_either_name() {
    let InitiatorStep::Continue { token, .. } = preferring(Mechanism::Kerberos, true, Protection::None)
        .step(&[])
        .unwrap()
    else {
        panic!();
    };
    let list = [
        MechType::MICROSOFT_KERBEROS,
        MechType::KERBEROS,
        MechType::NEGOEX,
        MechType::NTLM,
    ];
    let token = relisted(&token, &list, true);
    let Ok(Received::Token { mechanism, then, .. }) = Negotiation::new(&BOTH).receive(&token) else {
        panic!();
    };
    assert_eq!(mechanism, Mechanism::Kerberos);
    let (answer, _) = then.proceed(b"x");
    let answer = NegTokenResp::decode(&answer).unwrap();
    assert_eq!(answer.supported_mech, Some(MechType::MICROSOFT_KERBEROS));
    // And a server may answer by it.
    let renamed = |at, token: Vec<u8>| {
        if at != 1 {
            return token;
        }
        let resp = NegTokenResp::decode(&token).unwrap();
        let supported_mech = Some(MechType::MICROSOFT_KERBEROS);
        NegTokenResp {
            supported_mech,
            ..resp
        }
        .encode()
    };
    negotiate(
        preferring(Mechanism::Kerberos, true, Protection::None),
        acceptor(&BOTH),
        renamed,
    )
    .sessions();
}

/// NEGOEX in the first place is left aside where something else is on offer.
#[test]
fn an_unknown_preference_is_answered_with_request_mic() {
    let InitiatorStep::Continue { token, .. } = preferring(Mechanism::Ntlm, true, Protection::Integrity)
        .step(&[])
        .unwrap()
    else {
        panic!();
    };
    let token = relisted(&token, &[MechType::NEGOEX, MechType::NTLM], true);
    let Ok(Received::Answer { token, .. }) = Negotiation::new(&BOTH).receive(&token) else {
        panic!();
    };
    let answer = NegTokenResp::decode(&token).unwrap();
    assert_eq!(
        (answer.state, answer.supported_mech),
        (Some(NegState::RequestMic), Some(MechType::NTLM))
    );
    assert_eq!((answer.response_token, answer.mech_list_mic), (None, None));
}

/// MS-SPNG 2.2.1: a server may begin, with hints.
#[test]
fn a_server_that_begins() {
    let hints = NegTokenInit {
        mech_types: vec![MechType::MICROSOFT_KERBEROS, MechType::KERBEROS, MechType::NTLM],
        mech_token: None,
        mech_list_mic: None,
    };
    let initiator = preferring(Mechanism::Kerberos, true, Protection::None);
    assert!(matches!(
        initiator.step(&hints.encode()),
        Ok(InitiatorStep::Continue { .. })
    ));
    let initiator = preferring(Mechanism::Kerberos, true, Protection::None);
    assert!(initiator.step(b"hello").is_err());
}
