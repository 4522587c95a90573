//! Groups, their members as listed, and organisational units.

use adlib_core::Sid;

use super::Key;

/// A group of users and of other groups.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The lasting identity.
    pub key: Key,
    /// The security identifier, where the directory has them.
    pub sid: Option<Sid>,
    /// The distinguished name, as the directory spells it.
    pub dn: String,
    /// The DNS name of the domain in lower case; empty when the DN has no `DC=` parts.
    pub domain: String,
    /// The name exactly as registered.
    pub name: String,
    /// The name to show.
    pub full_name: Option<String>,
    /// What users name as their primary group: the SID on AD, the gidNumber on RFC 2307.
    pub primary_id: Option<String>,
    /// The members as the directory lists them.
    pub members: Vec<Member>,
}

impl Group {
    /// A group without members.
    #[must_use]
    pub fn new(key: Key, dn: impl Into<String>, domain: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            key,
            sid: None,
            dn: dn.into(),
            domain: domain.into(),
            name: name.into(),
            full_name: None,
            primary_id: None,
            members: Vec::new(),
        }
    }

    /// `domain\name`, or the name alone where there is no domain.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        qualified(&self.domain, &self.name)
    }
}

/// One value of a group's member attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Member {
    /// A distinguished name, as the directory spells it.
    Dn(String),
    /// An account name (RFC 2307 `memberUid`).
    Account(String),
}

/// An organisational unit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unit {
    /// The lasting identity.
    pub key: Key,
    /// The distinguished name, as the directory spells it.
    pub dn: String,
    /// The DNS name of the domain in lower case; empty when the DN has no `DC=` parts.
    pub domain: String,
}

impl Unit {
    /// A unit.
    #[must_use]
    pub fn new(key: Key, dn: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            key,
            dn: dn.into(),
            domain: domain.into(),
        }
    }
}

pub(super) fn qualified(domain: &str, name: &str) -> String {
    if domain.is_empty() {
        name.to_owned()
    } else {
        format!("{domain}\\{name}")
    }
}
