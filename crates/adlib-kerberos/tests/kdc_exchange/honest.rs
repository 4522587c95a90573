//! What an honest KDC gives, and what it refuses.

use adlib_core::Password;
use adlib_kerberos::{
    EncryptionType, Fresh, Keytab, KeytabEntry, PacMode, Policy, Principal, ServiceKey, UnverifiedApReq,
    initiator::{AsExchange, AsRequest, ClientSecret, ExchangeError, KrbError, Step},
    issue::{KdcEntry, KdcRequest, KrbErrorBuilder},
    name_type,
};

use super::scene::*;

/// R6: password, ticket-granting ticket, service ticket; and the service's own key opens it.
#[test]
fn a_password_gives_a_ticket_that_the_service_verifies() {
    let mut kdc = corp();
    for name in [
        "ada",
        "田中",
        "zoë",
        "Ωmega",
        "nfd\u{65}\u{301}",
        "🦀",
        "with space",
    ] {
        kdc.entries.push(client(name, CORP));
        let asked = sign_in(request(name, CORP, Password::from(PASSWORD)), &[corp_with(name)]);
        let (credentials, messages) = (asked.0.unwrap(), asked.1);
        assert_eq!(messages, 2, "one without and one with pre-authentication");
        assert_eq!(credentials.granting_realm(), Some(CORP));
        let (ticket, realms) = buy(credentials, &[corp_with(name)]);
        assert_eq!(realms, [CORP]);
        let token = ticket.unwrap().ap_req_token(NOW, &mut random()).unwrap();
        assert_eq!(client_of(&token), Principal::user(name, CORP));
    }
}

fn corp_with(name: &str) -> adlib_kerberos::issue::Kdc {
    let mut kdc = corp();
    kdc.entries.retain(|entry| entry.name != "ada");
    kdc.entries.push(client(name, CORP));
    kdc
}

/// The client in a token, by the service's own key.
fn client_of(token: &[u8]) -> Principal {
    let keytab = Keytab::new(vec![KeytabEntry {
        principal: format!("{SERVICE}@{CORP}").parse().unwrap(),
        kvno: 1,
        key: service_key(),
        timestamp: NOW,
    }]);
    let mut policy = Policy::default();
    policy.pac = PacMode::Off;
    let decrypted = UnverifiedApReq::decode(token).unwrap().decrypt(&keytab, &policy);
    let pending = decrypted.unwrap().check(&policy, NOW, None).unwrap();
    pending.accept(Fresh::danger_unchecked()).client().clone()
}

/// R6: an account without pre-authentication; the reply itself shows whether the password was right.
#[test]
fn without_preauthentication_the_reply_is_the_proof() {
    let mut kdc = corp();
    let mut plain = client("plain", CORP);
    plain.preauthentication = false;
    kdc.entries.push(plain);
    let right = request("plain", CORP, Password::from(PASSWORD));
    assert_eq!(sign_in(right, core::slice::from_ref(&kdc)).1, 1);
    let wrong = request("plain", CORP, Password::from("wrong"));
    assert_eq!(
        sign_in(wrong, core::slice::from_ref(&kdc)).0.unwrap_err(),
        ExchangeError::NotOpened {
            preauthenticated: false
        }
    );
}

/// R9, A46: unknown and wrong make the same exchanges, each with a time stamp in the second.
#[test]
fn a46_unknown_and_wrong_make_the_same_exchanges() {
    let (wrong, wrong_count) = sign_in(request("ada", CORP, Password::from("wrong")), &[corp()]);
    let (unknown, unknown_count) = sign_in(request("nobody", CORP, Password::from("wrong")), &[corp()]);
    assert_eq!((refusal(wrong), refusal(unknown)), (24, KrbError::CLIENT_UNKNOWN));
    assert_eq!((wrong_count, unknown_count), (2, 2));

    let mut random = random();
    let exchange = AsExchange::begin(request("nobody", CORP, Password::from("x")), NOW, &mut random).unwrap();
    let unknown = KrbErrorBuilder::new(KrbError::CLIENT_UNKNOWN, CORP, NOW).encode();
    let Step::Ask(exchange) = exchange.answer(&unknown, NOW, &mut random).unwrap() else {
        panic!("no stand-in");
    };
    let request = KdcRequest::decode(exchange.message()).unwrap();
    assert!(request.padata(2).is_some(), "PA-ENC-TIMESTAMP");
    // Whatever comes back, the reason stays.
    assert_eq!(
        refusal(exchange.answer(b"nonsense", NOW, &mut random)),
        KrbError::CLIENT_UNKNOWN
    );
}

/// R6: a service's own account, by the keys of its keytab.
#[test]
fn keys_do_in_place_of_a_password() {
    let mut kdc = corp();
    kdc.entries.push(KdcEntry::new("svc-http", vec![key(7)]));
    let by = |keys| {
        sign_in(
            request("svc-http", CORP, ClientSecret::Keys(keys)),
            core::slice::from_ref(&kdc),
        )
        .0
    };
    assert_eq!(
        by(vec![key(7)]).unwrap().client,
        Principal::user("svc-http", CORP)
    );
    assert_eq!(refusal(by(vec![key(6)])), 24);
    let rc4 = ServiceKey::new(EncryptionType::Rc4, [7; 16]).unwrap();
    assert_eq!(by(vec![rc4.clone()]).unwrap_err(), ExchangeError::NothingToOffer);

    kdc.entries.push(KdcEntry::new("svc-rc4", vec![rc4.clone()]));
    let mut risky = request("svc-rc4", CORP, ClientSecret::Keys(vec![rc4]));
    risky.policy.danger_accept_rc4 = true;
    let credentials = sign_in(risky, core::slice::from_ref(&kdc)).0.unwrap();
    assert_eq!(
        credentials.session_key.etype(),
        EncryptionType::Rc4,
        "R11: where the policy admits it"
    );
}

/// R11: what is offered by default, in this order.
#[test]
fn aes_is_offered_and_nothing_else() {
    let exchange = AsExchange::begin(ada(), NOW, &mut random()).unwrap();
    let request = KdcRequest::decode(exchange.message()).unwrap();
    assert_eq!(request.etypes, [18, 17, 20, 19]);
    assert!(!request.canonicalize && request.addresses.is_empty());
}

/// R6: by way of the realms that the KDCs refer to.
#[test]
fn a_service_of_another_realm_is_found_by_referral() {
    let kdcs = [staff(), corp_trusting_staff()];
    let tess = sign_in(request("tess", STAFF, Password::from(PASSWORD)), &kdcs)
        .0
        .unwrap();
    let (ticket, realms) = buy(tess, &kdcs);
    assert_eq!(realms, [STAFF, CORP]);
    let ticket = ticket.unwrap();
    assert_eq!(ticket.service.to_string(), format!("{SERVICE}@{CORP}"));
    assert_eq!(
        client_of(&ticket.ap_req_token(NOW, &mut random()).unwrap()).realm(),
        STAFF
    );
}

/// R1: an enterprise name is asked for in its own realm, whatever its characters.
#[test]
fn an_enterprise_name_goes_where_the_kdc_says() {
    let mut random = random();
    let name = Principal::new(name_type::ENTERPRISE, vec!["田中@acme.example".into()], CORP);
    let request = AsRequest::new(name, Password::from(PASSWORD).into());
    let exchange = AsExchange::begin(request, NOW, &mut random).unwrap();
    assert!(KdcRequest::decode(exchange.message()).unwrap().canonicalize);
    let mut error = KrbErrorBuilder::new(KrbError::WRONG_REALM, CORP, NOW);
    error.client_realm = Some(STAFF.into());
    let Step::Ask(exchange) = exchange.answer(&error.encode(), NOW, &mut random).unwrap() else {
        panic!("no referral");
    };
    assert_eq!(exchange.realm(), STAFF);
    let request = KdcRequest::decode(exchange.message()).unwrap();
    assert_eq!(
        (request.realm.as_str(), request.service[1].as_str()),
        (STAFF, STAFF)
    );
    assert_eq!(request.client.unwrap(), ["田中@acme.example"]);
}

/// R9: an account may be let in from some workstations only, so the KDC is told which one this is.
#[test]
fn the_workstation_is_told() {
    let mut request = ada();
    request.workstation = Some("app".into());
    let exchange = AsExchange::begin(request, NOW, &mut random()).unwrap();
    let request = KdcRequest::decode(exchange.message()).unwrap();
    assert_eq!(request.addresses, [(20, b"APP             ".to_vec())]);
}

/// R9: the status within the error, however it is wrapped.
#[test]
fn the_nt_status_is_found() {
    let mut error = KrbErrorBuilder::new(18, CORP, NOW);
    error.explain(0xc000_0072);
    let wrapped = error.data.clone().unwrap();
    let bare = [0x72, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0, 0];
    let listed = [&[0x30, u8::try_from(wrapped.len()).unwrap()][..], &wrapped].concat();
    for data in [&wrapped[..], &bare, &listed] {
        error.data = Some(data.to_vec());
        let found = KrbError::decode(&error.encode()).unwrap();
        assert_eq!(
            (found.code, found.nt_status, found.server_time),
            (18, Some(0xc000_0072), NOW)
        );
    }
    for data in [
        &b""[..],
        b"\x30",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80",
        &[0x30; 4000],
    ] {
        error.data = Some(data.to_vec());
        let found = KrbError::decode(&error.encode()).unwrap();
        assert_eq!(
            (found.code, found.nt_status),
            (18, None),
            "unreadable data is absent"
        );
    }
}

/// A28
#[test]
fn a28_krb_errors_truncated_at_every_offset() {
    let mut error = KrbErrorBuilder::new(18, CORP, NOW);
    error.explain(0xc000_0072);
    let whole = error.encode();
    for end in 0..whole.len() {
        assert!(KrbError::decode(&whole[..end]).is_err(), "{end} bytes");
    }
    assert!(
        KrbError::decode(&[&whole[..], &[0]].concat()).is_err(),
        "trailing"
    );
}

/// R6
#[test]
fn the_salt_is_found() {
    let mut error = KrbErrorBuilder::new(25, CORP, NOW);
    error.describe_keys(&[18], "CORP.EXAMPLE.COM田中", None);
    let decoded = KrbError::decode(&error.encode()).unwrap();
    assert_eq!(decoded.salt(), Some("CORP.EXAMPLE.COM田中"));
    error.describe(b"nonsense");
    assert_eq!(KrbError::decode(&error.encode()).unwrap().salt(), None);
}
