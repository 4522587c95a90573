//! Messages under RFC 4121 4.2: a header of 16 bytes, then what is protected.
//!
//! ```text
//! MIC   04 04 Flags (1) FF*5              SND_SEQ (8) SGN_CKSUM
//! Wrap  05 04 Flags (1) FF EC (2) RRC (2) SND_SEQ (8) data, rotated to the right by RRC bytes
//! ```
//!
//! The data of a sealed Wrap is encrypted with `EC` filling bytes and the header (with an RRC of 0) behind it; that of
//! one that is only signed has a checksum of `EC` bytes behind it, of data and header (with an EC and an RRC of 0).

use alloc::vec::Vec;

use adlib_core::{DecodeErrorKind, Reader};

use super::{MessageRejection, Role};
use crate::{
    Random, SessionKey,
    crypto::{ChecksumKey, Cipher},
    number::KeyUsage,
};

const MIC: [u8; 2] = [4, 4];
const WRAP: [u8; 2] = [5, 4];
const HEADER: usize = 16;

const SENT_BY_ACCEPTOR: u8 = 1;
const SEALED: u8 = 2;
const ACCEPTOR_SUBKEY: u8 = 4;

/// What protects the messages of one side.
#[derive(Clone)]
pub(super) struct SideKeys {
    seal: Cipher,
    /// Signs a Wrap that is not sealed, with the usage of one that is.
    wrap: ChecksumKey,
    mic: ChecksumKey,
    /// The flags of all messages of this side, but for `SEALED`.
    flags: u8,
}

impl SideKeys {
    pub(super) fn new(key: &SessionKey, sender: Role, acceptor_subkey: bool) -> Self {
        let (seal, sign, own) = match sender {
            Role::Acceptor => (KeyUsage::ACCEPTOR_SEAL, KeyUsage::ACCEPTOR_SIGN, SENT_BY_ACCEPTOR),
            Role::Initiator => (KeyUsage::INITIATOR_SEAL, KeyUsage::INITIATOR_SIGN, 0),
        };
        Self {
            seal: key.cipher(seal),
            wrap: key.checksum_key(seal),
            mic: key.checksum_key(sign),
            flags: own | if acceptor_subkey { ACCEPTOR_SUBKEY } else { 0 },
        }
    }

    /// A message integrity code.
    pub(super) fn mic(&self, number: u64, message: &[u8]) -> Vec<u8> {
        let header = header(MIC, self.flags, [0xff; 4], number);
        let sum = self.mic.sum_parts(|part| {
            part(message);
            part(&header);
        });
        [&header, sum.as_slice()].concat()
    }

    /// The number of the message integrity code `token` over `message`.
    ///
    /// # Errors
    /// `Malformed`, `Reflected`, `OtherKey`, `Signature`.
    pub(super) fn verify_mic(&self, token: &[u8], message: &[u8]) -> Result<u64, MessageRejection> {
        let head = Head::read(MIC, token)?;
        self.check_flags(head.flags)?;
        let sum = self.mic.sum_parts(|part| {
            part(message);
            part(&head.bytes);
        });
        if head.extra == 0xffff && head.rotation == 0xffff && sum.is(head.rest) {
            Ok(head.number)
        } else {
            Err(MessageRejection::Signature)
        }
    }

    /// A sealed message.
    pub(super) fn seal(&self, number: u64, message: &[u8], random: &mut Random<'_>) -> Vec<u8> {
        let header = header(WRAP, self.flags | SEALED, [0; 4], number);
        let sealed = self.seal.encrypt(&[message, &header].concat(), random);
        [&header[..], &sealed].concat()
    }

    /// A message that is only signed.
    pub(super) fn sign(&self, number: u64, message: &[u8]) -> Vec<u8> {
        let unnumbered = header(WRAP, self.flags, [0; 4], number);
        let sum = self.wrap.sum_parts(|part| {
            part(message);
            part(&unnumbered);
        });
        // At most 24 bytes.
        let length = u8::try_from(sum.as_slice().len()).unwrap_or(0);
        let header = header(WRAP, self.flags, [0, length, 0, 0], number);
        [&header, message, sum.as_slice()].concat()
    }

    /// The number and the message of the Wrap `token`.
    ///
    /// # Errors
    /// `Malformed`, `Reflected`, `OtherKey`, `Signature`.
    pub(super) fn unwrap(&self, token: &[u8]) -> Result<(u64, Vec<u8>), MessageRejection> {
        let head = Head::read(WRAP, token)?;
        self.check_flags(head.flags & !SEALED)?;
        let mut data = head.rest.to_vec();
        let rotation = usize::from(head.rotation).checked_rem(data.len()).unwrap_or(0);
        data.rotate_left(rotation);
        let length = if head.flags & SEALED != 0 {
            self.open(&head, &mut data)?
        } else {
            self.check_sum(&head, &data)?
        };
        data.truncate(length);
        Ok((head.number, data))
    }

    /// Decrypt `data`; how much of it, then, is the message.
    fn open(&self, head: &Head<'_>, data: &mut Vec<u8>) -> Result<usize, MessageRejection> {
        let plaintext = self.seal.open(data).ok_or(MessageRejection::Signature)?;
        let (rest, inner) = plaintext
            .split_last_chunk::<HEADER>()
            .ok_or(MessageRejection::Signature)?;
        let [extra_high, extra_low] = head.extra.to_be_bytes();
        let expected = header(WRAP, head.flags, [extra_high, extra_low, 0, 0], head.number);
        let length = rest.len().checked_sub(head.extra.into());
        let length = length
            .filter(|_| *inner == expected)
            .ok_or(MessageRejection::Signature)?;
        let message = rest.get(..length).unwrap_or_default().to_vec();
        *data = message;
        Ok(length)
    }

    /// Compare the checksum behind `data`; how much of it is the message.
    fn check_sum(&self, head: &Head<'_>, data: &[u8]) -> Result<usize, MessageRejection> {
        let length = data.len().checked_sub(head.extra.into());
        let split = length.and_then(|length| data.split_at_checked(length));
        let (message, sent) = split.ok_or(MessageRejection::Signature)?;
        let sum = self.wrap.sum_parts(|part| {
            part(message);
            part(&header(WRAP, head.flags, [0; 4], head.number));
        });
        if sum.is(sent) {
            Ok(message.len())
        } else {
            Err(MessageRejection::Signature)
        }
    }

    /// `flags` are this side's, which are the peer's of who checks.
    fn check_flags(&self, flags: u8) -> Result<(), MessageRejection> {
        match flags ^ self.flags {
            0 => Ok(()),
            difference if difference & SENT_BY_ACCEPTOR != 0 => Err(MessageRejection::Reflected),
            ACCEPTOR_SUBKEY => Err(MessageRejection::OtherKey),
            _ => Err(MessageRejection::Signature),
        }
    }
}

/// A token's header, and what follows.
struct Head<'a> {
    bytes: [u8; HEADER],
    flags: u8,
    extra: u16,
    rotation: u16,
    number: u64,
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn read(identifier: [u8; 2], token: &'a [u8]) -> Result<Self, MessageRejection> {
        let mut reader = Reader::new(token);
        let bytes = reader.array("GSS token header")?;
        let mut fields = Reader::new(token);
        if fields.array("TOK_ID")? != identifier {
            return Err(Reader::new(token)
                .error("TOK_ID", DecodeErrorKind::Unexpected)
                .into());
        }
        let flags = fields.u8("Flags")?;
        if fields.u8("Filler")? != 0xff {
            return Err(fields.error("Filler", DecodeErrorKind::Unexpected).into());
        }
        Ok(Self {
            bytes,
            flags,
            extra: fields.u16_be("EC")?,
            rotation: fields.u16_be("RRC")?,
            number: u64::from_be_bytes(fields.array("SND_SEQ")?),
            rest: reader.rest(),
        })
    }
}

fn header(identifier: [u8; 2], flags: u8, counts: [u8; 4], number: u64) -> [u8; HEADER] {
    let [a, b] = identifier;
    let [c, d, e, f] = counts;
    let [g, h, i, j, k, l, m, n] = number.to_be_bytes();
    [a, b, flags, 0xff, c, d, e, f, g, h, i, j, k, l, m, n]
}
