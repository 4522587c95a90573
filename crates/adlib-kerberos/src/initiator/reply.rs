//! A KDC's reply, compared with the request (RFC 4120 3.1.5, 3.3.4).

use adlib_core::{DecodeError, UnixTime};

use super::{Credentials, ExchangeError, request::Wanted};
use crate::{
    EncryptionType, Principal, SessionKey,
    der::{
        self, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, EncryptionKey, KdcRepBody, KerberosTime, Ticket,
    },
};

/// The decrypted part of a reply, under the tag of either exchange.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode_part(plaintext: &[u8]) -> Result<EncKdcRepPart<'_>, DecodeError> {
    if let Ok(EncAsRepPart::<'_> { 0: part }) = der::decode("EncASRepPart", plaintext) {
        return Ok(part);
    }
    let EncTgsRepPart::<'_> { 0: part } = der::decode("EncTGSRepPart", plaintext)?;
    Ok(part)
}

/// The credentials in a reply whose decrypted part is `part`, if it answers what was `wanted`. Whether client and
/// service are the right ones depends on the exchange.
///
/// # Errors
/// `Nonce`, `ServiceRealm`, `TicketName`, `SessionEtype`, `SessionKey`, `Ended`.
pub(super) fn verify(
    reply: &KdcRepBody<'_>,
    part: &EncKdcRepPart<'_>,
    wanted: &Wanted<'_>,
    now: UnixTime,
) -> Result<Credentials, ExchangeError> {
    if part.nonce != i64::from(wanted.nonce) {
        return Err(ExchangeError::Nonce);
    }
    let service = part.sname.in_realm(part.srealm);
    if part.srealm.text() != wanted.realm {
        return Err(ExchangeError::ServiceRealm {
            found: part.srealm.text().into(),
        });
    }
    let Ticket::<'_> { 0: ticket } = &reply.ticket;
    let on_ticket = ticket.sname.in_realm(ticket.realm);
    if on_ticket != service {
        return Err(ExchangeError::TicketName { found: on_ticket });
    }
    let end_time = part.endtime.to_unix();
    if end_time <= now {
        return Err(ExchangeError::Ended { end_time });
    }
    let auth_time = part.authtime.to_unix();
    Ok(Credentials {
        client: reply.cname.in_realm(reply.crealm),
        service,
        session_key: session_key(&part.key, wanted.offer)?,
        flags: part.flags.0,
        auth_time,
        start_time: part.starttime.map_or(auth_time, KerberosTime::to_unix),
        end_time,
        renew_until: part.renew_till.map(KerberosTime::to_unix),
        ticket: der::encode(&reply.ticket),
    })
}

/// The session key, if its encryption type was offered.
fn session_key(key: &EncryptionKey<'_>, offer: &[EncryptionType]) -> Result<SessionKey, ExchangeError> {
    let etype = EncryptionType::from_number(key.keytype)
        .ok()
        .filter(|etype| offer.contains(etype))
        .ok_or(ExchangeError::SessionEtype(key.keytype))?;
    Ok(SessionKey::copied(etype, key.keyvalue.0)?)
}

/// Whether two principals are one, for a KDC that may spell them in another case.
pub(super) fn same_name(one: &Principal, other: &Principal) -> bool {
    one.components().len() == other.components().len()
        && one
            .components()
            .iter()
            .zip(other.components())
            .all(|(one, other)| one.eq_ignore_ascii_case(other))
}
