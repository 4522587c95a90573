//! A ticket with what its client knows of it.

use alloc::vec::Vec;
use core::fmt;

use adlib_core::{
    DecodeError, UnixTime,
    gss::{KERBEROS_OID, frame},
};

use super::ap_req::ApReqFields;
use crate::{
    ChecksumType, Principal, Random, SessionKey,
    der::{Checksum, Octets},
    gss::AP_REQ_TOKEN,
    number::KeyUsage,
};

/// A ticket, the key that goes with it, and until when it is good.
///
/// With them anybody is the client, so `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The client, as the KDC spells it.
    pub client: Principal,
    /// The service; of a ticket-granting ticket `krbtgt/REALM`, in the realm that issued it.
    pub service: Principal,
    /// The key for client and service.
    pub session_key: SessionKey,
    /// `TicketFlags` (RFC 4120 5.3), bit 0 the most significant.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: UnixTime,
    /// From when the ticket is valid.
    pub start_time: UnixTime,
    /// Until when the ticket is valid.
    pub end_time: UnixTime,
    /// Until when it can be renewed.
    pub renew_until: Option<UnixTime>,
    /// The bytes of the ticket.
    pub ticket: Vec<u8>,
}

/// What a GSS-API initiator puts where a checksum would be: no bindings, no flags (RFC 4121 4.1.1).
const PLAIN_CHECKSUM: [u8; 24] = [
    16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

impl Credentials {
    /// The realm whose KDCs take this ticket, if it is a ticket-granting one.
    #[must_use]
    pub fn granting_realm(&self) -> Option<&str> {
        granting_realm(&self.service)
    }

    /// An AP-REQ token for the service, in its GSS frame: without channel bindings, and without asking for an answer.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket, if they did not come from a KDC.
    pub fn ap_req_token(&self, now: UnixTime, random: &mut Random<'_>) -> Result<Vec<u8>, DecodeError> {
        let fields = ApReqFields {
            usage: KeyUsage::AP_REQ_AUTHENTICATOR,
            checksum: Some(Checksum {
                cksumtype: ChecksumType::GSS.0,
                checksum: Octets(&PLAIN_CHECKSUM),
            }),
            subkey: None,
            time: now,
        };
        let message = fields.encode(self, random)?;
        Ok(frame(KERBEROS_OID, &[&AP_REQ_TOKEN, &message]))
    }
}

/// The realm that `service` grants tickets of: `krbtgt/REALM` (RFC 4120 7.3).
pub(super) fn granting_realm(service: &Principal) -> Option<&str> {
    match service.components() {
        [name, realm] if name == TICKET_GRANTING => Some(realm),
        _ => None,
    }
}

/// The first component of a ticket-granting service's name.
pub(super) const TICKET_GRANTING: &str = "krbtgt";

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Credentials({} for {}, until {})",
            self.client, self.service, self.end_time
        )
    }
}
