//! AS-REPs and TGS-REPs, as a KDC makes them.

use alloc::{vec, vec::Vec};

use adlib_core::{DecodeError, UnixTime};

use super::KdcRequest;
use crate::{
    Principal, Random, SessionKey,
    der::{
        self, Application, AsRep, Checksum, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, EncryptedData,
        EncryptionKey, KdcRepBody, KerberosFlags, KerberosString, KerberosTime, LastReqEntry, MethodData,
        Octets, PaData, PrincipalName, TgsRep,
    },
    issue::IssuedTicket,
    number::{KeyUsage, pa_type},
};

/// What goes into a reply.
#[derive(Debug, Clone)]
pub struct KdcReplyBuilder {
    /// Whether it is a TGS-REP.
    pub ticket_granting: bool,
    /// The client, as it stands on the reply for all to read.
    pub client: Principal,
    /// The ticket.
    pub ticket: IssuedTicket,
    /// The number of the session key's encryption type, as the reply has it.
    pub session_etype: i32,
    /// The nonce.
    pub nonce: i64,
    /// `TicketFlags`.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: UnixTime,
    /// Until when the ticket is valid.
    pub end_time: UnixTime,
    /// The service, as the encrypted part has it.
    pub service: Principal,
    /// The number of the encryption type of the reply, if it is to say another than its key has.
    pub etype: Option<i32>,
    /// Pre-authentication data for all to read, by type.
    pub padata: Vec<(i32, Vec<u8>)>,
    /// The request.
    pub request: Vec<u8>,
    /// The request that the reply signs (RFC 6806 11).
    pub signed_request: Option<Vec<u8>>,
}

/// `TicketFlags`: initial, pre-authenticated (RFC 4120 5.3).
const USUAL_FLAGS: u32 = KerberosFlags::bit(9).0 | KerberosFlags::bit(10).0;

impl KdcReplyBuilder {
    /// The honest reply to `request` with `ticket` for `service`.
    #[must_use]
    pub fn new(
        request: &KdcRequest,
        ticket: IssuedTicket,
        service: Principal,
        end_time: UnixTime,
        now: UnixTime,
    ) -> Self {
        Self {
            ticket_granting: request.ticket_granting,
            client: ticket.client.clone(),
            session_etype: ticket.session_key.etype().number(),
            ticket,
            nonce: request.nonce.into(),
            flags: USUAL_FLAGS,
            auth_time: now,
            end_time,
            service,
            etype: None,
            padata: Vec::new(),
            request: request.message.clone(),
            signed_request: None,
        }
    }

    /// The message, for who has `key`: a TGS-REP's for the subkey of its request.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket.
    pub fn encrypt(&self, key: &SessionKey, random: &mut Random<'_>) -> Result<Vec<u8>, DecodeError> {
        let usage = if self.ticket_granting {
            KeyUsage::TGS_REP_SUBKEY
        } else {
            KeyUsage::AS_REP
        };
        let cipher = key.cipher(usage).encrypt(&self.part(key), random);
        let padata: MethodData<'_> = self
            .padata
            .iter()
            .map(|(kind, value)| PaData::new(*kind, value))
            .collect();
        let body = KdcRepBody {
            pvno: der::VERSION,
            msg_type: if self.ticket_granting { 13 } else { 11 },
            padata: Some(padata).filter(|padata| !padata.is_empty()),
            crealm: KerberosString::new(self.client.realm()),
            cname: PrincipalName::from(&self.client),
            ticket: der::decode("Ticket", &self.ticket.der)?,
            enc_part: EncryptedData {
                etype: self.etype.unwrap_or(key.etype().number()),
                kvno: None,
                cipher: Octets(&cipher),
            },
        };
        Ok(if self.ticket_granting {
            let message: TgsRep<'_> = Application(body);
            der::encode(&message)
        } else {
            let message: AsRep<'_> = Application(body);
            der::encode(&message)
        })
    }

    fn part(&self, key: &SessionKey) -> Vec<u8> {
        let signature = self.signed_request.as_ref().map(|request| {
            let checksum_key = key.checksum_key(KeyUsage::AS_REQ);
            der::encode(&Checksum {
                cksumtype: checksum_key.checksum_type().0,
                checksum: Octets(checksum_key.sum(request).as_slice()),
            })
        });
        let signature = signature.as_deref();
        let part = EncKdcRepPart {
            key: EncryptionKey {
                keytype: self.session_etype,
                keyvalue: Octets(self.ticket.session_key.expose()),
            },
            last_req: vec![LastReqEntry {
                lr_type: 0,
                lr_value: KerberosTime::from_unix(self.auth_time),
            }],
            nonce: self.nonce,
            key_expiration: None,
            flags: KerberosFlags(self.flags),
            authtime: KerberosTime::from_unix(self.auth_time),
            starttime: None,
            endtime: KerberosTime::from_unix(self.end_time),
            renew_till: None,
            srealm: KerberosString::new(self.service.realm()),
            sname: PrincipalName::from(&self.service),
            caddr: None,
            encrypted_pa_data: signature.map(|value| vec![PaData::new(pa_type::REQ_ENC_PA_REP, value)]),
        };
        if self.ticket_granting {
            let part: EncTgsRepPart<'_> = Application(part);
            der::encode(&part)
        } else {
            let part: EncAsRepPart<'_> = Application(part);
            der::encode(&part)
        }
    }
}
