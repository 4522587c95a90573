//! The AS exchange (RFC 4120 3.1): a ticket-granting ticket by a long-term key.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use adlib_core::{DecodeError, DecodeErrorKind, UnixTime};

use super::{
    ClientSecret, Credentials, ExchangeError, ExchangePolicy, KrbError, Step,
    armour::Armour,
    preauthentication::KeyChoice,
    reply,
    request::{self, KdcClock, MAX_ANSWERS, Wanted},
};
use crate::{
    EncryptionType, Principal, Random, SessionKey,
    der::{
        self, Application, AsRep, AsReq, Checksum, EncKdcRepPart, KdcRepBody, KdcReqBody, KerberosFlags,
        KerberosTime, KrbFastResponse, MethodData, Microseconds, PaData, PaEncTsEnc, PaPacRequest, ReqBody,
    },
    number::{KeyUsage, name_type, pa_type},
};

/// `AS-REQ` as a message type.
const AS_REQ: i32 = 10;
/// `AS-REP` as a message type.
const AS_REP: i32 = 11;
/// `TicketFlags`: the reply signs the request (RFC 6806 11).
const ENC_PA_REP: u32 = 15;

/// What a ticket-granting ticket is asked for with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AsRequest {
    /// The client, in the realm that is asked first.
    pub client: Principal,
    /// The client's password or keys.
    pub secret: ClientSecret,
    /// What is offered and taken.
    pub policy: ExchangePolicy,
    /// Let the KDC change the client's name to the registered one, and refer to the client's realm (RFC 6806).
    /// Enterprise names need it.
    pub canonicalize: bool,
    /// The `NetBIOS` name of the client's workstation: Active Directory lets some accounts in from some only. MIT's KDC
    /// takes it for the one address from which the ticket may be used.
    pub workstation: Option<String>,
    /// A ticket-granting ticket of the same realm to armour the exchange with (RFC 6113). A KDC that does not answer
    /// in armour is not believed.
    pub armour: Option<Credentials>,
}

impl AsRequest {
    /// A request for `client`, with all else by default.
    #[must_use]
    pub fn new(client: Principal, secret: ClientSecret) -> Self {
        Self {
            canonicalize: client.name_type() == name_type::ENTERPRISE,
            client,
            secret,
            policy: ExchangePolicy::default(),
            workstation: None,
            armour: None,
        }
    }
}

/// An AS exchange that waits for an answer to its [`message`](Self::message).
///
/// ```
/// use adlib_core::{Password, UnixTime};
/// use adlib_kerberos::{Principal, initiator::{AsExchange, AsRequest, ExchangeError}};
///
/// let client = Principal::user("田中", "CORP.EXAMPLE.COM");
/// let request = AsRequest::new(client, Password::from("Passw0rd").into());
/// let now = UnixTime::from_seconds(1_800_000_000);
/// let mut random = |bytes: &mut [u8]| bytes.fill(7);
/// let exchange = AsExchange::begin(request, now, &mut random)?;
/// assert_eq!(exchange.realm(), "CORP.EXAMPLE.COM");
/// assert_eq!(exchange.message()[0], 0x6a, "an AS-REQ for that realm's KDCs");
///
/// // Whatever they answer, `answer` tells what comes next, or why nothing does.
/// let error = exchange.answer(b"HTTP/1.1 400", now, &mut random).unwrap_err();
/// assert!(matches!(error, ExchangeError::Malformed(_)));
/// # Ok::<(), ExchangeError>(())
/// ```
#[derive(Debug)]
pub struct AsExchange {
    request: AsRequest,
    /// What is offered; for each there is a key.
    offer: Vec<EncryptionType>,
    /// The realms that were asked, the present one last.
    realms: Vec<String>,
    /// The ticket-granting service of the present realm.
    service: Principal,
    armour: Option<Armour>,
    clock: KdcClock,
    /// The key that the KDC was shown.
    key: Option<SessionKey>,
    /// What the KDC wants back.
    cookie: Option<Vec<u8>>,
    /// The workstation's address.
    workstation: Option<Vec<u8>>,
    /// Why there will be no ticket, while a stand-in is exchanged.
    refused: Option<KrbError>,
    till: UnixTime,
    nonce: u32,
    message: Vec<u8>,
    answers: usize,
}

impl AsExchange {
    /// Begin: the first message has no pre-authentication, for the KDC to say which it wants.
    ///
    /// # Errors
    /// `NothingToOffer`; `Armour` when the armour is another realm's, `Malformed` when it is no ticket.
    pub fn begin(request: AsRequest, now: UnixTime, random: &mut Random<'_>) -> Result<Self, ExchangeError> {
        let mut offer = request.policy.offer();
        offer.retain(|etype| request.secret.has(*etype));
        if offer.is_empty() {
            return Err(ExchangeError::NothingToOffer);
        }
        let realm = request.client.realm().to_string();
        let armour = match &request.armour {
            Some(ticket) if ticket.granting_realm() == Some(&realm) => {
                Some(Armour::new(ticket, now, random)?)
            }
            Some(_) => return Err(ExchangeError::Armour),
            None => None,
        };
        let mut exchange = Self {
            offer,
            service: request::ticket_granting_service(&realm),
            realms: vec![realm],
            armour,
            clock: KdcClock::default(),
            key: None,
            cookie: None,
            workstation: request.workstation.as_deref().map(request::workstation_address),
            refused: None,
            till: now,
            nonce: 0,
            message: Vec::new(),
            answers: 0,
            request,
        };
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
        if let Some(error) = self.refused {
            return Err(error.into());
        }
        if !KrbError::is_one(answer) {
            let credentials = self.accept(answer, now)?;
            return Ok(Step::Done(Box::new(credentials)));
        }
        if self.answers >= MAX_ANSWERS {
            return Err(ExchangeError::TooManyAnswers);
        }
        let error = self.within_armour(KrbError::decode(answer)?)?;
        self.follow(error, now)?;
        self.compose(now, random)?;
        Ok(Step::Ask(Box::new(self)))
    }

    /// The error inside of the armour. One that comes without is only a reason to end.
    fn within_armour(&self, error: KrbError) -> Result<KrbError, ExchangeError> {
        let Some(armour) = &self.armour else {
            return Ok(error);
        };
        let methods = error.methods();
        if der::find(&methods, pa_type::FX_FAST).is_none() {
            return Err(error.into());
        }
        let plaintext = armour.open(&methods)?;
        let response: KrbFastResponse<'_> = der::decode("KrbFastResponse", plaintext.expose())?;
        if response.nonce != i64::from(self.nonce) {
            return Err(ExchangeError::Nonce);
        }
        let inner = der::find(&response.padata, pa_type::FX_ERROR).ok_or(ExchangeError::Armour)?;
        Ok(KrbError::decode(inner)?.with_methods(&response.padata))
    }

    /// Do what an error asks for, if it is one of those that do.
    fn follow(&mut self, error: KrbError, now: UnixTime) -> Result<(), ExchangeError> {
        let bound = self.request.policy.clock_bound;
        match error.code {
            KrbError::PREAUTHENTICATION_REQUIRED => self.preauthenticate(&error),
            KrbError::SKEW if self.clock.follow(&error, now, bound) => Ok(()),
            KrbError::WRONG_REALM if self.request.canonicalize => self.refer(error),
            KrbError::CLIENT_UNKNOWN if self.key.is_none() => self.stand_in(error),
            _ => Err(error.into()),
        }
    }

    /// Choose the key to show.
    fn preauthenticate(&mut self, error: &KrbError) -> Result<(), ExchangeError> {
        if self.key.is_some() {
            return Err(ExchangeError::AskedAgain);
        }
        let methods = error.methods();
        let known = [pa_type::ENC_TIMESTAMP, pa_type::ENCRYPTED_CHALLENGE];
        if !methods.iter().any(|method| known.contains(&method.padata_type)) {
            let offered = methods.iter().map(|method| method.padata_type).collect();
            return Err(ExchangeError::NoMethod { offered });
        }
        let info = der::find(&methods, pa_type::ETYPE_INFO2);
        self.key = Some(self.choice(self.realm()).by(info)?);
        self.cookie = der::find(&methods, pa_type::FX_COOKIE).map(<[u8]>::to_vec);
        Ok(())
    }

    /// An unknown client makes the same exchanges as a wrong password, and the same work (R9).
    fn stand_in(&mut self, error: KrbError) -> Result<(), ExchangeError> {
        self.key = Some(self.choice(self.realm()).without_description()?);
        self.refused = Some(error);
        Ok(())
    }

    /// Ask the client's own realm (RFC 6806 7). The armour is the other realm's, and nothing goes on without it.
    fn refer(&mut self, error: KrbError) -> Result<(), ExchangeError> {
        let Some(realm) = error.client_realm.clone().filter(|realm| !realm.is_empty()) else {
            return Err(error.into());
        };
        if self.armour.is_some() {
            return Err(ExchangeError::Armour);
        }
        request::visit(&mut self.realms, realm, self.request.policy.max_referrals)?;
        self.service = request::ticket_granting_service(self.realm());
        self.key = None;
        self.cookie = None;
        self.answers = 0;
        Ok(())
    }

    fn choice<'a>(&'a self, realm: &'a str) -> KeyChoice<'a> {
        KeyChoice {
            client: &self.request.client,
            realm,
            secret: &self.request.secret,
            policy: &self.request.policy,
            offer: &self.offer,
        }
    }

    /// Make the next message.
    fn compose(&mut self, now: UnixTime, random: &mut Random<'_>) -> Result<(), ExchangeError> {
        let time = self.clock.at(now);
        self.nonce = request::nonce(random);
        self.till = time.saturating_add(self.request.policy.lifetime);
        let proof = self.proof(time, random)?;
        let pac_request = der::encode(&PaPacRequest { include_pac: true });
        let mut padata: MethodData<'_> = Vec::new();
        padata.extend(proof.as_ref().map(|(kind, value)| PaData::new(*kind, value)));
        padata.extend(
            self.cookie
                .as_ref()
                .map(|cookie| PaData::new(pa_type::FX_COOKIE, cookie)),
        );
        padata.push(PaData::new(pa_type::PAC_REQUEST, &pac_request));
        padata.push(PaData::new(pa_type::REQ_ENC_PA_REP, &[]));
        let body = self.wanted().body();
        let message = match &self.armour {
            None => as_req(padata, body),
            Some(armour) => {
                let armoured = armour.close(&body, padata, random);
                as_req(vec![PaData::new(pa_type::FX_FAST, &armoured)], body)
            }
        };
        self.message = message;
        Ok(())
    }

    /// The time, encrypted with the client's key: the type and the value of the element that proves the client.
    fn proof(
        &self,
        time: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Option<(i32, Vec<u8>)>, ExchangeError> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let stamp = der::encode(&PaEncTsEnc {
            patimestamp: KerberosTime::from_unix(time),
            pausec: Some(Microseconds(time.subsec_micros())),
        });
        Ok(Some(match &self.armour {
            None => {
                let value = request::encrypted(key, KeyUsage::ENC_TIMESTAMP, &stamp, random);
                (pa_type::ENC_TIMESTAMP, value)
            }
            Some(armour) => {
                let key = armour.challenge_key(key)?;
                let value = request::encrypted(&key, KeyUsage::CLIENT_CHALLENGE, &stamp, random);
                (pa_type::ENCRYPTED_CHALLENGE, value)
            }
        }))
    }

    fn wanted(&self) -> Wanted<'_> {
        let options = if self.request.canonicalize {
            KerberosFlags::bit(ReqBody::CANONICALIZE).0
        } else {
            0
        };
        Wanted {
            options,
            client: Some(&self.request.client),
            realm: self.realm(),
            service: &self.service,
            till: self.till,
            nonce: self.nonce,
            offer: &self.offer,
            workstation: self.workstation.as_deref(),
        }
    }

    /// The ticket in a reply that is what was asked for (RFC 4120 3.1.5).
    fn accept(&self, answer: &[u8], now: UnixTime) -> Result<Credentials, ExchangeError> {
        let AsRep::<'_> { 0: reply } = der::decode("AS-REP", answer)?;
        if reply.pvno != der::VERSION || reply.msg_type != AS_REP {
            return Err(DecodeError::new("msg-type", 0, DecodeErrorKind::Unexpected).into());
        }
        let (key, client) = self.reply_key(&reply)?;
        let cipher = key.cipher(KeyUsage::AS_REP);
        let plaintext = cipher
            .decrypt(reply.enc_part.cipher.0)
            .ok_or(ExchangeError::NotOpened {
                preauthenticated: self.key.is_some(),
            })?;
        let part = reply::decode_part(plaintext.expose())?;
        self.verify_request(&part, &key)?;
        let mut credentials = reply::verify(&reply, &part, &self.wanted(), self.clock.at(now))?;
        if let Some(client) = client {
            credentials.client = client;
        }
        if !self.request.canonicalize && credentials.client != self.request.client {
            return Err(ExchangeError::ClientName {
                found: credentials.client,
            });
        }
        if credentials.service != self.service {
            return Err(ExchangeError::ServiceName {
                found: credentials.service,
            });
        }
        Ok(credentials)
    }

    /// The key that opens the reply: the one that the KDC was shown, or else one by the reply's description. With it the
    /// client, where armour says who that is.
    fn reply_key(&self, reply: &KdcRepBody<'_>) -> Result<(SessionKey, Option<Principal>), ExchangeError> {
        let outer = reply.padata.as_deref().unwrap_or_default();
        let opened = self
            .armour
            .as_ref()
            .map(|armour| armour.open(outer))
            .transpose()?;
        let response: Option<KrbFastResponse<'_>> = match &opened {
            Some(plaintext) => Some(der::decode("KrbFastResponse", plaintext.expose())?),
            None => None,
        };
        let padata = response.as_ref().map_or(outer, |response| &response.padata);
        let key = self.client_key(reply.enc_part.etype, padata)?;
        match (&self.armour, &response) {
            (Some(armour), Some(response)) => armour
                .reply_key(response, reply, self.nonce, &key)
                .map(|(key, client)| (key, Some(client))),
            _ => Ok((key, None)),
        }
    }

    /// The client's key of the encryption type `number`, which must have been offered.
    fn client_key(&self, number: i32, padata: &[PaData<'_>]) -> Result<SessionKey, ExchangeError> {
        if let Some(key) = self.key.as_ref().filter(|key| key.etype().number() == number) {
            return Ok(key.clone());
        }
        let etype = self.offer.iter().find(|etype| etype.number() == number);
        let etype = etype.ok_or(ExchangeError::EtypeNotOffered(number))?;
        let choice = KeyChoice {
            offer: core::slice::from_ref(etype),
            ..self.choice(self.realm())
        };
        choice.by(der::find(padata, pa_type::ETYPE_INFO2))
    }

    /// That the KDC got the request that was sent, where it signs it (RFC 6806 11).
    fn verify_request(&self, part: &EncKdcRepPart<'_>, key: &SessionKey) -> Result<(), ExchangeError> {
        if !part.flags.has(ENC_PA_REP) {
            return Ok(());
        }
        let padata = part.encrypted_pa_data.as_deref().unwrap_or_default();
        let value = der::find(padata, pa_type::REQ_ENC_PA_REP).ok_or(ExchangeError::RequestChanged)?;
        let sum: Checksum<'_> = der::decode("PA-REQ-ENC-PA-REP", value)?;
        let checksum_key = key.checksum_key(KeyUsage::AS_REQ);
        let verified = sum.cksumtype == checksum_key.checksum_type().0
            && checksum_key.sum(self.message()).is(sum.checksum.0);
        if verified {
            Ok(())
        } else {
            Err(ExchangeError::RequestChanged)
        }
    }
}

fn as_req(padata: MethodData<'_>, req_body: ReqBody<'_>) -> Vec<u8> {
    let message: AsReq<'_> = Application(KdcReqBody {
        pvno: der::VERSION,
        msg_type: AS_REQ,
        padata: Some(padata),
        req_body,
    });
    der::encode(&message)
}
