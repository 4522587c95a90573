//! The privilege attribute certificate: who the user is, signed by the controller (MS-PAC).
//!
//! Trust level: [`UnverifiedPac`] is bytes from a peer, cut into buffers. [`VerifiedPac`] exists only after the
//! service's own signature verified and its parts agree with one another.

mod buffer;
mod client_info;
mod logon_info;
mod ndr;
mod rejection;
mod signature;
mod upn_dns_info;
mod verified;

pub use buffer::{BufferType, UnverifiedPac};
pub use client_info::ClientInfo;
pub use logon_info::{GroupMembership, LogonInfo, SidAndAttributes};
pub use rejection::PacRejection;
pub use signature::SignatureState;
pub use upn_dns_info::UpnDnsInfo;
#[cfg(feature = "issue")]
pub(crate) use upn_dns_info::{CONSTRUCTED as UPN_CONSTRUCTED, EXTENDED as UPN_EXTENDED};
pub use verified::VerifiedPac;
