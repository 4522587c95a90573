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
///
/// // Somebody who merely has the name is blocked, and so is she when she comes.
/// let mut kept = vec![kept];
/// assert!(KeptBlock::take(&mut kept, &NewUser::new(Links::primary(Key::new("another")), "ADA")));
/// assert!(KeptBlock::take(&mut kept, &NewUser::new(Links::primary(Key::new("k")), "countess")));
/// assert!(kept.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptBlock {
    /// The entries that the user stood for.
    pub links: Links,
    /// The user's name; `None` since somebody else took it, who may not be the user.
    pub name: Option<FoldedName>,
    /// The user's security identifier.
    pub sid: Option<Sid>,
}

impl KeptBlock {
    /// The block of a user who stood for these entries under this name.
    #[must_use]
    pub fn new(links: Links, name: Option<&str>, sid: Option<Sid>) -> Self {
        let name = name.map(FoldedName::of);
        Self { links, name, sid }
    }

    /// What to remember of `user` when a run deletes it; `None` of who is not blocked.
    #[must_use]
    pub fn of(user: &StoredUser) -> Option<Self> {
        let links = user.origin.links().filter(|_| user.blocked)?;
        Some(Self::new(links.clone(), Some(&user.name), user.details.sid))
    }

    /// Whether `new` may be that user: the same entry, the same account by SID or SID history, or the same name.
    ///
    /// Whom only the name connects may be somebody else. To be wrong that way costs a call to the administrator; to be
    /// wrong the other way lets somebody in who was shut out.
    #[must_use]
    pub fn is_of(&self, new: &NewUser) -> bool {
        self.is_of_account(&new.links, new.sids()) || self.name == Some(FoldedName::of(&new.name))
    }

    /// Whether somebody who stands for these entries and has or had these security identifiers is that user for sure.
    #[must_use]
    pub fn is_of_account(&self, links: &Links, sids: impl IntoIterator<Item = Sid>) -> bool {
        links.iter().any(|link| self.links.contains(&link))
            || sids.into_iter().any(|sid| Some(sid) == self.sid)
    }

    /// Whether `new`, who is created, is to be blocked, as [`KeptBlock::is_of`] says.
    ///
    /// A block of the same account is `new`'s from now on and leaves `kept`. One that only the name connects stays there
    /// without the name, for `new` may be somebody else: the user may still come.
    pub fn take(kept: &mut Vec<Self>, new: &NewUser) -> bool {
        let name = FoldedName::of(&new.name);
        let mut is_blocked = false;
        kept.retain_mut(|kept| {
            let same_account = kept.is_of_account(&new.links, new.sids());
            let same_name = kept.name.take_if(|kept| *kept == name).is_some();
            is_blocked |= same_account || same_name;
            !same_account
        });
        is_blocked
    }

    /// Whether a user whom an update makes `to` out of `from` is to be blocked, being another account by now: one that was
    /// adopted, or that stands for another entry. The block leaves `kept`.
    ///
    /// The name is not asked here: under it the application itself has let the user in.
    pub fn take_for_update(kept: &mut Vec<Self>, from: &StoredUser, to: &StoredUser) -> bool {
        let Some(links) = Self::new_account(from, to) else {
            return false;
        };
        let before = kept.len();
        kept.retain(|kept| !kept.is_of_account(links, to.details.sid));
        kept.len() < before
    }

    /// The entries of a user whom an update makes `to` out of `from`, if that is another account: then a block may be kept
    /// for it.
    #[must_use]
    pub fn new_account<'a>(from: &StoredUser, to: &'a StoredUser) -> Option<&'a Links> {
        let is_same = from.origin == to.origin && from.details.sid == to.details.sid;
        to.origin.links().filter(|_| !is_same)
    }
}
