//! Binds by SASL: what the connection needs of a mechanism, what a refusal means, and the layer that follows (D1).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use adlib_core::{ChannelBindings, Password, gss::Protection};
use adlib_ldap::{
    Connection, Error, Rejection, SaslMechanism, Scope, SearchResult, Settings, TransportSecurity,
};
use adlib_schema::{AttributeName, Filter};
use mock::{
    Peer, Server,
    certificate::{Authority, authority, good, trusting},
    done, entry,
    mechanism::{IN_PROGRESS, SERVER_PROOF, Shift, bind_step, initiator, mutual},
};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use Protection::{Confidentiality, Integrity, None as Unprotected};
use SaslMechanism::{GssSpnego, Gssapi};

fn sealed() -> Settings {
    let mut settings = mock::plain();
    settings.danger_plain = false;
    settings.security = TransportSecurity::Sasl;
    settings
}

async fn open(server: &Server) -> Connection {
    Connection::open(&[server.endpoint()], &sealed()).await.unwrap()
}

async fn lookup(connection: &Connection) -> Result<SearchResult, Error> {
    let filter = Filter::present(AttributeName::from_static("objectClass"));
    connection.search("DC=x", Scope::Subtree, &filter, &["cn"]).await
}

/// The answer to a search: one entry called `name`.
fn found(id: u32, name: &str) -> Vec<u8> {
    [entry(id, name, &[("cn", &["x"])]), done(id, 0, "")].concat()
}

/// A server that speaks TLS before `script`.
async fn over_tls<Script, Done>(authority: &Authority, script: Script) -> Server
where
    Script: Fn(Peer<TlsStream<TcpStream>>) -> Done + Send + Sync + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    let acceptor = good(authority);
    let script = Arc::new(script);
    Server::start(move |stream| {
        let (acceptor, script) = (acceptor.clone(), Arc::clone(&script));
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                script(Peer::new(stream)).await;
            }
        }
    })
    .await
}

/// A server that takes a bind and then answers searches through the layer, cutting each answer into buffers of
/// `portion` bytes.
async fn sealing(portion: usize) -> Server {
    Server::start(move |stream| async move {
        let mut peer = Peer::new(stream);
        peer.accept_bind().await;
        let mut session = Shift::new(Confidentiality);
        while let Some(request) = peer.sealed_request(&mut session).await {
            let answer = found(request.id, "CN=sealed");
            let buffers: Vec<u8> = answer
                .chunks(portion)
                .flat_map(|part| session.buffer(part))
                .collect();
            peer.send(&buffers).await;
        }
    })
    .await
}

/// D1: messages in many buffers, and many messages in one.
#[tokio::test]
async fn what_follows_a_bind_is_signed_and_sealed() {
    for portion in [1, 5, 40, 100_000] {
        let server = sealing(portion).await;
        let connection = open(&server).await;
        let channel = connection.channel(GssSpnego);
        assert_eq!((channel.protection, &channel.bindings), (Confidentiality, &None));
        let bound = connection
            .bind_sasl("mock", GssSpnego, initiator(channel.protection))
            .await;
        assert_eq!(bound, Ok(()));
        for _ in 0..3 {
            let found = lookup(&connection).await.unwrap();
            assert_eq!(found.entries[0].dn(), "CN=sealed", "in portions of {portion}");
        }
    }
}

/// A request longer than a buffer goes in several.
#[tokio::test]
async fn a_long_request_goes_in_several_buffers() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        peer.accept_bind().await;
        let mut session = Shift::new(Confidentiality);
        // Whether this is Active Directory, which tells how to search.
        let root = peer.sealed_request(&mut session).await.unwrap();
        let answer = session.buffer(&found(root.id, ""));
        peer.send(&answer).await;
        let first = peer.sealed(&mut session).await.unwrap();
        assert_eq!(first.len(), 64 << 10);
        let mut length = first.len();
        while length < 100_000 {
            length += peer.sealed(&mut session).await.unwrap().len();
        }
        // 30 84 <length> 02 <length> <id>
        let id = u32::from(first[first[1..].iter().position(|byte| *byte == 2).unwrap() + 3]);
        let answer = session.buffer(&found(id, "CN=long"));
        peer.send(&answer).await;
        peer.sealed(&mut session).await;
    })
    .await;
    let connection = open(&server).await;
    let bound = connection
        .bind_sasl("mock", GssSpnego, initiator(Confidentiality))
        .await;
    assert_eq!(bound, Ok(()));
    let long = Filter::equal(AttributeName::from_static("cn"), "x".repeat(100_000));
    let found = connection.search("DC=x", Scope::Subtree, &long, &["cn"]).await;
    assert_eq!(found.unwrap().entries[0].dn(), "CN=long");
}

/// R7, D1: over TLS there is no layer, and the mechanism gets what ties it to the connection.
#[tokio::test]
async fn r7_over_tls_there_is_a_binding_and_no_layer() {
    let authority = authority();
    let server = over_tls(&authority, |mut peer| async move {
        peer.accept_bind().await;
        while let Some(request) = peer.request().await {
            peer.send(&found(request.id, "CN=clear")).await;
        }
    })
    .await;
    let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
        .await
        .unwrap();
    let channel = connection.channel(GssSpnego);
    assert_eq!(channel.protection, Unprotected);
    let bindings = channel.bindings.expect("ECDSA with SHA-256");
    assert_eq!(
        bindings.application_data().len(),
        "tls-server-end-point:".len() + 32
    );
    assert_ne!(
        Ok(bindings),
        ChannelBindings::of_server_certificate(authority.der()),
        "of the server's certificate, not of the authority's"
    );
    let bound = connection
        .bind_sasl("mock", GssSpnego, initiator(Unprotected))
        .await;
    assert_eq!(bound, Ok(()));
    assert_eq!(lookup(&connection).await.unwrap().entries[0].dn(), "CN=clear");
}

/// D1: Windows and Samba refuse a layer over TLS, and without TLS nothing goes in the clear.
#[tokio::test]
async fn a_protection_that_does_not_fit() {
    let proofs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&proofs);
    let server = Server::start(move |stream| {
        let count = Arc::clone(&count);
        async move {
            if Peer::new(stream).challenge().await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    for agreed in [Unprotected, Integrity] {
        let connection = open(&server).await;
        let bound = connection.bind_sasl("mock", GssSpnego, initiator(agreed)).await;
        let error = bound.unwrap_err();
        assert!(
            matches!(error, Error::WrongProtection { needed: Confidentiality, agreed: found, .. } if found == agreed),
            "{error}"
        );
        assert!(matches!(lookup(&connection).await, Err(Error::NotBound { .. })));
        assert!(
            matches!(connection.root_dse().await, Err(Error::Lost { .. })),
            "closed"
        );
    }
    assert_eq!(proofs.load(Ordering::SeqCst), 0);

    let authority = authority();
    let server = over_tls(&authority, |mut peer| async move {
        peer.challenge().await;
    })
    .await;
    for agreed in [Integrity, Confidentiality] {
        let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
            .await
            .unwrap();
        let bound = connection.bind_sasl("mock", GssSpnego, initiator(agreed)).await;
        let error = bound.unwrap_err();
        assert!(
            matches!(
                error,
                Error::WrongProtection {
                    needed: Unprotected,
                    ..
                }
            ),
            "{error}"
        );
    }
}

/// D1: without TLS nothing but the root DSE is asked before the bind, and no password is sent.
#[tokio::test]
async fn before_the_bind_nothing_is_asked_in_the_clear() {
    let server = Server::start(|stream| async move {
        let request = Peer::new(stream).request().await;
        assert!(request.is_none(), "nothing but the root DSE is asked");
    })
    .await;
    let connection = open(&server).await;
    assert!(connection.root_dse().await.is_ok());
    assert!(matches!(lookup(&connection).await, Err(Error::NotBound { .. })));
    let bound = connection.bind_simple("cn=x", &Password::from("secret")).await;
    assert!(matches!(bound, Err(Error::PasswordInTheClear { .. })));
    assert!(connection.root_dse().await.is_ok());
}

/// A connection that a session protects is bound once.
#[tokio::test]
async fn a_second_bind_is_refused() {
    let server = sealing(1000).await;
    let connection = open(&server).await;
    for expected in [true, false] {
        let bound = connection
            .bind_sasl("mock", GssSpnego, initiator(Confidentiality))
            .await;
        match bound {
            Ok(()) => assert!(expected),
            Err(error) => assert!(
                matches!(error, Error::BoundAlready { .. }) && !expected,
                "{error}"
            ),
        }
        assert!(lookup(&connection).await.is_ok(), "still of use");
    }
}

/// What the server answers to the proof.
fn refusing(code: u8, text: &'static str) -> impl Future<Output = Server> {
    Server::start(move |stream| async move {
        let mut peer = Peer::new(stream);
        let proof = peer.challenge().await.unwrap();
        peer.send(&bind_step(proof.id, code, text, None)).await;
        peer.request().await;
    })
}

async fn refused(code: u8, text: &'static str) -> Error {
    let server = refusing(code, text).await;
    let connection = open(&server).await;
    let bound = connection
        .bind_sasl("CORP\\mock", GssSpnego, initiator(Confidentiality))
        .await;
    let root = connection.root_dse().await;
    assert!(matches!(root, Err(Error::Lost { .. })), "closed: {root:?}");
    bound.unwrap_err()
}

/// R9: the same reasons as in a simple bind.
#[tokio::test]
async fn r9_reasons() {
    for (data, reason) in [
        ("52e", Rejection::WrongPassword),
        ("525", Rejection::UnknownUser),
        ("530", Rejection::LogonHours),
        ("533", Rejection::Disabled),
    ] {
        let text =
            format!("8009030C: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data {data}, v1");
        let error = refused(49, text.leak()).await;
        let Error::BindRefused { rejection, name, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((rejection, name.as_str()), (reason, "CORP\\mock"));
    }
}

/// D1: what the server's policy forbids is never taken for a wrong password.
#[tokio::test]
async fn policies_of_the_server_are_not_a_wrong_password() {
    let error = refused(8, "").await;
    assert!(matches!(error, Error::StrongerAuthRequired { .. }), "{error}");
    let error = refused(53, "").await;
    assert!(
        matches!(error, Error::UnwillingToPerform { what: "bind", .. }),
        "{error}"
    );
    let error = refused(
        49,
        "80090346: LdapErr: DSID-0C09, comment: error, data 80090346, v4563",
    )
    .await;
    assert!(matches!(error, Error::ChannelBindingRefused { .. }), "{error}");
    let error = refused(7, "SASL:[GSS-SPNEGO]: not supported").await;
    assert!(matches!(error, Error::Refused { code: 7, .. }), "{error}");
}

/// D1: over TLS a refusal leaves the connection anonymous, and code 8 is about TLS itself.
#[tokio::test]
async fn a_refusal_over_tls_leaves_the_connection_anonymous() {
    let authority = authority();
    let server = over_tls(&authority, |mut peer| async move {
        let proof = peer.challenge().await.unwrap();
        let text = "SASL:[GSS-SPNEGO]: not allowed if TLS is used.";
        peer.send(&bind_step(proof.id, 8, text, None)).await;
        peer.accept_bind().await;
        peer.request().await;
    })
    .await;
    let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
        .await
        .unwrap();
    let bound = connection
        .bind_sasl("mock", GssSpnego, initiator(Unprotected))
        .await;
    let error = bound.unwrap_err();
    assert!(
        matches!(error, Error::SaslOverTlsRefused { .. })
            && error.to_string().contains("allow_sasl_over_tls"),
        "{error}"
    );
    let again = connection
        .bind_sasl("mock", GssSpnego, initiator(Unprotected))
        .await;
    assert_eq!(again, Ok(()));
}

/// A server that proves itself by its last token.
#[tokio::test]
async fn the_servers_proof_comes_with_success_or_before() {
    for (code, legs) in [(0, 2), (IN_PROGRESS, 3)] {
        let server = Server::start(move |stream| async move {
            let mut peer = Peer::new(stream);
            let proof = peer.challenge().await.unwrap();
            peer.send(&bind_step(proof.id, code, "", Some(SERVER_PROOF)))
                .await;
            if legs == 3 {
                let last = peer.request().await.unwrap();
                assert!(last.contains(b"\x04\x0aGSS-SPNEGO\x04\x00"), "an empty token");
                peer.send(&bind_step(last.id, 0, "", None)).await;
            }
            peer.read(1).await;
        })
        .await;
        let bound = open(&server)
            .await
            .bind_sasl("mock", GssSpnego, mutual(Confidentiality))
            .await;
        assert_eq!(bound, Ok(()));
    }
}

/// RFC 4511 4.2.1: a bind waits for the answers that are due, and what is asked meanwhile waits for the bind.
#[tokio::test]
async fn a_bind_is_alone_on_the_connection() {
    let authority = authority();
    let server = over_tls(&authority, |mut peer| async move {
        let search = peer.request().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        peer.send(&found(search.id, "CN=first")).await;
        peer.accept_bind().await;
        let search = peer.request().await.unwrap();
        peer.send(&found(search.id, "CN=second")).await;
        peer.request().await;
    })
    .await;
    let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
        .await
        .unwrap();
    let first = lookup(&connection);
    let bind = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        connection
            .bind_sasl("mock", GssSpnego, initiator(Unprotected))
            .await
    };
    let (first, bound) = tokio::join!(first, bind);
    assert_eq!((first.unwrap().entries[0].dn(), bound), ("CN=first", Ok(())));
    assert_eq!(lookup(&connection).await.unwrap().entries[0].dn(), "CN=second");
}

/// A bind that is dropped half-way leaves a connection that nobody may use.
#[tokio::test]
async fn a_bind_that_is_dropped_closes_the_connection() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        peer.challenge().await;
        peer.request().await;
    })
    .await;
    let connection = open(&server).await;
    let bind = connection.bind_sasl("mock", GssSpnego, initiator(Confidentiality));
    let dropped = tokio::time::timeout(Duration::from_millis(300), bind).await;
    assert!(dropped.is_err());
    let root = connection.root_dse().await;
    assert!(matches!(root, Err(Error::Lost { .. })), "{root:?}");
}

/// What a server offers in an agreement by RFC 4752, and what it makes of the choice.
async fn offering(offer: [u8; 4], code: u8) -> Server {
    Server::start(move |stream| async move {
        let mut peer = Peer::new(stream);
        agree(&mut peer, offer, code, Confidentiality).await;
    })
    .await
}

/// The exchange of RFC 4752 on the server's side, and a search after it.
async fn agree<S>(peer: &mut Peer<S>, offer: [u8; 4], code: u8, protection: Protection) -> Option<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use adlib_core::gss::Session;

    let mut session = Shift::new(protection);
    let proof = peer.challenge().await?;
    assert!(proof.contains(b"\x04\x06GSSAPI"));
    let offer = session.wrap(&offer).unwrap();
    peer.send(&bind_step(proof.id, code, "", Some(&offer))).await;
    let choice = peer.request().await?;
    let token = &choice.bytes[choice.bytes.len() - 6..];
    let choice_made = session.unwrap(token).unwrap();
    let expected: &[u8] = match protection {
        Confidentiality => &[4, 0xff, 0xff, 0xff],
        Integrity | Unprotected => &[1, 0, 0, 0],
    };
    assert_eq!(choice_made, expected);
    peer.send(&bind_step(choice.id, 0, "", None)).await;
    if protection == Confidentiality {
        while let Some(request) = peer.sealed_request(&mut session).await {
            let answer = session.buffer(&found(request.id, "CN=agreed"));
            peer.send(&answer).await;
        }
    }
    Some(())
}

/// RFC 4752: a layer is agreed on by wrapped messages.
#[tokio::test]
async fn gssapi_agrees_on_a_layer() {
    let server = offering([7, 0, 0x80, 0], IN_PROGRESS).await;
    let connection = open(&server).await;
    assert_eq!(connection.channel(Gssapi).protection, Confidentiality);
    let bound = connection
        .bind_sasl("mock", Gssapi, initiator(Confidentiality))
        .await;
    assert_eq!(bound, Ok(()));
    assert_eq!(lookup(&connection).await.unwrap().entries[0].dn(), "CN=agreed");
}

/// RFC 4752: over TLS the agreement is on no layer.
#[tokio::test]
async fn gssapi_over_tls_agrees_on_none() {
    let authority = authority();
    let server = over_tls(&authority, |mut peer| async move {
        agree(&mut peer, [1, 0, 0, 0], IN_PROGRESS, Integrity).await;
        let request = peer.request().await.unwrap();
        peer.send(&found(request.id, "CN=clear")).await;
        peer.request().await;
    })
    .await;
    let connection = Connection::open(&[server.endpoint()], &trusting(&authority))
        .await
        .unwrap();
    let channel = connection.channel(Gssapi);
    assert!(channel.bindings.is_some());
    assert_eq!(channel.protection, Integrity, "what signs the agreement");
    let bound = connection
        .bind_sasl("mock", Gssapi, initiator(channel.protection))
        .await;
    assert_eq!(bound, Ok(()));
    assert_eq!(lookup(&connection).await.unwrap().entries[0].dn(), "CN=clear");
}

/// RFC 4752: a server without the layer that is needed.
#[tokio::test]
async fn gssapi_without_the_layer() {
    for layers in [0, 1, 2, 3] {
        let server = offering([layers, 0xff, 0xff, 0xff], IN_PROGRESS).await;
        let bound = open(&server)
            .await
            .bind_sasl("mock", Gssapi, initiator(Confidentiality))
            .await;
        let error = bound.unwrap_err();
        assert!(
            matches!(error, Error::LayerNotOffered { needed: Confidentiality, offered, .. } if offered == layers),
            "{error}"
        );
    }
}
