//! One field of one user: what it was, what it becomes, and who says so.

use std::fmt;

use adlib_core::Sid;
use adlib_schema::record::Pin;
use serde::{Serialize, Serializer};

use crate::{Source, escape::Visible, store::Origin};

/// A field of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The user's name.
    Name,
    /// The entries that the user stands for.
    Entry,
    /// Whether the account may be used.
    Enabled,
    /// The name to show.
    FullName,
    /// The e-mail address.
    Email,
    /// Further e-mail addresses.
    OtherEmails,
    /// The department.
    Department,
    /// The office.
    Office,
    /// Card numbers.
    Cards,
    /// The home directory.
    HomeDirectory,
    /// The PIN.
    Pin,
    /// The security identifier.
    Sid,
}

impl Field {
    /// The fields of `Details`.
    pub const DETAILS: [Self; 9] = [
        Self::FullName,
        Self::Email,
        Self::OtherEmails,
        Self::Department,
        Self::Office,
        Self::Cards,
        Self::HomeDirectory,
        Self::Pin,
        Self::Sid,
    ];

    /// The name in JSON and HTML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Entry => "entry",
            Self::Enabled => "enabled",
            Self::FullName => "full_name",
            Self::Email => "email",
            Self::OtherEmails => "other_emails",
            Self::Department => "department",
            Self::Office => "office",
            Self::Cards => "cards",
            Self::HomeDirectory => "home_directory",
            Self::Pin => "pin",
            Self::Sid => "sid",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The value of a field.
///
/// A PIN has no text, JSON or `Debug` of its own: all say `changed` (R33, A63).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// No value.
    Absent,
    /// One text.
    Text(String),
    /// Several texts, at least one.
    List(Vec<String>),
    /// Yes or no.
    Flag(bool),
    /// A PIN.
    Pin(Pin),
    /// A security identifier.
    Sid(Sid),
    /// Where a user comes from.
    Origin(Origin),
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        if list.is_empty() {
            Self::Absent
        } else {
            Self::List(list)
        }
    }
}

impl fmt::Display for Value {
    /// Safe to print on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Text(text) => write!(f, "\"{}\"", Visible(text)),
            Self::List(list) => {
                for (index, text) in list.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}\"{}\"", Visible(text))?;
                }
                Ok(())
            }
            Self::Flag(true) => f.write_str("yes"),
            Self::Flag(false) => f.write_str("no"),
            Self::Pin(_) => f.write_str("changed"),
            Self::Sid(sid) => sid.fmt(f),
            Self::Origin(origin) => origin.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => list.serialize(serializer),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Pin(_) => serializer.serialize_str("changed"),
            Self::Sid(sid) => serializer.collect_str(sid),
            Self::Origin(origin) => serializer.collect_str(origin),
        }
    }
}

/// One changed field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The field.
    pub field: Field,
    /// The value in the store.
    pub from: Value,
    /// The value to be.
    pub to: Value,
    /// The source that gave the new value, or that has none any more.
    pub source: Source,
}

impl Change {
    /// A change of `field`.
    #[must_use]
    pub const fn new(field: Field, from: Value, to: Value, source: Source) -> Self {
        Self {
            field,
            from,
            to,
            source,
        }
    }

    /// Whether a value goes and none comes.
    #[must_use]
    pub fn is_blanking(&self) -> bool {
        self.to == Value::Absent && self.from != Value::Absent
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Pin => write!(f, "pin: changed ({})", self.source),
            field => write!(f, "{field}: {} -> {} ({})", self.from, self.to, self.source),
        }
    }
}
