//! Content synchronisation: 389 DS.

use adlib_lab::ds389::{self, Server};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{FullReadReason, Increment, Mark, Method, Presence, Replica},
};

use super::{
    lab_server,
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{Flavour, Tree},
};

async fn reader(server: &Server, wanted: Option<Method>) -> Reader {
    let at = (&*server.host, server.ip, &*server.ca_file);
    Reader {
        connection: lab_server::bound(at, &server.dn(ds389::SYNC), &server.service_password).await,
        mapper: Mapper::new(Schema::of(Preset::Ds389)),
        name: server.base.clone(),
        base: server.base.clone(),
        account: ds389::SYNC.to_owned(),
        wanted,
        replica: Replica::default(),
    }
}

/// R28: the law, by each method that the server has.
#[tokio::test]
async fn r28_increments_equal_a_full_read() {
    let server = ds389::ds389_change();
    let seed = seed();
    let mut tree = Tree::new(Flavour::Ds389, &server.base, seed);
    server.modify(&tree.ldif());
    let mut readers = [
        ("syncrepl", reader(&server, None).await),
        ("timestamps", reader(&server, Some(Method::ModifyTimestamp)).await),
    ];
    for (name, reader) in &mut readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
        assert_same(reader.kept(), reader.fresh().await, name);
    }
    for round in 0..rounds(10) {
        for _ in 0..8 {
            tree.change();
        }
        let ldif = tree.ldif();
        server.modify(&ldif);
        let fresh = readers[0].1.fresh().await;
        for (name, reader) in &mut readers {
            let (read, changes) = reader.go_on().await;
            let entries = read.increment.entries_read;
            println!(
                "round {round}, {name}: {entries} entries, {} changes, {:?}",
                changes.len(),
                read.full
            );
            let when = format!("seed {seed}, round {round}, {name}, after\n{ldif}");
            assert_eq!(read.full, None, "{when}");
            assert_same(reader.kept(), fresh.clone(), &when);
        }
    }
}

/// R28: what is below a unit follows it, in the place of the old names.
#[tokio::test]
async fn r28_a_unit_is_renamed() {
    let server = ds389::ds389_change();
    let mut reader = reader(&server, None).await;
    reader.go_on().await;
    let base = &server.base;
    server.modify(&format!(
        "dn: ou=bonn,ou=people,{base}\nchangetype: modrdn\nnewrdn: ou=Köln\ndeleteoldrdn: 1\n"
    ));
    let (read, changes) = reader.go_on().await;
    assert_eq!(read.full, None);
    let moved = format!("uid=bonnie,ou=Köln,ou=people,{base}");
    assert!(changes.iter().any(|change| change.dn == moved), "{changes:?}");
    assert_same(reader.kept(), reader.fresh().await, "after the renaming");
}

/// R28: what 389 DS does not tell, or tells in a way of its own, is a full read with the reason.
#[tokio::test]
async fn r28_where_389_ds_is_not_taken_at_its_word() {
    let server = ds389::ds389_change();
    let mut reader = reader(&server, None).await;
    reader.go_on().await;
    assert_eq!(reader.full_reason().await, None, "nothing changed");

    // A change log without identities looks the same: it went on, and nothing is told.
    let dn = format!("ou=passing,{}", server.base);
    let add = format!("dn: {dn}\nchangetype: add\nobjectClass: organizationalUnit\n");
    server.modify(&format!("{add}\ndn: {dn}\nchangetype: delete\n"));
    let reason = reader.full_reason().await;
    assert!(
        matches!(&reason, Some(FullReadReason::NoMethod(why)) if why.contains("targetUniqueId")),
        "{reason:?}"
    );
    assert_eq!(reader.full_reason().await, None, "and then it goes on");

    let good = reader.replica.clone();
    let as_it_happens = reader.changes().watch(&good).await.unwrap();
    assert!(matches!(as_it_happens, Err(FullReadReason::NoMethod(_))));
    drop(as_it_happens);

    let mark = good.cursor().of(&server.base).unwrap();
    let changes: [&dyn Fn(&mut Mark); 3] = [
        &|mark| mark.database = mark.database.replace(" as of 0", " as of 1"),
        &|mark| mark.position.truncate(9),
        &|mark| mark.position.extend(b"9999"),
    ];
    for change in changes {
        let mut mark = mark.clone();
        change(&mut mark);
        reader.replica = good.clone();
        let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
        reader.replica.apply(&server.base, nothing, &reader.mapper);
        let reason = reader.full_reason().await;
        println!("{reason:?}");
        assert!(reason.is_some());
        assert_same(reader.kept(), reader.fresh().await, &format!("{reason:?}"));
    }
}
