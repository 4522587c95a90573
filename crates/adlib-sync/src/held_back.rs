//! Users that a run leaves as they are, because what the sources say of them cannot all be true (R36).

use std::fmt;

use serde::Serialize;

use crate::{Field, escape::Visible};

/// A user who is left as is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct HeldBack {
    /// The user's name in the source.
    pub user: String,
    /// Why.
    pub reason: HoldReason,
}

impl HeldBack {
    pub(crate) fn new(user: impl Into<String>, reason: HoldReason) -> Self {
        Self {
            user: user.into(),
            reason,
        }
    }
}

impl fmt::Display for HeldBack {
    /// Safe to print on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Visible(&self.user), self.reason)
    }
}

/// Why a user is left as is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HoldReason {
    /// Several entries of one source bear the name; their DNs.
    NameClash(Vec<String>),
    /// Several entries of one source have the same key; it is nobody's.
    KeyClash(String),
    /// The entry has no name of the kind that users are called by.
    NoName,
    /// The name is longer than this many characters.
    NameTooLong(usize),
    /// A value is longer, or a list has more values, than any honest one.
    TooLarge(Field),
    /// The name belongs to another user of the store.
    NameTaken(Holder),
    /// One of its entries belongs to another user of the store.
    EntryTaken(Holder),
    /// The e-mail address belongs to another user.
    EmailTaken(String, Holder),
    /// The card number belongs to another user.
    CardTaken(String, Holder),
    /// The two entries of the user belong to two users of the store, so named.
    TwoRecords(String, String),
}

/// Who has what the user should get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Holder {
    /// Another user of the sources.
    Wanted(String),
    /// A local, internal or guest user of the store.
    Local(String),
    /// A user of the store that no source has any more. With the same name: the account was created anew, and
    /// may be another person's (R35). A manual run that deletes makes room.
    Gone(String),
    /// A user of the store whom this run leaves as is.
    Kept(String),
}

impl HoldReason {
    /// The name of the reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NameClash(_) => "name-clash",
            Self::KeyClash(_) => "key-clash",
            Self::NoName => "no-name",
            Self::NameTooLong(_) => "name-too-long",
            Self::TooLarge(_) => "too-large",
            Self::NameTaken(Holder::Gone(_)) => "re-created",
            Self::NameTaken(_) => "name-taken",
            Self::EntryTaken(_) => "entry-taken",
            Self::EmailTaken(..) => "email-taken",
            Self::CardTaken(..) => "card-taken",
            Self::TwoRecords(..) => "two-records",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameClash(dns) => {
                f.write_str("several entries bear this name")?;
                dns.iter().enumerate().try_for_each(|(index, dn)| {
                    write!(f, "{} {}", if index == 0 { ":" } else { ";" }, Visible(dn))
                })
            }
            Self::KeyClash(key) => write!(f, "several entries have the key {}", Visible(key)),
            Self::NoName => f.write_str("the entry has no name of the kind that users are called by"),
            Self::NameTooLong(most) => write!(f, "the name is longer than {most} characters"),
            Self::TooLarge(field) => write!(f, "the value of {field} is too large"),
            Self::NameTaken(Holder::Gone(name)) => write!(
                f,
                "the account was created anew: `{}` in the store is another one, which no source has any more; \
                 a run that deletes what is missing makes room",
                Visible(name)
            ),
            Self::NameTaken(holder) => write!(f, "the name belongs to {holder}"),
            Self::EntryTaken(holder) => write!(f, "one of its entries belongs to {holder}"),
            Self::EmailTaken(email, holder) => {
                write!(f, "the e-mail address {} belongs to {holder}", Visible(email))
            }
            Self::CardTaken(card, holder) => {
                write!(f, "the card number {} belongs to {holder}", Visible(card))
            }
            Self::TwoRecords(one, other) => {
                write!(
                    f,
                    "its two entries are two users in the store: `{}` and `{}`",
                    Visible(one),
                    Visible(other)
                )
            }
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted(name) => write!(f, "`{}` too", Visible(name)),
            Self::Local(name) => write!(f, "the local user `{}`", Visible(name)),
            Self::Gone(name) => write!(f, "`{}`, whom no source has any more", Visible(name)),
            Self::Kept(name) => write!(f, "`{}`, who is left as is", Visible(name)),
        }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    user: &'a str,
    reason: &'static str,
    detail: String,
}

impl Serialize for HeldBack {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = Row {
            user: &self.user,
            reason: self.reason.as_str(),
            detail: self.reason.to_string(),
        };
        row.serialize(serializer)
    }
}
