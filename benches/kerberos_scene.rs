//! A controller, clients and a service in memory, by the real clock: peers read it.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

use adlib_core::{SidParseError, UnixTime};
use adlib_kerberos::{
    EncryptionType, Keytab, KeytabEntry, Policy, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, IssuedTicket, PacBuilder, TicketBuilder},
};

pub(crate) const SERVICE: &str = "HTTP/app.corp.example.com";
const REALM: &str = "CORP.EXAMPLE.COM";
const DOMAIN: &str = "S-1-5-21-1111111111-2222222222-3333333333";
/// With as many groups, a message has some 1,500 bytes.
const GROUPS: u32 = 52;

/// A ticket, and all that a service needs to accept it.
pub(crate) struct Scene {
    pub(crate) key: ServiceKey,
    pub(crate) keytab: Keytab,
    pub(crate) policy: Policy,
    pub(crate) pac: Vec<u8>,
    pub(crate) mutual: bool,
    ticket: IssuedTicket,
    /// Of the last authenticator: none comes twice.
    time: Cell<UnixTime>,
}

/// Random bytes that are not: peers do not care.
pub(crate) fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

impl Scene {
    pub(crate) fn new(etype: EncryptionType) -> Result<Self, Box<dyn std::error::Error>> {
        let now = now();
        let auth_time = UnixTime::from_seconds(now.seconds() - 3600);
        let service: Principal = format!("{SERVICE}@{REALM}").parse()?;
        let client = Principal::user("ada.lovelace", REALM);
        let long_term = |byte| ServiceKey::new(etype, vec![byte; etype.key_length()]);
        let (key, controllers) = (long_term(1)?, long_term(2)?);
        let pac = pac(&client, auth_time, GROUPS)?.sign(&key, &controllers);
        let session_key = SessionKey::new(etype, vec![3; etype.key_length()])?;
        let ticket = TicketBuilder::new(client, service.clone(), session_key, auth_time);
        let ticket = ticket.with_pac(pac.clone()).encrypt(&key, &mut random);
        let mut policy = Policy::default();
        policy.danger_accept_rc4 = etype == EncryptionType::Rc4;
        Ok(Self {
            keytab: Keytab::new(vec![KeytabEntry {
                principal: service,
                kvno: 1,
                key: key.clone(),
                timestamp: auth_time,
            }]),
            key,
            policy,
            pac,
            mutual: false,
            ticket,
            time: Cell::new(now),
        })
    }

    /// A message that never came before, without its frame.
    pub(crate) fn ap_req(&self) -> Vec<u8> {
        let builder = self.next();
        builder.encrypt(&mut random).unwrap_or_default()
    }

    /// As many of them in their frames.
    pub(crate) fn tokens(&self, count: u32) -> Vec<Vec<u8>> {
        let tokens = (0..count).map(|_| self.next().encrypt_token(&mut random).unwrap_or_default());
        tokens.collect()
    }

    fn next(&self) -> ApReqBuilder {
        let last = self.time.get().micros();
        self.time.set(now().max(UnixTime::from_micros(last + 1)));
        let mut builder = ApReqBuilder::new(&self.ticket, self.time.get());
        builder.mutual = self.mutual;
        builder
    }

    /// When the last message was made.
    pub(crate) fn time(&self) -> UnixTime {
        self.time.get()
    }

    /// The ticket's bytes.
    pub(crate) fn ticket(&self) -> &[u8] {
        &self.ticket.der
    }

    /// The key in the ticket.
    pub(crate) fn session_key(&self) -> &[u8] {
        self.ticket.session_key.expose()
    }
}

/// The PAC of a client in `count` groups, and the key that signed it.
pub(crate) fn pac_of_member(count: u32) -> Result<(Vec<u8>, ServiceKey), Box<dyn std::error::Error>> {
    let key = ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32])?;
    let client = Principal::user("ada.lovelace", REALM);
    Ok((pac(&client, now(), count)?.sign(&key, &key), key))
}

fn pac(client: &Principal, auth_time: UnixTime, groups: u32) -> Result<PacBuilder, SidParseError> {
    let groups: Vec<u32> = (513..513 + groups).collect();
    Ok(PacBuilder::new(
        client,
        auth_time,
        "CORP",
        DOMAIN.parse()?,
        1104,
        &groups,
    ))
}

fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
