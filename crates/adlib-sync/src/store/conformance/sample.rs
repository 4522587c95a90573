//! Users, groups and operations to try.

use adlib_core::Sid;
use adlib_schema::record::{Key, Pin};

use super::super::{NewUser, Operation, StoredGroup, StoredUser};
use crate::{Change, Details, Field, Link, Links, Source, Value};

pub(super) fn full_user(name: &str) -> NewUser {
    let both = Links::both(Key::new("p1"), Key::new("s1"));
    let mut user = NewUser::new(both, name);
    user.enabled = false;
    user.details = Details {
        full_name: Some("Ada, Countess of Lovelace".into()),
        email: Some("ada@example.org".into()),
        other_emails: vec!["a@example.org".into(), "b@example.org".into()],
        department: Some("\u{5206}\u{6790} 'n <b>".into()),
        office: Some("a".into()),
        cards: vec!["9".into(), "10".into(), "1".into()],
        home_directory: Some("\\\\files\\ada".into()),
        pin: Pin::new("1234"),
        sid: Sid::new(5, &[21, 1, 2, 3, 1104]),
    };
    user
}

pub(super) fn group(name: &str) -> StoredGroup {
    StoredGroup::new(Link::new(Source::Primary, Key::new("g1")), "example.org", name)
}

pub(super) fn create(user: &NewUser) -> Operation {
    Operation::CreateUser(user.clone())
}

pub(super) fn join(user: &NewUser, group: &StoredGroup) -> Operation {
    Operation::AddMembership {
        user: user.links.owner(),
        group: group.link.clone(),
    }
}

pub(super) fn update(user: &StoredUser, field: Field, from: Value, to: Value) -> Operation {
    Operation::UpdateUser {
        user: user.id.clone(),
        changes: vec![Change::new(field, from, to, Source::Primary)],
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn pin(digits: &str) -> Value {
    Pin::new(digits).map_or(Value::Absent, Value::Pin)
}
