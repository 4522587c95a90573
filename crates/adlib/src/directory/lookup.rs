//! Single accounts, wherever the directory is.

use std::collections::BTreeMap;

use adlib_core::Sid;
use adlib_ldap::{Connection, TransportSecurity};
use adlib_schema::{
    Preset,
    read::DirectoryRead,
    record::{Group, User},
};
use adlib_upn::AccountCase;

use super::{MapperRules, ldap::LdapSource, ldap_lookup::LdapLookup};
use crate::{
    Error,
    authenticator::{Accounts, Candidate, Wanted},
};

/// Lookups of one sign-in.
pub(crate) enum Lookup<'a> {
    /// Among what was read from files.
    Read {
        read: Box<DirectoryRead>,
        domains: Vec<String>,
    },
    /// By asking servers.
    Ldap(LdapLookup<'a>),
}

impl<'a> Lookup<'a> {
    pub(super) fn of_servers(source: &'a LdapSource, rules: &'a MapperRules) -> Self {
        Self::Ldap(LdapLookup::new(source, rules))
    }

    pub(super) fn in_read(read: DirectoryRead) -> Self {
        let mut domains: Vec<String> = read.users.iter().map(|user| user.domain.clone()).collect();
        domains.sort();
        domains.dedup();
        Self::Read {
            read: Box::new(read),
            domains,
        }
    }

    /// The names of the groups that the directory knows, as `domain\name`.
    pub(crate) async fn group_names(&self, sids: &[Sid]) -> Result<BTreeMap<Sid, String>, Error> {
        match self {
            Self::Read { read, .. } => {
                let groups = read.groups.iter();
                let named = groups.filter_map(|group| Some((group.sid?, group.qualified_name())));
                Ok(named.filter(|(sid, _)| sids.contains(sid)).collect())
            }
            Self::Ldap(lookup) => lookup.group_names(sids).await,
        }
    }
}

impl Lookup<'_> {
    /// Whether a controller proves itself, by a certificate, before anything else happens; `None` where there are
    /// only files.
    pub(crate) fn controllers_prove_themselves(&self) -> Option<bool> {
        match self {
            Self::Read { .. } => None,
            Self::Ldap(lookup) => Some(lookup.source.settings.security != TransportSecurity::Sasl),
        }
    }

    /// An anonymous connection to a controller of `domain`.
    pub(crate) async fn controller(&self, domain: &str) -> Result<Connection, Error> {
        let place = match self {
            Self::Read { .. } => None,
            Self::Ldap(lookup) => lookup.place(domain).map(|place| (lookup, place)),
        };
        match place {
            Some((lookup, place)) => lookup.source.open(place).await,
            None => Err(Error::Configuration(format!(
                "no controller of `{domain}` is configured"
            ))),
        }
    }
}

/// An account, and which of the configured places it is in.
pub(crate) struct Found {
    pub(crate) place: usize,
    pub(crate) user: User,
}

impl Candidate for Found {
    fn user(&self) -> &User {
        &self.user
    }
}

/// What a sign-in by a bind needs (R39).
impl Lookup<'_> {
    fn servers(&self) -> Result<&LdapLookup<'_>, Error> {
        match self {
            Self::Ldap(lookup) => Ok(lookup),
            Self::Read { .. } => Err(Error::Configuration(
                "signing in needs a server to ask, and this directory is in files".to_owned(),
            )),
        }
    }

    /// The kind of server.
    pub(crate) async fn preset(&self) -> Result<Preset, Error> {
        let lookup = self.servers()?;
        let mapper = lookup.mapper(lookup.place_at(0)?).await?;
        Ok(mapper.schema().preset)
    }

    /// The users of every place whom the configured filter finds by `name`.
    pub(crate) async fn found_by_filter(&self, name: &str) -> Result<Vec<Found>, Error> {
        let lookup = self.servers()?;
        let mut all = Vec::new();
        for (place, at) in lookup.source.places.iter().enumerate() {
            let users = lookup.find(&at.name, Wanted::Account(name)).await?;
            all.extend(users.into_iter().map(|user| Found { place, user }));
        }
        Ok(all)
    }

    /// The DN below which everything of a place is.
    pub(crate) fn base(&self, place: usize) -> Option<&str> {
        let place = self.servers().ok()?.source.places.get(place)?;
        Some(&place.base)
    }

    /// An anonymous connection to a server of a place.
    pub(crate) async fn server(&self, place: usize) -> Result<Connection, Error> {
        let lookup = self.servers()?;
        lookup.source.open(lookup.place_at(place)?).await
    }

    /// The groups of `user`, nested ones included.
    pub(crate) async fn groups_of(&self, place: usize, user: &User) -> Result<Vec<Group>, Error> {
        self.servers()?.groups_of(place, user).await
    }
}

impl Accounts for Lookup<'_> {
    type Error = Error;

    fn domains(&self) -> &[String] {
        match self {
            Self::Read { domains, .. } => domains,
            Self::Ldap(lookup) => lookup.domains(),
        }
    }

    async fn find(&self, domain: &str, wanted: Wanted<'_>) -> Result<Vec<User>, Error> {
        match self {
            Self::Read { read, .. } => {
                let case = AccountCase::Insensitive;
                let is_wanted = |user: &&User| match (wanted, &user.upn) {
                    (Wanted::Account(account), _) => case.same(&user.account, account),
                    (Wanted::Upn(wanted), Some(upn)) => wanted.same(upn, case),
                    (Wanted::Upn(_), None) => false,
                };
                let users = read
                    .users
                    .iter()
                    .filter(|user| user.domain.eq_ignore_ascii_case(domain));
                Ok(users.filter(is_wanted).cloned().collect())
            }
            Self::Ldap(lookup) => lookup.find(domain, wanted).await,
        }
    }

    async fn domain_called(&self, name: &str) -> Result<Option<String>, Error> {
        let is_its = |domain: &&String| AccountCase::Insensitive.same(domain, name);
        if let Some(domain) = self.domains().iter().find(is_its) {
            return Ok(Some(domain.clone()));
        }
        match self {
            // Files do not tell.
            Self::Read { .. } => Ok(None),
            Self::Ldap(lookup) => lookup.domain_of_netbios_name(name).await,
        }
    }
}
