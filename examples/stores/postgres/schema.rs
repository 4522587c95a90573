//! The tables, and how a database gets them.

use tokio_postgres::{Client, Transaction};

use super::{PostgresStoreError, Result};

/// The steps from an empty database to the present schema; `setting` has how many were taken.
const MIGRATIONS: [&str; 5] = [
    "
    CREATE TABLE users (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        folded_name text NOT NULL UNIQUE,
        origin text NOT NULL CHECK (origin IN ('directory', 'local', 'internal', 'guest')),
        entries text[] NOT NULL DEFAULT '{}',
        enabled boolean NOT NULL,
        full_name text,
        email text,
        other_emails text[] NOT NULL DEFAULT '{}',
        department text,
        office text,
        cards text[] NOT NULL DEFAULT '{}',
        home_directory text,
        pin text,
        sid text,
        CHECK ((origin = 'directory') = (entries <> '{}'))
    );
    CREATE INDEX users_entries ON users USING gin (entries);
    CREATE INDEX users_sid ON users (sid);
    CREATE INDEX users_cards ON users USING gin (cards);
    CREATE TABLE directory_group (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source text NOT NULL,
        key text NOT NULL,
        domain text NOT NULL,
        name text NOT NULL,
        full_name text,
        UNIQUE (source, key)
    );
    CREATE TABLE membership (
        user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
        group_id bigint NOT NULL REFERENCES directory_group ON DELETE CASCADE,
        PRIMARY KEY (user_id, group_id)
    );
    CREATE INDEX membership_group ON membership (group_id);

    -- Whoever changes the list, with plain SQL too, makes another revision.
    CREATE TABLE revision (value bigint NOT NULL);
    INSERT INTO revision VALUES (0);
    CREATE FUNCTION next_revision() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN UPDATE revision SET value = value + 1; RETURN NULL; END';
    CREATE TRIGGER users_revision AFTER INSERT OR UPDATE OR DELETE ON users
        FOR EACH ROW EXECUTE FUNCTION next_revision();
    CREATE TRIGGER directory_group_revision AFTER INSERT OR UPDATE OR DELETE ON directory_group
        FOR EACH ROW EXECUTE FUNCTION next_revision();
    CREATE TRIGGER membership_revision AFTER INSERT OR UPDATE OR DELETE ON membership
        FOR EACH ROW EXECUTE FUNCTION next_revision();

    CREATE TABLE digest_key (value bytea NOT NULL);
    INSERT INTO digest_key VALUES (sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea));

    -- One run at a time, with its owner and when it expires; and what each did, for some time.
    CREATE TABLE sync_run (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        owner text NOT NULL,
        began timestamptz NOT NULL DEFAULT now(),
        expires timestamptz NOT NULL,
        ended timestamptz,
        finished boolean NOT NULL DEFAULT false
    );
    CREATE UNIQUE INDEX sync_run_open ON sync_run ((true)) WHERE ended IS NULL;
    CREATE TABLE sync_journal (
        run integer NOT NULL REFERENCES sync_run ON DELETE CASCADE,
        position integer NOT NULL,
        operation text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (run, position)
    );
",
    // The application's own: no statement of a run names it.
    "ALTER TABLE users ADD COLUMN blocked boolean NOT NULL DEFAULT false",
    "
    -- Where the reading of each source ended, and whom a run deleted who was blocked.
    CREATE TABLE sync_cursor (source text PRIMARY KEY, value bytea NOT NULL);
    CREATE TABLE kept_block (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        folded_name text NOT NULL,
        sid text,
        entries text[] NOT NULL
    );
    CREATE INDEX kept_block_name ON kept_block (folded_name);
    CREATE INDEX kept_block_sid ON kept_block (sid);
    CREATE INDEX kept_block_entries ON kept_block USING gin (entries);
",
    // What a first sign-in makes of a user.
    "ALTER TABLE users ADD COLUMN profile text",
    // A cursor can be larger than a value may be; a kept block outlasts the name.
    "
    ALTER TABLE sync_cursor DROP CONSTRAINT sync_cursor_pkey;
    ALTER TABLE sync_cursor RENAME COLUMN value TO piece;
    ALTER TABLE sync_cursor ADD COLUMN position integer NOT NULL DEFAULT 0;
    ALTER TABLE sync_cursor ADD PRIMARY KEY (source, position);
    ALTER TABLE kept_block ALTER COLUMN folded_name DROP NOT NULL;
",
];

/// Bring the database to the present schema; several processes may try at once.
pub(super) async fn migrate(client: &mut Client) -> Result<()> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(
            "SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' adlib migration'));
             CREATE TABLE IF NOT EXISTS migration (taken integer NOT NULL)",
        )
        .await?;
    let found = taken(&transaction).await?;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(PostgresStoreError::Newer { found, known });
    }
    for step in MIGRATIONS.iter().skip(found) {
        transaction.batch_execute(step).await?;
    }
    transaction.batch_execute("DELETE FROM migration").await?;
    let now = i32::try_from(known).unwrap_or(i32::MAX);
    transaction
        .execute("INSERT INTO migration VALUES ($1)", &[&now])
        .await?;
    Ok(transaction.commit().await?)
}

async fn taken(transaction: &Transaction<'_>) -> Result<usize> {
    let row = transaction.query_opt("SELECT taken FROM migration", &[]).await?;
    let taken = row.map_or(Ok(0), |row| row.try_get::<_, i32>(0))?;
    Ok(usize::try_from(taken).unwrap_or(0))
}
