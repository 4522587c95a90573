//! A KDC in memory: it answers AS-REQs and TGS-REQs, honestly unless told otherwise.

mod krb_error;
mod reply;
mod request;

use alloc::{borrow::ToOwned as _, boxed::Box, string::String, vec, vec::Vec};

use adlib_core::{DecodeError, UnixTime};

pub use krb_error::KrbErrorBuilder;
pub use reply::KdcReplyBuilder;
pub use request::{KdcRequest, OpenedTgsReq};

use super::{IssuedTicket, TicketBuilder};
use crate::{
    EncryptionType, Principal, Random, ServiceKey, SessionKey, initiator::KrbError, name_type,
    number::pa_type,
};

/// A client or service that a [`Kdc`] knows.
#[derive(Debug, Clone)]
pub struct KdcEntry {
    /// The components of the name, joined by `/`.
    pub name: String,
    /// The keys, the preferred one first.
    pub keys: Vec<ServiceKey>,
    /// The salt that the KDC tells of.
    pub salt: String,
    /// The parameters for the password hash that the KDC tells of.
    pub parameters: Option<Vec<u8>>,
    /// Whether a client must pre-authenticate.
    pub preauthentication: bool,
}

impl KdcEntry {
    /// An entry with these keys, of a client that must pre-authenticate.
    #[must_use]
    pub fn new(name: &str, keys: Vec<ServiceKey>) -> Self {
        Self {
            name: name.to_owned(),
            keys,
            salt: String::new(),
            parameters: None,
            preauthentication: true,
        }
    }

    fn key(&self, etypes: &[i32]) -> Option<&ServiceKey> {
        let find = |etype: &i32| self.keys.iter().find(|key| key.etype().number() == *etype);
        etypes.iter().find_map(find)
    }
}

/// What changes a reply before it is encrypted: a liar's hand.
pub type Lie = Box<dyn Fn(&mut KdcReplyBuilder) + Send + Sync>;

/// A KDC of one realm.
///
/// A service that it does not know is looked for in `referrals`; the key of `krbtgt/OTHER` is the trust's.
pub struct Kdc {
    /// The realm.
    pub realm: String,
    /// Clients and services; `krbtgt/REALM` must be among them.
    pub entries: Vec<KdcEntry>,
    /// Services of other realms, and the next realm on the way there.
    pub referrals: Vec<(String, String)>,
    /// What is said in place of the truth.
    pub lie: Option<Lie>,
}

impl core::fmt::Debug for Kdc {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kdc")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// `KDC_ERR_S_PRINCIPAL_UNKNOWN`.
const SERVICE_UNKNOWN: i32 = 7;
/// `KDC_ERR_ETYPE_NOSUPP`.
const ETYPE_NOT_SUPPORTED: i32 = 14;
/// `KDC_ERR_PREAUTH_FAILED`.
const PREAUTHENTICATION_FAILED: i32 = 24;
/// By how many seconds a client's clock may differ.
const TOLERANCE: u64 = 300;

impl Kdc {
    /// A KDC of `realm` whose ticket-granting key is `key`.
    #[must_use]
    pub fn new(realm: &str, key: ServiceKey) -> Self {
        let own = ["krbtgt/", realm].concat();
        Self {
            realm: realm.to_owned(),
            entries: vec![KdcEntry::new(&own, vec![key])],
            referrals: Vec::new(),
            lie: None,
        }
    }

    /// The answer to `message` when the time is `now`.
    ///
    /// # Errors
    /// What is wrong with the message.
    pub fn answer(
        &self,
        message: &[u8],
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Vec<u8>, DecodeError> {
        let request = KdcRequest::decode(message)?;
        let answer = if request.ticket_granting {
            self.grant(&request, now, random)
        } else {
            self.authenticate(&request, now, random)
        };
        Ok(answer.unwrap_or_else(|error| error.encode()))
    }

    fn error(&self, code: i32, now: UnixTime) -> KrbErrorBuilder {
        KrbErrorBuilder::new(code, &self.realm, now)
    }

    fn entry(&self, name: &str) -> Option<&KdcEntry> {
        let found = |entry: &&KdcEntry| entry.name.eq_ignore_ascii_case(name);
        self.entries.iter().find(found)
    }

    /// The AS exchange (RFC 4120 3.1.3).
    fn authenticate(
        &self,
        request: &KdcRequest,
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Vec<u8>, KrbErrorBuilder> {
        let client = request.client.as_ref().map(|name| name.join("/"));
        let client = client.and_then(|name| self.entry(&name));
        let client = client.ok_or_else(|| self.error(KrbError::CLIENT_UNKNOWN, now))?;
        let key = client.key(&request.etypes);
        let key = key.ok_or_else(|| self.error(ETYPE_NOT_SUPPORTED, now))?;
        let key =
            SessionKey::new(key.etype(), key.expose()).map_err(|_| self.error(ETYPE_NOT_SUPPORTED, now))?;
        match request.time(&key) {
            _ if !client.preauthentication => {}
            Some(time) if time.abs_diff(now).as_secs() > TOLERANCE => {
                return Err(self.error(KrbError::SKEW, now));
            }
            Some(_) => {}
            None if request.padata(pa_type::ENC_TIMESTAMP).is_some() => {
                return Err(self.error(PREAUTHENTICATION_FAILED, now));
            }
            None => return Err(self.describe(client, now)),
        }
        let name = vec![client.name.clone()];
        let client = Principal::new(name_type::PRINCIPAL, name, self.realm.clone());
        self.reply(request, client, &key, now, random)
    }

    /// What is wanted of a client: its time, encrypted with one of its keys.
    fn describe(&self, client: &KdcEntry, now: UnixTime) -> KrbErrorBuilder {
        let mut error = self.error(KrbError::PREAUTHENTICATION_REQUIRED, now);
        let etypes: Vec<i32> = client.keys.iter().map(|key| key.etype().number()).collect();
        error.describe_keys(&etypes, &client.salt, client.parameters.as_deref());
        error
    }

    /// The TGS exchange (RFC 4120 3.3.3).
    fn grant(
        &self,
        request: &KdcRequest,
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Vec<u8>, KrbErrorBuilder> {
        let keys = self
            .entries
            .iter()
            .filter(|entry| entry.name.starts_with("krbtgt/"));
        let opened = keys
            .flat_map(|entry| &entry.keys)
            .find_map(|key| request.open(key));
        let opened = opened.ok_or_else(|| self.error(KrbError::CLIENT_UNKNOWN, now))?;
        if opened.time.abs_diff(now).as_secs() > TOLERANCE {
            return Err(self.error(KrbError::SKEW, now));
        }
        self.reply(request, opened.client, &opened.subkey, now, random)
    }

    fn reply(
        &self,
        request: &KdcRequest,
        client: Principal,
        key: &SessionKey,
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Vec<u8>, KrbErrorBuilder> {
        let service = request.service.join("/");
        let referral = self
            .referrals
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&service));
        let service = referral.map_or(service, |(_, realm)| ["krbtgt/", realm].concat());
        let entry = self
            .entry(&service)
            .ok_or_else(|| self.error(SERVICE_UNKNOWN, now))?;
        let etype = request
            .etypes
            .iter()
            .find_map(|etype| EncryptionType::from_number(*etype).ok());
        let etype = etype.ok_or_else(|| self.error(ETYPE_NOT_SUPPORTED, now))?;
        let mut bytes = vec![0; etype.key_length()];
        random(&mut bytes);
        let session_key = SessionKey::new(etype, bytes).map_err(|_| self.error(ETYPE_NOT_SUPPORTED, now))?;
        let components = service.split('/').map(str::to_owned).collect();
        let service = Principal::new(name_type::SRV_INST, components, self.realm.clone());
        let ticket_key = entry
            .keys
            .first()
            .ok_or_else(|| self.error(ETYPE_NOT_SUPPORTED, now))?;
        let ticket = TicketBuilder::new(client, service.clone(), session_key, now);
        let issued: IssuedTicket = ticket.encrypt(ticket_key, random);
        let mut reply = KdcReplyBuilder::new(request, issued, service, ticket.end_time, now);
        if let Some(lie) = &self.lie {
            lie(&mut reply);
        }
        reply
            .encrypt(key, random)
            .map_err(|_| self.error(SERVICE_UNKNOWN, now))
    }
}
