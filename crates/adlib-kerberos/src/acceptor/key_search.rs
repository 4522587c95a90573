//! Finding the key that opens a ticket.

use alloc::vec::Vec;
use core::{cmp::Reverse, fmt};

use adlib_core::Secret;

use crate::{
    EncryptionType, Keytab, KeytabEntry, Principal, Rejection, der::TicketBody, policy::AcceptedServices,
};

/// A key that was tried on a ticket: whose, and which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTried {
    /// The principal of the keytab entry.
    pub principal: Principal,
    /// The version of the key.
    pub kvno: u32,
    /// The encryption type.
    pub etype: EncryptionType,
}

impl fmt::Display for KeyTried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.principal, self.kvno)
    }
}

impl From<&KeytabEntry> for KeyTried {
    fn from(entry: &KeytabEntry) -> Self {
        Self {
            principal: entry.principal.clone(),
            kvno: entry.kvno,
            etype: entry.key.etype(),
        }
    }
}

/// A ticket that a key opened.
pub(super) struct Opened<'k> {
    pub(super) entry: &'k KeytabEntry,
    pub(super) plaintext: Secret<Vec<u8>>,
    pub(super) tried: Vec<KeyTried>,
}

/// Open the ticket with the keys of its encryption type, the likeliest first.
///
/// Name and version on the ticket are not protected: they order the search and decide nothing (A4).
///
/// # Errors
/// `NoKey`, `TicketNotOpened`.
pub(super) fn open<'k>(
    ticket: &TicketBody<'_>,
    etype: EncryptionType,
    keytab: &'k Keytab,
    services: &AcceptedServices,
) -> Result<Opened<'k>, Rejection> {
    let service = ticket.sname.in_realm(ticket.realm);
    let kvno = ticket.enc_part.version();
    let candidates = candidates(keytab, etype, kvno, &service, services);
    if candidates.is_empty() {
        return Err(Rejection::NoKey { etype, kvno, service });
    }
    let mut tried = Vec::new();
    for entry in candidates {
        tried.push(KeyTried::from(entry));
        if let Some(plaintext) = entry.key.ticket_cipher().decrypt(ticket.enc_part.cipher.0) {
            return Ok(Opened {
                entry,
                plaintext,
                tried,
            });
        }
    }
    Err(Rejection::TicketNotOpened {
        etype,
        kvno,
        service,
        tried,
    })
}

/// The keys of `etype`: those of accepted services first, then by name, version, and the newest.
fn candidates<'k>(
    keytab: &'k Keytab,
    etype: EncryptionType,
    kvno: Option<u32>,
    service: &Principal,
    services: &AcceptedServices,
) -> Vec<&'k KeytabEntry> {
    let of_etype = keytab.entries().iter().filter(|entry| entry.key.etype() == etype);
    let mut candidates: Vec<&KeytabEntry> = of_etype.collect();
    candidates.sort_by_key(|entry| {
        let named = entry.principal.answers_to(&service.name());
        let accepted = services.accept(&entry.principal);
        (!accepted, !named, Some(entry.kvno) != kvno, Reverse(entry.kvno))
    });
    candidates
}
