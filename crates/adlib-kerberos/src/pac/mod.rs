//! The privilege attribute certificate: who the user is, signed by the controller (MS-PAC).
//!
//! Trust level: [`UnverifiedPac`] is bytes from a peer, cut into buffers. [`VerifiedPac`] exists only after the
//! service's own signature verified and its parts agree with one another.

mod attributes;
mod buffer;
mod claims;
mod client_info;
mod content;
mod delegation_info;
mod device_info;
mod logon_info;
mod ndr;
mod rejection;
mod report;
mod signature;
mod upn_dns_info;
mod verified;
mod xpress_huffman;

pub use attributes::PacAttributes;
pub use buffer::{BufferType, UnverifiedPac};
pub use claims::{Claim, ClaimValues, decode_claims};
pub use client_info::ClientInfo;
pub use content::PacContent;
pub use delegation_info::DelegationInfo;
pub use device_info::{DeviceInfo, DomainGroups};
pub use logon_info::{GroupMembership, LogonInfo, SidAndAttributes};
pub use rejection::PacRejection;
pub use report::{PacReport, PacSignatures};
pub use signature::SignatureState;
pub use upn_dns_info::UpnDnsInfo;
#[cfg(feature = "issue")]
pub(crate) use upn_dns_info::{CONSTRUCTED as UPN_CONSTRUCTED, EXTENDED as UPN_EXTENDED};
pub(crate) use verified::Believed;
pub use verified::VerifiedPac;
