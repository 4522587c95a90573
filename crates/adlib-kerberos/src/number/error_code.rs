//! Error codes of KRB-ERROR (RFC 4120 7.5.9): what a refused client may be told.

/// The code of a KRB-ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i32);

impl ErrorCode {
    /// `KRB_AP_ERR_BAD_INTEGRITY`: a decryption did not verify.
    pub const BAD_INTEGRITY: Self = Self(31);
    /// `KRB_AP_ERR_TKT_EXPIRED`.
    pub const TICKET_EXPIRED: Self = Self(32);
    /// `KRB_AP_ERR_TKT_NYV`: the ticket is not yet valid.
    pub const TICKET_NOT_YET_VALID: Self = Self(33);
    /// `KRB_AP_ERR_REPEAT`: a replay.
    pub const REPEAT: Self = Self(34);
    /// `KRB_AP_ERR_NOT_US`: the ticket is for another service.
    pub const NOT_US: Self = Self(35);
    /// `KRB_AP_ERR_BADMATCH`: ticket and authenticator do not match.
    pub const BAD_MATCH: Self = Self(36);
    /// `KRB_AP_ERR_SKEW`: the clocks differ too much.
    pub const SKEW: Self = Self(37);
    /// `KRB_AP_ERR_BADADDR`: the client's address is not in the ticket.
    pub const BAD_ADDRESS: Self = Self(38);
    /// `KDC_ERR_POLICY`: the policy refuses.
    pub const POLICY: Self = Self(12);
    /// `KRB_AP_ERR_MODIFIED`: the message was altered.
    pub const MODIFIED: Self = Self(41);
    /// `KRB_AP_ERR_NOKEY`: the service has no key for the ticket.
    pub const NO_KEY: Self = Self(45);
    /// `KRB_AP_ERR_INAPP_CKSUM`: a checksum of a type that does not belong here.
    pub const INAPPROPRIATE_CHECKSUM: Self = Self(50);
    /// `KRB_AP_PATH_NOT_ACCEPTED`: the realms in between are not trusted.
    pub const PATH_NOT_ACCEPTED: Self = Self(51);
    /// `KRB_ERR_GENERIC`.
    pub const GENERIC: Self = Self(60);
    /// `KDC_ERR_ETYPE_NOSUPP`: the encryption type is not accepted.
    pub const ETYPE_NOT_SUPPORTED: Self = Self(14);
}
