//! Rows as users and groups.

use std::collections::{BTreeMap, HashMap};

use adlib_schema::record::{Key, Pin};
use adlib_sync::{
    Details, FoldedName, Link, Links, Source,
    store::{Cursor, Cursors, DigestKey, Origin, Revision, StoreState, StoredGroup, StoredUser, UserId},
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::{Result, SqliteStoreError};
use crate::pieces::{PIECE, of_pieces};

const USER: &str = "SELECT id, name, origin, enabled, blocked, full_name, email, department, \
                    office, home_directory, pin, sid FROM user";

pub(super) fn read_revision(connection: &Connection) -> Result<Revision> {
    let select = "SELECT value FROM setting WHERE name = 'revision'";
    let revision: i64 = connection.query_row(select, [], |row| row.get(0))?;
    Ok(Revision::new(revision.to_string()))
}

pub(super) fn read_state(connection: &Connection) -> Result<StoreState> {
    let select = "SELECT value FROM setting WHERE name = 'digest-key'";
    let key: [u8; 32] = connection.query_row(select, [], |row| row.get(0))?;
    let mut state = StoreState::new(read_revision(connection)?, DigestKey::new(key));
    let mut user_at: HashMap<i64, usize> = HashMap::new();
    for (id, user) in read_numbered(connection)? {
        user_at.insert(id, state.push_user(&user));
    }
    let mut group_at = HashMap::new();
    let mut select =
        connection.prepare("SELECT source, key, domain, name, full_name, id FROM directory_group")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        group_at.insert(row.get::<_, i64>("id")?, state.push_group(read_group(row)?));
    }
    // In the order of users, so that the memberships are, too.
    let mut select =
        connection.prepare("SELECT user_id, group_id FROM membership ORDER BY user_id, group_id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if let (Some(user), Some(group)) = (user_at.get(&row.get(0)?), group_at.get(&row.get(1)?)) {
            state.push_membership(*user, *group);
        }
    }
    Ok(state)
}

pub(super) fn read_cursors(connection: &Connection) -> Result<Cursors> {
    let mut select = connection.prepare("SELECT source, piece FROM sync_cursor ORDER BY source, position")?;
    let mut rows = select.query([])?;
    let mut cursors: BTreeMap<Source, Vec<u8>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let source: String = row.get(0)?;
        let source = source.parse().map_err(|_| SqliteStoreError::BadCursor(source))?;
        let piece = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        cursors.entry(source).or_default().extend_from_slice(piece);
    }
    Ok(of_pieces(cursors))
}

/// Put `cursor` in the place of what there was of `source`.
pub(super) fn write_cursor(connection: &Connection, source: Source, cursor: &Cursor) -> Result<()> {
    connection.execute("DELETE FROM sync_cursor WHERE source = ?1", [source.as_str()])?;
    let mut insert = connection.prepare("INSERT INTO sync_cursor VALUES (?1, ?2, ?3)")?;
    for (position, piece) in cursor.pieces(PIECE).enumerate() {
        insert.execute(params![source.as_str(), position, piece])?;
    }
    Ok(())
}

pub(super) fn read_users(connection: &Connection) -> Result<Vec<StoredUser>> {
    Ok(read_numbered(connection)?
        .into_iter()
        .map(|(_, user)| user)
        .collect())
}

/// Every user with its number.
fn read_numbered(connection: &Connection) -> Result<Vec<(i64, StoredUser)>> {
    let mut entries: HashMap<i64, Vec<Link>> = HashMap::new();
    let mut select = connection.prepare_cached("SELECT user_id, source, key FROM user_entry")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let user: i64 = row.get(0)?;
        entries.entry(user).or_default().push(link_of(user, row)?);
    }
    let mut select = connection.prepare_cached(&format!("{USER} ORDER BY id"))?;
    let mut rows = select.query([])?;
    let (mut users, mut at) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        at.insert(id, users.len());
        users.push((id, user_of(id, row, entries.remove(&id))?));
    }
    for (table, list) in LISTS {
        let mut select = connection.prepare_cached(&format!(
            "SELECT user_id, value FROM {table} ORDER BY user_id, position"
        ))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if let Some((_, user)) = at.get(&row.get(0)?).and_then(|at| users.get_mut(*at)) {
                list(&mut user.details).push(row.get(1)?);
            }
        }
    }
    Ok(users)
}

pub(super) fn read_user(connection: &Connection, id: i64) -> Result<Option<StoredUser>> {
    let mut select = connection.prepare_cached(&format!("{USER} WHERE id = ?1"))?;
    let mut rows = select.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let mut user = user_of(id, row, Some(read_entries(connection, id)?))?;
    for (table, list) in LISTS {
        let mut select = connection.prepare_cached(&format!(
            "SELECT value FROM {table} WHERE user_id = ?1 ORDER BY position"
        ))?;
        for value in select.query_map([id], |row| row.get(0))? {
            list(&mut user.details).push(value?);
        }
    }
    Ok(Some(user))
}

/// The lists of a user, each with the table that holds it.
type List = fn(&mut Details) -> &mut Vec<String>;

const LISTS: [(&str, List); 2] = [
    ("user_email", |details| &mut details.other_emails),
    ("user_card", |details| &mut details.cards),
];

/// The entries that a user stands for.
fn read_entries(connection: &Connection, id: i64) -> Result<Vec<Link>> {
    let select = "SELECT user_id, source, key FROM user_entry WHERE user_id = ?1";
    let mut select = connection.prepare_cached(select)?;
    let mut rows = select.query([id])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(link_of(id, row)?);
    }
    Ok(entries)
}

fn link_of(user: i64, row: &Row<'_>) -> Result<Link> {
    let source = row.get_ref("source")?.as_str().map_err(rusqlite::Error::from)?;
    let source = source.parse().map_err(|_| SqliteStoreError::BadRecord {
        user,
        column: "source",
    })?;
    let key = row.get_ref("key")?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Link::new(source, Key::new(key)))
}

/// A row of `USER` as a user without lists.
fn user_of(id: i64, row: &Row<'_>, entries: Option<Vec<Link>>) -> Result<StoredUser> {
    let bad = |column| SqliteStoreError::BadRecord { user: id, column };
    let origin = match row.get_ref("origin")?.as_str().map_err(rusqlite::Error::from)? {
        "directory" => {
            let links = Links::of(entries.unwrap_or_default());
            Origin::Directory(links.ok_or_else(|| bad("key"))?)
        }
        "local" => Origin::Local,
        "internal" => Origin::Internal,
        "guest" => Origin::Guest,
        _ => return Err(bad("origin")),
    };
    let mut details = Details::default();
    details.full_name = row.get("full_name")?;
    details.email = row.get("email")?;
    details.department = row.get("department")?;
    details.office = row.get("office")?;
    details.home_directory = row.get("home_directory")?;
    if let Some(pin) = row.get::<_, Option<String>>("pin")? {
        details.pin = Some(Pin::new(&pin).ok_or_else(|| bad("pin"))?);
    }
    if let Some(sid) = row.get::<_, Option<String>>("sid")? {
        details.sid = Some(sid.parse().map_err(|_| bad("sid"))?);
    }
    Ok(StoredUser {
        id: UserId::new(id.to_string()),
        name: row.get("name")?,
        origin,
        enabled: row.get("enabled")?,
        blocked: row.get("blocked")?,
        details,
    })
}

pub(super) fn read_group(row: &Row<'_>) -> rusqlite::Result<StoredGroup> {
    let source = row.get_ref("source")?.as_str()?;
    let source = source.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    let link = Link::new(source, Key::new(row.get_ref("key")?.as_str()?));
    let mut group = StoredGroup::new(
        link,
        row.get::<_, String>("domain")?,
        row.get::<_, String>("name")?,
    );
    group.full_name = row.get("full_name")?;
    Ok(group)
}

pub(super) fn find_user(connection: &Connection, user: &UserId) -> Result<Option<(i64, StoredUser)>> {
    let Ok(id) = user.as_str().parse() else {
        return Ok(None);
    };
    Ok(read_user(connection, id)?.map(|user| (id, user)))
}

pub(super) fn id_of_name(connection: &Connection, name: &str) -> Result<Option<i64>> {
    let name = FoldedName::of(name);
    first_id(
        connection,
        "SELECT id FROM user WHERE folded_name = ?1",
        [name.as_str()],
    )
}

/// The user who stands for an entry.
pub(super) fn id_linked(connection: &Connection, link: &Link) -> Result<Option<i64>> {
    let select = "SELECT user_id FROM user_entry WHERE source = ?1 AND key = ?2";
    first_id(connection, select, [link.source.as_str(), link.key.as_str()])
}

pub(super) fn first_id(
    connection: &Connection,
    select: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<i64>> {
    Ok(cached(connection, select)?
        .query_row(parameters, |row| row.get(0))
        .optional()?)
}

pub(super) fn group_linked(connection: &Connection, link: &Link) -> Result<Option<(i64, StoredGroup)>> {
    let select = "SELECT source, key, domain, name, full_name, id FROM directory_group
                  WHERE source = ?1 AND key = ?2";
    let mut select = cached(connection, select)?;
    let group = select.query_row([link.source.as_str(), link.key.as_str()], |row| {
        Ok((row.get("id")?, read_group(row)?))
    });
    Ok(group.optional()?)
}

pub(super) fn cached<'a>(connection: &'a Connection, statement: &str) -> Result<CachedStatement<'a>> {
    Ok(connection.prepare_cached(statement)?)
}
