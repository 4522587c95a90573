//! Tickets, as a controller makes them.

use alloc::vec::Vec;
use core::time::Duration;

use adlib_core::UnixTime;

use super::{AD_WIN2K_PAC, AuthorizationElements, PacBuilder, authorization_data, if_relevant};
use crate::{
    Principal, Random, ServiceKey, SessionKey,
    der::{
        self, Application, EncTicketPart, EncTicketPartBody, EncryptedData, EncryptionKey, HostAddress,
        KerberosFlags, KerberosString, KerberosTime, Octets, PrincipalName, SequenceOf, Ticket, TicketBody,
        TransitedEncoding,
    },
    initiator::Credentials,
};

/// What goes into a ticket.
#[derive(Debug, Clone)]
pub struct TicketBuilder {
    /// The client.
    pub client: Principal,
    /// The service, as it stands on the ticket for all to read.
    pub service: Principal,
    /// The key for the two.
    pub session_key: SessionKey,
    /// The number of the session key's encryption type, as the ticket has it.
    pub session_etype: i32,
    /// `TicketFlags`.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: UnixTime,
    /// From when the ticket is valid; from `auth_time` if there is nothing here.
    pub start_time: Option<UnixTime>,
    /// Until when the ticket is valid.
    pub end_time: UnixTime,
    /// The realms that took part, compressed (RFC 4120 3.3.3.2).
    pub transited: Vec<u8>,
    /// The addresses that the client may come from: their types (RFC 4120 7.5.3) and bytes.
    pub addresses: Option<Vec<(i32, Vec<u8>)>>,
    /// What the controller says besides.
    pub authorization_data: AuthorizationElements,
    /// The version of the service's key, as it stands on the ticket for all to read.
    pub kvno: Option<i64>,
    /// The number of the ticket's encryption type, if it is to say another than its key has.
    pub ticket_etype: Option<i32>,
}

/// `TicketFlags` of a usual ticket: initial and preauthenticated (RFC 4120 5.3).
const USUAL_FLAGS: u32 = KerberosFlags::bit(9).0 | KerberosFlags::bit(10).0;

impl TicketBuilder {
    /// A ticket for `client` to `service`, valid from `auth_time` for ten hours, without a PAC.
    #[must_use]
    pub fn new(client: Principal, service: Principal, session_key: SessionKey, auth_time: UnixTime) -> Self {
        Self {
            client,
            service,
            session_etype: session_key.etype().number(),
            session_key,
            flags: USUAL_FLAGS,
            auth_time,
            start_time: Some(auth_time),
            end_time: auth_time.saturating_add(Duration::from_secs(36_000)),
            transited: Vec::new(),
            addresses: None,
            authorization_data: Vec::new(),
            kvno: Some(1),
            ticket_etype: None,
        }
    }

    /// The ticket with `pac` in it, wrapped as controllers wrap it.
    #[must_use]
    pub fn with_pac(mut self, pac: Vec<u8>) -> Self {
        self.authorization_data.push(if_relevant(&[(AD_WIN2K_PAC, pac)]));
        self
    }

    /// The ticket with the PAC that `pac` describes, and with all signatures that a controller of today makes: those of
    /// [`PacBuilder::sign`], that of the ticket, and that of the whole PAC. What is changed afterwards breaks them.
    #[must_use]
    pub fn with_signed_pac(
        mut self,
        pac: &PacBuilder,
        service: &ServiceKey,
        controllers: &ServiceKey,
    ) -> Self {
        let unsigned = if_relevant(&[(AD_WIN2K_PAC, alloc::vec![0])]);
        self.authorization_data.insert(0, unsigned);
        let part = der::encode(&self.enc_part());
        let pac = pac.sign_with_ticket(service, controllers, &part);
        if let Some(first) = self.authorization_data.first_mut() {
            *first = if_relevant(&[(AD_WIN2K_PAC, pac)]);
        }
        self
    }

    /// Encrypt the ticket with the service's key.
    pub fn encrypt(&self, key: &ServiceKey, random: &mut Random<'_>) -> IssuedTicket {
        let part = der::encode(&self.enc_part());
        let cipher = key.ticket_cipher().encrypt(&part, random);
        let ticket: Ticket<'_> = Application(TicketBody {
            tkt_vno: der::VERSION,
            realm: KerberosString::new(self.service.realm()),
            sname: PrincipalName::from(&self.service),
            enc_part: EncryptedData {
                etype: self.ticket_etype.unwrap_or(key.etype().number()),
                kvno: self.kvno,
                cipher: Octets(&cipher),
            },
        });
        IssuedTicket {
            client: self.client.clone(),
            service: self.service.clone(),
            session_key: self.session_key.clone(),
            flags: self.flags,
            auth_time: self.auth_time,
            start_time: self.start_time,
            end_time: self.end_time,
            der: der::encode(&ticket),
        }
    }

    fn enc_part(&self) -> EncTicketPart<'_> {
        let elements = Some(&self.authorization_data).filter(|elements| !elements.is_empty());
        Application(EncTicketPartBody {
            flags: KerberosFlags(self.flags),
            key: EncryptionKey {
                keytype: self.session_etype,
                keyvalue: Octets(self.session_key.expose()),
            },
            crealm: KerberosString::new(self.client.realm()),
            cname: PrincipalName::from(&self.client),
            transited: TransitedEncoding {
                tr_type: 1,
                contents: Octets(&self.transited),
            },
            authtime: KerberosTime::from_unix(self.auth_time),
            starttime: self.start_time.map(KerberosTime::from_unix),
            endtime: KerberosTime::from_unix(self.end_time),
            renew_till: None,
            caddr: self.addresses.as_ref().map(|addresses| {
                let addresses = addresses.iter().map(|(addr_type, address)| HostAddress {
                    addr_type: *addr_type,
                    address: Octets(address),
                });
                SequenceOf::Made(addresses.collect())
            }),
            authorization_data: elements.map(|elements| authorization_data(elements)),
        })
    }
}

/// A ticket with what its client knows of it.
#[derive(Debug, Clone)]
pub struct IssuedTicket {
    /// The client.
    pub client: Principal,
    /// The service.
    pub service: Principal,
    /// The key for client and service.
    pub session_key: SessionKey,
    /// `TicketFlags`.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: UnixTime,
    /// From when the ticket is valid, if not from `auth_time`.
    pub start_time: Option<UnixTime>,
    /// Until when the ticket is valid.
    pub end_time: UnixTime,
    /// The bytes of the ticket.
    pub der: Vec<u8>,
}

impl From<IssuedTicket> for Credentials {
    /// What a KDC would have sent with the ticket.
    fn from(ticket: IssuedTicket) -> Self {
        Self {
            client: ticket.client,
            service: ticket.service,
            session_key: ticket.session_key,
            flags: ticket.flags,
            auth_time: ticket.auth_time,
            start_time: ticket.start_time.unwrap_or(ticket.auth_time),
            end_time: ticket.end_time,
            renew_until: None,
            ticket: ticket.der,
        }
    }
}
