//! An entry as a directory gave it, before anything is made of it.

use crate::attribute_name::base_of;

/// A directory entry: its distinguished name, and its attributes as bytes.
///
/// Attribute names compare without case (RFC 4512 2.5), and an option such as `;binary` or `;range=0-1499` is
/// part of the stored name but not of the comparison.
///
/// ```
/// use adlib_schema::RawEntry;
///
/// let mut entry = RawEntry::new("CN=Ada,DC=example,DC=org");
/// entry.push("mail", "ada@example.org");
/// assert_eq!(entry.text("MAIL"), Some("ada@example.org"));
/// assert_eq!(entry.values("pager").len(), 0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawEntry {
    dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl RawEntry {
    /// An entry without attributes.
    pub fn new(dn: impl Into<String>) -> Self {
        Self {
            dn: dn.into(),
            attributes: Vec::new(),
        }
    }

    /// The distinguished name, as the directory spells it.
    #[must_use]
    pub fn dn(&self) -> &str {
        &self.dn
    }

    /// Add one value to the attribute `name`.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let value = value.into();
        match self
            .attributes
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some((_, values)) => values.push(value),
            None => self.attributes.push((name.to_owned(), vec![value])),
        }
    }

    /// Add an attribute with all of its values, which may be none.
    pub fn push_all(&mut self, name: String, values: Vec<Vec<u8>>) {
        match self
            .attributes
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            Some((_, known)) => known.extend(values),
            None => self.attributes.push((name, values)),
        }
    }

    /// The attributes in the order in which they came, names as the directory spells them.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &[Vec<u8>])> {
        self.attributes
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The values of the attribute `name`; none when the entry does not bear it.
    #[must_use]
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|(known, _)| base_of(known).eq_ignore_ascii_case(name))
            .map_or(&[], |(_, values)| values)
    }

    /// The values of the attribute `name` under all of its options, such as the parts of a range.
    pub fn all_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let of_name: Vec<&[Vec<u8>]> = self
            .attributes()
            .filter(|(known, _)| base_of(known).eq_ignore_ascii_case(name))
            .map(|(_, values)| values)
            .collect();
        of_name.into_iter().flatten().map(Vec::as_slice)
    }

    /// The first value of the attribute `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).first().map(Vec::as_slice)
    }

    /// The first value of the attribute `name`, if it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.first(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The values of the attribute `name` that are UTF-8.
    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values(name)
            .iter()
            .filter_map(|value| std::str::from_utf8(value).ok())
    }
}
