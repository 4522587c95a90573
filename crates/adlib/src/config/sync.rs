//! `[sync]`

use std::{path::PathBuf, time::Duration};

use adlib_schema::{CardFormat, UserName, read::changes::Method};
use adlib_sync::{EmailClash, GuardLimits, NameClash};
use serde::{Deserialize, Deserializer, de::Error};

use super::value;

/// How the application's user list is kept in step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SyncConfig {
    /// The file of the embedded store.
    pub store: Option<PathBuf>,
    /// Which users are imported (R20); absent, all of them.
    pub scope: Option<ScopeConfig>,
    /// Create users that the store does not have (R30).
    pub import_new: bool,
    /// Import disabled users too (R23).
    pub import_disabled: bool,
    /// Update the details of users that the store has (R30).
    pub update_details: bool,
    /// Take over local users whose name is that of an entry.
    pub adopt_local: bool,
    /// In a run that deletes: also remove users who left the scope (R31).
    pub remove_left_scope: bool,
    /// In a run that deletes: also remove users who are disabled and not imported (R31).
    pub remove_disabled: bool,
    /// What becomes of entries of one name: `hold-back`, `qualify` or `first-wins` (R36).
    pub name_clash: NameClash,
    /// What becomes of an e-mail address that several users have: `keep-owner` or `hold-back` (R36).
    pub email_clash: EmailClash,
    /// What names a user in the store.
    #[serde(deserialize_with = "value::parsed")]
    pub user_name: UserName,
    /// When the nightly run starts, in local time (R32).
    #[serde(deserialize_with = "schedule")]
    pub schedule: Option<String>,
    /// By how much the nightly run may start later.
    #[serde(deserialize_with = "value::duration")]
    pub jitter: Duration,
    /// How changes are read (R28).
    #[serde(deserialize_with = "delta")]
    pub delta: String,
    /// Runs read what changed since the last one, and the store keeps what they read (R28).
    pub by_changes: bool,
    /// How card numbers are made (R24).
    pub card: Option<CardConfig>,
    /// What stops a run (R34).
    pub guard: GuardLimits,
}

impl SyncConfig {
    /// How changes are read; `None` (`auto`) takes the best way.
    #[must_use]
    pub fn delta_method(&self) -> Option<Method> {
        match self.delta.as_str() {
            "timestamp" => Some(Method::ModifyTimestamp),
            name => name.parse().ok(),
        }
    }
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            store: None,
            scope: None,
            import_new: true,
            import_disabled: false,
            update_details: true,
            adopt_local: false,
            remove_left_scope: false,
            remove_disabled: false,
            name_clash: NameClash::default(),
            email_clash: EmailClash::default(),
            user_name: UserName::Account,
            schedule: None,
            jitter: Duration::from_secs(600),
            delta: "auto".to_owned(),
            by_changes: false,
            card: None,
            guard: GuardLimits::default(),
        }
    }
}

/// The groups and units whose users are imported (R20).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ScopeConfig {
    /// Names of groups; nested members count.
    pub groups: Vec<String>,
    /// DNs of organisational units.
    pub ous: Vec<String>,
}

/// How a card number is found in an attribute (R24).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CardConfig {
    /// A regular expression; its first group, or else all that it matches, is the number.
    pub pattern: Option<String>,
    /// How the number is written.
    #[serde(deserialize_with = "value::parsed")]
    pub format: CardFormat,
}

impl Default for CardConfig {
    fn default() -> Self {
        Self {
            pattern: None,
            format: CardFormat::Text,
        }
    }
}

/// `HH:MM`
fn schedule<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match jiff::civil::Time::strptime("%H:%M", &text) {
        Ok(_) => Ok(Some(text)),
        Err(_) => Err(D::Error::custom(format_args!(
            "`{text}` is not a time of day; expected a form like 00:55"
        ))),
    }
}

fn delta<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let known = [
        "auto",
        "full",
        "dirsync",
        "usn",
        "syncrepl",
        "modify-timestamp",
        "timestamp",
    ]
    .map(|name| (name, name));
    value::one_of(deserializer, &known).map(str::to_owned)
}
