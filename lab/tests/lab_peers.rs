//! The realms are what their description says, and the peers understand one another.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use adlib_lab::{
    Realm, corp, fixture, heimdal, mit,
    peer::{Flag, Library, Mechanism, Peer, PeerOptions},
    realm, samba_reads_pac,
};

const PROTECTED: [Flag; 5] = [
    Flag::Mutual,
    Flag::ReplayDetect,
    Flag::SequenceDetect,
    Flag::Confidentiality,
    Flag::Integrity,
];

/// Hands tokens to and fro until neither has one, beginning with the initiator.
fn establish(initiator: &PeerOptions, acceptor: &PeerOptions) -> (Peer, Peer) {
    let (mut initiator, mut acceptor) = (initiator.start(), acceptor.start());
    let mut step = initiator.step(&[]).unwrap();
    let mut established = [step.established, false];
    for turn in (0..2).cycle().skip(1) {
        if step.token.is_empty() {
            break;
        }
        let peer = if turn == 0 { &mut initiator } else { &mut acceptor };
        step = peer.step(&step.token).unwrap();
        established[turn] = step.established;
    }
    assert_eq!(established, [true, true]);
    (initiator, acceptor)
}

/// What one peer protects, the other opens, in both directions.
fn exchange(one: &mut Peer, other: &mut Peer) {
    for sealed in [true, false] {
        let token = one.wrap(b"there", sealed).unwrap();
        assert_eq!(other.unwrap(&token), Ok((b"there".to_vec(), sealed)));
        let token = other.wrap(b"and back", sealed).unwrap();
        assert_eq!(one.unwrap(&token), Ok((b"and back".to_vec(), sealed)));
    }
    let mic = one.mic(b"apart").unwrap();
    other.verify_mic(b"apart", &mic).unwrap();
    let mic = other.mic(b"apart").unwrap();
    assert!(one.verify_mic(b"another", &mic).is_err());
}

/// Every realm and every encryption type it has.
fn services() -> Vec<(Realm, i32, String)> {
    let services = |realm: Realm| {
        let each = realm.services().into_iter();
        each.map(move |(etype, service)| (realm.clone(), etype, service))
    };
    services(mit()).chain(services(heimdal())).collect()
}

/// The types of session key and ticket are what `klist` calls them.
#[test]
fn a_service_has_tickets_of_its_own_type() {
    for (realm, etype, service) in services() {
        let kinit = format!(
            "export KRB5CCNAME=$(mktemp); kinit {} <<< {} >/dev/null && kvno -q {service} && klist -e; kdestroy -q",
            realm::USER,
            realm.user_password,
        );
        let output = realm.exec(&["bash", "-c", &kinit]);
        let listed = String::from_utf8_lossy(&output.stdout);
        let name = match etype {
            17 => "aes128-cts-hmac-sha1-96",
            18 => "aes256-cts-hmac-sha1-96",
            19 => "aes128-cts-hmac-sha256-128",
            20 => "aes256-cts-hmac-sha384-192",
            _ => "DEPRECATED:arcfour-hmac",
        };
        let both = format!("Etype (skey, tkt): {name}, {name}");
        assert!(listed.trim_end().ends_with(&both), "{service}: {listed}");
    }
}

#[test]
fn a_context_of_every_type_protects_messages() {
    for (realm, _, service) in services() {
        let initiator = realm
            .initiator(realm::USER, &realm.user_password, &service)
            .flags(&PROTECTED);
        let (mut initiator, mut acceptor) = establish(&initiator, &realm.acceptor());
        exchange(&mut initiator, &mut acceptor);
        let (ours, theirs) = (initiator.established().unwrap(), acceptor.established().unwrap());
        assert_eq!(theirs.initiator, realm.principal(realm::USER));
        assert_eq!(theirs.target, realm.principal(&service));
        assert_eq!(ours.session_key, theirs.session_key);
        assert!(theirs.has(Flag::Mutual) && !theirs.has(Flag::Delegate));
    }
}

#[test]
fn names_and_passwords_need_not_be_ascii() {
    for realm in [mit(), heimdal()] {
        for (user, password) in [
            (realm::NON_ASCII_USER, &realm.user_password),
            (realm::NON_ASCII_PASSWORD_USER, &realm.non_ascii_password),
            (realm::NO_PREAUTH, &realm.user_password),
        ] {
            let initiator = realm.initiator(user, password, &realm.http_service);
            let (_, mut acceptor) = establish(&initiator, &realm.acceptor());
            assert_eq!(acceptor.established().unwrap().initiator, realm.principal(user));
        }
    }
}

#[test]
fn who_is_refused_gets_no_token() {
    for realm in [mit(), heimdal()] {
        for (user, _) in realm::REFUSED {
            let initiator = realm.initiator(user, &realm.user_password, &realm.http_service);
            assert_eq!(
                initiator.token().unwrap_err().kind,
                "MissingCredentialsError",
                "{user}"
            );
        }
        let initiator = realm.initiator(realm::USER, "wrong", &realm.http_service);
        assert!(
            initiator
                .token()
                .unwrap_err()
                .message
                .contains("Preauthentication failed")
        );
    }
}

#[test]
fn a_ticket_is_delegated_if_it_can_be() {
    let realm = mit();
    let service = realm.service(realm::DELEGATE_HOST);
    for (user, delegated) in [
        (realm::USER, realm.principal(realm::USER)),
        (realm::NOT_FORWARDABLE, String::new()),
    ] {
        let initiator = realm
            .initiator(user, &realm.user_password, &service)
            .flags(&[Flag::Mutual, Flag::Delegate]);
        let (_, mut acceptor) = establish(&initiator, &realm.acceptor());
        assert_eq!(acceptor.established().unwrap().delegated, delegated);
    }
}

#[test]
fn bindings_replays_and_tickets_without_a_password() {
    let realm = mit();
    let initiator = realm
        .initiator(realm::USER, &realm.user_password, &realm.http_service)
        .bindings(b"tls-server-end-point:one");
    let token = initiator.token().unwrap();
    let same = realm.acceptor().bindings(b"tls-server-end-point:one");
    let accepted = same.start().step(&token).unwrap();
    // Nobody asked the acceptor to prove itself.
    assert!(accepted.established && accepted.token.is_empty());
    let other = realm.acceptor().bindings(b"tls-server-end-point:two");
    let refused = other.start().step(&token).unwrap_err();
    assert_eq!(refused.kind, "BadChannelBindingsError");
    assert!(refused.token.is_empty());
    // Who asks for an answer is sent a KRB-ERROR.
    let asking = initiator.flags(&[Flag::Mutual]).token().unwrap();
    let refused = other.start().step(&asking).unwrap_err();
    assert!(!refused.token.is_empty());

    let cache = std::env::temp_dir().join(format!("adlib-lab-replays-{}", std::process::id()));
    let remembering = realm.acceptor().replay_cache(&cache);
    assert!(remembering.start().step(&token).unwrap().established);
    let replayed = remembering.start().step(&token).unwrap_err();
    assert!(replayed.message.contains("Request is a replay"), "{replayed}");
    std::fs::remove_file(cache).unwrap();

    let tickets = std::env::temp_dir().join(format!("adlib-lab-tickets-{}", std::process::id()));
    let kinit = format!(
        "kinit -c {} {} <<< {}",
        tickets.display(),
        realm::OTHER_USER,
        realm.user_password
    );
    assert!(realm.exec(&["bash", "-c", &kinit]).status.success());
    let initiator = realm
        .initiator("", "", &realm.http_service)
        .ticket_cache(&tickets);
    let (_, mut acceptor) = establish(&initiator, &realm.acceptor());
    assert_eq!(
        acceptor.established().unwrap().initiator,
        realm.principal(realm::OTHER_USER)
    );
    std::fs::remove_file(tickets).unwrap();
}

/// The checksum says nothing of a client that never saw bindings; this setting makes MIT's say so.
#[test]
fn settings_of_the_library_can_be_chosen() {
    let realm = mit();
    let initiator = realm
        .initiator(realm::USER, &realm.user_password, &realm.http_service)
        .libdefault("client_aware_channel_bindings", "true");
    let unbound = initiator.token().unwrap();
    let refused = realm
        .acceptor()
        .bindings(b"x")
        .start()
        .step(&unbound)
        .unwrap_err();
    assert_eq!(refused.kind, "BadChannelBindingsError");
}

#[test]
fn tickets_of_the_domain_have_a_pac() {
    let corp = corp();
    let staff = format!("{}@{}", fixture::STAFF_NAMESAKE, corp.staff.realm);
    let mut sizes = Vec::new();
    for (name, service) in [
        (fixture::ORDINARY, &corp.http_service),
        (fixture::ORDINARY, &corp.aes128_service),
        (fixture::ORDINARY, &corp.rc4_service),
        (&staff, &corp.http_service),
        (fixture::CROWDED, &corp.http_service),
    ] {
        let initiator = corp
            .initiator(name, &corp.user_password, service)
            .flags(&PROTECTED);
        let (mut initiator, mut acceptor) = establish(&initiator, &corp.acceptor());
        exchange(&mut initiator, &mut acceptor);
        let pac = acceptor.pac().unwrap();
        let account = name.split('@').next().unwrap();
        let read = samba_reads_pac(&pac);
        assert!(read.contains(&format!("logon.account={account}")), "{read:?}");
        sizes.push(pac.len());
    }
    // A group is a relative identifier and its attributes, 8 bytes.
    assert!(sizes[4] >= sizes[0] + 8 * fixture::CROWDED_GROUPS, "{sizes:?}");
}

/// NTLM, alone and in SPNEGO, between the libraries.
#[test]
fn the_libraries_understand_one_another() {
    let realm = mit();
    let password = &realm.user_password;
    for (one, other, mechanism) in [
        (Library::Mit, Library::Mit, Mechanism::Ntlm),
        (Library::Mit, Library::Pyspnego, Mechanism::Ntlm),
        (Library::Pyspnego, Library::Mit, Mechanism::Ntlm),
        // gss-ntlmssp cannot decode what impacket sends.
        (Library::Impacket, Library::Pyspnego, Mechanism::Ntlm),
        (Library::Mit, Library::Pyspnego, Mechanism::Spnego),
        (Library::Pyspnego, Library::Mit, Mechanism::Spnego),
    ] {
        let initiator = realm
            .initiator("CORP\\ada", password, &realm.http_service)
            .library(one)
            .mechanism(mechanism)
            .flags(&PROTECTED);
        let acceptor = realm
            .acceptor()
            .library(other)
            .mechanism(mechanism)
            .account("CORP", "ada", password);
        let ntlm = [Mechanism::Ntlm];
        let (mut initiator, mut acceptor) = match mechanism {
            Mechanism::Spnego => establish(&initiator.offering(&ntlm), &acceptor.offering(&ntlm)),
            _ => establish(&initiator, &acceptor),
        };
        let (ours, theirs) = (initiator.established().unwrap(), acceptor.established().unwrap());
        assert_eq!(theirs.initiator, "CORP\\ada", "{one:?} {other:?}");
        assert_eq!(ours.session_key, theirs.session_key);
        assert_eq!(theirs.mechanism, "1.3.6.1.4.1.311.2.2.10");
        let sealed = initiator.wrap(b"there", true).unwrap();
        assert_eq!(acceptor.unwrap(&sealed), Ok((b"there".to_vec(), true)));
    }
}

#[test]
fn spnego_has_kerberos_inside() {
    let realm = mit();
    let initiator = realm
        .initiator(realm::USER, &realm.user_password, &realm.http_service)
        .mechanism(Mechanism::Spnego)
        .offering(&[Mechanism::Kerberos])
        .flags(&PROTECTED);
    let acceptor = realm
        .acceptor()
        .mechanism(Mechanism::Spnego)
        .offering(&[Mechanism::Kerberos]);
    let (mut initiator, mut acceptor) = establish(&initiator, &acceptor);
    exchange(&mut initiator, &mut acceptor);
    assert_eq!(acceptor.established().unwrap().mechanism, "1.2.840.113554.1.2.2");
}
