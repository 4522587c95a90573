//! The first message.

use alloc::{boxed::Box, vec, vec::Vec};

use adlib_core::{
    ChannelBindings, DecodeError, DecodeErrorKind, UnixTime,
    gss::{Error, Initiator, InitiatorStep, KERBEROS_OID, Peer, Protection},
};
use zeroize::Zeroizing;

use super::AwaitingApRep;
use crate::{
    ChecksumType, KerberosSession, SessionKey, SessionRandom,
    acceptor::first_number,
    der::{
        self, ApReq, ApReqBody, Application, Authenticator, AuthenticatorBody, AuthorizationData,
        AuthorizationDatum, Checksum, EncryptedData, EncryptionKey, KerberosFlags, KerberosString,
        KerberosTime, Microseconds, Octets, PrincipalName, SequenceOf, Ticket,
    },
    gss::{AP_REQ_TOKEN, Agreement, Framing, Role, checksum, encode_checksum},
    initiator::Credentials,
    number::{KeyUsage, ad_type},
};

/// What the initiator wants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InitiatorOptions {
    /// The service must prove that it could read the ticket. Default: it must.
    pub mutual: bool,
    /// What is done to each message. Default: nothing, as the transport protects.
    pub protection: Protection,
    /// What ties the sign-in to the connection. Default: nothing.
    pub bindings: Option<ChannelBindings>,
}

impl Default for InitiatorOptions {
    fn default() -> Self {
        Self {
            mutual: true,
            protection: Protection::None,
            bindings: None,
        }
    }
}

impl InitiatorOptions {
    /// The flags of RFC 4121 4.1.1.1.
    const fn flags(&self) -> u32 {
        let mutual = if self.mutual { checksum::MUTUAL } else { 0 };
        let protection = match self.protection {
            Protection::None => 0,
            Protection::Integrity => checksum::INTEGRITY,
            Protection::Confidentiality => checksum::INTEGRITY | checksum::CONFIDENTIALITY,
        };
        mutual | protection | checksum::REPLAY | checksum::SEQUENCE
    }
}

/// An initiator that has sent nothing yet.
///
/// ```
/// use adlib_core::{DecodeError, UnixTime};
/// use adlib_kerberos::{Begun, InitiatorOptions, TicketInitiator, initiator::Credentials};
///
/// fn first_token(ticket: Credentials, now: UnixTime) -> Result<Vec<u8>, DecodeError> {
///     let random = Box::new(|bytes: &mut [u8]| bytes.fill(7)); // a real one reads the system's generator
///     let (token, begun) = TicketInitiator::new(ticket, InitiatorOptions::default(), now, random).begin()?;
///     assert!(matches!(begun, Begun::AwaitingApRep(_)));
///     Ok(token)
/// }
/// ```
pub struct TicketInitiator {
    ticket: Credentials,
    options: InitiatorOptions,
    now: UnixTime,
    random: SessionRandom,
}

/// What follows the first message.
#[derive(Debug)]
pub enum Begun {
    /// The service has to answer.
    AwaitingApRep(AwaitingApRep),
    /// The session stands, on this side.
    Established(Box<KerberosSession>),
}

impl TicketInitiator {
    /// An initiator with `ticket`, at the time `now`.
    #[must_use]
    pub const fn new(
        ticket: Credentials,
        options: InitiatorOptions,
        now: UnixTime,
        random: SessionRandom,
    ) -> Self {
        Self {
            ticket,
            options,
            now,
            random,
        }
    }

    /// The first message, as a GSS-API token, and what follows.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket.
    pub fn begin(mut self) -> Result<(Vec<u8>, Begun), DecodeError> {
        let subkey = SessionKey::generate(self.ticket.session_key.etype(), &mut *self.random);
        let sequence = first_number(&mut *self.random);
        let token = self.encode(&subkey, sequence)?;
        let service = &self.ticket.service;
        let peer = self.options.mutual.then(|| {
            Box::new(Peer {
                name: service.name(),
                domain: service.realm().into(),
            })
        });
        let agreement = Agreement {
            role: Role::Initiator,
            peer,
            flags: self.options.flags(),
            key: subkey,
            acceptor_subkey: false,
            send: sequence,
            receive: sequence,
        };
        let begun = if self.options.mutual {
            let session_key = self.ticket.session_key;
            Begun::AwaitingApRep(AwaitingApRep::new(session_key, self.now, agreement, self.random))
        } else {
            Begun::Established(Box::new(KerberosSession::new(agreement, self.random)))
        };
        Ok((token, begun))
    }

    fn encode(&mut self, subkey: &SessionKey, sequence: u32) -> Result<Vec<u8>, DecodeError> {
        let ticket: Ticket<'_> = der::decode("Ticket", &self.ticket.ticket)?;
        let key = &self.ticket.session_key;
        let sum = encode_checksum(self.options.bindings.as_ref(), self.options.flags());
        let options = 0x4000_u32.to_le_bytes();
        let options = self.options.bindings.as_ref().map(|_| binds_channels(&options));
        let authenticator: Authenticator<'_> = Application(AuthenticatorBody {
            authenticator_vno: der::VERSION,
            crealm: KerberosString::new(self.ticket.client.realm()),
            cname: PrincipalName::from(&self.ticket.client),
            cksum: Some(Checksum {
                cksumtype: ChecksumType::GSS.0,
                checksum: Octets(&sum),
            }),
            cusec: Microseconds(self.now.subsec_micros()),
            ctime: KerberosTime::from_unix(self.now),
            subkey: Some(EncryptionKey {
                keytype: subkey.etype().number(),
                keyvalue: Octets(subkey.expose()),
            }),
            seq_number: Some(sequence.into()),
            authorization_data: options.as_deref().map(if_relevant),
        });
        let authenticator = Zeroizing::new(der::encode(&authenticator));
        let cipher = key.cipher(KeyUsage::AP_REQ_AUTHENTICATOR);
        let cipher = cipher.encrypt(&authenticator, &mut *self.random);
        let mutual = if self.options.mutual {
            KerberosFlags::bit(ApReqBody::MUTUAL_REQUIRED)
        } else {
            KerberosFlags(0)
        };
        let ap_req: ApReq<'_> = Application(ApReqBody {
            pvno: der::VERSION,
            msg_type: ApReqBody::MESSAGE_TYPE,
            ap_options: mutual,
            ticket,
            authenticator: EncryptedData {
                etype: key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        });
        Ok(Framing::Gss(KERBEROS_OID).wrap(AP_REQ_TOKEN, der::encode(&ap_req)))
    }
}

/// `KERB_AP_OPTIONS_CBT`: the client always sends channel bindings, so that none but its own can be put in their place
/// (MS-KILE 3.2.5.8).
fn binds_channels(options: &[u8]) -> Vec<u8> {
    let list: AuthorizationData<'_> = SequenceOf::Made(vec![AuthorizationDatum {
        ad_type: ad_type::AP_OPTIONS,
        ad_data: Octets(options),
    }]);
    der::encode(&list)
}

fn if_relevant(list: &[u8]) -> AuthorizationData<'_> {
    SequenceOf::Made(vec![AuthorizationDatum {
        ad_type: ad_type::IF_RELEVANT,
        ad_data: Octets(list),
    }])
}

impl Initiator for TicketInitiator {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        if !token.is_empty() {
            return Err(DecodeError::new("token", 0, DecodeErrorKind::Unexpected).into());
        }
        let (token, begun) = self.begin()?;
        Ok(match begun {
            Begun::AwaitingApRep(next) => InitiatorStep::Continue {
                token,
                next: Box::new(next),
            },
            Begun::Established(session) => InitiatorStep::Done {
                token: Some(token),
                session,
            },
        })
    }
}
