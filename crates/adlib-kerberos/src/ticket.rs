//! A ticket under the lens: what it says and what vouches for it, for who holds its key. Nobody is signed in by it.
//!
//! Trust level: a ticket alone proves nothing about who presents it. There is no time check, and RC4 is admitted.

use alloc::{vec, vec::Vec};

use adlib_core::UnixTime;

use crate::{
    EncryptionType, KeyTried, Part, Principal, Rejection, ServiceKey, UnsupportedEtype,
    acceptor::TicketAuthorization,
    der::{self, EncTicketPart, EncTicketPartBody, Ticket, TicketBody},
    pac::{PacReport, SignatureState, UnverifiedPac},
};

/// A ticket by itself, closed.
#[derive(Debug, Clone)]
pub struct UnverifiedTicket<'a> {
    ticket: TicketBody<'a>,
}

/// A ticket with what speaks for and against it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TicketReport {
    /// The client.
    pub client: Principal,
    /// The service that stands on the ticket, unprotected.
    pub service: Principal,
    /// The encryption type of the ticket.
    pub ticket_etype: EncryptionType,
    /// The number of the session key's encryption type.
    pub session_etype: i32,
    /// The version of the key that stands on the ticket, unprotected.
    pub kvno: Option<u32>,
    /// `TicketFlags` (RFC 4120 5.3), bit 0 the most significant.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: UnixTime,
    /// From when the ticket is valid, if not from `auth_time`.
    pub start_time: Option<UnixTime>,
    /// Until when the ticket is valid.
    pub end_time: UnixTime,
    /// Until when it can be renewed.
    pub renew_until: Option<UnixTime>,
    /// The PAC.
    pub pac: Option<PacReport>,
    /// Why a service would not believe the ticket, were it not for the time; `None` for one that it would.
    pub rejection: Option<Rejection>,
}

impl<'a> UnverifiedTicket<'a> {
    /// The ticket that `bytes` are.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let Ticket::<'a> { 0: ticket } = der::decode("Ticket", bytes)?;
        der::expect_number("tkt-vno", ticket.tkt_vno, der::VERSION)?;
        Ok(Self { ticket })
    }

    /// The service that stands on the ticket. Anybody on the way can have written it.
    #[must_use]
    pub fn unverified_service(&self) -> Principal {
        self.ticket.sname.in_realm(self.ticket.realm)
    }

    /// Open the ticket with its service's `key` and examine it, with the controllers' key where that is at hand.
    ///
    /// # Errors
    /// `DesEtype`, `UnknownEtype`; `NoKey` when the key is of another encryption type, `TicketNotOpened`; `Malformed`.
    pub fn report(
        &self,
        key: &ServiceKey,
        controllers: Option<&ServiceKey>,
    ) -> Result<TicketReport, Rejection> {
        let etype = self.etype()?;
        let (service, kvno) = (self.unverified_service(), self.ticket.enc_part.version());
        if key.etype() != etype {
            return Err(Rejection::NoKey { etype, kvno, service });
        }
        let Some(part) = key.ticket_cipher().decrypt(self.ticket.enc_part.cipher.0) else {
            let principal = service.clone();
            return Err(Rejection::TicketNotOpened {
                etype,
                kvno,
                service,
                tried: vec![KeyTried {
                    principal,
                    kvno: kvno.unwrap_or(0),
                    etype,
                }],
            });
        };
        let part = part.expose();
        let EncTicketPart::<'_> { 0: body } = der::decode("EncTicketPart", part)?;
        let (pac, rejection) = match examine(part, &body, key, controllers) {
            Ok(pac) => {
                let rejection = pac.as_ref().and_then(|pac| pac.rejection.clone());
                (pac, rejection.map(Rejection::Pac))
            }
            Err(rejection) => (None, Some(rejection)),
        };
        Ok(TicketReport {
            client: body.cname.in_realm(body.crealm),
            service,
            ticket_etype: etype,
            session_etype: body.key.keytype,
            kvno,
            flags: body.flags.0,
            auth_time: body.authtime.to_unix(),
            start_time: body.starttime.map(der::KerberosTime::to_unix),
            end_time: body.endtime.to_unix(),
            renew_until: body.renew_till.map(der::KerberosTime::to_unix),
            pac,
            rejection,
        })
    }

    fn etype(&self) -> Result<EncryptionType, Rejection> {
        let part = Part::Ticket;
        match EncryptionType::from_number(self.ticket.enc_part.etype) {
            Ok(etype) => Ok(etype),
            Err(UnsupportedEtype::Des(etype)) => Err(Rejection::DesEtype { part, etype }),
            Err(UnsupportedEtype::Unknown(etype)) => Err(Rejection::UnknownEtype { part, etype }),
        }
    }
}

/// The PAC in a ticket's decrypted `part`, examined; `None` when there is none.
fn examine(
    part: &[u8],
    body: &EncTicketPartBody<'_>,
    key: &ServiceKey,
    controllers: Option<&ServiceKey>,
) -> Result<Option<PacReport>, Rejection> {
    let authorization = TicketAuthorization::read(body.authorization_data.as_ref())?;
    let Some(bytes) = authorization.pac else {
        return Ok(None);
    };
    let pac = UnverifiedPac::decode(bytes)?;
    let mut report = pac.report(key, controllers)?;
    if let Some(controllers) = controllers {
        report.signatures.ticket = ticket_signature(&pac, controllers, part);
        report.rejection = pac.rejection(key, &report.signatures);
    }
    if report.rejection.is_none() {
        let auth_time = body.authtime.to_unix();
        let believed = pac.verify_in_place(key);
        let checked = believed.and_then(|pac| pac.check_client(&body.cname, body.crealm, auth_time));
        report.rejection = checked.err();
    }
    Ok(Some(report))
}

fn ticket_signature(pac: &UnverifiedPac<'_>, key: &ServiceKey, part: &[u8]) -> SignatureState {
    let signed: Vec<u8> = der::without_pac(part).unwrap_or_default();
    pac.ticket_signature(key, &signed)
}
