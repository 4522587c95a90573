//! A connection in the hands of the `ldap3` crate: what it asks arrives, and no answer harms it (D1, A50).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::time::Duration;

use adlib_ldap::Error;
use ldap3::{Ldap, LdapError, Mod};
use mock::{Answer, Peer, Server, answer, done_with_cookie, entry, message, result, tlv};
use tokio::time::timeout;

const MODIFY_RESPONSE: u8 = 0x67;

/// A connection of ldap3's to a server that gives these answers, and the server.
async fn handed_over(answers: Vec<Answer>) -> (Ldap, Server) {
    let server = Server::answering(answers).await;
    let ldap = server.connect().await.into_ldap3().await.unwrap();
    (ldap, server)
}

async fn modify(ldap: &mut Ldap) -> Result<u32, LdapError> {
    let change = Mod::Replace("office", ["2.14"].into());
    let answer = timeout(Duration::from_secs(10), ldap.modify("CN=ada", vec![change]));
    answer.await.unwrap().map(|result| result.rc)
}

#[tokio::test]
async fn changes_and_searches_arrive() {
    let answers = vec![
        answer(|id| message(id, &[tlv(MODIFY_RESPONSE, &result(0, ""))])),
        answer(|id| message(id, &[tlv(MODIFY_RESPONSE, &result(50, "no rights"))])),
        answer(|id| {
            [
                entry(id, "CN=ada", &[("cn", &["ada"])]),
                done_with_cookie(id, b""),
            ]
            .concat()
        }),
    ];
    let (mut ldap, server) = handed_over(answers).await;
    assert_eq!(modify(&mut ldap).await.unwrap(), 0);
    assert_eq!(modify(&mut ldap).await.unwrap(), 50);
    let found = ldap.search("DC=x", ldap3::Scope::Subtree, "(cn=ada)", vec!["cn"]);
    assert_eq!(found.await.unwrap().0.len(), 1);
    assert_eq!(server.connections(), 1);
}

/// A50: each of these makes the bare library abort, panic or wait for ever.
#[tokio::test]
async fn a50_answers_that_the_library_does_not_survive() {
    let nested = (0..20_000).fold(Vec::new(), |mut nested: Vec<u8>, _| {
        let length = u32::try_from(nested.len()).unwrap().to_be_bytes();
        nested.extend(length.into_iter().rev());
        nested.extend([0x84, 0x30]);
        nested
    });
    let nested: Vec<u8> = nested.into_iter().rev().collect();
    let hostile: Vec<Answer> = vec![
        answer(move |_| nested.clone()),
        answer(|id| message(id, &[tlv(MODIFY_RESPONSE, &[])])),
        answer(|id| message(id, &[tlv(MODIFY_RESPONSE, &[0x0a, 1, 0])])),
        answer(|id| message(id, &[tlv(0x69, &result(0, ""))])),
        answer(|id| message(id + 7, &[tlv(MODIFY_RESPONSE, &result(0, ""))])),
        answer(|id| {
            let text = [vec![0x0a, 1, 0, 4, 0], tlv(4, &[0xff, 0xfe])].concat();
            message(id, &[tlv(MODIFY_RESPONSE, &text)])
        }),
        answer(|id| {
            let control = [tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, &[0x30, 0x05])].concat();
            let controls = tlv(0xa0, &tlv(0x30, &control));
            message(id, &[tlv(MODIFY_RESPONSE, &result(0, "")), controls])
        }),
        answer(|_| vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2]),
    ];
    for (at, bytes) in hostile.into_iter().enumerate() {
        let (mut ldap, _server) = handed_over(vec![bytes]).await;
        let outcome = modify(&mut ldap).await;
        assert!(outcome.is_err(), "{at}: {outcome:?}");
        assert!(modify(&mut ldap).await.is_err(), "{at}: the connection has ended");
    }
}

/// D1: a bind by another's means would speak below the layer, so it is not sent.
#[tokio::test]
async fn a_bind_ends_the_connection() {
    let server = Server::start(|stream| async move {
        let seen = Peer::new(stream).any_request().await;
        assert!(seen.is_none(), "nothing arrives");
    })
    .await;
    let mut ldap = server.connect().await.into_ldap3().await.unwrap();
    let bound = timeout(Duration::from_secs(10), ldap.simple_bind("CN=ada", "password")).await;
    assert!(bound.unwrap().is_err());
}

/// D1: what a bind has to protect is not handed over before it.
#[tokio::test]
async fn not_before_the_bind_that_protects() {
    let server = Server::answering(Vec::new()).await;
    let mut settings = mock::plain();
    settings.danger_plain = false;
    settings.security = adlib_ldap::TransportSecurity::Sasl;
    let connection = adlib_ldap::Connection::open(&[server.endpoint()], &settings)
        .await
        .unwrap();
    assert!(matches!(
        connection.into_ldap3().await,
        Err(Error::NotBound { .. })
    ));
}
