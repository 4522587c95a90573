//! Messages under RC4 (RFC 4757 7, in the form of RFC 1964 1.2).
//!
//! ```text
//! MIC   01 01 SGN_ALG (2) FF*4                SND_SEQ (8) SGN_CKSUM (8)
//! Wrap  02 01 SGN_ALG (2) SEAL_ALG (2) FF*2   SND_SEQ (8) SGN_CKSUM (8) confounder (8) message, one byte of padding
//! ```

use alloc::vec::Vec;

use adlib_core::{
    DecodeError, DecodeErrorKind, Reader,
    gss::{KERBEROS_OID, frame, unframe},
};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::{MessageRejection, Role};
use crate::{
    Random, SessionKey,
    crypto::{
        KeyBytes,
        rc4_hmac::{apply_keystream, derive, hmac_md5},
    },
};

const MIC: [u8; 8] = [1, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff];
const SEALED: [u8; 8] = [2, 1, 0x11, 0, 0x10, 0, 0xff, 0xff];
const SIGNED: [u8; 8] = [2, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff];
/// The usages of the checksums: 15 of a MIC, 13 of a Wrap.
const MIC_SALT: [u8; 4] = [15, 0, 0, 0];
const WRAP_SALT: [u8; 4] = [13, 0, 0, 0];
const PADDING: u8 = 1;

/// What protects the messages of one side.
#[derive(Clone)]
pub(super) struct Rc4Keys {
    sign: KeyBytes,
    sequence: KeyBytes,
    /// The key with every byte changed by `F0`, of which the keys that seal are made.
    local: KeyBytes,
    /// Behind the number of every message: who sent it.
    direction: [u8; 4],
}

impl Rc4Keys {
    pub(super) fn new(key: &SessionKey, sender: Role) -> Self {
        let base = key.bytes();
        let local = zeroize::Zeroizing::new(base.padded::<16>().map(|byte| byte ^ 0xf0));
        Self {
            sign: derive(base, b"signaturekey\0"),
            sequence: derive(base, &[0; 4]),
            local: derive(&KeyBytes::new(&*local), &[0; 4]),
            direction: match sender {
                Role::Initiator => [0; 4],
                Role::Acceptor => [0xff; 4],
            },
        }
    }

    /// A message integrity code.
    pub(super) fn mic(&self, number: u32, message: &[u8]) -> Vec<u8> {
        let sum = self.sum(MIC_SALT, MIC, message);
        frame(KERBEROS_OID, &[&MIC, &self.sealed_number(number, sum), &sum])
    }

    /// The low bits of the number of the message integrity code `token` over `message`.
    ///
    /// # Errors
    /// `Malformed`, `Reflected`, `Signature`.
    pub(super) fn verify_mic(&self, token: &[u8], message: &[u8]) -> Result<u32, MessageRejection> {
        let parts = Parts::read(token)?;
        if parts.header != MIC || !parts.rest.is_empty() {
            return Err(unexpected("TOK_ID"));
        }
        let number = self.open_number(&parts)?;
        if bool::from(self.sum(MIC_SALT, MIC, message).ct_eq(&parts.sum)) {
            Ok(number)
        } else {
            Err(MessageRejection::Signature)
        }
    }

    /// A message, sealed or only signed.
    pub(super) fn wrap(&self, number: u32, message: &[u8], seal: bool, random: &mut Random<'_>) -> Vec<u8> {
        let mut confounder = [0; 8];
        random(&mut confounder);
        let header = if seal { SEALED } else { SIGNED };
        let mut data = [&confounder[..], message, &[PADDING]].concat();
        let sum = self.sum(WRAP_SALT, header, &data);
        if seal {
            self.apply(number, &mut data);
        }
        frame(
            KERBEROS_OID,
            &[&header, &self.sealed_number(number, sum), &sum, &data],
        )
    }

    /// The low bits of the number and the message of the Wrap `token`.
    ///
    /// # Errors
    /// `Malformed`, `Reflected`, `Signature`.
    pub(super) fn unwrap(&self, token: &[u8]) -> Result<(u32, Vec<u8>), MessageRejection> {
        let parts = Parts::read(token)?;
        let sealed = match parts.header {
            SEALED => true,
            SIGNED => false,
            _ => return Err(unexpected("TOK_ID")),
        };
        let number = self.open_number(&parts)?;
        let mut data = parts.rest.to_vec();
        if sealed {
            self.apply(number, &mut data);
        }
        if !bool::from(self.sum(WRAP_SALT, parts.header, &data).ct_eq(&parts.sum)) {
            return Err(MessageRejection::Signature);
        }
        let message = data.get(8..).and_then(|padded| padded.strip_suffix(&[PADDING]));
        let message = message.ok_or(MessageRejection::Signature)?;
        Ok((number, message.to_vec()))
    }

    fn sum(&self, salt: [u8; 4], header: [u8; 8], data: &[u8]) -> [u8; 8] {
        let digest = Md5::new()
            .chain_update(salt)
            .chain_update(header)
            .chain_update(data)
            .finalize();
        let [a, b, c, d, e, f, g, h, ..] = hmac_md5(&self.sign, &[&digest]);
        [a, b, c, d, e, f, g, h]
    }

    /// The number and the direction, encrypted with a key that the checksum gives.
    fn sealed_number(&self, number: u32, sum: [u8; 8]) -> [u8; 8] {
        let [a, b, c, d] = number.to_be_bytes();
        let [e, f, g, h] = self.direction;
        let mut sealed = [a, b, c, d, e, f, g, h];
        // The key is never empty.
        let _ = apply_keystream(&derive(&self.sequence, &sum), &mut sealed);
        sealed
    }

    fn open_number(&self, parts: &Parts<'_>) -> Result<u32, MessageRejection> {
        let mut number = parts.number;
        let _ = apply_keystream(&derive(&self.sequence, &parts.sum), &mut number);
        let [a, b, c, d, direction @ ..] = number;
        if direction == self.direction {
            Ok(u32::from_be_bytes([a, b, c, d]))
        } else if direction == self.direction.map(|byte| !byte) {
            Err(MessageRejection::Reflected)
        } else {
            Err(MessageRejection::Signature)
        }
    }

    fn apply(&self, number: u32, data: &mut [u8]) {
        // The key is never empty.
        let _ = apply_keystream(&derive(&self.local, &number.to_be_bytes()), data);
    }
}

/// A token, cut.
struct Parts<'a> {
    header: [u8; 8],
    number: [u8; 8],
    sum: [u8; 8],
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(token: &'a [u8]) -> Result<Self, MessageRejection> {
        let framed = unframe(token)?;
        if framed.mechanism != KERBEROS_OID {
            return Err(unexpected("MechType"));
        }
        let mut reader = Reader::new(framed.inner);
        Ok(Self {
            header: reader.array("GSS token header")?,
            number: reader.array("SND_SEQ")?,
            sum: reader.array("SGN_CKSUM")?,
            rest: reader.rest(),
        })
    }
}

fn unexpected(what: &'static str) -> MessageRejection {
    DecodeError::new(what, 0, DecodeErrorKind::Unexpected).into()
}
