//! The application's own user list, as a sign-in sees it (R12, R40).

mod admission;
#[cfg(feature = "sync")]
mod store;

use adlib_schema::record::{Key, User};

use crate::{BoxFuture, Error, Identity, SourceRole};

pub(crate) use admission::{Admission, Admitted};
#[cfg(feature = "sync")]
pub use store::StoreUsers;

/// The application's own user list, as a sign-in sees it.
///
/// With one, only users of the list are let in, and others where provisioning makes them users (R12); and with two
/// directories a user signs in against the one that owns the record (R40). [`StoreUsers`] is one over any
/// [`Store`](crate::sync::Store).
///
/// ```
/// use std::collections::HashMap;
/// use std::future::ready;
///
/// use adlib::{
///     BoxFuture, Error, Identity, ListedBy, ListedUser, Provisioning, SourceRole, UserList,
///     schema::record::{Key, User},
/// };
///
/// /// Users of one directory, by their entries: the name, and whether somebody has blocked them.
/// struct Users(HashMap<Key, (String, bool)>);
///
/// impl UserList for Users {
///     fn owner<'a>(&'a self, wanted: ListedBy<'a>) -> BoxFuture<'a, Result<Option<SourceRole>, Error>> {
///         let is_listed = match wanted {
///             ListedBy::Name(name) => self.0.values().any(|(listed, _)| listed == name),
///             ListedBy::Entry(_, key) => self.0.contains_key(key),
///             _ => false,
///         };
///         Box::pin(ready(Ok(is_listed.then_some(SourceRole::Primary))))
///     }
///
///     fn find<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<Option<ListedUser>, Error>> {
///         let listed = identity.key().and_then(|key| self.0.get(key));
///         let listed = listed.map(|(name, is_blocked)| ListedUser::new(name, !is_blocked));
///         Box::pin(ready(Ok(listed)))
///     }
///
///     fn create<'a>(
///         &'a self,
///         _: &'a Identity,
///         _: &'a User,
///         _: &'a str,
///     ) -> BoxFuture<'a, Result<Provisioning, Error>> {
///         Box::pin(ready(Ok(Provisioning::Refused("this list is closed".to_owned()))))
///     }
/// }
/// ```
pub trait UserList: Send + Sync {
    /// The directory that owns a record; `None` when there is no such record, or none of a directory.
    ///
    /// # Errors
    /// `Store` when the list cannot be asked.
    fn owner<'a>(&'a self, wanted: ListedBy<'a>) -> BoxFuture<'a, Result<Option<SourceRole>, Error>>;

    /// The record of who signed in: by the entry ([`Identity::key`] in the source of the
    /// [evidence](crate::Evidence::source)), or by the SID where only that is known. Never by the name alone: it may be
    /// somebody else's by now.
    ///
    /// # Errors
    /// `Store` when the list cannot be asked.
    fn find<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<Option<ListedUser>, Error>>;

    /// Make a record for who signed in for the first time, `user` in the directory, with `profile` (R12).
    ///
    /// # Errors
    /// `Store` when the list cannot be changed now.
    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        user: &'a User,
        profile: &'a str,
    ) -> BoxFuture<'a, Result<Provisioning, Error>>;
}

/// What a record is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListedBy<'a> {
    /// The user's name, as it was typed. A part of it is not the name.
    Name(&'a str),
    /// The entry in a directory that the user stands for.
    Entry(SourceRole, &'a Key),
}

/// A user of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedUser {
    /// What the list knows the user by.
    pub id: String,
    /// Whether the application lets the user in: it may have blocked the user itself.
    pub may_sign_in: bool,
}

impl ListedUser {
    /// A user of the list.
    pub fn new(id: impl Into<String>, may_sign_in: bool) -> Self {
        let id = id.into();
        Self { id, may_sign_in }
    }
}

/// What came of making a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provisioning {
    /// There is one now, or somebody else was faster.
    Created(ListedUser),
    /// There cannot be one; the reason, as that the name is taken.
    Refused(String),
}
