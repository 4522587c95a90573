//! The initial context token's frame (RFC 2743 3.1).

use alloc::vec::Vec;

use crate::{DecodeError, DecodeErrorKind, Reader};

/// 1.2.840.113554.1.2.2, Kerberos 5 (RFC 4121).
pub const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.2.840.48018.1.2.2, Kerberos 5 as Windows 2000 misspelt it (MS-SPNG 2.2.1).
pub const MICROSOFT_KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.3.6.1.5.5.2, SPNEGO (RFC 4178).
pub const SPNEGO_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
/// 1.3.6.1.4.1.311.2.2.10, NTLM (MS-NLMP 1.9).
pub const NTLM_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];

const APPLICATION_0: u8 = 0x60;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// A framed token: the mechanism it names, and what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framed<'a> {
    /// The content octets of the mechanism's object identifier.
    pub mechanism: &'a [u8],
    /// What the mechanism makes of the rest.
    pub inner: &'a [u8],
}

/// Take the frame off.
///
/// ```text
/// 60 <length> 06 <oid length> <oid> <inner token>
/// ```
///
/// # Errors
/// `Unexpected` when this is no framed token, `Truncated`, `Trailing`, or `Invalid` for a length that is not
/// in its shortest form.
pub fn unframe(token: &[u8]) -> Result<Framed<'_>, DecodeError> {
    let mut reader = Reader::new(token);
    let content = element(&mut reader, APPLICATION_0, "InitialContextToken")?;
    reader.finish("InitialContextToken")?;
    let mut reader = Reader::new(content);
    let mechanism = element(&mut reader, OBJECT_IDENTIFIER, "MechType")?;
    Ok(Framed {
        mechanism,
        inner: reader.rest(),
    })
}

/// Put the frame on.
///
/// ```
/// use adlib_core::gss::{KERBEROS_OID, frame, unframe};
///
/// let token = frame(KERBEROS_OID, &[b"\x01\x00", b"AP-REQ"]);
/// assert_eq!(unframe(&token)?.inner, b"\x01\x00AP-REQ");
/// # Ok::<(), adlib_core::DecodeError>(())
/// ```
#[must_use]
pub fn frame(mechanism: &[u8], inner: &[&[u8]]) -> Vec<u8> {
    let mut content = Vec::new();
    write_header(&mut content, OBJECT_IDENTIFIER, mechanism.len());
    content.extend_from_slice(mechanism);
    inner.iter().for_each(|part| content.extend_from_slice(part));
    let mut token = Vec::with_capacity(content.len() + 6);
    write_header(&mut token, APPLICATION_0, content.len());
    token.extend_from_slice(&content);
    token
}

/// The content of the element that comes next, which must have `tag`; its length in the shortest form.
pub(crate) fn element<'a>(
    reader: &mut Reader<'a>,
    tag: u8,
    what: &'static str,
) -> Result<&'a [u8], DecodeError> {
    let at = *reader;
    if reader.u8(what)? != tag {
        return Err(at.error(what, DecodeErrorKind::Unexpected));
    }
    let at = *reader;
    let first = reader.u8(what)?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let octets = reader.bytes(what, usize::from(first & 0x7f))?;
        // Four octets of length are 4 GiB: more than any caller hands in. None is the indefinite form.
        if octets.is_empty() || octets.len() > 4 || octets.first() == Some(&0) {
            return Err(at.error(what, DecodeErrorKind::Invalid));
        }
        let length = octets
            .iter()
            .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
        if length < 0x80 {
            return Err(at.error(what, DecodeErrorKind::Invalid));
        }
        usize::try_from(length).map_err(|_| at.error(what, DecodeErrorKind::Truncated))?
    };
    reader.bytes(what, length)
}

fn write_header(output: &mut Vec<u8>, tag: u8, length: usize) {
    output.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => output.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let skip = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(skip..).unwrap_or_default();
            // At most eight octets.
            output.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            output.extend_from_slice(octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn lengths_that_lie_are_refused() {
        let kind = |token: &[u8]| unframe(token).unwrap_err().kind;
        assert_eq!(kind(&[]), DecodeErrorKind::Truncated);
        assert_eq!(kind(&[0x30, 0]), DecodeErrorKind::Unexpected);
        assert_eq!(
            kind(&[0x60, 0x84, 0xff, 0xff, 0xff, 0xff]),
            DecodeErrorKind::Truncated
        );
        assert_eq!(kind(&[0x60, 0x80]), DecodeErrorKind::Invalid);
        assert_eq!(kind(&[0x60, 0x81, 0x02, 0x06, 0x00]), DecodeErrorKind::Invalid);
        assert_eq!(kind(&[0x60, 0x02, 0x06, 0x00, 0x00]), DecodeErrorKind::Trailing);
        assert_eq!(kind(&[0x60, 0x02, 0x06, 0x09]), DecodeErrorKind::Truncated);
    }

    proptest! {
        #[test]
        fn what_is_framed_comes_back(inner in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let token = frame(KERBEROS_OID, &[&inner]);
            prop_assert_eq!(unframe(&token).unwrap(), Framed { mechanism: KERBEROS_OID, inner: &inner });
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut framed = vec![APPLICATION_0];
            framed.extend_from_slice(&bytes);
            let _ = unframe(&framed);
        }
    }
}
