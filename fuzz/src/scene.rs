//! A controller, a client and a service with fixed keys, names and time.

use std::sync::OnceLock;

use adlib_core::{Sid, UnixTime};
use adlib_kerberos::{
    EncryptionType, Keytab, KeytabEntry, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, IssuedTicket, PacBuilder, TicketBuilder},
};

/// The account of the only client.
const RID: u32 = 1104;

/// The time of everything.
#[must_use]
pub const fn now() -> UnixTime {
    UnixTime::from_seconds(1_800_000_000)
}

/// The only client.
#[must_use]
pub fn client() -> Principal {
    Principal::user("ada", "CORP.EXAMPLE.COM")
}

fn domain() -> Sid {
    Sid::new(5, &[21, 1_111_111_111, 2_222_222_222, 3_333_333_333]).expect("few parts")
}

/// The client's SID.
#[must_use]
pub fn client_sid() -> Option<Sid> {
    domain().with_rid(RID)
}

/// The only service.
#[must_use]
pub fn service() -> Principal {
    "HTTP/app.corp.example.com@CORP.EXAMPLE.COM"
        .parse()
        .expect("a name")
}

/// The key of the service.
#[must_use]
pub fn key() -> ServiceKey {
    static KEY: OnceLock<ServiceKey> = OnceLock::new();
    KEY.get_or_init(|| ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).expect("the right length"))
        .clone()
}

/// The service's key table, with an older key beside the right one.
#[must_use]
pub fn keytab() -> &'static Keytab {
    static KEYTAB: OnceLock<Keytab> = OnceLock::new();
    KEYTAB.get_or_init(new_keytab)
}

fn new_keytab() -> Keytab {
    let old = ServiceKey::new(EncryptionType::Aes128Sha1, [9; 16]).expect("the right length");
    let entries = [(2, key()), (1, old)].map(|(kvno, key)| KeytabEntry {
        principal: service(),
        kvno,
        key,
        timestamp: now(),
    });
    Keytab::new(entries.into())
}

/// What a PAC about the client says.
#[must_use]
pub fn pac_builder() -> PacBuilder {
    PacBuilder::new(&client(), now(), "CORP", domain(), RID, &[513, 1105])
}

/// The key of the controllers.
#[must_use]
pub fn controllers() -> ServiceKey {
    static KEY: OnceLock<ServiceKey> = OnceLock::new();
    KEY.get_or_init(|| ServiceKey::new(EncryptionType::Aes256Sha1, [2; 32]).expect("the right length"))
        .clone()
}

/// A PAC about the client, signed for the service.
#[must_use]
pub fn pac() -> Vec<u8> {
    pac_builder().sign(&key(), &controllers())
}

/// The session key of the client's ticket.
#[must_use]
pub fn session_key() -> SessionKey {
    SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).expect("the right length")
}

/// Bytes that are not random at all.
pub fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

/// The client's ticket.
#[must_use]
pub fn ticket() -> &'static IssuedTicket {
    static TICKET: OnceLock<IssuedTicket> = OnceLock::new();
    TICKET.get_or_init(|| {
        let ticket = TicketBuilder::new(client(), service(), session_key(), now()).with_pac(pac());
        ticket.encrypt(&key(), &mut random)
    })
}

/// What the client signs in with.
#[must_use]
pub fn request() -> ApReqBuilder {
    ApReqBuilder::new(ticket(), now())
}

/// The token with which the client signs in.
#[must_use]
pub fn token() -> Vec<u8> {
    request().encrypt_token(&mut random).expect("well formed")
}

/// The same without a GSS-API frame.
#[must_use]
pub fn message() -> Vec<u8> {
    request().encrypt(&mut random).expect("well formed")
}
