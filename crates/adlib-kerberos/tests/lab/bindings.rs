//! Channel bindings as MIT's library sends them (A14).

use adlib_kerberos::{BindingsMode, BindingsState};
use adlib_lab::{Realm, mit, peer::PeerOptions, realm};

use crate::scene::Service;

const OURS: &[u8] = b"tls-server-end-point:ours";
const OTHERS: &[u8] = b"tls-server-end-point:others";

fn client(realm: &Realm) -> PeerOptions {
    realm.initiator(realm::USER, &realm.user_password, &realm.http_service)
}

/// A14: the table, with messages of a real client.
#[test]
fn a14_bindings_of_mit() {
    let realm = mit();
    let none = client(&realm).token().unwrap();
    let same = client(&realm).bindings(OURS).token().unwrap();
    let other = client(&realm).bindings(OTHERS).token().unwrap();
    let without = Service::of(&realm);
    let with = Service::of(&realm).bound_to(OURS);
    let state = |service: &Service, token: &[u8]| {
        let accepted = service.accept(token);
        accepted
            .map(|accepted| accepted.evidence().bindings)
            .map_err(|error| error.reason())
    };
    assert_eq!(state(&without, &none), Ok(BindingsState::Absent));
    assert_eq!(state(&without, &same), Ok(BindingsState::NotChecked));
    assert_eq!(state(&with, &none), Ok(BindingsState::Absent));
    assert_eq!(state(&with, &same), Ok(BindingsState::Bound));
    assert_eq!(state(&with, &other), Err("bindings-mismatch"));

    let mut requiring = Service::of(&realm).bound_to(OURS);
    requiring.policy.bindings = BindingsMode::Require;
    assert_eq!(state(&requiring, &none), Err("bindings-missing"));
    assert_eq!(state(&requiring, &same), Ok(BindingsState::Bound));
    let mut ignoring = Service::of(&realm).bound_to(OURS);
    ignoring.policy.bindings = BindingsMode::Ignore;
    assert_eq!(state(&ignoring, &other), Ok(BindingsState::NotChecked));
}

/// A14: a client that says it always sends them, and did not.
#[test]
fn a14_a_promise_of_mit_is_kept() {
    let realm = mit();
    let promising = client(&realm).libdefault("client_aware_channel_bindings", "true");
    let none = promising.token().unwrap();
    let same = promising.bindings(OURS).token().unwrap();
    assert!(
        Service::of(&realm).accept(&none).is_ok(),
        "nothing to compare with"
    );
    let service = Service::of(&realm).bound_to(OURS);
    assert_eq!(service.reason(&none), "bindings-missing");
    assert_eq!(
        service.accept(&same).unwrap().evidence().bindings,
        BindingsState::Bound
    );
}
