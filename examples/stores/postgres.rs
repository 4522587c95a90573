//! A user list in PostgreSQL, kept in step by `adlib-sync`.
//!
//! Where the [SQLite store](super::sqlite) makes a run one transaction, this one commits every operation for itself:
//! the application goes on working with the list while a long run is under way, several application servers share
//! it, and what a run that was killed has done, stays. The next run finds the rest (R37).
//!
//! - `sync_run` has one open run at most, with its owner and when it expires; `sync_journal` says what each run did.
//! - Every change, by plain SQL too, makes another revision, so that a plan is never applied to another list.
//! - Operations are committed without waiting for the disk, in order; the end of the run waits for all of them.

mod lease;
mod operation;
mod row;
mod schema;

use std::time::Duration;

use adlib_core::Sid;
use adlib_sync::{
    Details, FoldedName,
    store::{
        Applied, Begin, Cursors, Operation, Origin, Revision, Run, Store, StoreState, StoredUser, UserId,
        UserRef,
    },
};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, Config, NoTls, config::Host};

use crate::journal::headline;

use self::{
    lease::Taken,
    operation::{apply, insert_user},
    row::{
        USER, first_id, group_of, id_linked, id_of_name, read_cursors, read_state, read_user, user_of,
        write_cursor,
    },
    schema::migrate,
};

/// How long a run may be silent before its turn is over.
const LEASE: Duration = Duration::from_secs(120);

/// How long a run waits for another one that is about to end: the server needs a moment to see that one was dropped.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(25);

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresStoreError {
    /// The server is elsewhere, and PINs would cross the network in the clear.
    #[error(
        "`{0}` is another machine; this store speaks without TLS, so over a local socket or loopback only"
    )]
    NotLocal(String),
    /// The database was written by a later version.
    #[error("the store has schema version {found}; this program knows {known}")]
    Newer {
        /// The version in the database.
        found: usize,
        /// The latest version that is known.
        known: usize,
    },
    /// The server cannot be reached, or a statement failed. The server's details are left out: they may show a row.
    #[error("the store failed: {message}{}", code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Database {
        /// What the server or the connection says.
        message: String,
        /// The server's code (SQLSTATE).
        code: Option<String>,
    },
    /// A column holds what no program should have written there.
    #[error("user {user} in the store has a bad {column}")]
    BadRecord {
        /// The user's number.
        user: i64,
        /// The column.
        column: &'static str,
    },
    /// A group has a source that there is not.
    #[error("a group in the store: {0}")]
    BadGroup(String),
    /// A cursor has a source that there is not.
    #[error("a cursor in the store: {0}")]
    BadCursor(String),
    /// The key for PINs is not 32 bytes.
    #[error("the store has a bad digest key")]
    BadDigestKey,
    /// The run was silent for so long that another one took its turn.
    #[error("this run was silent for too long, and another one has begun")]
    LeaseLost,
    /// The name of a new user is taken.
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    /// Only a run brings in a directory's users.
    #[error("`{0}` would be a directory's user, and only a run brings those in")]
    NotLocalUser(String),
    /// Several users have the card, which a run never leaves behind.
    #[error("several users have the same card number")]
    AmbiguousCard,
}

impl From<tokio_postgres::Error> for PostgresStoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let told = error.as_db_error().map(|told| told.message().to_owned());
        let cause = || std::error::Error::source(&error).map(|cause| format!("{error}: {cause}"));
        Self::Database {
            message: told.or_else(cause).unwrap_or_else(|| error.to_string()),
            code: error.code().map(|code| code.code().to_owned()),
        }
    }
}

type Result<T, E = PostgresStoreError> = std::result::Result<T, E>;

/// A user list in a PostgreSQL database; its tables are in the first schema of the `search_path`.
///
/// ```no_run
/// use adlib_examples::PostgresStore;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::open("host=/run/postgresql dbname=app user=app".parse()?).await?;
/// let user = store.user_with_card("4711").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresStore {
    config: Config,
    owner: String,
    lease: Duration,
}

impl PostgresStore {
    /// The store in the database of `config`, whose tables are made if there are none.
    ///
    /// # Errors
    /// `NotLocal`, `Newer` or `Database`.
    pub async fn open(config: Config) -> Result<Self> {
        refuse_other_machines(&config)?;
        let store = Self {
            owner: format!("process {}", std::process::id()),
            config,
            lease: LEASE,
        };
        migrate(&mut store.connect().await?).await?;
        Ok(store)
    }

    /// The same store, whose runs are entered under this name: a host, a job, a person.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self
    }

    /// The same store, with runs that may be silent for so long.
    #[must_use]
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// The users by name.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub async fn users(&self) -> Result<Vec<StoredUser>> {
        let client = self.connect().await?;
        let rows = client.query(USER, &[]).await?;
        let users = rows.iter().map(|row| user_of(row).map(|(_, user)| user));
        let mut users = users.collect::<Result<Vec<_>>>()?;
        users.sort_by_cached_key(|user| FoldedName::of(&user.name));
        Ok(users)
    }

    /// The user of this name, in any case.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub async fn user_named(&self, name: &str) -> Result<Option<StoredUser>> {
        let client = self.connect().await?;
        match id_of_name(&client, name).await? {
            Some(id) => read_user(&client, id).await,
            None => Ok(None),
        }
    }

    /// The user with this card number (R24).
    ///
    /// # Errors
    /// `AmbiguousCard`, `Database` or `BadRecord`.
    pub async fn user_with_card(&self, card: &str) -> Result<Option<StoredUser>> {
        let client = self.connect().await?;
        let select = format!("{USER} WHERE cards @> ARRAY[$1] LIMIT 2");
        match client.query(&select, &[&card]).await?.as_slice() {
            [] => Ok(None),
            [row] => Ok(Some(user_of(row)?.1)),
            _ => Err(PostgresStoreError::AmbiguousCard),
        }
    }

    /// The user with this security identifier: who it is that signed in.
    ///
    /// # Errors
    /// `Database` or `BadRecord`.
    pub async fn user_with_sid(&self, sid: &Sid) -> Result<Option<StoredUser>> {
        let client = self.connect().await?;
        let select = "SELECT id FROM users WHERE sid = $1 ORDER BY id";
        match first_id(&client, select, &sid.to_string()).await? {
            Some(id) => read_user(&client, id).await,
            None => Ok(None),
        }
    }

    /// The names of the groups that the user is in, nested ones included.
    ///
    /// # Errors
    /// `Database`.
    pub async fn groups_of(&self, user: &UserId) -> Result<Vec<String>> {
        let client = self.connect().await?;
        let select = "SELECT source, key, domain, name, full_name FROM directory_group
                      JOIN membership ON group_id = id WHERE user_id::text = $1 ORDER BY domain, name";
        let rows = client.query(select, &[&user.as_str()]).await?;
        let groups = rows.iter().map(group_of);
        groups.map(|group| Ok(group?.qualified_name())).collect()
    }

    /// Add a user whom no directory brings in.
    ///
    /// # Errors
    /// `NameTaken`, `NotLocalUser` or `Database`.
    pub async fn add_local(&self, name: &str, origin: Origin, details: &Details) -> Result<()> {
        if origin.links().is_some() {
            return Err(PostgresStoreError::NotLocalUser(name.to_owned()));
        }
        let mut client = self.connect().await?;
        let transaction = client.transaction().await?;
        if id_of_name(&transaction, name).await?.is_some() {
            return Err(PostgresStoreError::NameTaken(name.to_owned()));
        }
        insert_user(&transaction, name, origin, true, details).await?;
        Ok(transaction.commit().await?)
    }

    /// Block the user of this name, or lift the block, also that of a deleted user; `false` when there is none. No run
    /// changes it.
    ///
    /// # Errors
    /// `Database`.
    pub async fn set_blocked(&self, name: &str, blocked: bool) -> Result<bool> {
        let mut client = self.connect().await?;
        let transaction = client.transaction().await?;
        let name = FoldedName::of(name);
        let update = "UPDATE users SET blocked = $2 WHERE folded_name = $1";
        let mut count = transaction.execute(update, &[&name.as_str(), &blocked]).await?;
        if !blocked {
            let forget = "DELETE FROM kept_block WHERE folded_name = $1";
            count += transaction.execute(forget, &[&name.as_str()]).await?;
        }
        transaction.commit().await?;
        Ok(count > 0)
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// A connection of its own for each task: it ends with what it was made for, also when that is cut off.
    async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.config.connect(NoTls).await?;
        // What goes wrong on the connection, the client is told.
        tokio::spawn(connection);
        Ok(client)
    }
}

fn refuse_other_machines(config: &Config) -> Result<()> {
    for host in config.get_hosts() {
        if let Host::Tcp(name) = host
            && name != "localhost"
            && !name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        {
            return Err(PostgresStoreError::NotLocal(name.clone()));
        }
    }
    match config.get_hostaddrs().iter().find(|ip| !ip.is_loopback()) {
        Some(ip) => Err(PostgresStoreError::NotLocal(ip.to_string())),
        None => Ok(()),
    }
}

impl Store for PostgresStore {
    type Error = PostgresStoreError;
    type Run = PostgresRun;

    async fn load(&self) -> Result<StoreState> {
        let mut client = self.connect().await?;
        let transaction = client.build_transaction().read_only(true);
        let transaction = transaction.isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
        read_state(&transaction.start().await?).await
    }

    async fn cursors(&self) -> Result<Cursors> {
        let mut client = self.connect().await?;
        read_cursors(&client.build_transaction().read_only(true).start().await?).await
    }

    async fn find(&self, wanted: UserRef<'_>) -> Result<Option<StoredUser>> {
        let client = self.connect().await?;
        let id = match wanted {
            UserRef::Name(name) => {
                let select = "SELECT id FROM users WHERE folded_name = $1";
                first_id(&client, select, name.as_str()).await?
            }
            UserRef::Link(link) => id_linked(&client, link).await?,
            UserRef::Sid(sid) => {
                let select = "SELECT id FROM users WHERE sid = $1";
                first_id(&client, select, &sid.to_string()).await?
            }
        };
        match id {
            Some(id) => read_user(&client, id).await,
            None => Ok(None),
        }
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<PostgresRun>> {
        let mut client = self.connect().await?;
        client.batch_execute("SET synchronous_commit = off").await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match lease::take(&mut client, &self.owner, self.lease, revision.as_str()).await? {
                Taken::Ours(number) => {
                    return Ok(Begin::Open(PostgresRun {
                        client,
                        number,
                        lease: self.lease,
                        position: 0,
                    }));
                }
                Taken::Stale => return Ok(Begin::Stale),
                Taken::Busy if Instant::now() < deadline => sleep(PAUSE).await,
                Taken::Busy => return Ok(Begin::Busy),
            }
        }
    }
}

/// An open run: the turn belongs to its connection.
#[derive(Debug)]
pub struct PostgresRun {
    client: Client,
    number: i32,
    lease: Duration,
    position: i32,
}

impl Run for PostgresRun {
    type Error = PostgresStoreError;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied> {
        let transaction = self.client.transaction().await?;
        lease::renew(&transaction, self.number, self.lease).await?;
        let applied = apply(&transaction, operation).await?;
        if applied == Applied::Done {
            self.position += 1;
            let insert = "INSERT INTO sync_journal (run, position, operation) VALUES ($1, $2, $3)";
            transaction
                .execute(insert, &[&self.number, &self.position, &headline(operation)])
                .await?;
        }
        transaction.commit().await?;
        Ok(applied)
    }

    async fn finish(mut self, cursors: &Cursors) -> Result<()> {
        let transaction = self.client.transaction().await?;
        transaction
            .batch_execute("SET LOCAL synchronous_commit = on")
            .await?;
        lease::end(&transaction, self.number).await?;
        for (source, cursor) in cursors.iter() {
            write_cursor(&transaction, source, cursor).await?;
        }
        Ok(transaction.commit().await?)
    }
}
