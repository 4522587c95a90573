//! A user list in a JSON file.
//!
//! A run works on a copy and puts it in the file's place when it ends, so that a run that is cut off has done nothing. The
//! lock of another file keeps a second run out; the operating system lifts it when its process dies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use adlib::sync::{
    Change, Details, FoldedName, Link, Links,
    store::{
        Applied, Begin, Conflict, Cursor, Cursors, DigestKey, KeptBlock, NewUser, Operation, Origin,
        Revision, Run, Store, StoreState, StoredGroup, StoredUser, UserId,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};

use super::record::{BlockRecord, GroupRecord, UserRecord, link};

/// Why the list cannot be read or written. It shows no PIN.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The file.
    #[error("the file cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// Its content.
    #[error("the file is no user list: {0}")]
    Content(String),
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The user list in one file.
#[derive(Debug)]
pub(crate) struct JsonStore {
    pub(super) path: PathBuf,
}

/// What is in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    revision: u64,
    last_id: u64,
    digest_key: Vec<u8>,
    users: Vec<UserRecord>,
    groups: Vec<GroupRecord>,
    memberships: Vec<(u64, String)>,
    #[serde(default)]
    kept_blocks: Vec<BlockRecord>,
    #[serde(default)]
    cursors: Vec<(String, String)>,
}

/// The list in memory.
#[derive(Debug)]
struct List {
    revision: u64,
    last_id: u64,
    digest_key: [u8; 32],
    users: BTreeMap<u64, StoredUser>,
    groups: BTreeMap<Link, StoredGroup>,
    memberships: BTreeSet<(u64, Link)>,
    /// Whom a run deleted who was blocked.
    kept_blocks: Vec<KeptBlock>,
    cursors: Cursors,
}

impl JsonStore {
    /// The list in the file at `path`, which is made if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let store = Self {
            path: path.to_owned(),
        };
        if !path.exists() {
            let mut digest_key = [0; 32];
            getrandom::fill(&mut digest_key).map_err(io::Error::other)?;
            List::new(digest_key).write(path)?;
        }
        Ok(store)
    }

    /// Add a user whom no directory brings in.
    pub(crate) fn add_local(&self, name: &str, origin: Origin) -> Result<()> {
        self.change(|list| list.insert(name, origin, (true, false), Details::default()))
    }

    /// Block the user of this name, or lift the block, also that of a deleted user. No run does.
    pub(crate) fn set_blocked(&self, name: &str, blocked: bool) -> Result<()> {
        self.change(|list| {
            let folded = FoldedName::of(name);
            list.kept_blocks
                .retain(|kept| blocked || kept.name.as_ref() != Some(&folded));
            let id = list.id_of_name(name);
            if let Some(user) = id.and_then(|id| list.users.get_mut(&id)) {
                user.blocked = blocked;
            }
        })
    }

    /// A change by the application: nothing changes the list without the lock.
    fn change(&self, change: impl FnOnce(&mut List)) -> Result<()> {
        let lock = self.lock()?;
        lock.lock()?;
        let mut list = List::read(&self.path)?;
        change(&mut list);
        list.revision += 1;
        list.write(&self.path)
    }

    fn lock(&self) -> Result<File> {
        Ok(File::create(self.path.with_extension("lock"))?)
    }
}

impl Store for JsonStore {
    type Error = StoreError;
    type Run = JsonRun;

    async fn load(&self) -> Result<StoreState> {
        Ok(List::read(&self.path)?.state())
    }

    async fn cursors(&self) -> Result<Cursors> {
        Ok(List::read(&self.path)?.cursors)
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<JsonRun>> {
        let lock = self.lock()?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Begin::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let list = List::read(&self.path)?;
        if list.revision() != *revision {
            return Ok(Begin::Stale);
        }
        Ok(Begin::Open(JsonRun {
            path: self.path.clone(),
            list,
            _lock: lock,
        }))
    }
}

/// An open run: a copy of the list, and the lock.
#[derive(Debug)]
pub(crate) struct JsonRun {
    path: PathBuf,
    list: List,
    _lock: File,
}

impl Run for JsonRun {
    type Error = StoreError;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied> {
        let applied = Applied::from(self.list.apply(operation));
        self.list.revision += u64::from(applied == Applied::Done);
        Ok(applied)
    }

    async fn finish(mut self, cursors: &Cursors) -> Result<()> {
        let cursors = cursors.iter().map(|(source, cursor)| (source, cursor.clone()));
        self.list.cursors.extend(cursors);
        self.list.write(&self.path)
    }
}

impl List {
    fn new(digest_key: [u8; 32]) -> Self {
        Self {
            revision: 0,
            last_id: 0,
            digest_key,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            memberships: BTreeSet::new(),
            kept_blocks: Vec::new(),
            cursors: Cursors::default(),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let content: Content = serde_json::from_slice(&std::fs::read(path)?)
            .map_err(|error| StoreError::Content(format!("line {}", error.line())))?;
        Self::of(content).map_err(|what| StoreError::Content(format!("a bad {what}")))
    }

    fn of(content: Content) -> Result<Self, &'static str> {
        let mut list = Self::new(content.digest_key.try_into().map_err(|_| "digest_key")?);
        (list.revision, list.last_id) = (content.revision, content.last_id);
        for record in content.users {
            let user = record.user()?;
            list.users
                .insert(user.id.as_str().parse().map_err(|_| "id")?, user);
        }
        for record in content.groups {
            let group = record.group()?;
            list.groups.insert(group.link.clone(), group);
        }
        for (user, group) in content.memberships {
            list.memberships.insert((user, link(&group)?));
        }
        for record in content.kept_blocks {
            list.kept_blocks.push(record.block()?);
        }
        for (source, cursor) in content.cursors {
            let source = source.parse().map_err(|_| "source of a cursor")?;
            let cursor = BASE64.decode(cursor).map_err(|_| "cursor")?;
            list.cursors.extend([(source, Cursor::new(cursor))]);
        }
        Ok(list)
    }

    /// Whole or not at all: written beside the file, and then put in its place.
    fn write(&self, path: &Path) -> Result<()> {
        let content = Content {
            revision: self.revision,
            last_id: self.last_id,
            digest_key: self.digest_key.to_vec(),
            users: self.users.values().map(UserRecord::from).collect(),
            groups: self.groups.values().map(GroupRecord::from).collect(),
            memberships: self
                .memberships
                .iter()
                .map(|(user, group)| (*user, group.to_string()))
                .collect(),
            kept_blocks: self.kept_blocks.iter().map(BlockRecord::from).collect(),
            cursors: self
                .cursors
                .iter()
                .map(|(source, cursor)| (source.to_string(), BASE64.encode(cursor.as_bytes())))
                .collect(),
        };
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory)?; // which only its owner may read
        let text = serde_json::to_vec_pretty(&content).map_err(io::Error::other)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn revision(&self) -> Revision {
        Revision::new(self.revision.to_string())
    }

    fn state(&self) -> StoreState {
        let mut state = StoreState::new(self.revision(), DigestKey::new(self.digest_key));
        let users: BTreeMap<_, _> = self
            .users
            .iter()
            .map(|(id, user)| (id, state.push_user(user)))
            .collect();
        let groups: BTreeMap<_, _> = self
            .groups
            .iter()
            .map(|(link, group)| (link, state.push_group(group.clone())))
            .collect();
        for (user, group) in &self.memberships {
            if let (Some(user), Some(group)) = (users.get(user), groups.get(group)) {
                state.push_membership(*user, *group);
            }
        }
        state
    }

    fn insert(&mut self, name: &str, origin: Origin, (enabled, blocked): (bool, bool), details: Details) {
        self.last_id += 1;
        let id = UserId::new(self.last_id.to_string());
        let name = name.to_owned();
        let user = StoredUser {
            id,
            name,
            origin,
            enabled,
            blocked,
            details,
        };
        self.users.insert(self.last_id, user);
    }

    fn id_of_name(&self, name: &str) -> Option<u64> {
        let wanted = FoldedName::of(name);
        let mut users = self.users.iter();
        users
            .find(|(_, user)| FoldedName::of(&user.name) == wanted)
            .map(|(id, _)| *id)
    }

    fn id_of_link(&self, link: &Link) -> Option<u64> {
        let stands_for = |user: &StoredUser| user.origin.links().is_some_and(|links| links.contains(link));
        self.users
            .iter()
            .find(|(_, user)| stands_for(user))
            .map(|(id, _)| *id)
    }

    /// One operation: it looks before it writes.
    fn apply(&mut self, operation: &Operation) -> Result<Applied, Conflict> {
        match operation {
            Operation::CreateUser(new) => self.create_user(new),
            Operation::UpdateUser { user, changes } => self.update_user(user, changes),
            Operation::DeleteUser { user, links } => self.delete_user(user, links),
            Operation::CreateGroup(group) => match self.groups.get(&group.link) {
                Some(known) if known == group => Ok(Applied::Already),
                Some(_) => Err(Conflict::GroupMoved(group.link.clone())),
                None => Ok(done(
                    self.groups.insert(group.link.clone(), group.clone()).is_none(),
                )),
            },
            Operation::UpdateGroup { from, to } => match self.groups.get(&to.link) {
                Some(known) if known == to => Ok(Applied::Already),
                Some(known) if known == from => {
                    Ok(done(self.groups.insert(to.link.clone(), to.clone()).is_some()))
                }
                Some(_) => Err(Conflict::GroupMoved(to.link.clone())),
                None => Err(Conflict::NoGroup(to.link.clone())),
            },
            Operation::DeleteGroup { group } => {
                self.memberships.retain(|(_, of)| of != group);
                Ok(done(self.groups.remove(group).is_some()))
            }
            Operation::AddMembership { user, group } => {
                let id = self
                    .id_of_link(user)
                    .ok_or_else(|| Conflict::NoUser(user.to_string()))?;
                if !self.groups.contains_key(group) {
                    return Err(Conflict::NoGroup(group.clone()));
                }
                Ok(done(self.memberships.insert((id, group.clone()))))
            }
            Operation::RemoveMembership { user, group } => {
                let pair = self.id_of_link(user).map(|id| (id, group.clone()));
                Ok(done(pair.is_some_and(|pair| self.memberships.remove(&pair))))
            }
        }
    }

    fn create_user(&mut self, new: &NewUser) -> Result<Applied, Conflict> {
        if let Some(known) = self.id_of_name(&new.name).and_then(|id| self.users.get(&id)) {
            return match known.origin.links() == Some(&new.links) {
                true => Ok(Applied::Already),
                false => Err(Conflict::NameTaken(new.name.clone())),
            };
        }
        if let Some(link) = new.links.iter().find(|link| self.id_of_link(link).is_some()) {
            return Err(Conflict::EntryTaken(link));
        }
        let state = (new.enabled, KeptBlock::take(&mut self.kept_blocks, new));
        let origin = Origin::Directory(new.links.clone());
        self.insert(&new.name, origin, state, new.details.clone());
        Ok(Applied::Done)
    }

    fn update_user(&mut self, user: &UserId, changes: &[Change]) -> Result<Applied, Conflict> {
        let id = user.as_str().parse().unwrap_or_default();
        let known = self
            .users
            .get(&id)
            .ok_or_else(|| Conflict::NoUser(user.to_string()))?;
        let mut changed = known.clone();
        let applied = changed.change(changes)?; // compares each field before it sets any
        if self.id_of_name(&changed.name).is_some_and(|owner| owner != id) {
            return Err(Conflict::NameTaken(changed.name));
        }
        changed.blocked |= KeptBlock::take_for_update(&mut self.kept_blocks, known, &changed);
        self.users.insert(id, changed);
        Ok(applied)
    }

    fn delete_user(&mut self, user: &UserId, links: &Links) -> Result<Applied, Conflict> {
        let id = user.as_str().parse().unwrap_or_default();
        let Some(known) = self.users.get(&id) else {
            return Ok(Applied::Already);
        };
        match known.origin.links() {
            Some(known) if known == links => {}
            Some(_) => return Err(Conflict::Moved(known.name.clone(), adlib::sync::Field::Entry)),
            None => return Err(Conflict::Protected(known.name.clone())),
        }
        self.kept_blocks.extend(KeptBlock::of(known));
        self.memberships.retain(|(of, _)| *of != id);
        self.users.remove(&id);
        Ok(Applied::Done)
    }
}

fn done(changed: bool) -> Applied {
    if changed { Applied::Done } else { Applied::Already }
}
