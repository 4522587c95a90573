//! `PAC_SIGNATURE_DATA`: the signatures (MS-PAC 2.8).

use adlib_core::{DecodeError, Reader};

use super::{BufferType, PacRejection, UnverifiedPac, buffer::Buffer};
use crate::{ChecksumType, ServiceKey, crypto::ChecksumKey};

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureState {
    /// It verified.
    Valid,
    /// It did not, or is of a type that the key does not make.
    Invalid,
    /// There is none.
    Absent,
    /// There is one, and no key to verify it with.
    NotChecked,
}

impl SignatureState {
    /// The state as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Absent => "absent",
            Self::NotChecked => "not-checked",
        }
    }
}

/// The length of the identifier of a read-only controller, in bytes.
const RODC_IDENTIFIER: usize = 2;
/// The length of the type before a signature, in bytes.
const TYPE: usize = 4;
/// The zeros that stand in the place of a signature, as many at a time.
const ZEROS: [u8; 32] = [0; 32];

/// ```text
/// SignatureType (4) Signature (12, 16 or 24) [RODCIdentifier (2)]
/// ```
struct Signature<'a> {
    checksum_type: ChecksumType,
    /// The signature without the identifier; empty when it has a length that its type does not have.
    sum: &'a [u8],
}

impl<'a> Signature<'a> {
    /// # Errors
    /// `Truncated` without a whole type. The signature may have any length here: a wrong one does not verify.
    fn decode(buffer: Buffer<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(buffer.data);
        let checksum_type = ChecksumType(reader.u32_le("SignatureType")?.cast_signed());
        let rest = reader.rest();
        let length = checksum_type.length().unwrap_or(rest.len());
        let sum = match rest.split_at_checked(length) {
            Some((sum, tail)) if tail.is_empty() || tail.len() == RODC_IDENTIFIER => sum,
            _ => &[],
        };
        Ok(Self { checksum_type, sum })
    }

    /// Whether this is `key`'s signature of what `feed` hands over.
    fn verify(&self, key: &ChecksumKey, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> bool {
        self.checksum_type == key.checksum_type() && key.sum_parts(feed).is(self.sum)
    }
}

impl UnverifiedPac<'_> {
    /// That the service's own signature is there, of the type of `key`, and right.
    ///
    /// # Errors
    /// `ServerSignatureMissing`, `ServerSignatureType`, `ServerSignature`.
    pub(super) fn verify_server_signature(&self, key: &ServiceKey) -> Result<(), PacRejection> {
        let buffer = self
            .buffer(BufferType::SERVER_SIGNATURE)
            .ok_or(PacRejection::ServerSignatureMissing)?;
        let signature = Signature::decode(buffer)?;
        let (found, expected) = (signature.checksum_type, key.pac_key().checksum_type());
        if found != expected {
            return Err(PacRejection::ServerSignatureType { found, expected });
        }
        if signature.verify(key.pac_key(), |part| self.without(&SIGNED_BY_SERVER, part)) {
            Ok(())
        } else {
            Err(PacRejection::ServerSignature)
        }
    }

    /// Whether the controllers' signature, of the service's, is right, for whoever holds the controllers' key.
    #[must_use]
    pub fn kdc_signature(&self, key: &ServiceKey) -> SignatureState {
        let server = self.buffer(BufferType::SERVER_SIGNATURE);
        match server.map(Signature::decode) {
            None => SignatureState::Absent,
            Some(Err(_)) => SignatureState::Invalid,
            Some(Ok(server)) => self.state(BufferType::KDC_SIGNATURE, key, |part| part(server.sum)),
        }
    }

    /// Whether the controllers' signature of the whole PAC is right, for whoever holds the controllers' key.
    #[must_use]
    pub fn full_signature(&self, key: &ServiceKey) -> SignatureState {
        self.state(BufferType::FULL_SIGNATURE, key, |part| {
            self.without(&ALL_OF_PAC, part);
        })
    }

    /// Whether the controllers' signature of the ticket is right, for whoever holds the controllers' key.
    ///
    /// `ticket` is the ticket's decrypted part with one zero byte in the place of the PAC (MS-PAC 2.8.3).
    pub(crate) fn ticket_signature(&self, key: &ServiceKey, ticket: &[u8]) -> SignatureState {
        self.state(BufferType::TICKET_SIGNATURE, key, |part| part(ticket))
    }

    /// The state of a signature when there is no key to verify it with.
    pub(super) fn unchecked(&self, kind: BufferType) -> SignatureState {
        match self.buffer(kind) {
            Some(_) => SignatureState::NotChecked,
            None => SignatureState::Absent,
        }
    }

    fn state(
        &self,
        kind: BufferType,
        key: &ServiceKey,
        feed: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) -> SignatureState {
        match self.buffer(kind).map(Signature::decode) {
            None => SignatureState::Absent,
            Some(Ok(signature)) if signature.verify(key.pac_key(), feed) => SignatureState::Valid,
            Some(_) => SignatureState::Invalid,
        }
    }

    /// The PAC in parts, with everything zeroed in the signatures of `kinds` that comes after their types
    /// (MS-PAC 2.8.1), the identifier of a read-only controller included.
    fn without<const N: usize>(&self, kinds: &[BufferType; N], part: &mut dyn FnMut(&[u8])) {
        // An empty one can lie anywhere.
        let mut signatures = kinds.map(|kind| self.buffer(kind).filter(|buffer| !buffer.data.is_empty()));
        signatures.sort_unstable_by_key(|signature| signature.map(|buffer| buffer.offset));
        let mut done = 0;
        for buffer in signatures.into_iter().flatten() {
            let start = buffer.offset.saturating_add(TYPE.min(buffer.data.len()));
            part(self.bytes.get(done..start).unwrap_or_default());
            done = buffer.offset.saturating_add(buffer.data.len());
            for from in (start..done).step_by(ZEROS.len()) {
                part(ZEROS.get(..done - from).unwrap_or(&ZEROS));
            }
        }
        part(self.bytes.get(done..).unwrap_or_default());
    }
}

/// What is zeroed before the service's key signs.
const SIGNED_BY_SERVER: [BufferType; 2] = [BufferType::SERVER_SIGNATURE, BufferType::KDC_SIGNATURE];
/// What is zeroed before the controllers' key signs the whole PAC.
const ALL_OF_PAC: [BufferType; 3] = [
    BufferType::SERVER_SIGNATURE,
    BufferType::KDC_SIGNATURE,
    BufferType::FULL_SIGNATURE,
];
