//! BER as LDAP uses it (RFC 4511 5.1): definite lengths, one-byte tags. Hostile bytes on the way in.

use adlib_core::{DecodeError, DecodeErrorKind, Reader};

/// BOOLEAN.
pub(crate) const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub(crate) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// ENUMERATED.
pub(crate) const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub(crate) const SEQUENCE: u8 = 0x30;
/// SET OF.
pub(crate) const SET: u8 = 0x31;

const CONSTRUCTED: u8 = 0x20;
const HIGH_TAG_NUMBER: u8 = 0x1f;
const LONG_FORM: u8 = 0x80;
/// Active Directory writes every length in five bytes.
const MAX_LENGTH_OCTETS: usize = 4;
/// Values of an attribute of an entry of a message are at depth six.
const MAX_DEPTH: usize = 8;

/// A tag and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// The identifier octet: class, constructed bit and number.
    pub(crate) tag: u8,
    /// The content octets.
    pub(crate) content: &'a [u8],
}

/// The tag and the content's length of the element that comes next.
fn header(reader: &mut Reader<'_>, what: &'static str) -> Result<(u8, usize), DecodeError> {
    let start = *reader;
    let tag = reader.u8(what)?;
    if tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
        return Err(start.error(what, DecodeErrorKind::Unexpected));
    }
    let first = reader.u8(what)?;
    if first < LONG_FORM {
        return Ok((tag, usize::from(first)));
    }
    let octets = usize::from(first & !LONG_FORM);
    if octets == 0 || octets > MAX_LENGTH_OCTETS {
        return Err(start.error(what, DecodeErrorKind::Invalid));
    }
    let length = reader
        .bytes(what, octets)?
        .iter()
        .fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
    Ok((tag, length))
}

/// The length of the message that starts `bytes`, header included; `None` while its header is not all there.
///
/// # Errors
/// `Unexpected` when it is no SEQUENCE, `Invalid` for an indefinite length, `Limit` when it is longer than `limit`.
pub(crate) fn message_length(bytes: &[u8], limit: usize) -> Result<Option<usize>, DecodeError> {
    let mut reader = Reader::new(bytes);
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(reader.error("LDAPMessage", DecodeErrorKind::Unexpected));
    }
    let length = match header(&mut reader, "LDAPMessage") {
        Ok((_, length)) => length,
        Err(error) if error.kind == DecodeErrorKind::Truncated => return Ok(None),
        Err(error) => return Err(error),
    };
    match reader.position().checked_add(length) {
        Some(length) if length <= limit => Ok(Some(length)),
        _ => Err(DecodeError::new("LDAPMessage", 0, DecodeErrorKind::Limit(limit))),
    }
}

/// That every element of `message` ends inside of the one around it, and none is nested too deep.
///
/// # Errors
/// `OutOfBounds`, `Truncated`, `Invalid` or `Unexpected` for the form, `Limit` for depth and number.
pub(crate) fn check_form(message: &[u8], max_elements: usize) -> Result<(), DecodeError> {
    const WHAT: &str = "BER element";
    let mut reader = Reader::new(message);
    let mut ends = [0_usize; MAX_DEPTH];
    let mut depth = 0_usize;
    let mut end = message.len();
    let mut elements = 0_usize;
    while !reader.is_empty() {
        while reader.position() == end {
            depth = depth.saturating_sub(1);
            end = ends.get(depth).copied().unwrap_or_default();
        }
        elements += 1;
        if elements > max_elements {
            return Err(reader.error(WHAT, DecodeErrorKind::Limit(max_elements)));
        }
        let (tag, length) = header(&mut reader, WHAT)?;
        let inner_end = reader
            .position()
            .checked_add(length)
            .filter(|inner| *inner <= end);
        let inner_end = inner_end.ok_or_else(|| reader.error(WHAT, DecodeErrorKind::OutOfBounds))?;
        if tag & CONSTRUCTED == 0 {
            reader.bytes(WHAT, length)?;
            continue;
        }
        let outer = ends.get_mut(depth);
        *outer.ok_or_else(|| reader.error(WHAT, DecodeErrorKind::Limit(MAX_DEPTH)))? = end;
        depth += 1;
        end = inner_end;
    }
    Ok(())
}

/// The element that comes next.
///
/// # Errors
/// `Truncated`, `Invalid` or `Unexpected` for the form.
pub(crate) fn element<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Element<'a>, DecodeError> {
    let (tag, length) = header(reader, what)?;
    let content = reader.bytes(what, length)?;
    Ok(Element { tag, content })
}

/// The content of the element that comes next, which must have `tag`.
///
/// # Errors
/// `Unexpected` for another tag; `Truncated` or `Invalid` for the form.
pub(crate) fn expect<'a>(
    reader: &mut Reader<'a>,
    tag: u8,
    what: &'static str,
) -> Result<&'a [u8], DecodeError> {
    let start = *reader;
    let element = element(reader, what)?;
    if element.tag != tag {
        return Err(start.error(what, DecodeErrorKind::Unexpected));
    }
    Ok(element.content)
}

/// The number in the content of an INTEGER or ENUMERATED that the protocol keeps within `0..=maxInt`.
///
/// # Errors
/// `Invalid` when it is empty, negative or larger.
pub(crate) fn number(content: &[u8], what: &'static str) -> Result<u32, DecodeError> {
    let invalid = DecodeError::new(what, 0, DecodeErrorKind::Invalid);
    let negative = content.first().is_none_or(|octet| *octet >= 0x80);
    if negative || content.len() > 4 {
        return Err(invalid);
    }
    Ok(content
        .iter()
        .fold(0, |number, octet| (number << 8) | u32::from(*octet)))
}

/// The text in the content of an `LDAPString` or `LDAPDN`.
///
/// # Errors
/// `Text` when it is not UTF-8.
pub(crate) fn text<'a>(content: &'a [u8], what: &'static str) -> Result<&'a str, DecodeError> {
    std::str::from_utf8(content).map_err(|_| DecodeError::new(what, 0, DecodeErrorKind::Text))
}

/// The length of an element whose content is of `length` bytes.
pub(crate) fn element_length(length: usize) -> usize {
    let octets = if length < usize::from(LONG_FORM) {
        0
    } else {
        length_octets(length).count()
    };
    2 + octets + length
}

/// Append the header of an element whose content of `length` bytes follows.
pub(crate) fn put_header(bytes: &mut Vec<u8>, tag: u8, length: usize) {
    bytes.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < LONG_FORM => bytes.push(short),
        _ => {
            // At most eight.
            let count = u8::try_from(length_octets(length).count()).unwrap_or_default();
            bytes.push(LONG_FORM | count);
            bytes.extend(length_octets(length));
        }
    }
}

/// Append an element.
pub(crate) fn put(bytes: &mut Vec<u8>, tag: u8, content: &[u8]) {
    put_header(bytes, tag, content.len());
    bytes.extend_from_slice(content);
}

/// The octets of a length in the long form, without zeros before them.
fn length_octets(length: usize) -> impl Iterator<Item = u8> {
    length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(depth: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..depth {
            let length = u8::try_from(bytes.len()).unwrap();
            bytes.splice(0..0, [SEQUENCE, length]);
        }
        bytes
    }

    /// A50
    #[test]
    fn a50_depth_is_bounded() {
        assert_eq!(check_form(&nested(8), 100), Ok(()));
        let refused = check_form(&nested(9), 100).unwrap_err();
        assert_eq!(refused.kind, DecodeErrorKind::Limit(8));
    }

    /// A50
    #[test]
    fn a50_number_of_elements_is_bounded() {
        let bytes = [SEQUENCE, 4, 4, 0, 4, 0];
        assert_eq!(check_form(&bytes, 3), Ok(()));
        assert_eq!(check_form(&bytes, 2).unwrap_err().kind, DecodeErrorKind::Limit(2));
    }

    /// A50
    #[test]
    fn a50_inner_length_past_the_outer() {
        let bytes = [SEQUENCE, 4, SEQUENCE, 3, 4, 0, 4, 0];
        assert_eq!(
            check_form(&bytes, 9).unwrap_err().kind,
            DecodeErrorKind::OutOfBounds
        );
    }

    /// A50
    #[test]
    fn a50_message_length_is_bounded_before_anything_is_read() {
        let four_gib = [SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff];
        let refused = message_length(&four_gib, 1000).unwrap_err();
        assert_eq!(refused.kind, DecodeErrorKind::Limit(1000));
        let indefinite = message_length(&[SEQUENCE, 0x80], 1000).unwrap_err();
        assert_eq!(indefinite.kind, DecodeErrorKind::Invalid);
        assert_eq!(message_length(&[SEQUENCE, 0x82, 1], 1000), Ok(None));
        assert_eq!(message_length(&[SEQUENCE, 0x84, 0, 0, 0, 5], 1000), Ok(Some(11)));
        assert!(message_length(b"HTTP/1.1 400", 1000).is_err());
    }

    #[test]
    fn numbers_stay_within_max_int() {
        assert_eq!(number(&[0x7f, 0xff, 0xff, 0xff], "id"), Ok(0x7fff_ffff));
        for content in [&[][..], &[0x80], &[0, 0x80, 0, 0, 0]] {
            assert!(number(content, "id").is_err());
        }
    }

    proptest! {
        /// A50
        #[test]
        fn a50_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = message_length(&bytes, 1 << 20);
            let _ = check_form(&bytes, 100);
        }
    }
}
