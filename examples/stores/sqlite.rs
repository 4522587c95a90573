//! A user list in one SQLite file, kept in step by `adlib-sync`.
//!
//! It is the store of `adctl` and of the quickstart, and shows what an implementation of [`Store`] over a database
//! looks like. A run has a connection of its own and commits every operation for itself, so that the application goes on
//! working with the list meanwhile, and what a run that was killed has done, stays. The next run finds the rest (R37).
//!
//! - `sync_run` has one open run at most, with its owner and when it expires; `sync_journal` says what each run did.
//! - Every change, by plain SQL too, makes another revision, so that a plan is never applied to another list.
//! - Operations are committed without waiting for the disk, in order; the end of the run waits for all of them, and
//!   stores the sources' cursors with them.
//!
//! PINs are kept as they are, because devices ask for them; the file is made readable for its owner only.

mod lease;
mod operation;
mod row;
mod schema;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use adlib_core::Sid;
use adlib_sync::{
    Details, FoldedName,
    store::{
        Applied, Begin, Cursors, Operation, Origin, Revision, Run, Store, StoreState, StoredUser, UserId,
        UserRef,
    },
};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::journal::headline;

use self::{
    lease::{Taken, Turn},
    operation::{apply, insert_user},
    row::{
        first_id, id_linked, id_of_name, read_cursors, read_group, read_state, read_user, read_users,
        write_cursor,
    },
    schema::{connect, create_private, migrate},
};

/// How long a run may be silent before its turn is over.
const LEASE: Duration = Duration::from_secs(120);

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteStoreError {
    /// The file cannot be opened, or is no SQLite database.
    #[error("cannot open the store {}: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// The file cannot be created.
    #[error("cannot create the store {}: {error}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The file was written by a later version.
    #[error("the store has schema version {found}; this program knows {known}")]
    Newer {
        /// The version in the file.
        found: usize,
        /// The latest version that is known.
        known: usize,
    },
    /// A statement failed.
    #[error("the store failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// A column holds what no program should have written there.
    #[error("user {user} in the store has a bad {column}")]
    BadRecord {
        /// The user's number.
        user: i64,
        /// The column.
        column: &'static str,
    },
    /// A cursor has a source that there is not.
    #[error("the store has a cursor of a source `{0}`")]
    BadCursor(String),
    /// The file that says whose turn it is cannot be locked.
    #[error("cannot lock {}: {error}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The run was silent for so long that another one took its turn.
    #[error("this run was silent for too long, and another one has begun")]
    LeaseLost,
    /// The name of a new user is taken.
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    /// Only a run brings in a directory's users.
    #[error("`{0}` would be a directory's user, and only a run brings those in")]
    NotLocal(String),
    /// Several users have the card, which a run never leaves behind.
    #[error("several users have the same card number")]
    AmbiguousCard,
}

type Result<T, E = SqliteStoreError> = std::result::Result<T, E>;

/// A user list in one SQLite file.
///
/// ```
/// use adlib_examples::SqliteStore;
/// use adlib_sync::{Details, store::Origin};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("users.sqlite");
/// let store = SqliteStore::open(&path)?;
/// let mut details = Details::default();
/// details.cards = vec!["4711".into()];
/// store.add_local("operator", Origin::Internal, &details)?;
/// assert_eq!(store.user_with_card("4711")?.map(|user| user.name).as_deref(), Some("operator"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    owner: String,
    lease: Duration,
}

impl SqliteStore {
    /// The store in the file at `path`, which is made if there is none.
    ///
    /// # Errors
    /// `Open`, `Create`, `Newer` or `Database`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let made = create_private(&path);
        // One name for all who open it, for it is the name of the lock (A62).
        let path = made
            .and_then(|()| path.canonicalize())
            .map_err(|error| SqliteStoreError::Create {
                path: path.clone(),
                error,
            })?;
        let opened = connect(&path).and_then(|connection| {
            connection.pragma_update(None, "journal_mode", "wal")?;
            Ok(connection)
        });
        let mut connection = opened.map_err(|error| SqliteStoreError::Open {
            path: path.clone(),
            error,
        })?;
        migrate(&mut connection)?;
        Ok(Self {
            path,
            connection: Mutex::new(connection),
            owner: format!("process {}", std::process::id()),
            lease: LEASE,
        })
    }

    /// The same store, whose runs are entered under this name: a host, a job, a person.
    #[must_use]
    pub fn with_owner(self, owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            ..self
        }
    }

    /// The same store, with runs that may be silent for so long.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The users by name.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub fn users(&self) -> Result<Vec<StoredUser>> {
        let connection = self.connection();
        let mut users = read_users(&connection)?;
        users.sort_by_cached_key(|user| FoldedName::of(&user.name));
        Ok(users)
    }

    /// The user of this name, in any case.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub fn user_named(&self, name: &str) -> Result<Option<StoredUser>> {
        let connection = self.connection();
        let id = id_of_name(&connection, name)?;
        id.map_or(Ok(None), |id| read_user(&connection, id))
    }

    /// The user with this card number (R24).
    ///
    /// # Errors
    /// `AmbiguousCard`, `Database` or `BadRecord`.
    pub fn user_with_card(&self, card: &str) -> Result<Option<StoredUser>> {
        let connection = self.connection();
        let mut select =
            connection.prepare_cached("SELECT DISTINCT user_id FROM user_card WHERE value = ?1 LIMIT 2")?;
        let ids = select
            .query_map([card], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        match ids.as_slice() {
            [] => Ok(None),
            [id] => read_user(&connection, *id),
            _ => Err(SqliteStoreError::AmbiguousCard),
        }
    }

    /// The user with this security identifier: who it is that signed in.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub fn user_with_sid(&self, sid: &Sid) -> Result<Option<StoredUser>> {
        let connection = self.connection();
        let select = "SELECT id FROM user WHERE sid = ?1 ORDER BY id";
        let id = first_id(&connection, select, [sid.to_string()])?;
        id.map_or(Ok(None), |id| read_user(&connection, id))
    }

    /// The names of the groups that the user is in, nested ones included.
    ///
    /// # Errors
    /// `Database`.
    pub fn groups_of(&self, user: &UserId) -> Result<Vec<String>> {
        let connection = self.connection();
        let mut select = connection.prepare_cached(
            "SELECT source, key, domain, name, full_name FROM directory_group
             JOIN membership ON group_id = id WHERE user_id = ?1 ORDER BY domain, name",
        )?;
        let groups = select.query_map([user.as_str()], read_group)?;
        Ok(groups
            .map(|group| group.map(|group| group.qualified_name()))
            .collect::<Result<_, _>>()?)
    }

    /// Add a user whom no directory brings in.
    ///
    /// # Errors
    /// `NameTaken`, `NotLocal` or `Database`.
    pub fn add_local(&self, name: &str, origin: Origin, details: &Details) -> Result<()> {
        if origin.links().is_some() {
            return Err(SqliteStoreError::NotLocal(name.to_owned()));
        }
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if id_of_name(&transaction, name)?.is_some() {
            return Err(SqliteStoreError::NameTaken(name.to_owned()));
        }
        insert_user(&transaction, name, origin, true, details)?;
        Ok(transaction.commit()?)
    }

    /// Block the user of this name, or lift the block, also that of a deleted user; `false` when there is none. No run
    /// changes it.
    ///
    /// # Errors
    /// `Database`.
    pub fn set_blocked(&self, name: &str, blocked: bool) -> Result<bool> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let name = FoldedName::of(name);
        let update = "UPDATE user SET blocked = ?2 WHERE folded_name = ?1";
        let mut count = transaction.execute(update, (name.as_str(), blocked))?;
        if !blocked {
            count += transaction.execute("DELETE FROM kept_block WHERE folded_name = ?1", [name.as_str()])?;
        }
        transaction.commit()?;
        Ok(count > 0)
    }

    /// What a first sign-in made of a user (R12).
    ///
    /// # Errors
    /// `Database`.
    pub fn profile_of(&self, name: &str) -> Result<Option<String>> {
        let connection = self.connection();
        let mut select = connection.prepare_cached("SELECT profile FROM user WHERE folded_name = ?1")?;
        let mut rows = select.query([FoldedName::of(name).as_str()])?;
        Ok(match rows.next()? {
            Some(row) => row.get(0)?,
            None => None,
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic cut off was rolled back when it was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    type Error = SqliteStoreError;
    type Run = SqliteRun;

    async fn load(&self) -> Result<StoreState> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        read_state(&transaction)
    }

    async fn cursors(&self) -> Result<Cursors> {
        read_cursors(&self.connection())
    }

    async fn find(&self, wanted: UserRef<'_>) -> Result<Option<StoredUser>> {
        let connection = self.connection();
        let id = match wanted {
            UserRef::Name(name) => {
                let select = "SELECT id FROM user WHERE folded_name = ?1";
                first_id(&connection, select, [name.as_str()])?
            }
            UserRef::Link(link) => id_linked(&connection, link)?,
            UserRef::Sid(sid) => {
                let select = "SELECT id FROM user WHERE sid = ?1";
                first_id(&connection, select, [sid.to_string()])?
            }
        };
        id.map_or(Ok(None), |id| read_user(&connection, id))
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<SqliteRun>> {
        let mut connection = connect(&self.path)?;
        let taken = lease::take(
            &mut connection,
            &self.path,
            &self.owner,
            self.lease,
            revision.as_str(),
        )?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(match taken {
            Taken::Ours(turn) => Begin::Open(SqliteRun {
                connection,
                turn,
                lease: self.lease,
                position: 0,
            }),
            Taken::Stale => Begin::Stale,
            Taken::Busy => Begin::Busy,
        })
    }
}

/// An open run, whose turn ends when it is dropped.
#[derive(Debug)]
pub struct SqliteRun {
    connection: Connection,
    turn: Turn,
    lease: Duration,
    position: i64,
}

impl Run for SqliteRun {
    type Error = SqliteStoreError;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        lease::renew(&transaction, self.turn.run, self.lease)?;
        let applied = apply(&transaction, operation)?;
        if applied == Applied::Done {
            self.position += 1;
            let insert = "INSERT INTO sync_journal (run, position, operation) VALUES (?1, ?2, ?3)";
            let line = params![self.turn.run, self.position, headline(operation)];
            transaction.prepare_cached(insert)?.execute(line)?;
        }
        transaction.commit()?;
        Ok(applied)
    }

    async fn finish(mut self, cursors: &Cursors) -> Result<()> {
        self.connection.pragma_update(None, "synchronous", "full")?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        lease::end(&transaction, self.turn.run)?;
        for (source, cursor) in cursors.iter() {
            write_cursor(&transaction, source, cursor)?;
        }
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_schema::record::{Key, Pin};
    use adlib_sync::{
        Change, Field, Links, Source, Value,
        store::{Cursor, Fixture, NewUser, conformance},
    };
    use tempfile::TempDir;

    struct Files(TempDir, std::sync::atomic::AtomicUsize);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap(), 0.into())
        }

        fn path(&self) -> PathBuf {
            let number = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.0.path().join(format!("{number}.sqlite"))
        }
    }

    impl Fixture for Files {
        type Store = SqliteStore;

        async fn empty(&self) -> SqliteStore {
            SqliteStore::open(self.path()).unwrap()
        }

        async fn add_local(&self, store: &SqliteStore, name: &str, origin: Origin) {
            store.add_local(name, origin, &Details::default()).unwrap();
        }

        async fn set_blocked(&self, store: &SqliteStore, name: &str, blocked: bool) {
            assert!(store.set_blocked(name, blocked).unwrap());
        }

        async fn expire(&self, store: &SqliteStore) -> bool {
            let expire = "UPDATE sync_run SET expires = 0 WHERE ended IS NULL";
            store.connection().execute(expire, []).unwrap() == 1
        }
    }

    fn ada() -> NewUser {
        let mut user = NewUser::new(Links::primary(Key::new("k-ada")), "Ada");
        user.details.cards = vec!["1".into(), "2".into()];
        user.details.sid = "S-1-5-21-1-2-3-1104".parse().ok();
        user.details.pin = Pin::new("8642");
        user
    }

    async fn open_run(store: &SqliteStore) -> SqliteRun {
        match store.begin(&store.load().await.unwrap().revision).await.unwrap() {
            Begin::Open(run) => run,
            refused => panic!("{refused:?}"),
        }
    }

    async fn apply_all(store: &SqliteStore, operations: &[Operation]) {
        let mut run = open_run(store).await;
        for operation in operations {
            assert_eq!(
                run.apply(operation).await.unwrap(),
                Applied::Done,
                "{operation:?}"
            );
        }
        run.finish(&Cursors::default()).await.unwrap();
    }

    /// R31, R37, A59, A62
    #[tokio::test]
    async fn keeps_every_promise_of_a_store() {
        conformance(&Files::new()).await.unwrap();
    }

    /// R24
    #[tokio::test]
    async fn r24_users_are_found_by_card_name_and_sid() {
        let files = Files::new();
        let store = SqliteStore::open(files.path()).unwrap();
        apply_all(&store, &[Operation::CreateUser(ada())]).await;
        let user = store.user_with_card("2").unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.details), ("Ada", ada().details));
        assert_eq!(store.user_named("ADA").unwrap().unwrap().id, user.id);
        assert_eq!(
            store
                .user_with_sid(&ada().details.sid.unwrap())
                .unwrap()
                .unwrap()
                .id,
            user.id
        );
        assert_eq!(store.user_with_card("3").unwrap(), None);
        let mut other = Details::default();
        other.cards = vec!["2".into()];
        store.add_local("other", Origin::Local, &other).unwrap();
        assert!(matches!(
            store.user_with_card("2"),
            Err(SqliteStoreError::AmbiguousCard)
        ));
    }

    /// A file of the first version is brought to the present one with everybody in it, and nobody blocked.
    #[tokio::test]
    async fn a_file_of_an_earlier_version_is_migrated() {
        let files = Files::new();
        let path = files.path();
        let store = SqliteStore::open(&path).unwrap();
        apply_all(&store, &[Operation::CreateUser(ada())]).await;
        let back = "ALTER TABLE user DROP COLUMN blocked; ALTER TABLE user DROP COLUMN profile;
                    DROP TABLE sync_journal; DROP TABLE sync_run;
                    DROP TABLE sync_cursor; DROP TABLE kept_block_entry; DROP TABLE kept_block;
                    PRAGMA user_version = 1";
        store.connection().execute_batch(back).unwrap();
        drop(store);
        let store = SqliteStore::open(&path).unwrap();
        assert!(!store.user_named("ada").unwrap().unwrap().blocked);
        assert!(store.set_blocked("ADA", true).unwrap());
        assert!(store.user_named("ada").unwrap().unwrap().blocked);
        assert!(!store.set_blocked("nobody", true).unwrap());
    }

    /// A cursor and a kept block of the last version but one are still there.
    #[tokio::test]
    async fn a_file_with_whole_cursors_is_migrated() {
        let files = Files::new();
        let path = files.path();
        let back = "DROP TABLE sync_cursor;
                    CREATE TABLE sync_cursor (source TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
                    INSERT INTO sync_cursor VALUES ('primary', x'0102');
                    INSERT INTO kept_block (id, folded_name) VALUES (7, 'ada');
                    INSERT INTO kept_block_entry VALUES (7, 'primary', 'gone');
                    PRAGMA user_version = 4";
        let store = SqliteStore::open(&path).unwrap();
        store.connection().execute_batch(back).unwrap();
        drop(store);
        let store = SqliteStore::open(&path).unwrap();
        let cursor = Cursors::default().with(Source::Primary, Cursor::new([1, 2]));
        assert_eq!(store.cursors().await.unwrap(), cursor);
        let back = NewUser::new(Links::primary(Key::new("gone")), "lovelace");
        apply_all(
            &store,
            &[Operation::CreateUser(ada()), Operation::CreateUser(back)],
        )
        .await;
        assert!(store.users().unwrap().iter().all(|user| user.blocked));
    }

    /// R28: no row holds more than a piece, however much a run keeps.
    #[tokio::test]
    async fn r28_large_cursors_are_in_pieces() {
        let files = Files::new();
        let store = SqliteStore::open(files.path()).unwrap();
        let large = Cursors::default().with(Source::Primary, Cursor::new(vec![7; (5 << 20) + 1]));
        open_run(&store).await.finish(&large).await.unwrap();
        assert_eq!(store.cursors().await.unwrap(), large);
        let rows = "SELECT count(*), max(length(piece)) FROM sync_cursor";
        let rows = store
            .connection()
            .query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(rows.unwrap(), (6, 1 << 20));
    }

    /// R37, A58: what a run that is cut off has done, stays, and the application works with the list meanwhile.
    #[tokio::test]
    async fn a58_what_a_run_that_is_cut_off_has_done_stays() {
        let files = Files::new();
        let path = files.path();
        let store = SqliteStore::open(&path).unwrap();
        let mut run = open_run(&store).await;
        run.apply(&Operation::CreateUser(ada())).await.unwrap();
        let other = SqliteStore::open(&path).unwrap();
        assert!(other.set_blocked("ada", true).unwrap());
        drop(run);
        assert!(store.user_named("ada").unwrap().unwrap().blocked);
        let runs = "SELECT group_concat(owner || ' ' || finished || ' ' || operation) FROM sync_run
                    JOIN sync_journal ON run = id";
        let journal: String = store.connection().query_row(runs, [], |row| row.get(0)).unwrap();
        let owner = format!("process {}", std::process::id());
        assert_eq!(journal, format!("{owner} 0 create user Ada (primary:k-ada)"));
    }

    /// The files that say whose turn it is do not pile up, and neither do the journals.
    #[tokio::test]
    async fn a_run_leaves_no_file_behind() {
        let files = Files::new();
        let store = SqliteStore::open(files.path()).unwrap();
        for _ in 0..35 {
            drop(open_run(&store).await);
        }
        apply_all(&store, &[Operation::CreateUser(ada())]).await;
        let names = std::fs::read_dir(files.0.path())
            .unwrap()
            .map(|file| file.unwrap().file_name());
        assert!(
            !names
                .map(|name| name.into_string().unwrap())
                .any(|name| name.contains("-run-"))
        );
        let count = "SELECT count(*) FROM sync_run";
        let count: i64 = store.connection().query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 30);
    }

    /// A62: also when the other run is of another process.
    #[tokio::test]
    async fn a62_a_second_run_is_refused() {
        let files = Files::new();
        let path = files.path();
        let (one, other) = (
            SqliteStore::open(&path).unwrap(),
            SqliteStore::open(&path).unwrap(),
        );
        let run = open_run(&one).await;
        let revision = other.load().await.unwrap().revision;
        assert!(matches!(other.begin(&revision).await.unwrap(), Begin::Busy));
        run.finish(&Cursors::default()).await.unwrap();
        assert!(matches!(other.begin(&revision).await.unwrap(), Begin::Open(_)));
    }

    /// Whoever changes the list makes another revision, with plain SQL too.
    #[tokio::test]
    async fn every_change_makes_another_revision() {
        let files = Files::new();
        let store = SqliteStore::open(files.path()).unwrap();
        apply_all(&store, &[Operation::CreateUser(ada())]).await;
        let before = store.load().await.unwrap().revision;
        store
            .connection()
            .execute("UPDATE user SET office = 'x'", [])
            .unwrap();
        assert!(matches!(store.begin(&before).await.unwrap(), Begin::Stale));
    }

    /// A63
    #[tokio::test]
    async fn a63_no_error_shows_a_pin() {
        let files = Files::new();
        let store = SqliteStore::open(files.path()).unwrap();
        apply_all(&store, &[Operation::CreateUser(ada())]).await;
        store
            .connection()
            .execute("UPDATE user SET pin = '86 42'", [])
            .unwrap();
        let error = store.users().unwrap_err();
        assert_eq!(error.to_string(), "user 1 in the store has a bad pin");
        store
            .connection()
            .execute("UPDATE user SET pin = '8642'", [])
            .unwrap();
        let user = store.user_named("ada").unwrap().unwrap();
        let pin = |digits| Pin::new(digits).map_or(Value::Absent, Value::Pin);
        let pin = Change::new(Field::Pin, pin("8642"), pin("13579"), Source::Primary);
        let cards = (
            Value::List(ada().details.cards),
            Value::List(vec!["ID-8642".into()]),
        );
        let changes = vec![pin, Change::new(Field::Cards, cards.0, cards.1, Source::Primary)];
        let user = user.id;
        apply_all(&store, &[Operation::UpdateUser { user, changes }]).await;
        let lines = "SELECT group_concat(operation, '; ') FROM sync_journal";
        let lines: String = store.connection().query_row(lines, [], |row| row.get(0)).unwrap();
        assert_eq!(
            lines,
            "create user Ada (primary:k-ada); update user 1: pin, cards"
        );
        let to = Value::Pin(Pin::new("8642").unwrap());
        assert!(!format!("{error:?} {to:?} {to}").contains("8642"));
    }

    #[test]
    fn files_of_others_are_refused() {
        let files = Files::new();
        let (text, newer) = (files.path(), files.path());
        std::fs::write(&text, "this is no database, whatever its name says about it").unwrap();
        assert!(matches!(
            SqliteStore::open(&text),
            Err(SqliteStoreError::Open { .. })
        ));
        let connection = Connection::open(&newer).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(
            SqliteStore::open(&newer),
            Err(SqliteStoreError::Newer { found: 99, known: 5 })
        ));
        let nowhere = files.path().join("users.sqlite");
        assert!(matches!(
            SqliteStore::open(nowhere),
            Err(SqliteStoreError::Create { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;

        let files = Files::new();
        let path = files.path();
        let store = SqliteStore::open(&path).unwrap();
        store
            .add_local("operator", Origin::Local, &Details::default())
            .unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
