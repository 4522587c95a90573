//! A50: a server that sends anything but LDAP, and an error within the time-out each time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use adlib_core::{DecodeErrorKind, Password};
use adlib_ldap::{Connection, Error, Scope, SearchResult, Violation};
use adlib_schema::{AttributeName, Filter};
use mock::{Peer, Server, answer, bind_response, done, entry, impatient, message, plain, result, tlv};
use proptest::{prelude::*, test_runner::TestRunner};

fn anything() -> Filter {
    Filter::present(AttributeName::from_static("objectClass"))
}

async fn lookup(connection: &Connection) -> Result<SearchResult, Error> {
    connection
        .search("DC=x", Scope::Subtree, &anything(), &["cn"])
        .await
}

/// What a search comes to when it is answered with the bytes that `bytes` makes of its number.
async fn answered(bytes: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static) -> Result<SearchResult, Error> {
    let server = Server::answering(vec![answer(bytes)]).await;
    lookup(&server.connect().await).await
}

#[track_caller]
fn malformed(result: Result<SearchResult, Error>) -> DecodeErrorKind {
    match result {
        Err(Error::Protocol {
            violation: Violation::Malformed(error),
            ..
        }) => error.kind,
        other => panic!("{other:?}"),
    }
}

/// A50: as a message, and where the parts of one are.
#[tokio::test]
async fn a50_ber_nested_100_000_deep() {
    let mut nested = Vec::new();
    for _ in 0..100_000 {
        let length = u32::try_from(nested.len()).unwrap().to_be_bytes();
        nested.extend(length.into_iter().rev());
        nested.extend([0x84, 0x30]);
    }
    nested.reverse();
    let whole = nested.clone();
    assert_eq!(
        malformed(answered(move |_| whole.clone()).await),
        DecodeErrorKind::Limit(8)
    );
    let attributes = [tlv(4, b"CN=x"), nested.clone()].concat();
    let done = [result(0, ""), nested.clone()].concat();
    let control = tlv(0x30, &[tlv(4, b"1.2"), nested.clone()].concat());
    for parts in [
        vec![tlv(0x64, &attributes)],
        vec![tlv(0x64, &nested)],
        vec![tlv(0x65, &done)],
        vec![tlv(0x73, &nested)],
        vec![tlv(0x65, &result(0, "")), tlv(0xa0, &control)],
    ] {
        malformed(answered(move |id| message(id, &parts)).await);
    }
    assert_eq!(
        malformed(answered(|_| b"\x30\x80".repeat(100_000)).await),
        DecodeErrorKind::Invalid
    );
}

/// A50: at each level of an entry.
#[tokio::test]
async fn a50_inner_length_of_4_gib() {
    const HUGE: [u8; 4] = [0xff; 4];
    let long = |tag: u8| [&[tag, 0x84][..], &HUGE].concat();
    let dn = tlv(4, b"CN=x");
    let attribute = tlv(0x30, &[tlv(4, b"cn"), tlv(0x31, &long(4))].concat());
    for part in [
        long(0x64),
        tlv(0x64, &long(4)),
        tlv(0x64, &[dn.clone(), long(0x30)].concat()),
        tlv(0x64, &[dn.clone(), tlv(0x30, &long(0x30))].concat()),
        tlv(0x64, &[dn, tlv(0x30, &attribute)].concat()),
    ] {
        let kind = malformed(answered(move |id| message(id, std::slice::from_ref(&part))).await);
        assert_eq!(kind, DecodeErrorKind::OutOfBounds);
    }
}

/// A50
#[tokio::test]
async fn a50_length_of_4_gib() {
    let kind = malformed(answered(|_| vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02]).await);
    assert_eq!(kind, DecodeErrorKind::Limit(plain().limits.message_bytes));
}

/// A50
#[tokio::test]
async fn a50_indefinite_length() {
    assert_eq!(
        malformed(answered(|_| vec![0x30, 0x80]).await),
        DecodeErrorKind::Invalid
    );
}

/// A50
#[tokio::test]
async fn a50_inner_length_past_the_outer() {
    let past = |_| vec![0x30, 0x0a, 2, 1, 1, 0x65, 0x7f, 0x0a, 1, 0, 4, 0];
    assert_eq!(malformed(answered(past).await), DecodeErrorKind::OutOfBounds);
}

/// A50
#[tokio::test]
async fn a50_wrong_message_id() {
    let error = answered(|id| done(id + 1, 0, "")).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Protocol {
                violation: Violation::UnknownMessage(_),
                ..
            }
        ),
        "{error}"
    );
}

/// A50: a second answer to the request before, in time to be taken for one to the next.
#[tokio::test]
async fn a50_second_answer() {
    let twice = |id| [bind_response(id, 0, ""), bind_response(id, 0, "")].concat();
    let server = Server::answering(vec![answer(twice)]).await;
    let connection = server.connect().await;
    let password = Password::from("secret");
    let first = connection.bind_simple("cn=x", &password).await;
    assert!(matches!(
        first,
        Ok(())
            | Err(Error::Protocol {
                violation: Violation::UnknownMessage(_),
                ..
            })
    ));
    let second = connection.bind_simple("cn=x", &password).await.unwrap_err();
    let Error::Protocol { violation, .. } = second else {
        panic!("{second}")
    };
    assert!(matches!(violation, Violation::UnknownMessage(_)));
}

/// A50
#[tokio::test]
async fn a50_answer_of_the_wrong_kind() {
    for kind in [0x61, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78, 0x79, 0x30, 0x45] {
        let error = answered(move |id| message(id, &[tlv(kind, &result(0, ""))]))
            .await
            .unwrap_err();
        let Error::Protocol { violation, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(violation, Violation::WrongKind(kind));
    }
}

/// A50: a bind that is answered as if it were a search.
#[tokio::test]
async fn a50_bind_answered_with_the_wrong_kind() {
    let server = Server::answering(vec![answer(|id| done(id, 0, ""))]).await;
    let connection = server.connect().await;
    let bound = connection.bind_simple("cn=x", &Password::from("secret")).await;
    assert!(matches!(
        bound,
        Err(Error::Protocol {
            violation: Violation::WrongKind(0x65),
            ..
        })
    ));
}

/// A50
#[tokio::test]
async fn a50_names_and_messages_that_are_not_utf8() {
    let dn = |id| {
        let content = [tlv(4, b"CN=\xff"), tlv(0x30, b"")].concat();
        message(id, &[tlv(0x64, &content)])
    };
    assert_eq!(malformed(answered(dn).await), DecodeErrorKind::Text);
    let text = |id| message(id, &[tlv(0x65, b"\x0a\x01\x00\x04\x00\x04\x01\xff")]);
    assert_eq!(malformed(answered(text).await), DecodeErrorKind::Text);
    let matched = |id| message(id, &[tlv(0x65, b"\x0a\x01\x00\x04\x01\xff\x04\x00")]);
    assert_eq!(malformed(answered(matched).await), DecodeErrorKind::Text);
    let referral = |id| {
        message(
            id,
            &[tlv(0x65, b"\x0a\x01\x0a\x04\x00\x04\x00\xa3\x03\x04\x01\xff")],
        )
    };
    assert_eq!(malformed(answered(referral).await), DecodeErrorKind::Text);
}

/// A50: a part that the library behind takes for granted is missing or of another form.
#[tokio::test]
async fn a50_missing_parts() {
    let bodies: [&[u8]; 14] = [
        b"\x65\x00",                                                             // no result code
        b"\x65\x03\x0a\x01\x00",                                                 // no matched DN
        b"\x65\x05\x0a\x01\x00\x04\x00",                                         // no text
        b"\x65\x06\x0a\x00\x04\x00\x04\x00",                                     // empty code
        b"\x65\x07\x2a\x01\x00\x04\x00\x04\x00",                                 // constructed code
        b"\x65\x09\x0a\x01\x00\x04\x00\x04\x00\x83\x00",                         // primitive referral
        b"\x65\x09\x0a\x01\x00\x04\x00\x04\x00\xc3\x00",                         // private element
        b"\x64\x02\x04\x00",                                                     // no attributes
        b"\x64\x06\x04\x00\x30\x02\x30\x00",                                     // attribute without a name
        b"\x64\x08\x04\x00\x30\x04\x30\x02\x04\x00",                             // attribute without values
        b"\x64\x0a\x04\x00\x30\x06\x30\x04\x04\x00\x04\x00",                     // values that are no set
        b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00\xa0\x02\x30\x00",                 // control without a name
        b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00\xa0\x06\x30\x04\x04\x00\x01\x00", // empty criticality
        b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00\xa1\x00",                         // other than controls
    ];
    for body in bodies {
        malformed(answered(move |id| message(id, &[body.to_vec()])).await);
    }
    malformed(answered(|_| tlv(0x30, b"")).await);
    malformed(answered(|_| tlv(0x30, &[2, 1, 1])).await);
    malformed(answered(|_| b"HTTP/1.1 400 Bad Request\r\n".to_vec()).await);
}

/// A50: the page control is parsed here, not by the library, which panics.
#[tokio::test]
async fn a50_malformed_page_control() {
    for value in [
        &b""[..],
        b"\x30\x00",
        b"\x30\x03\x02\x01\x00",
        b"\x04\x00",
        b"\x30\x05\x02\x01\x00\x30\x00",
    ] {
        let control = [tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, value)].concat();
        let controls = tlv(0xa0, &tlv(0x30, &control));
        malformed(answered(move |id| message(id, &[tlv(0x65, &result(0, "")), controls.clone()])).await);
    }
}

/// A50
#[tokio::test]
async fn a50_silence() {
    let server = Server::answering(vec![answer(|_| Vec::new())]).await;
    runs_out_of_time(&server).await;
}

/// A50: silence at a bind, at the question for the root DSE, and at the request for TLS.
#[tokio::test]
async fn a50_silence_before_any_search() {
    let silent = || {
        Server::start(|stream| async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        })
    };
    let mut settings = impatient();
    let timed_out = |outcome: Result<(), Error>| {
        assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    };
    let started = Instant::now();
    let server = silent().await;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    timed_out(connection.bind_simple("cn=x", &Password::from("secret")).await);
    let server = silent().await;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    timed_out(connection.root_dse().await.map(drop));
    settings.danger_plain = false;
    settings.security = adlib_ldap::TransportSecurity::StartTls;
    settings.timeouts.connect = Duration::from_millis(400);
    let server = silent().await;
    timed_out(Connection::open(&[server.endpoint()], &settings).await.map(drop));
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// A lookup at `server` ends when its time is over. Gives the connection.
async fn runs_out_of_time(server: &Server) -> Connection {
    let connection = Connection::open(&[server.endpoint()], &impatient())
        .await
        .unwrap();
    let started = Instant::now();
    let error = lookup(&connection).await.unwrap_err();
    assert!(
        matches!(error, Error::Timeout { what: "a search", .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(10));
    connection
}

/// A50: whole entries, each in time, but the page has no end.
#[tokio::test]
async fn a50_entries_that_trickle() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let Some(request) = peer.request().await else {
            return;
        };
        for _ in 0..1_000 {
            peer.send(&entry(request.id, "CN=x", &[])).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    runs_out_of_time(&server).await;
}

/// A50: bytes keep coming, but no answer is ever whole.
#[tokio::test]
async fn a50_slow_drip() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let Some(request) = peer.request().await else {
            return;
        };
        let bytes = entry(request.id, "CN=x", &[("cn", &["x"; 1000])]);
        for byte in bytes {
            peer.send(&[byte]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let connection = runs_out_of_time(&server).await;
    let error = lookup(&connection).await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "cut: {error}");
}

/// A50: entries whole and in time, but without end, on one page.
#[tokio::test]
async fn a50_flood() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let Some(request) = peer.request().await else {
            return;
        };
        for _ in 0..100_000 {
            peer.send(&entry(request.id, "CN=x", &[])).await;
        }
    })
    .await;
    let mut settings = plain();
    settings.limits.answer_messages = 50;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    let error = lookup(&connection).await.unwrap_err();
    let Error::Protocol { violation, .. } = error else {
        panic!("{error}")
    };
    assert!(matches!(
        violation,
        Violation::AnswerTooLarge { messages: 51, .. }
    ));
}

/// A50: the connection ends inside of an answer, and between two of them.
#[tokio::test]
async fn a50_dropped_connection() {
    for bytes in [&b""[..], b"\x30\x50\x02"] {
        let server = Server::start(move |stream| async move {
            let mut peer = Peer::new(stream);
            peer.request().await;
            peer.send(bytes).await;
        })
        .await;
        let error = lookup(&server.connect().await).await.unwrap_err();
        assert!(matches!(error, Error::Lost { .. }), "{error}");
    }
}

/// A50: the notice of disconnection, as Active Directory misplaces its name (RFC 4511 4.4.1).
#[tokio::test]
async fn a50_notice_of_disconnection() {
    let name = tlv(0x8a, b"1.3.6.1.4.1.1466.20036");
    let misplaced = message(0, &[tlv(0x78, &result(52, "shutting down")), name.clone()]);
    let placed = message(0, &[tlv(0x78, &[result(52, "shutting down"), name].concat())]);
    for notice in [misplaced, placed] {
        let error = answered(move |_| notice.clone()).await.unwrap_err();
        assert!(
            matches!(error, Error::Lost { .. }) && error.to_string().contains("shutting down"),
            "{error}"
        );
    }
}

/// A50: whatever is changed in an answer, an answer or an error comes of it, and nothing panics on the way.
#[test]
fn a50_changed_answers_never_panic() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        report(info);
    }));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let strategy = (changes, any::<bool>(), any::<prop::sample::Index>());
    let mut runner = TestRunner::new(ProptestConfig::default());
    let outcome = runner.run(&strategy, |(changes, cut, end)| {
        let answer = answer(move |id| {
            let entry = entry(
                id,
                "CN=x",
                &[("cn", &["x", "y"]), ("member;range=0-*", &["CN=y"])],
            );
            let mut bytes = [
                entry,
                mock::reference(id, "ldap://x"),
                mock::done_with_cookie(id, b""),
            ]
            .concat();
            for (index, byte) in &changes {
                *index.get_mut(&mut bytes) = *byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len()));
            }
            bytes
        });
        runtime.block_on(async {
            let server = Server::answering(vec![answer]).await;
            let mut settings = plain();
            settings.timeouts.operation = Duration::from_millis(40);
            let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
            let _either = lookup(&connection).await;
        });
        Ok(())
    });
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    outcome.unwrap();
}

/// A63: a password is in no error and no debug output.
#[tokio::test]
async fn a63_a_refused_password_is_not_shown() {
    let server = Server::answering(vec![answer(|id| bind_response(id, 49, "data 52e"))]).await;
    let connection = server.connect().await;
    let error = connection
        .bind_simple("cn=x", &Password::from("hunter2"))
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?} {connection:?}").contains("hunter2"));
}
