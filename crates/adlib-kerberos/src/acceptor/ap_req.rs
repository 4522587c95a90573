//! The message as it came.

use alloc::vec::Vec;

use super::{
    DecryptedApReq,
    decrypted::{Halves, TicketFacts},
    key_search::{self, OpeningKey},
    plaintext::Plaintext,
};
use crate::{
    EncryptionType, Keytab, KeytabEntry, Part, Policy, Principal, Rejection, SessionKey, UnsupportedEtype,
    der::{self, ApReq, ApReqBody, EncryptionKey},
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

    /// The version of the key that stands on the ticket. Anybody on the way can have written it.
    #[must_use]
    pub fn unverified_kvno(&self) -> Option<u32> {
        self.message.ticket.0.enc_part.version()
    }

    /// Open the ticket with a key of `keytab`, and the authenticator with the key in the ticket.
    ///
    /// # Errors
    /// `UserToUser`; `DesEtype`, `Rc4NotAdmitted`, `UnknownEtype`, `KeyLength`; `NoKey`, `TicketNotOpened`,
    /// `WrongService`; `AuthenticatorNotOpened`; `Malformed`, `ChecksumType`; `PacDuplicate`, `PacMisplaced`,
    /// `UnknownAuthorizationData`, `AuthorizationDataNesting`.
    pub fn decrypt(self, keytab: &Keytab, policy: &Policy) -> Result<DecryptedApReq<'static>, Rejection> {
        let plaintext = Plaintext::Own(Vec::new());
        self.decrypt_to(
            plaintext,
            keytab,
            |entry| OpeningKey::shared(keytab, entry),
            policy,
        )
    }

    /// The same in a buffer that is used again and again: then nothing is allocated on the way to a verdict, and threads
    /// that share a key table do not wait for one another.
    ///
    /// The buffer is wiped afterwards.
    ///
    /// ```
    /// use adlib_core::UnixTime;
    /// use adlib_kerberos::{Keytab, Policy, Rejection, UnverifiedApReq};
    ///
    /// fn verify(token: &[u8], keytab: &Keytab, now: UnixTime, buffer: &mut Vec<u8>) -> Result<(), Rejection> {
    ///     let policy = Policy::default();
    ///     let decrypted = UnverifiedApReq::decode(token)?.decrypt_in(buffer, keytab, &policy)?;
    ///     decrypted.check(&policy, now, None).map(|_pending| ())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`UnverifiedApReq::decrypt`].
    pub fn decrypt_in<'b>(
        self,
        buffer: &'b mut Vec<u8>,
        keytab: &'b Keytab,
        policy: &Policy,
    ) -> Result<DecryptedApReq<'b>, Rejection> {
        let plaintext = Plaintext::Lent(buffer);
        self.decrypt_to(plaintext, keytab, |entry| OpeningKey::lent(keytab, entry), policy)
    }

    fn decrypt_to<'b, 'k>(
        self,
        mut plaintext: Plaintext<'b>,
        keytab: &'k Keytab,
        hold: impl FnOnce(&'k KeytabEntry) -> OpeningKey<'b>,
        policy: &Policy,
    ) -> Result<DecryptedApReq<'b>, Rejection> {
        let options = self.message.ap_options;
        if options.has(ApReqBody::USE_SESSION_KEY) {
            return Err(Rejection::UserToUser);
        }
        let ticket = &self.message.ticket.0;
        let sealed = &self.message.authenticator;
        plaintext.reserve(ticket.enc_part.cipher.0.len() + sealed.cipher.0.len());
        let etype = admitted(Part::Ticket, ticket.enc_part.etype, policy)?;
        let opened = key_search::open(ticket, etype, keytab, &policy.services, &mut plaintext)?;
        let service = &opened.entry.principal;
        if !policy.services.accept(service) || is_ticket_granting(service) {
            return Err(Rejection::WrongService {
                service: service.clone(),
            });
        }
        let facts = TicketFacts::read(&plaintext, &opened.ticket, policy)?;
        let session_key = &facts.session_key;
        if sealed.etype != session_key.etype().number() {
            return Err(Rejection::AuthenticatorNotOpened);
        }
        let cipher = session_key.cipher(KeyUsage::AP_REQ_AUTHENTICATOR);
        let authenticator = plaintext.open(&cipher, sealed.cipher.0);
        let halves = Halves {
            framing: self.framing,
            mutual: options.has(ApReqBody::MUTUAL_REQUIRED),
            key: hold(opened.entry),
            failed: opened.failed,
            ticket: facts,
            sealed_authenticator: sealed.cipher.0,
            authenticator: authenticator.ok_or(Rejection::AuthenticatorNotOpened)?,
        };
        DecryptedApReq::read(plaintext, halves, policy)
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

pub(super) fn read_key(
    part: Part,
    key: &EncryptionKey<'_>,
    policy: &Policy,
) -> Result<SessionKey, Rejection> {
    let etype = admitted(part, key.keytype, policy)?;
    let bytes = key.keyvalue.0;
    SessionKey::copied(etype, bytes).map_err(|_| Rejection::KeyLength {
        part,
        etype,
        actual: bytes.len(),
    })
}
