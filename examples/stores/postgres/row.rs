//! Rows as users and groups.

use std::collections::HashMap;

use adlib_schema::record::{Key, Pin};
use adlib_sync::{
    Details, FoldedName, Link, Links, Source,
    store::{DigestKey, Origin, Revision, StoreState, StoredGroup, StoredUser, UserId},
};
use tokio_postgres::{GenericClient, Row};

use super::{PostgresStoreError, Result};

pub(super) const USER: &str = "SELECT id, name, origin, primary_key, secondary_key, enabled, full_name, email, \
                               other_emails, department, office, cards, home_directory, pin, sid FROM users";
const GROUP: &str = "SELECT id, source, key, domain, name, full_name FROM directory_group";

pub(super) async fn read_revision(client: &impl GenericClient) -> Result<Revision> {
    let row = client.query_one("SELECT value FROM revision", &[]).await?;
    Ok(Revision::new(row.try_get::<_, i64>(0)?.to_string()))
}

/// Everything, as `client`'s transaction sees it.
pub(super) async fn read_state(client: &impl GenericClient) -> Result<StoreState> {
    let key = client.query_one("SELECT value FROM digest_key", &[]).await?;
    let key = key.try_get::<_, &[u8]>(0)?.try_into();
    let key = DigestKey::new(key.map_err(|_| PostgresStoreError::BadDigestKey)?);
    let mut state = StoreState::new(read_revision(client).await?, key);
    let mut user_at = HashMap::new();
    for row in client.query(&format!("{USER} ORDER BY id"), &[]).await? {
        let (id, user) = user_of(&row)?;
        user_at.insert(id, state.users.len());
        state.users.push(user);
    }
    let mut group_at = HashMap::new();
    for row in client.query(&format!("{GROUP} ORDER BY id"), &[]).await? {
        group_at.insert(row.try_get::<_, i64>("id")?, state.groups.len());
        state.groups.push(group_of(&row)?);
    }
    for row in client
        .query("SELECT user_id, group_id FROM membership", &[])
        .await?
    {
        let (user, group): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let pair = user_at.get(&user).zip(group_at.get(&group));
        state
            .memberships
            .extend(pair.map(|(user, group)| (*user, *group)));
    }
    Ok(state)
}

pub(super) async fn read_user(client: &impl GenericClient, id: i64) -> Result<Option<StoredUser>> {
    let row = client.query_opt(&format!("{USER} WHERE id = $1"), &[&id]).await?;
    row.map(|row| user_of(&row).map(|(_, user)| user)).transpose()
}

/// A row of `USER`.
pub(super) fn user_of(row: &Row) -> Result<(i64, StoredUser)> {
    let id: i64 = row.try_get("id")?;
    let bad = |column| PostgresStoreError::BadRecord { user: id, column };
    let key = |column: &str| {
        row.try_get::<_, Option<&str>>(column)
            .map(|key| key.map(Key::new))
    };
    let origin = match row.try_get("origin")? {
        "directory" => {
            let links = Links::new(key("primary_key")?, key("secondary_key")?);
            Origin::Directory(links.ok_or_else(|| bad("key"))?)
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
        details,
    };
    Ok((id, user))
}

/// A row with the columns of `GROUP`.
pub(super) fn group_of(row: &Row) -> Result<StoredGroup> {
    let source = match row.try_get("source")? {
        "secondary" => Source::Secondary,
        _ => Source::Primary,
    };
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
    let select = match link.source {
        Source::Primary => "SELECT id FROM users WHERE primary_key = $1",
        Source::Secondary => "SELECT id FROM users WHERE secondary_key = $1",
    };
    first_id(client, select, link.key.as_str()).await
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
