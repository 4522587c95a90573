//! A real read through a proxy that drops the connection after every message in turn (A57).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::{net::SocketAddr, time::Duration};

use adlib_core::Password;
use adlib_lab::openldap::{self, Server};
use adlib_ldap::{Connection, Endpoint, Error, Settings, read_domain};
use adlib_schema::{Mapper, Preset, Schema, read::ReadBuilder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// A proxy to `server` that closes the connection after `messages` messages and `more` bytes of the server's.
async fn proxy(server: SocketAddr, messages: usize, more: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = TcpStream::connect(server).await.unwrap().into_split();
        let requests = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
        for _ in 0..messages {
            let Some(message) = message(&mut from_server).await else {
                break;
            };
            if to_client.write_all(&message).await.is_err() {
                break;
            }
        }
        let mut rest = vec![0; more];
        let some = from_server.read(&mut rest).await.unwrap_or_default();
        let _closed = to_client.write_all(&rest[..some]).await;
        requests.abort();
    });
    address
}

/// The next message of a server that writes lengths as OpenLDAP does.
async fn message(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut message = vec![0; 2];
    stream.read_exact(&mut message).await.ok()?;
    let mut length = usize::from(message[1]);
    if length >= 0x80 {
        let mut octets = vec![0; length - 0x80];
        stream.read_exact(&mut octets).await.ok()?;
        length = octets
            .iter()
            .fold(0, |length, octet| (length << 8) | usize::from(*octet));
        message.extend(octets);
    }
    let start = message.len();
    message.resize(start + length, 0);
    stream.read_exact(&mut message[start..]).await.ok()?;
    Some(message)
}

/// Whether a read through a proxy is complete, and how many users it has.
async fn read(server: &Server, messages: usize, more: usize) -> Result<(bool, usize), Error> {
    let ldap = SocketAddr::new(server.ip, 389);
    let address = proxy(ldap, messages, more).await;
    let mut settings = Settings::default();
    settings.danger_plain = true;
    settings.timeouts.operation = Duration::from_secs(20);
    let endpoint = Endpoint::new("localhost", address.port()).at([address.ip()]);
    let connection = Connection::open(&[endpoint], &settings).await?;
    let password = Password::from(server.service_password.as_str());
    connection
        .bind_simple(&server.dn(openldap::SYNC), &password)
        .await?;
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    let end = read_domain(
        &connection,
        "example.org",
        &server.base,
        25,
        &mut builder,
        &mut |_| {},
    )
    .await;
    let read = builder.finish();
    let complete = read.completeness.complete().is_some();
    assert_eq!(complete, end.is_ok(), "{end:?}");
    Ok((complete, read.users.len()))
}

/// A57: wherever the connection is dropped, the read is an error and not complete; never a panic or a hang.
#[tokio::test]
async fn a57_dropped_after_every_message() {
    let server = adlib_lab::openldap();
    let all = 164;
    assert_eq!(read(&server, usize::MAX, 0).await, Ok((true, all)));
    let mut messages = 0;
    loop {
        match read(&server, messages, messages % 3 * 7).await {
            // The bind itself, or the page: lost, and said so.
            Err(Error::Lost { .. }) | Ok((false, _)) => {}
            Ok((true, users)) => {
                assert_eq!(users, all, "after {messages}");
                break;
            }
            Err(other) => panic!("after {messages}: {other}"),
        }
        messages += 1;
    }
    assert!(messages > all, "{messages}");
}
