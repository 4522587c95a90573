//! The checksum that is none: what an initiator wants of the session (RFC 4121 4.1.1).

use alloc::vec::Vec;

use adlib_core::{ChannelBindings, DecodeError, DecodeErrorKind, Reader};

/// What a GSS-API initiator puts where a checksum would be (RFC 4121 4.1.1).
///
/// ```text
/// Lgth (4) = 16, Bnd (16), Flags (4), if the client delegates: DlgOpt (2) = 1, Dlgth (2), Deleg (Dlgth); Exts
/// ```
///
/// Numbers have the least significant byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InitiatorChecksum<'a> {
    /// The MD5 hash of the channel bindings; zeros when the client has none.
    pub(crate) bindings: [u8; 16],
    /// What the client wants of a session (RFC 4121 4.1.1.1).
    pub(crate) flags: u32,
    /// The KRB-CRED of a client that delegates.
    pub(crate) delegation: Option<&'a [u8]>,
}

/// The flags (RFC 4121 4.1.1.1): the client delegates; wants an AP-REP; wants messages taken once, and in order; wants
/// them sealed, and signed.
pub(crate) const DELEGATE: u32 = 1;
pub(crate) const MUTUAL: u32 = 2;
pub(crate) const REPLAY: u32 = 4;
pub(crate) const SEQUENCE: u32 = 8;
pub(crate) const CONFIDENTIALITY: u32 = 16;
pub(crate) const INTEGRITY: u32 = 32;

impl<'a> InitiatorChecksum<'a> {
    /// The structure that `bytes` are.
    ///
    /// # Errors
    /// `Truncated` when it is short or the delegation reaches past its end, `Unexpected` for another length of the
    /// bindings or another delegation option.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let at = reader;
        expect(at, "Lgth", reader.u32_le("Lgth")?, 16)?;
        let bindings = reader.array("Bnd")?;
        let flags = reader.u32_le("Flags")?;
        let mut delegation = None;
        if flags & DELEGATE != 0 {
            let at = reader;
            expect(at, "DlgOpt", reader.u16_le("DlgOpt")?.into(), 1)?;
            let length = reader.u16_le("Dlgth")?;
            delegation = Some(reader.bytes("Deleg", length.into())?);
        }
        Ok(Self {
            bindings,
            flags,
            delegation,
        })
    }
}

/// The bytes of the structure, without a delegation.
pub(crate) fn encode_checksum(bindings: Option<&ChannelBindings>, flags: u32) -> Vec<u8> {
    let hash = bindings.map_or([0; 16], ChannelBindings::hash);
    [&16_u32.to_le_bytes()[..], &hash, &flags.to_le_bytes()].concat()
}

/// That a number that can only be `expected` is it.
fn expect(at: Reader<'_>, what: &'static str, number: u32, expected: u32) -> Result<(), DecodeError> {
    if number == expected {
        Ok(())
    } else {
        Err(at.error(what, DecodeErrorKind::Unexpected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A13
    #[test]
    fn a13_checksums_that_lie_are_refused() {
        let valid = [&[16, 0, 0, 0][..], &[7; 16], &[0x22, 0, 0, 0]].concat();
        assert_eq!(InitiatorChecksum::decode(&valid).unwrap().bindings, [7; 16]);
        for length in 0..valid.len() {
            assert!(
                InitiatorChecksum::decode(&valid[..length]).is_err(),
                "{length} bytes"
            );
        }
        let mut wrong = valid.clone();
        wrong[0] = 17;
        assert!(InitiatorChecksum::decode(&wrong).is_err(), "length field");
        let mut delegating = valid;
        delegating[20] |= 1;
        assert!(
            InitiatorChecksum::decode(&delegating).is_err(),
            "delegation missing"
        );
        delegating.extend([1, 0, 3, 0, 1, 2]);
        assert!(
            InitiatorChecksum::decode(&delegating).is_err(),
            "delegation past the end"
        );
        delegating.push(3);
        assert!(
            InitiatorChecksum::decode(&delegating)
                .unwrap()
                .delegation
                .is_some()
        );
        delegating[24] = 2;
        assert!(
            InitiatorChecksum::decode(&delegating).is_err(),
            "delegation option"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = InitiatorChecksum::decode(&bytes);
        }
    }
}
