//! Pages and ranges, and whether everything came (R27, A51, A52).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::sync::Arc;

use adlib_ldap::{Connection, Error, Incomplete, Scope, read_domain};
use adlib_schema::{AttributeName, Filter, Mapper, Preset, RawEntry, Schema, read::ReadBuilder};
use mock::{Answer, Peer, Server, answer, done, done_with_cookie, entry, plain, reference};

fn anything() -> Filter {
    Filter::present(AttributeName::from_static("objectClass"))
}

/// Everything that a paged search gives, and whether it is everything.
async fn read(connection: &Connection) -> (Vec<RawEntry>, Result<(), Incomplete>) {
    let mut search = connection.paged("DC=x", Scope::Subtree, &anything(), &["cn"], 2);
    let mut entries = Vec::new();
    while let Some(entry) = search.next().await.unwrap() {
        entries.push(entry);
    }
    (entries, search.finish())
}

async fn read_from(answers: Vec<Answer>) -> (Vec<RawEntry>, Result<(), Incomplete>) {
    let server = Server::answering(answers).await;
    read(&server.connect().await).await
}

/// A page of empty entries, and the cookie of the next.
fn page(names: &'static [&'static str], cookie: &'static [u8]) -> Answer {
    answer(move |id| {
        let mut bytes: Vec<u8> = names.iter().flat_map(|name| entry(id, name, &[])).collect();
        bytes.extend(done_with_cookie(id, cookie));
        bytes
    })
}

fn names(entries: &[RawEntry]) -> Vec<&str> {
    entries.iter().map(RawEntry::dn).collect()
}

/// R27
#[tokio::test]
async fn r27_every_page_is_read() {
    let (entries, end) = read_from(vec![
        page(&["CN=1", "CN=2"], b"a"),
        page(&["CN=3"], b"b"),
        page(&["CN=4"], b""),
    ])
    .await;
    assert_eq!(names(&entries), ["CN=1", "CN=2", "CN=3", "CN=4"]);
    assert_eq!(end, Ok(()));
}

/// R27: Samba and 389 DS give one cookie for all pages; a page may be empty.
#[tokio::test]
async fn r27_one_cookie_for_all_pages_is_no_repetition() {
    let (entries, end) = read_from(vec![
        page(&["CN=1"], b"a"),
        page(&[], b"a"),
        page(&["CN=2"], b"a"),
        page(&[], b""),
    ])
    .await;
    assert_eq!(names(&entries), ["CN=1", "CN=2"]);
    assert_eq!(end, Ok(()));
}

/// R27: the cookie that the server gave is the one that it gets.
#[tokio::test]
async fn r27_the_cookie_goes_back() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let first = peer.request().await.unwrap();
        peer.send(
            &[
                entry(first.id, "CN=1", &[]),
                done_with_cookie(first.id, b"cookie\x00\xff"),
            ]
            .concat(),
        )
        .await;
        let second = peer.request().await.unwrap();
        let code = if second.contains(b"cookie\x00\xff") && !first.contains(b"cookie") {
            0
        } else {
            80
        };
        peer.send(&done(second.id, code, "")).await;
        peer.request().await;
    })
    .await;
    assert_eq!(read(&server.connect().await).await.1, Ok(()));
}

/// R27: values stay in the server's order, whether they are text or not.
#[tokio::test]
async fn r27_values_keep_their_order() {
    let values = answer(|id| {
        let mut bytes = entry(id, "CN=1", &[("cn", &["first", "#", "last"])]);
        let at = bytes.iter().position(|byte| *byte == b'#').unwrap();
        bytes[at] = 0xff;
        bytes.extend(done(id, 0, ""));
        bytes
    });
    let (entries, _) = read_from(vec![values]).await;
    assert_eq!(entries[0].values("cn"), [&b"first"[..], b"\xff", b"last"]);
}

/// R27: the entries of a cut answer are given, and it is not complete.
#[tokio::test]
async fn r27_limits_of_the_server() {
    for (code, why) in [
        (3, Incomplete::TimeLimit),
        (4, Incomplete::SizeLimit),
        (11, Incomplete::AdministrativeLimit),
    ] {
        let cut = answer(move |id| [entry(id, "CN=2", &[]), done(id, code, "")].concat());
        let (entries, end) = read_from(vec![page(&["CN=1"], b"a"), cut]).await;
        assert_eq!(names(&entries), ["CN=1", "CN=2"]);
        assert_eq!(end, Err(why));
    }
}

/// R27
#[tokio::test]
async fn r27_a_search_that_was_left_is_not_complete() {
    let server = Server::answering(vec![page(&["CN=1", "CN=2"], b"")]).await;
    let connection = server.connect().await;
    let filter = anything();
    let mut search = connection.paged("DC=x", Scope::Subtree, &filter, &[], 2);
    search.next().await.unwrap().unwrap();
    assert_eq!(search.finish(), Err(Incomplete::NotDrained));
    let unread = connection.paged("DC=x", Scope::Subtree, &filter, &[], 2);
    assert_eq!(unread.finish(), Err(Incomplete::NotDrained));
}

/// A57: the connection drops between two pages.
#[tokio::test]
async fn a57_dropped_between_pages() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let request = peer.request().await.unwrap();
        peer.send(&page(&["CN=1"], b"a")(request.id)).await;
    })
    .await;
    let connection = server.connect().await;
    let filter = anything();
    let mut search = connection.paged("DC=x", Scope::Subtree, &filter, &[], 2);
    search.next().await.unwrap().unwrap();
    assert!(matches!(search.next().await, Err(Error::Lost { .. })));
    assert_eq!(search.next().await, Ok(None));
    assert!(matches!(search.finish(), Err(Incomplete::Failed(_))));
}

/// R27: an error in the middle is no end.
#[tokio::test]
async fn r27_an_error_on_a_later_page() {
    let server = Server::answering(vec![page(&["CN=1"], b"a"), answer(|id| done(id, 53, "cookie"))]).await;
    let connection = server.connect().await;
    let filter = anything();
    let mut search = connection.paged("DC=x", Scope::Subtree, &filter, &[], 2);
    search.next().await.unwrap().unwrap();
    assert!(matches!(
        search.next().await,
        Err(Error::UnwillingToPerform { .. })
    ));
    assert!(matches!(search.finish(), Err(Incomplete::Failed(_))));
}

#[tokio::test]
async fn a_base_that_does_not_exist() {
    let server = Server::answering(vec![answer(|id| done(id, 32, ""))]).await;
    let connection = server.connect().await;
    let error = connection
        .search("CN=no", Scope::Base, &anything(), &[])
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::NoSuchObject { dn, .. } if dn == "CN=no"),
        "{error}"
    );
}

#[tokio::test]
async fn a_lookup_stops_at_its_limit() {
    let server = Server::answering(vec![page(&["CN=1", "CN=2", "CN=3"], b"")]).await;
    let mut settings = plain();
    settings.limits.lookup_entries = 2;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    let found = connection
        .search("DC=x", Scope::Subtree, &anything(), &[])
        .await
        .unwrap();
    assert_eq!(names(&found.entries), ["CN=1", "CN=2"]);
    assert_eq!(found.incomplete, Some(Incomplete::TooManyEntries(2)));
}

/// A49: what a name holds stays a value on the wire.
#[tokio::test]
async fn a49_a_value_is_never_a_filter() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let request = peer.request().await.unwrap();
        // [3] equalityMatch { "uid", value }, and no [4] substrings.
        let whole = request.contains(b"\xa3\x10\x04\x03uid\x04\x09*)(uid=*\\");
        peer.send(&done(request.id, if whole { 0 } else { 80 }, "")).await;
        peer.request().await;
    })
    .await;
    let filter = Filter::equal(AttributeName::from_static("uid"), "*)(uid=*\\");
    let found = server
        .connect()
        .await
        .search("DC=x", Scope::Subtree, &filter, &[])
        .await
        .unwrap();
    assert_eq!(found.incomplete, None);
}

/// A51
#[tokio::test]
async fn a51_a_page_that_repeats() {
    let same = || page(&["CN=1", "CN=2"], b"a");
    let (entries, end) = read_from(vec![same(), same(), same()]).await;
    assert_eq!(names(&entries), ["CN=1", "CN=2"]);
    assert_eq!(end, Err(Incomplete::RepeatedPage));
}

/// A51: cookies that lead in a circle.
#[tokio::test]
async fn a51_pages_in_a_circle() {
    let (first, second) = (|| page(&["CN=1"], b"a"), || page(&["CN=2"], b"b"));
    let (entries, end) = read_from(vec![first(), second(), first(), second()]).await;
    assert_eq!(names(&entries), ["CN=1", "CN=2"]);
    assert_eq!(end, Err(Incomplete::RepeatedPage));
}

/// A51
#[tokio::test]
async fn a51_pages_without_entries_and_without_end() {
    let server = endless(|id, _| done_with_cookie(id, b"a")).await;
    assert_eq!(read(&server.connect().await).await.1, Err(Incomplete::EmptyPages));
}

/// A51: pages that are all different.
#[tokio::test]
async fn a51_entries_without_end() {
    let server = endless(|id, page| {
        [
            entry(id, &format!("CN={page}"), &[]),
            done_with_cookie(id, &[page]),
        ]
        .concat()
    })
    .await;
    let mut settings = plain();
    settings.limits.search_entries = 20;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    let (entries, end) = read(&connection).await;
    assert_eq!((entries.len(), end), (20, Err(Incomplete::TooManyEntries(20))));
}

/// A server that answers the n-th search with the bytes for its number and n, for ever.
async fn endless(bytes: impl Fn(u32, u8) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let bytes = Arc::new(bytes);
    Server::start(move |stream| {
        let bytes = Arc::clone(&bytes);
        async move {
            let mut peer = Peer::new(stream);
            let mut number = 0;
            while let Some(request) = peer.request().await {
                peer.send(&bytes(request.id, number)).await;
                number += 1;
            }
        }
    })
    .await
}

/// An answer with one entry that holds values from `first` to `last` as a range of `member`.
fn range(name: &'static str, values: &'static [&'static str]) -> Answer {
    answer(move |id| {
        let attributes: [(&str, &[&str]); 2] = [("member", &[]), (name, values)];
        [entry(id, "CN=g", &attributes), done(id, 0, "")].concat()
    })
}

/// R27: the ranges of a large group are joined under the attribute's own name.
#[tokio::test]
async fn r27_ranges_are_joined() {
    let (entries, end) = read_from(vec![
        range("member;range=0-1", &["a", "b"]),
        range("member;range=2-3", &["c", "d"]),
        range("member;range=4-*", &["e"]),
    ])
    .await;
    assert_eq!(
        entries[0].texts("member").collect::<Vec<_>>(),
        ["a", "b", "c", "d", "e"]
    );
    assert_eq!(entries[0].attributes().count(), 1);
    assert_eq!(end, Ok(()));
}

/// R27: the next range is asked of the entry itself.
#[tokio::test]
async fn r27_the_next_range_is_asked_for() {
    let server = Server::start(|stream| async move {
        let mut peer = Peer::new(stream);
        let first = peer.request().await.unwrap();
        peer.send(&range("member;range=0-1", &["a", "b"])(first.id)).await;
        let second = peer.request().await.unwrap();
        let asked = second.contains(b"member;range=2-*") && second.contains(b"\x04\x04CN=g\x0a\x01\x00");
        let answer = if asked {
            range("member;range=2-*", &["c"])(second.id)
        } else {
            done(second.id, 80, "")
        };
        peer.send(&answer).await;
        peer.request().await;
    })
    .await;
    assert_eq!(read(&server.connect().await).await.1, Ok(()));
}

/// A51
#[tokio::test]
async fn a51_ranges_that_go_wrong() {
    let wrong = [
        range("member;range=0-1", &["a", "b"]),
        range("member;range=3-4", &["d", "e"]),
        range("member;range=2-1", &[]),
        range("member;range=2-9", &["c"]),
        range("member", &["c"]),
        answer(|id| done(id, 0, "")),
        answer(|id| done(id, 32, "")),
    ];
    for second in wrong {
        let (entries, end) = read_from(vec![range("member;range=0-1", &["a", "b"]), second]).await;
        assert_eq!(entries.len(), 1);
        assert!(matches!(end, Err(Incomplete::Range { .. })), "{end:?}");
    }
}

/// A51
#[tokio::test]
async fn a51_ranges_without_end() {
    let server = endless(|id, number| {
        let (first, last) = (usize::from(number) * 2, usize::from(number) * 2 + 1);
        let name = format!("member;range={first}-{last}");
        [entry(id, "CN=g", &[(&name, &["a", "b"])]), done(id, 0, "")].concat()
    })
    .await;
    let mut settings = plain();
    settings.limits.attribute_values = 30;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    let (entries, end) = read(&connection).await;
    assert_eq!(entries[0].values("member").len(), 30);
    assert!(matches!(end, Err(Incomplete::Range { .. })), "{end:?}");
}

/// A51: ranges that begin anywhere but at the start, or go back after having gone on.
#[tokio::test]
async fn a51_ranges_from_elsewhere() {
    let start = || range("member;range=0-1", &["a", "b"]);
    let on = || range("member;range=2-3", &["c", "d"]);
    for answers in [
        vec![range("member;range=2-3", &["c", "d"])],
        vec![range("member;range=2-*", &["c"])],
        vec![start(), on(), range("member;range=0-1", &["a", "b"])],
        vec![start(), on(), range("member;range=3-*", &["d"])],
        vec![start(), on(), on()],
    ] {
        let (_, end) = read_from(answers).await;
        assert!(matches!(end, Err(Incomplete::Range { .. })), "{end:?}");
    }
}

/// A51: ranges of few values, but of any size.
#[tokio::test]
async fn a51_ranges_that_fill_the_memory() {
    let large = "x".repeat(1_000);
    let server = endless(move |id, number| {
        let name = format!("member;range={number}-{number}");
        [entry(id, "CN=g", &[(&name, &[&large])]), done(id, 0, "")].concat()
    })
    .await;
    let mut settings = plain();
    settings.limits.entry_bytes = 20_000;
    let connection = Connection::open(&[server.endpoint()], &settings).await.unwrap();
    let (entries, end) = read(&connection).await;
    assert!(entries[0].values("member").len() < 25);
    assert!(matches!(end, Err(Incomplete::Range { .. })), "{end:?}");
}

/// A52: another host is never contacted, let alone sent a password.
#[tokio::test]
async fn a52_a_referral_is_never_followed() {
    let other = Server::start(|stream| async move { drop(stream) }).await;
    let url = format!("ldap://127.0.0.1:{}/DC=x", other.address.port());
    let referral = {
        let url = url.clone();
        answer(move |id| {
            let part = mock::tlv(0xa3, &mock::tlv(4, url.as_bytes()));
            mock::message(id, &[mock::tlv(0x65, &[mock::result(10, ""), part].concat())])
        })
    };
    let (entries, end) = read_from(vec![referral]).await;
    assert!(entries.is_empty());
    assert_eq!(end, Err(Incomplete::Referral(vec![url.clone()])));
    let part = {
        let url = url.clone();
        answer(move |id| [entry(id, "CN=1", &[]), reference(id, &url), done(id, 0, "")].concat())
    };
    let (entries, end) = read_from(vec![part]).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(end, Err(Incomplete::Referral(vec![url])));
    assert_eq!(other.connections(), 0);
}

/// A52
#[tokio::test]
async fn a52_a_referral_to_itself() {
    let server = endless(|id, _| [reference(id, "ldap://localhost/DC=x"), done(id, 0, "")].concat()).await;
    let (_, end) = read(&server.connect().await).await;
    assert!(matches!(end, Err(Incomplete::Referral(_))));
    assert_eq!(server.connections(), 1);
}

/// Active Directory is asked to leave out references to the forest's other partitions, which are no part of a domain.
#[tokio::test]
async fn active_directory_is_asked_for_the_domain_alone() {
    for (capability, asked) in [("1.2.840.113556.1.4.800", true), ("1.1", false)] {
        let server = Server::start(move |stream| async move {
            let mut peer = Peer::new(stream);
            let root = peer.any_request().await.unwrap();
            let attributes: [(&str, &[&str]); 1] = [("supportedCapabilities", &[capability])];
            peer.send(&[entry(root.id, "", &attributes), done(root.id, 0, "")].concat())
                .await;
            let search = peer.request().await.unwrap();
            let code = if search.contains(b"1.2.840.113556.1.4.1339") == asked {
                0
            } else {
                80
            };
            peer.send(&done(search.id, code, "")).await;
            peer.request().await;
        })
        .await;
        assert_eq!(read(&server.connect().await).await.1, Ok(()));
    }
}

/// A server application reads from any of its threads.
#[tokio::test(flavor = "multi_thread")]
async fn reads_move_between_threads() {
    let server = Server::answering(vec![page(&["CN=1"], b"a"), page(&["CN=2"], b"")]).await;
    let connection = server.connect().await;
    let reading = tokio::spawn(async move {
        let schema = Schema::of(Preset::OpenLdap);
        let mut builder = ReadBuilder::new(Mapper::new(schema));
        let mut entries = 0;
        let mut progress = |count| entries = count;
        read_domain(&connection, "x", "DC=x", 2, &mut builder, &mut progress)
            .await
            .unwrap();
        (entries, builder.finish())
    });
    let (entries, read) = reading.await.unwrap();
    assert_eq!(entries, 2);
    assert!(read.completeness.complete().is_none(), "nobody came");
}

/// A57: what a failed read leaves in the builder is not complete.
#[tokio::test]
async fn a57_a_domain_that_is_cut_short() {
    let user = |id| {
        entry(
            id,
            "uid=a,dc=x",
            &[
                ("objectClass", &["person"]),
                ("uid", &["a"]),
                ("entryUUID", &["1"]),
            ],
        )
    };
    let first = move |id| [user(id), done_with_cookie(id, b"a")].concat();
    let endings: [(Answer, bool); 3] = [
        (answer(|id| done(id, 0, "")), true),
        (answer(|id| done(id, 4, "")), false),
        (answer(|id| done(id, 51, "busy")), false),
    ];
    for (ending, complete) in endings {
        let server = Server::answering(vec![answer(first), ending]).await;
        let connection = server.connect().await;
        let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
        let _outcome = read_domain(&connection, "x", "dc=x", 2, &mut builder, &mut |_| {}).await;
        let read = builder.finish();
        assert_eq!(read.users.len(), 1);
        assert_eq!(
            read.completeness.complete().is_some(),
            complete,
            "{:?}",
            read.completeness
        );
    }
}

/// R35, I7: a user whose identity the reader may not see would look like somebody gone and somebody new, so that the read is
/// not complete; where the kind of server may have none, and shows none, or the key is the operator's own, it is.
#[tokio::test]
async fn r35_a_hidden_identity_is_no_complete_read() {
    const UUID: &str = "597ae2f6-16a6-1027-98f4-d28b5365dc14";
    let openldap = || Schema::of(Preset::OpenLdap);
    let unix = || Schema::of(Preset::Unix);
    let mut by_name = openldap();
    by_name.set("key", vec!["employeeNumber".to_owned()]).unwrap();
    for (what, schema, shown, complete) in [
        ("all show it", openldap(), &[Some(UUID), Some(UUID)][..], true),
        ("one does not", openldap(), &[Some(UUID), None], false),
        ("none does", openldap(), &[None, None], false),
        ("none can", unix(), &[None, None], true),
        ("one can", unix(), &[None, Some(UUID)], false),
        ("another key", by_name, &[None, None], true),
    ] {
        let page = answer(move |id| {
            let user = |(number, uuid): (usize, &Option<&'static str>)| {
                let (dn, uid) = (format!("uid=u{number},dc=x"), format!("u{number}"));
                let identity: &[&str] = uuid.as_slice();
                let class = ["posixAccount"];
                entry(
                    id,
                    &dn,
                    &[
                        ("objectClass", &class),
                        ("uid", &[&*uid]),
                        ("entryUUID", identity),
                    ],
                )
            };
            let users = shown.iter().enumerate().flat_map(user);
            users.chain(done(id, 0, "")).collect()
        });
        let server = Server::answering(vec![page]).await;
        let connection = server.connect().await;
        let mut builder = ReadBuilder::new(Mapper::new(schema));
        read_domain(&connection, "x", "dc=x", 5, &mut builder, &mut |_| {})
            .await
            .unwrap();
        let read = builder.finish();
        assert!(!read.users.is_empty());
        let completeness = read.completeness;
        assert_eq!(
            completeness.complete().is_some(),
            complete,
            "{what}: {completeness:?}"
        );
        if !complete {
            assert!(
                format!("{completeness:?}").contains("identity"),
                "{completeness:?}"
            );
        }
    }
}
