//! From the session base key to the key of the session (MS-NLMP 3.4.5.1).

use super::{
    des::des,
    hmac_md5::hmac_md5,
    keys::{KeyExchangeKey, LmHash, SessionBaseKey, SessionKey},
    rc4::rc4k,
};
use crate::message::NegotiateFlags;

/// What `NTLMv1` derives its key exchange key from.
#[derive(Debug, Clone, Copy)]
pub struct V1KeyInput<'a> {
    /// The server's challenge.
    pub server_challenge: [u8; 8],
    /// The first eight bytes of the LM response; with extended session security they are the client's challenge.
    pub lm_response: [u8; 8],
    /// The LM hash, if it is known; without it, the flags that ask for a key from it are without effect.
    pub lm_hash: Option<&'a LmHash>,
}

impl SessionBaseKey {
    /// `KXKEY` for `NTLMv2`: the key itself.
    #[must_use]
    pub fn key_exchange_key(&self) -> KeyExchangeKey {
        KeyExchangeKey::new(*self.expose())
    }

    /// `KXKEY` for `NTLMv1`, by the flags that were agreed on.
    #[must_use]
    pub fn key_exchange_key_v1(&self, flags: NegotiateFlags, input: &V1KeyInput<'_>) -> KeyExchangeKey {
        if flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY) {
            let parts = [&input.server_challenge[..], &input.lm_response];
            return KeyExchangeKey::new(hmac_md5(self.expose(), parts));
        }
        match input.lm_hash {
            Some(hash) if flags.contains(NegotiateFlags::LM_KEY) => lm_key(hash, input.lm_response),
            Some(hash) if flags.contains(NegotiateFlags::NON_NT_SESSION_KEY) => hash.key_exchange_key(),
            _ => self.key_exchange_key(),
        }
    }
}

impl LmHash {
    /// `KXKEY` where the session key may not come from the NT hash: half of this one, and zeros.
    #[must_use]
    pub fn key_exchange_key(&self) -> KeyExchangeKey {
        let [a, b, c, d, e, f, g, h, ..] = *self.expose();
        KeyExchangeKey::new([a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0])
    }
}

/// The first eight bytes of the LM response, under the first seven bytes of the hash and under the eighth.
fn lm_key(hash: &LmHash, lm_response: [u8; 8]) -> KeyExchangeKey {
    let [a, b, c, d, e, f, g, h, ..] = *hash.expose();
    let halves = [
        des([a, b, c, d, e, f, g], lm_response),
        des([h, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd], lm_response),
    ];
    let mut key = [0; 16];
    key.copy_from_slice(halves.as_flattened());
    KeyExchangeKey::new(key)
}

impl KeyExchangeKey {
    /// `EncryptedRandomSessionKey`: the client's session key as it travels.
    #[must_use]
    pub fn encrypt(&self, key: &SessionKey) -> [u8; 16] {
        rc4k(self.expose(), *key.expose())
    }

    /// The session key that travelled as `encrypted`.
    #[must_use]
    pub fn decrypt(&self, encrypted: [u8; 16]) -> SessionKey {
        SessionKey::new(rc4k(self.expose(), encrypted))
    }

    /// The session key where none travels: this one.
    #[must_use]
    pub fn to_session_key(&self) -> SessionKey {
        SessionKey::new(*self.expose())
    }
}
