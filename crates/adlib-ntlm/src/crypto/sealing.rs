//! Messages signed and sealed, message by message (MS-NLMP 3.4.2 to 3.4.4).

use alloc::vec::Vec;

use adlib_core::{DecodeError, DecodeErrorKind, Reader};
use subtle::ConstantTimeEq;

use super::{
    crc32::crc32,
    hmac_md5::hmac_md5,
    keys::{SealingKey, SessionKey, SigningKey},
    protection_keys::Sender,
    rc4::Rc4State,
};
use crate::{Rejection, message::NegotiateFlags};

/// The length of a signature (MS-NLMP 2.2.2.9).
pub const SIGNATURE_BYTES: usize = 16;

const VERSION: u32 = 1;

/// What signs and seals in both directions.
///
/// It counts messages: each must be taken once and in order. Datagrams have their number with them, and may be lost or
/// come in another order; that none comes twice is then the application's to see.
///
/// ```
/// use adlib_ntlm::{SessionKey, crypto::{Sealing, Sender}, message::NegotiateFlags};
///
/// let flags = NegotiateFlags::EXTENDED_SESSION_SECURITY | NegotiateFlags::KEY_128 | NegotiateFlags::KEY_EXCHANGE;
/// let key = SessionKey::new([0x55; 16]);
/// let mut initiator = Sealing::new(&key, flags, Sender::Initiator);
/// let mut acceptor = Sealing::new(&key, flags, Sender::Acceptor);
/// let sealed = initiator.seal(b"hello");
/// assert_eq!(acceptor.unseal(&sealed)?, b"hello");
/// assert!(acceptor.unseal(&sealed).is_err());
/// # Ok::<(), adlib_ntlm::Rejection>(())
/// ```
pub struct Sealing {
    ciphers: Ciphers,
    outgoing: Direction,
    incoming: Direction,
    /// Whether checksums are encrypted too.
    key_exchange: bool,
}

/// Who has a cipher, and a count, of its own.
enum Ciphers {
    /// Each direction (extended session security).
    Each { outgoing: Rc4State, incoming: Rc4State },
    /// None: both directions go on with one.
    Shared(Rc4State),
    /// Each datagram.
    Datagram {
        outgoing: SealingKey,
        incoming: SealingKey,
    },
}

struct Direction {
    /// None without extended session security.
    key: Option<SigningKey>,
    /// The number of the next message.
    sequence: u32,
}

/// Which way a message goes.
#[derive(Clone, Copy)]
enum Way {
    Out,
    In,
}

/// A signature (MS-NLMP 2.2.2.9.1 and 2.2.2.9.2), encrypted where it is to be.
///
/// ```text
/// Version (4) = 1 Checksum (8) SeqNum (4)                  with extended session security
/// Version (4) = 1 RandomPad (4) Checksum (4) SeqNum (4)    without
/// ```
struct Signature {
    checksum: [u8; 8],
    sequence: [u8; 4],
}

impl Sealing {
    /// What `sender` signs and seals with, and what it compares and opens its peer's messages with.
    #[must_use]
    pub fn new(key: &SessionKey, flags: NegotiateFlags, sender: Sender) -> Self {
        let extended = flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY);
        let [outgoing, incoming] = [sender, sender.other()].map(|sender| key.sealing_key(flags, sender));
        let ciphers = if !extended {
            Ciphers::Shared(Rc4State::new(outgoing.expose()))
        } else if flags.contains(NegotiateFlags::DATAGRAM) {
            Ciphers::Datagram { outgoing, incoming }
        } else {
            Ciphers::Each {
                outgoing: Rc4State::new(outgoing.expose()),
                incoming: Rc4State::new(incoming.expose()),
            }
        };
        let direction = |sender| Direction {
            key: key.signing_key(flags, sender),
            sequence: 0,
        };
        Self {
            ciphers,
            outgoing: direction(sender),
            incoming: direction(sender.other()),
            key_exchange: flags.contains(NegotiateFlags::KEY_EXCHANGE),
        }
    }

    /// The signature of `message`, which is sent as it is.
    #[must_use]
    pub fn sign(&mut self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let sequence = self.take(Way::Out);
        self.with_cipher(Way::Out, sequence, |direction, cipher, exchange| {
            direction.signature(message, sequence, cipher, exchange).encode()
        })
    }

    /// Compare the peer's signature of `message`.
    ///
    /// # Errors
    /// `Malformed`, `OutOfOrder`, `WrongSignature`.
    pub fn verify(&mut self, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let signature = Signature::decode(signature)?;
        let sequence = self.expected(&signature);
        self.with_cipher(Way::In, sequence, |direction, cipher, exchange| {
            let expected = direction.signature(message, sequence, cipher, exchange);
            signature.compare(&expected, direction, sequence)
        })?;
        self.take(Way::In);
        Ok(())
    }

    /// The signature of `message`, and then `message` encrypted.
    #[must_use]
    pub fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        let sequence = self.take(Way::Out);
        let mut token = Vec::with_capacity(SIGNATURE_BYTES + message.len());
        token.extend_from_slice(&[0; SIGNATURE_BYTES]);
        token.extend_from_slice(message);
        self.with_cipher(Way::Out, sequence, |direction, cipher, exchange| {
            if let Some((place, body)) = token.split_first_chunk_mut::<SIGNATURE_BYTES>() {
                // The message comes first: the cipher's stream goes on into the checksum.
                cipher.apply(body);
                *place = direction.signature(message, sequence, cipher, exchange).encode();
            }
        });
        token
    }

    /// The message that the peer sealed as `token`.
    ///
    /// # Errors
    /// `Malformed`, `OutOfOrder`, `WrongSignature`. What comes after is not read: the ciphers are out of step.
    pub fn unseal(&mut self, token: &[u8]) -> Result<Vec<u8>, Rejection> {
        let mut reader = Reader::new(token);
        let signature = Signature::decode(reader.bytes("NTLMSSP_MESSAGE_SIGNATURE", SIGNATURE_BYTES)?)?;
        let sequence = self.expected(&signature);
        let mut message = reader.rest().to_vec();
        self.with_cipher(Way::In, sequence, |direction, cipher, exchange| {
            cipher.apply(&mut message);
            let expected = direction.signature(&message, sequence, cipher, exchange);
            signature.compare(&expected, direction, sequence)
        })?;
        self.take(Way::In);
        Ok(message)
    }

    /// Begin the cipher of what is sent anew; the count goes on.
    pub(crate) fn restart_outgoing(&mut self, key: &SessionKey, flags: NegotiateFlags, sender: Sender) {
        match &mut self.ciphers {
            Ciphers::Each { outgoing: cipher, .. } | Ciphers::Shared(cipher) => {
                *cipher = Rc4State::new(key.sealing_key(flags, sender).expose());
            }
            Ciphers::Datagram { .. } => {}
        }
    }

    /// The same for what comes to `sender`, which is its peer's.
    pub(crate) fn restart_incoming(&mut self, key: &SessionKey, flags: NegotiateFlags, sender: Sender) {
        match &mut self.ciphers {
            Ciphers::Each { incoming: cipher, .. } | Ciphers::Shared(cipher) => {
                *cipher = Rc4State::new(key.sealing_key(flags, sender.other()).expose());
            }
            Ciphers::Datagram { .. } => {}
        }
    }

    /// The number that the peer's next message must bear; a datagram's own.
    fn expected(&self, signature: &Signature) -> u32 {
        match self.ciphers {
            Ciphers::Datagram { .. } => u32::from_le_bytes(signature.sequence),
            Ciphers::Each { .. } => self.incoming.sequence,
            Ciphers::Shared(_) => self.outgoing.sequence,
        }
    }

    /// The number of the next message, which is then another's.
    const fn take(&mut self, way: Way) -> u32 {
        let direction = match (way, &self.ciphers) {
            (Way::Out, _) | (_, Ciphers::Shared(_)) => &mut self.outgoing,
            (Way::In, _) => &mut self.incoming,
        };
        let sequence = direction.sequence;
        direction.sequence = sequence.wrapping_add(1);
        sequence
    }

    /// Do something with the cipher of a message, its direction and whether checksums are encrypted.
    fn with_cipher<T>(
        &mut self,
        way: Way,
        sequence: u32,
        act: impl FnOnce(&Direction, &mut Rc4State, bool) -> T,
    ) -> T {
        let direction = match way {
            Way::Out => &self.outgoing,
            Way::In => &self.incoming,
        };
        let mut own;
        let cipher = match (&mut self.ciphers, way) {
            (Ciphers::Shared(cipher), _)
            | (Ciphers::Each { outgoing: cipher, .. }, Way::Out)
            | (Ciphers::Each { incoming: cipher, .. }, Way::In) => cipher,
            (Ciphers::Datagram { outgoing: key, .. }, Way::Out)
            | (Ciphers::Datagram { incoming: key, .. }, Way::In) => {
                own = Rc4State::new(key.of_datagram(sequence).expose());
                &mut own
            }
        };
        act(direction, cipher, self.key_exchange)
    }
}

impl Direction {
    /// `MAC` (MS-NLMP 3.4.4).
    fn signature(
        &self,
        message: &[u8],
        sequence: u32,
        cipher: &mut Rc4State,
        key_exchange: bool,
    ) -> Signature {
        let number = sequence.to_le_bytes();
        let Some(key) = &self.key else {
            return Self::signature_without_key(message, sequence, cipher);
        };
        let [a, b, c, d, e, f, g, h, ..] = hmac_md5(key.expose(), [&number[..], message]);
        let mut checksum = [a, b, c, d, e, f, g, h];
        if key_exchange {
            cipher.apply(&mut checksum);
        }
        Signature {
            checksum,
            sequence: number,
        }
    }

    /// 3.4.4.1: the pad, the checksum and zeros are encrypted in turn; the pad is left out, and the number masked.
    fn signature_without_key(message: &[u8], sequence: u32, cipher: &mut Rc4State) -> Signature {
        let mut words = [[0; 4], crc32(message).to_le_bytes(), [0; 4]];
        cipher.apply(words.as_flattened_mut());
        let [_, [a, b, c, d], mask] = words;
        Signature {
            checksum: [0, 0, 0, 0, a, b, c, d],
            sequence: (u32::from_le_bytes(mask) ^ sequence).to_le_bytes(),
        }
    }
}

impl Signature {
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let at = reader;
        if reader.u32_le("NTLMSSP_MESSAGE_SIGNATURE")? != VERSION {
            return Err(at.error("NTLMSSP_MESSAGE_SIGNATURE", DecodeErrorKind::Unexpected));
        }
        let signature = Self {
            checksum: reader.array("Checksum")?,
            sequence: reader.array("SeqNum")?,
        };
        reader.finish("NTLMSSP_MESSAGE_SIGNATURE").map(|()| signature)
    }

    fn encode(&self) -> [u8; SIGNATURE_BYTES] {
        let mut bytes = [0; SIGNATURE_BYTES];
        let parts = VERSION.to_le_bytes().into_iter();
        let parts = parts.chain(self.checksum).chain(self.sequence);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// That this is the signature it should be.
    fn compare(&self, expected: &Self, direction: &Direction, sequence: u32) -> Result<(), Rejection> {
        if self.sequence != expected.sequence && direction.key.is_some() {
            let actual = u32::from_le_bytes(self.sequence);
            return Err(Rejection::OutOfOrder {
                expected: sequence,
                actual,
            });
        }
        let mut checksum = self.checksum;
        if direction.key.is_none() {
            // The pad is the sender's own.
            checksum.iter_mut().take(4).for_each(|byte| *byte = 0);
        }
        let same = checksum.ct_eq(&expected.checksum) & self.sequence.ct_eq(&expected.sequence);
        bool::from(same).then_some(()).ok_or(Rejection::WrongSignature)
    }
}
