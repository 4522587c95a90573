//! Finding the key that opens a ticket.

use alloc::{sync::Arc, vec::Vec};
use core::{cmp::Reverse, fmt, ops::Range};

use super::plaintext::Plaintext;
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

/// The key that opened a ticket, among those of its table.
#[derive(Debug)]
pub(super) enum OpeningKey<'k> {
    /// Where it lies: no count is kept that threads would take from one another with each message.
    Lent {
        /// The key.
        entry: &'k KeytabEntry,
        /// All keys.
        keys: &'k [KeytabEntry],
    },
    /// Shared, for a message that outlives the table.
    Shared {
        /// The key.
        entry: KeytabEntry,
        /// All keys.
        keys: Arc<[KeytabEntry]>,
    },
}

impl<'k> OpeningKey<'k> {
    /// `entry` of `keytab`, lent.
    pub(super) fn lent(keytab: &'k Keytab, entry: &'k KeytabEntry) -> Self {
        let keys = keytab.entries();
        Self::Lent { entry, keys }
    }

    /// The entry.
    pub(super) const fn entry(&self) -> &KeytabEntry {
        match self {
            Self::Lent { entry, .. } => entry,
            Self::Shared { entry, .. } => entry,
        }
    }

    /// All keys of the table.
    pub(super) fn keys(&self) -> &[KeytabEntry] {
        match self {
            Self::Lent { keys, .. } => keys,
            Self::Shared { keys, .. } => keys,
        }
    }
}

impl OpeningKey<'static> {
    /// `entry` of `keytab`, shared.
    pub(super) fn shared(keytab: &Keytab, entry: &KeytabEntry) -> Self {
        Self::Shared {
            entry: entry.clone(),
            keys: keytab.share(),
        }
    }
}

/// A ticket that a key opened.
pub(super) struct Opened<'k> {
    pub(super) entry: &'k KeytabEntry,
    /// Where its plaintext lies.
    pub(super) ticket: Range<usize>,
    /// The keys that did not open it.
    pub(super) failed: Vec<KeyTried>,
}

/// A ticket with all that orders the search.
struct Search<'s> {
    ticket: &'s TicketBody<'s>,
    etype: EncryptionType,
    kvno: Option<u32>,
    services: &'s AcceptedServices,
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
    plaintext: &mut Plaintext<'_>,
) -> Result<Opened<'k>, Rejection> {
    let search = Search {
        ticket,
        etype,
        kvno: ticket.enc_part.version(),
        services,
    };
    // The first one nearly always: nothing is sorted for it.
    let first = search.candidates(keytab).min_by_key(|entry| search.rank(entry));
    let Some(first) = first else {
        return Err(Rejection::NoKey {
            etype,
            kvno: search.kvno,
            service: ticket.sname.in_realm(ticket.realm),
        });
    };
    let mut message_opens =
        |entry: &KeytabEntry| plaintext.open(entry.key.ticket_cipher(), ticket.enc_part.cipher.0);
    if let Some(ticket) = message_opens(first) {
        return Ok(Opened {
            entry: first,
            ticket,
            failed: Vec::new(),
        });
    }
    let mut rest: Vec<&KeytabEntry> = search.candidates(keytab).collect();
    rest.sort_by_key(|entry| search.rank(entry));
    let mut failed = alloc::vec![KeyTried::from(first)];
    for entry in rest.into_iter().skip(1) {
        if let Some(ticket) = message_opens(entry) {
            return Ok(Opened {
                entry,
                ticket,
                failed,
            });
        }
        failed.push(KeyTried::from(entry));
    }
    Err(Rejection::TicketNotOpened {
        etype,
        kvno: search.kvno,
        service: ticket.sname.in_realm(ticket.realm),
        tried: failed,
    })
}

impl Search<'_> {
    /// The keys of the ticket's encryption type.
    fn candidates<'k>(&self, keytab: &'k Keytab) -> impl Iterator<Item = &'k KeytabEntry> + use<'k> {
        let etype = self.etype;
        keytab
            .entries()
            .iter()
            .filter(move |entry| entry.key.etype() == etype)
    }

    /// Keys of accepted services first, then those of the name on the ticket, of its version, and the newest.
    fn rank(&self, entry: &KeytabEntry) -> (bool, bool, bool, Reverse<u32>) {
        let named = entry.principal.has_components(self.ticket.sname.octets());
        let accepted = self.services.accept(&entry.principal);
        (
            !accepted,
            !named,
            Some(entry.kvno) != self.kvno,
            Reverse(entry.kvno),
        )
    }
}
