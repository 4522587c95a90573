//! What a refused client is told, as MIT's library understands it.

use adlib_kerberos::{
    AcceptedServices, ApRepRejection, Begun, BindingsMode, ErrorCode, InitiatorOptions, Keytab, Rejection,
    TicketInitiator,
};
use adlib_lab::{
    Realm, mit,
    peer::{Flag, Peer},
    realm,
};

use crate::scene::{Service, later, now, random, ticket_of_realm};

/// A client of MIT's that waits for our answer, and its message.
fn client(realm: &Realm) -> (Peer, Vec<u8>) {
    let initiator = realm.initiator(realm::USER, &realm.user_password, &realm.http_service);
    let mut peer = initiator.flags(&[Flag::Mutual]).start();
    let token = peer.step(&[]).unwrap().token;
    (peer, token)
}

/// What MIT's client says when `rejection` is the answer to its message.
fn told(realm: &Realm, mut peer: Peer, rejection: &Rejection) -> String {
    let service = realm.principal(&realm.http_service).parse().unwrap();
    peer.step(&rejection.krb_error(&service, now()))
        .unwrap_err()
        .message
}

/// I4: each code is the one that MIT's library has the right text for.
#[test]
fn mit_understands_why_it_is_refused() {
    let realm = mit();
    let honest = || Service::of(&realm);
    let mut keyless = honest();
    keyless.keytab = Keytab::default();
    let mut other_keys = honest();
    let mut entries = other_keys.keytab.entries().to_vec();
    entries.retain(|entry| entry.principal.to_string() != realm.principal(&realm.http_service));
    other_keys.keytab = Keytab::new(entries);
    let mut elsewhere = honest();
    elsewhere.policy.services = AcceptedServices::OfClass("ldap".into());
    let mut strict = honest();
    strict.policy.required_ticket_flags = 1;
    let mut bound = honest().bound_to(b"tls-server-end-point:ours");
    bound.policy.bindings = BindingsMode::Require;
    for (service, after_s, text) in [
        (&honest(), 3600, "Clock skew too great"),
        (&honest(), -3600, "Clock skew too great"),
        (&keyless, 0, "Service key not available"),
        (&other_keys, 0, "Message stream modified"),
        (&elsewhere, 0, "The ticket isn't for us"),
        (&strict, 0, "KDC policy rejects request"),
        (&bound, 0, "Generic error"),
    ] {
        let (peer, token) = client(&realm);
        let rejection = service.accept_at(&token, later(now(), after_s)).unwrap_err();
        let message = told(&realm, peer, &rejection);
        assert!(message.contains(text), "{rejection}: {message}");
    }
}

/// I4: a client that is honest sends no ticket whose end has passed: the code is understood all the same.
#[test]
fn mit_understands_that_its_ticket_has_expired() {
    let (realm, now) = (mit(), now());
    let end = later(now, -3600);
    let message = told(&realm, client(&realm).0, &Rejection::TicketExpired { end, now });
    assert!(message.contains("Ticket expired"), "{message}");
}

/// RFC 4120 5.9.1: a KRB-ERROR of MIT's has its code for us.
#[test]
fn mits_refusal_is_read() {
    let realm = mit();
    let ticket = ticket_of_realm(&realm, &realm.http_service);
    let long_ago = later(now(), -3600);
    let initiator = TicketInitiator::new(ticket, InitiatorOptions::default(), long_ago, random());
    let (token, Begun::AwaitingApRep(next)) = initiator.begin().unwrap() else {
        panic!("an answer was asked for");
    };
    let refused = realm.acceptor().start().step(&token).unwrap_err();
    let rejection = next.verify(&refused.token).unwrap_err();
    assert_eq!(rejection, ApRepRejection::PeerError(ErrorCode::SKEW));
}
