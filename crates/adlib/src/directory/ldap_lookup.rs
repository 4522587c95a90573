//! Single accounts on servers: what is asked, over which connections.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use adlib_core::Sid;
use adlib_ldap::{Connection, Incomplete, Scope};
use adlib_schema::{
    Mapped, Mapper, Preset, RawEntry, RootDse, lookup,
    record::{Group, User},
    syntax::Filter,
};
use tokio::time::timeout;

use super::{
    MapperRules,
    ldap::{LdapSource, Place, mapper},
};
use crate::{Error, authenticator::Wanted};

/// How many groups are looked up at a time.
const GROUPS_A_SEARCH: usize = 100;

/// Lookups of one sign-in, over connections that wait for them.
pub(crate) struct LdapLookup<'a> {
    pub(super) source: &'a LdapSource,
    rules: &'a MapperRules,
    domains: Vec<String>,
}

/// A connection that waited and gives no answer for so long is given up for a new one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Entries, and why they are not all.
type Answer = (Vec<RawEntry>, Option<Incomplete>);

/// What is searched for.
struct Query<'q> {
    base: &'q str,
    filter: &'q Filter,
    attributes: &'q [&'q str],
    /// How many entries to ask for at a time, where there may be many; else only a few are taken.
    page_size: Option<u32>,
}

impl Query<'_> {
    async fn ask(&self, connection: &Connection) -> Result<Answer, adlib_ldap::Error> {
        let Some(page_size) = self.page_size else {
            let found = connection
                .search(self.base, Scope::Subtree, self.filter, self.attributes)
                .await?;
            return Ok((found.entries, found.incomplete));
        };
        let mut search = connection.paged(self.base, Scope::Subtree, self.filter, self.attributes, page_size);
        let mut entries = Vec::new();
        while let Some(entry) = search.next().await? {
            entries.push(entry);
        }
        Ok((entries, search.finish().err()))
    }
}

impl<'a> LdapLookup<'a> {
    pub(super) fn new(source: &'a LdapSource, rules: &'a MapperRules) -> Self {
        let domains = source.places.iter().map(|place| place.name.clone()).collect();
        Self {
            source,
            rules,
            domains,
        }
    }

    pub(super) fn place(&self, domain: &str) -> Option<&Place> {
        let mut places = self.source.places.iter();
        places.find(|place| place.name.eq_ignore_ascii_case(domain))
    }

    pub(super) fn place_at(&self, index: usize) -> Result<&Place, Error> {
        let place = self.source.places.get(index);
        place.ok_or_else(|| Error::Configuration("no directory is configured".to_owned()))
    }

    /// How entries of `place` become users and groups.
    pub(super) async fn mapper(&self, place: &Place) -> Result<Mapper, Error> {
        let preset = match self.rules.preset {
            Some(preset) => preset,
            None => *place.pool.preset.get_or_try_init(|| self.detect(place)).await?,
        };
        self.rules.mapper(preset)
    }

    async fn detect(&self, place: &Place) -> Result<Preset, Error> {
        let _permit = place.pool.in_use.acquire().await;
        let connection = self.source.connect(place).await?;
        let mapper = mapper(self.rules, &connection).await?;
        place.pool.give_back(connection);
        Ok(mapper.schema().preset)
    }

    /// All that `query` finds in `place`.
    async fn search(&self, place: &Place, query: &Query<'_>) -> Result<Vec<RawEntry>, Error> {
        let _permit = place.pool.in_use.acquire().await;
        let found = match self.search_again(place, query).await {
            Some(found) => found,
            None => self.search_anew(place, query).await?,
        };
        match found {
            (entries, None) => Ok(entries),
            (_, Some(incomplete)) => Err(Error::Directory(format!("{}: {incomplete}", place.name))),
        }
    }

    /// What `query` finds by a connection that waited. That it gives no answer says nothing: it may have been closed.
    async fn search_again(&self, place: &Place, query: &Query<'_>) -> Option<Answer> {
        let connection = place.pool.take()?;
        let patience = self
            .source
            .patience
            .map_or(PATIENCE, |patience| patience.min(PATIENCE));
        match timeout(patience, query.ask(&connection)).await {
            Ok(Ok(found)) => {
                place.pool.give_back(connection);
                return Some(found);
            }
            Ok(Err(error)) => tracing::debug!(%error, "a connection that waited is given up"),
            Err(_) => place.pool.note_slow(connection.host()),
        }
        place.pool.clear();
        None
    }

    /// What `query` finds by a new connection. A server that keeps it waiting for too long, or goes away, is passed over for
    /// another one, if there is any; that one has all the time that is left.
    async fn search_anew(&self, place: &Place, query: &Query<'_>) -> Result<Answer, Error> {
        let (mut connection, others) = self.source.open_any(place).await?;
        if let Some(patience) = self.source.patience.filter(|_| others) {
            match timeout(patience, self.ask(query, &connection)).await {
                Ok(Ok(found)) => {
                    place.pool.give_back(connection);
                    return Ok(found);
                }
                Ok(Err(error)) if !matches!(error, Error::Unreachable(_)) => return Err(error),
                _ => {
                    let server = connection.endpoint();
                    tracing::warn!(server, "no answer to a lookup; another server is asked");
                    place.pool.note_slow(connection.host());
                    connection = self.source.open(place).await?;
                }
            }
        }
        let found = self.ask(query, &connection).await?;
        place.pool.give_back(connection);
        Ok(found)
    }

    async fn ask(&self, query: &Query<'_>, connection: &Connection) -> Result<Answer, Error> {
        self.source.bind_on(connection).await?;
        Ok(query.ask(connection).await?)
    }

    /// One search for the groups of the user, one more for each step of nesting.
    pub(super) async fn groups_of(&self, place: usize, user: &User) -> Result<Vec<Group>, Error> {
        let place = self.place_at(place)?;
        let mapper = self.mapper(place).await?;
        let schema = mapper.schema();
        let attributes = lookup::group_name_attributes(schema);
        let mut filters = vec![lookup::groups_of_user(schema, user)];
        let (mut groups, mut known) = (Vec::new(), BTreeSet::new());
        while !filters.is_empty() {
            let mut outer = Vec::new();
            for filter in filters.drain(..) {
                let query = Query {
                    base: &place.base,
                    filter: &filter,
                    attributes: &attributes,
                    page_size: Some(self.source.page_size),
                };
                for entry in self.search(place, &query).await? {
                    if let Mapped::Group(group) = mapper.map(&entry, &mut Vec::new())
                        && known.insert(group.key.clone())
                    {
                        outer.push(group.dn.clone());
                        groups.push(*group);
                    }
                }
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
        let Some(place) = self.place(domain) else {
            return Ok(Vec::new());
        };
        let mapper = self.mapper(place).await?;
        let schema = mapper.schema();
        let filter = match wanted {
            Wanted::Upn(upn) => lookup::by_upn(schema, &upn.to_string()),
            Wanted::Account(account) => lookup::by_account(schema, account),
        };
        let query = Query {
            base: &place.base,
            filter: &filter,
            attributes: &schema.attributes(),
            page_size: None,
        };
        let entries = self.search(place, &query).await?;
        // Active Directory also matches without accents, which the caller looks into; others are to find by the filter.
        let is_wanted = |entry: &&RawEntry| schema.preset == Preset::ActiveDirectory || filter.matches(entry);
        let mapped = entries
            .iter()
            .filter(is_wanted)
            .map(|entry| mapper.map(entry, &mut Vec::new()));
        let users = mapped.filter_map(|mapped| match mapped {
            Mapped::User(user) => Some(*user),
            _ => None,
        });
        Ok(users.collect())
    }

    /// The configured domain with this `NetBIOS` name, as the forest of any of them lists it.
    pub(super) async fn domain_of_netbios_name(&self, name: &str) -> Result<Option<String>, Error> {
        for place in &self.source.places {
            let Some(partitions) = self.partitions(place).await? else {
                continue;
            };
            let query = Query {
                base: &partitions,
                filter: &lookup::by_netbios_name(name),
                attributes: &[lookup::DNS_NAME],
                page_size: None,
            };
            for entry in self.search(place, &query).await? {
                let domain = entry.text(lookup::DNS_NAME).unwrap_or_default();
                if let Some(place) = self.place(domain) {
                    return Ok(Some(place.name.clone()));
                }
            }
        }
        Ok(None)
    }

    /// Where the forest of `place` lists its domains.
    async fn partitions(&self, place: &Place) -> Result<Option<String>, Error> {
        let _permit = place.pool.in_use.acquire().await;
        let connection = self.source.connect(place).await?;
        let root_dse = connection.root_dse().await?;
        place.pool.give_back(connection);
        Ok(RootDse::of(&root_dse).partitions())
    }

    /// The names of the groups that a configured domain knows, as `domain\name`.
    pub(crate) async fn group_names(&self, sids: &[Sid]) -> Result<BTreeMap<Sid, String>, Error> {
        let (mut names, unknown) = self.source.group_names.split(sids);
        for place in &self.source.places {
            let unnamed: Vec<Sid> = unknown
                .iter()
                .filter(|sid| !names.contains_key(*sid))
                .copied()
                .collect();
            if unnamed.is_empty() {
                break;
            }
            names.extend(self.names_in(place, &unnamed).await?);
        }
        self.source.group_names.remember(&unknown, &names);
        Ok(names)
    }

    /// The names of those groups that are in `place`.
    async fn names_in(&self, place: &Place, sids: &[Sid]) -> Result<BTreeMap<Sid, String>, Error> {
        let mapper = self.mapper(place).await?;
        let schema = mapper.schema();
        let mut names = BTreeMap::new();
        for some in sids.chunks(GROUPS_A_SEARCH) {
            let query = Query {
                base: &place.base,
                filter: &lookup::groups_by_sid(schema, some),
                attributes: &lookup::group_name_attributes(schema),
                // The server's limit may be below what is asked for.
                page_size: Some(self.source.page_size),
            };
            for entry in self.search(place, &query).await? {
                if let Mapped::Group(group) = mapper.map(&entry, &mut Vec::new()) {
                    names.extend(group.sid.map(|sid| (sid, group.qualified_name())));
                }
            }
        }
        Ok(names)
    }
}
