//! What is known of a user beside the name.

use adlib_core::Sid;
use adlib_schema::record::{Pin, User};

use crate::{
    change::{Field, Value},
    snapshot::{in_order, once_each},
};

/// The details of a user (R30). Absent values are `None` or an empty list, never an empty string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// The name to show.
    pub full_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Further e-mail addresses, sorted.
    pub other_emails: Vec<String>,
    /// The department.
    pub department: Option<String>,
    /// The office.
    pub office: Option<String>,
    /// Card numbers, the primary one first.
    pub cards: Vec<String>,
    /// The home directory.
    pub home_directory: Option<String>,
    /// The PIN.
    pub pin: Option<Pin>,
    /// The security identifier, by which a sign-in is matched to the user.
    pub sid: Option<Sid>,
}

impl Details {
    /// The details of a directory's user.
    ///
    /// Directories give several values in any order: e-mails are sorted, so that order is never a change.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            full_name: user.full_name.clone(),
            email: user.email.clone(),
            other_emails: in_order(&user.other_emails).into_owned(),
            department: user.department.clone(),
            office: user.office.clone(),
            cards: once_each(&user.cards).into_owned(),
            home_directory: user.home_directory.clone(),
            pin: user.pin.clone(),
            sid: user.sid,
        }
    }

    /// The value of `field`; `None` for a field that is no detail.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<Value> {
        Some(match field {
            Field::FullName => self.full_name.clone().into(),
            Field::Email => self.email.clone().into(),
            Field::OtherEmails => self.other_emails.clone().into(),
            Field::Department => self.department.clone().into(),
            Field::Office => self.office.clone().into(),
            Field::Cards => self.cards.clone().into(),
            Field::HomeDirectory => self.home_directory.clone().into(),
            Field::Pin => self.pin.clone().map_or(Value::Absent, Value::Pin),
            Field::Sid => self.sid.map_or(Value::Absent, Value::Sid),
            Field::Name | Field::Enabled | Field::Entry => return None,
        })
    }

    /// Whether there is a value of `field`.
    pub(crate) fn has(&self, field: Field) -> bool {
        match field {
            Field::FullName => self.full_name.is_some(),
            Field::Email => self.email.is_some(),
            Field::OtherEmails => !self.other_emails.is_empty(),
            Field::Department => self.department.is_some(),
            Field::Office => self.office.is_some(),
            Field::Cards => !self.cards.is_empty(),
            Field::HomeDirectory => self.home_directory.is_some(),
            Field::Pin => self.pin.is_some(),
            Field::Sid => self.sid.is_some(),
            Field::Name | Field::Enabled | Field::Entry => false,
        }
    }

    /// Whether `field` is a detail with another value in `other`.
    pub(crate) fn differs(&self, field: Field, other: &Self) -> bool {
        match field {
            Field::FullName => self.full_name != other.full_name,
            Field::Email => self.email != other.email,
            Field::OtherEmails => self.other_emails != other.other_emails,
            Field::Department => self.department != other.department,
            Field::Office => self.office != other.office,
            Field::Cards => self.cards != other.cards,
            Field::HomeDirectory => self.home_directory != other.home_directory,
            Field::Pin => self.pin != other.pin,
            Field::Sid => self.sid != other.sid,
            Field::Name | Field::Enabled | Field::Entry => false,
        }
    }

    /// Set `field`; whether it is a detail and `value` of its kind.
    pub fn set(&mut self, field: Field, value: &Value) -> bool {
        match field {
            Field::FullName => set_text(&mut self.full_name, value),
            Field::Email => set_text(&mut self.email, value),
            Field::OtherEmails => set_list(&mut self.other_emails, value),
            Field::Department => set_text(&mut self.department, value),
            Field::Office => set_text(&mut self.office, value),
            Field::Cards => set_list(&mut self.cards, value),
            Field::HomeDirectory => set_text(&mut self.home_directory, value),
            Field::Pin => match value {
                Value::Pin(pin) => put(&mut self.pin, Some(pin.clone())),
                Value::Absent => put(&mut self.pin, None),
                _ => false,
            },
            Field::Sid => match value {
                Value::Sid(sid) => put(&mut self.sid, Some(*sid)),
                Value::Absent => put(&mut self.sid, None),
                _ => false,
            },
            Field::Name | Field::Enabled | Field::Entry => false,
        }
    }

    /// Every e-mail address, the first one first.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.email.iter().chain(&self.other_emails).map(String::as_str)
    }
}

fn put<T>(slot: &mut T, value: T) -> bool {
    *slot = value;
    true
}

fn set_text(slot: &mut Option<String>, value: &Value) -> bool {
    match value {
        Value::Text(text) => put(slot, Some(text.clone())),
        Value::Absent => put(slot, None),
        _ => false,
    }
}

fn set_list(slot: &mut Vec<String>, value: &Value) -> bool {
    match value {
        Value::List(list) => put(slot, list.clone()),
        Value::Absent => put(slot, Vec::new()),
        _ => false,
    }
}
