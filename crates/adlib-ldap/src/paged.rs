//! Searches without end in sight: pages (RFC 2696), and whether all of them came.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    vec,
};

use adlib_schema::{Filter, RawEntry};

use crate::{
    Connection, Error, ReferralProblem, Scope, ServerMessage,
    referral::{self, MAX_REFERRALS},
    search::{Answer, Request, SUCCESS},
    transport::Control,
};

const TIME_LIMIT_EXCEEDED: u32 = 3;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const REFERRAL: u32 = 10;
const ADMIN_LIMIT_EXCEEDED: u32 = 11;
/// Active Directory gives pages without entries when a filter is slow; a server that gives nothing else is stuck.
const MAX_EMPTY_PAGES: usize = 100;
/// Referrals that an error shows, and ways to one part that are considered.
const MAX_SHOWN: usize = 10;
/// The longest URL that is followed, in bytes.
const MAX_URL: usize = 4096;

/// Why a search did not give everything (R27).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incomplete {
    /// The server's limit on the number of entries.
    #[error(
        "the server cut the answer at its size limit; raise the limit for this account, or use smaller pages"
    )]
    SizeLimit,
    /// The server's limit on time.
    #[error(
        "the server cut the answer at its time limit; raise the limit for this account, or use smaller pages"
    )]
    TimeLimit,
    /// Another limit of the server.
    #[error("the server cut the answer at an administrative limit; raise the limit for this account")]
    AdministrativeLimit,
    /// A part of the answer is on other servers, which are not asked: they would be sent the credentials (A52). The first
    /// of their URLs.
    #[error("a part of the answer is on other servers, which are not followed: {}", .0.join(" "))]
    Referral(Vec<String>),
    /// A part of the answer is behind a referral that could not be followed.
    #[error("a part of the answer is behind the referral {url}: {problem}")]
    BehindReferral {
        /// The URL of the other server.
        url: String,
        /// Why it could not be followed to its end.
        problem: ReferralProblem,
    },
    /// A user or group came without the attribute by which changes know it, and would look like one that is gone.
    #[error("`{0}` came without its identity; the account that reads must be allowed to see that attribute")]
    NoIdentity(String),
    /// The server gave a page that it gave before (A51).
    #[error("the server gave the same page twice")]
    RepeatedPage,
    /// The server gave page after page without an entry (A51).
    #[error("the server gives pages without entries and no end")]
    EmptyPages,
    /// More entries than this side takes.
    #[error("there are more than {0} entries")]
    TooManyEntries(usize),
    /// The values of an attribute could not be joined from ranges.
    #[error("the values of `{attribute}` of `{dn}` are not all there: {problem}")]
    Range {
        /// The entry.
        dn: String,
        /// The attribute.
        attribute: String,
        /// What went wrong.
        problem: &'static str,
    },
    /// The search failed on the way, with this error.
    #[error("{0}")]
    Failed(String),
    /// It was not read to its end.
    #[error("the search was not read to its end")]
    NotDrained,
}

/// A search that gives its entries page by page.
///
/// Read it to its end with [`next`](Self::next), then ask [`finish`](Self::finish) whether that is everything.
#[must_use = "a search asks for nothing until it is read"]
#[derive(Debug)]
pub struct PagedSearch<'c> {
    connection: &'c Connection,
    request: Request,
    controls: Vec<Control>,
    page_size: u32,
    limit: usize,
    given: usize,
    pages: usize,
    page: vec::IntoIter<RawEntry>,
    position: Position,
    incomplete: Option<Incomplete>,
    /// The pages that came.
    seen: HashSet<u64>,
    empty_pages: usize,
    /// Where other parts are, for who follows referrals.
    referrals: Option<Vec<Vec<String>>>,
}

#[derive(Debug)]
enum Position {
    /// The next page begins at this cookie; the first at an empty one.
    Before(Vec<u8>),
    /// The next page begins at this cookie, and was asked for as this number.
    Ahead(Vec<u8>, u32),
    /// There is no further page.
    End,
}

impl Connection {
    /// The entries in `scope` of `base` that match `filter`, with `attributes`, in pages of `page_size`.
    ///
    /// Attributes that the server cuts into ranges are joined.
    pub fn paged(
        &self,
        base: &str,
        scope: Scope,
        filter: &Filter,
        attributes: &[&str],
        page_size: u32,
    ) -> PagedSearch<'_> {
        self.paged_request(Request::new(base, scope, filter, attributes), page_size)
    }

    pub(crate) fn paged_request(&self, request: Request, page_size: u32) -> PagedSearch<'_> {
        PagedSearch {
            connection: self,
            request,
            controls: Vec::new(),
            page_size,
            limit: self.limits.search_entries,
            given: 0,
            pages: 0,
            page: Vec::new().into_iter(),
            position: Position::Before(Vec::new()),
            incomplete: None,
            seen: HashSet::new(),
            empty_pages: 0,
            referrals: None,
        }
    }
}

impl PagedSearch<'_> {
    /// The same search, which stops after `limit` entries.
    pub(crate) fn up_to(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The same search, with these controls beside those for pages.
    pub(crate) fn with_controls(mut self, controls: Vec<Control>) -> Self {
        self.controls = controls;
        self
    }

    /// The same search, whose referrals are for the caller to follow: [`finish`](Self::finish) does not count them.
    pub(crate) fn with_referrals(mut self) -> Self {
        self.referrals = Some(Vec::new());
        self
    }

    /// The referrals so far that are for the caller to follow: of each, the URLs of the servers that have the part.
    pub(crate) fn take_referrals(&mut self) -> Vec<Vec<String>> {
        self.referrals.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How many pages came.
    pub(crate) const fn pages(&self) -> usize {
        self.pages
    }

    /// The next entry, or `None` at the end.
    ///
    /// # Errors
    /// `NoSuchObject` when there is no base; `Refused` and its kin; `Timeout`, `Protocol`, `Lost`. After an
    /// error there is no further entry.
    pub async fn next(&mut self) -> Result<Option<RawEntry>, Error> {
        match self.advance().await {
            Ok(entry) => Ok(entry),
            Err(error) => {
                self.stop(Some(Incomplete::Failed(error.to_string())));
                Err(error)
            }
        }
    }

    /// Whether everything came.
    ///
    /// # Errors
    /// The reason why not; `NotDrained` before [`next`](Self::next) gave `None`.
    pub fn finish(self) -> Result<(), Incomplete> {
        match (self.incomplete, self.position) {
            (Some(incomplete), _) => Err(incomplete),
            (None, Position::End) if self.page.len() == 0 => Ok(()),
            (None, _) => Err(Incomplete::NotDrained),
        }
    }

    async fn advance(&mut self) -> Result<Option<RawEntry>, Error> {
        loop {
            if let Some(entry) = self.page.next() {
                if self.given >= self.limit {
                    self.stop(Some(Incomplete::TooManyEntries(self.limit)));
                    return Ok(None);
                }
                self.given += 1;
                return self.join_ranges(entry).await.map(Some);
            }
            match &mut self.position {
                Position::End => return Ok(None),
                Position::Before(cookie) => {
                    let cookie = std::mem::take(cookie);
                    let answer = self.ask(&cookie).await?;
                    self.turn_page(answer).await?;
                }
                Position::Ahead(cookie, id) => {
                    let (cookie, id) = (std::mem::take(cookie), *id);
                    let answer = match self.connection.answer_to(id).await? {
                        Some(answer) => answer,
                        None => self.ask(&cookie).await?,
                    };
                    self.turn_page(answer).await?;
                }
            }
        }
    }

    async fn join_ranges(&mut self, entry: RawEntry) -> Result<RawEntry, Error> {
        let (entry, problem) = self.connection.join_ranges(entry).await?;
        if let Some(problem) = problem {
            self.incomplete.get_or_insert(problem);
        }
        Ok(entry)
    }

    /// Ask for the page that begins at `cookie`.
    async fn ask(&self, cookie: &[u8]) -> Result<Answer, Error> {
        let controls = self.controls(cookie).await?;
        self.connection.ask(&self.request, &controls).await
    }

    async fn controls(&self, cookie: &[u8]) -> Result<Vec<Control>, Error> {
        let mut controls = match self.request.scope {
            Scope::Base => Vec::new(),
            Scope::OneLevel | Scope::Subtree => self.connection.page_controls(self.page_size, cookie).await?,
        };
        controls.extend_from_slice(&self.controls);
        Ok(controls)
    }

    /// Ask for the page after the one that was taken, so that the server makes it while this one is read.
    async fn ask_ahead(&mut self) -> Result<(), Error> {
        let wanted = self.given + self.page.len() < self.limit && self.page.len() > 0;
        if let Position::Before(cookie) = &self.position
            && wanted
        {
            let controls = self.controls(cookie).await?;
            let id = self.connection.ask_ahead(&self.request, &controls).await?;
            self.position = Position::Ahead(cookie.clone(), id);
        }
        Ok(())
    }

    /// Take a page.
    async fn turn_page(&mut self, answer: Answer) -> Result<(), Error> {
        match answer.code {
            SUCCESS => {}
            SIZE_LIMIT_EXCEEDED => self.stop(Some(Incomplete::SizeLimit)),
            TIME_LIMIT_EXCEEDED => self.stop(Some(Incomplete::TimeLimit)),
            ADMIN_LIMIT_EXCEEDED => self.stop(Some(Incomplete::AdministrativeLimit)),
            REFERRAL => self.stop(None),
            code => {
                return Err(self
                    .connection
                    .search_refused(&self.request.base, code, answer.message));
            }
        }
        self.take(answer);
        self.ask_ahead().await
    }

    /// Take the entries of a page, and see whether and where the next begins.
    fn take(&mut self, answer: Answer) {
        self.pages += 1;
        let nowhere = answer.code == REFERRAL && answer.referrals.is_empty();
        match &mut self.referrals {
            Some(kept) if !nowhere => {
                if let Some(left_out) = keep(kept, answer.referrals) {
                    self.incomplete.get_or_insert(left_out);
                }
            }
            _ if !nowhere && answer.referrals.is_empty() => {}
            _ => {
                let urls = answer.referrals.iter().flatten().take(MAX_SHOWN);
                let shown = urls.map(|url| ServerMessage::new(url).as_str().to_owned());
                self.incomplete
                    .get_or_insert(Incomplete::Referral(shown.collect()));
            }
        }
        let anything = !answer.entries.is_empty();
        if anything && !self.seen.insert(fingerprint(&answer.entries)) {
            return self.stop(Some(Incomplete::RepeatedPage));
        }
        self.page = answer.entries.into_iter();
        if answer.code != SUCCESS || answer.cookie.is_empty() {
            self.position = Position::End;
            return;
        }
        self.empty_pages = if anything { 0 } else { self.empty_pages + 1 };
        if self.empty_pages > MAX_EMPTY_PAGES {
            return self.stop(Some(Incomplete::EmptyPages));
        }
        self.position = Position::Before(answer.cookie);
    }

    /// Give nothing more.
    fn stop(&mut self, why: Option<Incomplete>) {
        self.page = Vec::new().into_iter();
        self.position = Position::End;
        if let Some(why) = why {
            self.incomplete.get_or_insert(why);
        }
    }
}

/// Add `referrals` to `kept`, as far as anybody could follow them; the first that is left out, if any is.
fn keep(kept: &mut Vec<Vec<String>>, referrals: Vec<Vec<String>>) -> Option<Incomplete> {
    for urls in referrals {
        if kept.len() > MAX_REFERRALS {
            let url = urls.first().map_or("", String::as_str);
            return Some(referral::behind(url, ReferralProblem::TooMany));
        }
        let usable = urls.into_iter().filter(|url| url.len() <= MAX_URL);
        kept.push(usable.take(MAX_SHOWN).collect());
    }
    None
}

/// Enough of a page to know it again. It is all that is kept of a page: memory stays flat while a directory streams.
fn fingerprint(page: &[RawEntry]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for entry in page {
        entry.dn().hash(&mut hasher);
    }
    hasher.finish()
}
