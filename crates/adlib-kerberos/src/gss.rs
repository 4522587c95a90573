//! Kerberos under GSS-API (RFC 4121): tokens, and the checksum that is none.

use alloc::vec::Vec;

use adlib_core::{
    DecodeError, DecodeErrorKind, Reader,
    gss::{KERBEROS_OID, MICROSOFT_KERBEROS_OID, frame, unframe},
};

/// The identifier of an AP-REQ token (RFC 4121 4.1).
pub(crate) const AP_REQ_TOKEN: [u8; 2] = [1, 0];
/// The identifier of an AP-REP token.
const AP_REP_TOKEN: [u8; 2] = [2, 0];
/// The first byte of a framed token.
const APPLICATION_0: u8 = 0x60;

/// How a client's message was wrapped; the answer is wrapped alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Not at all.
    Raw,
    /// As a GSS token of this mechanism.
    Gss(&'static [u8]),
}

impl Framing {
    /// Take the frame, if there is one, off an AP-REQ.
    ///
    /// # Errors
    /// `Unexpected` for another mechanism or another token; what [`unframe`] says.
    pub(crate) fn open(token: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        if token.first() != Some(&APPLICATION_0) {
            return Ok((Self::Raw, token));
        }
        let framed = unframe(token)?;
        let mechanism = [KERBEROS_OID, MICROSOFT_KERBEROS_OID]
            .into_iter()
            .find(|known| *known == framed.mechanism)
            .ok_or(DecodeError::new("MechType", 0, DecodeErrorKind::Unexpected))?;
        let mut reader = Reader::new(framed.inner);
        let at = reader;
        if reader.array("token identifier")? != AP_REQ_TOKEN {
            return Err(at.error("token identifier", DecodeErrorKind::Unexpected));
        }
        Ok((Self::Gss(mechanism), reader.rest()))
    }

    /// Put the frame on an AP-REP.
    pub(crate) fn wrap_ap_rep(self, ap_rep: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Raw => ap_rep,
            Self::Gss(mechanism) => frame(mechanism, &[&AP_REP_TOKEN, &ap_rep]),
        }
    }
}

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

/// The flag for a client that delegates.
const DELEGATE: u32 = 1;

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
    use adlib_core::gss::NTLM_OID;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn frames_of_both_mechanisms_come_off() {
        for mechanism in [KERBEROS_OID, MICROSOFT_KERBEROS_OID] {
            let token = frame(mechanism, &[&AP_REQ_TOKEN, b"x"]);
            assert_eq!(Framing::open(&token), Ok((Framing::Gss(mechanism), &b"x"[..])));
        }
        let kind = |token: &[u8]| Framing::open(token).unwrap_err().kind;
        assert_eq!(
            kind(&frame(NTLM_OID, &[&AP_REQ_TOKEN])),
            DecodeErrorKind::Unexpected
        );
        assert_eq!(
            kind(&frame(KERBEROS_OID, &[&[2, 0]])),
            DecodeErrorKind::Unexpected
        );
        assert_eq!(kind(&frame(KERBEROS_OID, &[&[1]])), DecodeErrorKind::Truncated);
    }

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
            let _ = Framing::open(&bytes);
            let _ = Framing::open(&[&vec![APPLICATION_0][..], &bytes].concat());
            let _ = InitiatorChecksum::decode(&bytes);
        }
    }
}
