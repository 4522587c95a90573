//! Searches: one request and its answer, the root DSE, and lookups that expect little.

use adlib_schema::{Filter, Preset, RawEntry, lookup::SECURITY_CONTEXT};
use ldap3::{
    LdapError, LdapResult, ResultEntry,
    asn1::{PL, StructureTag},
    controls::{Control, PagedResults, RawControl},
};

use crate::{Connection, Error, Incomplete, ServerMessage, transport::paged_cookie};

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const NO_SUCH_OBJECT: u32 = 32;
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// `LDAP_SERVER_DOMAIN_SCOPE_OID`: no references to the other partitions of the forest (MS-ADTS 3.1.1.3.4.1.4).
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
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

impl From<Scope> for ldap3::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Base => Self::Base,
            Scope::OneLevel => Self::OneLevel,
            Scope::Subtree => Self::Subtree,
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
    pub(crate) filter: String,
    pub(crate) attributes: Vec<String>,
}

impl Request {
    pub(crate) fn new(base: &str, scope: Scope, filter: &Filter, attributes: &[&str]) -> Self {
        Self {
            base: base.to_owned(),
            scope,
            filter: filter.to_string(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Every attribute of the entry `dn`.
    pub(crate) fn of_entry(dn: &str, attributes: Vec<String>) -> Self {
        Self {
            base: dn.to_owned(),
            scope: Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            attributes,
        }
    }
}

/// The whole answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) entries: Vec<RawEntry>,
    /// URLs of other servers, which are never followed.
    pub(crate) referrals: Vec<String>,
    pub(crate) code: u32,
    pub(crate) message: ServerMessage,
    /// Where the next page begins; empty when there is none.
    pub(crate) cookie: Vec<u8>,
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
        let answer = self.ask(&request, Vec::new()).await?;
        let root = answer.entries.into_iter().next();
        root.ok_or_else(|| self.search_refused("", answer.code, answer.message))
    }

    /// Entries that are few: those in `scope` of `base` that match `filter`, with `attributes`, and no more of
    /// them than `Limits::lookup_entries`.
    ///
    /// # Errors
    /// `NoSuchObject` when there is no `base`; `Refused` and its kin; `Filter`; `NotBound`; `Timeout`, `Protocol`,
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
    pub(crate) async fn page_controls(
        &self,
        page_size: u32,
        cookie: Vec<u8>,
    ) -> Result<Vec<RawControl>, Error> {
        let size = i32::try_from(page_size.max(1)).unwrap_or(i32::MAX);
        let mut controls = vec![PagedResults { size, cookie }.into()];
        if self.is_active_directory().await? {
            controls.push(RawControl {
                ctype: DOMAIN_SCOPE.to_owned(),
                crit: false,
                val: None,
            });
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
    pub(crate) async fn ask(&self, request: &Request, controls: Vec<RawControl>) -> Result<Answer, Error> {
        let root_dse = request.base.is_empty() && request.scope == Scope::Base;
        if !root_dse {
            self.refuse_before_bind()?;
        }
        if ldap3::parse_filter(&request.filter).is_err() {
            return Err(Error::Filter(request.filter.clone()));
        }
        let (items, result) = self
            .whole_answer("a search", self.exchange(request, controls))
            .await?;
        let cookie = self.next_page(&result.ctrls)?;
        let mut answer = Answer {
            entries: Vec::with_capacity(items.len()),
            referrals: result.refs,
            code: result.rc,
            message: ServerMessage::new(&result.text),
            cookie,
        };
        for item in items {
            if item.is_ref() {
                answer.referrals.extend(texts(item.0.payload));
            } else if let Some(entry) = entry(item.0.payload) {
                answer.entries.push(entry);
            }
        }
        Ok(answer)
    }

    async fn exchange(
        &self,
        request: &Request,
        controls: Vec<RawControl>,
    ) -> Result<(Vec<ResultEntry>, LdapResult), LdapError> {
        let mut ldap = self.ldap();
        ldap.with_controls(controls);
        let scope = request.scope.into();
        let attributes = request.attributes.clone();
        let search = ldap.streaming_search(&request.base, scope, &request.filter, attributes);
        let mut stream = search.await?;
        let mut items = Vec::new();
        while let Some(item) = stream.next().await? {
            items.push(item);
        }
        Ok((items, stream.finish().await))
    }

    /// The cookie of the paged results control, parsed here: the library panics on a malformed one.
    fn next_page(&self, controls: &[Control]) -> Result<Vec<u8>, Error> {
        let value = controls
            .iter()
            .map(|Control(_, control)| control)
            .find(|control| control.ctype == PAGED_RESULTS)
            .and_then(|control| control.val.as_deref());
        value
            .map_or(Ok(Vec::new()), paged_cookie)
            .map_err(|error| Error::Protocol {
                endpoint: self.endpoint().to_owned(),
                violation: error.into(),
            })
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

/// The entry that a `SearchResultEntry` holds, values as they came; the guard has checked its form.
fn entry(entry: PL) -> Option<RawEntry> {
    let mut parts = parts(entry).into_iter();
    let dn = text(parts.next()?)?;
    let mut entry = RawEntry::new(dn);
    for attribute in self::parts(parts.next()?.payload) {
        let mut attribute = self::parts(attribute.payload).into_iter();
        let name = text(attribute.next()?)?;
        let values = self::parts(attribute.next()?.payload);
        let values = values.into_iter().filter_map(StructureTag::expect_primitive);
        entry.push_all(&name, values);
    }
    Some(entry)
}

fn parts(payload: PL) -> Vec<StructureTag> {
    match payload {
        PL::C(parts) => parts,
        PL::P(_) => Vec::new(),
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}

/// The URLs that a `SearchResultReference` holds.
fn texts(payload: PL) -> impl Iterator<Item = String> {
    parts(payload).into_iter().filter_map(text)
}
