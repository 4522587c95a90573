//! The frames of tokens (RFC 4121 4.1).

use alloc::vec::Vec;

use adlib_core::{
    DecodeError, DecodeErrorKind, Reader,
    gss::{KERBEROS_OID, MICROSOFT_KERBEROS_OID, frame, unframe},
};

/// The identifier of an AP-REQ token (RFC 4121 4.1).
pub(crate) const AP_REQ_TOKEN: [u8; 2] = [1, 0];
/// The identifier of an AP-REP token.
pub(crate) const AP_REP_TOKEN: [u8; 2] = [2, 0];
/// The identifier of a KRB-ERROR token.
pub(crate) const ERROR_TOKEN: [u8; 2] = [3, 0];
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
        match Self::open_any(token)? {
            (framing, AP_REQ_TOKEN, message) => Ok((framing, message)),
            _ => Err(DecodeError::new(
                "token identifier",
                0,
                DecodeErrorKind::Unexpected,
            )),
        }
    }

    /// Take the frame, if there is one, off any token: its identifier and the message. A bare message is taken for an
    /// AP-REQ.
    ///
    /// # Errors
    /// `Unexpected` for another mechanism; what [`unframe`] says.
    pub(crate) fn open_any(token: &[u8]) -> Result<(Self, [u8; 2], &[u8]), DecodeError> {
        if token.first() != Some(&APPLICATION_0) {
            return Ok((Self::Raw, AP_REQ_TOKEN, token));
        }
        let framed = unframe(token)?;
        let mechanism = [KERBEROS_OID, MICROSOFT_KERBEROS_OID]
            .into_iter()
            .find(|known| *known == framed.mechanism)
            .ok_or(DecodeError::new("MechType", 0, DecodeErrorKind::Unexpected))?;
        let mut reader = Reader::new(framed.inner);
        let identifier = reader.array("token identifier")?;
        Ok((Self::Gss(mechanism), identifier, reader.rest()))
    }

    /// Put the frame on a message.
    pub(crate) fn wrap(self, identifier: [u8; 2], message: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Raw => message,
            Self::Gss(mechanism) => frame(mechanism, &[&identifier, &message]),
        }
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

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Framing::open(&bytes);
            let _ = Framing::open(&[&vec![APPLICATION_0][..], &bytes].concat());
        }
    }
}
