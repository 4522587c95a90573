//! Two realms that trust each other, a client, and a clock that stands still.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
};

use adlib_core::{Password, UnixTime};
use adlib_kerberos::{
    EncryptionType, Principal, ServiceKey,
    initiator::{
        AsExchange, AsRequest, ClientSecret, Credentials, ExchangeError, ExchangePolicy, Step, TgsExchange,
    },
    issue::{Kdc, KdcEntry},
    name_type,
};

pub(crate) const CORP: &str = "CORP.EXAMPLE.COM";
pub(crate) const STAFF: &str = "STAFF.EXAMPLE.COM";
pub(crate) const SERVICE: &str = "HTTP/app.corp.example.com";
pub(crate) const PASSWORD: &str = "Passw0rd.Test";
pub(crate) const NOW: UnixTime = UnixTime::from_micros(1_800_000_000_250_000);
pub(crate) const AES256: EncryptionType = EncryptionType::Aes256Sha1;

/// Random bytes that are not, but differ from call to call.
pub(crate) fn random() -> impl FnMut(&mut [u8]) {
    let mut count = 0_u8;
    move |bytes| {
        count = count.wrapping_add(1);
        bytes.fill(count);
    }
}

pub(crate) fn later(seconds: i64) -> UnixTime {
    UnixTime::from_micros(NOW.micros() + seconds * 1_000_000)
}

pub(crate) fn key(byte: u8) -> ServiceKey {
    ServiceKey::new(AES256, [byte; 32]).unwrap()
}

/// A client of `realm` with keys of every AES type made of [`PASSWORD`].
pub(crate) fn client(name: &str, realm: &str) -> KdcEntry {
    static KNOWN: Mutex<BTreeMap<String, KdcEntry>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap();
    known
        .entry(format!("{realm}{name}"))
        .or_insert_with(|| new_client(name, realm))
        .clone()
}

fn new_client(name: &str, realm: &str) -> KdcEntry {
    let salt = format!("{realm}{name}");
    let of = |etype| ServiceKey::from_password(etype, &PASSWORD.into(), salt.as_bytes(), None).unwrap();
    let mut entry = KdcEntry::new(name, vec![of(AES256), of(EncryptionType::Aes128Sha1)]);
    entry.salt = salt;
    entry
}

pub(crate) fn service_key() -> ServiceKey {
    key(3)
}

/// CORP, with ada, the service and the trust.
pub(crate) fn corp() -> Kdc {
    let mut kdc = Kdc::new(CORP, key(1));
    kdc.entries.push(client("ada", CORP));
    kdc.entries.push(KdcEntry::new(SERVICE, vec![service_key()]));
    kdc.entries
        .push(KdcEntry::new(&format!("krbtgt/{STAFF}"), vec![key(9)]));
    kdc
}

/// STAFF, with tess, and the way to CORP's service.
pub(crate) fn staff() -> Kdc {
    let mut kdc = Kdc::new(STAFF, key(2));
    kdc.entries.push(client("tess", STAFF));
    kdc.entries
        .push(KdcEntry::new(&format!("krbtgt/{CORP}"), vec![key(8)]));
    kdc.referrals.push((SERVICE.into(), CORP.into()));
    kdc
}

/// CORP, as it knows the trust that STAFF's clients come by.
pub(crate) fn corp_trusting_staff() -> Kdc {
    let mut kdc = corp();
    kdc.entries[0].keys.push(key(8));
    kdc
}

pub(crate) fn service() -> Principal {
    let components = SERVICE.split('/').map(Into::into).collect();
    Principal::new(name_type::SRV_INST, components, "")
}

pub(crate) fn request(name: &str, realm: &str, secret: impl Into<ClientSecret>) -> AsRequest {
    AsRequest::new(Principal::user(name, realm), secret.into())
}

pub(crate) fn ada() -> AsRequest {
    request("ada", CORP, Password::from(PASSWORD))
}

/// The same by keys, which takes no time to derive.
pub(crate) fn ada_by_key() -> AsRequest {
    static KEYS: OnceLock<Vec<ServiceKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| client("ada", CORP).keys).clone();
    request("ada", CORP, ClientSecret::Keys(keys))
}

/// What comes of a request and how many messages it took.
pub(crate) fn sign_in(request: AsRequest, kdcs: &[Kdc]) -> (Result<Credentials, ExchangeError>, usize) {
    let mut random = random();
    let mut exchange = match AsExchange::begin(request, NOW, &mut random) {
        Ok(exchange) => exchange,
        Err(error) => return (Err(error), 0),
    };
    for count in 1.. {
        let kdc = kdcs
            .iter()
            .find(|kdc| kdc.realm == exchange.realm())
            .expect("a known realm");
        let answer = kdc.answer(exchange.message(), NOW, &mut random).unwrap();
        match exchange.answer(&answer, NOW, &mut random) {
            Ok(Step::Ask(next)) => exchange = *next,
            Ok(Step::Done(credentials)) => return (Ok(*credentials), count),
            Err(error) => return (Err(error), count),
        }
    }
    unreachable!()
}

/// The same with one KDC, which gives a ticket.
pub(crate) fn tgt(kdc: &Kdc) -> Credentials {
    sign_in(ada_by_key(), core::slice::from_ref(kdc)).0.unwrap()
}

/// A ticket for the service by `tgt`, and the realms that were asked.
pub(crate) fn buy(tgt: Credentials, kdcs: &[Kdc]) -> (Result<Credentials, ExchangeError>, Vec<String>) {
    let mut random = random();
    let policy = ExchangePolicy::default();
    let mut exchange = TgsExchange::begin(tgt, service(), policy, NOW, &mut random).unwrap();
    let mut asked = Vec::new();
    loop {
        asked.push(exchange.realm().to_owned());
        let kdc = kdcs
            .iter()
            .find(|kdc| kdc.realm == exchange.realm())
            .expect("a known realm");
        let answer = kdc.answer(exchange.message(), NOW, &mut random).unwrap();
        match exchange.answer(&answer, NOW, &mut random) {
            Ok(Step::Ask(next)) => exchange = *next,
            Ok(Step::Done(credentials)) => return (Ok(*credentials), asked),
            Err(error) => return (Err(error), asked),
        }
    }
}

/// The `code` of a KDC's refusal.
pub(crate) fn refusal<T: core::fmt::Debug>(result: Result<T, ExchangeError>) -> i32 {
    match result {
        Err(ExchangeError::Refused(error)) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}
