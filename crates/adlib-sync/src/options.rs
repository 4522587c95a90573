//! What the administrator wants: which users, which of their details, and what may be removed.

use adlib_schema::UserName;
use serde::Deserialize;

use crate::guard::GuardLimits;

/// What a synchronisation brings in and keeps up to date (R20, R23, R30, R31).
///
/// ```
/// let mut options = adlib_sync::SyncOptions::default();
/// options.scope.groups = vec!["Staff".into()];
/// assert!(options.import_new && !options.import_disabled);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncOptions {
    /// Whom to bring in.
    pub scope: Scope,
    /// Bring in users that the store does not have.
    pub import_new: bool,
    /// Bring in users whose account is disabled.
    pub import_disabled: bool,
    /// Keep the details of users up to date. Names follow the directory in any case.
    pub update_details: bool,
    /// What becomes the user's name. Who has no such name is held back.
    pub user_name: UserName,
    /// Take over a local user whose name is that of an entry. Internal and guest users never are.
    pub adopt_local: bool,
    /// In a manual run that deletes: also remove users who exist but left the scope.
    pub remove_left_scope: bool,
    /// In a manual run that deletes: also remove users who exist but are disabled and not imported.
    pub remove_disabled: bool,
    /// What becomes of several entries of one source that bear one name.
    pub name_clash: NameClash,
    /// What becomes of an e-mail address that several users have.
    pub email_clash: EmailClash,
    /// What stops a run.
    pub guard: GuardLimits,
}

/// What becomes of several entries of one source that bear one name (R36).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameClash {
    /// They are held back.
    #[default]
    HoldBack,
    /// They get their UPN for a name; those without one, or with one that is too long, are held back.
    Qualify,
    /// The one whose distinguished name sorts first gets the name; the others are held back.
    FirstWins,
}

/// What becomes of an e-mail address that several users have (R36).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmailClash {
    /// Whoever has it in the store keeps it; the others come without, and a warning says so. When nobody has it yet,
    /// nobody gets it.
    #[default]
    KeepOwner,
    /// All of them are held back.
    HoldBack,
}

impl Default for SyncOptions {
    /// Everybody who is not disabled; new users and details; nothing removed that still exists.
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            import_new: true,
            import_disabled: false,
            update_details: true,
            user_name: UserName::default(),
            adopt_local: false,
            remove_left_scope: false,
            remove_disabled: false,
            name_clash: NameClash::default(),
            email_clash: EmailClash::default(),
            guard: GuardLimits::default(),
        }
    }
}

/// Groups and organisational units; a user in any of them is in scope (R20). Empty: everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Groups by `name` or `domain\name`; members of nested groups count.
    pub groups: Vec<String>,
    /// Distinguished names of units; everything below counts.
    pub ous: Vec<String>,
}

impl Scope {
    /// Whether nobody is left out.
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.groups.is_empty() && self.ous.is_empty()
    }
}
