//! Referrals: followed to servers that are listed, and only there (R27, A52).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use adlib_core::Password;
use adlib_ldap::{Connecting, Connection, DomainReader, Endpoint, Referrals, Settings};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::{Completeness, DirectoryRead, ReadBuilder},
};
use mock::{
    Answer, Peer, Server, answer, bind_response, certificate, done, entry, message, plain, reference, result,
    tlv,
};

/// Servers that may be followed, and how.
struct Listed {
    servers: Vec<Endpoint>,
    settings: Settings,
    password: Option<Password>,
}

impl Listed {
    fn of(servers: &[&Server]) -> Self {
        Self {
            servers: servers.iter().map(|server| server.endpoint()).collect(),
            settings: plain(),
            password: None,
        }
    }
}

impl Referrals for Listed {
    fn servers(&self) -> &[Endpoint] {
        &self.servers
    }

    fn connect<'a>(&'a self, server: &'a Endpoint) -> Connecting<'a> {
        Box::pin(async move {
            let connection = Connection::open(std::slice::from_ref(server), &self.settings)
                .await
                .map_err(|error| error.to_string())?;
            if let Some(password) = &self.password {
                let bound = connection.bind_simple("cn=sync", password).await;
                bound.map_err(|error| error.to_string())?;
            }
            Ok(connection)
        })
    }
}

async fn read(server: &Server, listed: &Listed) -> DirectoryRead {
    let connection = server.connect().await;
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    let mut reader = DomainReader::new(&connection, "x", "dc=x");
    reader.referrals = Some(listed);
    reader.read(&mut builder, &mut |_| {}).await.unwrap();
    builder.finish()
}

fn url(server: &Server, rest: &str) -> String {
    format!("ldap://localhost:{}/{rest}", server.address.port())
}

/// The entry of a user.
fn user(id: u32, name: &str) -> Vec<u8> {
    let attributes: [(&str, &[&str]); 3] = [
        ("objectClass", &["inetOrgPerson"]),
        ("uid", &[name]),
        ("entryUUID", &[name]),
    ];
    entry(id, &format!("uid={name},dc=x"), &attributes)
}

fn users(names: &'static [&'static str]) -> Answer {
    answer(move |id| {
        let mut bytes: Vec<u8> = names.iter().flat_map(|name| user(id, name)).collect();
        bytes.extend(done(id, 0, ""));
        bytes
    })
}

/// The user `ada`, and a reference to each of `parts`, which are lists of URLs.
fn ada_and(parts: Vec<Vec<String>>) -> Answer {
    answer(move |id| {
        let mut bytes = user(id, "ada");
        for urls in &parts {
            let urls: Vec<u8> = urls.iter().flat_map(|url| tlv(4, url.as_bytes())).collect();
            bytes.extend(message(id, &[tlv(0x73, &urls)]));
        }
        bytes.extend(done(id, 0, ""));
        bytes
    })
}

/// An end of a search that says to ask elsewhere.
fn referral(url: String) -> Answer {
    answer(move |id| {
        let urls = tlv(0xa3, &tlv(4, url.as_bytes()));
        message(id, &[tlv(0x65, &[result(10, ""), urls].concat())])
    })
}

fn accounts(read: &DirectoryRead) -> Vec<&str> {
    read.users.iter().map(|user| user.account.as_str()).collect()
}

#[track_caller]
fn complete(read: &DirectoryRead, names: &[&str]) {
    assert!(read.completeness.complete().is_some(), "{:?}", read.completeness);
    assert_eq!(accounts(read), names);
}

/// Why a read is not complete.
#[track_caller]
fn reason(read: &DirectoryRead) -> String {
    let Completeness::Incomplete(shortfalls) = &read.completeness else {
        panic!("complete: {read:?}")
    };
    shortfalls.iter().map(ToString::to_string).collect()
}

/// R27: what a reference and a result lead to is part of the read.
#[tokio::test]
async fn r27_a_listed_server_is_followed() {
    let other = Server::answering(vec![users(&["bob", "eve"])]).await;
    let reference = ada_and(vec![vec![url(&other, "ou=far,dc=x")]]);
    let server = Server::answering(vec![reference]).await;
    complete(
        &read(&server, &Listed::of(&[&other])).await,
        &["ada", "bob", "eve"],
    );
    let server = Server::answering(vec![referral(url(&other, "dc=x"))]).await;
    complete(&read(&server, &Listed::of(&[&other])).await, &["bob", "eve"]);
}

/// A52: another server is not contacted, and the reason says which.
#[tokio::test]
async fn a52_a_server_that_is_not_listed_is_never_contacted() {
    let (listed, other) = (
        Server::answering(Vec::new()).await,
        Server::answering(vec![users(&["eve"])]).await,
    );
    let server = Server::answering(vec![ada_and(vec![vec![url(&other, "dc=x")]])]).await;
    let read = read(&server, &Listed::of(&[&listed])).await;
    assert_eq!(accounts(&read), ["ada"]);
    assert!(reason(&read).contains(&format!("{}", other.address.port())));
    assert_eq!((listed.connections(), other.connections()), (0, 0));
}

/// RFC 4511 4.5.3: the URLs of one reference are ways to the same part; those of two are two parts.
#[tokio::test]
async fn r27_one_way_of_several_is_enough() {
    let other = Server::answering(vec![users(&["bob"]), users(&["eve"])]).await;
    let ways = vec![
        "http://localhost/".to_owned(),
        "ldap://elsewhere.example/dc=x".to_owned(),
        url(&other, "ou=1,dc=x"),
    ];
    let server = Server::answering(vec![ada_and(vec![ways, vec![url(&other, "ou=2,dc=x")]])]).await;
    complete(
        &read(&server, &Listed::of(&[&other])).await,
        &["ada", "bob", "eve"],
    );
    assert_eq!(other.connections(), 1, "one connection for both parts");
}

/// R27: the URL says where, how deep and for what; what it leaves open is as before (RFC 4511 4.5.3).
#[tokio::test]
async fn r27_what_is_asked_behind_a_referral() {
    let part = |rest: &'static str, expected: &'static [u8]| async move {
        let other = Server::start(move |stream| async move {
            let mut peer = Peer::new(stream);
            let request = peer.request().await.unwrap();
            let code = if request.contains(expected) { 0 } else { 80 };
            peer.send(&[user(request.id, "bob"), done(request.id, code, "")].concat())
                .await;
            peer.request().await;
        })
        .await;
        let server = Server::answering(vec![ada_and(vec![vec![url(&other, rest)]])]).await;
        complete(&read(&server, &Listed::of(&[&other])).await, &["ada", "bob"]);
    };
    part("ou=a%20b,dc=x", b"\x04\x0bou=a b,dc=x\x0a\x01\x02").await;
    part("", b"\x04\x04dc=x\x0a\x01\x02").await;
    part("dc=y??base", b"\x04\x04dc=y\x0a\x01\x00").await;
    part("dc=y?cn,sn?one?(uid=*)", b"\x04\x04dc=y\x0a\x01\x01").await;
    part("dc=y??sub?(uid=*)", b"\x87\x03uid").await;
}

/// A52: a referral to itself, at once and over another server.
#[tokio::test]
async fn a52_circles_end() {
    let listed = |server: &Endpoint| Listed {
        servers: vec![server.clone()],
        settings: plain(),
        password: None,
    };
    let server = endless(|port, id| {
        let itself = format!("ldap://localhost:{port}/DC=X??sub");
        [user(id, "ada"), reference(id, &itself), done(id, 0, "")].concat()
    })
    .await;
    let read_itself = read(&server, &listed(&server.endpoint())).await;
    assert!(
        reason(&read_itself).contains("circle"),
        "{}",
        reason(&read_itself)
    );
    assert_eq!(server.connections(), 1);

    let back = Arc::new(AtomicUsize::new(0));
    let to = Arc::clone(&back);
    let other = endless(move |_, id| {
        let url = format!("ldap://localhost:{}/dc=x", to.load(Ordering::SeqCst));
        [user(id, "bob"), reference(id, &url), done(id, 0, "")].concat()
    })
    .await;
    let server = Server::answering(vec![ada_and(vec![vec![url(&other, "dc=x")]])]).await;
    back.store(usize::from(server.address.port()), Ordering::SeqCst);
    let both = read(&server, &Listed::of(&[&server, &other])).await;
    assert!(reason(&both).contains("circle"), "{}", reason(&both));
    assert_eq!(accounts(&both), ["ada", "bob"]);
    assert_eq!((server.connections(), other.connections()), (1, 1));
}

/// A52: referrals that lead on and on, and referrals in any number.
#[tokio::test]
async fn a52_referrals_without_end() {
    let number = AtomicUsize::new(0);
    let other = endless(move |port, id| {
        let next = number.fetch_add(1, Ordering::SeqCst);
        let url = format!("ldap://localhost:{port}/ou={next},dc=x");
        [user(id, "bob"), reference(id, &url), done(id, 0, "")].concat()
    })
    .await;
    let server = Server::answering(vec![ada_and(vec![vec![url(&other, "ou=far,dc=x")]])]).await;
    let deep = read(&server, &Listed::of(&[&other])).await;
    assert!(
        reason(&deep).contains("more than 10 referrals"),
        "{}",
        reason(&deep)
    );

    let other = endless(|_, id| [user(id, "bob"), done(id, 0, "")].concat()).await;
    let parts = (0..1_500).map(|number| vec![url(&other, &format!("ou={number},dc=x"))]);
    let server = Server::answering(vec![ada_and(parts.collect())]).await;
    let many = read(&server, &Listed::of(&[&other])).await;
    assert!(
        reason(&many).contains("more than 1000 referrals"),
        "{}",
        reason(&many)
    );
    assert!(reason(&many).len() < 4_000, "{}", reason(&many).len());
}

/// A52: URLs of any length, and pages of nothing else.
#[tokio::test]
async fn a52_urls_of_any_length_and_number() {
    let other = Server::answering(vec![users(&["bob"])]).await;
    let long = format!("{}{}", url(&other, "dc=x????x="), "y".repeat(10_000));
    let server = Server::answering(vec![ada_and(vec![vec![long]])]).await;
    let read_long = read(&server, &Listed::of(&[&other])).await;
    assert!(reason(&read_long).len() < 1_000, "{}", reason(&read_long));
    assert_eq!(other.connections(), 0);

    let other = endless(|_, id| done(id, 0, "")).await;
    let to = url(&other, "ou=");
    let page = AtomicUsize::new(0);
    let server = endless(move |_, id| {
        let number = page.fetch_add(1, Ordering::SeqCst);
        let parts = (0..40).flat_map(|part| reference(id, &format!("{to}{number}-{part},dc=x")));
        let parts: Vec<u8> = parts.collect();
        [parts, mock::done_with_cookie(id, b"more")].concat()
    })
    .await;
    let many = reason(&read(&server, &Listed::of(&[&other])).await);
    assert!(
        many.contains("no end") || many.contains("more than 1000 referrals"),
        "{many}"
    );
    assert!(many.len() < 4_000, "{}", many.len());
}

/// Answers every search with the bytes for the server's port and the search's number.
async fn endless(bytes: impl Fn(u16, u32) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let bytes = Arc::new(bytes);
    Server::start(move |stream| {
        let bytes = Arc::clone(&bytes);
        async move {
            let port = stream.local_addr().unwrap().port();
            let mut peer = Peer::new(stream);
            while let Some(request) = peer.request().await {
                peer.send(&bytes(port, request.id)).await;
            }
        }
    })
    .await
}

/// R27: two ways that lead to one part are gone once; and an entry that two servers have is one user.
#[tokio::test]
async fn r27_parts_are_merged_by_key() {
    let other = Server::answering(vec![users(&["ada", "bob"])]).await;
    let way = || vec![url(&other, "ou=far,dc=x")];
    let server = Server::answering(vec![ada_and(vec![way(), way()])]).await;
    let read = read(&server, &Listed::of(&[&other])).await;
    complete(&read, &["ada", "bob"]);
    assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
}

/// R27: what cannot be reached, fails or is cut short behind a referral is missing, and the reason is told.
#[tokio::test]
async fn r27_a_part_that_does_not_come_leaves_the_read_incomplete() {
    let cut: [(Answer, &str); 3] = [
        (
            answer(|id| [user(id, "bob"), done(id, 4, "")].concat()),
            "size limit",
        ),
        (answer(|id| done(id, 32, "")), "does not exist"),
        (answer(|_| vec![0x30, 0x80]), "not an LDAP server"),
    ];
    for (answer, why) in cut {
        let other = Server::answering(vec![answer]).await;
        let server = Server::answering(vec![ada_and(vec![vec![url(&other, "ou=far,dc=x")]])]).await;
        let read = read(&server, &Listed::of(&[&other])).await;
        assert!(reason(&read).contains(why), "{}", reason(&read));
        assert!(accounts(&read).contains(&"ada"));
    }
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let to = format!("ldap://127.0.0.1:{port}/dc=x");
    let server = Server::answering(vec![ada_and(vec![vec![to]])]).await;
    let mut listed = Listed::of(&[]);
    listed.servers = vec![Endpoint::new("127.0.0.1", port)];
    let read = read(&server, &listed).await;
    assert!(reason(&read).contains("cannot be asked"), "{}", reason(&read));
}

/// A52: a referral in the clear is followed over TLS, and who is no listed server there gets no password.
#[tokio::test]
async fn a52_a_password_goes_to_a_server_that_proved_itself() {
    let (authority, other_authority) = (certificate::authority(), certificate::authority_called("other"));
    for (shown, reached) in [(&authority, true), (&other_authority, false)] {
        let acceptor = certificate::good(shown);
        let passwords = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&passwords);
        let other = Server::start(move |stream| {
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
            async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut peer = Peer::new(stream);
                let Some(bind) = peer.request().await else { return };
                if bind.contains(b"hunter2") {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
                peer.send(&bind_response(bind.id, 0, "")).await;
                let Some(search) = peer.request().await else {
                    return;
                };
                peer.send(&[user(search.id, "bob"), done(search.id, 0, "")].concat())
                    .await;
                peer.request().await;
            }
        })
        .await;
        let server = Server::answering(vec![ada_and(vec![vec![url(&other, "dc=far")]])]).await;
        let mut listed = Listed::of(&[&other]);
        listed.settings = certificate::trusting(&authority);
        listed.password = Some(Password::from("hunter2"));
        let read = read(&server, &listed).await;
        assert_eq!(passwords.load(Ordering::SeqCst), usize::from(reached));
        assert_eq!(
            read.completeness.complete().is_some(),
            reached,
            "{:?}",
            read.completeness
        );
        if !reached {
            assert!(
                reason(&read).contains("authority that is not trusted"),
                "{}",
                reason(&read)
            );
            assert!(!reason(&read).contains("hunter2"));
        }
    }
}

/// A61: what a server writes into a URL cannot drive a terminal.
#[tokio::test]
async fn a61_a_url_is_shown_without_control_characters() {
    let evil = "ldap://evil\u{1b}[2J.example/dc=x".to_owned();
    let server = Server::answering(vec![ada_and(vec![vec![evil]])]).await;
    let shown = reason(&read(&server, &Listed::of(&[])).await);
    assert!(shown.contains("evil") && !shown.contains('\u{1b}'), "{shown:?}");
}
