//! What a message says field by field, and messages around plaintexts of anybody's choice, for fuzz targets. No part of
//! the library's face.

mod element;
mod fields;

use alloc::vec::Vec;

use adlib_core::DecodeError;

use element::Decoded;
pub use element::Element;

use crate::{
    EncryptionType, Random, ServiceKey, SessionKey,
    der::{
        self, ApRep, ApReq, AsRep, Authenticator, EncAsRepPart, EncKrbCredPart, EncTgsRepPart, EncTicketPart,
        KrbCred, KrbErrorMessage, Octets, TgsRep, Ticket,
    },
    number::KeyUsage,
};

/// A kind of message, or of what is encrypted in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the specification's names")]
pub enum Message {
    ApReq,
    ApRep,
    Ticket,
    AsRep,
    TgsRep,
    KrbError,
    KrbCred,
    Authenticator,
    EncTicketPart,
    EncAsRepPart,
    EncTgsRepPart,
    EncKrbCredPart,
}

/// What the message `bytes` says, field by field.
///
/// # Errors
/// What DER finds wrong.
pub fn decode(message: Message, bytes: &[u8]) -> Result<Element, DecodeError> {
    fn read<'a, T: Decoded + der::Value<'a>>(bytes: &'a [u8]) -> Result<Element, DecodeError> {
        der::decode::<T>("message", bytes).map(|message| message.element())
    }
    match message {
        Message::ApReq => read::<ApReq<'_>>(bytes),
        Message::ApRep => read::<ApRep<'_>>(bytes),
        Message::Ticket => read::<Ticket<'_>>(bytes),
        Message::AsRep => read::<AsRep<'_>>(bytes),
        Message::TgsRep => read::<TgsRep<'_>>(bytes),
        Message::KrbError => read::<KrbErrorMessage<'_>>(bytes),
        Message::KrbCred => read::<KrbCred<'_>>(bytes),
        Message::Authenticator => read::<Authenticator<'_>>(bytes),
        Message::EncTicketPart => read::<EncTicketPart<'_>>(bytes),
        Message::EncAsRepPart => read::<EncAsRepPart<'_>>(bytes),
        Message::EncTgsRepPart => read::<EncTgsRepPart<'_>>(bytes),
        Message::EncKrbCredPart => read::<EncKrbCredPart<'_>>(bytes),
    }
}

/// What is encrypted in an AP-REQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plaintexts {
    /// The part of the ticket.
    pub ticket: Vec<u8>,
    /// The authenticator.
    pub authenticator: Vec<u8>,
}

/// The plaintexts of the bare AP-REQ `message`, whose service has `key`.
#[must_use]
pub fn open(message: &[u8], key: &ServiceKey) -> Option<Plaintexts> {
    let ApReq::<'_> { 0: ap_req } = der::decode("AP-REQ", message).ok()?;
    let ticket = key.ticket_cipher().decrypt(ap_req.ticket.0.enc_part.cipher.0)?;
    let session_key = session_key(ticket.expose())?;
    let cipher = session_key.cipher(KeyUsage::AP_REQ_AUTHENTICATOR);
    let authenticator = cipher.decrypt(ap_req.authenticator.cipher.0)?;
    Some(Plaintexts {
        ticket: ticket.expose().clone(),
        authenticator: authenticator.expose().clone(),
    })
}

/// The bare AP-REQ `message` with these plaintexts, whatever they are, in the place of its own. Where there is no session
/// key in the ticket, the authenticator stays as it is.
#[must_use]
pub fn close(
    message: &[u8],
    key: &ServiceKey,
    plaintexts: &Plaintexts,
    random: &mut Random<'_>,
) -> Option<Vec<u8>> {
    let mut ap_req: ApReq<'_> = der::decode("AP-REQ", message).ok()?;
    let ticket = key.ticket_cipher().encrypt(&plaintexts.ticket, random);
    ap_req.0.ticket.0.enc_part.cipher = Octets(&ticket);
    let authenticator = session_key(&plaintexts.ticket).map(|key| {
        let cipher = key.cipher(KeyUsage::AP_REQ_AUTHENTICATOR);
        (
            key.etype().number(),
            cipher.encrypt(&plaintexts.authenticator, random),
        )
    });
    if let Some((etype, authenticator)) = &authenticator {
        ap_req.0.authenticator.etype = *etype;
        ap_req.0.authenticator.cipher = Octets(authenticator);
    }
    Some(der::encode(&ap_req))
}

/// The ticket in the bare AP-REQ `message`.
#[must_use]
pub fn ticket(message: &[u8]) -> Option<Vec<u8>> {
    let ApReq::<'_> { 0: ap_req } = der::decode("AP-REQ", message).ok()?;
    Some(der::encode(&ap_req.ticket))
}

fn session_key(ticket: &[u8]) -> Option<SessionKey> {
    let EncTicketPart::<'_> { 0: part } = der::decode("EncTicketPart", ticket).ok()?;
    let etype = EncryptionType::from_number(part.key.keytype).ok()?;
    SessionKey::new(etype, part.key.keyvalue.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Scene, random};

    #[test]
    fn what_is_opened_closes_as_it_was() {
        let scene = Scene::new();
        let message = scene.request().encrypt(&mut random).unwrap();
        let plaintexts = open(&message, &scene.key).unwrap();
        assert_eq!(ticket(&message), Some(scene.issued().der));
        let closed = close(&message, &scene.key, &plaintexts, &mut random);
        assert_eq!(closed, Some(message));
        for (kind, bytes) in [
            (Message::EncTicketPart, &plaintexts.ticket),
            (Message::Authenticator, &plaintexts.authenticator),
        ] {
            let part = decode(kind, bytes).unwrap();
            let name = part.at(&["cname", "name_string"]).unwrap();
            assert_eq!(*name, Element::List(alloc::vec![Element::Text("ada".into())]));
        }
    }
}
