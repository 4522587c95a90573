//! What attributes are called and how entries are found: every knob of a preset.

use super::{Preset, active_directory, ds389, edirectory, open_directory, openldap, unix};
use crate::{
    AttributeName,
    syntax::{Filter, FilterTemplate},
};

/// The names and filters of one directory: a preset, and what was changed in it.
///
/// A field is a list of attributes. Of a single value the first attribute that has one gives it; of several
/// values (members, further e-mail addresses) all attributes together do.
///
/// ```
/// use adlib_schema::{Preset, Schema};
///
/// let mut schema = Schema::of(Preset::ActiveDirectory);
/// schema.set("user-office-field", vec!["roomNumber".to_owned()])?;
/// assert!(schema.attributes().contains(&"roomNumber"));
/// assert_eq!(
///     schema.set("user-ofice-field", vec![]).unwrap_err().to_string().split(';').next(),
///     Some("unknown key `user-ofice-field`"),
/// );
/// # Ok::<(), adlib_schema::SchemaError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The preset that this began as.
    pub preset: Preset,
    /// `user-name-field`
    pub user_name: Vec<AttributeName>,
    /// `user-full-name-field`
    pub user_full_name: Vec<AttributeName>,
    /// `user-email-field`
    pub user_email: Vec<AttributeName>,
    /// `user-department-field`
    pub user_department: Vec<AttributeName>,
    /// `user-office-field`
    pub user_office: Vec<AttributeName>,
    /// `user-card-id-field`
    pub user_card_id: Vec<AttributeName>,
    /// `user-second-card-id-field`
    pub user_second_card_id: Vec<AttributeName>,
    /// `other-emails-field`, matched with case (R25)
    pub other_emails: Vec<AttributeName>,
    /// `home-directory-field`
    pub home_directory: Vec<AttributeName>,
    /// `user-pin-field`
    pub user_pin: Vec<AttributeName>,
    /// `user-name-search`
    pub user_search: FilterTemplate,
    /// `group-name-field`
    pub group_name: Vec<AttributeName>,
    /// `group-full-name-field`
    pub group_full_name: Vec<AttributeName>,
    /// `group-member-field`
    pub group_member: Vec<AttributeName>,
    /// `group-search`
    pub group_search: FilterTemplate,
    /// `primary-group`
    pub primary_group: Vec<AttributeName>,
    /// `posix-groups`: members are account names, not DNs.
    pub posix_groups: bool,
    /// `key`: what lasts through renames.
    pub key: Vec<AttributeName>,
}

impl Schema {
    /// The names and filters of `preset`.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        match preset {
            Preset::ActiveDirectory => active_directory::schema(),
            Preset::OpenLdap => openldap::schema(),
            Preset::Unix => unix::schema(),
            Preset::Ds389 => ds389::schema(),
            Preset::EDirectory => edirectory::schema(),
            Preset::OpenDirectory => open_directory::schema(),
        }
    }

    /// The condition for enabled users that `{1}` of a lookup stands for, where the preset has one.
    #[must_use]
    pub fn enabled(&self) -> Option<Filter> {
        match self.preset {
            Preset::ActiveDirectory => Some(active_directory::enabled()),
            _ => None,
        }
    }

    /// What to ask a server for: every attribute that the mapping or a filter looks at, each once.
    #[must_use]
    pub fn attributes(&self) -> Vec<&str> {
        let fields = [
            &self.user_name,
            &self.user_full_name,
            &self.user_email,
            &self.user_department,
            &self.user_office,
            &self.user_card_id,
            &self.user_second_card_id,
            &self.other_emails,
            &self.home_directory,
            &self.user_pin,
            &self.group_name,
            &self.group_full_name,
            &self.group_member,
            &self.primary_group,
            &self.key,
        ];
        let searches = [&self.user_search, &self.group_search];
        let fields = fields.into_iter().flatten();
        let names = fields
            .chain(searches.into_iter().flat_map(FilterTemplate::attributes))
            .map(AttributeName::as_str);
        let always = ["objectClass"].into_iter().chain(self.identity().iter().copied());
        let mut all: Vec<&str> = Vec::new();
        for name in names
            .chain(always)
            .chain(self.preset.account_state_attributes().iter().copied())
        {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                all.push(name);
            }
        }
        all
    }

    /// What every account has besides its name and its key.
    pub(crate) const fn always_present(&self) -> &'static [&'static str] {
        match self.preset {
            Preset::ActiveDirectory => &["objectSid", "userAccountControl"],
            _ => &[],
        }
    }

    /// What identifies an account beside its key.
    const fn identity(&self) -> &'static [&'static str] {
        match self.preset {
            Preset::ActiveDirectory => &["userPrincipalName", "objectSid", "sIDHistory"],
            _ => &[],
        }
    }
}
