//! Making what controllers and clients make: tickets, PACs and AP-REQs, in memory.
//!
//! For tours, tests and benches. The builders have public fields and check nothing, so that wrong messages can be
//! made as easily as right ones. Randomness is handed in.

mod ap_req;
mod kdc;
mod ndr;
mod pac;
mod ticket;

use alloc::vec::Vec;

pub use ap_req::{ApReqBuilder, gss_checksum};
pub use kdc::{Kdc, KdcEntry, KdcReplyBuilder, KdcRequest, KrbErrorBuilder, Lie, OpenedTgsReq};
pub use pac::PacBuilder;
pub use ticket::{IssuedTicket, TicketBuilder};

use crate::{
    der::{self, AuthorizationData, AuthorizationDatum, Octets, SequenceOf},
    number::ad_type,
};

/// Elements of authorization data: their types and contents.
pub type AuthorizationElements = Vec<(i32, Vec<u8>)>;

/// The type of a PAC in authorization data.
pub const AD_WIN2K_PAC: i32 = ad_type::WIN2K_PAC;
/// The type of elements that may be ignored.
pub const AD_IF_RELEVANT: i32 = ad_type::IF_RELEVANT;
/// The type of a client's own options, such as that it always sends channel bindings.
pub const AD_AP_OPTIONS: i32 = ad_type::AP_OPTIONS;
/// The type of the name of the service that a client means.
pub const AD_CLIENT_TARGET: i32 = ad_type::CLIENT_TARGET;

/// `elements`, wrapped so that they may be ignored by who does not know them.
#[must_use]
pub fn if_relevant(elements: &[(i32, Vec<u8>)]) -> (i32, Vec<u8>) {
    (AD_IF_RELEVANT, der::encode(&authorization_data(elements)))
}

fn authorization_data(elements: &[(i32, Vec<u8>)]) -> AuthorizationData<'_> {
    let elements = elements.iter().map(|(ad_type, ad_data)| AuthorizationDatum {
        ad_type: *ad_type,
        ad_data: Octets(ad_data),
    });
    SequenceOf::Made(elements.collect())
}
