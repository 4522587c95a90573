//! What NTLM computes (MS-NLMP 3.3 and 3.4).

mod hmac_md5;
mod keys;
mod owf;
mod response;
mod upper_case;

pub use keys::{NtHash, ResponseKey, SessionBaseKey};
pub use response::{ClientChallenge, Ntlmv2Response};
pub use upper_case::upper_case_unit;
