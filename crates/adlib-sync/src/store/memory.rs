//! A store in memory, for tests and as the shortest example of an implementation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Applied, Begin, Conflict, Cursors, DigestKey, KeptBlock, NewUser, Operation, Origin, Revision, Run,
    Store, StoreState, StoredGroup, StoredUser, UserId,
};
use crate::{Change, Details, FoldedName, Link, Links};

/// What can go wrong in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryStoreError {
    /// The turn of the run was ended, and another one has begun.
    #[error("this run was silent for too long, and another one has begun")]
    LeaseLost,
}

/// A store in memory. Clones share it. Every operation lasts at once.
///
/// ```
/// use adlib_sync::{Details, store::{DigestKey, MemoryStore, Origin}};
///
/// let store = MemoryStore::new(DigestKey::new([7; 32]));
/// store.insert_local("admin", Origin::Internal, Details::default());
/// assert_eq!(store.users()[0].name, "admin");
/// ```
#[derive(Debug, Clone)]
pub struct MemoryStore {
    shared: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    digest_key: DigestKey,
    users: BTreeMap<u64, StoredUser>,
    /// Who bears a name, and who stands for an entry.
    named: BTreeMap<FoldedName, u64>,
    linked: BTreeMap<Link, u64>,
    groups: BTreeMap<Link, StoredGroup>,
    memberships: BTreeSet<(u64, Link)>,
    kept_blocks: Vec<KeptBlock>,
    cursors: Cursors,
    profiles: BTreeMap<u64, String>,
    last_id: u64,
    revision: u64,
    /// The number of the open run, and of the last one that was opened.
    open_run: Option<u64>,
    last_run: u64,
}

impl MemoryStore {
    /// An empty store. `digest_key` should be random.
    #[must_use]
    pub fn new(digest_key: DigestKey) -> Self {
        let inner = Inner {
            digest_key,
            users: BTreeMap::new(),
            named: BTreeMap::new(),
            linked: BTreeMap::new(),
            groups: BTreeMap::new(),
            memberships: BTreeSet::new(),
            kept_blocks: Vec::new(),
            cursors: Cursors::default(),
            profiles: BTreeMap::new(),
            last_id: 0,
            revision: 0,
            open_run: None,
            last_run: 0,
        };
        Self {
            shared: Arc::new(Mutex::new(inner)),
        }
    }

    /// Add a user that no directory brought in; `false` when the name is taken.
    pub fn insert_local(&self, name: &str, origin: Origin, details: Details) -> bool {
        let mut inner = self.inner();
        if inner.named.contains_key(&FoldedName::of(name)) {
            return false;
        }
        inner.insert(name, origin, details);
        true
    }

    /// Block a user, or lift the block, also that of a deleted user; `false` when there is no user of this name. No run
    /// changes it.
    ///
    /// ```
    /// use adlib_sync::{Details, store::{DigestKey, MemoryStore, Origin}};
    ///
    /// let store = MemoryStore::new(DigestKey::new([7; 32]));
    /// store.insert_local("ada", Origin::Local, Details::default());
    /// assert!(store.set_blocked("ADA", true) && !store.set_blocked("bob", true));
    /// assert!(!store.users()[0].may_sign_in());
    /// ```
    pub fn set_blocked(&self, name: &str, blocked: bool) -> bool {
        let mut inner = self.inner();
        let name = FoldedName::of(name);
        let kept = inner.kept_blocks.len();
        if !blocked {
            inner.kept_blocks.retain(|kept| kept.name.as_ref() != Some(&name));
        }
        let was_kept = inner.kept_blocks.len() < kept;
        let id = inner.named.get(&name).copied();
        let Some(user) = id.and_then(|id| inner.users.get_mut(&id)) else {
            return was_kept;
        };
        let is_change = user.blocked != blocked;
        user.blocked = blocked;
        inner.revision += u64::from(is_change);
        true
    }

    /// End the turn of the open run, as stores with leases do with one that is silent for too long.
    pub fn expire_run(&self) {
        self.inner().open_run = None;
    }

    /// The users in the order in which they were created.
    #[must_use]
    pub fn users(&self) -> Vec<StoredUser> {
        self.inner().users.values().cloned().collect()
    }

    /// What a first sign-in made of a user (R12).
    #[must_use]
    pub fn profile_of(&self, name: &str) -> Option<String> {
        let inner = self.inner();
        let id = inner.named.get(&FoldedName::of(name))?;
        inner.profiles.get(id).cloned()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change below is whole before anything could panic.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Error = MemoryStoreError;
    type Run = MemoryRun;

    async fn load(&self) -> Result<StoreState, MemoryStoreError> {
        Ok(self.inner().state())
    }

    async fn cursors(&self) -> Result<Cursors, MemoryStoreError> {
        Ok(self.inner().cursors.clone())
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<MemoryRun>, MemoryStoreError> {
        let mut inner = self.inner();
        if inner.open_run.is_some() {
            return Ok(Begin::Busy);
        }
        if inner.revision() != *revision {
            return Ok(Begin::Stale);
        }
        inner.last_run += 1;
        let number = inner.last_run;
        inner.open_run = Some(number);
        Ok(Begin::Open(MemoryRun {
            store: self.clone(),
            number,
        }))
    }
}

/// An open run in a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryRun {
    store: MemoryStore,
    number: u64,
}

impl MemoryRun {
    /// The store, if it is still this run's turn.
    fn inner(&self) -> Result<MutexGuard<'_, Inner>, MemoryStoreError> {
        let inner = self.store.inner();
        match inner.open_run {
            Some(number) if number == self.number => Ok(inner),
            _ => Err(MemoryStoreError::LeaseLost),
        }
    }
}

impl Run for MemoryRun {
    type Error = MemoryStoreError;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied, MemoryStoreError> {
        let mut inner = self.inner()?;
        let applied = Applied::from(inner.apply(operation));
        if applied == Applied::Done {
            inner.revision += 1;
        }
        Ok(applied)
    }

    async fn finish(self, cursors: &Cursors) -> Result<(), MemoryStoreError> {
        let cursors = cursors.iter().map(|(source, cursor)| (source, cursor.clone()));
        self.inner()?.cursors.extend(cursors);
        Ok(())
    }
}

impl Drop for MemoryRun {
    fn drop(&mut self) {
        if let Ok(mut inner) = self.inner() {
            inner.open_run = None;
        }
    }
}

impl Inner {
    fn revision(&self) -> Revision {
        Revision::new(self.revision.to_string())
    }

    fn state(&self) -> StoreState {
        let mut state = StoreState::new(self.revision(), self.digest_key.clone());
        let user_at: BTreeMap<u64, usize> = self
            .users
            .iter()
            .map(|(id, user)| (*id, state.push_user(user)))
            .collect();
        let group_at: BTreeMap<&Link, usize> = self
            .groups
            .iter()
            .map(|(link, group)| (link, state.push_group(group.clone())))
            .collect();
        for (user, group) in &self.memberships {
            if let (Some(user), Some(group)) = (user_at.get(user), group_at.get(group)) {
                state.push_membership(*user, *group);
            }
        }
        state
    }

    /// Add a user who may sign in.
    fn insert(&mut self, name: &str, origin: Origin, details: Details) {
        self.revision += 1;
        let id = self.next_id();
        self.put(StoredUser {
            id,
            name: name.to_owned(),
            origin,
            enabled: true,
            blocked: false,
            details,
        });
    }

    fn next_id(&mut self) -> UserId {
        self.last_id += 1;
        UserId::new(self.last_id.to_string())
    }

    fn put(&mut self, user: StoredUser) {
        let Ok(id) = user.id.as_str().parse() else { return };
        self.named.insert(FoldedName::of(&user.name), id);
        let links = user.origin.links().into_iter().flat_map(Links::iter);
        self.linked.extend(links.map(|link| (link, id)));
        self.users.insert(id, user);
    }

    fn take(&mut self, id: u64) -> Option<StoredUser> {
        let user = self.users.remove(&id)?;
        self.named.remove(&FoldedName::of(&user.name));
        for link in user.origin.links().into_iter().flat_map(Links::iter) {
            // In the middle of a run another user may have got the link already.
            if self.linked.get(&link) == Some(&id) {
                self.linked.remove(&link);
            }
        }
        Some(user)
    }

    fn find(&self, user: &UserId) -> Option<(u64, &StoredUser)> {
        let id = user.as_str().parse().ok()?;
        Some((id, self.users.get(&id)?))
    }

    fn apply(&mut self, operation: &Operation) -> Result<Applied, Conflict> {
        match operation {
            Operation::RemoveMembership { user, group } => {
                let pair = self.linked.get(user).map(|id| (*id, group.clone()));
                Ok(done(pair.is_some_and(|pair| self.memberships.remove(&pair))))
            }
            Operation::AddMembership { user, group } => {
                let id = self.linked.get(user).copied();
                let id = id.ok_or_else(|| Conflict::NoUser(user.to_string()))?;
                if !self.groups.contains_key(group) {
                    return Err(Conflict::NoGroup(group.clone()));
                }
                Ok(done(self.memberships.insert((id, group.clone()))))
            }
            Operation::DeleteUser { user, links } => self.delete_user(user, links),
            Operation::UpdateUser { user, changes } => self.update_user(user, changes),
            Operation::CreateUser(new) => self.create_user(new),
            Operation::DeleteGroup { group } => {
                self.memberships.retain(|(_, of)| of != group);
                Ok(done(self.groups.remove(group).is_some()))
            }
            Operation::CreateGroup(group) => match self.groups.get(&group.link) {
                Some(known) if known == group => Ok(Applied::Already),
                Some(_) => Err(Conflict::GroupMoved(group.link.clone())),
                None => {
                    self.groups.insert(group.link.clone(), group.clone());
                    Ok(Applied::Done)
                }
            },
            Operation::UpdateGroup { from, to } => match self.groups.get_mut(&to.link) {
                Some(known) if known == to => Ok(Applied::Already),
                Some(known) if known == from => {
                    to.clone_into(known);
                    Ok(Applied::Done)
                }
                Some(_) => Err(Conflict::GroupMoved(to.link.clone())),
                None => Err(Conflict::NoGroup(to.link.clone())),
            },
        }
    }

    fn delete_user(&mut self, user: &UserId, links: &Links) -> Result<Applied, Conflict> {
        let Some((id, known)) = self.find(user) else {
            return Ok(Applied::Already);
        };
        match known.origin.links() {
            Some(known) if known == links => {}
            Some(_) => return Err(Conflict::Moved(known.name.clone(), crate::Field::Entry)),
            None => return Err(Conflict::Protected(known.name.clone())),
        }
        let kept = KeptBlock::of(known);
        self.kept_blocks.extend(kept);
        self.memberships.retain(|(of, _)| *of != id);
        self.profiles.remove(&id);
        self.take(id);
        Ok(Applied::Done)
    }

    fn update_user(&mut self, user: &UserId, changes: &[Change]) -> Result<Applied, Conflict> {
        let (id, known) = self
            .find(user)
            .ok_or_else(|| Conflict::NoUser(user.to_string()))?;
        let known = known.clone();
        let mut changed = known.clone();
        let applied = changed.change(changes)?;
        let owner = self.named.get(&FoldedName::of(&changed.name));
        if owner.is_some_and(|owner| *owner != id) {
            return Err(Conflict::NameTaken(changed.name));
        }
        changed.blocked |= KeptBlock::take_for_update(&mut self.kept_blocks, &known, &changed);
        self.take(id);
        self.put(changed);
        Ok(applied)
    }

    fn create_user(&mut self, new: &NewUser) -> Result<Applied, Conflict> {
        if let Some(id) = self.named.get(&FoldedName::of(&new.name)) {
            let same = self.users.get(id).and_then(|user| user.origin.links()) == Some(&new.links);
            return if same {
                Ok(Applied::Already)
            } else {
                Err(Conflict::NameTaken(new.name.clone()))
            };
        }
        if let Some(link) = new.links.iter().find(|link| self.linked.contains_key(link)) {
            return Err(Conflict::EntryTaken(link));
        }
        let user = StoredUser {
            id: self.next_id(),
            name: new.name.clone(),
            origin: Origin::Directory(new.links.clone()),
            enabled: new.enabled,
            blocked: KeptBlock::take(&mut self.kept_blocks, new),
            details: new.details.clone(),
        };
        self.put(user);
        let profile = new.profile.iter().map(|profile| (self.last_id, profile.clone()));
        self.profiles.extend(profile);
        Ok(Applied::Done)
    }
}

const fn done(changed: bool) -> Applied {
    if changed { Applied::Done } else { Applied::Already }
}
