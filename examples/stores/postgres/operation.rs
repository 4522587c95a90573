//! The operations of a run as statements. Each looks before it writes, so a conflict has written nothing.

use adlib_core::Sid;
use adlib_schema::record::Pin;
use adlib_sync::{
    Change, Details, Field, FoldedName, Link, Links,
    store::{Applied, Conflict, KeptBlock, NewUser, Operation, Origin, StoredGroup, StoredUser, UserId},
};
use tokio_postgres::GenericClient;

use super::{
    Result,
    row::{find_user, group_linked, id_linked, id_of_name, read_user},
};

pub(super) async fn apply(client: &impl GenericClient, operation: &Operation) -> Result<Applied> {
    match operation {
        Operation::RemoveMembership { user, group } => remove_membership(client, user, group).await,
        Operation::AddMembership { user, group } => add_membership(client, user, group).await,
        Operation::DeleteUser { user, links } => delete_user(client, user, links).await,
        Operation::UpdateUser { user, changes } => update_user(client, user, changes).await,
        Operation::CreateUser(new) => create_user(client, new).await,
        Operation::DeleteGroup { group } => {
            let delete = "DELETE FROM directory_group WHERE source = $1 AND key = $2";
            Ok(done(
                client
                    .execute(delete, &[&group.source.as_str(), &group.key.as_str()])
                    .await?,
            ))
        }
        Operation::CreateGroup(group) => create_group(client, group).await,
        Operation::UpdateGroup { from, to } => update_group(client, from, to).await,
    }
}

async fn remove_membership(client: &impl GenericClient, user: &Link, group: &Link) -> Result<Applied> {
    let (Some(user), Some((group, _))) = (id_linked(client, user).await?, group_linked(client, group).await?)
    else {
        return Ok(Applied::Already);
    };
    let delete = "DELETE FROM membership WHERE user_id = $1 AND group_id = $2";
    Ok(done(client.execute(delete, &[&user, &group]).await?))
}

async fn add_membership(client: &impl GenericClient, user: &Link, group: &Link) -> Result<Applied> {
    let Some(user) = id_linked(client, user).await? else {
        return Ok(Applied::Conflict(Conflict::NoUser(user.to_string())));
    };
    let Some((group, _)) = group_linked(client, group).await? else {
        return Ok(Applied::Conflict(Conflict::NoGroup(group.clone())));
    };
    let insert = "INSERT INTO membership VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(done(client.execute(insert, &[&user, &group]).await?))
}

async fn create_group(client: &impl GenericClient, group: &StoredGroup) -> Result<Applied> {
    match group_linked(client, &group.link).await? {
        Some((_, known)) if known == *group => Ok(Applied::Already),
        Some(_) => Ok(Applied::Conflict(Conflict::GroupMoved(group.link.clone()))),
        None => {
            let insert = "INSERT INTO directory_group (source, key, domain, name, full_name)
                          VALUES ($1, $2, $3, $4, $5)";
            let (source, key) = (group.link.source.as_str(), group.link.key.as_str());
            client
                .execute(
                    insert,
                    &[&source, &key, &group.domain, &group.name, &group.full_name],
                )
                .await?;
            Ok(Applied::Done)
        }
    }
}

async fn update_group(client: &impl GenericClient, from: &StoredGroup, to: &StoredGroup) -> Result<Applied> {
    match group_linked(client, &to.link).await? {
        Some((_, known)) if known == *to => Ok(Applied::Already),
        Some((id, known)) if known == *from => {
            let update = "UPDATE directory_group SET domain = $2, name = $3, full_name = $4 WHERE id = $1";
            client
                .execute(update, &[&id, &to.domain, &to.name, &to.full_name])
                .await?;
            Ok(Applied::Done)
        }
        Some(_) => Ok(Applied::Conflict(Conflict::GroupMoved(to.link.clone()))),
        None => Ok(Applied::Conflict(Conflict::NoGroup(to.link.clone()))),
    }
}

async fn delete_user(client: &impl GenericClient, user: &UserId, links: &Links) -> Result<Applied> {
    let Some((id, known)) = find_user(client, user).await? else {
        return Ok(Applied::Already);
    };
    match known.origin.links() {
        Some(now) if now == links => {
            // The block as it is at this moment: the application may just have set it.
            let delete = "DELETE FROM users WHERE id = $1 RETURNING blocked";
            let row = client.query_one(delete, &[&id]).await?;
            let blocked = row.try_get(0)?;
            if let Some(kept) = KeptBlock::of(&StoredUser { blocked, ..known }) {
                keep_block(client, &kept).await?;
            }
            Ok(Applied::Done)
        }
        Some(_) => Ok(Applied::Conflict(Conflict::Moved(known.name, Field::Entry))),
        None => Ok(Applied::Conflict(Conflict::Protected(known.name))),
    }
}

async fn update_user(client: &impl GenericClient, user: &UserId, changes: &[Change]) -> Result<Applied> {
    let Some((id, known)) = find_user(client, user).await? else {
        return Ok(Applied::Conflict(Conflict::NoUser(user.to_string())));
    };
    let mut user = known.clone();
    let applied = Applied::from(user.change(changes));
    if applied != Applied::Done {
        return Ok(applied);
    }
    if id_of_name(client, &user.name)
        .await?
        .is_some_and(|owner| owner != id)
    {
        return Ok(Applied::Conflict(Conflict::NameTaken(user.name)));
    }
    write_user(client, id, &user).await?;
    if let Some(links) = KeptBlock::new_account(&known, &user)
        && take_blocks_of_account(client, links, user.details.sid).await?
    {
        block(client, id).await?;
    }
    Ok(Applied::Done)
}

async fn create_user(client: &impl GenericClient, new: &NewUser) -> Result<Applied> {
    if let Some(id) = id_of_name(client, &new.name).await? {
        let known = read_user(client, id).await?;
        let same = known.is_some_and(|known| known.origin.links() == Some(&new.links));
        let taken = || Applied::Conflict(Conflict::NameTaken(new.name.clone()));
        return Ok(if same { Applied::Already } else { taken() });
    }
    for link in new.links.iter() {
        if id_linked(client, &link).await?.is_some() {
            return Ok(Applied::Conflict(Conflict::EntryTaken(link)));
        }
    }
    let origin = Origin::Directory(new.links.clone());
    let id = insert_user(client, &new.name, origin, new.enabled, &new.details).await?;
    if take_kept_block(client, new).await? {
        block(client, id).await?;
    }
    if let Some(profile) = &new.profile {
        let update = "UPDATE users SET profile = $2 WHERE id = $1";
        client.execute(update, &[&id, profile]).await?;
    }
    Ok(Applied::Done)
}

/// Remember the block of a user who is deleted.
async fn keep_block(client: &impl GenericClient, kept: &KeptBlock) -> Result<()> {
    let entries: Vec<String> = kept.links.iter().map(|link| link.to_string()).collect();
    let insert = "INSERT INTO kept_block (folded_name, sid, entries) VALUES ($1, $2, $3)";
    let sid = kept.sid.map(|sid| sid.to_string());
    let name = kept.name.as_ref().map(FoldedName::as_str);
    client.execute(insert, &[&name, &sid, &entries]).await?;
    Ok(())
}

/// Whether a block was kept for who is created: as [`KeptBlock::take`].
async fn take_kept_block(client: &impl GenericClient, new: &NewUser) -> Result<bool> {
    let same_account = take_blocks_of_account(client, &new.links, new.sids()).await?;
    let by_name = "UPDATE kept_block SET folded_name = NULL WHERE folded_name = $1";
    let same_name = client
        .execute(by_name, &[&FoldedName::of(&new.name).as_str()])
        .await?;
    Ok(same_account || same_name > 0)
}

/// Whether blocks were kept for the account with these entries and security identifiers. They are not any more.
async fn take_blocks_of_account(
    client: &impl GenericClient,
    links: &Links,
    sids: impl IntoIterator<Item = Sid>,
) -> Result<bool> {
    let entries: Vec<String> = links.iter().map(|link| link.to_string()).collect();
    let sids: Vec<String> = sids.into_iter().map(|sid| sid.to_string()).collect();
    let delete = "DELETE FROM kept_block WHERE sid = ANY ($1) OR entries && $2";
    Ok(client.execute(delete, &[&sids, &entries]).await? > 0)
}

async fn block(client: &impl GenericClient, id: i64) -> Result<()> {
    let block = "UPDATE users SET blocked = true WHERE id = $1";
    client.execute(block, &[&id]).await?;
    Ok(())
}

pub(super) async fn insert_user(
    client: &impl GenericClient,
    name: &str,
    origin: Origin,
    enabled: bool,
    details: &Details,
) -> Result<i64> {
    let insert = "INSERT INTO users (name, folded_name, origin, enabled)
                  VALUES ($1, $2, 'local', false) RETURNING id";
    let row = client
        .query_one(insert, &[&name, &FoldedName::of(name).as_str()])
        .await?;
    let id: i64 = row.try_get(0)?;
    let user = StoredUser {
        id: UserId::new(id.to_string()),
        name: name.to_owned(),
        origin,
        enabled,
        blocked: false,
        details: details.clone(),
    };
    write_user(client, id, &user).await?;
    Ok(id)
}

async fn write_user(client: &impl GenericClient, id: i64, user: &StoredUser) -> Result<()> {
    let links = user.origin.links().into_iter().flat_map(Links::iter);
    let entries: Vec<String> = links.map(|link| link.to_string()).collect();
    let origin = match &user.origin {
        Origin::Directory(_) => "directory".to_owned(),
        other => other.to_string(),
    };
    let details = &user.details;
    let update = "UPDATE users SET name = $2, folded_name = $3, origin = $4, entries = $5,
                  enabled = $6, full_name = $7, email = $8, other_emails = $9, department = $10, office = $11,
                  cards = $12, home_directory = $13, pin = $14, sid = $15 WHERE id = $1";
    let sid = details.sid.map(|sid| sid.to_string());
    client
        .execute(
            update,
            &[
                &id,
                &user.name,
                &FoldedName::of(&user.name).as_str(),
                &origin,
                &entries,
                &user.enabled,
                &details.full_name,
                &details.email,
                &details.other_emails,
                &details.department,
                &details.office,
                &details.cards,
                &details.home_directory,
                &details.pin.as_ref().map(Pin::expose),
                &sid,
            ],
        )
        .await?;
    Ok(())
}

const fn done(changed: u64) -> Applied {
    if changed > 0 {
        Applied::Done
    } else {
        Applied::Already
    }
}
