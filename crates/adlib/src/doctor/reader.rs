//! A connection by which users can be read: what it gives.

use adlib_ldap::{Connection, PagedSearch, Scope};
use adlib_schema::{
    AttributeName, Filter, Mapper, PAGE_LIMIT, RawEntry, RootDse, UserName,
    lookup::{anything, by_account, by_upn},
    page_limit,
};

use super::{Problem, findings::Came};

/// A connection by which users can be read.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) mapper: Mapper,
    pub(super) root_dse: RootDse,
    pub(super) base: String,
    pub(super) page_size: u32,
}

impl Reader {
    pub(super) async fn pages(&self) -> Came<()> {
        if !self.root_dse.gives_pages {
            return Came::warning((), Problem::NoPages, "it does not say that it gives pages");
        }
        let asked = self.page_size;
        match self.largest_page().await {
            Some(largest) if largest < asked => {
                let seen = format!("{asked} entries are asked for, {largest} are given");
                Came::warning((), Problem::SmallPages, seen)
            }
            Some(largest) => Came::ok((), format!("{asked} entries a page; up to {largest} are given")),
            None => Came::ok((), format!("{asked} entries a page")),
        }
    }

    /// What Active Directory says of its limits, where it may be read.
    async fn largest_page(&self) -> Option<u32> {
        let policy = self.root_dse.query_policy()?;
        let found = self
            .connection
            .search(&policy, Scope::Base, &anything(), &[PAGE_LIMIT])
            .await;
        page_limit(found.ok()?.entries.first()?)
    }

    /// The user who is called so.
    pub(super) async fn named(
        &self,
        name: &str,
        by: UserName,
    ) -> Result<Option<RawEntry>, adlib_ldap::Error> {
        let schema = self.mapper.schema();
        let filter = match by {
            UserName::Upn => by_upn(schema, name),
            _ => by_account(schema, name),
        };
        self.search(&filter, &schema.attributes(), 2).next().await
    }

    /// The first user that the server gives.
    pub(super) async fn somebody(&self) -> Result<Option<RawEntry>, adlib_ldap::Error> {
        let schema = self.mapper.schema();
        self.search(&schema.user_search.for_all(), &schema.attributes(), 1)
            .next()
            .await
    }

    fn search(&self, filter: &Filter, attributes: &[&str], page_size: u32) -> PagedSearch<'_> {
        self.connection
            .paged(&self.base, Scope::Subtree, filter, attributes, page_size)
    }

    /// How many users and groups there are.
    pub(super) async fn users(&self) -> Came<()> {
        let schema = self.mapper.schema();
        let users = self.count(&schema.user_search.for_all()).await;
        let users = match users {
            Ok(users) => users,
            Err(seen) => return Came::failed(Problem::Incomplete, format!("users: {seen}")),
        };
        match self.count(&schema.group_search.for_all()).await {
            Err(seen) => Came::failed(Problem::Incomplete, format!("groups: {seen}")),
            Ok(_) if users == 0 => Came::failed(Problem::NobodyReadable, "no users"),
            Ok(groups) => Came::ok((), format!("{users} users, {groups} groups")),
        }
    }

    async fn count(&self, filter: &Filter) -> Result<usize, String> {
        let name: Vec<&str> = self
            .mapper
            .schema()
            .user_name
            .iter()
            .map(AttributeName::as_str)
            .collect();
        let mut search = self.search(filter, &name, self.page_size);
        let mut count = 0;
        while search.next().await.map_err(|error| error.to_string())?.is_some() {
            count += 1;
        }
        let finished = search.finish();
        finished.map_err(|incomplete| format!("{count} came, and then {incomplete}"))?;
        Ok(count)
    }
}
