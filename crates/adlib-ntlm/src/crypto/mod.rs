//! What NTLM computes (MS-NLMP 3.3 and 3.4).

mod crc32;
mod des;
mod hmac_md5;
mod key_exchange;
mod keys;
mod mic;
mod owf;
mod protection_keys;
mod rc4;
mod response;
mod response_v1;
mod sealing;
mod upper_case;

pub use key_exchange::V1KeyInput;
pub use keys::{
    KeyExchangeKey, LmHash, NtHash, ResponseKey, SealingKey, SessionBaseKey, SessionKey, SigningKey,
};
pub use protection_keys::Sender;
pub use response::{ClientChallenge, Ntlmv2Response};
pub use response_v1::extended_challenge;
pub use sealing::{SIGNATURE_BYTES, Sealing};
pub use upper_case::upper_case_unit;
