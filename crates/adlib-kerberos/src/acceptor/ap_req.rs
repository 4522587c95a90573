//! The message as it came.

use super::{DecryptedApReq, key_search};
use crate::{
    EncryptionType, Keytab, Part, Policy, Principal, Rejection, SessionKey, UnsupportedEtype,
    der::{self, ApReq, ApReqBody, Authenticator, EncTicketPart, EncryptionKey},
    gss::Framing,
    number::KeyUsage,
};

/// A client's AP-REQ: well-formed, and nothing more.
///
/// See the crate's example for the way from here to [`Accepted`](crate::Accepted).
#[derive(Debug, Clone)]
pub struct UnverifiedApReq<'a> {
    framing: Framing,
    message: ApReqBody<'a>,
}

impl<'a> UnverifiedApReq<'a> {
    /// The AP-REQ that `token` is, bare or in a GSS-API frame.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn decode(token: &'a [u8]) -> Result<Self, Rejection> {
        let (framing, message) = Framing::open(token)?;
        let ApReq::<'a> { 0: message } = der::decode("AP-REQ", message)?;
        der::expect_number("pvno", message.pvno, der::VERSION)?;
        der::expect_number("msg-type", message.msg_type, ApReqBody::MESSAGE_TYPE)?;
        der::expect_number("tkt-vno", message.ticket.0.tkt_vno, der::VERSION)?;
        Ok(Self { framing, message })
    }

    /// The service that stands on the ticket. Anybody on the way can have written it.
    #[must_use]
    pub fn unverified_service(&self) -> Principal {
        let ticket = &self.message.ticket.0;
        ticket.sname.in_realm(ticket.realm)
    }

    /// Open the ticket with a key of `keytab`, and the authenticator with the key in the ticket.
    ///
    /// # Errors
    /// `UserToUser`; `DesEtype`, `Rc4NotAdmitted`, `UnknownEtype`, `KeyLength`; `NoKey`, `TicketNotOpened`,
    /// `WrongService`; `AuthenticatorNotOpened`; `Malformed`.
    pub fn decrypt(self, keytab: &Keytab, policy: &Policy) -> Result<DecryptedApReq, Rejection> {
        if self.message.ap_options.has(ApReqBody::USE_SESSION_KEY) {
            return Err(Rejection::UserToUser);
        }
        let ticket = &self.message.ticket.0;
        let etype = admitted(Part::Ticket, ticket.enc_part.etype, policy)?;
        let opened = key_search::open(ticket, etype, keytab, &policy.services)?;
        let service = &opened.entry.principal;
        if !policy.services.accept(service) || is_ticket_granting(service) {
            return Err(Rejection::WrongService {
                service: service.clone(),
            });
        }
        let EncTicketPart::<'_> { 0: ticket } = der::decode("EncTicketPart", opened.plaintext.expose())?;
        let session_key = read_key(Part::SessionKey, &ticket.key, policy)?;

        let sealed = &self.message.authenticator;
        let cipher = session_key.cipher(KeyUsage::AP_REQ_AUTHENTICATOR);
        let plaintext = Some(sealed.cipher.0)
            .filter(|_| sealed.etype == session_key.etype().number())
            .and_then(|message| cipher.decrypt(message))
            .ok_or(Rejection::AuthenticatorNotOpened)?;
        let Authenticator::<'_> { 0: authenticator } = der::decode("Authenticator", plaintext.expose())?;
        der::expect_number("authenticator-vno", authenticator.authenticator_vno, der::VERSION)?;
        let subkey = authenticator.subkey.as_ref();
        let subkey = subkey
            .map(|key| read_key(Part::Subkey, key, policy))
            .transpose()?;

        DecryptedApReq::new(
            super::decrypted::Message {
                framing: self.framing,
                ap_options: self.message.ap_options,
                ticket: &ticket,
                session_key,
                authenticator: &authenticator,
                sealed_authenticator: sealed.cipher.0,
                subkey,
            },
            &opened,
            keytab,
        )
    }
}

/// Tickets for granting tickets are between a client and a controller: no service accepts one (A1).
fn is_ticket_granting(service: &Principal) -> bool {
    service
        .components()
        .first()
        .is_some_and(|first| first == "krbtgt")
}

/// The encryption type with `number`, if the policy admits it.
fn admitted(part: Part, number: i32, policy: &Policy) -> Result<EncryptionType, Rejection> {
    match EncryptionType::from_number(number) {
        Ok(EncryptionType::Rc4) if !policy.danger_accept_rc4 => Err(Rejection::Rc4NotAdmitted { part }),
        Ok(etype) => Ok(etype),
        Err(UnsupportedEtype::Des(etype)) => Err(Rejection::DesEtype { part, etype }),
        Err(UnsupportedEtype::Unknown(etype)) => Err(Rejection::UnknownEtype { part, etype }),
    }
}

fn read_key(part: Part, key: &EncryptionKey<'_>, policy: &Policy) -> Result<SessionKey, Rejection> {
    let etype = admitted(part, key.keytype, policy)?;
    let bytes = key.keyvalue.0;
    SessionKey::copied(etype, bytes).map_err(|_| Rejection::KeyLength {
        part,
        etype,
        actual: bytes.len(),
    })
}
