//! Authorization data types (RFC 4120 7.5.4, MS-KILE 3.1.1.4).

/// Elements that may be ignored if unknown, wrapped (RFC 4120 5.2.6.1).
pub(crate) const IF_RELEVANT: i32 = 1;
/// The privilege attribute certificate (MS-PAC 2.1).
pub(crate) const WIN2K_PAC: i32 = 128;
/// `KERB_AUTH_DATA_AP_OPTIONS`: the client's own AP options.
pub(crate) const AP_OPTIONS: i32 = 143;
/// `KERB_AUTH_DATA_CLIENT_TARGET`: the service principal that the client means.
pub(crate) const CLIENT_TARGET: i32 = 144;
