//! The responses before `NTLMv2` (MS-NLMP 3.3.1): weak, and for peers that an operator cannot replace.

use md4::{Digest, Md4};
use md5::Md5;

use super::{
    des::desl,
    keys::{LmHash, NtHash, SessionBaseKey},
};

impl NtHash {
    /// The `NTLMv1` response to `challenge`.
    #[must_use]
    pub fn respond_v1(&self, challenge: [u8; 8]) -> [u8; 24] {
        desl(self.expose(), challenge)
    }

    /// The session base key of `NTLMv1`: the same in each session.
    #[must_use]
    pub fn session_base_key_v1(&self) -> SessionBaseKey {
        SessionBaseKey::new(Md4::digest(self.expose()).into())
    }
}

impl LmHash {
    /// The LM response to `challenge`.
    #[must_use]
    pub fn respond(&self, challenge: [u8; 8]) -> [u8; 24] {
        desl(self.expose(), challenge)
    }
}

/// What `NTLMv1` with extended session security answers: both sides' challenges in one.
#[must_use]
pub fn extended_challenge(server_challenge: [u8; 8], client_challenge: [u8; 8]) -> [u8; 8] {
    let mut hash = Md5::new();
    hash.update(server_challenge);
    hash.update(client_challenge);
    let digest: [u8; 16] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    [a, b, c, d, e, f, g, h]
}
