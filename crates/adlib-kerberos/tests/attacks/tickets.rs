//! Attacks on tickets and authenticators.

use std::{net::Ipv6Addr, thread, time::Duration};

use adlib_core::{ChannelBindings, utf16};
use adlib_kerberos::{
    AcceptedServices, AddressMode, BindingsMode, BindingsState, ChecksumType, Connection, EncryptionType,
    Fresh, Keytab, MemoryReplayCache, PacMode, Principal, Rejection, ReplayError, SessionKey,
    UnverifiedApReq,
    issue::{AD_AP_OPTIONS, AD_CLIENT_TARGET, ApReqBuilder, TicketBuilder, gss_checksum, if_relevant},
};

use crate::scene::{SERVICE, Scene, TOLERANCE, entry, random, service_key, session_key};

const ALL_AES: [EncryptionType; 4] = [
    EncryptionType::Aes128Sha1,
    EncryptionType::Aes256Sha1,
    EncryptionType::Aes128Sha2,
    EncryptionType::Aes256Sha2,
];

/// R11, R13
#[test]
fn every_encryption_type_signs_a_client_in() {
    for etype in ALL_AES {
        let scene = Scene::with_etype(etype);
        let token = scene.request().encrypt_token(&mut random).unwrap();
        let accepted = scene.verify(&token).unwrap().accept(Fresh::danger_unchecked());
        assert_eq!(accepted.client(), &scene.client);
        assert_eq!(accepted.service(), &scene.service);
        assert_eq!(accepted.session_key(), &session_key(etype));
        assert_eq!(accepted.evidence().ticket_etype, etype);
        assert_eq!(accepted.evidence().clock_difference_s, 0);
        let pac = accepted.pac().unwrap();
        assert_eq!(pac.user_sid(), Scene::domain().with_rid(1103));
        assert_eq!(
            pac.groups(),
            [513, 1165].map(|rid| Scene::domain().with_rid(rid).unwrap())
        );
        assert_eq!(pac.upn(), Some("ada@corp.example.com"));
        assert!(
            accepted.ap_rep(&mut random).is_none(),
            "the client asked for none"
        );
    }
}

#[test]
fn a01_ticket_for_another_service() {
    let mut scene = Scene::new();
    let other_account = service_key(EncryptionType::Aes256Sha1, 9);
    let stolen = scene.ticket().encrypt(&other_account, &mut random);
    let request = ApReqBuilder::new(&stolen, scene.now);
    assert_eq!(scene.reason(&request), "ticket-not-opened");

    // Rewritten to another name of the same account: it opens, and the evidence names the keytab's entry.
    let rewritten =
        scene.request_with(|ticket| ticket.service = "LDAP/dc1@CORP.EXAMPLE.COM".parse().unwrap());
    assert_eq!(scene.accept(&rewritten).unwrap().service(), &scene.service);

    scene.policy.services = AcceptedServices::Only(vec!["http/APP.corp.example.com".into()]);
    assert_eq!(scene.reason(&scene.request()), "accepted");
    scene.policy.services = AcceptedServices::Only(vec!["HTTP/other.corp.example.com".into()]);
    assert_eq!(scene.reason(&scene.request()), "wrong-service");

    scene.policy.services = AcceptedServices::AnyOfKeytab;
    scene.keytab = Keytab::new(vec![entry(
        "krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM",
        1,
        &scene.key,
    )]);
    assert_eq!(scene.reason(&scene.request()), "wrong-service");
}

#[test]
fn a01_the_service_that_the_client_means() {
    let scene = Scene::new();
    let meaning = |target: &str| {
        let mut request = scene.request();
        request.authorization_data = vec![if_relevant(&[(AD_CLIENT_TARGET, utf16::encode(target))])];
        scene.reason(&request)
    };
    assert_eq!(meaning("HTTP/app.corp.example.com"), "accepted");
    assert_eq!(meaning("http/app.corp.example.com@CORP.EXAMPLE.COM"), "accepted");
    assert_eq!(meaning("HTTP/other.corp.example.com"), "target-mismatch");
    assert_eq!(meaning(""), "target-mismatch");
}

/// Another name of the same account, which the policy does not list.
#[test]
fn a01_the_service_that_the_client_means_must_be_listed() {
    let mut scene = Scene::new();
    scene.keytab = Keytab::new(vec![
        entry("HTTP/app.corp.example.com@CORP.EXAMPLE.COM", 1, &scene.key),
        entry("CIFS/app.corp.example.com@CORP.EXAMPLE.COM", 1, &scene.key),
    ]);
    let mut request = scene.request();
    let target = utf16::encode("CIFS/app.corp.example.com");
    request.authorization_data = vec![if_relevant(&[(AD_CLIENT_TARGET, target)])];
    assert_eq!(scene.reason(&request), "accepted", "any name of the keytab");
    scene.policy.services = AcceptedServices::Only(vec!["HTTP/app.corp.example.com".into()]);
    assert_eq!(scene.reason(&request), "target-mismatch");
}

#[test]
fn a02_a_rewritten_name_is_still_a_replay() {
    let scene = Scene::new();
    let record = |service: Principal| {
        let request = scene.request_with(|ticket| ticket.service = service);
        scene
            .verify(&request.encrypt(&mut random).unwrap())
            .unwrap()
            .record()
    };
    let usual = record(scene.service.clone());
    assert_eq!(usual, record("HTTP/other@CORP.EXAMPLE.COM".parse().unwrap()));
    assert_eq!(
        usual,
        record(Principal::new(3, scene.service.components().to_vec(), "OTHER"))
    );
}

#[test]
fn a03_the_authenticator_of_another_client() {
    let scene = Scene::new();
    for client in [
        Principal::user("eve", "CORP.EXAMPLE.COM"),
        Principal::user("ada", "EVIL"),
    ] {
        let mut request = scene.request();
        request.client = client;
        assert_eq!(scene.reason(&request), "client-mismatch");
    }
}

#[test]
fn a04_key_versions_are_hints() {
    let mut scene = Scene::new();
    let newer = service_key(EncryptionType::Aes256Sha1, 8);
    scene.keytab = Keytab::new(vec![entry(SERVICE, 2, &newer), entry(SERVICE, 1, &scene.key)]);
    for kvno in [
        None,
        Some(0),
        Some(1),
        Some(2),
        Some(-1),
        Some(0xffff_ffff),
        Some(i64::MIN),
    ] {
        let request = scene.request_with(|ticket| ticket.kvno = kvno);
        let accepted = scene.accept(&request).unwrap();
        assert_eq!(accepted.evidence().kvno, 1, "{kvno:?}");
        let tried = accepted.evidence().keys_tried.len();
        assert_eq!(tried, if kvno == Some(1) { 1 } else { 2 }, "{kvno:?}");
    }
    scene.keytab = Keytab::new(vec![entry(SERVICE, 2, &newer), entry(SERVICE, 3, &newer)]);
    match scene.accept(&scene.request_with(|ticket| ticket.kvno = Some(0xffff_ffff))) {
        Err(Rejection::TicketNotOpened { kvno, tried, .. }) => {
            assert_eq!(kvno, Some(u32::MAX));
            assert_eq!(
                tried.iter().map(|key| key.kvno).collect::<Vec<_>>(),
                [3, 2],
                "the newest first"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a05_encryption_types_without_a_key() {
    let mut scene = Scene::new();
    assert_eq!(
        scene.reason_with(|ticket| ticket.ticket_etype = Some(3)),
        "des-etype"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.ticket_etype = Some(16)),
        "unknown-etype"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.ticket_etype = Some(17)),
        "no-key"
    );
    assert_eq!(scene.reason_with(|ticket| ticket.session_etype = 1), "des-etype");
    assert_eq!(
        scene.reason_with(|ticket| ticket.session_etype = -128),
        "unknown-etype"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.session_etype = 17),
        "key-length"
    );
    scene.policy.danger_accept_rc4 = true;
    assert_eq!(
        scene.reason_with(|ticket| ticket.ticket_etype = Some(3)),
        "des-etype",
        "whatever the policy says"
    );
}

#[test]
fn a06_rc4_without_the_policy() {
    let mut scene = Scene::with_etype(EncryptionType::Rc4);
    assert_eq!(scene.reason(&scene.request()), "rc4-not-admitted");
    scene.policy.danger_accept_rc4 = true;
    assert_eq!(scene.reason(&scene.request()), "accepted");

    let mut scene = Scene::new();
    let weak_session = |ticket: &mut TicketBuilder| {
        ticket.session_key = session_key(EncryptionType::Rc4);
        ticket.session_etype = 23;
    };
    assert_eq!(scene.reason_with(weak_session), "rc4-not-admitted");
    let mut weak_subkey = scene.request();
    weak_subkey.subkey = Some((23, vec![1; 16]));
    assert_eq!(scene.reason(&weak_subkey), "rc4-not-admitted");
    scene.policy.danger_accept_rc4 = true;
    assert_eq!(scene.reason_with(weak_session), "accepted");
    assert_eq!(scene.reason(&weak_subkey), "accepted");
}

#[test]
fn a07_authenticator_sent_twice() {
    let scene = Scene::new();
    let cache = MemoryReplayCache::new();
    let token = scene.request().encrypt(&mut random).unwrap();
    let sign_in = || {
        let pending = scene.verify(&token).unwrap();
        cache.check_and_insert(pending.record(), pending.expires(), scene.now)
    };
    let accepted = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(sign_in)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .filter(Result::is_ok)
            .count()
    });
    assert_eq!(accepted, 1);
    assert_eq!(sign_in().unwrap_err(), ReplayError::Replayed);
}

#[test]
fn a08_an_authenticator_from_the_future_is_remembered_longer() {
    let mut scene = Scene::new();
    let mut request = scene.request();
    request.time = scene.later(299);
    let token = request.encrypt(&mut random).unwrap();
    let cache = MemoryReplayCache::new();
    let pending = scene.verify(&token).unwrap();
    assert_eq!(pending.expires(), scene.later(299).saturating_add(TOLERANCE));
    assert!(
        cache
            .check_and_insert(pending.record(), pending.expires(), scene.now)
            .is_ok()
    );
    scene.now = scene.later(599);
    let pending = scene
        .verify(&token)
        .expect("its own time is still within the tolerance");
    let replayed = cache.check_and_insert(pending.record(), pending.expires(), scene.now);
    assert_eq!(replayed.unwrap_err(), ReplayError::Replayed);
}

#[test]
fn a09_clocks_at_the_tolerance() {
    let mut scene = Scene::new();
    for (seconds, expected) in [(299, "accepted"), (300, "accepted"), (301, "clock-skew")] {
        for sign in [1, -1] {
            let mut request = scene.request();
            request.time = scene.later(sign * seconds);
            assert_eq!(scene.reason(&request), expected, "{}", sign * seconds);
        }
    }
    scene.policy.clock_tolerance = Duration::from_secs(10);
    let mut request = scene.request();
    request.time = scene.later(11);
    match scene.accept(&request) {
        Err(Rejection::ClockSkew { difference_s, .. }) => assert_eq!(difference_s, 11),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a10_times_and_flags_of_the_ticket() {
    let scene = Scene::new();
    // The clock stands at a quarter past the full second.
    assert_eq!(
        scene.reason_with(|ticket| ticket.end_time = scene.later(-299)),
        "accepted"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.end_time = scene.later(-301)),
        "ticket-expired"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.start_time = Some(scene.later(299))),
        "accepted"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.start_time = Some(scene.later(302))),
        "ticket-not-yet-valid"
    );
    assert_eq!(scene.reason_with(|ticket| ticket.start_time = None), "accepted");
    let unstarted = scene.reason_with(|ticket| {
        ticket.start_time = None;
        ticket.auth_time = scene.later(3600);
    });
    assert_eq!(
        unstarted, "ticket-not-yet-valid",
        "without a start the authentication counts"
    );
    assert_eq!(
        scene.reason_with(|ticket| ticket.flags |= 0x0100_0000),
        "ticket-invalid"
    );
}

#[test]
fn a11_every_bit_flipped() {
    for etype in [EncryptionType::Aes128Sha1, EncryptionType::Aes256Sha2] {
        let scene = Scene::with_etype(etype);
        let token = scene.request().encrypt(&mut random).unwrap();
        let usual = scene.verify(&token).unwrap().record();
        let mut accepted = 0;
        for bit in 0..token.len() * 8 {
            let mut flipped = token.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // The names and the key version on the ticket, and the options, are not protected: they change nothing.
            if let Ok(pending) = scene.verify(&flipped) {
                assert_eq!(pending.record(), usual, "bit {bit}");
                assert_eq!(pending.accept(Fresh::danger_unchecked()).client(), &scene.client);
                accepted += 1;
            }
        }
        assert!(accepted < 70 * 8, "{accepted} bits are not protected");
    }
}

#[test]
fn a12_authenticator_of_another_ticket() {
    let scene = Scene::new();
    let mut other = scene.issued();
    other.session_key = SessionKey::new(EncryptionType::Aes256Sha1, [77; 32]).unwrap();
    let spliced = ApReqBuilder::new(&other, scene.now);
    assert_eq!(scene.reason(&spliced), "authenticator-not-opened");
    other.session_key = session_key(EncryptionType::Aes128Sha1);
    let spliced = ApReqBuilder::new(&other, scene.now);
    assert_eq!(scene.reason(&spliced), "authenticator-not-opened");
    // The encryption type that stands before the authenticator is the session key's, or this is something else.
    let mut token = scene.request().encrypt(&mut random).unwrap();
    let etype = [0xa0, 3, 2, 1, 18];
    let at = token.windows(5).rposition(|window| window == etype).unwrap();
    token[at + 4] = 17;
    assert_eq!(
        scene.verify(&token).unwrap_err().reason(),
        "authenticator-not-opened"
    );
    let mut user_to_user = scene.request();
    user_to_user.use_session_key = true;
    assert_eq!(scene.reason(&user_to_user), "user-to-user");
}

#[test]
fn a13_subkeys_and_checksums_that_lie() {
    let scene = Scene::new();
    for (etype, length, expected) in [
        (18, 32, "accepted"),
        (18, 31, "key-length"),
        (18, 0, "key-length"),
        (3, 8, "des-etype"),
        (99, 32, "unknown-etype"),
    ] {
        let mut request = scene.request();
        request.subkey = Some((etype, vec![1; length]));
        assert_eq!(scene.reason(&request), expected, "{etype} with {length} bytes");
    }
    let with_checksum = |checksum: Option<(i32, Vec<u8>)>| {
        let mut request = scene.request();
        request.checksum = checksum;
        scene.reason(&request)
    };
    let gss = ChecksumType::GSS.0;
    assert_eq!(with_checksum(None), "accepted");
    assert_eq!(with_checksum(Some((gss, Vec::new()))), "malformed");
    assert_eq!(
        with_checksum(Some((gss, gss_checksum(None, 0)[..23].to_vec()))),
        "malformed"
    );
    assert_eq!(
        with_checksum(Some((gss, gss_checksum(None, 1)))),
        "malformed",
        "delegation missing"
    );
    let long = [&gss_checksum(None, 1)[..], &[1, 0, 0xff, 0xff, 0]].concat();
    assert_eq!(
        with_checksum(Some((gss, long))),
        "malformed",
        "delegation past the end"
    );
    assert_eq!(with_checksum(Some((16, vec![0; 12]))), "checksum-type");
}

#[test]
fn a14_channel_bindings() {
    let own = ChannelBindings::tls_server_end_point(&[1; 32]);
    let other = ChannelBindings::tls_server_end_point(&[2; 32]);
    let mut scene = Scene::new();
    scene.bindings = Some(own.clone());
    let bound = scene.accept(&scene.request().bound_to(&own)).unwrap();
    assert_eq!(bound.evidence().bindings, BindingsState::Bound);
    assert_eq!(
        scene.reason(&scene.request().bound_to(&other)),
        "bindings-mismatch"
    );
    let unbound = scene.accept(&scene.request()).unwrap();
    assert_eq!(unbound.evidence().bindings, BindingsState::Absent);

    let mut promised = scene.request();
    let options = 0x4000_u32.to_le_bytes().to_vec();
    promised.authorization_data = vec![if_relevant(&[(AD_AP_OPTIONS, options)])];
    assert_eq!(scene.reason(&promised), "bindings-missing");
    scene.policy.bindings = BindingsMode::Require;
    assert_eq!(scene.reason(&scene.request()), "bindings-missing");
    let mut without_checksum = scene.request();
    without_checksum.checksum = None;
    assert_eq!(scene.reason(&without_checksum), "bindings-missing");
    scene.policy.bindings = BindingsMode::Ignore;
    let ignored = scene.accept(&promised.bound_to(&other)).unwrap();
    assert_eq!(ignored.evidence().bindings, BindingsState::NotChecked);
}

#[test]
fn a15_realms_in_between() {
    let mut scene = Scene::new();
    let through = |ticket: &mut TicketBuilder| ticket.transited = b"MIDDLE".to_vec();
    assert_eq!(scene.reason_with(through), "accepted", "the PAC vouches");
    scene.policy.pac = PacMode::Off;
    assert_eq!(scene.reason_with(through), "transited-not-checked");
    let checked = scene.reason_with(|ticket| {
        through(ticket);
        ticket.flags |= 0x0008_0000;
    });
    assert_eq!(checked, "accepted");
    scene.policy.trusted_realms = vec!["CORP.EXAMPLE.COM".into()];
    assert_eq!(scene.reason_with(through), "accepted");
}

/// A15: addresses, by policy.
#[test]
fn a15_addresses_that_do_not_match() {
    let mut scene = Scene::new();
    let v6: Ipv6Addr = "2001:db8::7".parse().unwrap();
    let listed = vec![
        (20, b"PC7             ".to_vec()),
        (2, vec![10, 0, 0, 7]),
        (24, v6.octets().to_vec()),
        (2, vec![1]),
    ];
    let token = scene
        .request_with(|ticket| ticket.addresses = Some(listed))
        .encrypt(&mut random)
        .unwrap();
    let from = |scene: &Scene, peer: Option<&str>| {
        let decrypted = UnverifiedApReq::decode(&token)
            .unwrap()
            .decrypt(&scene.keytab, &scene.policy)
            .unwrap();
        let peer = peer.map(|peer| peer.parse().unwrap());
        let checked = decrypted.check_on(&scene.policy, scene.now, Connection { bindings: None, peer });
        checked.map_or_else(|rejection| rejection.reason(), |_| "accepted")
    };
    assert_eq!(from(&scene, Some("10.9.9.9")), "accepted", "ignored by default");
    scene.policy.addresses = AddressMode::Check;
    for peer in ["10.0.0.7", "::ffff:10.0.0.7", "2001:db8::7"] {
        assert_eq!(from(&scene, Some(peer)), "accepted", "{peer}");
    }
    for peer in [Some("10.0.0.8"), Some("2001:db8::8"), None] {
        assert_eq!(from(&scene, peer), "address-mismatch", "{peer:?}");
    }
    assert_eq!(scene.reason(&scene.request()), "accepted", "none is listed");
}

/// A1: whole classes of services, and hosts.
#[test]
fn a01_services_by_class_and_by_host() {
    let mut scene = Scene::new();
    for (services, expected) in [
        (AcceptedServices::OfClass("http".into()), "accepted"),
        (AcceptedServices::OfClass("CIFS".into()), "wrong-service"),
        (
            AcceptedServices::OnHost("APP.corp.example.com".into()),
            "accepted",
        ),
        (AcceptedServices::OnHost("HTTP".into()), "wrong-service"),
        (
            AcceptedServices::Only(vec!["HTTP/app.corp.example.com@CORP.EXAMPLE.COM".into()]),
            "accepted",
        ),
        (
            AcceptedServices::Only(vec!["HTTP/app.corp.example.com@OTHER".into()]),
            "wrong-service",
        ),
    ] {
        scene.policy.services = services;
        assert_eq!(
            scene.reason(&scene.request()),
            expected,
            "{:?}",
            scene.policy.services
        );
    }
}

/// A4: the keys of the service on the ticket come before those of others, whatever their version.
#[test]
fn a04_the_order_of_the_keys() {
    let mut scene = Scene::new();
    let other = service_key(EncryptionType::Aes256Sha1, 8);
    let alias = "CIFS/app.corp.example.com@CORP.EXAMPLE.COM";
    scene.keytab = Keytab::new(vec![
        entry(alias, 1, &other),
        entry(alias, 9, &other),
        entry(SERVICE, 1, &other),
        entry(SERVICE, 3, &other),
        entry(SERVICE, 2, &other),
    ]);
    let tried = |scene: &Scene| match scene.accept(&scene.request_with(|ticket| ticket.kvno = Some(2))) {
        Err(Rejection::TicketNotOpened { tried, .. }) => tried
            .iter()
            .map(|key| (key.principal.components()[0].clone(), key.kvno))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let keys = |keys: [(&str, u32); 5]| keys.map(|(class, kvno)| (class.to_owned(), kvno));
    assert_eq!(
        tried(&scene),
        keys([("HTTP", 2), ("HTTP", 3), ("HTTP", 1), ("CIFS", 9), ("CIFS", 1)])
    );
    scene.policy.services = AcceptedServices::OfClass("CIFS".into());
    assert_eq!(
        tried(&scene),
        keys([("CIFS", 9), ("CIFS", 1), ("HTTP", 2), ("HTTP", 3), ("HTTP", 1)])
    );
}

/// R13: what the client delegates is offered, and only what was meant for this service.
#[test]
fn delegated_credentials_are_opened() {
    let scene = Scene::new();
    let granting = scene.issued();
    let session = session_key(EncryptionType::Aes256Sha1);
    let subkey = SessionKey::new(EncryptionType::Aes128Sha1, [6; 16]).unwrap();
    for key in [Some(&session), Some(&subkey), None] {
        let mut request = scene.request();
        request.subkey = Some((17, vec![6; 16]));
        request.delegate(&granting, key, &mut random);
        let accepted = scene.accept(&request).unwrap();
        assert!(accepted.evidence().delegated);
        let credential = accepted.delegated_credential().unwrap().unwrap();
        assert_eq!(credential.ticket, granting.der);
        assert_eq!(credential.session_key, granting.session_key);
        assert_eq!(credential.client.as_ref(), Some(&scene.client));
        assert_eq!(credential.service.as_ref(), Some(&scene.service));

        let mut nameless = credential.clone();
        nameless.client = None;
        assert_eq!(nameless.into_credentials(), None);
        assert_eq!(credential.into_credentials(), Some(granting.clone().into()));
    }
    assert!(
        scene
            .accept(&scene.request())
            .unwrap()
            .delegated_credential()
            .unwrap()
            .is_none()
    );
    let mut request = scene.request();
    request.delegate(&granting, Some(&session), &mut random);
    let checksum = &mut request.checksum.as_mut().unwrap().1;
    checksum[30] ^= 1;
    let accepted = scene.accept(&request).unwrap();
    assert_eq!(accepted.delegated_credential().unwrap_err().reason(), "malformed");
}

/// R13: the buffer that is lent holds nothing afterwards.
#[test]
fn a63_a_lent_buffer_is_wiped() {
    let scene = Scene::new();
    let token = scene.request().encrypt(&mut random).unwrap();
    let mut buffer = vec![7; 10];
    for _ in 0..2 {
        let ap_req = UnverifiedApReq::decode(&token).unwrap();
        let decrypted = ap_req
            .decrypt_in(&mut buffer, &scene.keytab, &scene.policy)
            .unwrap();
        let accepted = decrypted
            .check(&scene.policy, scene.now, None)
            .unwrap()
            .accept(Fresh::danger_unchecked());
        assert_eq!(accepted.client(), &scene.client);
        assert!(buffer.is_empty() && buffer.capacity() > 1000);
    }
}

#[test]
fn a16_stale_tokens_take_no_room() {
    let scene = Scene::new();
    let mut stale = scene.request();
    stale.time = scene.later(-3600);
    // The only way to a record leads through the clock.
    assert_eq!(scene.reason(&stale), "clock-skew");

    let cache = MemoryReplayCache::with_capacity(1);
    let insert = |seconds: i64| {
        let mut request = scene.request();
        request.time = scene.later(seconds);
        let pending = scene.verify(&request.encrypt(&mut random).unwrap()).unwrap();
        cache.check_and_insert(pending.record(), pending.expires(), scene.now)
    };
    assert!(insert(0).is_ok());
    assert_eq!(insert(1).unwrap_err(), ReplayError::Full { capacity: 1 });
    assert_eq!(insert(0).unwrap_err(), ReplayError::Replayed);
}

/// A63
#[test]
fn a63_no_secret_in_debug_or_reasons() {
    let scene = Scene::new();
    let token = scene.request().encrypt(&mut random).unwrap();
    let decrypted = UnverifiedApReq::decode(&token)
        .unwrap()
        .decrypt(&scene.keytab, &scene.policy)
        .unwrap();
    let text = format!("{decrypted:?} {:?}", scene.keytab);
    assert!(!text.contains("[1, 1, 1") && !text.contains("[3, 3, 3"), "{text}");
}

/// A63: nor that of a client that delegates without encrypting.
#[test]
fn a63_no_delegated_key_in_debug() {
    let scene = Scene::new();
    let mut request = scene.request();
    request.delegate(&scene.issued(), None, &mut random);
    let accepted = scene.accept(&request).unwrap();
    let delegated = accepted.delegated_credential().unwrap().unwrap();
    assert_eq!(delegated.session_key, scene.issued().session_key);
    let text = format!("{accepted:?} {delegated:?}");
    assert!(!text.contains("3, 3, 3"), "{text}");
}
