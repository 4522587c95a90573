//! What a store knows of users and groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use adlib_core::{Secret, Sid};
use adlib_schema::record::{Group, Pin};

use super::{Applied, Conflict};
use crate::{
    Change, Details, Field, FoldedName, Link, Links, Value,
    table::{Fields, Hashed, OriginKind, Pairs, Record, Rows, encode, hash},
};

/// What the store itself knows a user by. The sync hands it back and reads nothing into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    /// The identity with this text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a user of the store comes from. Only a directory's users are ever changed or deleted (R31).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A source brought it in.
    Directory(Links),
    /// An administrator of the application made it.
    Local,
    /// The application itself needs it.
    Internal,
    /// A guest.
    Guest,
}

impl Origin {
    /// The entries that the user stands for, if a source brought it in.
    #[must_use]
    pub const fn links(&self) -> Option<&Links> {
        match self {
            Self::Directory(links) => Some(links),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(links) => links.fmt(f),
            Self::Local => f.write_str("local"),
            Self::Internal => f.write_str("internal"),
            Self::Guest => f.write_str("guest"),
        }
    }
}

/// A user of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// What the store knows the user by.
    pub id: UserId,
    /// The user's name.
    pub name: String,
    /// Where the user comes from.
    pub origin: Origin,
    /// Whether the directory lets the account be used.
    pub enabled: bool,
    /// Whether an administrator of the application has blocked the user. It is no [`Field`], so no operation of a run
    /// can touch it: only the application sets and lifts a block.
    pub blocked: bool,
    /// Everything else.
    pub details: Details,
}

impl StoredUser {
    /// Whether the user may sign in: the directory lets the account be used, and nobody has blocked it here.
    #[must_use]
    pub const fn may_sign_in(&self) -> bool {
        self.enabled && !self.blocked
    }

    /// The value of `field`.
    #[must_use]
    pub fn value(&self, field: Field) -> Value {
        match field {
            Field::Name => Value::Text(self.name.clone()),
            Field::Enabled => Value::Flag(self.enabled),
            Field::Entry => Value::Origin(self.origin.clone()),
            detail => self.details.value(detail).unwrap_or(Value::Absent),
        }
    }

    /// Make `changes`, all or none of them: each must find the value it starts from, or the one it ends with.
    ///
    /// Stores are meant to build their own update on this. Whether the name is free is theirs to say.
    ///
    /// # Errors
    /// `Moved` when a value is neither; `Protected` when the user is not a directory's.
    pub fn change(&mut self, changes: &[Change]) -> Result<Applied, Conflict> {
        let adopts = changes.iter().any(|change| {
            matches!((&change.from, &change.to), (Value::Origin(from), Value::Origin(Origin::Directory(_)))
                if *from == Origin::Local && self.origin == Origin::Local)
        });
        if self.origin.links().is_none() && !adopts {
            return Err(Conflict::Protected(self.name.clone()));
        }
        let mut changed = self.clone();
        let mut applied = Applied::Already;
        for change in changes {
            let now = self.value(change.field);
            if now == change.to {
                continue;
            }
            if now != change.from || !changed.set(change.field, &change.to) {
                return Err(Conflict::Moved(self.name.clone(), change.field));
            }
            applied = Applied::Done;
        }
        *self = changed;
        Ok(applied)
    }

    fn set(&mut self, field: Field, value: &Value) -> bool {
        match (field, value) {
            (Field::Name, Value::Text(name)) => self.name.clone_from(name),
            (Field::Enabled, Value::Flag(enabled)) => self.enabled = *enabled,
            (Field::Entry, Value::Origin(origin)) => self.origin = origin.clone(),
            _ => return self.details.set(field, value),
        }
        true
    }
}

/// What one user of a store is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserRef<'a> {
    /// The name.
    Name(&'a FoldedName),
    /// An entry that the user stands for.
    Link(&'a Link),
    /// The security identifier.
    Sid(&'a Sid),
}

impl UserRef<'_> {
    /// Whether `user` is the one.
    #[must_use]
    pub fn is(self, user: &StoredUser) -> bool {
        match self {
            Self::Name(name) => FoldedName::of(&user.name) == *name,
            Self::Link(link) => user.origin.links().is_some_and(|links| links.contains(link)),
            Self::Sid(sid) => user.details.sid == Some(*sid),
        }
    }
}

/// A group that a source brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredGroup {
    /// The entry that it stands for.
    pub link: Link,
    /// The DNS name of the domain; empty where there is none.
    pub domain: String,
    /// The name.
    pub name: String,
    /// The name to show.
    pub full_name: Option<String>,
}

impl StoredGroup {
    /// A group without a name to show.
    pub fn new(link: Link, domain: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            link,
            domain: domain.into(),
            name: name.into(),
            full_name: None,
        }
    }

    /// The group that stands for a directory's.
    #[must_use]
    pub fn of(link: Link, group: &Group) -> Self {
        Self {
            full_name: group.full_name.clone(),
            ..Self::new(link, group.domain.clone(), group.name.clone())
        }
    }

    /// `domain\name`, or the name alone where there is no domain.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        if self.domain.is_empty() {
            self.name.clone()
        } else {
            format!("{}\\{}", self.domain, self.name)
        }
    }
}

/// What tells two states of a store apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision(Box<str>);

impl Revision {
    /// The revision with this text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key under which PINs enter the hash of a plan (R33): made once at random for a store, and kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestKey(Secret<[u8; 32]>);

impl DigestKey {
    /// Take charge of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// A store at one moment.
///
/// Users, groups and memberships are added one by one, so that a store of any size can be loaded row by row: a user
/// takes about 150 bytes, and a membership two or three when they come in the order of their users.
///
/// ```
/// use adlib_schema::record::Key;
/// use adlib_sync::{Details, Link, Links, Source, store::*};
///
/// let mut state = StoreState::new(Revision::new("1"), DigestKey::new([7; 32]));
/// let ada = state.push_user(&StoredUser {
///     id: UserId::new("17"),
///     name: "ada".into(),
///     origin: Origin::Directory(Links::primary(Key::new("k"))),
///     enabled: true,
///     blocked: false,
///     details: Details::default(),
/// });
/// let staff = Link::new(Source::Primary, Key::new("g"));
/// let staff = state.push_group(StoredGroup::new(staff, "example.org", "staff"));
/// state.push_membership(ada, staff);
/// assert_eq!(state.user(ada).map(|user| user.name).as_deref(), Some("ada"));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreState {
    pub(crate) users: Rows,
    pub(crate) ids: Rows,
    /// The users by the entries that they stand for.
    pub(crate) keys: Vec<Hashed>,
    pub(crate) pins: BTreeMap<u32, Pin>,
    /// Who is blocked. It is not in the rows, because the rows of a snapshot know nothing of it.
    blocked: BTreeSet<u32>,
    pub(crate) groups: Vec<StoredGroup>,
    pub(crate) memberships: Pairs,
    /// How many users a directory brought in, and how many of these have a value in each detail.
    pub(crate) managed: usize,
    pub(crate) values: [usize; Field::DETAILS.len()],
    /// What tells this state from another.
    pub revision: Revision,
    /// The key under which PINs enter the hash of a plan.
    pub digest_key: DigestKey,
}

impl StoreState {
    /// A store without users.
    #[must_use]
    pub fn new(revision: Revision, digest_key: DigestKey) -> Self {
        Self {
            users: Rows::default(),
            ids: Rows::default(),
            keys: Vec::new(),
            pins: BTreeMap::new(),
            blocked: BTreeSet::new(),
            groups: Vec::new(),
            memberships: Pairs::default(),
            managed: 0,
            values: [0; Field::DETAILS.len()],
            revision,
            digest_key,
        }
    }

    /// Add a user, whatever its origin: a local one may bear a name that a source wants. Gives its number.
    pub fn push_user(&mut self, user: &StoredUser) -> usize {
        let origin = OriginKind::of(&user.origin);
        let fields = Fields::of(&user.name, user.enabled, &user.details);
        let row = match &user.origin {
            Origin::Directory(links) => {
                self.count_values(&user.details);
                self.users.push_with(
                    |row| Record(row).hash(),
                    |out| encode(out, origin, links.keys(), &fields),
                )
            }
            _ => self
                .users
                .push_with(|_| 0, |out| encode(out, origin, std::iter::empty(), &fields)),
        };
        self.ids
            .push_with(|_| 0, |out| out.extend_from_slice(user.id.as_str().as_bytes()));
        if let Ok(row) = u32::try_from(row) {
            let links = Record(self.users.get(row as usize)).packed_links();
            self.keys
                .extend(links.map(|(_, packed)| Hashed::new(hash(packed), row)));
            self.pins
                .extend(user.details.pin.iter().map(|pin| (row, pin.clone())));
            self.blocked.extend(user.blocked.then_some(row));
        }
        row
    }

    fn count_values(&mut self, details: &Details) {
        self.managed += 1;
        for (field, count) in Field::DETAILS.into_iter().zip(&mut self.values) {
            *count += usize::from(details.has(field));
        }
    }

    /// Add a group that a sync created. Gives its number.
    pub fn push_group(&mut self, group: StoredGroup) -> usize {
        self.groups.push(group);
        self.groups.len() - 1
    }

    /// Add a membership that a sync created, by the numbers of user and group. Others are not its business.
    pub fn push_membership(&mut self, user: usize, group: usize) {
        if let (Ok(user), Ok(group)) = (u32::try_from(user), u32::try_from(group)) {
            let record = Record(self.users.get(user as usize));
            self.memberships.push(user, group, || record.hash());
        }
    }

    /// How many users there are.
    #[must_use]
    pub const fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = StoredUser> + '_ {
        (0..self.users.len()).filter_map(|row| self.user(row))
    }

    /// The user with this number.
    #[must_use]
    pub fn user(&self, row: usize) -> Option<StoredUser> {
        let decoded = self.record(row)?.decode();
        Some(StoredUser {
            id: self.id(row),
            name: decoded.name,
            origin: decoded.origin,
            enabled: decoded.enabled,
            blocked: u32::try_from(row).is_ok_and(|row| self.blocked.contains(&row)),
            details: Details {
                pin: self.pin(row).cloned(),
                ..decoded.details
            },
        })
    }

    /// The first user that is the one.
    #[must_use]
    pub fn find(&self, wanted: UserRef<'_>) -> Option<StoredUser> {
        self.users().find(|user| wanted.is(user))
    }

    /// The groups that a sync created.
    #[must_use]
    pub fn groups(&self) -> &[StoredGroup] {
        &self.groups
    }

    /// How many memberships there are.
    #[must_use]
    pub fn membership_count(&self) -> usize {
        self.memberships.len()
    }

    /// The memberships that a sync created, by the numbers of user and group.
    pub fn memberships(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.memberships
            .iter()
            .map(|(user, group)| (user as usize, group as usize))
    }

    pub(crate) fn record(&self, row: usize) -> Option<Record<'_>> {
        (row < self.users.len()).then(|| Record(self.users.get(row)))
    }

    /// [Fetch](Rows::fetch) the rows of some users.
    pub(crate) fn fetch(&self, users: impl IntoIterator<Item = usize>) {
        self.users
            .fetch(users.into_iter().map(|user| self.users.place(user)));
    }

    pub(crate) fn id(&self, row: usize) -> UserId {
        UserId::new(String::from_utf8_lossy(self.ids.get(row)))
    }

    pub(crate) fn pin(&self, row: usize) -> Option<&Pin> {
        self.pins.get(&u32::try_from(row).ok()?)
    }
}
