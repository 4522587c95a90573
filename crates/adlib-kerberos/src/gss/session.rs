//! A finished context.

use alloc::{boxed::Box, vec::Vec};

use adlib_core::{
    Secret,
    gss::{Error, KERBEROS_OID, Peer, Protection, Session},
};

use super::{
    MessageRejection,
    checksum::{CONFIDENTIALITY, INTEGRITY, SEQUENCE},
    rc4::Rc4Keys,
    sequence::Sequence,
    token::SideKeys,
};
use crate::{EncryptionType, SessionKey};

/// Fills a buffer with random bytes for as long as a session lasts. Where they come from is the caller's choice.
pub type SessionRandom = Box<dyn FnMut(&mut [u8]) + Send>;

/// Which side sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The side that began.
    Initiator,
    /// The side that was asked.
    Acceptor,
}

/// What both sides know when a context is finished.
pub(crate) struct Agreement {
    /// This side.
    pub(crate) role: Role,
    /// The other side, if it proves to be somebody.
    pub(crate) peer: Option<Box<Peer>>,
    /// The initiator's flags (RFC 4121 4.1.1.1).
    pub(crate) flags: u32,
    /// The acceptor's subkey, or else the initiator's, or else the ticket's session key (RFC 4121 2).
    pub(crate) key: SessionKey,
    /// Whether it is the acceptor's subkey.
    pub(crate) acceptor_subkey: bool,
    /// The number of this side's first message.
    pub(crate) send: u32,
    /// The number of the other side's first message.
    pub(crate) receive: u32,
}

/// A finished Kerberos context: it protects messages as the initiator asked (RFC 4121, RFC 4757 7).
///
/// A message of the peer may be signed only although encryption was agreed: the peer has the key, chooses message by
/// message (RFC 4752 3.1 begins with a signed one), and what it did not hide is out already. What we send is encrypted.
///
/// What comes must come once, and in the order in which it was sent unless the initiator asked for no order. After a
/// refusal of what came, the session is as it was before.
pub struct KerberosSession {
    peer: Option<Box<Peer>>,
    key: SessionKey,
    protection: Protection,
    own: Keys,
    peers: Keys,
    send: u64,
    receive: Sequence,
    random: SessionRandom,
}

/// What protects the messages of one side.
enum Keys {
    /// RFC 4121.
    Second(Box<SideKeys>),
    /// RFC 4757.
    Rc4(Rc4Keys),
}

impl Keys {
    fn new(agreement: &Agreement, sender: Role) -> Self {
        match agreement.key.etype() {
            EncryptionType::Rc4 => Self::Rc4(Rc4Keys::new(&agreement.key, sender)),
            _ => {
                let keys = SideKeys::new(&agreement.key, sender, agreement.acceptor_subkey);
                Self::Second(Box::new(keys))
            }
        }
    }
}

impl KerberosSession {
    pub(crate) fn new(agreement: Agreement, random: SessionRandom) -> Self {
        let other = match agreement.role {
            Role::Initiator => Role::Acceptor,
            Role::Acceptor => Role::Initiator,
        };
        Self {
            peer: agreement.peer.clone(),
            protection: protection(agreement.flags),
            own: Keys::new(&agreement, agreement.role),
            peers: Keys::new(&agreement, other),
            send: agreement.send.into(),
            receive: Sequence::new(agreement.receive.into(), agreement.flags & SEQUENCE != 0),
            key: agreement.key,
            random,
        }
    }

    /// The number of the next message, which is then the one before.
    fn next_number(&mut self) -> u64 {
        let number = self.send;
        self.send = self.send.wrapping_add(1);
        number
    }

    fn agreed(&self) -> Result<(), MessageRejection> {
        match self.protection {
            Protection::None => Err(MessageRejection::NotAgreed),
            _ => Ok(()),
        }
    }

    fn open(&mut self, token: &[u8]) -> Result<Vec<u8>, MessageRejection> {
        self.agreed()?;
        let (number, message) = match &self.peers {
            Keys::Second(keys) => keys.unwrap(token)?,
            Keys::Rc4(keys) => {
                let (low, message) = keys.unwrap(token)?;
                (self.receive.widen(low), message)
            }
        };
        self.receive.take(number)?;
        Ok(message)
    }

    /// The number of the message whose integrity code `mic` is.
    fn number_of(&self, message: &[u8], mic: &[u8]) -> Result<u64, MessageRejection> {
        match &self.peers {
            Keys::Second(keys) => keys.verify_mic(mic, message),
            Keys::Rc4(keys) => Ok(self.receive.widen(keys.verify_mic(mic, message)?)),
        }
    }
}

/// The stronger of what the initiator asked for.
const fn protection(flags: u32) -> Protection {
    if flags & CONFIDENTIALITY != 0 {
        Protection::Confidentiality
    } else if flags & INTEGRITY != 0 {
        Protection::Integrity
    } else {
        Protection::None
    }
}

/// The low 32 bits, which is all that RC4's messages have room for.
fn low(number: u64) -> u32 {
    let [.., a, b, c, d] = number.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

impl Session for KerberosSession {
    fn mechanism(&self) -> &'static [u8] {
        KERBEROS_OID
    }

    fn peer(&self) -> Option<Peer> {
        self.peer.as_deref().cloned()
    }

    fn protection(&self) -> Protection {
        self.protection
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.agreed()?;
        let number = self.next_number();
        let seal = self.protection == Protection::Confidentiality;
        Ok(match &self.own {
            Keys::Second(keys) if seal => keys.seal(number, message, &mut *self.random),
            Keys::Second(keys) => keys.sign(number, message),
            Keys::Rc4(keys) => keys.wrap(low(number), message, seal, &mut *self.random),
        })
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.open(token)?)
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let number = self.next_number();
        Ok(match &self.own {
            Keys::Second(keys) => keys.mic(number, message),
            Keys::Rc4(keys) => keys.mic(low(number), message),
        })
    }

    fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Error> {
        let number = self.number_of(message, mic)?;
        Ok(self.receive.take(number)?)
    }

    /// Windows may count this code as none of the messages: then it has the number 0, and the first message the number
    /// that is due.
    fn verify_mech_list_mic(&mut self, list: &[u8], mic: &[u8]) -> Result<(), Error> {
        let number = self.number_of(list, mic)?;
        match self.receive.take(number) {
            Err(_) if number == 0 => Ok(()),
            taken => Ok(taken?),
        }
    }

    fn key(&self) -> Option<Secret<Vec<u8>>> {
        Some(Secret::new(self.key.expose().to_vec()))
    }
}

impl core::fmt::Debug for KerberosSession {
    /// Without the keys.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KerberosSession")
            .field("key", &self.key)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn session(role: Role, etype: EncryptionType) -> KerberosSession {
        let agreement = Agreement {
            role,
            peer: None,
            flags: INTEGRITY | SEQUENCE,
            key: SessionKey::new(etype, vec![3; etype.key_length()]).unwrap(),
            acceptor_subkey: false,
            send: 77,
            receive: 77,
        };
        KerberosSession::new(agreement, Box::new(|bytes| bytes.fill(1)))
    }

    /// A29: Windows' code over the list of mechanisms may have the number 0, and then counts as no message.
    #[test]
    fn a29_windows_code_over_the_list_has_number_0() {
        for etype in EncryptionType::ALL {
            let (mut initiator, mut acceptor) =
                (session(Role::Initiator, etype), session(Role::Acceptor, etype));
            let mic = match &initiator.own {
                Keys::Second(keys) => keys.mic(0, b"list"),
                Keys::Rc4(keys) => keys.mic(0, b"list"),
            };
            assert!(acceptor.verify_mic(b"list", &mic).is_err(), "it is no message");
            assert!(acceptor.verify_mech_list_mic(b"tsil", &mic).is_err());
            acceptor.verify_mech_list_mic(b"list", &mic).unwrap();
            let first = initiator.wrap(b"first").unwrap();
            assert_eq!(acceptor.unwrap(&first).unwrap(), b"first");
            // One that counts does, and one that is neither is refused.
            let counted = initiator.mech_list_mic(b"list").unwrap();
            acceptor.verify_mech_list_mic(b"list", &counted).unwrap();
            assert!(acceptor.verify_mech_list_mic(b"list", &counted).is_err());
        }
    }
}
