//! Certificates and `StartTLS` (A53), and several servers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use adlib_core::Password;
use adlib_ldap::{Connection, Endpoint, Error, Settings, TlsFailure, TransportSecurity, Violation};
use mock::{
    Peer, Server, bind_response,
    certificate::{acceptor, authority, authority_called, good, trusting},
    message, result, tlv,
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

/// A server that takes any bind once TLS stands.
async fn ldaps(acceptor: TlsAcceptor) -> Server {
    Server::start(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                take_binds(Peer::new(stream)).await;
            }
        }
    })
    .await
}

async fn take_binds<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut peer: Peer<S>) {
    while let Some(request) = peer.request().await {
        peer.send(&bind_response(request.id, 0, "")).await;
    }
}

async fn open_and_bind(endpoints: &[Endpoint], settings: &Settings) -> Result<(), Error> {
    let connection = Connection::open(endpoints, settings).await?;
    connection.bind_simple("cn=x", &Password::from("secret")).await
}

#[track_caller]
fn failure(result: Result<(), Error>) -> TlsFailure {
    match result {
        Err(Error::Tls { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority() {
    let authority = authority();
    let server = ldaps(good(&authority)).await;
    assert_eq!(
        open_and_bind(&[server.endpoint()], &trusting(&authority)).await,
        Ok(())
    );
}

/// R4: who operates it wants to know before it ends.
#[tokio::test]
async fn r04_the_end_of_a_certificate_is_known() {
    let authority = authority();
    let server = ldaps(good(&authority)).await;
    let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
        .await
        .unwrap();
    assert_eq!(
        connection.certificate_end().unwrap().to_string(),
        "2090-01-01T00:00:00Z"
    );
}

#[tokio::test]
async fn a_certificate_for_an_address() {
    let authority = authority();
    let server = ldaps(acceptor(&authority, "127.0.0.1", 2020, 2090)).await;
    let endpoint = Endpoint::new("127.0.0.1", server.address.port());
    assert_eq!(open_and_bind(&[endpoint], &trusting(&authority)).await, Ok(()));
}

#[tokio::test]
async fn a_configuration_of_the_callers_own() {
    let authority = authority();
    let server = ldaps(good(&authority)).await;
    let mut settings = mock::plain();
    settings.danger_plain = false;
    settings.tls.client_config = Some(trusting(&authority).tls.to_client_config().unwrap());
    assert_eq!(open_and_bind(&[server.endpoint()], &settings).await, Ok(()));
}

/// A53
#[tokio::test]
async fn a53_wrong_name() {
    let authority = authority();
    let server = ldaps(acceptor(&authority, "dc9.example.com", 2020, 2090)).await;
    let refused = failure(open_and_bind(&[server.endpoint()], &trusting(&authority)).await);
    let TlsFailure::WrongName { presented } = &refused else {
        panic!("{refused}")
    };
    assert!(
        presented.iter().any(|name| name.contains("dc9.example.com")),
        "{presented:?}"
    );
    assert!(refused.to_string().contains("dc9.example.com"));
}

/// A53
#[tokio::test]
async fn a53_unknown_authority() {
    let server = ldaps(good(&authority_called("somebody else"))).await;
    let refused = failure(open_and_bind(&[server.endpoint()], &trusting(&authority())).await);
    assert_eq!(refused, TlsFailure::UnknownAuthority);
    assert!(refused.to_string().contains("ca_file"));
}

/// A53: an authority of the same name with another key.
#[tokio::test]
async fn a53_authority_of_the_same_name() {
    let server = ldaps(good(&authority())).await;
    let refused = failure(open_and_bind(&[server.endpoint()], &trusting(&authority())).await);
    assert_eq!(refused, TlsFailure::BadSignature);
}

/// A53
#[tokio::test]
async fn a53_expired() {
    let authority = authority();
    let server = ldaps(acceptor(&authority, "localhost", 2001, 2002)).await;
    let refused = failure(open_and_bind(&[server.endpoint()], &trusting(&authority)).await);
    assert_eq!(refused, TlsFailure::Expired);
}

/// A53
#[tokio::test]
async fn a53_not_yet_valid() {
    let authority = authority();
    let server = ldaps(acceptor(&authority, "localhost", 2090, 2091)).await;
    let refused = failure(open_and_bind(&[server.endpoint()], &trusting(&authority)).await);
    assert_eq!(refused, TlsFailure::NotYetValid);
}

/// A53: whatever is wrong with a certificate, by either way to TLS, no request reaches the server, and so no password.
#[tokio::test]
async fn a53_no_password_without_a_good_certificate() {
    let trusted = authority();
    let acceptors = || {
        [
            acceptor(&trusted, "dc9.example.com", 2020, 2090),
            acceptor(&trusted, "localhost", 2001, 2002),
            acceptor(&trusted, "localhost", 2090, 2091),
            good(&authority_called("somebody else")),
            good(&authority()),
        ]
    };
    for security in [TransportSecurity::Ldaps, TransportSecurity::StartTls] {
        for shown in acceptors() {
            let requests = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&requests);
            let server = Server::start(move |stream| {
                let (shown, seen) = (shown.clone(), Arc::clone(&seen));
                async move {
                    let mut peer = Peer::new(stream);
                    if security == TransportSecurity::StartTls {
                        peer.any_request().await.unwrap();
                        peer.send(&extended(0)).await;
                    }
                    if let Ok(stream) = shown.accept(peer.into_inner()).await {
                        let came = Peer::new(stream).any_request().await;
                        seen.fetch_add(usize::from(came.is_some()), Ordering::SeqCst);
                    }
                }
            })
            .await;
            let mut settings = trusting(&trusted);
            settings.security = security;
            failure(open_and_bind(&[server.endpoint()], &settings).await);
            assert_eq!(requests.load(Ordering::SeqCst), 0);
        }
    }
}

/// A53: a server without TLS on this port is told apart from one with a wrong certificate, and gets no password.
#[tokio::test]
async fn a53_no_tls_where_there_should_be() {
    let authority = authority();
    for bytes in [
        &b""[..],
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
    ] {
        let (tell, told) = oneshot::channel();
        let tell = Arc::new(Mutex::new(Some(tell)));
        let server = Server::start(move |stream| {
            let tell = tell.lock().unwrap().take().unwrap();
            async move {
                let mut peer = Peer::new(stream);
                peer.send(bytes).await;
                let _closed = tell.send(rest(peer).await);
            }
        })
        .await;
        let mut settings = trusting(&authority);
        settings.timeouts.connect = Duration::from_millis(500);
        let error = open_and_bind(&[server.endpoint()], &settings).await.unwrap_err();
        assert_eq!(
            matches!(error, Error::Timeout { .. }),
            bytes.is_empty(),
            "{error}"
        );
        assert!(
            matches!(
                error,
                Error::Tls { .. } | Error::Lost { .. } | Error::Timeout { .. }
            ),
            "{error}"
        );
        assert!(!holds_password(&told.await.unwrap()));
    }
}

/// A50: silence in the handshake.
#[tokio::test]
async fn a50_silence_in_the_handshake() {
    let server = Server::start(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let mut settings = trusting(&authority());
    settings.timeouts.connect = Duration::from_millis(300);
    let error = open_and_bind(&[server.endpoint()], &settings).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Timeout {
                what: "connecting",
                ..
            }
        ),
        "{error}"
    );
}

/// A name that no certificate could bear.
#[tokio::test]
async fn a_host_that_is_no_name() {
    let authority = authority();
    let server = ldaps(good(&authority)).await;
    let endpoint = Endpoint::new("not a name", server.address.port()).at([server.address.ip()]);
    let refused = failure(open_and_bind(&[endpoint], &trusting(&authority)).await);
    assert!(matches!(refused, TlsFailure::InvalidName(_)));
}

/// A server that answers the request for TLS with `answer`, and speaks TLS after it.
async fn start_tls(acceptor: TlsAcceptor, answer: Vec<u8>) -> Server {
    Server::start(move |stream: TcpStream| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let mut peer = Peer::new(stream);
            let request = peer.any_request().await.unwrap();
            assert!(request.contains(b"1.3.6.1.4.1.1466.20037"));
            peer.send(&answer).await;
            if let Ok(stream) = acceptor.accept(peer.into_inner()).await {
                take_binds(Peer::new(stream)).await;
            }
        }
    })
    .await
}

fn extended(code: u8) -> Vec<u8> {
    message(1, &[tlv(0x78, &result(code, "no TLS here"))])
}

async fn by_start_tls(answer: Vec<u8>) -> Result<(), Error> {
    let authority = authority();
    let server = start_tls(good(&authority), answer).await;
    let mut settings = trusting(&authority);
    settings.security = TransportSecurity::StartTls;
    open_and_bind(&[server.endpoint()], &settings).await
}

#[tokio::test]
async fn start_tls_then_bind() {
    assert_eq!(by_start_tls(extended(0)).await, Ok(()));
}

/// What a server that knows no TLS is sent after it answered the request for TLS with `answer`, and what comes of it here.
async fn without_tls(answer: Vec<u8>) -> (Vec<u8>, Error) {
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let server = Server::start(move |stream| {
        let (tell, answer) = (tell.lock().unwrap().take().unwrap(), answer.clone());
        async move {
            let mut peer = Peer::new(stream);
            peer.any_request().await.unwrap();
            peer.send(&answer).await;
            let _closed = tell.send(rest(peer).await);
        }
    })
    .await;
    let mut settings = trusting(&authority());
    settings.security = TransportSecurity::StartTls;
    settings.timeouts.connect = Duration::from_millis(500);
    let error = open_and_bind(&[server.endpoint()], &settings).await.unwrap_err();
    (told.await.unwrap(), error)
}

/// Everything that still comes.
async fn rest(peer: Peer<TcpStream>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _reset = peer.into_inner().read_to_end(&mut bytes).await;
    bytes
}

fn holds_password(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"secret")
}

/// A53: somebody in between answers that there is no TLS, or takes it and goes on without; nothing is sent in the clear.
#[tokio::test]
async fn a53_start_tls_stripped() {
    for code in [1, 2, 52] {
        let (sent, error) = without_tls(extended(code)).await;
        assert!(matches!(&error, Error::StartTlsRefused { .. }), "{error}");
        assert_eq!(sent, b"");
    }
    // No answer to what was asked, as from a server that was told of a bind in its place.
    let (sent, error) = without_tls(bind_response(1, 0, "")).await;
    assert!(matches!(&error, Error::Protocol { .. }), "{error}");
    assert_eq!(sent, b"");
    let (sent, error) = without_tls(extended(0)).await;
    assert!(
        matches!(&error, Error::Timeout { .. } | Error::Tls { .. }),
        "{error}"
    );
    assert_eq!(sent.first(), Some(&0x16), "the handshake, and nothing else");
    assert!(!holds_password(&sent));
}

/// A53: somebody in between adds an answer of his own before TLS stands, to be taken for one under TLS.
#[tokio::test]
async fn a53_bytes_in_the_clear_after_start_tls() {
    let error = by_start_tls([extended(0), bind_response(1, 0, "")].concat())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Protocol {
                violation: Violation::ClearAfterStartTls,
                ..
            }
        ),
        "{error}"
    );
}

/// A50
#[tokio::test]
async fn a50_start_tls_answered_with_anything_else() {
    let other_id = message(2, &[tlv(0x78, &result(0, ""))]);
    for answer in [
        bind_response(1, 0, ""),
        other_id,
        b"\x30\x84\xff\xff\xff\xff".to_vec(),
        b"SSH-2.0".to_vec(),
    ] {
        let error = by_start_tls(answer).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error}");
    }
}

/// R4: the first server that answers is taken, in the order given.
#[tokio::test]
async fn r4_servers_in_order() {
    let authority = authority();
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let closed = Endpoint::new("localhost", unused.port()).at([unused.ip()]);
    let untrusted = ldaps(good(&authority_called("another"))).await;
    let (first, second) = (ldaps(good(&authority)).await, ldaps(good(&authority)).await);
    let endpoints = [
        closed.clone(),
        untrusted.endpoint(),
        first.endpoint(),
        second.endpoint(),
    ];
    let connection = Connection::open(&endpoints, &trusting(&authority)).await.unwrap();
    assert_eq!(connection.endpoint(), first.endpoint().to_string());
    assert_eq!(second.connections(), 0);

    let none = open_and_bind(&endpoints[..2], &trusting(&authority))
        .await
        .unwrap_err();
    let Error::NoneReachable(failures) = &none else {
        panic!("{none}")
    };
    assert!(
        matches!(failures[..], [Error::Connect { .. }, Error::Tls { .. }]),
        "{none}"
    );
    let one = open_and_bind(&[closed], &trusting(&authority)).await.unwrap_err();
    assert!(matches!(one, Error::Connect { .. }), "{one}");
    assert_eq!(
        open_and_bind(&[], &trusting(&authority)).await,
        Err(Error::NoEndpoint)
    );
}
