//! Whose turn it is: a row with an owner and an expiry, and a locked file that is free when the owner's process dies.
//!
//! The lock tells at once that a process has died; the expiry is for one that lives and does nothing. Whoever lost its
//! turn finds out with its next operation, because each renews the lease in its own transaction.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Result, SqliteStoreError, row::read_revision};

/// The journals of so many runs are kept.
const RUNS_KEPT: i64 = 30;

/// What a try came to.
pub(super) enum Taken {
    /// The turn, with the number of the new run.
    Ours(Turn),
    /// Somebody else's run is open.
    Busy,
    /// The list has another revision.
    Stale,
}

/// The turn of an open run; over when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) run: i64,
    path: PathBuf,
    /// Locked until it is closed, which the system does for a process that died.
    _locked: File,
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Open a run, if no other is open and the list has still this revision.
pub(super) fn take(
    connection: &mut Connection,
    store: &Path,
    owner: &str,
    lease: Duration,
    revision: &str,
) -> Result<Taken> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let open = "SELECT id, expires < unixepoch('subsec') FROM sync_run WHERE ended IS NULL";
    let open = transaction.query_row(open, [], |row| Ok((row.get(0)?, row.get::<_, bool>(1)?)));
    if let Some((holder, has_expired)) = open.optional()? {
        if !has_expired && is_alive(&lock_of(store, holder))? {
            return Ok(Taken::Busy);
        }
        let end = "UPDATE sync_run SET ended = unixepoch('subsec') WHERE id = ?1";
        transaction.execute(end, [holder])?;
    }
    if read_revision(&transaction)?.as_str() != revision {
        transaction.commit()?;
        return Ok(Taken::Stale);
    }
    let insert = "INSERT INTO sync_run (owner, began, expires)
                  VALUES (?1, unixepoch('subsec'), unixepoch('subsec') + ?2)";
    transaction.execute(insert, params![owner, lease.as_secs_f64()])?;
    let turn = lock(store, transaction.last_insert_rowid())?;
    let forget = "DELETE FROM sync_run WHERE id NOT IN (SELECT id FROM sync_run ORDER BY id DESC LIMIT ?1)";
    transaction.execute(forget, [RUNS_KEPT])?;
    transaction.commit()?;
    Ok(Taken::Ours(turn))
}

/// Keep the turn of `run` for another `lease`.
///
/// # Errors
/// `LeaseLost` when it is somebody else's turn by now.
pub(super) fn renew(transaction: &Transaction<'_>, run: i64, lease: Duration) -> Result<()> {
    let renew = "UPDATE sync_run SET expires = unixepoch('subsec') + ?2 WHERE id = ?1 AND ended IS NULL";
    let mut renew = transaction.prepare_cached(renew)?;
    ours(renew.execute(params![run, lease.as_secs_f64()])?)
}

/// End `run` well.
///
/// # Errors
/// `LeaseLost` when it is somebody else's turn by now.
pub(super) fn end(transaction: &Transaction<'_>, run: i64) -> Result<()> {
    let end = "UPDATE sync_run SET ended = unixepoch('subsec'), finished = 1 WHERE id = ?1 AND ended IS NULL";
    ours(transaction.execute(end, [run])?)
}

const fn ours(changed: usize) -> Result<()> {
    match changed {
        0 => Err(SqliteStoreError::LeaseLost),
        _ => Ok(()),
    }
}

/// The file beside `store` that `run` has locked.
fn lock_of(store: &Path, run: i64) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(format!("-run-{run}"));
    path.into()
}

fn lock(store: &Path, run: i64) -> Result<Turn> {
    let path = lock_of(store, run);
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    let locked = opened.and_then(|file| {
        file.lock()?;
        Ok(file)
    });
    match locked {
        Ok(locked) => Ok(Turn {
            run,
            path,
            _locked: locked,
        }),
        Err(error) => Err(SqliteStoreError::Lock { path, error }),
    }
}

/// Whether somebody has `path` locked. What a dead process left behind is removed.
fn is_alive(path: &Path) -> Result<bool> {
    let failed = |error| {
        let path = path.to_owned();
        SqliteStoreError::Lock { path, error }
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(failed)?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Ok(()) => {
            drop(std::fs::remove_file(path));
            Ok(false)
        }
    }
}
