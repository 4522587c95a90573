//! A controller, a client and a service with fixed keys, names and time.

use adlib_core::{Sid, UnixTime};
use adlib_kerberos::{
    EncryptionType, Keytab, KeytabEntry, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, PacBuilder, TicketBuilder},
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

fn service() -> Principal {
    "HTTP/app.corp.example.com@CORP.EXAMPLE.COM"
        .parse()
        .expect("a name")
}

/// The key of the service.
#[must_use]
pub fn key() -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).expect("the right length")
}

/// The service's key table, with an older key beside the right one.
#[must_use]
pub fn keytab() -> Keytab {
    let old = ServiceKey::new(EncryptionType::Aes128Sha1, [9; 16]).expect("the right length");
    let entries = [(2, key()), (1, old)].map(|(kvno, key)| KeytabEntry {
        principal: service(),
        kvno,
        key,
        timestamp: now(),
    });
    Keytab::new(entries.into())
}

/// A PAC about the client, signed for the service.
#[must_use]
pub fn pac() -> Vec<u8> {
    let controllers = ServiceKey::new(EncryptionType::Aes256Sha1, [2; 32]).expect("the right length");
    PacBuilder::new(&client(), now(), "CORP", domain(), RID, &[513, 1105]).sign(&key(), &controllers)
}

/// The token with which the client signs in.
#[must_use]
pub fn token() -> Vec<u8> {
    let random = &mut |bytes: &mut [u8]| bytes.fill(0x5a);
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).expect("the right length");
    let ticket = TicketBuilder::new(client(), service(), session_key, now()).with_pac(pac());
    ApReqBuilder::new(&ticket.encrypt(&key(), random), now())
        .encrypt_token(random)
        .expect("well formed")
}
