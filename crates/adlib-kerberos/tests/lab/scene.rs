//! What the tests share: a service with its keys on disk, our own client, the clock.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use adlib_core::{ChannelBindings, Password, UnixTime};
use adlib_kerberos::{
    Accepted, Fresh, Keytab, PacMode, Policy, Principal, Rejection, ServiceKey, SessionRandom,
    UnverifiedApReq,
    initiator::{AsExchange, AsRequest, Credentials, ExchangePolicy, Step, TgsExchange},
};
use adlib_lab::{Corp, Realm, peer::Flag, realm};

/// What a client asks for that wants everything but delegation.
pub(crate) const PROTECTED: [Flag; 5] = [
    Flag::Mutual,
    Flag::ReplayDetect,
    Flag::SequenceDetect,
    Flag::Confidentiality,
    Flag::Integrity,
];

pub(crate) fn now() -> UnixTime {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(0).saturating_add(since_1970)
}

/// `seconds` after `time`, or before it.
pub(crate) fn later(time: UnixTime, seconds: i64) -> UnixTime {
    UnixTime::from_micros(time.micros() + seconds * 1_000_000)
}

pub(crate) fn random() -> SessionRandom {
    Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).unwrap())
}

/// A service that judges tokens by the keys of the lab's keytab.
pub(crate) struct Service {
    pub(crate) keytab: Keytab,
    pub(crate) policy: Policy,
    pub(crate) bindings: Option<ChannelBindings>,
}

impl Service {
    /// The services of CORP, where every ticket has a PAC.
    pub(crate) fn of_corp(corp: &Corp) -> Self {
        Self::with_keytab(&corp.keytab)
    }

    /// The services of a realm, whose KDC need not know about PACs; RC4 is taken.
    pub(crate) fn of(realm: &Realm) -> Self {
        let mut service = Self::with_keytab(&realm.keytab);
        service.policy.pac = PacMode::BestEffort;
        service.policy.danger_accept_rc4 = true;
        service
    }

    fn with_keytab(path: &Path) -> Self {
        Self {
            keytab: Keytab::decode(&std::fs::read(path).unwrap()).unwrap(),
            policy: Policy::default(),
            bindings: None,
        }
    }

    pub(crate) fn bound_to(mut self, application_data: &[u8]) -> Self {
        self.bindings = Some(ChannelBindings::new(application_data.to_vec()));
        self
    }

    /// The verdict on `token` at the time `now`, which no replay cache hears of.
    pub(crate) fn accept_at(&self, token: &[u8], now: UnixTime) -> Result<Accepted, Rejection> {
        UnverifiedApReq::decode(token)?
            .decrypt(&self.keytab, &self.policy)?
            .check(&self.policy, now, self.bindings.as_ref())
            .map(|pending| pending.accept(Fresh::danger_unchecked()))
    }

    pub(crate) fn accept(&self, token: &[u8]) -> Result<Accepted, Rejection> {
        self.accept_at(token, now())
    }

    pub(crate) fn reason(&self, token: &[u8]) -> &'static str {
        self.accept(token).unwrap_err().reason()
    }

    /// The key that opened the ticket of `accepted`.
    pub(crate) fn key_of(&self, accepted: &Accepted) -> ServiceKey {
        let evidence = accepted.evidence();
        let mut entries = self.keytab.entries().iter();
        let opened = entries.find(|entry| {
            entry.principal == *accepted.service()
                && entry.kvno == evidence.kvno
                && entry.key.etype() == evidence.ticket_etype
        });
        opened.unwrap().key.clone()
    }
}

/// A ticket for `service`, by our own exchanges with the realm's KDC.
pub(crate) fn ticket_of_realm(realm: &Realm, service: &str) -> Credentials {
    let client = Principal::user(realm::USER, realm.realm.clone());
    let service = format!("{service}@{}", realm.realm).parse().unwrap();
    let granting = granting_ticket(realm.ip, client, &realm.user_password);
    ticket(realm.ip, granting, service)
}

/// A ticket for the service of CORP, by our own exchanges with its controller.
pub(crate) fn ticket_of_corp(corp: &Corp, account: &str) -> Credentials {
    let client = Principal::user(account, corp.realm.clone());
    let service = format!("{}@{}", corp.http_service, corp.realm).parse().unwrap();
    let granting = granting_ticket(corp.ip, client, &corp.user_password);
    ticket(corp.ip, granting, service)
}

fn exchange_policy() -> ExchangePolicy {
    let mut policy = ExchangePolicy::default();
    policy.danger_accept_rc4 = true;
    policy
}

fn granting_ticket(kdc: IpAddr, client: Principal, password: &str) -> Credentials {
    let mut request = AsRequest::new(client, Password::from(password).into());
    request.policy = exchange_policy();
    let mut exchange = AsExchange::begin(request, now(), &mut *random()).unwrap();
    loop {
        let answer = ask(kdc, exchange.message());
        match exchange.answer(&answer, now(), &mut *random()).unwrap() {
            Step::Ask(next) => exchange = *next,
            Step::Done(credentials) => return *credentials,
        }
    }
}

pub(crate) fn ticket(kdc: IpAddr, granting: Credentials, service: Principal) -> Credentials {
    let policy = exchange_policy();
    let mut exchange = TgsExchange::begin(granting, service, policy, now(), &mut *random()).unwrap();
    loop {
        let answer = ask(kdc, exchange.message());
        match exchange.answer(&answer, now(), &mut *random()).unwrap() {
            Step::Ask(next) => exchange = *next,
            Step::Done(credentials) => return *credentials,
        }
    }
}

/// A message to a KDC and its answer, over tcp (RFC 4120 7.2.2).
fn ask(kdc: IpAddr, message: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(SocketAddr::new(kdc, 88)).unwrap();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, message].concat()).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).unwrap();
    answer
}

/// Every realm that is not Active Directory's, with its encryption types and a service for each.
pub(crate) fn services() -> Vec<(Realm, i32, String)> {
    let services = |realm: Realm| {
        let each = realm.services().into_iter();
        each.map(move |(etype, service)| (realm.clone(), etype, service))
    };
    services(adlib_lab::mit())
        .chain(services(adlib_lab::heimdal()))
        .collect()
}
