//! Types of pre-authentication data (RFC 4120 7.5.2, MS-KILE 2.2, RFC 6113 7.1, RFC 6806 11).

/// `PA-TGS-REQ`: the ticket-granting ticket with its authenticator.
pub(crate) const TGS_REQ: i32 = 1;
/// `PA-ENC-TIMESTAMP`: the client's time, encrypted with its key.
pub(crate) const ENC_TIMESTAMP: i32 = 2;
/// `PA-PW-SALT`, where Windows puts an NT status; the number is `KERB_ERR_TYPE_EXTENDED`'s too.
pub(crate) const PW_SALT: i32 = 3;
/// `PA-ETYPE-INFO2`: the encryption types of the client's keys, with their salts and parameters.
pub(crate) const ETYPE_INFO2: i32 = 19;
/// `PA-PAC-REQUEST`: whether the ticket is to have a PAC.
pub(crate) const PAC_REQUEST: i32 = 128;
/// `PA-FX-COOKIE`: what a KDC wants back as it is.
pub(crate) const FX_COOKIE: i32 = 133;
/// `PA-FX-FAST`: the armoured request or reply.
pub(crate) const FX_FAST: i32 = 136;
/// `PA-FX-ERROR`: the KRB-ERROR within the armour.
pub(crate) const FX_ERROR: i32 = 137;
/// `PA-ENCRYPTED-CHALLENGE`: the client's time, encrypted with its key and the armour's.
pub(crate) const ENCRYPTED_CHALLENGE: i32 = 138;
/// `PA-REQ-ENC-PA-REP`: the KDC is to sign the request within its reply.
pub(crate) const REQ_ENC_PA_REP: i32 = 149;
