//! A65: KRB-ERRORs that anybody on the network can have written.

use adlib_core::Password;
use adlib_kerberos::{
    MAX_ITERATIONS, Principal,
    initiator::{AsExchange, AsRequest, ExchangeError, KrbError, Step},
    issue::{KdcRequest, KrbErrorBuilder},
    name_type,
};

use super::scene::*;

/// What comes of `ada`'s request when `answers` come in turn.
fn against(request: AsRequest, answers: &[Vec<u8>]) -> Result<AsExchange, ExchangeError> {
    let mut random = random();
    let mut exchange = AsExchange::begin(request, NOW, &mut random)?;
    for answer in answers {
        match exchange.answer(answer, NOW, &mut random)? {
            Step::Ask(next) => exchange = *next,
            Step::Done(credentials) => panic!("{credentials:?}"),
        }
    }
    Ok(exchange)
}

fn preauthentication_required(etypes: &[i32], parameters: Option<&[u8]>) -> Vec<u8> {
    let mut error = KrbErrorBuilder::new(KrbError::PREAUTHENTICATION_REQUIRED, CORP, NOW);
    error.describe_keys(etypes, "CORP.EXAMPLE.COMada", parameters);
    error.encode()
}

/// A65: the iterations of the password hash, from the one that is too cheap to the one that takes hours.
#[test]
fn a65_iterations_are_bounded() {
    for (count, shown) in [
        (0, 1 << 32),
        (1, 1),
        (4095, 4095),
        (MAX_ITERATIONS + 1, u64::from(MAX_ITERATIONS) + 1),
        (u32::MAX, u64::from(u32::MAX)),
    ] {
        let forged = preauthentication_required(&[18], Some(&count.to_be_bytes()));
        assert_eq!(
            against(ada(), &[forged]).unwrap_err(),
            ExchangeError::Iterations(shown)
        );
    }
    for parameters in [&[][..], &[0, 0, 16], &[0, 0, 0, 16, 0]] {
        let forged = preauthentication_required(&[18], Some(parameters));
        assert!(matches!(
            against(ada(), &[forged]),
            Err(ExchangeError::Malformed(_))
        ));
    }
    let allowed = preauthentication_required(&[18], Some(&4096_u32.to_be_bytes()));
    assert!(against(ada(), &[allowed]).is_ok());
}

/// A65: encryption types that were not offered; and ours is the order among those that were.
#[test]
fn a65_etypes_that_were_not_offered_are_refused() {
    for etypes in [&[23][..], &[3, 1], &[23, 3, 24], &[]] {
        let forged = preauthentication_required(etypes, None);
        let expected = ExchangeError::NoUsableKey { found: etypes.into() };
        assert_eq!(against(ada(), &[forged]).unwrap_err(), expected);
    }
    let weaker_first = preauthentication_required(&[23, 17, 18], None);
    let exchange = against(ada(), &[weaker_first]).unwrap();
    let request = KdcRequest::decode(exchange.message()).unwrap();
    let sealed = request.padata(2).unwrap();
    assert_eq!(
        sealed[..7],
        [0x30, sealed[1], 0xa0, 3, 2, 1, 18],
        "EncryptedData of etype 18"
    );
}

/// A65: another salt gives another key, which the KDC does not know; no ticket comes of it.
#[test]
fn a65_a_forged_salt_ends_in_a_refusal() {
    let mut random = random();
    let exchange = AsExchange::begin(ada(), NOW, &mut random).unwrap();
    let mut forged = KrbErrorBuilder::new(KrbError::PREAUTHENTICATION_REQUIRED, CORP, NOW);
    forged.describe_keys(&[18], "another", None);
    let Step::Ask(exchange) = exchange.answer(&forged.encode(), NOW, &mut random).unwrap() else {
        panic!("no second message");
    };
    let answer = corp().answer(exchange.message(), NOW, &mut random).unwrap();
    assert_eq!(refusal(exchange.answer(&answer, NOW, &mut random)), 24);
}

fn skew(seconds: i64) -> Vec<u8> {
    KrbErrorBuilder::new(KrbError::SKEW, CORP, later(seconds)).encode()
}

/// A65: the KDC's clock is followed once, within its bound, for this exchange's time stamps.
#[test]
fn a65_the_clock_is_followed_once_and_within_its_bound() {
    let required = preauthentication_required(&[18], None);
    for seconds in [601, -601, 86_400 * 365 * 100] {
        let error = against(ada(), &[required.clone(), skew(seconds)]);
        assert_eq!(refusal(error), KrbError::SKEW, "{seconds}");
    }
    for seconds in [600, -600, 301] {
        let exchange = against(ada(), &[required.clone(), skew(seconds)]).unwrap();
        let request = KdcRequest::decode(exchange.message()).unwrap();
        let keys = &client("ada", CORP).keys;
        let key = adlib_kerberos::SessionKey::new(keys[0].etype(), keys[0].expose()).unwrap();
        assert_eq!(request.time(&key).unwrap().seconds(), later(seconds).seconds());
    }
    let again = against(ada(), &[required, skew(400), skew(500)]);
    assert_eq!(refusal(again), KrbError::SKEW, "once only");
}

/// A65: a clock that was followed does not make an old ticket new: the reply is judged by the same clock.
#[test]
fn a65_an_ended_ticket_is_refused() {
    let mut kdc = corp();
    kdc.lie = Some(Box::new(|reply| reply.end_time = NOW));
    let error = sign_in(ada(), &[kdc]).0.unwrap_err();
    assert!(matches!(error, ExchangeError::Ended { .. }), "{error}");
}

/// A65: another realm for a name that is not to be canonicalised; and for one that is, bounded.
#[test]
fn a65_realms_are_followed_only_where_that_was_asked_for() {
    let wrong_realm = |realm: &str| {
        let mut error = KrbErrorBuilder::new(KrbError::WRONG_REALM, CORP, NOW);
        error.client_realm = Some(realm.into());
        error.encode()
    };
    assert_eq!(
        refusal(against(ada(), &[wrong_realm("EVIL")])),
        KrbError::WRONG_REALM
    );

    let enterprise = || {
        let name = Principal::new(name_type::ENTERPRISE, vec!["ada@acme.example".into()], CORP);
        AsRequest::new(name, Password::from(PASSWORD).into())
    };
    let looped = against(
        enterprise(),
        &[wrong_realm(STAFF), wrong_realm("corp.example.com")],
    );
    assert!(
        matches!(looped, Err(ExchangeError::ReferralLoop { .. })),
        "{looped:?}"
    );
    let realms: Vec<_> = (0..9).map(|number| wrong_realm(&format!("R{number}"))).collect();
    assert!(against(enterprise(), &realms[..8]).is_ok());
    let endless = against(enterprise(), &realms);
    assert!(matches!(endless, Err(ExchangeError::TooManyReferrals { .. })));
    assert_eq!(
        refusal(against(enterprise(), &[wrong_realm("")])),
        KrbError::WRONG_REALM
    );
}

/// A65: what is asked for is asked for once, and has to be something that can be given.
#[test]
fn a65_preauthentication_is_given_once() {
    let required = preauthentication_required(&[18], None);
    let again = against(ada(), &[required.clone(), required]);
    assert_eq!(again.unwrap_err(), ExchangeError::AskedAgain);
    let none = KrbErrorBuilder::new(KrbError::PREAUTHENTICATION_REQUIRED, CORP, NOW).encode();
    assert_eq!(
        against(ada(), &[none]).unwrap_err(),
        ExchangeError::NoMethod { offered: vec![] }
    );
}

/// R9: the KDC's reason, whatever it is, ends the exchange, and is not believed to be more than a reason.
#[test]
fn every_other_code_is_a_refusal() {
    let steps = [
        KrbError::CLIENT_UNKNOWN,
        KrbError::PREAUTHENTICATION_REQUIRED,
        KrbError::SKEW,
    ];
    for code in (0..=100)
        .filter(|code| !steps.contains(code))
        .chain([i32::MIN, -1, i32::MAX])
    {
        let error = KrbErrorBuilder::new(code, CORP, NOW).encode();
        assert_eq!(refusal(against(ada(), &[error])), code);
    }
}

/// A65: with armour an error outside of it says nothing that is acted upon.
#[test]
fn a65_armour_is_not_taken_off() {
    let armoured = || {
        let mut request = ada();
        request.armour = Some(tgt(&corp()));
        request
    };
    let begun = AsExchange::begin(armoured(), NOW, &mut random()).unwrap();
    let sent = KdcRequest::decode(begun.message()).unwrap();
    assert_eq!(sent.padata.len(), 1, "all is inside of PA-FX-FAST");
    assert_eq!(sent.padata[0].0, 136);
    let bare = preauthentication_required(&[18], None);
    assert_eq!(
        refusal(against(armoured(), &[bare])),
        KrbError::PREAUTHENTICATION_REQUIRED
    );
    let mut plain = corp();
    plain.entries[1].preauthentication = false;
    assert_eq!(
        sign_in(armoured(), &[plain]).0.unwrap_err(),
        ExchangeError::Armour
    );
    let mut other = armoured();
    other.client = Principal::user("tess", STAFF);
    assert_eq!(
        AsExchange::begin(other, NOW, &mut random()).unwrap_err(),
        ExchangeError::Armour
    );
}
