//! A user list over a store that a synchronisation keeps.

use std::time::Duration;

use adlib_schema::{
    UserName,
    record::{Key, User},
};
use adlib_sync::{
    Details, FoldedName, Link, Links, Source,
    store::{Applied, Begin, Cursors, NewUser, Operation, Run, Store, StoredUser, UserRef},
};

use super::{ListedBy, ListedUser, Provisioning, UserList};
use crate::{BoxFuture, Error, Identity, SourceRole};

/// How often a store is asked that another run holds, or that changes meanwhile.
const TRIES: u32 = 20;
/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(100);

/// The users of a [`Store`], as a sign-in sees them.
///
/// A user who is provisioned is what the next synchronisation would have made of the account, so that it finds nothing to do.
/// The store is read whole for what is asked; an application with many users overrides [`Store::find`].
///
/// ```
/// use std::sync::Arc;
/// use adlib::{Authenticator, StoreUsers, sync::store::{DigestKey, MemoryStore}};
///
/// let store = MemoryStore::new(DigestKey::new([7; 32]));
/// let builder = Authenticator::builder()
///     .provision("Print Admins", "admin")
///     .users(Arc::new(StoreUsers::new(store)));
/// ```
#[derive(Debug, Clone)]
pub struct StoreUsers<S> {
    store: S,
    user_name: UserName,
}

impl<S: Store + Send + Sync> StoreUsers<S> {
    /// The users of `store`, who are called by their account names.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            user_name: UserName::default(),
        }
    }

    /// The same, where the synchronisation calls them by `user_name`.
    #[must_use]
    pub fn with_user_name(self, user_name: UserName) -> Self {
        Self { user_name, ..self }
    }

    /// Add a user, once no other run is in the way.
    async fn create_when_free(&self, new: &NewUser) -> Result<Applied, Error> {
        for _ in 0..TRIES {
            if let Some(applied) = self.try_to_create(new).await.map_err(failed)? {
                return Ok(applied);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Store("another run holds it".to_owned()))
    }

    /// One try to add a user; `None` when another run is in the way.
    async fn try_to_create(&self, new: &NewUser) -> Result<Option<Applied>, S::Error> {
        let revision = self.store.load().await?.revision;
        let Begin::Open(mut run) = self.store.begin(&revision).await? else {
            return Ok(None);
        };
        let applied = run.apply(&Operation::CreateUser(new.clone())).await?;
        run.finish(&Cursors::default()).await?;
        Ok(Some(applied))
    }
}

impl<S: Store + Send + Sync> UserList for StoreUsers<S> {
    fn owner<'a>(&'a self, wanted: ListedBy<'a>) -> BoxFuture<'a, Result<Option<SourceRole>, Error>> {
        Box::pin(async move {
            let found = match wanted {
                ListedBy::Name(name) => self.store.find(UserRef::Name(&FoldedName::of(name))).await,
                ListedBy::Entry(role, key) => self.store.find(UserRef::Link(&link(role, key))).await,
            };
            let owner = found
                .map_err(failed)?
                .and_then(|user| user.origin.links().map(Links::owner));
            Ok(owner.and_then(|link| role(link.source)))
        })
    }

    fn find<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<Option<ListedUser>, Error>> {
        Box::pin(async move {
            let found = match (identity.key(), identity.sid()) {
                (Some(key), _) => {
                    let link = link(identity.evidence().source, key);
                    self.store.find(UserRef::Link(&link)).await
                }
                (None, Some(sid)) => self.store.find(UserRef::Sid(sid)).await,
                (None, None) => Ok(None),
            };
            // A local user who happens to have the SID is nobody that a directory vouches for.
            let found = found
                .map_err(failed)?
                .filter(|user| user.origin.links().is_some());
            Ok(found.as_ref().map(listed))
        })
    }

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        user: &'a User,
        profile: &'a str,
    ) -> BoxFuture<'a, Result<Provisioning, Error>> {
        Box::pin(async move {
            let Some(name) = self.user_name.of(user) else {
                return Ok(Provisioning::Refused("it has no name to be called by".to_owned()));
            };
            let link = link(identity.evidence().source, &user.key);
            let Some(links) = Links::of([link.clone()]) else {
                return Ok(Provisioning::Refused("it has no lasting identity".to_owned()));
            };
            let mut new = NewUser::new(links, name);
            new.details = Details::of(user);
            new.former_sids.clone_from(&user.sid_history);
            new.profile = Some(profile.to_owned());
            match self.create_when_free(&new).await? {
                Applied::Done | Applied::Already => {}
                Applied::Conflict(conflict) => return Ok(Provisioning::Refused(conflict.to_string())),
            }
            let made = self.store.find(UserRef::Link(&link)).await.map_err(failed)?;
            let made = made.ok_or_else(|| Error::Store("a user that was made is not there".to_owned()))?;
            Ok(Provisioning::Created(listed(&made)))
        })
    }
}

fn listed(user: &StoredUser) -> ListedUser {
    // What the directory says of the account was asked in this sign-in; the record may be of last night.
    ListedUser::new(user.id.as_str(), !user.blocked)
}

const fn source(role: SourceRole) -> Source {
    match role {
        SourceRole::Primary => Source::Primary,
        SourceRole::Secondary => Source::Secondary,
    }
}

fn role(source: Source) -> Option<SourceRole> {
    let roles = [SourceRole::Primary, SourceRole::Secondary];
    roles.into_iter().find(|role| self::source(*role) == source)
}

fn link(role: SourceRole, key: &Key) -> Link {
    Link::new(source(role), key.clone())
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Store(error.to_string())
}
