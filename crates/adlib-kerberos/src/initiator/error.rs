//! Why an exchange with a KDC gives no ticket.

use alloc::{boxed::Box, string::String, vec::Vec};

use adlib_core::{DecodeError, UnixTime};

use super::KrbError;
use crate::{KeyError, Principal};

/// An exchange that gives no ticket: a variant for each thing that can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The KDC refuses.
    #[error("the KDC refuses: {0}")]
    Refused(Box<KrbError>),
    /// A message that is not what it should be.
    #[error("the KDC's answer: {0}")]
    Malformed(#[from] DecodeError),
    /// Nothing can be offered: the policy's encryption types are not those of the keys.
    #[error("no encryption type to offer: the policy and the keys have none in common")]
    NothingToOffer,
    /// The KDC wants a pre-authentication that is not spoken here, such as a smart card's.
    #[error("the KDC offers no pre-authentication by password or key, only types {offered:?}")]
    NoMethod {
        /// The types of pre-authentication that it does offer.
        offered: Vec<i32>,
    },
    /// The client has no key of an encryption type that was offered, as far as the KDC says.
    #[error("the KDC has keys of the types {found:?} for the client, and none of them was offered")]
    NoUsableKey {
        /// The encryption types of the client's keys.
        found: Vec<i32>,
    },
    /// A number of iterations for the password hash that is out of bounds.
    #[error("{0} iterations of the password hash are out of bounds")]
    Iterations(u64),
    /// The KDC asks for pre-authentication again after it was given.
    #[error("the KDC asks again for the pre-authentication that it was given")]
    AskedAgain,
    /// The reply is encrypted by an encryption type that was not offered.
    #[error("the reply has encryption type {0}, which was not offered")]
    EtypeNotOffered(i32),
    /// The reply does not open with the client's key.
    #[error("the reply does not open with the client's key")]
    NotOpened {
        /// Whether the KDC had already verified the key, as it seemed.
        preauthenticated: bool,
    },
    /// The reply answers another request.
    #[error("the reply has another nonce than the request")]
    Nonce,
    /// The reply is for another client.
    #[error("the reply is for the client {found}")]
    ClientName {
        /// The client in the reply.
        found: Principal,
    },
    /// The reply is for another service.
    #[error("the reply is for the service {found}")]
    ServiceName {
        /// The service in the reply.
        found: Principal,
    },
    /// The reply is another realm's, or a ticket-granting ticket for one where none was asked for.
    #[error("the reply is the realm {}'s", .found.escape_debug())]
    ServiceRealm {
        /// The realm in the reply.
        found: String,
    },
    /// What stands on the ticket is not what the reply says.
    #[error("the ticket in the reply is for {found}")]
    TicketName {
        /// The service on the ticket.
        found: Principal,
    },
    /// The ticket to ask with grants no tickets.
    #[error("the ticket for {found} grants no tickets")]
    NotTicketGranting {
        /// The service of the ticket.
        found: Principal,
    },
    /// The session key is of an encryption type that was not offered.
    #[error("the session key has encryption type {0}, which was not offered")]
    SessionEtype(i32),
    /// The session key does not fit its encryption type.
    #[error("the session key: {0}")]
    SessionKey(#[from] KeyError),
    /// The ticket has ended already.
    #[error("the ticket has ended at {end_time}")]
    Ended {
        /// When it ended.
        end_time: UnixTime,
    },
    /// The KDC answers another request than was sent: it was changed on the way (RFC 6806 11).
    #[error("the request was changed on its way to the KDC")]
    RequestChanged,
    /// A referral to a realm that was asked already.
    #[error("a referral back to the realm {}", .realm.escape_debug())]
    ReferralLoop {
        /// The realm.
        realm: String,
    },
    /// Referrals from realm to realm without end.
    #[error("too many referrals, the last to the realm {}", .realm.escape_debug())]
    TooManyReferrals {
        /// The last realm.
        realm: String,
    },
    /// Answers without end.
    #[error("the KDC answers again and again without a ticket")]
    TooManyAnswers,
    /// The armour is missing on the answer, or does not open.
    #[error("the answer is not armoured, or the armour does not open")]
    Armour,
}

impl From<KrbError> for ExchangeError {
    fn from(error: KrbError) -> Self {
        Self::Refused(Box::new(error))
    }
}
