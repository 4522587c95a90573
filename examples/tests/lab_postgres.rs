//! The store over a real PostgreSQL, started for these tests on a loopback port of its own.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod interrupted;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use adlib_examples::{PostgresStore, PostgresStoreError};
use adlib_schema::record::{Key, Pin};
use adlib_sync::{
    Details, Links, Source,
    store::{Applied, Begin, Cursor, Cursors, Fixture, NewUser, Operation, Origin, Run, Store, conformance},
};
use tokio_postgres::{Client, NoTls};

use interrupted::{
    BLOCKED, content, fail_at, kill_at, points_of_a_day, run, store_of_the_victim, wait_at_the_point,
};

const DEADLINE: Duration = Duration::from_secs(30);

/// A PostgreSQL of the tests' own; stopped when it is dropped.
struct Server {
    process: Child,
    port: u16,
    databases: AtomicUsize,
    directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let initdb = [
            "-U",
            "adlib",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ];
        let made = as_nobody("initdb", directory.path())
            .args(initdb)
            .arg(&data)
            .output();
        let made = made.unwrap_or_else(|error| panic!("initdb (apt: postgresql): {error}"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = as_nobody("postgres", directory.path())
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            port,
            databases: AtomicUsize::new(0),
            directory,
        }
    }

    fn address(&self, database: &str) -> String {
        format!("host=127.0.0.1 port={} user=adlib dbname={database}", self.port)
    }

    async fn client(&self, database: &str) -> Client {
        let start = Instant::now();
        loop {
            match tokio_postgres::connect(&self.address(database), NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) if start.elapsed() > DEADLINE => panic!("{error}"),
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// The address of a new database, a copy of `template`.
    async fn database(&self, template: &str) -> String {
        let name = format!("users{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let start = Instant::now();
        // A connection that was just dropped may keep the template busy for a moment.
        while let Err(error) = self.client("postgres").await.batch_execute(&create).await {
            assert!(start.elapsed() < DEADLINE, "{error}");
            thread::sleep(Duration::from_millis(20));
        }
        name
    }

    async fn store(&self, database: &str) -> PostgresStore {
        open(&self.address(database)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: end the sessions and stop.
        let id = self.process.id().to_string();
        drop(Command::new("kill").args(["-INT", &id]).status());
        drop(self.process.wait());
    }
}

/// `program` as a user who is not root, which PostgreSQL insists on; and `directory` as that user's.
fn as_nobody(program: &str, directory: &Path) -> Command {
    let program = find(program);
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        return Command::new(program);
    }
    let owned = Command::new("chown")
        .args(["nobody", directory.to_str().unwrap()])
        .status();
    assert!(owned.unwrap().success());
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(program);
    command.current_dir(directory);
    command
}

/// Debian keeps the server's programs out of the path.
fn find(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.path().join("bin").join(program))
        .filter(|path| path.exists())
        .collect();
    found.sort_unstable();
    found.pop().unwrap_or_else(|| program.into())
}

async fn open(address: &str) -> PostgresStore {
    PostgresStore::open(address.parse().unwrap()).await.unwrap()
}

impl Fixture for Server {
    type Store = PostgresStore;

    async fn empty(&self) -> PostgresStore {
        let database = self.database("template1").await;
        self.store(&database).await
    }

    async fn add_local(&self, store: &PostgresStore, name: &str, origin: Origin) {
        store.add_local(name, origin, &Details::default()).await.unwrap();
    }

    async fn set_blocked(&self, store: &PostgresStore, name: &str, blocked: bool) {
        assert!(store.set_blocked(name, blocked).await.unwrap());
    }

    async fn expire(&self, store: &PostgresStore) -> bool {
        let expire = "UPDATE sync_run SET expires = now() - interval '1 second' WHERE ended IS NULL";
        let client = self.client(store.database()).await;
        client.execute(expire, &[]).await.unwrap() == 1
    }
}

fn ada() -> NewUser {
    let mut user = NewUser::new(Links::primary(Key::new("k-ada")), "Ada");
    user.details.cards = vec!["1".into(), "2".into()];
    user.details.sid = "S-1-5-21-1-2-3-1104".parse().ok();
    user.details.pin = Pin::new("8642");
    user
}

async fn begin(store: &PostgresStore) -> Begin<<PostgresStore as Store>::Run> {
    store.begin(&store.load().await.unwrap().revision).await.unwrap()
}

async fn open_run(store: &PostgresStore) -> <PostgresStore as Store>::Run {
    match begin(store).await {
        Begin::Open(run) => run,
        refused => panic!("{refused:?}"),
    }
}

/// R31, R37, A59, A62
#[tokio::test]
async fn keeps_every_promise_of_a_store() {
    conformance(&Server::start()).await.unwrap();
}

/// R24
#[tokio::test]
async fn r24_users_are_found_by_card_name_and_sid() {
    let server = Server::start();
    let store = server.empty().await;
    let mut run = open_run(&store).await;
    assert_eq!(
        run.apply(&Operation::CreateUser(ada())).await.unwrap(),
        Applied::Done
    );
    run.finish(&Cursors::default()).await.unwrap();
    let user = store.user_with_card("2").await.unwrap().unwrap();
    assert_eq!((user.name.as_str(), &user.details), ("Ada", &ada().details));
    assert_eq!(store.user_named("ADA").await.unwrap().unwrap().id, user.id);
    let sid = ada().details.sid.unwrap();
    assert_eq!(store.user_with_sid(&sid).await.unwrap().unwrap().id, user.id);
    assert_eq!(store.user_with_card("3").await.unwrap(), None);
    assert_eq!(store.users().await.unwrap(), std::slice::from_ref(&user));
    assert_eq!(store.groups_of(&user.id).await.unwrap(), [""; 0]);
    let mut other = Details::default();
    other.cards = vec!["2".into()];
    store.add_local("other", Origin::Local, &other).await.unwrap();
    let error = store.user_with_card("2").await.unwrap_err();
    assert!(matches!(error, PostgresStoreError::AmbiguousCard));
    let error = store.add_local("OTHER", Origin::Local, &other).await.unwrap_err();
    assert!(matches!(error, PostgresStoreError::NameTaken(_)));
}

/// A62: the turn of a run that was silent for too long goes to the next one, and the first finds out.
#[tokio::test]
async fn a62_a_run_that_is_silent_for_too_long_loses_its_turn() {
    let server = Server::start();
    let store = server
        .empty()
        .await
        .with_owner("first")
        .with_lease(Duration::from_millis(300));
    let mut first = open_run(&store).await;
    assert!(matches!(
        first.apply(&Operation::CreateUser(ada())).await,
        Ok(Applied::Done)
    ));
    // The next one waits a moment, and that is longer than the lease.
    let second = open_run(&store.clone().with_owner("second").with_lease(DEADLINE)).await;
    let bob = NewUser::new(Links::primary(Key::new("k-bob")), "bob");
    let late = first.apply(&Operation::CreateUser(bob)).await;
    assert!(matches!(late, Err(PostgresStoreError::LeaseLost)), "{late:?}");
    let late = first.finish(&Cursors::default()).await;
    assert!(matches!(late, Err(PostgresStoreError::LeaseLost)), "{late:?}");
    assert_eq!(store.users().await.unwrap().len(), 1);
    assert!(
        matches!(begin(&store).await, Begin::Busy),
        "the second one has not ended"
    );
    second.finish(&Cursors::default()).await.unwrap();
}

/// A63: neither an error nor the journal shows a PIN.
#[tokio::test]
async fn a63_no_error_shows_a_pin() {
    let server = Server::start();
    let database = server.database("template1").await;
    let store = server.store(&database).await;
    let mut run = open_run(&store).await;
    run.apply(&Operation::CreateUser(ada())).await.unwrap();
    run.finish(&Cursors::default()).await.unwrap();
    let client = server.client(&database).await;
    let strict = "ALTER TABLE users ADD CONSTRAINT strict CHECK (name <> 'strict')";
    client.batch_execute(strict).await.unwrap();
    let mut details = Details::default();
    details.pin = Pin::new("8642");
    let error = store
        .add_local("strict", Origin::Local, &details)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("strict"), "{error}");
    assert!(!format!("{error} {error:?}").contains("8642"), "{error:?}");
    client
        .execute("UPDATE users SET pin = '86 42'", &[])
        .await
        .unwrap();
    let error = store.users().await.unwrap_err();
    assert_eq!(error.to_string(), "user 1 in the store has a bad pin");
    let journal = client
        .query("SELECT operation FROM sync_journal", &[])
        .await
        .unwrap();
    let lines: Vec<String> = journal.iter().map(|row| row.get(0)).collect();
    assert_eq!(lines, ["create user Ada (primary:k-ada)"]);
}

/// PINs do not cross a network in the clear.
#[tokio::test]
async fn other_machines_are_refused() {
    for address in [
        "host=db.example.org user=x",
        "host=localhost,10.0.0.1",
        "hostaddr=10.0.0.1",
    ] {
        let error = PostgresStore::open(address.parse().unwrap()).await.unwrap_err();
        assert!(
            matches!(error, PostgresStoreError::NotLocal(_)),
            "{address}: {error}"
        );
    }
}

/// A cursor and a kept block of the last version but one are still there.
#[tokio::test]
async fn an_earlier_version_is_migrated() {
    let server = Server::start();
    let database = server.database("template1").await;
    server.store(&database).await;
    let back = "DROP TABLE sync_cursor;
                CREATE TABLE sync_cursor (source text PRIMARY KEY, value bytea NOT NULL);
                INSERT INTO sync_cursor VALUES ('primary', '\\x0102');
                ALTER TABLE kept_block ALTER COLUMN folded_name SET NOT NULL;
                INSERT INTO kept_block (folded_name, entries) VALUES ('bob', '{primary:k-ada}');
                UPDATE migration SET taken = 4";
    server.client(&database).await.batch_execute(back).await.unwrap();
    let store = server.store(&database).await;
    let cursor = Cursors::default().with(Source::Primary, Cursor::new([1, 2]));
    assert_eq!(store.cursors().await.unwrap(), cursor);
    let bob = NewUser::new(Links::primary(Key::new("k-bob")), "Bob");
    let mut run = open_run(&store).await;
    for user in [bob, ada()] {
        let created = run.apply(&Operation::CreateUser(user)).await.unwrap();
        assert_eq!(created, Applied::Done);
    }
    run.finish(&Cursors::default()).await.unwrap();
    assert!(store.users().await.unwrap().iter().all(|user| user.blocked));
}

/// A database that a later version wrote is left alone.
#[tokio::test]
async fn later_versions_are_refused() {
    let server = Server::start();
    let database = server.database("template1").await;
    server.store(&database).await;
    let client = server.client(&database).await;
    client
        .batch_execute("UPDATE migration SET taken = 99")
        .await
        .unwrap();
    let error = PostgresStore::open(server.address(&database).parse().unwrap()).await;
    assert!(matches!(error, Err(PostgresStoreError::Newer { found: 99, .. })));
}

/// The company before the day, as the template of databases, and its state after an uninterrupted day.
struct Company {
    server: Server,
    template: String,
}

impl Company {
    async fn before() -> Self {
        let server = Server::start();
        let template = server.database("template1").await;
        let store = server.store(&template).await;
        interrupted::write_sources(server.directory.path());
        store
            .add_local("operator", Origin::Local, &Details::default())
            .await
            .unwrap();
        run(&store, server.directory.path(), "before").await;
        assert!(store.set_blocked(BLOCKED, true).await.unwrap());
        Self { server, template }
    }

    async fn copy(&self) -> (String, PostgresStore) {
        let database = self.server.database(&self.template).await;
        let store = self.server.store(&database).await;
        (self.server.address(&database), store)
    }

    fn directory(&self) -> &Path {
        self.server.directory.path()
    }
}

/// R37, A58
#[tokio::test]
async fn a58_a_store_that_fails_anywhere_is_brought_to_the_end_by_the_next_run() {
    let company = Company::before().await;
    let (_, whole) = company.copy().await;
    let points = points_of_a_day(&whole, company.directory()).await;
    run(&whole, company.directory(), "after").await;
    let after = content(&whole).await;
    for point in 0..points {
        let (_, store) = company.copy().await;
        fail_at(&store, company.directory(), point).await;
        run(&store, company.directory(), "after").await;
        assert_eq!(content(&store).await, after, "point {point}");
    }
}

/// R37, A58: killed before and after every call of the store, what was done stays, and the next run ends in the same
/// state.
#[tokio::test]
#[ignore = "a minute long: cargo xtask test --long"]
async fn a58_a_process_killed_anywhere_leaves_what_the_next_run_finishes() {
    const THIS: &str = "a58_a_process_killed_anywhere_leaves_what_the_next_run_finishes";
    if let Some(place) = store_of_the_victim() {
        let (directory, address) = place.split_once('|').unwrap();
        let store = open(address).await;
        return wait_at_the_point(&store, Path::new(directory)).await;
    }
    let company = Company::before().await;
    let directory = company.directory();
    let (_, whole) = company.copy().await;
    let points = points_of_a_day(&whole, directory).await;
    run(&whole, directory, "after").await;
    let after = content(&whole).await;
    let mut partial = 0;
    for point in 0..points {
        let (address, store) = company.copy().await;
        let before = content(&store).await;
        kill_at(THIS, &format!("{}|{address}", directory.display()), point);
        let left = content(&store).await;
        assert!(left.cursors == before.cursors || left == after, "point {point}");
        partial += usize::from(left != before && left != after);
        run(&store, directory, "after").await;
        assert_eq!(content(&store).await, after, "point {point}");
    }
    assert!(
        partial > points / 2,
        "{partial} of {points} were killed in the middle"
    );
}
