//! An entry as a directory gave it, before anything is made of it.

use std::{fmt, mem, ops::Range};

use crate::{
    AttributeName,
    attribute_name::{base_of, fingerprint},
};

/// A directory entry: its distinguished name, and its attributes as bytes.
///
/// Attribute names compare without case (RFC 4512 2.5), and an option such as `;binary` or `;range=0-1499` is
/// part of the stored name but not of the comparison. Where an attribute came with and without options, a lookup by
/// its name gives the values without.
///
/// ```
/// use adlib_schema::RawEntry;
///
/// let mut entry = RawEntry::new("CN=Ada,DC=example,DC=org");
/// entry.push("mail", "ada@example.org");
/// assert_eq!(entry.text("MAIL"), Some("ada@example.org"));
/// assert_eq!(entry.values("pager").len(), 0);
/// ```
#[derive(Clone)]
pub struct RawEntry {
    /// The DN, then the names of the attributes.
    text: String,
    dn: usize,
    /// The values of all attributes.
    bytes: Vec<u8>,
    attributes: Vec<Attribute>,
    values: Vec<Value>,
    buckets: Buckets,
}

/// The last attribute of each chain of those whose fingerprints end alike.
type Buckets = [u32; BUCKETS];

/// Nearly as many as an entry has attributes, and small enough that entries can be moved.
const BUCKETS: usize = 16;
/// The end of a chain of attributes; memory ends long before there are so many.
const NO_ATTRIBUTE: u32 = u32::MAX;
/// The end of a chain of values.
const NONE: usize = usize::MAX;

/// One attribute: where its name is, and the chain of its values.
#[derive(Debug, Clone)]
struct Attribute {
    fingerprint: u64,
    /// Within `text`.
    name: Range<usize>,
    /// The length of the name without its options.
    base: usize,
    first: usize,
    last: usize,
    count: usize,
    /// The attribute before, in the same bucket.
    before: u32,
}

/// Where a value is in `bytes`, and which value of the same attribute follows.
#[derive(Debug, Clone)]
struct Value {
    bytes: Range<usize>,
    next: usize,
}

/// How much an entry takes up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    text: usize,
    bytes: usize,
    attributes: usize,
    values: usize,
}

impl RawEntry {
    /// An entry without attributes.
    pub fn new(dn: impl Into<String>) -> Self {
        let text = dn.into();
        Self {
            dn: text.len(),
            text,
            bytes: Vec::new(),
            attributes: Vec::new(),
            values: Vec::new(),
            buckets: [NO_ATTRIBUTE; BUCKETS],
        }
    }

    /// The same, with room for as much as `extent` says.
    pub(crate) fn with_extent(dn: &str, extent: Extent) -> Self {
        let mut text = String::with_capacity(extent.text.max(dn.len()));
        text.push_str(dn);
        Self {
            dn: dn.len(),
            text,
            bytes: Vec::with_capacity(extent.bytes),
            attributes: Vec::with_capacity(extent.attributes),
            values: Vec::with_capacity(extent.values),
            buckets: [NO_ATTRIBUTE; BUCKETS],
        }
    }

    /// What an entry like this one will take up, a large one excepted.
    pub(crate) fn likely_extent(&self) -> Extent {
        const MOST: usize = 4096;
        Extent {
            text: self.text.len().min(MOST) * 9 / 8,
            bytes: self.bytes.len().min(MOST) * 9 / 8,
            attributes: self.attributes.len().min(MOST / 32),
            values: self.values.len().min(MOST / 32),
        }
    }

    /// The distinguished name, as the directory spells it.
    #[must_use]
    pub fn dn(&self) -> &str {
        self.text.get(..self.dn).unwrap_or_default()
    }

    /// Add one value to the attribute `name`.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let attribute = self.attribute(name);
        self.push_to(attribute, |bytes| bytes.extend_from_slice(value.as_ref()));
    }

    /// Add an attribute with all of its values, which may be none.
    pub fn push_all(&mut self, name: &str, values: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        let attribute = self.attribute(name);
        for value in values {
            self.push_to(attribute, |bytes| bytes.extend_from_slice(value.as_ref()));
        }
    }

    /// The number of the attribute `name`, which is made if it is not there.
    pub(crate) fn attribute(&mut self, name: &str) -> usize {
        let base = base_of(name);
        let fingerprint = fingerprint(base.as_bytes());
        let mut chain = self.chain(fingerprint);
        let known = chain.find(|(_, known)| same_name(self.name(known), name));
        if let Some(known) = known.map(|(number, _)| number) {
            return known;
        }
        drop(chain);
        let (number, start) = (self.attributes.len(), self.text.len());
        let bucket = self.buckets.get_mut(bucket_of(fingerprint));
        let last = u32::try_from(number).unwrap_or(NO_ATTRIBUTE);
        let before = bucket.map_or(NO_ATTRIBUTE, |bucket| mem::replace(bucket, last));
        self.text.push_str(name);
        self.attributes.push(Attribute {
            fingerprint,
            name: start..self.text.len(),
            base: base.len(),
            first: NONE,
            last: NONE,
            count: 0,
            before,
        });
        number
    }

    /// Add the value that `write` appends to the attribute with this number.
    pub(crate) fn push_to<T>(&mut self, attribute: usize, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        let number = self.values.len();
        if let Some(attribute) = self.attributes.get_mut(attribute) {
            match self.values.get_mut(attribute.last) {
                Some(last) => last.next = number,
                None => attribute.first = number,
            }
            attribute.last = number;
            attribute.count += 1;
        }
        self.values.push(Value {
            bytes: start..self.bytes.len(),
            next: NONE,
        });
        written
    }

    /// Whether the attribute with this number has exactly this name.
    pub(crate) fn is_called(&self, attribute: usize, name: &str) -> bool {
        let attribute = self.attributes.get(attribute);
        attribute.is_some_and(|attribute| self.name(attribute) == name)
    }

    /// The attributes in the order in which they came, names as the directory spells them.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Values<'_>)> {
        self.attributes
            .iter()
            .map(|attribute| (self.name(attribute), self.values_in(Some(attribute))))
    }

    /// The values of the attribute `name`; none when the entry does not bear it.
    #[must_use]
    pub fn values(&self, name: &str) -> Values<'_> {
        self.values_in(self.find(name, fingerprint(name.as_bytes())))
    }

    /// The values of the attribute `name`, whose own options do not count.
    pub(crate) fn values_of(&self, name: &AttributeName) -> Values<'_> {
        self.values_in(self.find(name.base(), name.fingerprint()))
    }

    /// The values of the attribute `name` under all of its options, such as the parts of a range.
    pub fn all_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let fingerprint = fingerprint(name.as_bytes());
        let is_named = |attribute: &Attribute| same_name(self.base(attribute), name);
        let chain = self
            .chain(fingerprint)
            .filter(|(_, attribute)| is_named(attribute));
        let mut named: Vec<Values<'a>> = chain
            .map(|(_, attribute)| self.values_in(Some(attribute)))
            .collect();
        named.reverse();
        named.into_iter().flatten()
    }

    /// The first value of the attribute `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The first value of the attribute `name`, if it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values(name).text()
    }

    /// The values of the attribute `name` that are UTF-8.
    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values(name).texts()
    }

    fn name(&self, attribute: &Attribute) -> &str {
        self.text.get(attribute.name.clone()).unwrap_or_default()
    }

    /// The name without its options.
    fn base(&self, attribute: &Attribute) -> &str {
        let start = attribute.name.start;
        self.text.get(start..start + attribute.base).unwrap_or_default()
    }

    /// The attribute with the base name `name`, rather without options than with them.
    fn find(&self, name: &str, fingerprint: u64) -> Option<&Attribute> {
        let mut with_options = None;
        for (_, attribute) in self.chain(fingerprint) {
            if attribute.base == name.len() && same_name(self.base(attribute), name) {
                if attribute.base == attribute.name.len() {
                    return Some(attribute);
                }
                with_options = Some(attribute);
            }
        }
        with_options
    }

    /// The attributes with this fingerprint and their numbers, the last one first.
    fn chain(&self, fingerprint: u64) -> impl Iterator<Item = (usize, &Attribute)> {
        let bucket = self.buckets.get(bucket_of(fingerprint));
        let mut next = bucket.copied().unwrap_or(NO_ATTRIBUTE);
        let chain = std::iter::from_fn(move || {
            let number = usize::try_from(next).ok()?;
            let attribute = self.attributes.get(number)?;
            next = attribute.before;
            Some((number, attribute))
        });
        chain.filter(move |(_, attribute)| attribute.fingerprint == fingerprint)
    }

    fn values_in(&self, attribute: Option<&Attribute>) -> Values<'_> {
        Values {
            entry: self,
            next: attribute.map_or(NONE, |attribute| attribute.first),
            left: attribute.map_or(0, |attribute| attribute.count),
        }
    }
}

/// Whether two names are the same: most servers spell them as their schema does.
fn same_name(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case(right)
}

/// The bucket of a fingerprint: by its highest byte, which is mixed best.
const fn bucket_of(fingerprint: u64) -> usize {
    let [.., highest] = fingerprint.to_le_bytes();
    highest as usize % BUCKETS
}

/// An entry without a DN and without attributes.
impl Default for RawEntry {
    fn default() -> Self {
        Self::new("")
    }
}

/// The same DN, and the same attributes in the same order.
impl PartialEq for RawEntry {
    fn eq(&self, other: &Self) -> bool {
        self.dn() == other.dn() && self.attributes().eq(other.attributes())
    }
}

impl Eq for RawEntry {}

impl fmt::Debug for RawEntry {
    /// Without the values, among which there may be a PIN (A63).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.attributes().map(|(name, values)| (name, values.len()));
        write!(f, "RawEntry({}, number of values: ", self.dn())?;
        f.debug_map().entries(counts).finish()?;
        f.write_str(")")
    }
}

/// The values of one attribute, in the order in which they came.
#[derive(Clone)]
pub struct Values<'a> {
    entry: &'a RawEntry,
    next: usize,
    left: usize,
}

impl<'a> Values<'a> {
    /// Whether there are none, or none any more.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The next value, if it is UTF-8.
    pub(crate) fn text(mut self) -> Option<&'a str> {
        std::str::from_utf8(self.next()?).ok()
    }

    /// Those that are UTF-8.
    pub(crate) fn texts(self) -> impl Iterator<Item = &'a str> {
        self.filter_map(|value| std::str::from_utf8(value).ok())
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let value = self.entry.values.get(self.next)?;
        self.next = value.next;
        self.left -= 1;
        self.entry.bytes.get(value.bytes.clone())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Values<'_> {}

impl PartialEq for Values<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.clone().eq(other.clone())
    }
}

impl<T: AsRef<[u8]>, const N: usize> PartialEq<[T; N]> for Values<'_> {
    fn eq(&self, other: &[T; N]) -> bool {
        self.clone().eq(other.iter().map(AsRef::as_ref))
    }
}

impl fmt::Debug for Values<'_> {
    /// Without the values, among which there may be a PIN (A63).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values({})", self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R27: options are part of the name that came; the values without any are those that count.
    #[test]
    fn r27_names_options_and_order() {
        let mut entry = RawEntry::new("cn=x");
        entry.push("sn;lang-ja", "小川");
        entry.push("SN", "Ogawa");
        entry.push("sn", "Smith");
        entry.push("cn;binary", [0xff]);
        entry.push_all("empty", [[0_u8; 0]; 0]);
        assert_eq!(entry.values("sn"), ["Ogawa", "Smith"]);
        assert_eq!(entry.values("cn"), [[0xff]]);
        assert_eq!(entry.all_values("sn").count(), 3);
        assert!(entry.values("empty").is_empty() && entry.values("s").is_empty());
        let names: Vec<_> = entry
            .attributes()
            .map(|(name, values)| (name, values.len()))
            .collect();
        assert_eq!(
            names,
            [("sn;lang-ja", 1), ("SN", 2), ("cn;binary", 1), ("empty", 0)]
        );
    }

    /// A63: what is printed of an entry has no values, one of which could be a PIN.
    #[test]
    fn a63_a_printed_entry_has_no_values() {
        let mut entry = RawEntry::new("cn=x");
        entry.push("pin", "4711");
        assert_eq!(
            format!("{entry:?}"),
            r#"RawEntry(cn=x, number of values: {"pin": 1})"#
        );
        assert!(!format!("{:?}", entry.values("pin")).contains("4711"));
    }

    proptest! {
        /// In whatever order values come, each attribute has its own in that order.
        #[test]
        fn values_by_attribute(pushed in proptest::collection::vec((0_usize..6, any::<Vec<u8>>()), 0..30)) {
            let names = ["a", "B", "ab", "serial-number", "serial-numbes", "a;x"];
            let mut entry = RawEntry::new("cn=x");
            for (name, value) in &pushed {
                entry.push(names[*name], value);
            }
            for (index, name) in names.iter().enumerate() {
                let expected: Vec<&[u8]> =
                    pushed.iter().filter(|(of, _)| of == &index).map(|(_, value)| value.as_slice()).collect();
                let mut found = entry.attributes().filter(|(known, _)| known == name);
                let found: Vec<&[u8]> = found.next().map(|(_, values)| values.collect()).unwrap_or_default();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
