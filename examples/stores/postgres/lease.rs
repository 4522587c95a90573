//! Whose turn it is: a row with an owner and an expiry, and a lock that goes with the owner's connection.
//!
//! The lock tells at once that an owner's process has died; the expiry is for an owner that lives and does nothing,
//! or whose machine has gone without a word. Whoever lost its turn finds out with its next operation, because each
//! renews the lease in its own transaction. All times are the server's.

use std::time::Duration;

use tokio_postgres::{Client, Transaction, error::SqlState};

use super::{PostgresStoreError, Result};

/// The journals of so many runs are kept.
const RUNS_KEPT: i64 = 30;

/// What a try came to.
pub(super) enum Taken {
    /// The number of the new run.
    Ours(i32),
    /// Somebody else's run is open.
    Busy,
    /// The list has another revision.
    Stale,
}

/// Open a run, if no other is open and the list has still this revision.
pub(super) async fn take(client: &mut Client, owner: &str, lease: Duration, revision: &str) -> Result<Taken> {
    let transaction = client.transaction().await?;
    let open = "SELECT id, expires < clock_timestamp() FROM sync_run WHERE ended IS NULL FOR UPDATE";
    if let Some(row) = transaction.query_opt(open, &[]).await? {
        let (holder, has_expired): (i32, bool) = (row.try_get(0)?, row.try_get(1)?);
        if !has_expired && is_alive(&transaction, holder).await? {
            return Ok(Taken::Busy);
        }
        let end = "UPDATE sync_run SET ended = now() WHERE id = $1";
        transaction.execute(end, &[&holder]).await?;
    }
    let now: i64 = transaction
        .query_one("SELECT value FROM revision", &[])
        .await?
        .try_get(0)?;
    if now.to_string() != revision {
        transaction.commit().await?;
        return Ok(Taken::Stale);
    }
    let insert = "INSERT INTO sync_run (owner, expires)
                  VALUES ($1, clock_timestamp() + make_interval(secs => $2)) RETURNING id";
    let inserted = transaction
        .query_one(insert, &[&owner, &lease.as_secs_f64()])
        .await;
    let run: i32 = match inserted {
        // Two looked at once, and the other one was first.
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => return Ok(Taken::Busy),
        inserted => inserted?.try_get(0)?,
    };
    let lock = "SELECT pg_advisory_lock(hashtext(current_schema() || ' adlib run'), $1)";
    transaction.execute(lock, &[&run]).await?;
    let forget = "DELETE FROM sync_run WHERE id NOT IN (SELECT id FROM sync_run ORDER BY id DESC LIMIT $1)";
    transaction.execute(forget, &[&RUNS_KEPT]).await?;
    transaction.commit().await?;
    Ok(Taken::Ours(run))
}

/// Whether the connection of `holder` is still there: it alone has the lock.
async fn is_alive(transaction: &Transaction<'_>, holder: i32) -> Result<bool> {
    let attempt = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || ' adlib run'), $1)";
    let is_free: bool = transaction.query_one(attempt, &[&holder]).await?.try_get(0)?;
    Ok(!is_free)
}

/// Keep the turn of `run` for another `lease`.
///
/// # Errors
/// `LeaseLost` when it is somebody else's turn by now.
pub(super) async fn renew(transaction: &Transaction<'_>, run: i32, lease: Duration) -> Result<()> {
    let renew = "UPDATE sync_run SET expires = clock_timestamp() + make_interval(secs => $2)
                 WHERE id = $1 AND ended IS NULL";
    match transaction.execute(renew, &[&run, &lease.as_secs_f64()]).await? {
        0 => Err(PostgresStoreError::LeaseLost),
        _ => Ok(()),
    }
}

/// End `run` well.
///
/// # Errors
/// `LeaseLost` when it is somebody else's turn by now.
pub(super) async fn end(transaction: &Transaction<'_>, run: i32) -> Result<()> {
    let end = "UPDATE sync_run SET ended = now(), finished = true WHERE id = $1 AND ended IS NULL";
    match transaction.execute(end, &[&run]).await? {
        0 => Err(PostgresStoreError::LeaseLost),
        _ => Ok(()),
    }
}
