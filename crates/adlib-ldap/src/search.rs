//! Searches: one request and its answer, the root DSE, and lookups that expect little.

use adlib_schema::{AttributeName, Filter, Preset, RawEntry, lookup::SECURITY_CONTEXT};

use crate::{
    Connection, Error, Incomplete, ServerMessage,
    transport::{Control, DirSyncAnswer, WholeAnswer, encode_search},
};

const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");
pub(crate) const SUCCESS: u32 = 0;
pub(crate) const NO_SUCH_OBJECT: u32 = 32;
/// `LDAP_SERVER_DOMAIN_SCOPE_OID`: no references to the other partitions of the forest (MS-ADTS 3.1.1.3.4.1.4).
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
/// What an error calls it.
const A_SEARCH: &str = "a search";
/// `maxInt` (RFC 4511 4.1.1).
const MAX_PAGE: u32 = 0x7fff_ffff;
/// Entries that a lookup asks for at a time.
const LOOKUP_PAGE: u32 = 500;

/// How far below the base a search looks (RFC 4511 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base,
    /// What is right below the base.
    OneLevel,
    /// The base and everything below it.
    Subtree,
}

impl Scope {
    /// Its number in a request.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Base => 0,
            Self::OneLevel => 1,
            Self::Subtree => 2,
        }
    }
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchResult {
    /// The entries, in the server's order.
    pub entries: Vec<RawEntry>,
    /// Why there may be more; `None` when this is everything.
    pub incomplete: Option<Incomplete>,
}

/// A search as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) base: String,
    pub(crate) scope: Scope,
    /// As it is sent.
    pub(crate) filter: Vec<u8>,
    pub(crate) attributes: Vec<String>,
}

impl Request {
    pub(crate) fn new(base: &str, scope: Scope, filter: &Filter, attributes: &[&str]) -> Self {
        Self {
            base: base.to_owned(),
            scope,
            filter: filter.encode(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Every attribute of the entry `dn`.
    pub(crate) fn of_entry(dn: &str, attributes: Vec<String>) -> Self {
        Self {
            base: dn.to_owned(),
            scope: Scope::Base,
            filter: Filter::present(OBJECT_CLASS).encode(),
            attributes,
        }
    }
}

/// The whole answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) entries: Vec<RawEntry>,
    /// Where other parts of the answer are: of each, the URLs of the servers that have it.
    pub(crate) referrals: Vec<Vec<String>>,
    pub(crate) code: u32,
    pub(crate) message: ServerMessage,
    /// Where the next page begins; empty when there is none.
    pub(crate) cookie: Vec<u8>,
    /// How DirSync goes on.
    pub(crate) dir_sync: Option<DirSyncAnswer>,
}

impl Connection {
    /// The entry that describes the server itself (RFC 4512 5.1), with all of its attributes; on Active Directory also
    /// `tokenGroups`, the SIDs of the account that is bound and of its groups (MS-ADTS 3.1.1.3.2).
    ///
    /// # Errors
    /// `Refused` and its kin when the server does not show it; `Timeout`, `Protocol`, `Lost`.
    pub async fn root_dse(&self) -> Result<RawEntry, Error> {
        // The last one is given only when it is asked for by name.
        let attributes = ["*", "+", SECURITY_CONTEXT].map(str::to_owned);
        let request = Request::of_entry("", attributes.to_vec());
        let answer = self.ask(&request, &[]).await?;
        let root = answer.entries.into_iter().next();
        root.ok_or_else(|| self.search_refused("", answer.code, answer.message))
    }

    /// Entries that are few: those in `scope` of `base` that match `filter`, with `attributes`, and no more of
    /// them than `Limits::lookup_entries`.
    ///
    /// # Errors
    /// `NoSuchObject` when there is no `base`; `Refused` and its kin; `NotBound`; `Timeout`, `Protocol`,
    /// `Lost`.
    pub async fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: &Filter,
        attributes: &[&str],
    ) -> Result<SearchResult, Error> {
        let limit = self.limits.lookup_entries;
        let mut search = self
            .paged(base, scope, filter, attributes, LOOKUP_PAGE)
            .up_to(limit);
        let mut entries = Vec::new();
        while let Some(entry) = search.next().await? {
            entries.push(entry);
        }
        let incomplete = search.finish().err();
        Ok(SearchResult { entries, incomplete })
    }

    /// The controls that a search for a page needs.
    pub(crate) async fn page_controls(&self, page_size: u32, cookie: &[u8]) -> Result<Vec<Control>, Error> {
        let size = page_size.clamp(1, MAX_PAGE);
        let mut controls = vec![Control::page(size, cookie)];
        if self.is_active_directory().await? {
            controls.push(Control::hint(DOMAIN_SCOPE));
        }
        Ok(controls)
    }

    /// Whether this is Active Directory; asked once a connection.
    async fn is_active_directory(&self) -> Result<bool, Error> {
        if let Some(known) = self.active_directory.get() {
            return Ok(*known);
        }
        // An answer that anybody could have changed is not kept.
        if self.refuse_before_bind().is_err() {
            return Ok(false);
        }
        let found = match self.root_dse().await {
            Ok(root) => Preset::detect(&root) == Some(Preset::ActiveDirectory),
            Err(error) if error.is_an_answer() => false,
            Err(error) => return Err(error),
        };
        Ok(*self.active_directory.get_or_init(|| found))
    }

    /// Send one search and take its whole answer.
    pub(crate) async fn ask(&self, request: &Request, controls: &[Control]) -> Result<Answer, Error> {
        let root_dse = request.base.is_empty() && request.scope == Scope::Base;
        if !root_dse {
            self.refuse_before_bind()?;
        }
        let id = self.next_search_id();
        let message = encode_search(id, request, controls);
        let exchange = async {
            let mut loan = self.borrow().await?;
            loan.wire.ask(id, &message).await.map_err(|end| self.ends(end))?;
            let answer = loan.wire.receive().await.map_err(|end| self.ends(end))?;
            loan.give_back();
            Ok(Answer::from(answer))
        };
        self.in_time(A_SEARCH, exchange).await
    }

    /// Send one search whose answer is wanted later, as number; it comes while something else is done.
    pub(crate) async fn ask_ahead(&self, request: &Request, controls: &[Control]) -> Result<u32, Error> {
        let id = self.next_search_id();
        let message = encode_search(id, request, controls);
        let exchange = async {
            let mut loan = self.borrow().await?;
            loan.wire.ask(id, &message).await.map_err(|end| self.ends(end))?;
            loan.give_back();
            Ok(id)
        };
        self.in_time(A_SEARCH, exchange).await
    }

    /// The answer to the search that was asked ahead as `id`; `None` when it was kept for too long.
    pub(crate) async fn answer_to(&self, id: u32) -> Result<Option<Answer>, Error> {
        let exchange = async {
            let mut loan = self.borrow().await?;
            let answer = loan.wire.answer(id).await.map_err(|end| self.ends(end))?;
            loan.give_back();
            Ok(answer.map(Answer::from))
        };
        self.in_time(A_SEARCH, exchange).await
    }

    /// A search below `base` that was no success.
    pub(crate) fn search_refused(&self, base: &str, code: u32, message: ServerMessage) -> Error {
        if code == NO_SUCH_OBJECT || code == SUCCESS {
            return Error::NoSuchObject {
                endpoint: self.endpoint().to_owned(),
                dn: base.to_owned(),
            };
        }
        self.refused("search", code, message)
    }
}

impl From<WholeAnswer> for Answer {
    fn from(whole: WholeAnswer) -> Self {
        let mut referrals = whole.references;
        referrals.extend(Some(whole.done.referrals).filter(|urls| !urls.is_empty()));
        Self {
            entries: whole.entries,
            referrals,
            code: whole.done.code,
            message: whole.done.message,
            cookie: whole.done.cookie,
            dir_sync: whole.done.dir_sync,
        }
    }
}
