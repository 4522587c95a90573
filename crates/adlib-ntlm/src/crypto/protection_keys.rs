//! What signs and seals: keys of one direction (MS-NLMP 3.4.5.2 and 3.4.5.3).

use md5::{Digest, Md5};

use super::keys::{SealingKey, SessionKey, SigningKey};
use crate::message::NegotiateFlags;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The side that began.
    Initiator,
    /// The side that was asked.
    Acceptor,
}

impl Sender {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }

    const fn signing_magic(self) -> &'static [u8] {
        match self {
            Self::Initiator => b"session key to client-to-server signing key magic constant\0",
            Self::Acceptor => b"session key to server-to-client signing key magic constant\0",
        }
    }

    const fn sealing_magic(self) -> &'static [u8] {
        match self {
            Self::Initiator => b"session key to client-to-server sealing key magic constant\0",
            Self::Acceptor => b"session key to server-to-client sealing key magic constant\0",
        }
    }
}

impl SessionKey {
    /// `SIGNKEY`; without extended session security nothing is signed with a key.
    #[must_use]
    pub fn signing_key(&self, flags: NegotiateFlags, sender: Sender) -> Option<SigningKey> {
        flags
            .contains(NegotiateFlags::EXTENDED_SESSION_SECURITY)
            .then(|| SigningKey::new(md5(self.expose(), sender.signing_magic())))
    }

    /// `SEALKEY`: as strong as `flags` say, and without extended session security the same in both directions.
    #[must_use]
    pub fn sealing_key(&self, flags: NegotiateFlags, sender: Sender) -> SealingKey {
        let [a, b, c, d, e, f, g, ..] = *self.expose();
        if flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY) {
            let magic = sender.sealing_magic();
            return SealingKey::new(if flags.contains(NegotiateFlags::KEY_128) {
                md5(self.expose(), magic)
            } else if flags.contains(NegotiateFlags::KEY_56) {
                md5(&[a, b, c, d, e, f, g], magic)
            } else {
                md5(&[a, b, c, d, e], magic)
            });
        }
        let datagram = flags.contains(NegotiateFlags::DATAGRAM);
        if !datagram && !flags.contains(NegotiateFlags::LM_KEY) {
            return SealingKey::new(*self.expose());
        }
        // RC4 goes round its key: eight bytes twice are the same key as eight bytes.
        let [half, other] = if flags.contains(NegotiateFlags::KEY_56) {
            [[a, b, c, d, e, f, g, 0xa0]; 2]
        } else {
            [[a, b, c, d, e, 0xe5, 0x38, 0xb0]; 2]
        };
        let mut key = [0; 16];
        key.copy_from_slice([half, other].as_flattened());
        SealingKey::new(key)
    }
}

impl SealingKey {
    /// The key of one datagram (MS-NLMP 3.4.3).
    #[must_use]
    pub fn of_datagram(&self, sequence: u32) -> Self {
        Self::new(md5(self.expose(), &sequence.to_le_bytes()))
    }
}

fn md5(first: &[u8], second: &[u8]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update(first);
    hash.update(second);
    hash.finalize().into()
}
