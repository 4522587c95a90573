//! The request for a search (RFC 4511 4.5.1), and the pages of its answer (RFC 2696).

use adlib_core::{DecodeError, Reader};

use super::{ber, message::AnswerControl};
use crate::search::Request;

const SEARCH_REQUEST: u8 = 0x63;
const CONTROLS: u8 = 0xa0;
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// `derefAliases` never, no `sizeLimit`, no `timeLimit`, not `typesOnly`.
const NO_LIMITS: &[u8] = b"\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00";

/// A control of a request; the server may leave it unheeded unless it is critical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Control {
    name: &'static str,
    critical: bool,
    value: Option<Vec<u8>>,
}

impl Control {
    /// A control without a value, which the server may leave unheeded.
    pub(crate) const fn hint(name: &'static str) -> Self {
        Self {
            name,
            critical: false,
            value: None,
        }
    }

    /// A control without which the search must not be made.
    pub(crate) const fn critical(name: &'static str, value: Option<Vec<u8>>) -> Self {
        Self {
            name,
            critical: true,
            value,
        }
    }

    /// A page of `size` entries that begins at `cookie`; the first begins at an empty one.
    pub(crate) fn page(size: u32, cookie: &[u8]) -> Self {
        let mut page = Vec::new();
        put_number(&mut page, size);
        ber::put(&mut page, ber::OCTET_STRING, cookie);
        let mut value = Vec::new();
        ber::put(&mut value, ber::SEQUENCE, &page);
        Self {
            name: PAGED_RESULTS,
            critical: false,
            value: Some(value),
        }
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        let mut control = Vec::new();
        ber::put(&mut control, ber::OCTET_STRING, self.name.as_bytes());
        if self.critical {
            ber::put(&mut control, ber::BOOLEAN, &[0xff]);
        }
        if let Some(value) = &self.value {
            ber::put(&mut control, ber::OCTET_STRING, value);
        }
        ber::put(bytes, ber::SEQUENCE, &control);
    }
}

/// ```text
/// LDAPMessage { messageID, SearchRequest [APPLICATION 3] SEQUENCE { baseObject LDAPDN, scope ENUMERATED, derefAliases
///     ENUMERATED, sizeLimit INTEGER, timeLimit INTEGER, typesOnly BOOLEAN, filter Filter, attributes SEQUENCE OF
///     LDAPString }, controls [0] Controls OPTIONAL }
/// ```
pub(crate) fn encode_search(id: u32, request: &Request, controls: &[Control]) -> Vec<u8> {
    let mut search = Vec::new();
    ber::put(&mut search, ber::OCTET_STRING, request.base.as_bytes());
    ber::put(&mut search, ber::ENUMERATED, &[request.scope.number()]);
    search.extend_from_slice(NO_LIMITS);
    search.extend_from_slice(&request.filter);
    let mut attributes = Vec::new();
    for name in &request.attributes {
        ber::put(&mut attributes, ber::OCTET_STRING, name.as_bytes());
    }
    ber::put(&mut search, ber::SEQUENCE, &attributes);
    let mut content = Vec::new();
    put_number(&mut content, id);
    ber::put(&mut content, SEARCH_REQUEST, &search);
    if !controls.is_empty() {
        let mut all = Vec::new();
        controls.iter().for_each(|control| control.put(&mut all));
        ber::put(&mut content, CONTROLS, &all);
    }
    let mut message = Vec::with_capacity(ber::element_length(content.len()));
    ber::put(&mut message, ber::SEQUENCE, &content);
    message
}

/// An INTEGER in as few octets as it needs.
fn put_number(bytes: &mut Vec<u8>, number: u32) {
    // One octet more, so that the number is not taken for a negative one.
    let octets = u64::from(number).to_be_bytes();
    let needless = |pair: &[u8]| pair.first() == Some(&0) && pair.get(1).is_some_and(|next| *next < 0x80);
    let start = octets.windows(2).take_while(|pair| needless(pair)).count();
    ber::put(bytes, ber::INTEGER, octets.get(start..).unwrap_or_default());
}

/// Where the next page begins, by the paged results control among `controls`; empty when there is none.
///
/// # Errors
/// A `DecodeError` when the control holds anything but the size estimate and the cookie (RFC 2696 2).
pub(super) fn decode_cookie(controls: &[AnswerControl<'_>]) -> Result<Vec<u8>, DecodeError> {
    const WHAT: &str = "realSearchControlValue";
    let page = controls.iter().find(|control| control.name == PAGED_RESULTS);
    let Some(value) = page.and_then(|control| control.value) else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new(value);
    let mut parts = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, WHAT)?);
    reader.finish(WHAT)?;
    ber::expect(&mut parts, ber::INTEGER, "size")?;
    let cookie = ber::expect(&mut parts, ber::OCTET_STRING, "cookie")?;
    parts.finish(WHAT)?;
    Ok(cookie.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    /// RFC 4511 4.5.1, octet by octet.
    #[test]
    fn a_search_as_rfc_4511_writes_it() {
        let filter = "(cn=*)".parse().unwrap();
        let request = Request::new("dc=x", Scope::Subtree, &filter, &["cn", "sn"]);
        let expected =
            b"\x30\x28\x02\x01\x05\x63\x23\x04\x04dc=x\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\
                         \x01\x01\x00\x87\x02cn\x30\x08\x04\x02cn\x04\x02sn";
        assert_eq!(encode_search(5, &request, &[]), expected);
    }

    /// RFC 2696 2
    #[test]
    fn a_page_begins_at_its_cookie() {
        let mut bytes = Vec::new();
        Control::page(500, b"here").put(&mut bytes);
        let expected = b"\x30\x26\x04\x161.2.840.113556.1.4.319\x04\x0c\x30\x0a\x02\x02\x01\xf4\x04\x04here";
        assert_eq!(bytes, expected);
    }

    #[test]
    fn numbers_in_as_few_octets_as_they_need() {
        for (number, expected) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (u32::MAX, &[2, 5, 0, 255, 255, 255, 255]),
        ] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(bytes, expected);
        }
    }
}
