//! Tickets by our own exchanges with the KDC ([`adlib_kerberos::initiator`]).

use std::{fmt, sync::Arc};

use adlib_core::UnixTime;
use adlib_kerberos::{
    Principal, Random,
    initiator::{AsExchange, AsRequest, Credentials, ExchangeError, ExchangePolicy, Step, TgsExchange},
    name_type,
};
use tokio::time::{Instant, timeout_at};

use super::{ApReqToken, OwnAccount, TicketRequest, TicketSource, workstation};
use crate::{BoxFuture, Endpoint, KdcTransport, Locate, NotSupported, Rejection, TicketError, Unreachable};

/// `KRB_AP_ERR_BADADDR`: MIT's KDC takes the workstation for the one address from which the ticket may be used, and
/// is asked again without.
const BAD_ADDRESS: Rejection = Rejection::Other {
    code: 38,
    nt_status: None,
};

/// Tells the time.
type Now = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// Tickets by our own exchanges: names in any script, every reason that the KDC gives, realm by realm where the KDCs
/// refer to others.
///
/// The time is told by the caller; random numbers are the operating system's.
///
/// ```
/// use adlib_core::UnixTime;
/// use adlib_kdc::{KdcTicketSource, TicketSource};
/// use std::{sync::Arc, time::UNIX_EPOCH};
///
/// let clock = || {
///     let since = UNIX_EPOCH.elapsed().unwrap_or_default();
///     UnixTime::from_seconds(0).saturating_add(since)
/// };
/// let tickets: Arc<dyn TicketSource> = Arc::new(KdcTicketSource::new(clock));
/// ```
#[derive(Clone)]
pub struct KdcTicketSource {
    now: Now,
    locator: Option<Arc<dyn Locate>>,
    policy: ExchangePolicy,
    armour: Option<Arc<OwnAccount>>,
}

impl KdcTicketSource {
    /// A source that goes by this clock, stays in the realm of the account, and offers what is safe.
    #[must_use]
    pub fn new(now: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            locator: None,
            policy: ExchangePolicy::default(),
            armour: None,
        }
    }

    /// Follow referrals to other realms, whose KDCs `locator` finds.
    #[must_use]
    pub fn with_locator(mut self, locator: Arc<dyn Locate>) -> Self {
        self.locator = Some(locator);
        self
    }

    /// Offer and take what `policy` says.
    #[must_use]
    pub fn with_policy(mut self, policy: ExchangePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Armour every AS exchange with a ticket of our own account (RFC 6113): nobody on the way can guess at passwords
    /// or forge reasons. A KDC that does not answer in armour is not believed.
    #[must_use]
    pub fn with_armour(mut self, account: Arc<OwnAccount>) -> Self {
        self.armour = Some(account);
        self
    }

    /// The present time.
    pub(super) fn now(&self) -> UnixTime {
        (self.now)()
    }

    /// Get a ticket-granting ticket. The service in `request` does not count, and the KDC is told no workstation.
    ///
    /// # Errors
    /// Any variant of [`TicketError`] but `NotLocated`.
    pub async fn ticket_granting_ticket(
        &self,
        request: TicketRequest<'_>,
    ) -> Result<Credentials, TicketError> {
        self.authenticate(&request, None, &mut Route::new(self, &request))
            .await
    }

    /// Get a ticket for the service in `request`.
    ///
    /// # Errors
    /// Any variant of [`TicketError`].
    pub async fn credentials(&self, request: TicketRequest<'_>) -> Result<Credentials, TicketError> {
        let service = service_principal(request.service)?;
        let mut route = Route::new(self, &request);
        let here = Some(workstation(request.service));
        let tgt = self.authenticate(&request, here, &mut route).await?;
        match self.buy(tgt, service.clone(), &mut route).await {
            Err(error) if error == BAD_ADDRESS.into() => {
                let tgt = self.authenticate(&request, None, &mut route).await?;
                self.buy(tgt, service, &mut route).await
            }
            result => result,
        }
    }

    /// Get a ticket for another service with a ticket-granting ticket.
    ///
    /// # Errors
    /// Any variant of [`TicketError`].
    pub(super) async fn credentials_by(
        &self,
        tgt: Credentials,
        request: TicketRequest<'_>,
    ) -> Result<Credentials, TicketError> {
        let service = service_principal(request.service)?;
        self.buy(tgt, service, &mut Route::new(self, &request)).await
    }

    /// The AS exchange. Keys are derived where nothing waits: that takes milliseconds.
    async fn authenticate(
        &self,
        request: &TicketRequest<'_>,
        workstation: Option<String>,
        route: &mut Route<'_>,
    ) -> Result<Credentials, TicketError> {
        let mut wanted = AsRequest::new(client_principal(request)?, request.secret.into());
        wanted.policy = self.policy.clone();
        wanted.workstation = workstation;
        if let Some(account) = &self.armour {
            let ticket = timeout_at(route.until, account.armour_for(request.realm)).await;
            // What became of it is not known, and that nobody is there must be.
            let late = Unreachable {
                reached: true,
                ..Unreachable::default()
            };
            let ticket = ticket.unwrap_or_else(|_| Err(late.into()));
            wanted.armour = Some(ticket.map_err(|error| TicketError::Armour(Box::new(error)))?);
        }
        let now = self.now();
        let mut exchange = with_random(|random| AsExchange::begin(wanted, now, random))?;
        loop {
            let answer = route.ask(exchange.realm(), exchange.message()).await?;
            let now = self.now();
            let step = move || with_random(|random| exchange.answer(&answer, now, random));
            let step = tokio::task::spawn_blocking(step).await;
            match step.map_err(|_| broken_off())?? {
                Step::Ask(next) => exchange = *next,
                Step::Done(credentials) => return Ok(*credentials),
            }
        }
    }

    /// The TGS exchange.
    async fn buy(
        &self,
        tgt: Credentials,
        service: Principal,
        route: &mut Route<'_>,
    ) -> Result<Credentials, TicketError> {
        let (policy, now) = (self.policy.clone(), self.now());
        let mut exchange = with_random(|random| TgsExchange::begin(tgt, service, policy, now, random))?;
        loop {
            let answer = route.ask(exchange.realm(), exchange.message()).await?;
            let now = self.now();
            match with_random(|random| exchange.answer(&answer, now, random))? {
                Step::Ask(next) => exchange = *next,
                Step::Done(credentials) => return Ok(*credentials),
            }
        }
    }
}

impl TicketSource for KdcTicketSource {
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>> {
        Box::pin(async move {
            let credentials = self.credentials(request).await?;
            let now = self.now();
            let token = with_random(|random| Ok(credentials.ap_req_token(now, random)?))?;
            Ok(ApReqToken::new(token))
        })
    }
}

impl fmt::Debug for KdcTicketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KdcTicketSource")
            .field("policy", &self.policy)
            .field("armoured", &self.armour.is_some())
            .finish_non_exhaustive()
    }
}

/// The ways to the KDCs of one request, realm by realm.
struct Route<'a> {
    realm: &'a str,
    kdcs: &'a [Endpoint],
    locator: Option<&'a dyn Locate>,
    until: Instant,
    transports: Vec<(String, KdcTransport)>,
}

impl<'a> Route<'a> {
    fn new(source: &'a KdcTicketSource, request: &TicketRequest<'a>) -> Self {
        Self {
            realm: request.realm,
            kdcs: request.kdcs,
            locator: source.locator.as_deref(),
            until: Instant::now() + request.deadline,
            transports: Vec::new(),
        }
    }

    /// Send `message` to the KDCs of `realm`; all messages to one realm go to one of them, while it answers.
    async fn ask(&mut self, realm: &str, message: &[u8]) -> Result<Vec<u8>, TicketError> {
        if let Some((_, transport)) = self.transports.iter_mut().find(|(known, _)| known == realm) {
            return Ok(transport.exchange(message).await?);
        }
        let mut transport = self.transport(realm).await?;
        let answered = self.has_answered();
        let answer = transport
            .exchange(message)
            .await
            .map_err(|unreachable| Unreachable {
                // Whoever holds up the KDC of one realm until no time is left for the next gains nothing by it.
                reached: unreachable.reached || answered,
                ..unreachable
            })?;
        self.transports.push((realm.to_owned(), transport));
        Ok(answer)
    }

    /// Whether a KDC of any realm has answered.
    fn has_answered(&self) -> bool {
        !self.transports.is_empty()
    }

    async fn transport(&self, realm: &str) -> Result<KdcTransport, TicketError> {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        if realm == self.realm && (!self.kdcs.is_empty() || self.locator.is_none()) {
            return Ok(KdcTransport::new(self.kdcs, left(self.until)));
        }
        let locator = self.locator.ok_or(NotSupported::OtherRealm)?;
        let found = match timeout_at(self.until, locator.kdcs(realm)).await {
            Ok(found) => found.map_err(|source| TicketError::NotLocated {
                realm: realm.to_owned(),
                source,
                reached: self.has_answered(),
            })?,
            Err(_) => Vec::new(),
        };
        Ok(KdcTransport::new(&found, left(self.until)))
    }
}

/// Take a step with the operating system's random numbers.
fn with_random<T>(step: impl FnOnce(&mut Random<'_>) -> Result<T, ExchangeError>) -> Result<T, TicketError> {
    let mut failed = false;
    let result = step(&mut |bytes: &mut [u8]| failed |= getrandom::fill(bytes).is_err());
    if failed {
        return Err(TicketError::NoRandom);
    }
    Ok(result?)
}

/// The account as a principal: a name with an `@` is for the KDC to resolve, one with a `/` is a service's.
fn client_principal(request: &TicketRequest<'_>) -> Result<Principal, NotSupported> {
    let usable = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    if !usable(request.account) || !usable(request.realm) {
        return Err(NotSupported::Name);
    }
    let name = request.account.to_owned();
    if name.contains('@') {
        return Ok(Principal::new(name_type::ENTERPRISE, vec![name], request.realm));
    }
    if name.contains('/') {
        let service = service_principal(&name).map_err(|_| NotSupported::Name)?;
        let components = service.components().to_vec();
        return Ok(Principal::new(name_type::SRV_INST, components, request.realm));
    }
    Ok(Principal::user(name, request.realm))
}

/// The service, in whichever realm has it.
fn service_principal(service: &str) -> Result<Principal, NotSupported> {
    let components: Vec<String> = service.split('/').map(str::to_owned).collect();
    let usable = |text: &String| !text.is_empty() && !text.contains(char::is_control);
    if components.len() < 2 || !components.iter().all(usable) {
        return Err(NotSupported::ServiceName);
    }
    Ok(Principal::new(name_type::SRV_INST, components, ""))
}

fn broken_off() -> TicketError {
    TicketError::Protocol {
        detail: "the exchange broke off".to_owned(),
    }
}
