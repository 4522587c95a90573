//! Content synchronisation: OpenLDAP.

use std::time::Duration;

use adlib_lab::openldap::{self, Server};
use adlib_ldap::{Error, Scope};
use adlib_schema::{
    AttributeName, Mapper, Preset, Schema,
    read::changes::{FullReadReason, Mark, Method, Replica},
    syntax::Filter,
};

use super::{
    busy::{PAUSE, Writer, busy_time},
    lab_server,
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{Flavour, Tree},
};

async fn reader(server: &Server, account: &str, wanted: Option<Method>) -> Reader {
    let at = (&*server.host, server.ip, &*server.ca_file);
    Reader {
        connection: lab_server::bound(at, &server.dn(account), &server.service_password).await,
        mapper: Mapper::new(Schema::of(Preset::OpenLdap)),
        name: server.base.clone(),
        base: server.base.clone(),
        account: account.to_owned(),
        wanted,
        replica: Replica::default(),
    }
}

/// One reader for each method.
async fn readers(server: &Server) -> [(&'static str, Reader); 2] {
    let mut readers = [
        ("syncrepl", reader(server, openldap::SYNC, None).await),
        (
            "timestamps",
            reader(server, openldap::SYNC, Some(Method::ModifyTimestamp)).await,
        ),
    ];
    for (name, reader) in &mut readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
    }
    readers
}

/// Members that the server mends by itself are mended a little later.
async fn settled() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// R28: the law, by each method that the server has.
#[tokio::test]
async fn r28_increments_equal_a_full_read() {
    let server = openldap::openldap_change();
    let seed = seed();
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, seed);
    server.modify(&tree.ldif());
    settled().await;
    let mut readers = readers(&server).await;
    assert_eq!(
        readers[0]
            .1
            .replica
            .cursor()
            .of(&server.base)
            .map(|mark| mark.method),
        Some(Method::Syncrepl)
    );
    for round in 0..rounds(10) {
        for _ in 0..8 {
            tree.change();
        }
        server.modify(&tree.ldif());
        if round % 2 == 1 {
            // Perhaps before the server has mended the groups: the next read has what it mends.
            for (name, reader) in &mut readers {
                let when = format!("seed {seed}, round {round}, {name}, at once");
                assert_eq!(reader.go_on().await.0.full, None, "{when}");
            }
        }
        settled().await;
        let fresh = readers[0].1.fresh().await;
        for (name, reader) in &mut readers {
            let (read, changes) = reader.go_on().await;
            let entries = read.increment.entries_read;
            println!(
                "round {round}, {name}: {entries} entries, {} changes",
                changes.len()
            );
            let when = format!("seed {seed}, round {round}, {name}");
            assert_eq!(read.full, None, "{when}");
            assert_same(reader.kept(), fresh.clone(), &when);
        }
    }
}

/// R28: somebody deleted and put back with the old DN and identity, as by a restore, has lost the groups that the server took
/// it out of without a word.
#[tokio::test]
async fn r28_put_back_with_the_old_identity() {
    let server = openldap::openldap_change();
    let base = &server.base;
    let (user, group) = (format!("uid=returned,{base}"), format!("cn=left,{base}"));
    let user_entry = format!(
        "dn: {user}\nchangetype: add\nentryUUID: 3f2504e0-4f89-11d3-9a0c-0305e82c3301\n\
         objectClass: inetOrgPerson\nuid: returned\ncn: Re\nsn: Turned\n\n"
    );
    // Old enough not to be read again because clocks may differ.
    server.modify(&format!(
        "{user_entry}dn: {group}\nchangetype: add\nmodifyTimestamp: 20230101000000Z\n\
         objectClass: groupOfNames\ncn: left\nmember: {user}\nmember: {base}\n\n"
    ));
    settled().await;
    let mut readers = readers(&server).await;
    let told = change_number(&readers[0].1, &group).await;
    server.modify(&format!("dn: {user}\nchangetype: delete\n\n{user_entry}"));
    settled().await;
    assert_eq!(change_number(&readers[0].1, &group).await, told);
    let fresh = readers[0].1.fresh().await;
    for (name, reader) in &mut readers {
        let (read, changes) = reader.go_on().await;
        assert_eq!(read.full, None, "{name}");
        assert!(
            changes.iter().any(|change| change.dn == group),
            "{name}: {changes:?}"
        );
        assert_same(reader.kept(), fresh.clone(), name);
    }

    // A group that lists whoever changed, as is known, is not read again.
    let mail = |mail| format!("dn: {user}\nchangetype: modify\nreplace: mail\nmail: {mail}@example.com\n\n");
    let join = format!("dn: {group}\nchangetype: modify\nadd: member\nmember: {user}\n\n");
    let mut entries = Vec::new();
    for change in [mail("outside"), join, mail("inside")] {
        server.modify(&change);
        settled().await;
        let fresh = readers[0].1.fresh().await;
        let mut read = Vec::new();
        for (name, reader) in &mut readers {
            read.push(reader.go_on().await.0.increment.entries_read);
            assert_same(reader.kept(), fresh.clone(), name);
        }
        entries.push(read);
    }
    // By time stamps, the group is read again for having changed a moment ago.
    assert_eq!(entries[0][0], entries[2][0]);
}

/// By what the server says when the entry `dn` changed last.
async fn change_number(reader: &Reader, dn: &str) -> Vec<u8> {
    let anything = Filter::present(AttributeName::from_static("objectClass"));
    let found = reader
        .connection
        .search(dn, Scope::Base, &anything, &["entryCSN"])
        .await
        .unwrap();
    found.entries[0].first("entryCSN").unwrap().to_vec()
}

/// R28: changes as they happen, with a mark after each.
#[tokio::test]
async fn r28_changes_as_they_happen() {
    let server = openldap::openldap_change();
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, 7);
    server.modify(&tree.ldif());
    settled().await;
    let mut reader = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    reader.go_on().await;
    let mut replica = reader.replica.clone();
    let mut stream = reader.changes().watch(&replica).await.unwrap().unwrap();
    let before = stream.next().await.unwrap().unwrap();
    assert_eq!(replica.apply(&reader.name, before, &reader.mapper), []);
    let dn = format!("uid=user1,ou=people,{}", server.base);
    server.modify(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: mail\nmail: now@example.com\n"
    ));
    let increment = tokio::time::timeout(Duration::from_secs(10), stream.next());
    let increment = increment.await.unwrap().unwrap().unwrap();
    assert_ne!(increment.mark.as_ref(), replica.cursor().of(&reader.name));
    let changes = replica.apply(&reader.name, increment, &reader.mapper);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].dn, dn);
    drop(stream);

    // Whoever goes on from there has missed nothing, and reads nothing twice.
    let mut later = self::reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    later.replica = replica;
    let (read, changes) = later.go_on().await;
    assert_eq!((read.full, changes), (None, Vec::new()));
    assert_same(later.kept(), later.fresh().await, "after the stream");
}

/// R28: a cookie that was cut, or is of another directory, is no way to a wrong result.
#[tokio::test]
async fn r28_a_cookie_that_is_not_the_servers() {
    let server = openldap::openldap();
    let mut reader = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    reader.go_on().await;
    let good = reader.replica.clone();
    let with = |change: &dyn Fn(&mut Mark)| {
        let mut mark = good.cursor().of(&server.base).unwrap().clone();
        change(&mut mark);
        let nothing = adlib_schema::read::changes::Increment::new(
            Vec::new(),
            adlib_schema::read::changes::Presence::Told,
            Some(mark),
            0,
        );
        let mut replica = good.clone();
        replica.apply(&server.base, nothing, &reader.mapper);
        replica
    };
    let cut = with(&|mark| mark.position.truncate(9));
    let cookie = b"rid=1,csn=99991231235959.000000Z#000000#000#000000";
    let earlier = with(&|mark| mark.position = cookie.to_vec());
    let behind = |mark: &Mark| mark.position.windows(4).position(|part| part == b"rid=").unwrap();
    let rubbish = with(&|mark| {
        mark.position.truncate(behind(mark));
        mark.position.extend(cookie);
    });
    let elsewhere = with(&|mark| mark.server = "ldap.example.net:636".to_owned());
    let restored = with(&|mark| mark.database = "00".to_owned());
    for (replica, is_refused) in [
        (cut, true),
        (earlier, true),
        (rubbish, false),
        (elsewhere, true),
        (restored, true),
    ] {
        reader.replica = replica;
        let reason = reader.full_reason().await;
        assert!(!is_refused || reason.is_some());
        assert_same(reader.kept(), reader.fresh().await, &format!("{reason:?}"));
    }
}

/// R28: fifty changes a second while everything and the changes are read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_changes_during_reads() {
    let server = openldap::openldap_change();
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, seed());
    server.modify(&tree.ldif());
    settled().await;
    let mut readers: Vec<_> = readers(&server).await.into_iter().collect();
    let writer = Writer::start(server.writer(), tree, PAUSE, busy_time());
    let mut increments = 0;
    while writer.is_busy() {
        for (name, reader) in &mut readers {
            assert_eq!(reader.go_on().await.0.full, None, "{name}");
            increments += 1;
        }
        if readers.len() < 10 {
            let wanted = [None, Some(Method::ModifyTimestamp)][readers.len() % 2];
            let mut late = self::reader(&server, openldap::SYNC, wanted).await;
            late.go_on().await;
            readers.push(("one who began late", late));
        }
    }
    let changes = writer.finish();
    println!(
        "{changes} changes in {:?}, {increments} increments meanwhile",
        busy_time()
    );
    settled().await;
    let fresh = readers[0].1.fresh().await;
    for (name, reader) in &mut readers {
        assert_eq!(reader.go_on().await.0.full, None, "{name}");
        assert_same(reader.kept(), fresh.clone(), name);
    }
}

/// R28: a server whose database is put back to an older copy, before and after it is written to.
#[tokio::test]
async fn r28_a_server_restored_from_an_older_copy() {
    let server = openldap::openldap_of_its_own("127.0.0.67");
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, seed());
    server.modify(&tree.ldif());
    server.keep();
    for _ in 0..20 {
        tree.change();
        server.modify(&tree.ldif());
        // A change to what the server is still mending would be refused.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    settled().await;
    let changed = readers(&server).await.map(|(_, reader)| reader.replica);
    server.restore();
    compare_with_a_copy(&server, &changed, &unit(&server, "more")).await;

    // What leaves no entry behind to be asked: a deletion.
    let ada = server.dn("user1");
    server.keep();
    server.modify(&format!("dn: {ada}\nchangetype: delete\n\n"));
    settled().await;
    let deleted = readers(&server).await.map(|(_, reader)| reader.replica);
    server.restore();
    compare_with_a_copy(&server, &deleted, &unit(&server, "other")).await;

    // The change that came after the deletion is made again: by itself it tells nothing.
    let bert = format!(
        "dn: uid=bert,ou=berlin,ou=people,{}\nchangetype: modify\nreplace: mail\nmail: again@example.com\n\n",
        server.base
    );
    server.keep();
    server.modify(&format!("dn: {ada}\nchangetype: delete\n\n{bert}"));
    settled().await;
    let done = readers(&server).await.map(|(_, reader)| reader.replica);
    server.restore();
    compare_with_a_copy(&server, &done, &bert).await;
}

/// R28: the right to see a unit, taken away and given back, while something in it changes: nobody is gone who is there
/// when the right is back, and no change is lost.
#[tokio::test]
async fn r28_a_unit_out_of_sight() {
    let server = openldap::openldap_of_its_own("127.0.0.69");
    let mut readers = readers(&server).await;
    let (unit, user) = (format!("ou=berlin,ou=people,{}", server.base), "bert");
    let database = "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n";
    let hidden = format!(
        "{database}add: olcAccess\nolcAccess: {{0}}to dn.subtree=\"{unit}\" by dn.base=\"{}\" none by * break\n",
        server.dn(openldap::SYNC)
    );
    server.configure(&hidden);
    for mail in ["before@example.com", "meanwhile@example.com"] {
        go_on(&mut readers, mail).await;
        for (name, reader) in &readers {
            assert!(
                !reader.kept().users.iter().any(|who| who.account == user),
                "{name}"
            );
        }
        server.modify(&format!(
            "dn: uid={user},{unit}\nchangetype: modify\nreplace: mail\nmail: {mail}\n"
        ));
        settled().await;
    }
    go_on(&mut readers, "changed out of sight").await;
    server.configure(&format!("{database}delete: olcAccess\nolcAccess: {{0}}\n"));
    go_on(&mut readers, "given back").await;
    for (name, reader) in &readers {
        let users = reader.kept().users;
        let who = users.iter().find(|who| who.account == user).unwrap();
        assert!(
            format!("{who:?}").contains("meanwhile@example.com"),
            "{name}: {who:?}"
        );
    }
}

/// Each reader goes on, and has what a fresh read gives.
async fn go_on(readers: &mut [(&'static str, Reader)], when: &str) {
    let fresh = readers[0].1.fresh().await;
    for (name, reader) in readers {
        let reason = reader.full_reason().await;
        println!("{when}, {name}: {reason:?}");
        assert!(
            matches!(
                reason,
                None | Some(FullReadReason::RightsChanged(_) | FullReadReason::Restored(_))
            ),
            "{when}, {name}: {reason:?}"
        );
        assert_same(reader.kept(), fresh.clone(), &format!("{when}, {name}"));
    }
}

/// LDIF that adds the unit `name`.
fn unit(server: &openldap::OwnOpenLdap, name: &str) -> String {
    let base = &server.base;
    format!("dn: ou={name},{base}\nchangetype: add\nobjectClass: organizationalUnit\n\n")
}

/// That who goes on from `replicas`, read before the server was put back, has what is there now, in the end by reading
/// everything: as it is, and after the change `more`.
async fn compare_with_a_copy(server: &openldap::OwnOpenLdap, replicas: &[Replica; 2], more: &str) {
    for more in ["", more] {
        server.modify(more);
        settled().await;
        for (replica, wanted) in replicas.iter().zip([None, Some(Method::ModifyTimestamp)]) {
            let mut reader = reader(server, openldap::SYNC, wanted).await;
            if wanted.is_none() {
                let watching = self::reader(server, openldap::SYNC, None).await;
                let watched = watching.changes().watch(replica).await.unwrap();
                if let Ok(mut stream) = watched {
                    let first = stream.next().await.unwrap();
                    assert!(first.is_err(), "{more:?}: a stream goes on");
                }
            }
            reader.replica = replica.clone();
            let reason = reader.full_reason().await;
            println!("{wanted:?} {more:?}: {reason:?}");
            // Where all that is there is listed, a deletion that was undone shows without more.
            assert!(reason.is_some() || wanted.is_some(), "{more:?}");
            assert_same(
                reader.kept(),
                reader.fresh().await,
                &format!("{wanted:?}, {more:?}: {reason:?}"),
            );
        }
    }
}

/// R28: a stream that is cut off, whose reader is cancelled again and again, and that is taken up where it ended; groups
/// that the server mends without a word are read again.
#[tokio::test]
async fn r28_a_stream_is_taken_up_again() {
    let server = openldap::openldap_change();
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, seed());
    server.modify(&tree.ldif());
    settled().await;
    let mut first = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    first.go_on().await;
    let second = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    let mut replica = first.replica.clone();
    for round in 0..3 {
        for _ in 0..8 {
            tree.change();
        }
        // Some while nobody watches, some while somebody does.
        server.modify(&tree.ldif());
        let watching = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
        let mut stream = watching.changes().watch(&replica).await.unwrap().unwrap();
        for _ in 0..8 {
            tree.change();
        }
        server.modify(&tree.ldif());
        let (mut idle, mut cancelled) = (0, 0);
        while idle < 20 {
            // Dropped half-way, most of the time.
            let Ok(next) = tokio::time::timeout(Duration::from_millis(50), stream.next()).await else {
                idle += 1;
                cancelled += 1;
                continue;
            };
            idle = 0;
            let increment = second.changes().settle(&replica, next.unwrap().unwrap()).await;
            replica.apply(&first.name, increment.unwrap().unwrap(), &first.mapper);
            // As an application would keep it, after each.
            replica = Replica::decode(&replica.encode()).unwrap();
        }
        // What the server mended after it was read again comes with a read.
        let mut later = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
        later.replica = replica;
        assert_eq!(later.full_reason().await, None);
        assert_same(
            later.kept(),
            later.fresh().await,
            &format!("round {round}, {cancelled} cancelled"),
        );
        replica = later.replica;
    }
    // What the server has mended by then comes with the stream's own increment.
    for _ in 0..8 {
        tree.change();
    }
    server.modify(&tree.ldif());
    settled().await;
    let watching = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    let mut stream = watching.changes().watch(&replica).await.unwrap().unwrap();
    let missed = stream.next().await.unwrap().unwrap();
    let missed = second.changes().settle(&replica, missed).await.unwrap().unwrap();
    replica.apply(&first.name, missed, &first.mapper);
    assert_same(
        replica.read(&first.mapper),
        first.fresh().await,
        "by the stream alone",
    );
}

/// R28: a server that goes away ends the stream with an error, and nothing is lost.
#[tokio::test]
async fn r28_a_stream_whose_server_goes_away() {
    let server = openldap::openldap_of_its_own("127.0.0.68");
    let mut first = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    first.go_on().await;
    let mut replica = first.replica.clone();
    let mut stream = first.changes().watch(&replica).await.unwrap().unwrap();
    let before = stream.next().await.unwrap().unwrap();
    replica.apply(&first.name, before, &first.mapper);
    server.restart();
    let end = tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .unwrap();
    assert!(matches!(end, Err(Error::Lost { .. }) | Ok(Err(_))), "{end:?}");
    drop(stream);
    server.modify(&format!("dn: {}\nchangetype: delete\n\n", server.dn("user1")));
    settled().await;
    let again = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    let mut stream = again.changes().watch(&replica).await.unwrap().unwrap();
    let missed = stream.next().await.unwrap().unwrap();
    let other = reader(&server, openldap::SYNC, Some(Method::Syncrepl)).await;
    let missed = other.changes().settle(&replica, missed).await.unwrap().unwrap();
    let changes = replica.apply(&again.name, missed, &again.mapper);
    assert!(
        changes.iter().any(|change| change.dn == server.dn("user1")),
        "{changes:?}"
    );
    assert_same(
        replica.read(&again.mapper),
        other.fresh().await,
        "after the restart",
    );
}
