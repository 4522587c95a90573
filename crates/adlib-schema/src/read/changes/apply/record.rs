//! Records before and after an increment.

use super::super::{Change, ChangeKind, RecordKind, place::Held};
use crate::{
    Mapped, Mapper,
    record::{Group, Unit, User},
};

/// A record without the members that are held by identity.
pub(super) enum Record {
    User(Box<User>),
    Group(Box<Group>),
    Unit(Unit),
}

impl Record {
    /// The record that an entry is.
    pub(super) fn of(held: &Held, mapper: &Mapper) -> Option<Self> {
        if held.attributes.is_empty() {
            return None;
        }
        match mapper.map(&held.without_links(), &mut Vec::new()) {
            Mapped::User(user) => Some(Self::User(user)),
            Mapped::Group(group) => Some(Self::Group(group)),
            Mapped::Unit(unit) => Some(Self::Unit(unit)),
            Mapped::ForeignPrincipal { .. } | Mapped::Other => None,
        }
    }

    /// Whether more of an entry is kept than its DN.
    pub(super) fn is_kept(held: &Held, mapper: &Mapper) -> bool {
        let mapped = mapper.map(&held.without_links(), &mut Vec::new());
        !matches!(mapped, Mapped::Other)
    }

    /// The distinguished name.
    pub(super) fn dn(&self) -> &str {
        match self {
            Self::User(user) => &user.dn,
            Self::Group(group) => &group.dn,
            Self::Unit(unit) => &unit.dn,
        }
    }

    /// The change that became of it.
    pub(super) fn became(&self, kind: ChangeKind) -> Change {
        let (key, record) = match self {
            Self::User(user) => (&user.key, RecordKind::User),
            Self::Group(group) => (&group.key, RecordKind::Group),
            Self::Unit(unit) => (&unit.key, RecordKind::Unit),
        };
        Change {
            key: key.clone(),
            record,
            dn: self.dn().to_owned(),
            kind,
        }
    }

    /// The names of the fields whose values are not those of `was`; `other_links` counts as other members.
    pub(super) fn fields_unlike(&self, was: &Self, other_links: bool) -> Vec<&'static str> {
        let different = match (self, was) {
            (Self::User(now), Self::User(was)) => user_fields(now, was).to_vec(),
            (Self::Group(now), Self::Group(was)) => group_fields(now, was, other_links).to_vec(),
            (Self::Unit(_), Self::Unit(_)) => Vec::new(),
            _ => vec![("kind", true)],
        };
        let different = different.into_iter().filter(|(_, is_different)| *is_different);
        different.map(|(name, _)| name).collect()
    }
}

fn user_fields(now: &User, was: &User) -> [(&'static str, bool); 16] {
    [
        ("key", now.key != was.key),
        ("sid", now.sid != was.sid),
        ("sid-history", now.sid_history != was.sid_history),
        ("domain", now.domain != was.domain),
        ("account", now.account != was.account),
        ("upn", now.upn != was.upn),
        ("full-name", now.full_name != was.full_name),
        ("email", now.email != was.email),
        ("other-emails", now.other_emails != was.other_emails),
        ("department", now.department != was.department),
        ("office", now.office != was.office),
        ("cards", now.cards != was.cards),
        ("home-directory", now.home_directory != was.home_directory),
        ("pin", now.pin != was.pin),
        ("state", now.state != was.state),
        ("primary-group", now.primary_group != was.primary_group),
    ]
}

fn group_fields(now: &Group, was: &Group, other_links: bool) -> [(&'static str, bool); 7] {
    [
        ("key", now.key != was.key),
        ("sid", now.sid != was.sid),
        ("domain", now.domain != was.domain),
        ("name", now.name != was.name),
        ("full-name", now.full_name != was.full_name),
        ("primary-id", now.primary_id != was.primary_id),
        ("members", other_links || now.members != was.members),
    ]
}
