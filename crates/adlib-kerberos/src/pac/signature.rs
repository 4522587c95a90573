//! `PAC_SIGNATURE_DATA`: the signatures (MS-PAC 2.8).

use alloc::vec::Vec;

use adlib_core::{DecodeError, Reader};

use super::{BufferType, PacRejection, UnverifiedPac, buffer::Buffer};
use crate::{ChecksumType, ServiceKey, crypto::ChecksumKey};

/// What became of a signature that is not the service's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureState {
    /// It verified.
    Valid,
    /// It did not, or is of a type that the key does not make.
    Invalid,
    /// There is none.
    Absent,
}

/// The length of the identifier of a read-only controller, in bytes.
const RODC_IDENTIFIER: usize = 2;
/// The length of the type before a signature, in bytes.
const TYPE: usize = 4;

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

    /// Whether this is `key`'s signature of `data`.
    fn verify(&self, key: &ChecksumKey, data: &[u8]) -> bool {
        self.checksum_type == key.checksum_type() && key.verify(data, self.sum)
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
        if signature.verify(key.pac_key(), &self.signed_bytes()) {
            Ok(())
        } else {
            Err(PacRejection::ServerSignature)
        }
    }

    /// Whether the controllers' signature, of the service's, is right, for whoever holds the controllers' key.
    #[must_use]
    pub fn kdc_signature(&self, key: &ServiceKey) -> SignatureState {
        let (Some(kdc), Some(server)) = (
            self.buffer(BufferType::KDC_SIGNATURE),
            self.buffer(BufferType::SERVER_SIGNATURE),
        ) else {
            return SignatureState::Absent;
        };
        let (Ok(kdc), Ok(server)) = (Signature::decode(kdc), Signature::decode(server)) else {
            return SignatureState::Invalid;
        };
        if kdc.verify(key.pac_key(), server.sum) {
            SignatureState::Valid
        } else {
            SignatureState::Invalid
        }
    }

    /// The PAC with everything zeroed in the two signatures that comes after their types (MS-PAC 2.8.1).
    fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        for kind in [BufferType::SERVER_SIGNATURE, BufferType::KDC_SIGNATURE] {
            let range = self
                .buffer(kind)
                .map(|buffer| buffer.offset.saturating_add(TYPE)..buffer.offset + buffer.data.len());
            if let Some(signature) = range.and_then(|range| bytes.get_mut(range)) {
                signature.fill(0);
            }
        }
        bytes
    }
}
