//! Connecting to a server with several addresses, and to one behind a socket of the local machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use adlib_core::Password;
use adlib_ldap::{Connection, Endpoint, Error, Rejection, Settings};
use mock::{Peer, Server, bind_response, message, plain, result, tlv};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener};

/// A listener that answers nobody: the queue of those who wait is full.
async fn silent(address: IpAddr, port: u16) -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address, port)).unwrap();
    let listener = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(
        Duration::from_millis(200),
        TcpStream::connect(listener.local_addr().unwrap()),
    )
    .await
    {
        waiting.push(stream.unwrap());
    }
    (listener, waiting)
}

/// RFC 8305: an address that leads nowhere costs a quarter of a second, not the time-out.
#[tokio::test]
async fn r4_an_address_that_leads_nowhere() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let request = peer.request().await.unwrap();
        peer.send(&bind_response(request.id, 0, "")).await;
        peer.request().await;
    })
    .await;
    let nowhere: IpAddr = "127.0.1.99".parse().unwrap();
    let _silent = silent(nowhere, server.address.port()).await;
    let endpoint = server.endpoint().at([nowhere, server.address.ip()]);
    let start = Instant::now();
    let connection = Connection::open(&[endpoint], &plain()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let bound = connection.bind_simple("cn=x", &Password::from("secret")).await;
    assert_eq!(bound, Ok(()));
}

/// R39: no TLS is asked of a socket of the local machine.
#[tokio::test]
async fn r39_a_socket_of_the_local_machine() {
    let directory = std::env::temp_dir().join(format!("adlib-ldapi-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("ldapi");
    let listener = UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::new(stream);
        let request = peer.request().await.unwrap();
        assert!(request.contains(b"secret"));
        peer.send(&bind_response(request.id, 0, "")).await;
    });
    let endpoint = Endpoint::local(path.to_str().unwrap());
    let connection = Connection::open(&[endpoint], &Settings::default()).await.unwrap();
    let bound = connection.bind_simple("cn=x", &Password::from("secret")).await;
    assert_eq!(bound, Ok(()));
    server.await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

/// What comes of a bind that a server answers with `code`, and with `value` as the word of its password policy.
async fn bound(code: u8, value: &'static [u8]) -> Result<(), Error> {
    let answer = move |id| {
        let control = [tlv(4, b"1.3.6.1.4.1.42.2.27.8.5.1"), tlv(4, value)].concat();
        message(
            id,
            &[tlv(0x61, &result(code, "")), tlv(0xa0, &tlv(0x30, &control))],
        )
    };
    let server = Server::answering(vec![mock::answer(answer)]).await;
    let connection = server.connect().await;
    connection.bind_simple("cn=x", &Password::from("secret")).await
}

/// R39: what a password policy says decides, also beside a success.
#[tokio::test]
async fn r39_the_password_policy_decides() {
    for (code, value, expected) in [
        (49, &b"\x30\x03\x81\x01\x00"[..], Rejection::PasswordExpired),
        (49, b"\x30\x03\x81\x01\x01", Rejection::Locked),
        (19, b"\x30\x03\x81\x01\x01", Rejection::Locked),
        (0, b"\x30\x03\x81\x01\x02", Rejection::MustChangePassword),
        (49, b"\x30\x00", Rejection::WrongPassword),
    ] {
        match bound(code, value).await {
            Err(Error::BindRefused { rejection, .. }) => assert_eq!(rejection, expected, "{value:x?}"),
            other => panic!("{other:?}"),
        }
    }
    // A warning is none of them.
    assert_eq!(bound(0, b"\x30\x05\xa0\x03\x80\x01\x05").await, Ok(()));
    assert!(matches!(
        bound(0, b"\x30\x02\x81\x00").await,
        Err(Error::Protocol { .. })
    ));
}
