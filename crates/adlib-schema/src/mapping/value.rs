//! The values of an entry as text, with a warning for each that is none (A61).

use memchr::memchr;

use crate::{AttributeName, Dn, RawEntry, attribute_name::base_of, read::Warning};

/// The longest text that a field takes, in bytes. No directory's own attributes allow more.
const MAX_TEXT: usize = 4096;

/// An entry being mapped.
pub(super) struct Values<'a> {
    pub(super) entry: &'a RawEntry,
    pub(super) dn: Option<&'a Dn>,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Values<'a> {
    pub(super) const fn new(entry: &'a RawEntry, dn: Option<&'a Dn>, warnings: &'a mut Vec<Warning>) -> Self {
        Self { entry, dn, warnings }
    }

    /// Note that `what` is odd about this entry.
    pub(super) fn warn(&mut self, what: impl Into<String>) {
        // The DN is the server's text too, and may be of any length.
        let subject: String = self.entry.dn().chars().take(MAX_TEXT).collect();
        self.warnings.push(Warning::new(subject, what));
    }

    /// The first value in `field` that is text and not blank.
    pub(super) fn text(&mut self, field: &[AttributeName]) -> Option<String> {
        self.find(field, |text| Some(text.to_owned()))
    }

    /// What `take` makes of the first value in `field`, among those that are text and not blank, of which it makes anything.
    pub(super) fn find<T>(
        &mut self,
        field: &[AttributeName],
        mut take: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let entry = self.entry;
        field.iter().find_map(|attribute| {
            let mut values = entry.values_of(attribute);
            values.find_map(|value| take(self.usable(attribute, value)?))
        })
    }

    /// All values in `field` that are text and not blank. The name of the attribute counts with its case (R25).
    pub(super) fn exactly_named(&mut self, field: &[AttributeName]) -> Vec<&'a str> {
        let entry = self.entry;
        let mut texts = Vec::new();
        for attribute in field {
            let named = entry
                .attributes()
                .filter(|(name, _)| base_of(name) == attribute.base());
            for value in named.flat_map(|(_, values)| values) {
                texts.extend(self.usable(attribute, value));
            }
        }
        texts
    }

    /// `value` as text; what is no text, or too long, is warned about, what is blank is passed over.
    fn usable<'v>(&mut self, attribute: &AttributeName, value: &'v [u8]) -> Option<&'v str> {
        if value.len() > MAX_TEXT {
            self.warn(format!(
                "`{attribute}` is {} bytes long and was left out",
                value.len()
            ));
            return None;
        }
        match std::str::from_utf8(value) {
            // Some stores end a text at a NUL, or have no place for one.
            Ok(text) if memchr(0, value).is_none() => {
                Some(text).filter(|text| !text.chars().all(char::is_whitespace))
            }
            _ => {
                self.warn(format!("`{attribute}` is not text and was left out"));
                None
            }
        }
    }

    /// The DNS name of the domain in lower case; empty when the DN tells none.
    pub(super) fn domain(&self) -> String {
        self.dn.map(Dn::dns_domain).unwrap_or_default()
    }

    /// The name in `field`, or else the first part of the DN, so that no entry is without one.
    pub(super) fn name(&mut self, field: &[AttributeName]) -> String {
        if let Some(name) = self.text(field) {
            return name;
        }
        self.warn("has no usable name and is called by the first part of its DN");
        let first = self.dn.and_then(|dn| dn.rdns().next());
        let value = first.and_then(|rdn| rdn.first()?.text().map(std::borrow::Cow::into_owned));
        let name = value.unwrap_or_else(|| self.entry.dn().to_owned());
        name.chars().filter(|c| *c != '\0').take(MAX_TEXT / 4).collect()
    }
}
