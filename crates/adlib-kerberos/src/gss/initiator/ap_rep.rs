//! The service's answer.

use alloc::boxed::Box;

use adlib_core::{
    DecodeError, DecodeErrorKind, UnixTime,
    gss::{Error, Initiator, InitiatorStep},
};

use super::ApRepRejection;
use crate::{
    EncryptionType, ErrorCode, KerberosSession, SessionKey, SessionRandom,
    der::{self, ApRep, ApRepBody, EncApRepPart, EncryptionKey, KrbErrorMessage},
    gss::{AP_REP_TOKEN, Agreement, ERROR_TOKEN, Framing},
    number::KeyUsage,
};

/// An initiator whose service has to prove that it could read the ticket.
pub struct AwaitingApRep {
    session_key: SessionKey,
    time: UnixTime,
    agreement: Agreement,
    random: SessionRandom,
}

impl AwaitingApRep {
    pub(super) const fn new(
        session_key: SessionKey,
        time: UnixTime,
        agreement: Agreement,
        random: SessionRandom,
    ) -> Self {
        Self {
            session_key,
            time,
            agreement,
            random,
        }
    }

    /// The session, if `token` is the service's answer to our message.
    ///
    /// # Errors
    /// [`ApRepRejection`].
    pub fn verify(mut self, token: &[u8]) -> Result<KerberosSession, ApRepRejection> {
        let message = match Framing::open_any(token)? {
            (Framing::Gss(_), ERROR_TOKEN, error) => {
                let error: KrbErrorMessage<'_> = der::decode("KRB-ERROR", error)?;
                return Err(ApRepRejection::PeerError(ErrorCode(error.0.error_code)));
            }
            (Framing::Gss(_), AP_REP_TOKEN, message) | (Framing::Raw, _, message) => message,
            _ => return Err(DecodeError::new("token identifier", 0, DecodeErrorKind::Unexpected).into()),
        };
        let ApRep::<'_> { 0: ap_rep } = der::decode("AP-REP", message)?;
        der::expect_number("pvno", ap_rep.pvno, der::VERSION)?;
        der::expect_number("msg-type", ap_rep.msg_type, ApRepBody::MESSAGE_TYPE)?;
        let sealed = &ap_rep.enc_part;
        let plaintext = Some(self.session_key.cipher(KeyUsage::AP_REP))
            .filter(|_| sealed.etype == self.session_key.etype().number())
            .and_then(|cipher| cipher.decrypt(sealed.cipher.0))
            .ok_or(ApRepRejection::NotOpened)?;
        let EncApRepPart::<'_> { 0: part } = der::decode("EncAPRepPart", plaintext.expose())?;
        if part.ctime.with_micros(part.cusec) != self.time {
            return Err(ApRepRejection::OtherMessage);
        }
        self.agreement.receive = part.sequence();
        if let Some(subkey) = &part.subkey {
            self.agreement.key = self.read_subkey(subkey)?;
            // RFC 4757 knows no subkey of the acceptor's, and yet the key that it sends is the one to use.
            self.agreement.acceptor_subkey = true;
        }
        Ok(KerberosSession::new(self.agreement, self.random))
    }

    fn read_subkey(&self, key: &EncryptionKey<'_>) -> Result<SessionKey, ApRepRejection> {
        let (etype, bytes) = (key.keytype, key.keyvalue.0);
        let weaker = |etype: &EncryptionType| {
            *etype == EncryptionType::Rc4 && self.session_key.etype() != EncryptionType::Rc4
        };
        EncryptionType::from_number(etype)
            .ok()
            .filter(|etype| !weaker(etype))
            .and_then(|etype| SessionKey::copied(etype, bytes).ok())
            .ok_or(ApRepRejection::Subkey {
                etype,
                length: bytes.len(),
            })
    }
}

impl core::fmt::Debug for AwaitingApRep {
    /// Without the keys.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AwaitingApRep")
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl Initiator for AwaitingApRep {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        let session = self.verify(token)?;
        Ok(InitiatorStep::Done {
            token: None,
            session: Box::new(session),
        })
    }
}
