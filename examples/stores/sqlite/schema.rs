//! The tables of the file, and how a file gets them.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, TransactionBehavior};

use super::{Result, SqliteStoreError};

/// The steps from an empty file to the present schema; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 5] = [
    "
    CREATE TABLE setting (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO setting VALUES ('revision', 0), ('digest-key', randomblob(32));
    CREATE TABLE user (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        folded_name TEXT NOT NULL UNIQUE,
        origin TEXT NOT NULL CHECK (origin IN ('directory', 'local', 'internal', 'guest')),
        enabled INTEGER NOT NULL,
        full_name TEXT,
        email TEXT,
        department TEXT,
        office TEXT,
        home_directory TEXT,
        pin TEXT,
        sid TEXT
    ) STRICT;
    CREATE TABLE user_entry (
        user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (user_id, source)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX user_entry_key ON user_entry (source, key);
    CREATE INDEX user_sid ON user (sid);
    CREATE TABLE user_email (
        user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        position INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (user_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE user_card (
        user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        position INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (user_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX user_card_value ON user_card (value);
    CREATE TABLE directory_group (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        domain TEXT NOT NULL,
        name TEXT NOT NULL,
        full_name TEXT,
        UNIQUE (source, key)
    ) STRICT;
    CREATE TABLE membership (
        user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        group_id INTEGER NOT NULL REFERENCES directory_group ON DELETE CASCADE,
        PRIMARY KEY (user_id, group_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX membership_group ON membership (group_id);
",
    // The application's own: no statement of a run names it.
    "ALTER TABLE user ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1))",
    "
    -- One run at a time, with its owner and when it expires; and what each did, for some time.
    CREATE TABLE sync_run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        began REAL NOT NULL,
        expires REAL NOT NULL,
        ended REAL,
        finished INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE UNIQUE INDEX sync_run_open ON sync_run (ended IS NULL) WHERE ended IS NULL;
    CREATE TABLE sync_journal (
        run INTEGER NOT NULL REFERENCES sync_run ON DELETE CASCADE,
        position INTEGER NOT NULL,
        operation TEXT NOT NULL,
        at REAL NOT NULL DEFAULT (unixepoch('subsec')),
        PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    -- Where the reading of each source ended, and whom a run deleted who was blocked.
    CREATE TABLE sync_cursor (source TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE kept_block (id INTEGER PRIMARY KEY, folded_name TEXT NOT NULL, sid TEXT) STRICT;
    CREATE INDEX kept_block_name ON kept_block (folded_name);
    CREATE INDEX kept_block_sid ON kept_block (sid);
    CREATE TABLE kept_block_entry (
        block_id INTEGER NOT NULL REFERENCES kept_block ON DELETE CASCADE,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (block_id, source)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX kept_block_entry_key ON kept_block_entry (source, key);
",
    // What a first sign-in makes of a user.
    "ALTER TABLE user ADD COLUMN profile TEXT",
    // A cursor can be larger than a value may be; a kept block outlasts the name.
    "
    ALTER TABLE sync_cursor RENAME TO sync_cursor_whole;
    CREATE TABLE sync_cursor (
        source TEXT NOT NULL,
        position INTEGER NOT NULL,
        piece BLOB NOT NULL,
        PRIMARY KEY (source, position)
    ) STRICT;
    INSERT INTO sync_cursor SELECT source, 0, value FROM sync_cursor_whole;
    DROP TABLE sync_cursor_whole;
    DROP INDEX kept_block_name;
    ALTER TABLE kept_block RENAME COLUMN folded_name TO former_name;
    ALTER TABLE kept_block ADD COLUMN folded_name TEXT;
    UPDATE kept_block SET folded_name = former_name;
    ALTER TABLE kept_block DROP COLUMN former_name;
    CREATE INDEX kept_block_name ON kept_block (folded_name);
",
];

/// Tables whose every change makes another revision, whoever makes it.
const WATCHED: [&str; 6] = [
    "user",
    "user_entry",
    "user_email",
    "user_card",
    "directory_group",
    "membership",
];

/// How long a writer waits for another one that is about to finish.
const PATIENCE: Duration = Duration::from_secs(2);

/// Make the file, for its owner only, if there is none.
pub(super) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(super) fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(SqliteStoreError::Newer { found, known });
    }
    for step in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    for table in WATCHED {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            transaction.execute_batch(&format!(
                "CREATE TRIGGER IF NOT EXISTS {table}_{event} AFTER {event} ON {table}
                 BEGIN UPDATE setting SET value = value + 1 WHERE name = 'revision'; END"
            ))?;
        }
    }
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}
