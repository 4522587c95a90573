//! The operations of a run as statements. Each looks before it writes, so a conflict has written nothing.

use adlib_core::Sid;
use adlib_schema::record::Pin;
use adlib_sync::{
    Change, Details, Field, FoldedName, Link, Links,
    store::{Applied, Conflict, KeptBlock, NewUser, Operation, Origin, StoredUser, UserId},
};
use rusqlite::{Connection, params};

use super::{
    Result,
    row::{cached, find_user, group_linked, id_linked, id_of_name, read_user},
};

pub(super) fn apply(connection: &Connection, operation: &Operation) -> Result<Applied> {
    match operation {
        Operation::RemoveMembership { user, group } => remove_membership(connection, user, group),
        Operation::AddMembership { user, group } => add_membership(connection, user, group),
        Operation::DeleteUser { user, links } => delete_user(connection, user, links),
        Operation::UpdateUser { user, changes } => update_user(connection, user, changes),
        Operation::CreateUser(new) => create_user(connection, new),
        Operation::DeleteGroup { group } => {
            let delete = "DELETE FROM directory_group WHERE source = ?1 AND key = ?2";
            let count = cached(connection, delete)?.execute([group.source.as_str(), group.key.as_str()])?;
            Ok(done(count))
        }
        Operation::CreateGroup(group) => match group_linked(connection, &group.link)? {
            Some((_, known)) if known == *group => Ok(Applied::Already),
            Some(_) => Ok(Applied::Conflict(Conflict::GroupMoved(group.link.clone()))),
            None => {
                let insert = "INSERT INTO directory_group (source, key, domain, name, full_name)
                              VALUES (?1, ?2, ?3, ?4, ?5)";
                let (source, key) = (group.link.source.as_str(), group.link.key.as_str());
                cached(connection, insert)?.execute(params![
                    source,
                    key,
                    group.domain,
                    group.name,
                    group.full_name
                ])?;
                Ok(Applied::Done)
            }
        },
        Operation::UpdateGroup { from, to } => match group_linked(connection, &to.link)? {
            Some((_, known)) if known == *to => Ok(Applied::Already),
            Some((id, known)) if known == *from => {
                let update =
                    "UPDATE directory_group SET domain = ?2, name = ?3, full_name = ?4 WHERE id = ?1";
                cached(connection, update)?.execute(params![id, to.domain, to.name, to.full_name])?;
                Ok(Applied::Done)
            }
            Some(_) => Ok(Applied::Conflict(Conflict::GroupMoved(to.link.clone()))),
            None => Ok(Applied::Conflict(Conflict::NoGroup(to.link.clone()))),
        },
    }
}

fn remove_membership(connection: &Connection, user: &Link, group: &Link) -> Result<Applied> {
    let (Some(user), Some((group, _))) = (id_linked(connection, user)?, group_linked(connection, group)?)
    else {
        return Ok(Applied::Already);
    };
    let delete = "DELETE FROM membership WHERE user_id = ?1 AND group_id = ?2";
    Ok(done(cached(connection, delete)?.execute([user, group])?))
}

fn add_membership(connection: &Connection, user: &Link, group: &Link) -> Result<Applied> {
    let Some(user) = id_linked(connection, user)? else {
        return Ok(Applied::Conflict(Conflict::NoUser(user.to_string())));
    };
    let Some((group, _)) = group_linked(connection, group)? else {
        return Ok(Applied::Conflict(Conflict::NoGroup(group.clone())));
    };
    let insert = "INSERT INTO membership VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(done(cached(connection, insert)?.execute([user, group])?))
}

fn delete_user(connection: &Connection, user: &UserId, links: &Links) -> Result<Applied> {
    let Some((id, known)) = find_user(connection, user)? else {
        return Ok(Applied::Already);
    };
    match known.origin.links() {
        Some(now) if now == links => {
            if let Some(kept) = KeptBlock::of(&known) {
                keep_block(connection, &kept)?;
            }
            cached(connection, "DELETE FROM user WHERE id = ?1")?.execute([id])?;
            Ok(Applied::Done)
        }
        Some(_) => Ok(Applied::Conflict(Conflict::Moved(known.name, Field::Entry))),
        None => Ok(Applied::Conflict(Conflict::Protected(known.name))),
    }
}

fn update_user(connection: &Connection, user: &UserId, changes: &[Change]) -> Result<Applied> {
    let Some((id, known)) = find_user(connection, user)? else {
        return Ok(Applied::Conflict(Conflict::NoUser(user.to_string())));
    };
    let mut user = known.clone();
    let applied = Applied::from(user.change(changes));
    if applied != Applied::Done {
        return Ok(applied);
    }
    if id_of_name(connection, &user.name)?.is_some_and(|owner| owner != id) {
        return Ok(Applied::Conflict(Conflict::NameTaken(user.name)));
    }
    write_user(connection, id, &user)?;
    if let Some(links) = KeptBlock::new_account(&known, &user)
        && take_blocks_of_account(connection, links, user.details.sid)?
    {
        block(connection, id)?;
    }
    Ok(Applied::Done)
}

fn create_user(connection: &Connection, new: &NewUser) -> Result<Applied> {
    if let Some(id) = id_of_name(connection, &new.name)? {
        let known = read_user(connection, id)?;
        let same = known.is_some_and(|known| known.origin.links() == Some(&new.links));
        let taken = || Applied::Conflict(Conflict::NameTaken(new.name.clone()));
        return Ok(if same { Applied::Already } else { taken() });
    }
    for link in new.links.iter() {
        if id_linked(connection, &link)?.is_some() {
            return Ok(Applied::Conflict(Conflict::EntryTaken(link)));
        }
    }
    let origin = Origin::Directory(new.links.clone());
    let id = insert_user(connection, &new.name, origin, new.enabled, &new.details)?;
    if take_kept_block(connection, new)? {
        block(connection, id)?;
    }
    if let Some(profile) = &new.profile {
        cached(connection, "UPDATE user SET profile = ?2 WHERE id = ?1")?.execute(params![id, profile])?;
    }
    Ok(Applied::Done)
}

/// Remember the block of a user who is deleted.
fn keep_block(connection: &Connection, kept: &KeptBlock) -> Result<()> {
    let insert = "INSERT INTO kept_block (folded_name, sid) VALUES (?1, ?2)";
    let sid = kept.sid.map(|sid| sid.to_string());
    let name = kept.name.as_ref().map(FoldedName::as_str);
    cached(connection, insert)?.execute(params![name, sid])?;
    let id = connection.last_insert_rowid();
    let mut insert = cached(connection, "INSERT INTO kept_block_entry VALUES (?1, ?2, ?3)")?;
    for link in kept.links.iter() {
        insert.execute(params![id, link.source.as_str(), link.key.as_str()])?;
    }
    Ok(())
}

/// Whether a block was kept for who is created: as [`KeptBlock::take`].
fn take_kept_block(connection: &Connection, new: &NewUser) -> Result<bool> {
    let same_account = take_blocks_of_account(connection, &new.links, new.sids())?;
    let by_name = "UPDATE kept_block SET folded_name = NULL WHERE folded_name = ?1";
    let same_name = cached(connection, by_name)?.execute([FoldedName::of(&new.name).as_str()])?;
    Ok(same_account || same_name > 0)
}

/// Whether blocks were kept for the account with these entries and security identifiers. They are not any more.
fn take_blocks_of_account(
    connection: &Connection,
    links: &Links,
    sids: impl IntoIterator<Item = Sid>,
) -> Result<bool> {
    let mut count = 0;
    let mut by_sid = cached(connection, "DELETE FROM kept_block WHERE sid = ?1")?;
    for sid in sids {
        count += by_sid.execute([sid.to_string()])?;
    }
    let by_entry = "DELETE FROM kept_block WHERE id IN
                    (SELECT block_id FROM kept_block_entry WHERE source = ?1 AND key = ?2)";
    let mut by_entry = cached(connection, by_entry)?;
    for link in links.iter() {
        count += by_entry.execute([link.source.as_str(), link.key.as_str()])?;
    }
    Ok(count > 0)
}

fn block(connection: &Connection, id: i64) -> Result<()> {
    cached(connection, "UPDATE user SET blocked = 1 WHERE id = ?1")?.execute([id])?;
    Ok(())
}

pub(super) fn insert_user(
    connection: &Connection,
    name: &str,
    origin: Origin,
    enabled: bool,
    details: &Details,
) -> Result<i64> {
    let insert = "INSERT INTO user (name, folded_name, origin, enabled)
                  VALUES (?1, ?2, 'local', 0)";
    cached(connection, insert)?.execute([name, FoldedName::of(name).as_str()])?;
    let id = connection.last_insert_rowid();
    let user = StoredUser {
        id: UserId::new(id.to_string()),
        name: name.to_owned(),
        origin,
        enabled,
        blocked: false,
        details: details.clone(),
    };
    write_user(connection, id, &user)?;
    Ok(id)
}

fn write_user(connection: &Connection, id: i64, user: &StoredUser) -> Result<()> {
    let origin = match &user.origin {
        Origin::Directory(_) => "directory".to_owned(),
        other => other.to_string(),
    };
    let details = &user.details;
    let update =
        "UPDATE user SET name = ?2, folded_name = ?3, origin = ?4, enabled = ?5, full_name = ?6, email = ?7,
                  department = ?8, office = ?9, home_directory = ?10, pin = ?11, sid = ?12 WHERE id = ?1";
    cached(connection, update)?.execute(params![
        id,
        user.name,
        FoldedName::of(&user.name).as_str(),
        origin,
        user.enabled,
        details.full_name,
        details.email,
        details.department,
        details.office,
        details.home_directory,
        details.pin.as_ref().map(Pin::expose),
        details.sid.map(|sid| sid.to_string()),
    ])?;
    write_entries(connection, id, user.origin.links())?;
    write_list(connection, "user_email", id, &details.other_emails)?;
    write_list(connection, "user_card", id, &details.cards)
}

fn write_entries(connection: &Connection, id: i64, links: Option<&Links>) -> Result<()> {
    cached(connection, "DELETE FROM user_entry WHERE user_id = ?1")?.execute([id])?;
    let mut insert = cached(connection, "INSERT INTO user_entry VALUES (?1, ?2, ?3)")?;
    for link in links.into_iter().flat_map(Links::iter) {
        insert.execute(params![id, link.source.as_str(), link.key.as_str()])?;
    }
    Ok(())
}

fn write_list(connection: &Connection, table: &str, id: i64, values: &[String]) -> Result<()> {
    cached(connection, &format!("DELETE FROM {table} WHERE user_id = ?1"))?.execute([id])?;
    let mut insert = cached(connection, &format!("INSERT INTO {table} VALUES (?1, ?2, ?3)"))?;
    for (position, value) in values.iter().enumerate() {
        insert.execute(params![id, position, value])?;
    }
    Ok(())
}

const fn done(changed: usize) -> Applied {
    if changed > 0 {
        Applied::Done
    } else {
        Applied::Already
    }
}
