//! Fields and their values, for whoever prints or serialises them.

use alloc::{string::String, vec::Vec};
use core::fmt;

use adlib_core::UnixTime;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Absent,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(i64),
    /// A text. Anybody can have written it: who shows it must see to what it does to a terminal.
    Text(String),
    /// A point in time.
    Time(UnixTime),
    /// Values in their order.
    List(Vec<Value>),
    /// Fields by their names.
    Fields(Vec<(&'static str, Value)>),
}

impl Value {
    /// The value of the field `name`, if there are fields.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => {
                let found = fields.iter().find(|(own, _)| *own == name);
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("none"),
            Self::Bool(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => text.chars().try_for_each(|character| match character {
                _ if character.is_control() => write!(f, "{}", character.escape_default()),
                _ => write!(f, "{character}"),
            }),
            Self::Time(time) => write!(f, "{time}"),
            Self::List(values) => values.iter().enumerate().try_for_each(|(index, value)| {
                f.write_str(if index == 0 { "" } else { ", " })?;
                value.write(f, indent)
            }),
            Self::Fields(fields) => fields.iter().enumerate().try_for_each(|(index, (name, value))| {
                if index > 0 || indent > 0 {
                    write!(f, "\n{:indent$}", "")?;
                }
                write!(f, "{name}: ")?;
                value.write(f, indent + 2)
            }),
        }
    }
}

impl fmt::Display for Value {
    /// A line a field, what is within another indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<UnixTime> for Value {
    fn from(time: UnixTime) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}
