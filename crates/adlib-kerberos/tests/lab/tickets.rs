//! Tokens of real clients with tickets of real controllers, verified with the keytab on disk.

use adlib_kerberos::{
    EncryptionType, Fresh, MemoryReplayCache, PacMode, PacState, Rejection, ReplayError, UnverifiedApReq,
    pac::{BufferType, VerifiedPac},
};
use adlib_lab::{
    Realm, corp, fixture, heimdal, mit,
    peer::{Flag, Mechanism},
    realm,
};
use adlib_spnego::{NegState, Offer};

use crate::scene::{PROTECTED, Service, now, random, services};

/// R13: AES-256 and AES-128 as they come, for accounts that the directory spells in many ways.
#[test]
fn tickets_of_samba() {
    let corp = corp();
    let service = Service::of_corp(&corp);
    for (name, etype) in [
        (&corp.http_service, EncryptionType::Aes256Sha1),
        (&corp.aes128_service, EncryptionType::Aes128Sha1),
    ] {
        for account in [fixture::ORDINARY, fixture::NO_UPN, "zoe", "田中"] {
            let token = corp.initiator(account, &corp.user_password, name).token();
            let accepted = service.accept(&token.unwrap()).unwrap();
            assert_eq!(accepted.client().to_string(), format!("{account}@{}", corp.realm));
            assert_eq!(accepted.service().to_string(), format!("{name}@{}", corp.realm));
            let evidence = accepted.evidence();
            assert_eq!((evidence.ticket_etype, evidence.session_etype), (etype, etype));
            assert_eq!((evidence.pac, evidence.mutual), (PacState::Verified, false));
            assert!(evidence.clock_difference_s.abs() < 30);
            assert_eq!(evidence.keys_tried.len(), 1, "the right key first");
            let pac = accepted.pac().unwrap();
            assert_eq!(pac.account(), Some(account));
            assert_eq!(pac.domain(), Some(corp.netbios.as_str()));
            assert_eq!(pac.user_sid().unwrap().domain().unwrap().to_string(), corp.sid);
        }
    }
}

/// A6, R11: RC4 only for who says that it is dangerous.
#[test]
fn a06_rc4_of_samba_is_refused_unless_admitted() {
    let corp = corp();
    let mut service = Service::of_corp(&corp);
    let initiator = corp.initiator(fixture::ORDINARY, &corp.user_password, &corp.rc4_service);
    let token = initiator.token().unwrap();
    assert_eq!(service.reason(&token), "rc4-not-admitted");
    service.policy.danger_accept_rc4 = true;
    let accepted = service.accept(&token).unwrap();
    assert_eq!(accepted.evidence().ticket_etype, EncryptionType::Rc4);
    assert_eq!(
        accepted.pac().and_then(VerifiedPac::account),
        Some(fixture::ORDINARY)
    );
}

/// R22, A15: a user of the other forest, whose realm nobody listed: the PAC vouches for it.
#[test]
fn users_of_the_trusted_domain() {
    let corp = corp();
    let name = format!("{}@{}", fixture::STAFF_ONLY, corp.staff.realm);
    let token = corp
        .initiator(&name, &corp.user_password, &corp.http_service)
        .token();
    let token = token.unwrap();
    let mut service = Service::of_corp(&corp);
    let accepted = service.accept(&token).unwrap();
    assert_eq!(accepted.client().to_string(), name);
    let pac = accepted.pac().unwrap();
    assert_eq!(pac.domain(), Some(corp.staff.netbios.as_str()));
    let sid = pac.user_sid().unwrap();
    assert_eq!(sid.domain().unwrap().to_string(), corp.staff.sid);

    service.policy.pac = PacMode::Off;
    assert!(service.accept(&token).is_ok(), "there is no realm in between");
}

/// R13: a ticket of more than 9 KB.
#[test]
fn a_user_in_a_thousand_groups() {
    let corp = corp();
    let initiator = corp.initiator(fixture::CROWDED, &corp.user_password, &corp.http_service);
    let token = initiator.token().unwrap();
    assert!(token.len() > 9000, "{}", token.len());
    let accepted = Service::of_corp(&corp).accept(&token).unwrap();
    assert!(accepted.pac().unwrap().groups().len() > fixture::CROWDED_GROUPS);
}

/// A17, A27: every type of MIT's and of Heimdal's; the former have a PAC without a user, the latter none.
#[test]
fn a27_tickets_of_mit_and_heimdal() {
    for (realm, etype, name) in services() {
        let service = Service::of(&realm);
        let initiator = realm.initiator(realm::USER, &realm.user_password, &name);
        let token = initiator.token().unwrap();
        let accepted = service.accept(&token).unwrap();
        assert_eq!(accepted.client().to_string(), realm.principal(realm::USER));
        assert_eq!(accepted.service().to_string(), realm.principal(&name));
        let evidence = accepted.evidence();
        assert_eq!(evidence.ticket_etype.number(), etype, "{name}");
        assert_eq!(evidence.session_etype.number(), etype, "{name}");
        let (state, buffers) = (evidence.pac, accepted.pac().map(VerifiedPac::buffers));
        if realm.realm == mit().realm {
            let expected = [
                BufferType::CLIENT_INFO,
                BufferType::TICKET_SIGNATURE,
                BufferType::SERVER_SIGNATURE,
                BufferType::KDC_SIGNATURE,
            ];
            assert_eq!((state, buffers), (PacState::NamesNoUser, Some(&expected[..])));
            assert_eq!(accepted.pac().unwrap().user_sid(), None);
        } else {
            assert_eq!((state, buffers), (PacState::Absent, None));
            let mut strict = service;
            strict.policy.pac = PacMode::Required;
            assert_eq!(strict.reason(&token), "pac-missing");
        }
    }
}

/// R13: names that are not ASCII.
#[test]
fn names_in_any_script() {
    for realm in [mit(), heimdal()] {
        let initiator = realm.initiator(realm::NON_ASCII_USER, &realm.user_password, &realm.http_service);
        let accepted = Service::of(&realm).accept(&initiator.token().unwrap()).unwrap();
        assert_eq!(accepted.client().name(), realm::NON_ASCII_USER);
    }
}

/// A2, A11: a bit flipped in a real message is refused, or it is the same message with another name on its ticket.
#[test]
fn a11_a_real_message_altered() {
    let corp = corp();
    let users = Service::of_corp(&corp);
    let initiator = corp.initiator(fixture::ORDINARY, &corp.user_password, &corp.http_service);
    let mut messages = vec![(users, initiator.token().unwrap())];
    for (realm, _, name) in services() {
        let initiator = realm.initiator(realm::USER, &realm.user_password, &name);
        messages.push((Service::of(&realm), initiator.token().unwrap()));
    }
    for (service, token) in messages {
        let record = |token: &[u8]| {
            let decrypted = UnverifiedApReq::decode(token)?.decrypt(&service.keytab, &service.policy)?;
            let pending = decrypted.check(&service.policy, now(), None)?;
            Ok::<_, Rejection>(pending.record())
        };
        let own = record(&token).unwrap();
        let mut survivors = 0;
        for bit in (0..token.len() * 8).step_by(5) {
            let mut flipped = token.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(record) = record(&flipped) {
                assert_eq!(record, own, "bit {bit}");
                survivors += 1;
            }
        }
        // Names, versions and options are some 60 bytes; ticket and authenticator hundreds.
        assert!(survivors < 100, "{survivors}");
    }
}

/// A7: a real message is accepted once, whatever the name on its ticket.
#[test]
fn a07_a_real_message_sent_twice() {
    let corp = corp();
    let service = Service::of_corp(&corp);
    let initiator = corp.initiator(fixture::ORDINARY, &corp.user_password, &corp.http_service);
    let token = initiator.token().unwrap();
    let cache = MemoryReplayCache::new();
    let offer = |token: &[u8]| {
        let (policy, now) = (&service.policy, now());
        let decrypted = UnverifiedApReq::decode(token)
            .unwrap()
            .decrypt(&service.keytab, policy);
        let pending = decrypted.unwrap().check(policy, now, None).unwrap();
        let fresh = cache.check_and_insert(pending.record(), pending.expires(), now);
        fresh.map(|fresh: Fresh| pending.accept(fresh))
    };
    assert!(offer(&token).is_ok());
    assert_eq!(offer(&token).unwrap_err(), ReplayError::Replayed);
    let mut renamed = token.clone();
    let at = renamed.windows(3).position(|bytes| bytes == b"app").unwrap();
    renamed[at..at + 3].copy_from_slice(b"ppa");
    assert_eq!(offer(&renamed).unwrap_err(), ReplayError::Replayed);
    assert!(offer(&initiator.token().unwrap()).is_ok(), "another message");
}

/// R14: the token inside of SPNEGO, and the answer that MIT's client believes.
#[test]
fn tokens_in_spnego() {
    let in_spnego = |realm: &Realm| {
        realm
            .initiator(realm::USER, &realm.user_password, &realm.http_service)
            .mechanism(Mechanism::Spnego)
            .offering(&[Mechanism::Kerberos])
    };
    for realm in [mit(), heimdal()] {
        let mut peer = in_spnego(&realm).flags(&PROTECTED).start();
        let token = peer.step(&[]).unwrap().token;
        let offer = Offer::read(&token).unwrap();
        assert!(offer.is_wrapped());
        let accepted = Service::of(&realm).accept(offer.token()).unwrap();
        assert_eq!(accepted.client().to_string(), realm.principal(realm::USER));
        let (ap_rep, _session) = accepted.session(random());
        let answer = offer.answer(NegState::AcceptCompleted, ap_rep.as_deref());
        assert!(peer.step(&answer).unwrap().established);
        assert!(peer.established().unwrap().has(Flag::Mutual));

        let mut peer = in_spnego(&realm).flags(&PROTECTED).start();
        peer.step(&[]).unwrap();
        assert!(peer.step(&answer).is_err(), "the answer to another message");
    }
}
