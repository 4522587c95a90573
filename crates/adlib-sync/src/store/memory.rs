//! A store in memory, for tests and as the shortest example of an implementation.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Applied, Begin, Conflict, DigestKey, NewUser, Operation, Origin, Revision, Run, Store, StoreState,
    StoredGroup, StoredUser, UserId,
};
use crate::{Change, Details, FoldedName, Link, Links};

/// What can go wrong in memory: nothing.
pub type MemoryStoreError = Infallible;

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
    last_id: u64,
    revision: u64,
    is_open: bool,
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
            last_id: 0,
            revision: 0,
            is_open: false,
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
        inner.insert(name, origin, true, details);
        true
    }

    /// Block a user, or lift the block; `false` when there is no user of this name. No run changes it.
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
        let id = inner.named.get(&FoldedName::of(name)).copied();
        let Some(user) = id.and_then(|id| inner.users.get_mut(&id)) else {
            return false;
        };
        let is_change = user.blocked != blocked;
        user.blocked = blocked;
        inner.revision += u64::from(is_change);
        true
    }

    /// The users in the order in which they were created.
    #[must_use]
    pub fn users(&self) -> Vec<StoredUser> {
        self.inner().users.values().cloned().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change below is whole before anything could panic.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Error = MemoryStoreError;
    type Run = MemoryRun;

    async fn load(&self) -> Result<StoreState, Infallible> {
        Ok(self.inner().state())
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<MemoryRun>, Infallible> {
        let mut inner = self.inner();
        if inner.is_open {
            return Ok(Begin::Busy);
        }
        if inner.revision() != *revision {
            return Ok(Begin::Stale);
        }
        inner.is_open = true;
        Ok(Begin::Open(MemoryRun { store: self.clone() }))
    }
}

/// An open run in a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryRun {
    store: MemoryStore,
}

impl Run for MemoryRun {
    type Error = MemoryStoreError;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied, Infallible> {
        let mut inner = self.store.inner();
        let applied = Applied::from(inner.apply(operation));
        if applied == Applied::Done {
            inner.revision += 1;
        }
        Ok(applied)
    }

    async fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Drop for MemoryRun {
    fn drop(&mut self) {
        self.store.inner().is_open = false;
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

    fn insert(&mut self, name: &str, origin: Origin, enabled: bool, details: Details) {
        self.last_id += 1;
        self.revision += 1;
        let user = StoredUser {
            id: UserId::new(self.last_id.to_string()),
            name: name.to_owned(),
            origin,
            enabled,
            blocked: false,
            details,
        };
        self.put(self.last_id, user);
    }

    fn put(&mut self, id: u64, user: StoredUser) {
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
        self.memberships.retain(|(of, _)| *of != id);
        self.take(id);
        Ok(Applied::Done)
    }

    fn update_user(&mut self, user: &UserId, changes: &[Change]) -> Result<Applied, Conflict> {
        let (id, known) = self
            .find(user)
            .ok_or_else(|| Conflict::NoUser(user.to_string()))?;
        let mut changed = known.clone();
        let applied = changed.change(changes)?;
        let owner = self.named.get(&FoldedName::of(&changed.name));
        if owner.is_some_and(|owner| *owner != id) {
            return Err(Conflict::NameTaken(changed.name));
        }
        self.take(id);
        self.put(id, changed);
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
        let origin = Origin::Directory(new.links.clone());
        self.insert(&new.name, origin, new.enabled, new.details.clone());
        Ok(Applied::Done)
    }
}

const fn done(changed: bool) -> Applied {
    if changed { Applied::Done } else { Applied::Already }
}
