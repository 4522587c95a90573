//! The code over all three messages (MS-NLMP 3.1.5.1.2).

use super::{hmac_md5::hmac_md5, keys::SessionKey};
use crate::message::AuthenticateMessage;

impl SessionKey {
    /// The MIC over the three messages as they were sent, the last with zeros in the MIC's place, whatever stands
    /// there.
    ///
    /// A message that has no room for a MIC counts as it is.
    #[must_use]
    pub fn mic(&self, negotiate: &[u8], challenge: &[u8], authenticate: &[u8]) -> [u8; 16] {
        let before = authenticate.get(..AuthenticateMessage::MIC_OFFSET);
        let behind = authenticate.get(AuthenticateMessage::MIC_END..);
        let [before, zeros, behind] = match (before, behind) {
            (Some(before), Some(behind)) => [before, &[0; 16], behind],
            _ => [authenticate, &[], &[]],
        };
        hmac_md5(self.expose(), [negotiate, challenge, before, zeros, behind])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A34: zeros count in the MIC's place, whatever stands there; a message without that place counts as it is.
    #[test]
    fn a34_zeros_count_in_its_place() {
        let key = SessionKey::new([5; 16]);
        let message: Vec<u8> = (0..100).collect();
        let mut zeroed = message.clone();
        zeroed[72..88].fill(0);
        let over = |message: &[u8]| hmac_md5(key.expose(), [&[b"one", b"two", message].concat()[..]]);
        assert_eq!(key.mic(b"one", b"two", &message), over(&zeroed));
        assert_eq!(key.mic(b"one", b"two", &message[..88]), over(&zeroed[..88]));
        assert_eq!(key.mic(b"one", b"two", &message[..87]), over(&message[..87]));
        assert_eq!(key.mic(b"one", b"two", &[]), over(&[]));
    }
}
