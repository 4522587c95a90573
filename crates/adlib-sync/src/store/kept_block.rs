//! A block outlasts its user (R31).

use adlib_core::Sid;

use super::{NewUser, StoredUser};
use crate::{FoldedName, Links};

/// What a store remembers of a blocked user whom a run deleted: who comes back is blocked again.
///
/// ```
/// use adlib_schema::record::Key;
/// use adlib_sync::{Details, Links, store::*};
///
/// let ada = StoredUser {
///     id: UserId::new("1"),
///     name: "Ada".into(),
///     origin: Origin::Directory(Links::primary(Key::new("k"))),
///     enabled: true,
///     blocked: true,
///     details: Details::default(),
/// };
/// let kept = KeptBlock::of(&ada).expect("she is blocked");
/// assert!(kept.is_of(&NewUser::new(Links::primary(Key::new("another")), "ADA")));
/// assert!(kept.is_of(&NewUser::new(Links::primary(Key::new("k")), "countess")));
/// assert!(!kept.is_of(&NewUser::new(Links::primary(Key::new("another")), "bob")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptBlock {
    /// The entries that the user stood for.
    pub links: Links,
    /// The user's name.
    pub name: FoldedName,
    /// The user's security identifier.
    pub sid: Option<Sid>,
}

impl KeptBlock {
    /// The block of a user who stood for these entries under this name.
    #[must_use]
    pub fn new(links: Links, name: &str, sid: Option<Sid>) -> Self {
        let name = FoldedName::of(name);
        Self { links, name, sid }
    }

    /// What to remember of `user` when a run deletes it; `None` of who is not blocked.
    #[must_use]
    pub fn of(user: &StoredUser) -> Option<Self> {
        let links = user.origin.links().filter(|_| user.blocked)?;
        Some(Self::new(links.clone(), &user.name, user.details.sid))
    }

    /// Whether `new` may be that user: the same entry, the same account by SID or SID history, or the same name.
    ///
    /// Whom only the name connects may be somebody else. To be wrong that way costs a call to the administrator; to be
    /// wrong the other way lets somebody in who was shut out.
    #[must_use]
    pub fn is_of(&self, new: &NewUser) -> bool {
        new.links.iter().any(|link| self.links.contains(&link))
            || new.sids().any(|sid| Some(sid) == self.sid)
            || FoldedName::of(&new.name) == self.name
    }
}
