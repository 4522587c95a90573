//! Active Directory: Samba's CORP.

use std::{fs, time::Instant};

use adlib_core::Password;
use adlib_lab::{Domain, directory_change, fixture};
use adlib_ldap::{Connection, Endpoint};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{FullReadReason, Increment, Mark, Method, Presence, Replica, Settings},
};

use super::{
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{Flavour, Tree},
};

async fn reader(corp: &Domain, account: &str, password: &str, wanted: Option<Method>) -> Reader {
    let mut settings = adlib_ldap::Settings::default();
    settings.tls.ca_pem = Some(fs::read(&corp.ca_file).unwrap());
    settings.tls.ca_only = true;
    let endpoint = Endpoint::new(&corp.host, corp.ldaps_port).at([corp.ip]);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let password = Password::from(password);
    connection
        .bind_simple(&corp.upn(account), &password)
        .await
        .unwrap();
    Reader {
        connection,
        mapper: Mapper::new(Schema::of(Preset::ActiveDirectory)),
        name: corp.dns_domain.clone(),
        base: corp.base.clone(),
        account: account.to_owned(),
        wanted,
        replica: Replica::default(),
    }
}

async fn syncing(corp: &Domain, wanted: Option<Method>) -> Reader {
    reader(corp, fixture::SYNC, &corp.service_password, wanted).await
}

/// Whoever reads without a right to replicate or to see what is deleted.
async fn ordinary(corp: &Domain, wanted: Option<Method>) -> Reader {
    reader(corp, fixture::ORDINARY, &corp.user_password, wanted).await
}

/// Run a script where the lab's names resolve.
fn script(text: &str) {
    let output = adlib_lab::exec(&["bash", "-euc", text]);
    assert!(
        output.status.success(),
        "{text}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Change the directory as the administrator.
fn modify(corp: &Domain, ldif: &str) {
    let (host, password) = (&corp.host, &corp.admin_password);
    let tool = format!("ldbmodify -H ldap://{host} -U 'administrator%{password}'");
    script(&format!("{tool} >/dev/null <<'LDIF'\n{ldif}\nLDIF"));
}

/// R28: the law, by each method that the server has.
#[tokio::test]
async fn r28_increments_equal_a_full_read() {
    let corp = directory_change();
    let seed = seed();
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed);
    modify(&corp, &tree.ldif());
    let mut readers = [
        ("dirsync", syncing(&corp, None).await),
        ("usn", syncing(&corp, Some(Method::Usn)).await),
        (
            "dirsync without the right to replicate",
            ordinary(&corp, Some(Method::DirSync)).await,
        ),
        ("usn without deleted entries", ordinary(&corp, None).await),
        ("timestamps", ordinary(&corp, Some(Method::ModifyTimestamp)).await),
    ];
    for (name, reader) in &mut readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
    }
    for round in 0..rounds() {
        let begin = Instant::now();
        for _ in 0..8 {
            tree.change();
        }
        modify(&corp, &tree.ldif());
        let changed = begin.elapsed();
        let fresh = readers[0].1.fresh().await;
        for (name, reader) in &mut readers {
            let begin = Instant::now();
            let (read, changes) = reader.go_on().await;
            println!(
                "round {round} ({changed:?}), {name}: {} entries, {} changes, {:?}",
                read.increment.entries_read,
                changes.len(),
                begin.elapsed()
            );
            assert_eq!(read.full, None, "seed {seed}, round {round}, {name}");
            assert_same(
                reader.kept(),
                fresh.clone(),
                &format!("seed {seed}, round {round}, {name}"),
            );
        }
    }
}

/// R28: another controller, a database restored from a copy, rights taken away, other settings: a full read with the reason.
#[tokio::test]
async fn r28_what_makes_increments_impossible() {
    let corp = adlib_lab::corp();
    let mut reader = syncing(&corp, None).await;
    reader.go_on().await;
    let good = reader.replica.clone();
    let with = |change: &dyn Fn(&mut Mark)| {
        let mut mark = good.cursor().of(&corp.dns_domain).unwrap().clone();
        change(&mut mark);
        let mut replica = good.clone();
        let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
        replica.apply(&corp.dns_domain, nothing, &reader.mapper);
        replica
    };
    let marks: [(&str, Replica); 5] = [
        (
            "another server answers",
            with(&|mark| mark.server = "CN=DC9".to_owned()),
        ),
        (
            "the server was restored",
            with(&|mark| mark.database = "00".to_owned()),
        ),
        (
            "the settings of the read",
            with(&|mark| mark.settings = Settings::of(["other"])),
        ),
        (
            "the server does not go on",
            with(&|mark| mark.position.truncate(20)),
        ),
        ("is damaged", with(&|mark| mark.position.truncate(3))),
    ];
    for (expected, replica) in marks {
        reader.replica = replica;
        let (read, _) = reader.go_on().await;
        let reason = read.full.unwrap().to_string();
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    assert_same(reader.kept(), reader.fresh().await, "after refusals");

    // The right to replicate is gone: the same cookie in the hands of an account without it.
    let mut ordinary = ordinary(&corp, None).await;
    let mut mark = good.cursor().of(&corp.dns_domain).unwrap().clone();
    ordinary.go_on().await;
    mark.settings = ordinary.replica.cursor().of(&corp.dns_domain).unwrap().settings;
    let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
    ordinary
        .replica
        .apply(&corp.dns_domain, nothing, &ordinary.mapper);
    let (read, _) = ordinary.go_on().await;
    assert!(
        matches!(read.full, Some(FullReadReason::RightsChanged(_))),
        "{:?}",
        read.full
    );
    assert_eq!(read.method, Method::Usn);
}
