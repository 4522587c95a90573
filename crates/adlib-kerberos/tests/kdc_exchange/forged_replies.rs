//! A66: replies that are not to what was asked, by a KDC that has the client's key, or by one that has not.

use adlib_core::Password;
use adlib_kerberos::{
    Principal,
    initiator::{AsExchange, Credentials, ExchangeError, ExchangePolicy, Step, TgsExchange},
    issue::{KdcReplyBuilder, TicketBuilder},
    name_type,
};
use proptest::prelude::*;

use super::scene::*;

fn lies(lie: impl Fn(&mut KdcReplyBuilder) + Send + Sync + 'static) -> [adlib_kerberos::issue::Kdc; 1] {
    let mut kdc = corp();
    kdc.lie = Some(Box::new(lie));
    [kdc]
}

/// The error that a lie in the AS-REP, and the same one in the TGS-REP, ends in.
fn caught(
    lie: impl Fn(&mut KdcReplyBuilder) + Send + Sync + Clone + 'static,
) -> (ExchangeError, ExchangeError) {
    let authentication = sign_in(ada_by_key(), &lies(lie.clone())).0.unwrap_err();
    let ticket = buy(tgt(&corp()), &lies(lie)).0.unwrap_err();
    (authentication, ticket)
}

fn principal(text: &str) -> Principal {
    text.parse().unwrap()
}

/// A66
#[test]
fn a66_another_nonce_is_refused() {
    let (authentication, ticket) = caught(|reply| reply.nonce += 1);
    assert_eq!(
        (authentication, ticket),
        (ExchangeError::Nonce, ExchangeError::Nonce)
    );
    let (authentication, ticket) = caught(|reply| reply.nonce = -1);
    assert_eq!(
        (authentication, ticket),
        (ExchangeError::Nonce, ExchangeError::Nonce)
    );
}

/// A66
#[test]
fn a66_another_client_is_refused() {
    for other in [
        "eve@CORP.EXAMPLE.COM",
        "ada@STAFF.EXAMPLE.COM",
        "ada/admin@CORP.EXAMPLE.COM",
    ] {
        let (authentication, ticket) = caught(move |reply| reply.client = principal(other));
        let expected = ExchangeError::ClientName {
            found: principal(other),
        };
        assert_eq!((authentication, ticket), (expected.clone(), expected));
    }
}

/// The reply's service, with a ticket that says the same.
fn serves(reply: &mut KdcReplyBuilder, service: &str) {
    reply.service = principal(service);
    let ticket = TicketBuilder::new(
        reply.client.clone(),
        reply.service.clone(),
        reply.ticket.session_key.clone(),
        NOW,
    );
    reply.ticket = ticket.encrypt(&key(5), &mut random());
}

/// A66
#[test]
fn a66_another_service_is_refused() {
    let service = "ldap/dc1.corp.example.com@CORP.EXAMPLE.COM";
    let (authentication, ticket) = caught(move |reply| serves(reply, service));
    let expected = ExchangeError::ServiceName {
        found: principal(service),
    };
    assert_eq!((authentication, ticket), (expected.clone(), expected));
}

/// A66: a ticket-granting ticket for another realm is no answer to an AS-REQ.
#[test]
fn a66_a_tgt_for_another_realm_is_refused() {
    let foreign = "krbtgt/EVIL.EXAMPLE@CORP.EXAMPLE.COM";
    let error = sign_in(ada_by_key(), &lies(move |reply| serves(reply, foreign)))
        .0
        .unwrap_err();
    assert_eq!(
        error,
        ExchangeError::ServiceName {
            found: principal(foreign)
        }
    );
}

/// A66
#[test]
fn a66_another_service_realm_is_refused() {
    let (authentication, ticket) = caught(|reply| {
        let other = reply.service.name() + "@EVIL.EXAMPLE";
        serves(reply, &other);
    });
    let expected = ExchangeError::ServiceRealm {
        found: "EVIL.EXAMPLE".into(),
    };
    assert_eq!((authentication, ticket), (expected.clone(), expected));
}

/// A66: what stands on the ticket for all to read is compared with what the client's key opens.
#[test]
fn a66_another_ticket_is_refused() {
    let (authentication, ticket) = caught(|reply| {
        let honest = reply.service.clone();
        serves(reply, "cifs/app.corp.example.com@CORP.EXAMPLE.COM");
        reply.service = honest;
    });
    for error in [authentication, ticket] {
        assert!(matches!(error, ExchangeError::TicketName { .. }), "{error}");
    }
}

/// A65, A66: session keys and replies of encryption types that were not offered, and keys of a wrong length.
#[test]
fn a66_session_etypes_are_among_those_offered() {
    for etype in [0, 1, 3, 16, 23, 24, -1, i32::MAX] {
        let (authentication, ticket) = caught(move |reply| reply.session_etype = etype);
        let expected = ExchangeError::SessionEtype(etype);
        assert_eq!((authentication, ticket), (expected.clone(), expected));
        let (authentication, ticket) = caught(move |reply| reply.etype = Some(etype));
        let expected = ExchangeError::EtypeNotOffered(etype);
        assert_eq!((authentication, ticket), (expected.clone(), expected));
    }
    let (authentication, ticket) = caught(|reply| reply.session_etype = 17);
    for error in [authentication, ticket] {
        assert!(matches!(error, ExchangeError::SessionKey(_)), "{error}");
    }
}

/// A66: a KDC that has not the client's key cannot make a reply.
#[test]
fn a66_a_reply_by_another_key_does_not_open() {
    let mut random = random();
    let exchange = AsExchange::begin(ada_by_key(), NOW, &mut random).unwrap();
    let required = corp().answer(exchange.message(), NOW, &mut random).unwrap();
    let Step::Ask(exchange) = exchange.answer(&required, NOW, &mut random).unwrap() else {
        panic!("no second message");
    };
    let mut liar = corp();
    liar.entries[1].keys = vec![key(0x66)];
    liar.entries[1].preauthentication = false;
    let answer = liar.answer(exchange.message(), NOW, &mut random).unwrap();
    assert_eq!(
        exchange.answer(&answer, NOW, &mut random).unwrap_err(),
        ExchangeError::NotOpened {
            preauthenticated: true
        }
    );
}

/// A66: realms that refer to each other, to themselves, and on and on.
#[test]
fn a66_a_referral_loop_is_refused() {
    let mut corp = corp_trusting_staff();
    corp.referrals.push((SERVICE.into(), STAFF.into()));
    let mut staff = staff();
    staff.entries[0].keys.push(key(9));
    let (result, realms) = buy(tgt(&corp), &[corp, staff]);
    assert_eq!(
        result.unwrap_err(),
        ExchangeError::ReferralLoop { realm: CORP.into() }
    );
    assert_eq!(realms, [CORP, STAFF]);

    let mut own = super::scene::corp();
    own.referrals.push((SERVICE.into(), CORP.into()));
    let (result, _) = buy(tgt(&own), &[own]);
    assert_eq!(
        result.unwrap_err(),
        ExchangeError::ReferralLoop { realm: CORP.into() }
    );
}

/// A66
#[test]
fn a66_referrals_without_end_are_refused() {
    let mut kdcs: Vec<_> = (0..12)
        .map(|number| {
            let mut kdc = adlib_kerberos::issue::Kdc::new(&format!("R{number}"), key(1));
            let next = format!("R{}", number + 1);
            kdc.entries.push(adlib_kerberos::issue::KdcEntry::new(
                &format!("krbtgt/{next}"),
                vec![key(1)],
            ));
            kdc.referrals.push((SERVICE.into(), next));
            kdc
        })
        .collect();
    kdcs[0].entries.push(client("ada", "R0"));
    let tgt = sign_in(request("ada", "R0", Password::from(PASSWORD)), &kdcs)
        .0
        .unwrap();
    let (result, realms) = buy(tgt, &kdcs);
    assert!(
        matches!(result, Err(ExchangeError::TooManyReferrals { .. })),
        "{result:?}"
    );
    assert_eq!(realms.len(), 9);
}

/// A66: a request that was changed on its way, where the KDC signs what it got.
#[test]
fn a66_a_changed_request_is_noticed() {
    const ENC_PA_REP: u32 = 0x8000_0000 >> 15;
    let unsigned = lies(|reply| reply.flags |= ENC_PA_REP);
    assert_eq!(
        sign_in(ada_by_key(), &unsigned).0.unwrap_err(),
        ExchangeError::RequestChanged
    );
    let changed = lies(|reply| {
        reply.flags |= ENC_PA_REP;
        reply.signed_request = Some(b"another".to_vec());
    });
    assert_eq!(
        sign_in(ada_by_key(), &changed).0.unwrap_err(),
        ExchangeError::RequestChanged
    );
    let honest = lies(|reply| {
        reply.flags |= ENC_PA_REP;
        reply.signed_request = Some(reply.request.clone());
    });
    assert!(sign_in(ada_by_key(), &honest).0.is_ok());
}

/// Only a ticket-granting ticket gets others.
#[test]
fn a_service_ticket_grants_nothing() {
    let (ticket, _) = buy(tgt(&corp()), &[corp()]);
    let (policy, service) = (ExchangePolicy::default(), service());
    let error = TgsExchange::begin(ticket.unwrap(), service, policy, NOW, &mut random()).unwrap_err();
    assert!(
        matches!(error, ExchangeError::NotTicketGranting { .. }),
        "{error}"
    );
}

/// An exchange that awaits the reply, and the reply.
fn awaiting() -> (AsExchange, Vec<u8>) {
    let mut random = random();
    let exchange = AsExchange::begin(ada_by_key(), NOW, &mut random).unwrap();
    let required = corp().answer(exchange.message(), NOW, &mut random).unwrap();
    let Step::Ask(exchange) = exchange.answer(&required, NOW, &mut random).unwrap() else {
        panic!("no second message");
    };
    let answer = corp().answer(exchange.message(), NOW, &mut random).unwrap();
    (*exchange, answer)
}

fn outcome(answer: &[u8]) -> Result<Credentials, ExchangeError> {
    match awaiting().0.answer(answer, NOW, &mut random())? {
        Step::Done(credentials) => Ok(*credentials),
        Step::Ask(_) => panic!("another message"),
    }
}

/// A11, A66: a flipped bit is refused, or stands where it changes nothing of what comes out but the ticket, which the
/// service verifies.
#[test]
fn a66_no_flipped_bit_changes_what_is_believed() {
    let answer = awaiting().1;
    let honest = outcome(&answer).unwrap();
    let mut refused = 0;
    for at in 0..answer.len() {
        let mut flipped = answer.clone();
        flipped[at] ^= 1 << (at % 8);
        match outcome(&flipped) {
            Err(_) => refused += 1,
            Ok(found) => {
                let mut believed = found;
                believed.ticket.clone_from(&honest.ticket);
                assert_eq!(believed, honest, "byte {at}");
            }
        }
    }
    assert!(refused > answer.len() / 2);
}

/// A28
#[test]
fn a28_truncated_at_every_offset() {
    let answer = awaiting().1;
    for end in 0..answer.len() {
        assert!(outcome(&answer[..end]).is_err(), "{end} bytes");
    }
    assert!(outcome(&[answer, vec![0]].concat()).is_err(), "trailing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A28
    #[test]
    fn a28_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), tag in 0_usize..4) {
        let tagged = [&[[0x6b, 0x6d, 0x7e, 0x30][tag]][..], &bytes].concat();
        let mut random = random();
        let exchange = AsExchange::begin(ada_by_key(), NOW, &mut random).unwrap();
        prop_assert!(exchange.answer(&tagged, NOW, &mut random).is_err());
    }
}

/// A66
#[test]
fn a66_an_empty_name_is_another_name() {
    let empty = Principal::new(name_type::PRINCIPAL, vec![], "");
    let (authentication, ticket) = caught(move |reply| reply.client = empty.clone());
    for error in [authentication, ticket] {
        assert!(matches!(error, ExchangeError::ClientName { .. }), "{error}");
    }
}
