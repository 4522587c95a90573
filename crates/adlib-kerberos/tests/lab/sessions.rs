//! Contexts with MIT's library on the other side, and the messages that they protect (RFC 4121, RFC 4757 7).

use adlib_core::{
    ChannelBindings,
    gss::{Protection, Session},
};
use adlib_kerberos::{
    Begun, Ccache, InitiatorOptions, KerberosSession, TicketInitiator, initiator::Credentials,
};
use adlib_lab::{
    Realm, mit,
    peer::{Flag, Peer},
    realm,
};

use crate::scene::{PROTECTED, Service, now, random, services, ticket, ticket_of_realm};

const BINDINGS: &[u8] = b"tls-server-end-point:ours";

/// A context that MIT's library began, with `flags`.
fn accept(realm: &Realm, service: &str, flags: &[Flag]) -> (Peer, KerberosSession) {
    let initiator = realm.initiator(realm::USER, &realm.user_password, service);
    let mut peer = initiator.flags(flags).start();
    let first = peer.step(&[]).unwrap();
    let accepted = Service::of(realm).accept(&first.token).unwrap();
    assert_eq!(accepted.evidence().mutual, flags.contains(&Flag::Mutual));
    let (ap_rep, session) = accepted.session(random());
    match ap_rep {
        Some(ap_rep) => assert!(peer.step(&ap_rep).unwrap().established),
        None => assert!(first.established),
    }
    (peer, session)
}

/// A context that MIT's library accepted, with a ticket of our own exchanges.
fn initiate(realm: &Realm, service: &str, options: InitiatorOptions) -> (Peer, KerberosSession) {
    initiate_with(realm, ticket_of_realm(realm, service), options)
}

fn initiate_with(realm: &Realm, ticket: Credentials, options: InitiatorOptions) -> (Peer, KerberosSession) {
    let bindings = options
        .bindings
        .as_ref()
        .map(|own| own.application_data().to_vec());
    let (mutual, service) = (options.mutual, ticket.service.to_string());
    let protection = options.protection;
    let (token, begun) = TicketInitiator::new(ticket, options, now(), random())
        .begin()
        .unwrap();
    let mut acceptor = realm.acceptor();
    if let Some(bindings) = bindings {
        acceptor = acceptor.bindings(&bindings);
    }
    let mut peer = acceptor.start();
    let step = peer.step(&token).unwrap();
    assert!(step.established);
    let session = match begun {
        Begun::AwaitingApRep(next) => next.verify(&step.token).unwrap(),
        Begun::Established(session) => {
            assert!(step.token.is_empty());
            *session
        }
    };
    let known = peer.established().unwrap();
    assert_eq!(known.initiator, realm.principal(realm::USER));
    assert_eq!(known.target, service);
    assert_eq!(known.has(Flag::Mutual), mutual);
    assert_eq!(known.has(Flag::Integrity), protection >= Protection::Integrity);
    assert_eq!(
        known.has(Flag::Confidentiality),
        protection == Protection::Confidentiality
    );
    assert!(known.has(Flag::ReplayDetect) && known.has(Flag::SequenceDetect) && !known.has(Flag::Delegate));
    (peer, session)
}

/// What one side protects, the other opens, in both directions and in every length that is a case of its own.
fn exchange(peer: &mut Peer, session: &mut KerberosSession) {
    let sealed = session.protection() == Protection::Confidentiality;
    let key = session.key().unwrap();
    assert_eq!(peer.established().unwrap().session_key, *key.expose());
    for length in [0, 1, 7, 8, 15, 16, 17, 100, 20_000] {
        let message: Vec<u8> = (0..length).map(|at: u32| at.to_le_bytes()[0]).collect();
        let token = peer.wrap(&message, sealed).unwrap();
        assert_eq!(session.unwrap(&token).unwrap(), message, "{length} bytes for us");
        let token = session.wrap(&message).unwrap();
        assert_eq!(
            peer.unwrap(&token),
            Ok((message.clone(), sealed)),
            "{length} bytes for them"
        );
        let mic = peer.mic(&message).unwrap();
        session.verify_mic(&message, &mic).unwrap();
        let mic = session.mic(&message).unwrap();
        peer.verify_mic(&message, &mic).unwrap();
    }
    let signed = peer.wrap(b"signed only", false).unwrap();
    assert_eq!(session.unwrap(&signed).unwrap(), b"signed only");
    let mic = session.mic(b"one").unwrap();
    assert!(peer.verify_mic(b"another", &mic).is_err());
}

fn options(mutual: bool, protection: Protection) -> InitiatorOptions {
    let mut options = InitiatorOptions::default();
    options.mutual = mutual;
    options.protection = protection;
    options
}

/// R13: our AP-REP is believed by MIT's library, and each opens what the other protects, in every type.
#[test]
fn contexts_that_mit_begins() {
    for (realm, etype, service) in services() {
        println!("{etype} {service}");
        let (mut peer, mut session) = accept(&realm, &service, &PROTECTED);
        assert_eq!(session.protection(), Protection::Confidentiality);
        exchange(&mut peer, &mut session);
    }
}

/// R13: without an AP-REP both sides count from the client's number. MIT's library always offers to seal.
#[test]
fn contexts_that_mit_begins_without_an_answer() {
    for (realm, etype, service) in services() {
        println!("{etype} {service}");
        let flags = [Flag::Integrity, Flag::SequenceDetect, Flag::ReplayDetect];
        let (mut peer, mut session) = accept(&realm, &service, &flags);
        assert_eq!(session.protection(), Protection::Confidentiality);
        exchange(&mut peer, &mut session);
    }
}

/// R5: MIT's library accepts our AP-REQ, we believe its AP-REP, and messages go both ways, in every type.
#[test]
fn contexts_that_mit_accepts() {
    for (realm, etype, service) in services() {
        for mutual in [true, false] {
            for protection in [Protection::Integrity, Protection::Confidentiality] {
                println!("{etype} {service} {mutual} {protection:?}");
                let (mut peer, mut session) = initiate(&realm, &service, options(mutual, protection));
                exchange(&mut peer, &mut session);
            }
        }
    }
}

/// R5: a ticket that `kvno` has put into a credential cache.
#[test]
fn a_ticket_of_kvno_is_accepted_by_mit() {
    let realm = mit();
    let file = std::env::temp_dir().join(format!("adlib-kerberos-lab-{}", std::process::id()));
    let script = format!(
        "export KRB5CCNAME={}; kinit {} <<< {} >/dev/null && kvno -q {}",
        file.display(),
        realm::USER,
        realm.user_password,
        realm.http_service
    );
    let output = realm.exec(&["bash", "-c", &script]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let cache = Ccache::decode(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!(cache.client().to_string(), realm.principal(realm::USER));
    assert!(cache.unusable().is_empty());
    let granting = cache.ticket_granting_ticket().unwrap();
    assert_eq!(
        granting.service.to_string(),
        format!("krbtgt/{0}@{0}", realm.realm)
    );

    let of_kvno = cache.ticket_for(&realm.http_service).unwrap();
    for options in [
        options(true, Protection::Confidentiality),
        options(false, Protection::Integrity),
    ] {
        let (mut peer, mut session) = initiate_with(&realm, of_kvno.clone(), options);
        exchange(&mut peer, &mut session);
    }
    // The ticket-granting one is as good, for our own exchange.
    let bought = ticket(realm.ip, granting.clone(), of_kvno.service.clone());
    initiate_with(&realm, bought, options(true, Protection::None));
}

/// A14: MIT's library finds our bindings, and refuses others.
#[test]
fn a14_mit_compares_our_bindings() {
    let realm = mit();
    let mut bound = options(true, Protection::None);
    bound.bindings = Some(ChannelBindings::new(BINDINGS.to_vec()));
    initiate(&realm, &realm.http_service, bound.clone());

    let ticket = ticket_of_realm(&realm, &realm.http_service);
    let (token, _) = TicketInitiator::new(ticket, bound, now(), random())
        .begin()
        .unwrap();
    let mut peer = realm.acceptor().bindings(b"tls-server-end-point:other").start();
    assert_eq!(peer.step(&token).unwrap_err().kind, "BadChannelBindingsError");
}

/// RFC 2743 1.2.3: in their order, and each once, on both sides.
#[test]
fn messages_out_of_order() {
    for (realm, etype, service) in services() {
        let (mut peer, mut session) = accept(&realm, &service, &PROTECTED);
        let [one, two] = [b"1", b"2"].map(|message| peer.wrap(message, true).unwrap());
        assert_eq!(
            session.unwrap(&two).unwrap_err().reason(),
            "message-out-of-order",
            "{etype}"
        );
        assert_eq!(session.unwrap(&one).unwrap(), b"1");
        assert_eq!(session.unwrap(&one).unwrap_err().reason(), "message-replayed");
        assert_eq!(session.unwrap(&two).unwrap(), b"2");

        let [one, two] = [b"1", b"2"].map(|message| session.wrap(message).unwrap());
        assert_eq!(peer.unwrap(&one), Ok((b"1".to_vec(), true)));
        assert!(peer.unwrap(&one).is_err(), "{etype}: twice");
        assert_eq!(peer.unwrap(&two), Ok((b"2".to_vec(), true)));
        assert_eq!(session.unwrap(&two).unwrap_err().reason(), "message-reflected");
    }
}

/// A11: a bit flipped in a message of MIT's.
#[test]
fn a11_a_message_of_mit_altered() {
    for (realm, etype, service) in services() {
        let (mut peer, mut session) = accept(&realm, &service, &PROTECTED);
        let token = peer.wrap(b"pay 10", true).unwrap();
        for bit in 0..token.len() * 8 {
            let mut flipped = token.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(session.unwrap(&flipped).is_err(), "{etype} bit {bit}");
        }
        assert_eq!(session.unwrap(&token).unwrap(), b"pay 10");
    }
}
