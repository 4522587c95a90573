//! Key usage numbers (RFC 4120 7.5.1): what keeps a message made for one purpose from serving another.

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsage(pub(crate) u32);

impl KeyUsage {
    /// The encrypted part of a ticket.
    pub(crate) const TICKET: Self = Self(2);
    /// The authenticator of an AP-REQ.
    pub(crate) const AP_REQ_AUTHENTICATOR: Self = Self(11);
    /// The encrypted part of an AP-REP.
    pub(crate) const AP_REP: Self = Self(12);
    /// The signatures of a PAC (`KERB_NON_KERB_CKSUM_SALT`, MS-PAC 2.8).
    pub(crate) const PAC_SIGNATURE: Self = Self(17);
}
