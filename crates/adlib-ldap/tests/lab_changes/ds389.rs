//! Content synchronisation: 389 DS.

use std::fs;

use adlib_core::Password;
use adlib_lab::ds389::{self, Server};
use adlib_ldap::{Connection, Endpoint, Settings};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{FullReadReason, Method, Replica},
};

use super::{
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{Flavour, Tree},
};

async fn reader(server: &Server, wanted: Option<Method>) -> Reader {
    let mut settings = Settings::default();
    settings.tls.ca_pem = Some(fs::read(&server.ca_file).unwrap());
    settings.tls.ca_only = true;
    let endpoint = Endpoint::new(&server.host, 636).at([server.ip]);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let password = Password::from(server.service_password.as_str());
    let dn = server.dn(ds389::SYNC);
    connection.bind_simple(&dn, &password).await.unwrap();
    Reader {
        connection,
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
    let mut tree = Tree::new(Flavour::OpenLdap, &server.base, seed);
    server.modify(&tree.ldif());
    let mut readers = [
        ("syncrepl", reader(&server, None).await),
        (
            "timestamps",
            reader(&server, Some(Method::ModifyTimestamp)).await,
        ),
    ];
    for (name, reader) in &mut readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
    }
    for round in 0..rounds() {
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
                changes.len(), read.full
            );
            let when = format!("seed {seed}, round {round}, {name}, after\n{ldif}");
            assert_eq!(read.full, None, "{when}");
            assert_same(reader.kept(), fresh.clone(), &when);
        }
    }
}
