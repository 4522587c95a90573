//! Rows as users and groups.

use std::collections::{BTreeMap, HashMap};

use adlib_schema::record::{Key, Pin};
use adlib_sync::{
    Details, FoldedName, Link, Links, Source, SourceParseError,
    store::{Cursor, Cursors, DigestKey, Origin, Revision, StoreState, StoredGroup, StoredUser, UserId},
};
use tokio_postgres::{GenericClient, Row, Transaction};

use super::{PostgresStoreError, Result};
use crate::pieces::{PIECE, of_pieces};

pub(super) const USER: &str = "SELECT id, name, origin, entries, enabled, blocked, full_name, email, \
                               other_emails, department, office, cards, home_directory, pin, sid FROM users";
/// How many rows are fetched at a time.
const ROWS_AT_ONCE: i32 = 5000;
/// The same of rows that are large.
const PIECES_AT_ONCE: i32 = 16;

const GROUP: &str = "SELECT id, source, key, domain, name, full_name FROM directory_group";

pub(super) async fn read_revision(client: &impl GenericClient) -> Result<Revision> {
    let row = client.query_one("SELECT value FROM revision", &[]).await?;
    Ok(Revision::new(row.try_get::<_, i64>(0)?.to_string()))
}

/// Everything, as `transaction` sees it.
pub(super) async fn read_state(transaction: &Transaction<'_>) -> Result<StoreState> {
    let key = transaction.query_one("SELECT value FROM digest_key", &[]).await?;
    let key = key.try_get::<_, &[u8]>(0)?.try_into();
    let key = DigestKey::new(key.map_err(|_| PostgresStoreError::BadDigestKey)?);
    let mut state = StoreState::new(read_revision(transaction).await?, key);
    let (mut user_at, mut group_at) = (HashMap::new(), HashMap::new());
    each(transaction, &format!("{USER} ORDER BY id"), ROWS_AT_ONCE, |row| {
        let (id, user) = user_of(row)?;
        user_at.insert(id, state.push_user(&user));
        Ok(())
    })
    .await?;
    each(
        transaction,
        &format!("{GROUP} ORDER BY id"),
        ROWS_AT_ONCE,
        |row| {
            let id: i64 = row.try_get("id")?;
            group_at.insert(id, state.push_group(group_of(row)?));
            Ok(())
        },
    )
    .await?;
    // In the order of users, so that the memberships are, too.
    let select = "SELECT user_id, group_id FROM membership ORDER BY user_id, group_id";
    each(transaction, select, ROWS_AT_ONCE, |row| {
        let (user, group): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if let (Some(user), Some(group)) = (user_at.get(&user), group_at.get(&group)) {
            state.push_membership(*user, *group);
        }
        Ok(())
    })
    .await?;
    Ok(state)
}

pub(super) async fn read_cursors(transaction: &Transaction<'_>) -> Result<Cursors> {
    let mut cursors: BTreeMap<Source, Vec<u8>> = BTreeMap::new();
    let select = "SELECT source, piece FROM sync_cursor ORDER BY source, position";
    each(transaction, select, PIECES_AT_ONCE, |row| {
        let source = row.try_get::<_, &str>(0)?.parse();
        let source =
            source.map_err(|error: SourceParseError| PostgresStoreError::BadCursor(error.to_string()))?;
        cursors
            .entry(source)
            .or_default()
            .extend_from_slice(row.try_get(1)?);
        Ok(())
    })
    .await?;
    Ok(of_pieces(cursors))
}

/// Put `cursor` in the place of what there was of `source`.
pub(super) async fn write_cursor(
    transaction: &Transaction<'_>,
    source: Source,
    cursor: &Cursor,
) -> Result<()> {
    let delete = "DELETE FROM sync_cursor WHERE source = $1";
    transaction.execute(delete, &[&source.as_str()]).await?;
    let insert = "INSERT INTO sync_cursor (source, position, piece) VALUES ($1, $2, $3)";
    let insert = transaction.prepare(insert).await?;
    for (position, piece) in (0_i32..).zip(cursor.pieces(PIECE)) {
        transaction
            .execute(&insert, &[&source.as_str(), &position, &piece])
            .await?;
    }
    Ok(())
}

/// Hand the rows of `select` to `take`, with `at_once` of them in memory at a time.
async fn each(
    transaction: &Transaction<'_>,
    select: &str,
    at_once: i32,
    mut take: impl FnMut(&Row) -> Result<()>,
) -> Result<()> {
    let portal = transaction.bind(select, &[]).await?;
    loop {
        let rows = transaction.query_portal(&portal, at_once).await?;
        if rows.is_empty() {
            return Ok(());
        }
        rows.iter().try_for_each(&mut take)?;
    }
}

pub(super) async fn read_user(client: &impl GenericClient, id: i64) -> Result<Option<StoredUser>> {
    let row = client.query_opt(&format!("{USER} WHERE id = $1"), &[&id]).await?;
    row.map(|row| user_of(&row).map(|(_, user)| user)).transpose()
}

/// A row of `USER`.
pub(super) fn user_of(row: &Row) -> Result<(i64, StoredUser)> {
    let id: i64 = row.try_get("id")?;
    let bad = |column| PostgresStoreError::BadRecord { user: id, column };
    let origin = match row.try_get("origin")? {
        "directory" => {
            let entries: Vec<&str> = row.try_get("entries")?;
            let links: Option<Vec<Link>> = entries.into_iter().map(link_of).collect();
            Origin::Directory(links.and_then(Links::of).ok_or_else(|| bad("entry"))?)
        }
        "local" => Origin::Local,
        "internal" => Origin::Internal,
        "guest" => Origin::Guest,
        _ => return Err(bad("origin")),
    };
    let mut details = Details::default();
    details.full_name = row.try_get("full_name")?;
    details.email = row.try_get("email")?;
    details.other_emails = row.try_get("other_emails")?;
    details.department = row.try_get("department")?;
    details.office = row.try_get("office")?;
    details.cards = row.try_get("cards")?;
    details.home_directory = row.try_get("home_directory")?;
    if let Some(pin) = row.try_get::<_, Option<&str>>("pin")? {
        details.pin = Some(Pin::new(pin).ok_or_else(|| bad("pin"))?);
    }
    if let Some(sid) = row.try_get::<_, Option<&str>>("sid")? {
        details.sid = Some(sid.parse().map_err(|_| bad("sid"))?);
    }
    let user = StoredUser {
        id: UserId::new(id.to_string()),
        name: row.try_get("name")?,
        origin,
        enabled: row.try_get("enabled")?,
        blocked: row.try_get("blocked")?,
        details,
    };
    Ok((id, user))
}

/// An entry as `Link` writes it: its source and its key.
fn link_of(text: &str) -> Option<Link> {
    let (source, key) = text.split_once(':')?;
    Some(Link::new(source.parse().ok()?, Key::new(key)))
}

/// A row with the columns of `GROUP`.
pub(super) fn group_of(row: &Row) -> Result<StoredGroup> {
    let source = row.try_get::<_, &str>("source")?.parse();
    let source = source.map_err(|error: SourceParseError| PostgresStoreError::BadGroup(error.to_string()))?;
    let link = Link::new(source, Key::new(row.try_get::<_, &str>("key")?));
    let mut group = StoredGroup::new(
        link,
        row.try_get::<_, String>("domain")?,
        row.try_get::<_, String>("name")?,
    );
    group.full_name = row.try_get("full_name")?;
    Ok(group)
}

pub(super) async fn find_user(
    client: &impl GenericClient,
    user: &UserId,
) -> Result<Option<(i64, StoredUser)>> {
    let Ok(id) = user.as_str().parse() else {
        return Ok(None);
    };
    Ok(read_user(client, id).await?.map(|user| (id, user)))
}

pub(super) async fn id_of_name(client: &impl GenericClient, name: &str) -> Result<Option<i64>> {
    let name = FoldedName::of(name);
    first_id(
        client,
        "SELECT id FROM users WHERE folded_name = $1",
        name.as_str(),
    )
    .await
}

/// The user who stands for an entry.
pub(super) async fn id_linked(client: &impl GenericClient, link: &Link) -> Result<Option<i64>> {
    let select = "SELECT id FROM users WHERE entries @> ARRAY[$1]";
    first_id(client, select, &link.to_string()).await
}

pub(super) async fn first_id(
    client: &impl GenericClient,
    select: &str,
    parameter: &str,
) -> Result<Option<i64>> {
    // In the middle of a run two users may stand for one entry: any of them does.
    let rows = client.query(select, &[&parameter]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

pub(super) async fn group_linked(
    client: &impl GenericClient,
    link: &Link,
) -> Result<Option<(i64, StoredGroup)>> {
    let select = format!("{GROUP} WHERE source = $1 AND key = $2");
    let row = client
        .query_opt(&select, &[&link.source.as_str(), &link.key.as_str()])
        .await?;
    row.map(|row| Ok((row.try_get("id")?, group_of(&row)?)))
        .transpose()
}
