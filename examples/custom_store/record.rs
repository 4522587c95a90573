//! Users and groups as JSON has them.

use adlib::{
    schema::record::{Key, Pin},
    sync::{
        Details, Link, Links,
        store::{KeptBlock, Origin, StoredGroup, StoredUser, UserId},
    },
};
use serde::{Deserialize, Serialize};

/// A user in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UserRecord {
    id: u64,
    name: String,
    /// `local`, `internal` or `guest`; a directory's users have entries.
    origin: Option<String>,
    /// The entries that the user stands for, as `source:key`.
    entries: Vec<String>,
    enabled: bool,
    blocked: bool,
    full_name: Option<String>,
    email: Option<String>,
    other_emails: Vec<String>,
    department: Option<String>,
    office: Option<String>,
    cards: Vec<String>,
    home_directory: Option<String>,
    pin: Option<String>,
    sid: Option<String>,
}

impl From<&StoredUser> for UserRecord {
    fn from(user: &StoredUser) -> Self {
        let details = user.details.clone();
        let links = user.origin.links();
        Self {
            id: user.id.as_str().parse().unwrap_or_default(),
            name: user.name.clone(),
            origin: links.is_none().then(|| user.origin.to_string()),
            entries: links
                .into_iter()
                .flat_map(Links::iter)
                .map(|link| link.to_string())
                .collect(),
            enabled: user.enabled,
            blocked: user.blocked,
            full_name: details.full_name,
            email: details.email,
            other_emails: details.other_emails,
            department: details.department,
            office: details.office,
            cards: details.cards,
            home_directory: details.home_directory,
            pin: details.pin.map(|pin| pin.expose().to_owned()),
            sid: details.sid.map(|sid| sid.to_string()),
        }
    }
}

impl UserRecord {
    /// The user, or what is wrong with the record.
    pub(crate) fn user(self) -> Result<StoredUser, &'static str> {
        let links = self.entries.iter().map(|entry| link(entry));
        let origin = match (
            self.origin.as_deref(),
            Links::of(links.collect::<Result<Vec<_>, _>>()?),
        ) {
            (None, Some(links)) => Origin::Directory(links),
            (Some("local"), None) => Origin::Local,
            (Some("internal"), None) => Origin::Internal,
            (Some("guest"), None) => Origin::Guest,
            _ => return Err("origin"),
        };
        let mut details = Details::default();
        details.full_name = self.full_name;
        details.email = self.email;
        details.other_emails = self.other_emails;
        details.department = self.department;
        details.office = self.office;
        details.cards = self.cards;
        details.home_directory = self.home_directory;
        details.pin = self.pin.map(|pin| Pin::new(&pin).ok_or("pin")).transpose()?;
        details.sid = self.sid.map(|sid| sid.parse().map_err(|_| "sid")).transpose()?;
        Ok(StoredUser {
            id: UserId::new(self.id.to_string()),
            name: self.name,
            origin,
            enabled: self.enabled,
            blocked: self.blocked,
            details,
        })
    }
}

/// A group in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    entry: String,
    domain: String,
    name: String,
    full_name: Option<String>,
}

impl From<&StoredGroup> for GroupRecord {
    fn from(group: &StoredGroup) -> Self {
        Self {
            entry: group.link.to_string(),
            domain: group.domain.clone(),
            name: group.name.clone(),
            full_name: group.full_name.clone(),
        }
    }
}

impl GroupRecord {
    /// The group, or what is wrong with the record.
    pub(crate) fn group(self) -> Result<StoredGroup, &'static str> {
        let mut group = StoredGroup::new(link(&self.entry)?, self.domain, self.name);
        group.full_name = self.full_name;
        Ok(group)
    }
}

/// The block of a deleted user in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BlockRecord {
    name: Option<String>,
    entries: Vec<String>,
    sid: Option<String>,
}

impl From<&KeptBlock> for BlockRecord {
    fn from(kept: &KeptBlock) -> Self {
        Self {
            name: kept.name.as_ref().map(|name| name.as_str().to_owned()),
            entries: kept.links.iter().map(|link| link.to_string()).collect(),
            sid: kept.sid.map(|sid| sid.to_string()),
        }
    }
}

impl BlockRecord {
    /// The block, or what is wrong with the record.
    pub(crate) fn block(self) -> Result<KeptBlock, &'static str> {
        let links = self.entries.iter().map(|entry| link(entry));
        let links = Links::of(links.collect::<Result<Vec<_>, _>>()?).ok_or("entry")?;
        let sid = self.sid.map(|sid| sid.parse().map_err(|_| "sid")).transpose()?;
        Ok(KeptBlock::new(links, self.name.as_deref(), sid))
    }
}

/// `source:key`
pub(crate) fn link(text: &str) -> Result<Link, &'static str> {
    let (source, key) = text.split_once(':').ok_or("entry")?;
    let source = source.parse().map_err(|_| "source of an entry")?;
    Ok(Link::new(source, Key::new(key)))
}
