//! A50, A64: a server that does anything in a bind by SASL, and in the layer behind it, but what it should.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use adlib_core::gss::{Initiator, Protection, Session};
use adlib_ldap::{Connection, Error, SaslMechanism, Scope, Settings, TransportSecurity, Violation};
use adlib_schema::{AttributeName, Filter};
use mock::{
    Peer, Server, done, entry,
    mechanism::{CHALLENGE, Endless, IN_PROGRESS, PROOF, SERVER_PROOF, Shift, bind_step, initiator, mutual},
    message, result, tlv,
};
use tokio::net::TcpStream;

use Protection::Confidentiality;
use SaslMechanism::{GssSpnego, Gssapi};

fn sealed() -> Settings {
    let mut settings = mock::plain();
    settings.danger_plain = false;
    settings.security = TransportSecurity::Sasl;
    settings
}

/// A server that answers each step of a bind with what `answer` makes of the step's number and the message's.
async fn answering(answer: impl Fn(usize, u32) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let answer = Arc::new(answer);
    Server::start(move |stream| {
        let answer = Arc::clone(&answer);
        async move {
            let mut peer = Peer::new(stream);
            let mut step = 0;
            while let Some(request) = peer.request().await {
                peer.send(&answer(step, request.id)).await;
                step += 1;
            }
        }
    })
    .await
}

/// What comes of a bind; the connection must be of no use after it.
async fn bind(server: &Server, mechanism: SaslMechanism, initiator: Box<dyn Initiator>) -> Error {
    let connection = Connection::open(&[server.endpoint()], &sealed()).await.unwrap();
    let error = connection
        .bind_sasl("mock", mechanism, initiator)
        .await
        .unwrap_err();
    let root = connection.root_dse().await;
    assert!(matches!(root, Err(Error::Lost { .. })), "closed: {root:?}");
    error
}

#[track_caller]
fn violation(error: Error) -> Violation {
    match error {
        Error::Protocol { violation, .. } => violation,
        other => panic!("{other}"),
    }
}

/// A64: success before the mechanism is done proves nothing, whatever step it comes at.
#[tokio::test]
async fn a64_a_server_that_merely_says_yes() {
    for yes in 0..2 {
        let server = answering(move |step, id| match step == yes {
            true => bind_step(id, 0, "", None),
            false => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        })
        .await;
        let error = bind(&server, GssSpnego, mutual(Confidentiality)).await;
        assert_eq!(violation(error), Violation::EarlySuccess, "at step {yes}");
    }
    // Success with a token that the initiator answers by another, which nobody waits for.
    let server = answering(|_, id| bind_step(id, 0, "", Some(CHALLENGE))).await;
    for initiator in [initiator(Confidentiality), mutual(Confidentiality)] {
        let error = bind(&server, GssSpnego, initiator).await;
        assert_eq!(violation(error), Violation::EarlySuccess);
    }
}

/// A64: success with a token that proves nothing.
#[tokio::test]
async fn a64_a_token_that_the_initiator_refuses() {
    for code in [0, IN_PROGRESS] {
        let server = answering(move |step, id| match step {
            0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
            _ => bind_step(id, code, "", Some(b"not the server's")),
        })
        .await;
        let error = bind(&server, GssSpnego, mutual(Confidentiality)).await;
        let Error::Mechanism { reason, name, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((*reason, name.as_str()), ("wrong-token", "mock"));
    }
}

/// A64: a server that skips the agreement on a layer.
#[tokio::test]
async fn a64_success_before_the_agreement_on_a_layer() {
    let server = answering(|step, id| match step {
        0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        _ => bind_step(id, 0, "", None),
    })
    .await;
    let error = bind(&server, Gssapi, initiator(Confidentiality)).await;
    assert_eq!(violation(error), Violation::EarlySuccess);
    let server = answering(|step, id| match step {
        0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        _ => bind_step(id, 0, "", Some(SERVER_PROOF)),
    })
    .await;
    let error = bind(&server, Gssapi, mutual(Confidentiality)).await;
    assert_eq!(violation(error), Violation::EarlySuccess);
}

/// A50: one step after the other.
#[tokio::test]
async fn a50_a_bind_without_end() {
    let server = answering(|_, id| bind_step(id, IN_PROGRESS, "", Some(CHALLENGE))).await;
    let error = bind(&server, GssSpnego, Box::new(Endless)).await;
    assert_eq!(violation(error), Violation::EndlessBind);
}

/// A50: a step without a token, or with an empty one.
#[tokio::test]
async fn a50_a_step_without_a_token() {
    for token in [None, Some(&b""[..])] {
        let server = answering(move |_, id| bind_step(id, IN_PROGRESS, "", token)).await;
        let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
        assert_eq!(violation(error), Violation::NoCredentials);
        let server = answering(move |step, id| match step {
            0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
            _ => bind_step(id, IN_PROGRESS, "", token),
        })
        .await;
        let error = bind(&server, Gssapi, initiator(Confidentiality)).await;
        assert_eq!(violation(error), Violation::NoCredentials);
    }
}

/// A50: the initiator is done, and the server is not.
#[tokio::test]
async fn a50_a_token_after_the_last() {
    for code in [0, IN_PROGRESS] {
        let server = answering(move |step, id| match step {
            0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
            _ => bind_step(id, code, "", Some(b"more")),
        })
        .await;
        let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
        assert_eq!(violation(error), Violation::UnexpectedCredentials);
    }
}

/// A50: offers that are no offers, and buffers in which nothing fits.
#[tokio::test]
async fn a50_an_offer_that_cannot_be_used() {
    for offer in [
        &b""[..],
        b"\x07\xff\xff",
        b"\x07\xff\xff\xff\xff",
        b"\x07\x00\x04\x00",
    ] {
        let server = answering(move |step, id| match step {
            0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
            _ => {
                let offer = Shift::new(Confidentiality).wrap(offer).unwrap();
                bind_step(id, IN_PROGRESS, "", Some(&offer))
            }
        })
        .await;
        let error = bind(&server, Gssapi, initiator(Confidentiality)).await;
        assert_eq!(violation(error), Violation::BadOffer, "{offer:?}");
    }
    let server = answering(|step, id| match step {
        0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        _ => bind_step(id, IN_PROGRESS, "", Some(b"\x01\x00\x07\xff\xff\xff")),
    })
    .await;
    let error = bind(&server, Gssapi, initiator(Confidentiality)).await;
    assert!(
        matches!(
            error,
            Error::Mechanism {
                reason: "bad-signature",
                ..
            }
        ),
        "{error}"
    );
}

/// A50: answers that are none of this bind.
#[tokio::test]
async fn a50_answers_to_something_else() {
    let server = answering(|_, id| bind_step(id - 1, IN_PROGRESS, "", Some(CHALLENGE))).await;
    let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
    assert!(matches!(violation(error), Violation::UnknownMessage(_)));

    let server = answering(|_, id| message(id, &[tlv(0x65, &result(IN_PROGRESS, ""))])).await;
    let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
    assert_eq!(violation(error), Violation::WrongKind(0x65));

    let server = answering(|_, _| vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).await;
    let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
    assert!(matches!(violation(error), Violation::Malformed(_)));

    let notice = |_, _| message(0, &[tlv(0x78, &result(52, "shutting down"))]);
    let error = bind(&answering(notice).await, GssSpnego, initiator(Confidentiality)).await;
    assert!(
        matches!(error, Error::Lost { .. }) && error.to_string().contains("shutting down"),
        "{error}"
    );
}

/// A50: silence at any step.
#[tokio::test]
async fn a50_silence_in_a_bind() {
    for silent in 0..2 {
        let server = answering(move |step, id| match step == silent {
            true => Vec::new(),
            false => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        })
        .await;
        let mut settings = sealed();
        settings.timeouts.operation = Duration::from_millis(400);
        let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
        let started = Instant::now();
        let bound = connection
            .bind_sasl("mock", GssSpnego, initiator(Confidentiality))
            .await;
        assert!(
            matches!(bound, Err(Error::Timeout { what: "the bind", .. })),
            "{bound:?}"
        );
        assert!(started.elapsed() < Duration::from_secs(10));
        let root = connection.root_dse().await;
        assert!(matches!(root, Err(Error::Lost { .. })), "cut: {root:?}");
    }
}

/// What comes of a search that a server answers with the bytes that `bytes` makes of its number, after a bind.
async fn searched<F>(bytes: F) -> Error
where
    F: Fn(u32, &mut Shift) -> Vec<u8> + Send + Sync + 'static,
{
    let bytes = Arc::new(bytes);
    let server = Server::start(move |stream| {
        let bytes = Arc::clone(&bytes);
        async move { answer_sealed(stream, |id, session| bytes(id, session)).await }
    })
    .await;
    search(&server, &sealed()).await
}

async fn answer_sealed(stream: TcpStream, bytes: impl Fn(u32, &mut Shift) -> Vec<u8>) {
    let mut peer = Peer::new(stream);
    peer.accept_bind().await;
    let mut session = Shift::new(Confidentiality);
    while let Some(request) = peer.sealed_request(&mut session).await {
        let answer = bytes(request.id, &mut session);
        peer.send(&answer).await;
    }
}

async fn search(server: &Server, settings: &Settings) -> Error {
    let connection = Connection::open(&[server.endpoint()], settings).await.unwrap();
    let bound = connection
        .bind_sasl("mock", GssSpnego, initiator(Confidentiality))
        .await;
    assert_eq!(bound, Ok(()));
    let filter = Filter::present(AttributeName::from_static("objectClass"));
    connection
        .search("DC=x", Scope::Subtree, &filter, &[])
        .await
        .unwrap_err()
}

fn whole(id: u32) -> Vec<u8> {
    [entry(id, "CN=x", &[]), done(id, 0, "")].concat()
}

/// A50: a message in the clear where all is sealed.
#[tokio::test]
async fn a50_a_message_in_the_clear_after_the_bind() {
    let error = searched(|id, _| whole(id)).await;
    assert_eq!(violation(error), Violation::ClearAfterBind);
}

/// A50: a message in the clear that somebody puts behind the end of the bind.
#[tokio::test]
async fn a50_bytes_behind_the_end_of_a_bind() {
    let server = answering(|step, id| match step {
        0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        _ => [bind_step(id, 0, "", None), whole(1)].concat(),
    })
    .await;
    let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
    assert_eq!(violation(error), Violation::ClearAfterBind);
}

/// A50
#[tokio::test]
async fn a50_a_buffer_of_4_gib() {
    let error = searched(|_, _| vec![0xff, 0xff, 0xff, 0xff, 0]).await;
    assert_eq!(violation(error), Violation::BufferTooLarge(0xffff_ffff));
    let error = searched(|_, _| vec![1, 0, 4, 1]).await;
    assert_eq!(violation(error), Violation::BufferTooLarge(0x0100_0401));
}

/// A50: a signature that is wrong, a buffer that is replayed, one that is empty.
#[tokio::test]
async fn a50_a_buffer_that_somebody_changed() {
    let error = searched(|id, session| {
        let mut buffer = session.buffer(&whole(id));
        *buffer.last_mut().unwrap() ^= 1;
        buffer
    })
    .await;
    assert_eq!(violation(error), Violation::BrokenProtection("bad-signature"));
    let error = searched(|id, session| {
        let buffer = session.buffer(&entry(id, "CN=x", &[]));
        [buffer.clone(), buffer].concat()
    })
    .await;
    assert_eq!(violation(error), Violation::BrokenProtection("bad-signature"));
    let error = searched(|_, _| vec![0, 0, 0, 0]).await;
    assert_eq!(violation(error), Violation::BrokenProtection("malformed"));
}

/// A50: what is inside of the buffers passes the same guard.
#[tokio::test]
async fn a50_the_guard_stands_behind_the_layer() {
    let error = searched(|id, session| session.buffer(&whole(id + 1))).await;
    assert!(matches!(violation(error), Violation::UnknownMessage(_)));
    let error = searched(|_, session| session.buffer(b"\x30\x84\xff\xff\xff\xff")).await;
    assert!(matches!(violation(error), Violation::Malformed(_)));
}

/// A50: bytes keep coming, but no buffer is ever whole.
#[tokio::test]
async fn a50_slow_drip_in_the_layer() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        peer.accept_bind().await;
        peer.send(&[1, 0, 0, 0]).await;
        loop {
            peer.send(&[0]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let mut settings = sealed();
    settings.timeouts.operation = Duration::from_millis(400);
    let error = search(&server, &settings).await;
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

/// A50: the connection ends inside of a buffer.
#[tokio::test]
async fn a50_a_buffer_that_breaks_off() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        peer.accept_bind().await;
        let mut session = Shift::new(Confidentiality);
        let request = peer.sealed_request(&mut session).await.unwrap();
        let buffer = session.buffer(&whole(request.id));
        peer.send(&buffer[..9]).await;
    })
    .await;
    let error = search(&server, &sealed()).await;
    assert!(matches!(error, Error::Lost { .. }), "{error}");
}

/// A63: a token is in no error and no debug output.
#[tokio::test]
async fn a63_a_refused_token_is_not_shown() {
    let server = answering(|step, id| match step {
        0 => bind_step(id, IN_PROGRESS, "", Some(CHALLENGE)),
        _ => bind_step(id, 49, "data 52e", None),
    })
    .await;
    let error = bind(&server, GssSpnego, initiator(Confidentiality)).await;
    let proof = String::from_utf8_lossy(PROOF);
    assert!(!format!("{error} {error:?}").contains(proof.as_ref()));
}
