//! A controller, a client and a service in memory, with a clock that stands still.

use std::{time::Duration, vec};

use adlib_core::{ChannelBindings, Sid, UnixTime};
use adlib_kerberos::{
    Accepted, EncryptionType, Fresh, Keytab, KeytabEntry, PendingReplay, Policy, Principal, Rejection,
    ServiceKey, SessionKey, UnverifiedApReq,
    issue::{ApReqBuilder, IssuedTicket, PacBuilder, TicketBuilder},
};

/// Everything that a sign-in needs, and nothing wrong with it.
pub(crate) struct Scene {
    pub(crate) now: UnixTime,
    pub(crate) client: Principal,
    pub(crate) service: Principal,
    pub(crate) key: ServiceKey,
    pub(crate) controllers: ServiceKey,
    pub(crate) keytab: Keytab,
    pub(crate) policy: Policy,
    pub(crate) bindings: Option<ChannelBindings>,
}

/// Random bytes that are not.
pub(crate) fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

pub(crate) fn service_key(etype: EncryptionType, byte: u8) -> ServiceKey {
    ServiceKey::new(etype, vec![byte; etype.key_length()]).unwrap()
}

pub(crate) fn session_key(etype: EncryptionType) -> SessionKey {
    SessionKey::new(etype, vec![3; etype.key_length()]).unwrap()
}

pub(crate) fn entry(principal: &str, kvno: u32, key: &ServiceKey) -> KeytabEntry {
    KeytabEntry {
        principal: principal.parse().unwrap(),
        kvno,
        key: key.clone(),
        timestamp: UnixTime::from_seconds(0),
    }
}

pub(crate) const SERVICE: &str = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM";

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_etype(EncryptionType::Aes256Sha1)
    }

    pub(crate) fn with_etype(etype: EncryptionType) -> Self {
        let key = service_key(etype, 1);
        Self {
            now: UnixTime::from_micros(1_800_000_000_250_000),
            client: Principal::user("ada", "CORP.EXAMPLE.COM"),
            service: SERVICE.parse().unwrap(),
            controllers: service_key(etype, 2),
            keytab: Keytab::new(vec![entry(SERVICE, 1, &key)]),
            key,
            policy: Policy::default(),
            bindings: None,
        }
    }

    pub(crate) fn domain() -> Sid {
        "S-1-5-21-1111111111-2222222222-3333333333".parse().unwrap()
    }

    /// When the client was authenticated: an hour ago, on a full second.
    pub(crate) fn auth_time(&self) -> UnixTime {
        UnixTime::from_seconds(self.now.seconds() - 3600)
    }

    pub(crate) fn later(&self, seconds: i64) -> UnixTime {
        UnixTime::from_micros(self.now.micros() + seconds * 1_000_000)
    }

    pub(crate) fn pac(&self) -> PacBuilder {
        PacBuilder::new(
            &self.client,
            self.auth_time(),
            "CORP",
            Self::domain(),
            1103,
            &[513, 1165],
        )
    }

    pub(crate) fn ticket_without_pac(&self) -> TicketBuilder {
        let session_key = session_key(self.key.etype());
        TicketBuilder::new(
            self.client.clone(),
            self.service.clone(),
            session_key,
            self.auth_time(),
        )
    }

    pub(crate) fn ticket(&self) -> TicketBuilder {
        let pac = self.pac().sign(&self.key, &self.controllers);
        self.ticket_without_pac().with_pac(pac)
    }

    pub(crate) fn issued(&self) -> IssuedTicket {
        self.ticket().encrypt(&self.key, &mut random)
    }

    pub(crate) fn request(&self) -> ApReqBuilder {
        ApReqBuilder::new(&self.issued(), self.now)
    }

    /// A request with the ticket that `change` makes of the usual one.
    pub(crate) fn request_with(&self, change: impl FnOnce(&mut TicketBuilder)) -> ApReqBuilder {
        let mut ticket = self.ticket();
        change(&mut ticket);
        ApReqBuilder::new(&ticket.encrypt(&self.key, &mut random), self.now)
    }

    pub(crate) fn verify(&self, token: &[u8]) -> Result<PendingReplay<'static>, Rejection> {
        UnverifiedApReq::decode(token)?
            .decrypt(&self.keytab, &self.policy)?
            .check(&self.policy, self.now, self.bindings.as_ref())
    }

    pub(crate) fn accept(&self, request: &ApReqBuilder) -> Result<Accepted, Rejection> {
        let pending = self.verify(&request.encrypt(&mut random).unwrap())?;
        Ok(pending.accept(Fresh::danger_unchecked()))
    }

    /// The reason for which `request` is refused, or "accepted".
    pub(crate) fn reason(&self, request: &ApReqBuilder) -> &'static str {
        self.accept(request)
            .map_or_else(|rejection| rejection.reason(), |_| "accepted")
    }

    /// The same for a request with the ticket that `change` makes of the usual one.
    pub(crate) fn reason_with(&self, change: impl FnOnce(&mut TicketBuilder)) -> &'static str {
        self.reason(&self.request_with(change))
    }
}

pub(crate) const TOLERANCE: Duration = Duration::from_secs(300);
