//! Parts of an answer that are on other servers (RFC 4511 4.1.10, 4.5.3), asked for where the configuration says so.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    pin::Pin,
};

use adlib_schema::Dn;

use crate::{Connection, Endpoint, Incomplete, Scope, ServerMessage, ldap_url::LdapUrl, search::Request};

/// How many referrals may lead from one to the next.
const MAX_DEPTH: usize = 10;
/// How many referrals a read follows.
pub(crate) const MAX_REFERRALS: usize = 1_000;

/// A connection in the making.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Connection, String>> + Send + 'a>>;

/// The servers to which referrals are followed, and who the application is there.
///
/// Whoever can write to a directory can make it refer to any host. So a referral chooses among the servers that are
/// listed, and nothing else about the connection (A52): its protection and its credentials are for `connect` to say.
pub trait Referrals: Send + Sync {
    /// The servers.
    fn servers(&self) -> &[Endpoint];

    /// A connection to `server`, one of the above, bound; or why there is none. The server must have proven itself before
    /// it gets a password, as [`Settings`](crate::Settings) does by default.
    fn connect<'a>(&'a self, server: &'a Endpoint) -> Connecting<'a>;
}

/// Why a part behind a referral is not all there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferralProblem {
    /// None of the servers that have it is listed.
    #[error("this server is not among those that referrals may lead to; list it if it is to be asked")]
    NotListed,
    /// The URL is not one of RFC 4516.
    #[error("this is no LDAP URL that names a host")]
    NotUnderstood,
    /// It leads back to a search that led to it.
    #[error("it leads in a circle")]
    Circle,
    /// One referral leads to the next.
    #[error("more than {MAX_DEPTH} referrals lead from one to the next")]
    TooDeep,
    /// There are more of them than are followed.
    #[error("there are more than {MAX_REFERRALS} referrals")]
    TooMany,
    /// There is no connection to the server.
    #[error("the server cannot be asked: {0}")]
    Unreachable(String),
    /// The search there failed or was cut short.
    #[error("{0}")]
    Failed(String),
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Server {
    /// The one where the read began.
    First,
    /// One of those that referrals may lead to, by its number.
    Listed(usize),
}

/// What makes a search the same as another.
type Identity = (Server, String, u8, Vec<u8>);

/// A search that is still to be made.
#[derive(Debug)]
pub(crate) struct Part {
    server: Server,
    pub(crate) request: Request,
    /// The referral that led here; none for the first.
    url: Option<String>,
    /// The searches that led here, this one last.
    path: Vec<Identity>,
}

impl Part {
    fn new(server: Server, request: Request, url: Option<String>, before: &[Identity]) -> Self {
        let mut path = before.to_vec();
        path.push(identity(server, &request));
        Self {
            server,
            request,
            url,
            path,
        }
    }

    /// Whether this is where the read began.
    pub(crate) const fn is_first(&self) -> bool {
        self.url.is_none()
    }

    /// That this part is not all there.
    pub(crate) fn incomplete(&self, problem: ReferralProblem) -> Incomplete {
        behind(self.url.as_deref().unwrap_or_default(), problem)
    }
}

fn identity(server: Server, request: &Request) -> Identity {
    let base = request.base.parse::<Dn>().map(Dn::into_normal);
    let base = base.unwrap_or_else(|_| request.base.clone());
    (server, base, request.scope.number(), request.filter.clone())
}

pub(crate) fn behind(url: &str, problem: ReferralProblem) -> Incomplete {
    Incomplete::BehindReferral {
        url: ServerMessage::new(url).as_str().to_owned(),
        problem,
    }
}

/// The parts of one read.
pub(crate) struct Parts<'a> {
    first: &'a Connection,
    referrals: &'a dyn Referrals,
    open: HashMap<usize, Result<Connection, String>>,
    known: HashSet<Identity>,
    ahead: VecDeque<Part>,
}

impl<'a> Parts<'a> {
    /// A read that begins with `request` on `first`.
    pub(crate) fn new(first: &'a Connection, referrals: &'a dyn Referrals, request: Request) -> Self {
        let part = Part::new(Server::First, request, None, &[]);
        Self {
            first,
            referrals,
            open: HashMap::new(),
            known: part.path.iter().cloned().collect(),
            ahead: VecDeque::from([part]),
        }
    }

    /// The next part.
    pub(crate) fn next(&mut self) -> Option<Part> {
        self.ahead.pop_front()
    }

    /// The connection for `part`.
    ///
    /// # Errors
    /// `Unreachable`, once and for all for a server.
    pub(crate) async fn connection(&mut self, part: &Part) -> Result<&Connection, ReferralProblem> {
        let Server::Listed(number) = part.server else {
            return Ok(self.first);
        };
        let referrals = self.referrals;
        let server = referrals.servers().get(number);
        let server = server.ok_or(ReferralProblem::NotListed)?;
        let connection = match self.open.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(referrals.connect(server).await),
        };
        let connection = connection.as_ref();
        connection.map_err(|reason| ReferralProblem::Unreachable(reason.clone()))
    }

    /// Take a referral to one of `urls`, each of which has the same part, from the search for `part`.
    ///
    /// # Errors
    /// Why it is not followed.
    pub(crate) fn refer(&mut self, urls: &[String], part: &Part) -> Result<(), Incomplete> {
        let not_followed = |problem| behind(urls.first().map_or("", String::as_str), problem);
        let understood = urls.iter().filter_map(|url| Some((url, LdapUrl::parse(url)?)));
        let mut understood = understood.peekable();
        if understood.peek().is_none() {
            return Err(not_followed(ReferralProblem::NotUnderstood));
        }
        let mut followed = understood.filter_map(|(url, to)| Some((url, self.server_of(&to)?, to)));
        let Some((url, server, to)) = followed.next() else {
            return Err(not_followed(ReferralProblem::NotListed));
        };
        let next = Part::new(
            server,
            request_of(to, &part.request),
            Some(url.clone()),
            &part.path,
        );
        self.add(next)
    }

    fn add(&mut self, part: Part) -> Result<(), Incomplete> {
        let Some((this, before)) = part.path.split_last() else {
            return Ok(());
        };
        if before.contains(this) {
            return Err(part.incomplete(ReferralProblem::Circle));
        }
        // Two ways may lead to one part.
        if self.known.contains(this) {
            return Ok(());
        }
        if before.len() > MAX_DEPTH {
            return Err(part.incomplete(ReferralProblem::TooDeep));
        }
        if self.known.len() > MAX_REFERRALS {
            return Err(part.incomplete(ReferralProblem::TooMany));
        }
        self.known.insert(this.clone());
        self.ahead.push_back(part);
        Ok(())
    }

    /// The listed server to which `url` leads; the connection that there is already, if it is that one's.
    fn server_of(&self, url: &LdapUrl) -> Option<Server> {
        let mut servers = self.referrals.servers().iter().enumerate();
        let (number, server) = servers.find(|(_, server)| url.leads_to(server))?;
        if server.to_string() == self.first.endpoint() {
            return Some(Server::First);
        }
        Some(Server::Listed(number))
    }
}

/// The search for a part (RFC 4511 4.5.3): what the URL leaves open is as in the search that led to it, where what is
/// right below a base is an entry by itself elsewhere.
fn request_of(url: LdapUrl, before: &Request) -> Request {
    let scope = match before.scope {
        Scope::OneLevel => Scope::Base,
        scope => scope,
    };
    Request {
        base: url.base.unwrap_or_else(|| before.base.clone()),
        scope: url.scope.unwrap_or(scope),
        filter: url
            .filter
            .map_or_else(|| before.filter.clone(), |filter| filter.encode()),
        attributes: before.attributes.clone(),
    }
}
