//! Memory while a directory streams. Alone in its process: every allocation of a thread is counted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{sync::mpsc, thread};

use adlib_ldap::{Connection, Endpoint, Scope};
use adlib_schema::{AttributeName, Filter};
use allocation_counter::measure;
use mock::{Peer, Server, done_with_cookie, entry, plain};

const PAGE: usize = 250;

/// A server of `entries` entries, on a thread of its own; where it is.
fn serve(entries: usize) -> Endpoint {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::start(move |stream| async move {
                let mut peer = Peer::new(stream);
                let mut sent = 0;
                while let Some(request) = peer.request().await {
                    let mut page = Vec::new();
                    for number in sent..entries.min(sent + PAGE) {
                        page.extend(person(request.id, number));
                    }
                    sent += PAGE;
                    let cookie: &[u8] = if sent < entries { b"more" } else { b"" };
                    page.extend(done_with_cookie(request.id, cookie));
                    peer.send(&page).await;
                }
            })
            .await;
            tell.send(server.endpoint()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
}

fn person(id: u32, number: usize) -> Vec<u8> {
    let name = format!("user{number:06}");
    let mail = format!("{name}@example.org");
    let attributes: [(&str, &[&str]); 3] = [
        ("objectClass", &["top", "person", "inetOrgPerson"]),
        ("uid", &[&name]),
        ("mail", &[&mail]),
    ];
    entry(
        id,
        &format!("uid={name},ou=people,dc=example,dc=org"),
        &attributes,
    )
}

/// The most bytes that were in use at a time to stream so many entries.
fn stream(entries: usize) -> u64 {
    let endpoint = serve(entries);
    let used = measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let connection = Connection::open(&[endpoint], &plain()).await.unwrap();
            let filter = Filter::present(AttributeName::from_static("uid"));
            let page = u32::try_from(PAGE).unwrap();
            let mut search = connection.paged("dc=example,dc=org", Scope::Subtree, &filter, &[], page);
            let mut came = 0;
            while let Some(entry) = search.next().await.unwrap() {
                assert!(!entry.dn().is_empty());
                came += 1;
            }
            assert_eq!((search.finish(), came), (Ok(()), entries));
        });
    });
    used.bytes_max
}

/// R27, A50: 50,000 entries take the memory that 1,000 take: that of two pages.
#[test]
fn r27_memory_does_not_depend_on_the_number_of_entries() {
    let (few, many) = (stream(1_000), stream(50_000));
    assert!(many <= few + few / 4, "{few} and {many} bytes");
    assert!(many < 2 << 20, "{many} bytes");
}

/// A50: a message that is announced as 15 MiB, of which nothing comes, takes no memory.
#[test]
fn a50_an_announced_length_is_not_memory() {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::start(|stream| async move {
                let mut peer = Peer::new(stream);
                peer.request().await;
                peer.send(b"\x30\x84\x00\xf0\x00\x00").await;
                std::future::pending::<()>().await;
            })
            .await;
            tell.send(server.endpoint()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let endpoint = told.recv().unwrap();
    let used = measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let connection = Connection::open(&[endpoint], &mock::impatient()).await.unwrap();
            let filter = Filter::present(AttributeName::from_static("uid"));
            let found = connection.search("dc=x", Scope::Subtree, &filter, &[]).await;
            assert!(
                matches!(found, Err(adlib_ldap::Error::Timeout { .. })),
                "{found:?}"
            );
        });
    });
    assert!(used.bytes_max < 1 << 20, "{} bytes", used.bytes_max);
}
