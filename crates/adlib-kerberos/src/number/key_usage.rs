//! Key usage numbers (RFC 4120 7.5.1): what keeps a message made for one purpose from serving another.

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsage(pub(crate) u32);

impl KeyUsage {
    /// `PA-ENC-TIMESTAMP`.
    pub(crate) const ENC_TIMESTAMP: Self = Self(1);
    /// The encrypted part of a ticket.
    pub(crate) const TICKET: Self = Self(2);
    /// The encrypted part of an AS-REP.
    pub(crate) const AS_REP: Self = Self(3);
    /// The checksum in the authenticator of a TGS-REQ.
    pub(crate) const TGS_REQ_CHECKSUM: Self = Self(6);
    /// The authenticator of a TGS-REQ.
    pub(crate) const TGS_REQ_AUTHENTICATOR: Self = Self(7);
    /// The encrypted part of a TGS-REP, by the session key.
    pub(crate) const TGS_REP_SESSION_KEY: Self = Self(8);
    /// The encrypted part of a TGS-REP, by the authenticator's subkey.
    pub(crate) const TGS_REP_SUBKEY: Self = Self(9);
    /// The authenticator of an AP-REQ.
    pub(crate) const AP_REQ_AUTHENTICATOR: Self = Self(11);
    /// The encrypted part of an AP-REP.
    pub(crate) const AP_REP: Self = Self(12);
    /// The encrypted part of a KRB-CRED.
    pub(crate) const KRB_CRED: Self = Self(14);
    /// Messages of the acceptor that are wrapped, and those that are signed only (RFC 4121 2).
    pub(crate) const ACCEPTOR_SEAL: Self = Self(22);
    pub(crate) const ACCEPTOR_SIGN: Self = Self(23);
    /// The same of the initiator.
    pub(crate) const INITIATOR_SEAL: Self = Self(24);
    pub(crate) const INITIATOR_SIGN: Self = Self(25);
    /// The signatures of a PAC (`KERB_NON_KERB_CKSUM_SALT`, MS-PAC 2.8).
    pub(crate) const PAC_SIGNATURE: Self = Self(17);
    /// The checksum of the request under armour (RFC 6113 5.4.2).
    pub(crate) const FAST_REQ_CHECKSUM: Self = Self(50);
    /// The request under armour.
    pub(crate) const FAST_REQ: Self = Self(51);
    /// The reply under armour.
    pub(crate) const FAST_REP: Self = Self(52);
    /// The checksum of the ticket under armour.
    pub(crate) const FAST_FINISHED: Self = Self(53);
    /// The client's `PA-ENCRYPTED-CHALLENGE` (RFC 6113 5.4.6).
    pub(crate) const CLIENT_CHALLENGE: Self = Self(54);
    /// The checksum of the AS-REQ in its reply (RFC 6806 11).
    pub(crate) const AS_REQ: Self = Self(56);
}
