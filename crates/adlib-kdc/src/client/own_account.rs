//! The application's own account, with the tickets that it holds.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use adlib_core::UnixTime;
use adlib_kerberos::{Keytab, KeytabEntry, ServiceKey, initiator::Credentials};
use tokio::sync::Mutex;

use super::{AccountSecret, KdcTicketSource, TicketRequest};
use crate::{BoxFuture, Endpoint, TicketError};

/// A ticket that ends sooner than this is replaced.
const RENEW_BEFORE: Duration = Duration::from_secs(600);
/// As many tickets are held; an application has few services to talk to.
const MAX_TICKETS: usize = 64;

/// An account of our own: it proves itself with keys, and holds its tickets until shortly before they end.
///
/// ```no_run
/// use adlib_core::UnixTime;
/// use adlib_kdc::{KdcTicketSource, OwnAccount, TicketError};
/// use adlib_kerberos::Keytab;
///
/// # async fn example(keytab: Keytab, now: fn() -> UnixTime) -> Result<(), TicketError> {
/// let account = OwnAccount::new(KdcTicketSource::new(now), "svc-http", "CORP.EXAMPLE.COM")
///     .with_keytab(&keytab, "HTTP/app.corp.example.com");
/// let ldap = account.credentials("ldap/dc1.corp.example.com").await?;
/// # Ok(())
/// # }
/// ```
pub struct OwnAccount {
    source: KdcTicketSource,
    account: String,
    realm: String,
    keys: RwLock<Vec<ServiceKey>>,
    kdcs: Vec<Endpoint>,
    deadline: Duration,
    held: Mutex<Held>,
}

/// The tickets that are held.
#[derive(Default)]
struct Held {
    granting: Option<Credentials>,
    services: BTreeMap<String, Credentials>,
}

impl OwnAccount {
    /// The account `account` of `realm`, whose tickets `source` gets, and which has no keys yet.
    #[must_use]
    pub fn new(source: KdcTicketSource, account: &str, realm: &str) -> Self {
        Self {
            source,
            account: account.to_owned(),
            realm: realm.to_owned(),
            keys: RwLock::default(),
            kdcs: Vec::new(),
            deadline: Duration::from_secs(20),
            held: Mutex::default(),
        }
    }

    /// Prove the account with these keys.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<ServiceKey>) -> Self {
        self.keys = RwLock::new(keys);
        self
    }

    /// Prove the account with the latest keys that `keytab` has for `principal`: the account itself, or one of its
    /// services, for they have the same keys. Realms are not compared.
    #[must_use]
    pub fn with_keytab(self, keytab: &Keytab, principal: &str) -> Self {
        self.with_keys(latest_keys(keytab, principal))
    }

    /// From now on prove the account with the latest keys that `keytab` has for `principal`, as after a change of its
    /// password. Tickets that are held stay good. Where it has none, those in force stay: with nothing, no new ticket could
    /// be had.
    ///
    /// ```no_run
    /// use adlib_kdc::OwnAccount;
    /// use adlib_kerberos::Keytab;
    ///
    /// fn rotate(account: &OwnAccount, file: &[u8]) -> Result<(), adlib_kerberos::KeytabError> {
    ///     account.replace_keys(&Keytab::decode(file)?, "svc-http");
    ///     Ok(())
    /// }
    /// ```
    pub fn replace_keys(&self, keytab: &Keytab, principal: &str) {
        let latest = latest_keys(keytab, principal);
        if !latest.is_empty() {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = latest;
        }
    }

    /// Those in force.
    fn keys(&self) -> Vec<ServiceKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ask these KDCs of the account's realm, in place of those that the source locates.
    #[must_use]
    pub fn with_kdcs(mut self, kdcs: Vec<Endpoint>) -> Self {
        self.kdcs = kdcs;
        self
    }

    /// Try for at most so long to get a ticket. Default: 20 seconds.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The account's ticket-granting ticket: the one that is held, or a new one.
    ///
    /// # Errors
    /// Any variant of [`TicketError`], when no ticket is held that is still good.
    pub async fn ticket_granting_ticket(&self) -> Result<Credentials, TicketError> {
        self.granting(&mut *self.held.lock().await).await
    }

    /// The account's ticket for `service`: the one that is held, or a new one. Who comes meanwhile waits for it.
    ///
    /// # Errors
    /// Any variant of [`TicketError`], when no ticket is held that is still good.
    pub async fn credentials(&self, service: &str) -> Result<Credentials, TicketError> {
        let mut held = self.held.lock().await;
        let now = self.source.now();
        let known = held.services.get(service).cloned();
        if let Some(fresh) = known.as_ref().filter(|held| lasts(held, now, RENEW_BEFORE)) {
            return Ok(fresh.clone());
        }
        let granting = self.granting(&mut held).await?;
        let got = self
            .source
            .credentials_by(granting, self.request(service, &self.keys()))
            .await;
        let credentials = or_held(got, known, now)?;
        held.services.retain(|_, held| lasts(held, now, Duration::ZERO));
        if held.services.len() < MAX_TICKETS {
            held.services.insert(service.to_owned(), credentials.clone());
        }
        Ok(credentials)
    }

    /// A ticket-granting ticket of `realm`, to armour an exchange with its KDCs.
    pub(super) fn armour_for<'a>(
        &'a self,
        realm: &'a str,
    ) -> BoxFuture<'a, Result<Credentials, TicketError>> {
        Box::pin(async move {
            if realm == self.realm {
                self.ticket_granting_ticket().await
            } else {
                self.credentials(&format!("krbtgt/{realm}")).await
            }
        })
    }

    async fn granting(&self, held: &mut Held) -> Result<Credentials, TicketError> {
        let now = self.source.now();
        if let Some(fresh) = held
            .granting
            .as_ref()
            .filter(|held| lasts(held, now, RENEW_BEFORE))
        {
            return Ok(fresh.clone());
        }
        let service = format!("krbtgt/{}", self.realm);
        let got = self
            .source
            .ticket_granting_ticket(self.request(&service, &self.keys()))
            .await;
        let credentials = or_held(got, held.granting.take(), now)?;
        held.granting = Some(credentials.clone());
        Ok(credentials)
    }

    fn request<'a>(&'a self, service: &'a str, keys: &'a [ServiceKey]) -> TicketRequest<'a> {
        TicketRequest {
            account: &self.account,
            realm: &self.realm,
            secret: AccountSecret::Keys(keys),
            service,
            kdcs: &self.kdcs,
            deadline: self.deadline,
        }
    }
}

/// The latest keys of `principal`, without its realm.
fn latest_keys(keytab: &Keytab, principal: &str) -> Vec<ServiceKey> {
    let of_principal = |entry: &&KeytabEntry| entry.principal.name().eq_ignore_ascii_case(principal);
    let entries = || keytab.entries().iter().filter(of_principal);
    let latest = entries().map(|entry| entry.kvno).max();
    let latest = entries().filter(|entry| Some(entry.kvno) == latest);
    latest.map(|entry| entry.key.clone()).collect()
}

/// Whether the ticket is good for longer than `more`.
fn lasts(credentials: &Credentials, now: UnixTime, more: Duration) -> bool {
    credentials.end_time > now.saturating_add(more)
}

/// What was got, or else what is held while it is good.
fn or_held(
    got: Result<Credentials, TicketError>,
    held: Option<Credentials>,
    now: UnixTime,
) -> Result<Credentials, TicketError> {
    got.or_else(|error| match held.filter(|held| lasts(held, now, Duration::ZERO)) {
        Some(held) => {
            tracing::warn!(service = %held.service, %error, "a ticket could not be replaced before its end");
            Ok(held)
        }
        None => Err(error),
    })
}

impl fmt::Debug for OwnAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnAccount({:?} of {:?})", self.account, self.realm)
    }
}
