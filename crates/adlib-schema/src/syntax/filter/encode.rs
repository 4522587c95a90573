//! Filters as they go over the wire (RFC 4511 4.5.1.7).

use super::{Filter, Tree, item::Item};

const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUALITY_MATCH: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const GREATER_OR_EQUAL: u8 = 0xa5;
const LESS_OR_EQUAL: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const APPROX_MATCH: u8 = 0xa8;
const EXTENSIBLE_MATCH: u8 = 0xa9;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

impl Filter {
    /// The filter in BER, as a search request holds it.
    ///
    /// ```
    /// use adlib_schema::syntax::Filter;
    ///
    /// let filter: Filter = "(cn=a*)".parse()?;
    /// assert_eq!(filter.encode(), b"\xa4\x09\x04\x02cn\x30\x03\x80\x01a");
    /// # Ok::<(), adlib_schema::syntax::FilterError>(())
    /// ```
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_tree(&mut bytes, &self.0);
        bytes
    }
}

fn put_tree(bytes: &mut Vec<u8>, tree: &Tree<Item>) {
    match tree {
        Tree::And(all) => put_with(bytes, AND, |bytes| put_trees(bytes, all)),
        Tree::Or(any) => put_with(bytes, OR, |bytes| put_trees(bytes, any)),
        Tree::Not(inner) => put_with(bytes, NOT, |bytes| put_tree(bytes, inner)),
        Tree::Leaf(item) => put_item(bytes, item),
    }
}

fn put_trees(bytes: &mut Vec<u8>, trees: &[Tree<Item>]) {
    for tree in trees {
        put_tree(bytes, tree);
    }
}

fn put_item(bytes: &mut Vec<u8>, item: &Item) {
    let mut compare = |tag, attribute: &str, value: &[u8]| {
        put_with(bytes, tag, |bytes| {
            put(bytes, OCTET_STRING, attribute.as_bytes());
            put(bytes, OCTET_STRING, value);
        });
    };
    match item {
        Item::Equal { attribute, value } => compare(EQUALITY_MATCH, attribute.as_str(), value),
        Item::Approximate { attribute, value } => compare(APPROX_MATCH, attribute.as_str(), value),
        Item::AtLeast { attribute, value } => compare(GREATER_OR_EQUAL, attribute.as_str(), value),
        Item::AtMost { attribute, value } => compare(LESS_OR_EQUAL, attribute.as_str(), value),
        Item::Present { attribute } => put(bytes, PRESENT, attribute.as_str().as_bytes()),
        Item::Substring { attribute, parts } => put_with(bytes, SUBSTRINGS, |bytes| {
            put(bytes, OCTET_STRING, attribute.as_str().as_bytes());
            put_with(bytes, SEQUENCE, |bytes| put_parts(bytes, parts));
        }),
        Item::Extensible {
            attribute,
            dn,
            rule,
            value,
        } => put_with(bytes, EXTENSIBLE_MATCH, |bytes| {
            if let Some(rule) = rule {
                put(bytes, 0x81, rule.as_str().as_bytes());
            }
            if let Some(attribute) = attribute {
                put(bytes, 0x82, attribute.as_str().as_bytes());
            }
            put(bytes, 0x83, value);
            if *dn {
                put(bytes, 0x84, &[0xff]);
            }
        }),
    }
}

/// `SEQUENCE OF CHOICE { initial [0], any [1], final [2] }`; an empty end is none.
fn put_parts(bytes: &mut Vec<u8>, parts: &[Vec<u8>]) {
    let last = parts.len().saturating_sub(1);
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let tag = match index {
            0 => 0x80,
            index if index == last => 0x82,
            _ => 0x81,
        };
        put(bytes, tag, part);
    }
}

/// Append an element whose content `content` appends.
fn put_with(bytes: &mut Vec<u8>, tag: u8, content: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    content(&mut inner);
    put(bytes, tag, &inner);
}

fn put(bytes: &mut Vec<u8>, tag: u8, content: &[u8]) {
    bytes.push(tag);
    let length = content.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let octets = octets.iter().skip_while(|octet| **octet == 0);
            bytes.push(0x80 | u8::try_from(octets.clone().count()).unwrap_or_default());
            bytes.extend(octets);
        }
    }
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        text.parse::<Filter>().unwrap().encode()
    }

    /// RFC 4511 4.5.1.7: every kind of condition.
    #[test]
    fn every_kind_of_condition() {
        assert_eq!(encoded("(cn=x)"), b"\xa3\x07\x04\x02cn\x04\x01x");
        assert_eq!(encoded("(cn=*)"), b"\x87\x02cn");
        assert_eq!(encoded("(a>=1)"), b"\xa5\x06\x04\x01a\x04\x011");
        assert_eq!(encoded("(a<=1)"), b"\xa6\x06\x04\x01a\x04\x011");
        assert_eq!(encoded("(a~=1)"), b"\xa8\x06\x04\x01a\x04\x011");
        assert_eq!(encoded("(!(cn=*))"), b"\xa2\x04\x87\x02cn");
        assert_eq!(encoded("(&(a=*)(|(b=*)))"), b"\xa0\x08\x87\x01a\xa1\x03\x87\x01b");
        assert_eq!(
            encoded("(a=b*c*d)"),
            b"\xa4\x0e\x04\x01a\x30\x09\x80\x01b\x81\x01c\x82\x01d"
        );
        assert_eq!(encoded("(a=*c*)"), b"\xa4\x08\x04\x01a\x30\x03\x81\x01c");
        assert_eq!(
            encoded("(a:dn:1.2:=x)"),
            b"\xa9\x0e\x81\x031.2\x82\x01a\x83\x01x\x84\x01\xff"
        );
    }

    #[test]
    fn long_values_have_long_lengths() {
        let filter = Filter::equal(crate::AttributeName::from_static("cn"), vec![b'x'; 300]);
        let bytes = filter.encode();
        assert_eq!(bytes[..4], [0xa3, 0x82, 0x01, 0x34]);
        assert_eq!(bytes.len(), 4 + 0x134);
    }

    /// A49: what a name holds is a value.
    #[test]
    fn a49_a_value_is_never_a_filter() {
        let name = crate::AttributeName::from_static("cn");
        assert_eq!(
            Filter::equal(name, "*)(").encode(),
            b"\xa3\x09\x04\x02cn\x04\x03*)("
        );
    }
}
