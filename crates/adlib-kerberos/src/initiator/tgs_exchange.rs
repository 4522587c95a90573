//! The TGS exchange (RFC 4120 3.3): a ticket for a service by a ticket-granting ticket, across realms where the KDCs
//! refer to them (RFC 6806 8).

use alloc::{borrow::ToOwned as _, boxed::Box, string::String, vec, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Secret, UnixTime};

use super::{
    Credentials, ExchangeError, ExchangePolicy, KrbError, Step,
    ap_req::ApReqFields,
    credentials::granting_realm,
    reply,
    request::{self, KdcClock, MAX_ANSWERS, Wanted},
};
use crate::{
    EncryptionType, Principal, Random, SessionKey,
    der::{
        self, Application, Checksum, KdcRepBody, KdcReqBody, KerberosFlags, Octets, PaData, ReqBody, TgsRep,
        TgsReq,
    },
    number::{KeyUsage, pa_type},
};

/// `TGS-REQ` as a message type.
const TGS_REQ: i32 = 12;
/// `TGS-REP` as a message type.
const TGS_REP: i32 = 13;

/// A TGS exchange that waits for an answer to its [`message`](Self::message).
#[derive(Debug)]
pub struct TgsExchange {
    /// The ticket to ask with.
    tgt: Credentials,
    /// The service in the end.
    goal: Principal,
    /// The service that is asked for now.
    service: Principal,
    policy: ExchangePolicy,
    offer: Vec<EncryptionType>,
    /// The realms that were asked, the present one last.
    realms: Vec<String>,
    clock: KdcClock,
    /// The key for the reply.
    subkey: SessionKey,
    nonce: u32,
    message: Vec<u8>,
    answers: usize,
}

impl TgsExchange {
    /// Begin to ask for a ticket to `service` with the ticket-granting ticket `tgt`.
    ///
    /// A service without a realm is looked for by the KDCs: they refer to the realm that has it. One in a realm is
    /// asked for there, by way of a ticket-granting ticket for that realm.
    ///
    /// # Errors
    /// `NotTicketGranting`, `NothingToOffer`, `Malformed` when `tgt` has no ticket.
    pub fn begin(
        tgt: Credentials,
        service: Principal,
        policy: ExchangePolicy,
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Self, ExchangeError> {
        let Some(realm) = tgt.granting_realm().map(str::to_owned) else {
            return Err(ExchangeError::NotTicketGranting { found: tgt.service });
        };
        let offer = policy.offer();
        if offer.is_empty() {
            return Err(ExchangeError::NothingToOffer);
        }
        let mut exchange = Self {
            service: service.clone(),
            goal: service,
            offer,
            realms: vec![realm],
            clock: KdcClock::default(),
            subkey: tgt.session_key.clone(),
            nonce: 0,
            message: Vec::new(),
            answers: 0,
            tgt,
            policy,
        };
        exchange.aim();
        exchange.compose(now, random)?;
        Ok(exchange)
    }

    /// The realm whose KDCs are to be asked.
    #[must_use]
    pub fn realm(&self) -> &str {
        self.realms.last().map_or("", String::as_str)
    }

    /// The message for them.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Take a KDC's answer to the message.
    ///
    /// # Errors
    /// `Refused` with the KDC's reason, or what is wrong with its answer: any variant of [`ExchangeError`].
    pub fn answer(
        mut self,
        answer: &[u8],
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Step<Self>, ExchangeError> {
        self.answers += 1;
        if KrbError::is_one(answer) {
            let error = KrbError::decode(answer)?;
            let again = error.code == KrbError::SKEW && self.answers < MAX_ANSWERS;
            if !again || !self.clock.follow(&error, now, self.policy.clock_bound) {
                return Err(error.into());
            }
        } else {
            let credentials = self.accept(answer, now)?;
            if reply::same_name(&credentials.service, &self.goal) {
                return Ok(Step::Done(Box::new(credentials)));
            }
            self.refer(credentials)?;
        }
        self.compose(now, random)?;
        Ok(Step::Ask(Box::new(self)))
    }

    /// Go on with a ticket-granting ticket for another realm.
    fn refer(&mut self, tgt: Credentials) -> Result<(), ExchangeError> {
        let Some(realm) = tgt.granting_realm().map(str::to_owned) else {
            return Err(ExchangeError::ServiceName { found: tgt.service });
        };
        request::visit(&mut self.realms, realm, self.policy.max_referrals)?;
        self.tgt = tgt;
        self.clock = KdcClock::default();
        self.answers = 0;
        self.aim();
        Ok(())
    }

    /// Choose what to ask the present realm for: the service, or the way to its realm.
    fn aim(&mut self) {
        let goal = self.goal.realm();
        self.service = if goal.is_empty() || goal == self.realm() || granting_realm(&self.goal).is_some() {
            self.goal.clone()
        } else {
            request::ticket_granting_service(goal)
        };
    }

    /// Make the next message.
    fn compose(&mut self, now: UnixTime, random: &mut Random<'_>) -> Result<(), ExchangeError> {
        self.nonce = request::nonce(random);
        self.subkey = request::random_key(self.tgt.session_key.etype(), random)?;
        let body = self.wanted().body();
        let checksum_key = self.tgt.session_key.checksum_key(KeyUsage::TGS_REQ_CHECKSUM);
        let sum = checksum_key.sum(&der::encode(&body));
        let fields = ApReqFields {
            usage: KeyUsage::TGS_REQ_AUTHENTICATOR,
            checksum: Some(Checksum {
                cksumtype: checksum_key.checksum_type().0,
                checksum: Octets(sum.as_slice()),
            }),
            subkey: Some(&self.subkey),
            time: self.clock.at(now),
        };
        let ap_req = fields.encode(&self.tgt, random)?;
        let message: TgsReq<'_> = Application(KdcReqBody {
            pvno: der::VERSION,
            msg_type: TGS_REQ,
            padata: Some(vec![PaData::new(pa_type::TGS_REQ, &ap_req)]),
            req_body: body,
        });
        self.message = der::encode(&message);
        Ok(())
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            options: KerberosFlags::bit(ReqBody::CANONICALIZE).0,
            client: None,
            realm: self.realm(),
            service: &self.service,
            till: self.tgt.end_time,
            nonce: self.nonce,
            offer: &self.offer,
            workstation: None,
        }
    }

    /// The ticket in a reply that is what was asked for, or one for a realm on the way (RFC 4120 3.3.4).
    fn accept(&self, answer: &[u8], now: UnixTime) -> Result<Credentials, ExchangeError> {
        let TgsRep::<'_> { 0: reply } = der::decode("TGS-REP", answer)?;
        if reply.pvno != der::VERSION || reply.msg_type != TGS_REP {
            return Err(DecodeError::new("msg-type", 0, DecodeErrorKind::Unexpected).into());
        }
        let plaintext = self.open(&reply)?;
        let part = reply::decode_part(plaintext.expose())?;
        let credentials = reply::verify(&reply, &part, &self.wanted(), self.clock.at(now))?;
        if credentials.client != self.tgt.client {
            return Err(ExchangeError::ClientName {
                found: credentials.client,
            });
        }
        Ok(credentials)
    }

    /// The plaintext of a reply. Some KDCs take the session key although there is a subkey.
    fn open(&self, reply: &KdcRepBody<'_>) -> Result<Secret<Vec<u8>>, ExchangeError> {
        let message = &reply.enc_part;
        if message.etype != self.subkey.etype().number() {
            return Err(ExchangeError::EtypeNotOffered(message.etype));
        }
        let by_subkey = self.subkey.cipher(KeyUsage::TGS_REP_SUBKEY);
        let by_session_key = || self.tgt.session_key.cipher(KeyUsage::TGS_REP_SESSION_KEY);
        by_subkey
            .decrypt(message.cipher.0)
            .or_else(|| by_session_key().decrypt(message.cipher.0))
            .ok_or(ExchangeError::NotOpened {
                preauthenticated: true,
            })
    }
}
