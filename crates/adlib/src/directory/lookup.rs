//! Single accounts, wherever the directory is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use adlib_core::Sid;
use adlib_ldap::{Connection, Scope, TransportSecurity};
use adlib_schema::{
    Mapped, Mapper, Preset, RawEntry, lookup,
    read::DirectoryRead,
    record::{Group, User},
};
use adlib_upn::AccountCase;
use tokio::sync::Mutex;

use super::{
    MapperRules,
    ldap::{LdapSource, Place, mapper},
};
use crate::{
    Error,
    authenticator::{Accounts, Candidate, Wanted},
};

/// How many groups are looked up at a time.
const GROUPS_A_SEARCH: usize = 100;

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
            Self::Ldap(lookup) => lookup.place(domain).map(|(_, place)| (lookup, place)),
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
        Ok(lookup.open_place(0).await?.mapper.schema().preset)
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
}

/// Lookups of one sign-in, over one connection a domain.
pub(crate) struct LdapLookup<'a> {
    source: &'a LdapSource,
    rules: &'a MapperRules,
    domains: Vec<String>,
    open: Mutex<BTreeMap<usize, Arc<Open>>>,
}

struct Open {
    connection: Connection,
    mapper: Mapper,
}

impl<'a> LdapLookup<'a> {
    fn new(source: &'a LdapSource, rules: &'a MapperRules) -> Self {
        let domains = source.places.iter().map(|place| place.name.clone()).collect();
        Self {
            source,
            rules,
            domains,
            open: Mutex::default(),
        }
    }

    fn place(&self, domain: &str) -> Option<(usize, &Place)> {
        let mut places = self.source.places.iter().enumerate();
        places.find(|(_, place)| place.name.eq_ignore_ascii_case(domain))
    }

    async fn open(&self, index: usize, place: &Place) -> Result<Arc<Open>, Error> {
        let mut all = self.open.lock().await;
        if let Some(open) = all.get(&index) {
            return Ok(open.clone());
        }
        let connection = self.source.connect(place).await?;
        let mapper = mapper(self.rules, &connection).await?;
        let open = Arc::new(Open { connection, mapper });
        all.insert(index, open.clone());
        Ok(open)
    }

    fn place_at(&self, index: usize) -> Result<&Place, Error> {
        let place = self.source.places.get(index);
        place.ok_or_else(|| Error::Configuration("no directory is configured".to_owned()))
    }

    async fn open_place(&self, index: usize) -> Result<Arc<Open>, Error> {
        self.open(index, self.place_at(index)?).await
    }

    /// One search for the groups of the user, one more for each step of nesting.
    async fn groups_of(&self, place: usize, user: &User) -> Result<Vec<Group>, Error> {
        let base = &self.place_at(place)?.base;
        let open = self.open_place(place).await?;
        let schema = open.mapper.schema();
        let attributes = lookup::group_name_attributes(schema);
        let mut filters = vec![lookup::groups_of_user(schema, user)];
        let (mut groups, mut known) = (Vec::new(), BTreeSet::new());
        while !filters.is_empty() {
            let mut outer = Vec::new();
            for filter in filters.drain(..) {
                let mut search =
                    open.connection
                        .paged(base, Scope::Subtree, &filter, &attributes, self.source.page_size);
                while let Some(entry) = search.next().await? {
                    if let Mapped::Group(group) = open.mapper.map(&entry, &mut Vec::new())
                        && known.insert(group.key.clone())
                    {
                        outer.push(group.dn.clone());
                        groups.push(*group);
                    }
                }
                search.finish().map_err(|incomplete| {
                    Error::Directory(format!("the groups of {}: {incomplete}", user.dn))
                })?;
            }
            if !schema.posix_groups {
                let chunks = outer.chunks(GROUPS_A_SEARCH);
                filters.extend(chunks.map(|dns| lookup::groups_with_members(schema, dns)));
            }
        }
        Ok(groups)
    }

    pub(crate) fn domains(&self) -> &[String] {
        &self.domains
    }

    pub(crate) async fn find(&self, domain: &str, wanted: Wanted<'_>) -> Result<Vec<User>, Error> {
        let Some((index, place)) = self.place(domain) else {
            return Ok(Vec::new());
        };
        let open = self.open(index, place).await?;
        let schema = open.mapper.schema();
        let filter = match wanted {
            Wanted::Upn(upn) => lookup::by_upn(schema, &upn.to_string()),
            Wanted::Account(account) => lookup::by_account(schema, account),
        };
        let found = open
            .connection
            .search(&place.base, Scope::Subtree, &filter, &schema.attributes())
            .await?;
        if let Some(incomplete) = found.incomplete {
            return Err(Error::Directory(format!("{domain}: {incomplete}")));
        }
        // Active Directory also matches without accents, which the caller looks into; others are to find by the filter.
        let is_wanted = |entry: &&RawEntry| schema.preset == Preset::ActiveDirectory || filter.matches(entry);
        let mapped = found
            .entries
            .iter()
            .filter(is_wanted)
            .map(|entry| open.mapper.map(entry, &mut Vec::new()));
        let users = mapped.filter_map(|mapped| match mapped {
            Mapped::User(user) => Some(*user),
            _ => None,
        });
        Ok(users.collect())
    }

    /// The names of the groups that a configured domain knows, as `domain\name`.
    pub(crate) async fn group_names(&self, sids: &[Sid]) -> Result<BTreeMap<Sid, String>, Error> {
        let mut names = BTreeMap::new();
        for (index, place) in self.source.places.iter().enumerate() {
            let unnamed: Vec<Sid> = sids
                .iter()
                .filter(|sid| !names.contains_key(*sid))
                .copied()
                .collect();
            if unnamed.is_empty() {
                break;
            }
            let open = self.open(index, place).await?;
            let schema = open.mapper.schema();
            for some in unnamed.chunks(GROUPS_A_SEARCH) {
                let filter = lookup::groups_by_sid(schema, some);
                let attributes = lookup::group_name_attributes(schema);
                let found = open
                    .connection
                    .search(&place.base, Scope::Subtree, &filter, &attributes)
                    .await?;
                if let Some(incomplete) = found.incomplete {
                    return Err(Error::Directory(format!("{}: {incomplete}", place.name)));
                }
                for entry in &found.entries {
                    if let Mapped::Group(group) = open.mapper.map(entry, &mut Vec::new()) {
                        names.extend(group.sid.map(|sid| (sid, group.qualified_name())));
                    }
                }
            }
        }
        Ok(names)
    }
}
