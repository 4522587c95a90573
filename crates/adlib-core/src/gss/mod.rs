//! GSS-API: the frame that Kerberos and SPNEGO share (RFC 2743).
//!
//! Trust level: framing looks at a peer's bytes and trusts none of them.

mod framing;

pub use framing::{Framed, KERBEROS_OID, MICROSOFT_KERBEROS_OID, NTLM_OID, SPNEGO_OID, frame, unframe};
