//! Kerberos binds to a real domain: the lab's (D1).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod lab_server;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::SystemTime,
};

use adlib_core::{Password, UnixTime};
use adlib_kerberos::{
    InitiatorOptions, Principal, TicketInitiator,
    initiator::{AsExchange, AsRequest, Credentials, ExchangePolicy, Step, TgsExchange},
};
use adlib_lab::{Domain, corp, fixture};
use adlib_ldap::{Connection, Error, SaslMechanism, Scope};
use adlib_schema::Filter;
use lab_server::{domain_over_tls, domain_sealed};

use SaslMechanism::{GssSpnego, Gssapi};

fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(i64::try_from(now.as_secs()).unwrap())
}

/// Random enough for a domain that is thrown away, and other bytes each time.
fn random(bytes: &mut [u8]) {
    use std::hash::{BuildHasher, RandomState};
    for byte in bytes {
        *byte = RandomState::new().hash_one(0).to_le_bytes()[0];
    }
}

/// One message to the KDC and its answer (RFC 4120 7.2.2).
fn ask_kdc(domain: &Domain, message: &[u8]) -> Vec<u8> {
    let mut kdc = TcpStream::connect((domain.ip, 88)).unwrap();
    let length = u32::try_from(message.len()).unwrap();
    kdc.write_all(&length.to_be_bytes()).unwrap();
    kdc.write_all(message).unwrap();
    let mut length = [0; 4];
    kdc.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    kdc.read_exact(&mut answer).unwrap();
    answer
}

/// A ticket of `account` for the LDAP service of the controller.
fn ticket(domain: &Domain, account: &str, password: &str) -> Credentials {
    let client = Principal::user(account, &domain.realm);
    let request = AsRequest::new(client, Password::from(password).into());
    let mut exchange = AsExchange::begin(request, now(), &mut random).unwrap();
    let tgt = loop {
        let answer = ask_kdc(domain, exchange.message());
        match exchange.answer(&answer, now(), &mut random).unwrap() {
            Step::Done(tgt) => break *tgt,
            Step::Ask(next) => exchange = *next,
        }
    };
    let service = format!("ldap/{}@{}", domain.host, domain.realm).parse().unwrap();
    let mut exchange =
        TgsExchange::begin(tgt, service, ExchangePolicy::default(), now(), &mut random).unwrap();
    loop {
        let answer = ask_kdc(domain, exchange.message());
        match exchange.answer(&answer, now(), &mut random).unwrap() {
            Step::Done(ticket) => return *ticket,
            Step::Ask(next) => exchange = *next,
        }
    }
}

async fn bind(connection: &Connection, domain: &Domain, mechanism: SaslMechanism) -> Result<(), Error> {
    let channel = connection.channel(mechanism);
    let mut options = InitiatorOptions::default();
    options.protection = channel.protection;
    options.bindings = channel.bindings;
    let ticket = ticket(domain, fixture::SYNC, &domain.service_password);
    let initiator = TicketInitiator::new(ticket, options, now(), Box::new(random));
    connection
        .bind_sasl(fixture::SYNC, mechanism, Box::new(initiator))
        .await
}

/// The number of users, on many pages.
async fn users(connection: &Connection, domain: &Domain) -> usize {
    let filter: Filter = "(sAMAccountType=805306368)".parse().unwrap();
    let mut search = connection.paged(&domain.base, Scope::Subtree, &filter, &["*"], 500);
    let mut users = 0;
    while search.next().await.unwrap().is_some() {
        users += 1;
    }
    search.finish().unwrap();
    users
}

/// D1: a raw Kerberos token under GSS-SPNEGO, over TLS and sealed.
#[tokio::test]
async fn d1_gss_spnego() {
    let corp = corp();
    for connection in [domain_over_tls(&corp).await, domain_sealed(&corp).await] {
        assert_eq!(bind(&connection, &corp, GssSpnego).await, Ok(()));
        assert!(users(&connection, &corp).await > fixture::BIG_GROUP_MEMBERS);
    }
}

/// RFC 4752, D1: over TLS the two sides agree on no layer, without it on one that encrypts.
#[tokio::test]
async fn d1_gssapi() {
    let corp = corp();
    for connection in [domain_over_tls(&corp).await, domain_sealed(&corp).await] {
        assert_eq!(bind(&connection, &corp, Gssapi).await, Ok(()));
        assert!(users(&connection, &corp).await > fixture::BIG_GROUP_MEMBERS);
    }
}
