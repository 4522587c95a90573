//! Tickets that a real client delegates.

use adlib_kerberos::{Keytab, UnverifiedTicket};
use adlib_lab::{corp, fixture, mit, peer::Flag, realm};

use crate::scene::{Service, now, random, ticket};

/// `TicketFlags`, bit 0 the most significant: made of another ticket.
const FORWARDED: u32 = 1 << (31 - 2);

/// A13, R13: MIT's client hands its ticket on to who asks for it, and only if it can.
#[test]
fn mit_delegates_a_ticket() {
    let realm = mit();
    let name = realm.service(realm::DELEGATE_HOST);
    let service = Service::of(&realm);
    let token = |user: &str, flags: &[Flag]| {
        let initiator = realm.initiator(user, &realm.user_password, &name);
        initiator.flags(flags).token().unwrap()
    };
    let accepted = service
        .accept(&token(realm::USER, &[Flag::Mutual, Flag::Delegate]))
        .unwrap();
    assert!(accepted.evidence().delegated);
    let delegated = accepted.delegated_credential().unwrap().unwrap();
    assert_eq!(delegated.client.as_ref(), Some(accepted.client()));
    let granting = format!("krbtgt/{0}@{0}", realm.realm);
    assert_eq!(delegated.service.as_ref().unwrap().to_string(), granting);
    assert_ne!(delegated.flags & FORWARDED, 0);
    assert!(delegated.end_time.unwrap() <= accepted.end_time());
    let unverified = UnverifiedTicket::decode(&delegated.ticket).unwrap();
    assert_eq!(unverified.unverified_service().to_string(), granting);

    for token in [
        token(realm::USER, &[Flag::Mutual]),
        token(realm::NOT_FORWARDABLE, &[Flag::Mutual, Flag::Delegate]),
    ] {
        let accepted = service.accept(&token).unwrap();
        assert!(!accepted.evidence().delegated);
        assert!(accepted.delegated_credential().unwrap().is_none());
    }
}

/// R13: the service asks another one in the client's name.
#[test]
fn a_delegated_ticket_buys_others() {
    let realm = mit();
    let name = realm.service(realm::DELEGATE_HOST);
    let initiator = realm.initiator(realm::USER, &realm.user_password, &name);
    let token = initiator.flags(&[Flag::Delegate]).token().unwrap();
    let service = Service::of(&realm);
    let delegated = service.accept(&token).unwrap().delegated_credential().unwrap();
    let granting = delegated.unwrap().into_credentials().unwrap();

    let other = realm.principal(&realm.http_service).parse().unwrap();
    let bought = ticket(realm.ip, granting, other);
    let token = bought.ap_req_token(now(), &mut *random()).unwrap();
    let accepted = service.accept(&token).unwrap();
    assert_eq!(accepted.client().to_string(), realm.principal(realm::USER));
    assert_eq!(
        accepted.service().to_string(),
        realm.principal(&realm.http_service)
    );
}

/// A13, R13: what a client of Active Directory delegates is its own ticket, by the controllers' key.
#[test]
fn a_ticket_of_samba_is_the_users_own() {
    let corp = corp();
    let initiator = corp.initiator(fixture::ORDINARY, &corp.user_password, &corp.http_service);
    let token = initiator.flags(&[Flag::Mutual, Flag::Delegate]).token().unwrap();
    let accepted = Service::of_corp(&corp).accept(&token).unwrap();
    let delegated = accepted.delegated_credential().unwrap().unwrap();

    let controllers = Keytab::decode(&corp.controllers_keytab()).unwrap();
    let key = &controllers.entries()[0].key;
    let unverified = UnverifiedTicket::decode(&delegated.ticket).unwrap();
    let report = unverified.report(key, Some(key)).unwrap();
    assert_eq!(report.rejection, None);
    assert_eq!(&report.client, accepted.client());
    assert_eq!(report.flags, delegated.flags);
    assert_eq!(Some(report.end_time), delegated.end_time);
    assert_eq!(report.session_etype, delegated.session_key.etype().number());
    let pac = report.pac.unwrap();
    assert_eq!(pac.content.user_sid(), accepted.pac().unwrap().user_sid());

    let granting = delegated.into_credentials().unwrap();
    let other = format!("{}@{}", corp.aes128_service, corp.realm);
    let bought = ticket(corp.ip, granting, other.parse().unwrap());
    let token = bought.ap_req_token(now(), &mut *random()).unwrap();
    let onwards = Service::of_corp(&corp).accept(&token).unwrap();
    assert_eq!(
        (onwards.client(), onwards.service().to_string()),
        (accepted.client(), other)
    );
    assert_eq!(onwards.pac().unwrap().groups(), accepted.pac().unwrap().groups());
}
