//! A ticket's decrypted part without its PAC, every other byte as it came (MS-PAC 2.8.3).
//!
//! The controllers sign the part with one zero byte in the place of the PAC. Decoding and encoding it again would do
//! for a part in the form that is written here; changing the bytes does for every form.

use alloc::{vec, vec::Vec};

use adlib_core::Reader;

use crate::number::ad_type;

/// `[APPLICATION 3]`, `SEQUENCE`, `OCTET STRING`, `INTEGER`, and the fields on the way.
const ENC_TICKET_PART: u8 = 0x63;
const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const INTEGER: u8 = 0x02;
const AD_TYPE: u8 = 0xa0;
const AD_DATA: u8 = 0xa1;
const AUTHORIZATION_DATA: u8 = 0xaa;

/// An element: its tag, and where it and its contents lie.
#[derive(Debug, Clone, Copy)]
struct Element {
    tag: u8,
    start: usize,
    contents: usize,
    end: usize,
}

/// The part with one zero byte in the place of its PAC; `None` when there is no PAC where controllers put it: in the
/// authorization data, or one AD-IF-RELEVANT deep.
pub(crate) fn without_pac(part: &[u8]) -> Option<Vec<u8>> {
    let top = element(part, 0)?;
    let body = only(part, top, ENC_TICKET_PART, SEQUENCE)?;
    let field = children(part, body).find(|child| child.tag == AUTHORIZATION_DATA)?;
    let list = only(part, field, AUTHORIZATION_DATA, SEQUENCE)?;
    let mut path = find_pac(part, list, true)?;
    path.extend([list, field, body, top]);
    let mut path = path.into_iter();
    let mut replaced = path.next()?;
    let mut replacement = vec![OCTET_STRING, 1, 0];
    for around in path {
        let before = part.get(around.contents..replaced.start)?;
        let after = part.get(replaced.end..around.end)?;
        let contents = [before, &replacement, after].concat();
        replacement = header(around.tag, contents.len());
        replacement.extend_from_slice(&contents);
        replaced = around;
    }
    Some(replacement)
}

/// The elements around the first PAC in the authorization data `list`, the innermost first and `list` left out.
fn find_pac(part: &[u8], list: Element, look_inside: bool) -> Option<Vec<Element>> {
    children(part, list).find_map(|entry| {
        let kind = children(part, entry).find(|field| field.tag == AD_TYPE)?;
        let kind = only(part, kind, AD_TYPE, INTEGER)?;
        let data = children(part, entry).find(|field| field.tag == AD_DATA)?;
        let octets = only(part, data, AD_DATA, OCTET_STRING)?;
        match number(part.get(kind.contents..kind.end)?) {
            ad_type::WIN2K_PAC => Some(vec![octets, data, entry]),
            ad_type::IF_RELEVANT if look_inside => {
                let inner = only(part, octets, OCTET_STRING, SEQUENCE)?;
                let mut path = find_pac(part, inner, false)?;
                path.extend([inner, octets, data, entry]);
                Some(path)
            }
            _ => None,
        }
    })
}

fn number(contents: &[u8]) -> i32 {
    let value = contents.iter().take(4);
    value.fold(0, |number, byte| number << 8 | i32::from(*byte))
}

/// The one element of tag `tag` within `outer`, whose tag is `outer_tag`.
fn only(bytes: &[u8], outer: Element, outer_tag: u8, tag: u8) -> Option<Element> {
    let inner = element(bytes, outer.contents)?;
    (outer.tag == outer_tag && inner.tag == tag && inner.end == outer.end).then_some(inner)
}

/// The elements within `outer`, one after the other.
fn children(bytes: &[u8], outer: Element) -> impl Iterator<Item = Element> {
    let next = move |at: usize| element(bytes, at).filter(|child| child.end <= outer.end);
    core::iter::successors(next(outer.contents), move |before| next(before.end))
}

/// The element that begins at `start`.
fn element(bytes: &[u8], start: usize) -> Option<Element> {
    let mut reader = Reader::new(bytes.get(start..)?);
    let tag = reader.u8("tag").ok()?;
    let first = reader.u8("length").ok()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let octets = reader.bytes("length", usize::from(first & 0x7f)).ok()?;
            octets
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet))
        }
        _ => return None,
    };
    let contents = start.checked_add(reader.position())?;
    let end = contents.checked_add(length)?;
    (end <= bytes.len()).then_some(Element {
        tag,
        start,
        contents,
        end,
    })
}

/// The tag and the length of an element, in its shortest form.
fn header(tag: u8, length: usize) -> Vec<u8> {
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = octets.get(skip..).unwrap_or_default();
    match octets {
        [] => vec![tag, 0],
        [short @ 0..=0x7f] => vec![tag, *short],
        // At most eight octets.
        _ => [&[tag, 0x80 | u8::try_from(octets.len()).unwrap_or(8)], octets].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{self, AuthorizationDatum, Octets, SequenceOf};
    use proptest::prelude::*;

    fn part(elements: &[(i32, &[u8])]) -> Vec<u8> {
        let list: Vec<AuthorizationDatum<'_>> = elements
            .iter()
            .map(|(ad_type, data)| AuthorizationDatum {
                ad_type: *ad_type,
                ad_data: Octets(data),
            })
            .collect();
        der::encode(&SequenceOf::Made(list))
    }

    fn ticket(elements: &[(i32, &[u8])]) -> Vec<u8> {
        let list = part(elements);
        let field = [header(AUTHORIZATION_DATA, list.len()), list].concat();
        let body = [header(SEQUENCE, field.len() + 4), vec![0xa0, 2, 5, 0], field].concat();
        [header(ENC_TICKET_PART, body.len()), body].concat()
    }

    #[test]
    fn the_pac_becomes_one_byte() {
        for length in [0, 1, 100, 200, 70_000] {
            let pac = vec![7; length];
            let inner = part(&[(128, &pac), (141, &[1, 2])]);
            let whole = ticket(&[(1, &inner), (5, &[3])]);
            let expected = ticket(&[(1, &part(&[(128, &[0]), (141, &[1, 2])])), (5, &[3])]);
            assert_eq!(without_pac(&whole), Some(expected), "{length}");
        }
        assert_eq!(
            without_pac(&ticket(&[(128, &[7; 9])])),
            Some(ticket(&[(128, &[0])]))
        );
        assert_eq!(without_pac(&ticket(&[(1, &part(&[(5, &[7])]))])), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at: usize, value: u8) {
            let _ = without_pac(&bytes);
            let mut whole = ticket(&[(1, &part(&[(128, &bytes)]))]);
            let at = at % whole.len();
            whole[at] = value;
            let _ = without_pac(&whole);
        }
    }
}
