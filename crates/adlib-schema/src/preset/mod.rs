//! How each kind of server names things (R19): presets, their detection, and the overrides.

mod active_directory;
mod ds389;
mod edirectory;
mod knob;
mod open_directory;
mod openldap;
mod schema;
mod unix;

use std::{fmt, str::FromStr};

use crate::{AttributeName, RawEntry, record::AccountState, syntax::FilterTemplate};

pub use knob::SchemaError;
pub use schema::Schema;

/// A kind of directory server.
///
/// ```
/// use adlib_schema::Preset;
///
/// assert_eq!("389-ds".parse(), Ok(Preset::Ds389));
/// assert_eq!(Preset::ActiveDirectory.to_string(), "active-directory");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Active Directory and Samba AD.
    ActiveDirectory,
    /// OpenLDAP with `inetOrgPerson` and `groupOfNames`.
    OpenLdap,
    /// Any server with accounts of RFC 2307.
    Unix,
    /// 389 Directory Server and its relatives.
    Ds389,
    /// eDirectory, by Novell and its successors.
    EDirectory,
    /// Apple Open Directory.
    OpenDirectory,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 6] = [
        Self::ActiveDirectory,
        Self::OpenLdap,
        Self::Unix,
        Self::Ds389,
        Self::EDirectory,
        Self::OpenDirectory,
    ];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
            Self::OpenLdap => "openldap",
            Self::Unix => "unix",
            Self::Ds389 => "389-ds",
            Self::EDirectory => "edirectory",
            Self::OpenDirectory => "open-directory",
        }
    }

    /// The preset of the server with this root DSE; `None` when it is like none that is known.
    ///
    /// A root DSE does not tell whether accounts are those of RFC 2307: [`Preset::Unix`] must be chosen.
    #[must_use]
    pub fn detect(root_dse: &RawEntry) -> Option<Self> {
        let detectable = [
            Self::ActiveDirectory,
            Self::Ds389,
            Self::EDirectory,
            Self::OpenDirectory,
            Self::OpenLdap,
        ];
        detectable.into_iter().find(|preset| preset.recognises(root_dse))
    }

    fn recognises(self, root_dse: &RawEntry) -> bool {
        match self {
            Self::ActiveDirectory => active_directory::recognises(root_dse),
            Self::OpenLdap => openldap::recognises(root_dse),
            Self::Unix => false,
            Self::Ds389 => ds389::recognises(root_dse),
            Self::EDirectory => edirectory::recognises(root_dse),
            Self::OpenDirectory => open_directory::recognises(root_dse),
        }
    }

    /// The attributes that tell whether an account may be used.
    const fn account_state_attributes(self) -> &'static [&'static str] {
        match self {
            Self::ActiveDirectory => active_directory::ACCOUNT_STATE,
            Self::OpenLdap => openldap::ACCOUNT_STATE,
            Self::Unix => unix::ACCOUNT_STATE,
            Self::Ds389 => ds389::ACCOUNT_STATE,
            Self::EDirectory => edirectory::ACCOUNT_STATE,
            Self::OpenDirectory => open_directory::ACCOUNT_STATE,
        }
    }

    /// Whether the account of `entry` may be used, as far as its attributes tell.
    pub(crate) fn account_state(self, entry: &RawEntry) -> AccountState {
        match self {
            Self::ActiveDirectory => active_directory::account_state(entry),
            Self::OpenLdap => openldap::account_state(entry),
            Self::Unix => unix::account_state(entry),
            Self::Ds389 => ds389::account_state(entry),
            Self::EDirectory => edirectory::account_state(entry),
            Self::OpenDirectory => open_directory::account_state(entry),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no preset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a preset; expected one of active-directory, openldap, unix, 389-ds, edirectory, open-directory"
)]
pub struct PresetError(String);

impl FromStr for Preset {
    type Err = PresetError;

    fn from_str(text: &str) -> Result<Self, PresetError> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| PresetError(text.chars().take(80).collect()))
    }
}

/// The attributes of a field.
fn field<const N: usize>(names: [&'static str; N]) -> Vec<AttributeName> {
    names.map(AttributeName::from_static).into()
}

/// A search that a preset has, as text.
#[expect(
    clippy::expect_used,
    reason = "written in the presets, each of which a test makes"
)]
fn search(text: &'static str) -> FilterTemplate {
    text.parse().expect("a filter with `{0}`")
}

/// Whether a value of the attribute `name` begins with `start`, in any case.
fn begins(entry: &RawEntry, name: &str, start: &str) -> bool {
    entry.texts(name).any(|value| {
        value
            .split_at_checked(start.len())
            .is_some_and(|(head, _)| head.eq_ignore_ascii_case(start))
    })
}
