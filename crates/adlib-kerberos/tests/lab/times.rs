//! Clocks that differ, and tickets before and after their time (R10).

use adlib_core::UnixTime;
use adlib_kerberos::{Begun, InitiatorOptions, TicketInitiator, initiator::Credentials};
use adlib_lab::{Realm, corp, fixture, mit, peer::PeerOptions, realm};

use crate::scene::{Service, later, now, random, ticket_of_corp};

const TOLERANCE_S: i64 = 300;

fn client(realm: &Realm, user: &str) -> PeerOptions {
    realm.initiator(user, &realm.user_password, &realm.http_service)
}

/// Whether the message is accepted at `micros`.
fn accepted_at(service: &Service, token: &[u8], micros: i64) -> bool {
    service.accept_at(token, UnixTime::from_micros(micros)).is_ok()
}

/// The last moment after `yes`, at which the message is accepted, before `no`, at which it is not.
fn edge(service: &Service, token: &[u8], mut yes: i64, mut no: i64) -> i64 {
    while (yes - no).abs() > 1 {
        let middle = yes.midpoint(no);
        if accepted_at(service, token, middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    yes
}

/// A9: a real message is good for the tolerance on either side of its own time, to the microsecond.
#[test]
fn a09_a_real_message_is_good_for_the_tolerance() {
    let realm = mit();
    let before = now().micros();
    let token = client(&realm, realm::USER).token().unwrap();
    let after = now().micros();
    let service = Service::of(&realm);
    let tolerance = TOLERANCE_S * 1_000_000;
    assert!(accepted_at(&service, &token, before));
    let first = edge(&service, &token, before, before - 2 * tolerance);
    let last = edge(&service, &token, after, after + 2 * tolerance);
    assert_eq!(last - first, 2 * tolerance);
    let own_time = first + tolerance;
    assert!((before..=after).contains(&own_time));
    for seconds in [-TOLERANCE_S - 1, TOLERANCE_S + 1] {
        let moved = later(UnixTime::from_micros(own_time), seconds);
        let rejection = service.accept_at(&token, moved).unwrap_err();
        assert_eq!(rejection.reason(), "clock-skew");
    }
}

/// A message of ours with a real ticket, as if it were `time`.
fn message_at(ticket: &Credentials, time: UnixTime) -> Vec<u8> {
    let mut options = InitiatorOptions::default();
    options.mutual = false;
    let begun = TicketInitiator::new(ticket.clone(), options, time, random())
        .begin()
        .unwrap();
    assert!(matches!(begun.1, Begun::Established(_)));
    begun.0
}

/// A9: clocks that are set apart, exactly.
#[test]
fn a09_clocks_apart() {
    let corp = corp();
    let service = Service::of_corp(&corp);
    let ticket = ticket_of_corp(&corp, fixture::ORDINARY);
    let here = later(ticket.start_time, 3600);
    for sign in [-1, 1] {
        for (seconds, accepted) in [
            (TOLERANCE_S - 1, true),
            (TOLERANCE_S, true),
            (TOLERANCE_S + 1, false),
        ] {
            let token = message_at(&ticket, later(here, sign * seconds));
            let verdict = service.accept_at(&token, here);
            match &verdict {
                Ok(verdict) => assert_eq!(verdict.evidence().clock_difference_s, sign * seconds),
                Err(rejection) => assert_eq!(rejection.reason(), "clock-skew"),
            }
            assert_eq!(verdict.is_ok(), accepted, "{sign} * {seconds}");
        }
    }
}

/// A10: a real ticket, at the edges of its life.
#[test]
fn a10_a_real_ticket_before_and_after_its_time() {
    let corp = corp();
    let service = Service::of_corp(&corp);
    let ticket = ticket_of_corp(&corp, fixture::ORDINARY);
    for (time, reason) in [
        (later(ticket.start_time, -TOLERANCE_S), None),
        (
            later(ticket.start_time, -TOLERANCE_S - 1),
            Some("ticket-not-yet-valid"),
        ),
        (later(ticket.end_time, TOLERANCE_S), None),
        (later(ticket.end_time, TOLERANCE_S + 1), Some("ticket-expired")),
    ] {
        let verdict = service.accept_at(&message_at(&ticket, time), time);
        assert_eq!(
            verdict.err().map(|rejection| rejection.reason()),
            reason,
            "{time}"
        );
    }
}

/// R10: a ticket that MIT's KDC lets live for two minutes: no session lasts longer.
#[test]
fn a_short_ticket_says_when_it_ends() {
    let realm = mit();
    let token = client(&realm, realm::SHORT_LIVED).token().unwrap();
    let accepted = Service::of(&realm).accept(&token).unwrap();
    let left = accepted.end_time().seconds_after(now());
    assert!((60..=120).contains(&left), "{left} s");
}
