//! Entries as users, groups and units.
//!
//! Trust level: an entry is whatever a server or a file says. What cannot be used is left out with a warning
//! that names the entry and the attribute, never the value; the entry itself is never lost.

mod card;
mod group;
mod identity;
mod user;
mod user_name;
mod value;

use adlib_core::Sid;

use crate::{
    AttributeName, Dn, Filter, RawEntry, Schema,
    read::Warning,
    record::{Group, Unit, User},
    syntax::parse_boolean,
};
use value::Values;

pub(crate) use identity::sid_in_dn;

const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");

pub use card::{CardFormat, CardFormatError, CardRule, CardRuleError};
pub use user_name::{UserName, UserNameError};

/// Makes records of entries, by a schema.
///
/// ```
/// use adlib_schema::{Mapped, Mapper, Preset, RawEntry, Schema};
///
/// let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
/// let mut entry = RawEntry::new("uid=ada,ou=people,dc=example,dc=org");
/// entry.push("uid", "ada");
/// entry.push("mail", "ada@example.org");
/// entry.push("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14");
///
/// let mut warnings = Vec::new();
/// let Mapped::User(user) = mapper.map(&entry, &mut warnings) else { panic!("no user") };
/// assert_eq!((user.account.as_str(), user.domain.as_str()), ("ada", "example.org"));
/// assert_eq!(user.email.as_deref(), Some("ada@example.org"));
/// assert!(warnings.is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Mapper {
    schema: Schema,
    users: Filter,
    groups: Filter,
    user_name: UserName,
    card: CardRule,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mapped {
    /// A user.
    User(Box<User>),
    /// A group.
    Group(Box<Group>),
    /// An organisational unit.
    Unit(Unit),
    /// The stand-in for an account of another domain or forest (MS-ADTS 6.1.1.4.10).
    ForeignPrincipal {
        /// The distinguished name by which groups list it.
        dn: String,
        /// The account for which it stands.
        sid: Sid,
    },
    /// Anything else: computers, contacts, containers.
    Other,
}

impl Mapper {
    /// A mapper by `schema`, which takes card numbers as they are.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        Self {
            users: schema.user_search.for_all(),
            groups: schema.group_search.for_all(),
            schema,
            user_name: UserName::default(),
            card: CardRule::default(),
        }
    }

    /// The same mapper, for an application that calls users by `user_name`: it warns about those without one.
    #[must_use]
    pub fn with_user_name(self, user_name: UserName) -> Self {
        Self { user_name, ..self }
    }

    /// The same mapper, with this rule for card numbers.
    #[must_use]
    pub fn with_card_rule(self, card: CardRule) -> Self {
        Self { card, ..self }
    }

    /// The schema.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether `entry` came with the identity that lasts through renames, by which its record is known. A record without is
    /// known by its DN.
    ///
    /// ```
    /// use adlib_schema::{Mapper, Preset, RawEntry, Schema};
    ///
    /// let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    /// let mut entry = RawEntry::new("uid=ada,dc=example,dc=org");
    /// assert!(!mapper.has_identity(&entry));
    /// entry.push("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14");
    /// assert!(mapper.has_identity(&entry));
    /// ```
    #[must_use]
    pub fn has_identity(&self, entry: &RawEntry) -> bool {
        identity::lasting_key(&self.schema, entry).is_some()
    }

    /// What `entry` is; what is odd about it is added to `warnings`.
    #[must_use]
    pub fn map(&self, entry: &RawEntry, warnings: &mut Vec<Warning>) -> Mapped {
        let dn = entry.dn().parse::<Dn>().ok();
        self.map_named(entry, dn.as_ref(), warnings)
    }

    /// What `entry` is, whose parsed DN is `dn`.
    pub(crate) fn map_named(&self, entry: &RawEntry, dn: Option<&Dn>, warnings: &mut Vec<Warning>) -> Mapped {
        let has_class = |class: &str| {
            entry
                .values_of(&OBJECT_CLASS)
                .any(|has| has.eq_ignore_ascii_case(class.as_bytes()))
        };
        let is_deleted = entry.text("isDeleted").and_then(parse_boolean) == Some(true);
        if is_deleted || has_class("nsTombstone") {
            return Mapped::Other;
        }
        if has_class("foreignSecurityPrincipal") {
            return foreign_principal(entry, dn);
        }
        let mut values = Values::new(entry, dn, warnings);
        if self.users.matches(entry) {
            Mapped::User(Box::new(user::map(self, &mut values)))
        } else if self.groups.matches(entry) {
            Mapped::Group(Box::new(group::map(&self.schema, &mut values)))
        } else if has_class("organizationalUnit") {
            let key = identity::key(&self.schema, &mut values);
            Mapped::Unit(Unit::new(key, entry.dn(), values.domain()))
        } else {
            Mapped::Other
        }
    }
}

/// The stand-in that `entry` is; without a SID it stands for nobody.
fn foreign_principal(entry: &RawEntry, dn: Option<&Dn>) -> Mapped {
    let own = entry.first("objectSid").and_then(identity::decode_sid);
    match own.or_else(|| identity::sid_in_dn(dn?)) {
        Some(sid) => Mapped::ForeignPrincipal {
            dn: entry.dn().to_owned(),
            sid,
        },
        None => Mapped::Other,
    }
}
