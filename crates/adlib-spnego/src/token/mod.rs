//! The two tokens of SPNEGO (RFC 4178 4.2, MS-SPNG 2.2.1).
//!
//! Trust level: wire types. They borrow from the token, have public fields and no policy; any bytes give a value or a
//! [`DecodeError`](adlib_core::DecodeError).

mod der;
mod init;
mod mech_type;
mod resp;

pub use init::{MAX_MECH_TYPES, NegTokenInit};
pub use mech_type::MechType;
pub use resp::{NegState, NegTokenResp};
