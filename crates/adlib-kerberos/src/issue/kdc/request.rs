//! What a KDC is asked, and what its keys open of it.

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};

use adlib_core::{DecodeError, UnixTime};

use crate::{
    EncryptionType, Principal, ServiceKey, SessionKey,
    der::{
        self, ApReq, AsReq, Authenticator, EncTicketPart, EncryptedData, KdcReqBody, PaEncTsEnc,
        PrincipalName, ReqBody, TgsReq,
    },
    number::{KeyUsage, pa_type},
};

/// An AS-REQ or TGS-REQ.
#[derive(Debug, Clone)]
pub struct KdcRequest {
    /// Whether it is a TGS-REQ.
    pub ticket_granting: bool,
    /// The client's name, in an AS-REQ.
    pub client: Option<Vec<String>>,
    /// The realm that is asked.
    pub realm: String,
    /// The service's name.
    pub service: Vec<String>,
    /// The nonce.
    pub nonce: u32,
    /// The encryption types that are offered.
    pub etypes: Vec<i32>,
    /// Whether the KDC may change names and refer to other realms.
    pub canonicalize: bool,
    /// The addresses, by type.
    pub addresses: Vec<(i32, Vec<u8>)>,
    /// The pre-authentication data, by type.
    pub padata: Vec<(i32, Vec<u8>)>,
    /// The message.
    pub message: Vec<u8>,
}

/// What a TGS-REQ proves.
#[derive(Debug, Clone)]
pub struct OpenedTgsReq {
    /// The client of the ticket-granting ticket.
    pub client: Principal,
    /// The key for the reply.
    pub subkey: SessionKey,
    /// The client's time.
    pub time: UnixTime,
}

impl KdcRequest {
    /// The request that `message` is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        if let Ok(AsReq::<'_> { 0: body }) = der::decode("AS-REQ", message) {
            return Ok(Self::from_body(false, &body, message));
        }
        let TgsReq::<'_> { 0: body } = der::decode("TGS-REQ", message)?;
        Ok(Self::from_body(true, &body, message))
    }

    fn from_body(ticket_granting: bool, request: &KdcReqBody<'_>, message: &[u8]) -> Self {
        let body = &request.req_body;
        let addresses = body.addresses.as_deref().unwrap_or_default();
        let padata = request.padata.as_deref().unwrap_or_default();
        Self {
            ticket_granting,
            client: body.cname.as_ref().map(components),
            realm: body.realm.text().to_owned(),
            service: body.sname.as_ref().map(components).unwrap_or_default(),
            nonce: body.nonce,
            etypes: body.etype.clone(),
            canonicalize: body.kdc_options.has(ReqBody::CANONICALIZE),
            addresses: addresses
                .iter()
                .map(|address| (address.addr_type, address.address.0.to_vec()))
                .collect(),
            padata: padata
                .iter()
                .map(|element| (element.padata_type, element.value().to_vec()))
                .collect(),
            message: message.to_vec(),
        }
    }

    /// The value of the first element of pre-authentication data of type `kind`.
    #[must_use]
    pub fn padata(&self, kind: i32) -> Option<&[u8]> {
        let found = self.padata.iter().find(|(found, _)| *found == kind)?;
        Some(&found.1)
    }

    /// The client's time, if it is encrypted with its `key`.
    #[must_use]
    pub fn time(&self, key: &SessionKey) -> Option<UnixTime> {
        let sealed: EncryptedData<'_> =
            der::decode("PA-ENC-TIMESTAMP", self.padata(pa_type::ENC_TIMESTAMP)?).ok()?;
        let plaintext = key.cipher(KeyUsage::ENC_TIMESTAMP).decrypt(sealed.cipher.0)?;
        let stamp: PaEncTsEnc = der::decode("PA-ENC-TS-ENC", plaintext.expose()).ok()?;
        Some(stamp.patimestamp.to_unix())
    }

    /// What the TGS-REQ proves, if `key` opens its ticket and its checksum is the request's.
    #[must_use]
    pub fn open(&self, key: &ServiceKey) -> Option<OpenedTgsReq> {
        let ApReq::<'_> { 0: ap_req } = der::decode("AP-REQ", self.padata(pa_type::TGS_REQ)?).ok()?;
        let ticket = key.ticket_cipher().decrypt(ap_req.ticket.0.enc_part.cipher.0)?;
        let EncTicketPart::<'_> { 0: ticket } = der::decode("EncTicketPart", ticket.expose()).ok()?;
        let session_key = key_of(&ticket.key)?;
        let cipher = session_key.cipher(KeyUsage::TGS_REQ_AUTHENTICATOR);
        let authenticator = cipher.decrypt(ap_req.authenticator.cipher.0)?;
        let Authenticator::<'_> { 0: authenticator } =
            der::decode("Authenticator", authenticator.expose()).ok()?;
        let TgsReq::<'_> { 0: request } = der::decode("TGS-REQ", &self.message).ok()?;
        let sum = session_key.checksum_key(KeyUsage::TGS_REQ_CHECKSUM);
        let sum = sum.sum(&der::encode(&request.req_body));
        if !sum.is(authenticator.cksum?.checksum.0) {
            return None;
        }
        Some(OpenedTgsReq {
            client: ticket.cname.in_realm(ticket.crealm),
            subkey: key_of(&authenticator.subkey?)?,
            time: authenticator.ctime.with_micros(authenticator.cusec),
        })
    }
}

fn components(name: &PrincipalName<'_>) -> Vec<String> {
    name.name_string
        .iter()
        .map(|part| part.text().to_owned())
        .collect()
}

fn key_of(key: &der::EncryptionKey<'_>) -> Option<SessionKey> {
    let etype = EncryptionType::from_number(key.keytype).ok()?;
    SessionKey::new(etype, key.keyvalue.0).ok()
}
