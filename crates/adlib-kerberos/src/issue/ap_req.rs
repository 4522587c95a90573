//! AP-REQs, as a client makes them.

use alloc::vec::Vec;

use adlib_core::{
    ChannelBindings, DecodeError, UnixTime,
    gss::{KERBEROS_OID, frame},
};

use super::{AuthorizationElements, IssuedTicket, authorization_data};
use crate::{
    ChecksumType, Principal, Random, SessionKey,
    der::{
        self, ApReq, ApReqBody, Application, Authenticator, AuthenticatorBody, Checksum, EncKrbCredPart,
        EncKrbCredPartBody, EncryptedData, EncryptionKey, KerberosFlags, KerberosString, KerberosTime,
        KrbCred, KrbCredBody, KrbCredInfo, Microseconds, Octets, PrincipalName, SequenceOf, Ticket,
    },
    gss::{AP_REQ_TOKEN, encode_checksum},
    number::KeyUsage,
};

/// What goes into an AP-REQ.
#[derive(Debug, Clone)]
pub struct ApReqBuilder {
    /// The ticket.
    pub ticket: IssuedTicket,
    /// The client, as the authenticator has it.
    pub client: Principal,
    /// The client's time.
    pub time: UnixTime,
    /// Whether the client wants an AP-REP.
    pub mutual: bool,
    /// Whether the ticket is said to be encrypted with a session key.
    pub use_session_key: bool,
    /// The type of the checksum and its bytes.
    pub checksum: Option<(i32, Vec<u8>)>,
    /// A subkey: the number of its encryption type and its bytes.
    pub subkey: Option<(i32, Vec<u8>)>,
    /// What the client says besides.
    pub authorization_data: AuthorizationElements,
}

/// Flags of the checksum: replay and sequence detection, confidentiality, integrity (RFC 4121 4.1.1.1).
const USUAL_FLAGS: u32 = 0x3c;

/// The bytes where GSS-API has a checksum, without delegation (RFC 4121 4.1.1).
#[must_use]
pub fn gss_checksum(bindings: Option<&ChannelBindings>, flags: u32) -> Vec<u8> {
    encode_checksum(bindings, flags)
}

impl ApReqBuilder {
    /// A client's first message with `ticket` at `time`, without channel bindings.
    #[must_use]
    pub fn new(ticket: &IssuedTicket, time: UnixTime) -> Self {
        Self {
            client: ticket.client.clone(),
            ticket: ticket.clone(),
            time,
            mutual: false,
            use_session_key: false,
            checksum: Some((ChecksumType::GSS.0, gss_checksum(None, USUAL_FLAGS))),
            subkey: None,
            authorization_data: Vec::new(),
        }
    }

    /// The message tied to a connection.
    #[must_use]
    pub fn bound_to(mut self, bindings: &ChannelBindings) -> Self {
        self.checksum = Some((ChecksumType::GSS.0, gss_checksum(Some(bindings), USUAL_FLAGS)));
        self
    }

    /// The message with `ticket`, which its client delegates to the service, in a KRB-CRED encrypted with `key`, or not
    /// at all. What was bound to a connection stays so.
    pub fn delegate(&mut self, ticket: &IssuedTicket, key: Option<&SessionKey>, random: &mut Random<'_>) {
        let cred = encode_krb_cred(ticket, key, random);
        let checksum = self
            .checksum
            .get_or_insert_with(|| (ChecksumType::GSS.0, gss_checksum(None, USUAL_FLAGS)));
        if let Some(flags) = checksum.1.get_mut(20) {
            *flags |= 1;
        }
        checksum.1.extend([1, 0]);
        checksum
            .1
            .extend(u16::try_from(cred.len()).unwrap_or(u16::MAX).to_le_bytes());
        checksum.1.extend(cred);
    }

    /// The bare AP-REQ.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket.
    pub fn encrypt(&self, random: &mut Random<'_>) -> Result<Vec<u8>, DecodeError> {
        let key = &self.ticket.session_key;
        let authenticator = der::encode(&self.authenticator());
        let cipher = key
            .cipher(KeyUsage::AP_REQ_AUTHENTICATOR)
            .encrypt(&authenticator, random);
        let option = |set: bool, number: u32| if set { KerberosFlags::bit(number).0 } else { 0 };
        let ap_options = option(self.mutual, ApReqBody::MUTUAL_REQUIRED)
            | option(self.use_session_key, ApReqBody::USE_SESSION_KEY);
        let ap_req: ApReq<'_> = Application(ApReqBody {
            pvno: der::VERSION,
            msg_type: ApReqBody::MESSAGE_TYPE,
            ap_options: KerberosFlags(ap_options),
            ticket: der::decode("Ticket", &self.ticket.der)?,
            authenticator: EncryptedData {
                etype: key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        });
        Ok(der::encode(&ap_req))
    }

    /// The AP-REQ in a GSS-API frame.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket.
    pub fn encrypt_token(&self, random: &mut Random<'_>) -> Result<Vec<u8>, DecodeError> {
        Ok(frame(KERBEROS_OID, &[&AP_REQ_TOKEN, &self.encrypt(random)?]))
    }

    fn authenticator(&self) -> Authenticator<'_> {
        let elements = Some(&self.authorization_data).filter(|elements| !elements.is_empty());
        Application(AuthenticatorBody {
            authenticator_vno: der::VERSION,
            crealm: KerberosString::new(self.client.realm()),
            cname: PrincipalName::from(&self.client),
            cksum: self.checksum.as_ref().map(|(cksumtype, checksum)| Checksum {
                cksumtype: *cksumtype,
                checksum: Octets(checksum),
            }),
            cusec: Microseconds(self.time.subsec_micros()),
            ctime: KerberosTime::from_unix(self.time),
            subkey: self.subkey.as_ref().map(|(keytype, keyvalue)| EncryptionKey {
                keytype: *keytype,
                keyvalue: Octets(keyvalue),
            }),
            seq_number: Some(0),
            authorization_data: elements.map(|elements| authorization_data(elements)),
        })
    }
}

fn encode_krb_cred(ticket: &IssuedTicket, key: Option<&SessionKey>, random: &mut Random<'_>) -> Vec<u8> {
    let Ok(der_ticket) = der::decode::<Ticket<'_>>("Ticket", &ticket.der) else {
        return Vec::new();
    };
    let info = KrbCredInfo {
        key: EncryptionKey {
            keytype: ticket.session_key.etype().number(),
            keyvalue: Octets(ticket.session_key.expose()),
        },
        prealm: Some(KerberosString::new(ticket.client.realm())),
        pname: Some(PrincipalName::from(&ticket.client)),
        flags: Some(KerberosFlags(ticket.flags)),
        authtime: Some(KerberosTime::from_unix(ticket.auth_time)),
        starttime: ticket.start_time.map(KerberosTime::from_unix),
        endtime: Some(KerberosTime::from_unix(ticket.end_time)),
        renew_till: None,
        srealm: Some(der_ticket.0.realm),
        sname: Some(der_ticket.0.sname.clone()),
        caddr: None,
    };
    let part: EncKrbCredPart<'_> = Application(EncKrbCredPartBody {
        ticket_info: SequenceOf::Made(alloc::vec![info]),
        nonce: None,
        timestamp: None,
        usec: None,
        s_address: None,
        r_address: None,
    });
    let part = der::encode(&part);
    let cipher = key.map_or_else(
        || part.clone(),
        |key| key.cipher(KeyUsage::KRB_CRED).encrypt(&part, random),
    );
    let cred: KrbCred<'_> = Application(KrbCredBody {
        pvno: der::VERSION,
        msg_type: KrbCredBody::MESSAGE_TYPE,
        tickets: SequenceOf::Made(alloc::vec![der_ticket]),
        enc_part: EncryptedData {
            etype: key.map_or(0, |key| key.etype().number()),
            kvno: None,
            cipher: Octets(&cipher),
        },
    });
    der::encode(&cred)
}
