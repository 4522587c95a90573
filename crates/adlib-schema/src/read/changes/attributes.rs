//! The attributes of an entry in one piece of memory, which is also how they are stored.

use adlib_core::{DecodeError, Reader, Writer};

use super::{codec, extended_dn};
use crate::{Dn, RawEntry};

/// Attributes with their values: a name, the number of values, the values; again and again.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes(Box<[u8]>);

impl Attributes {
    /// The attributes of `entry` that `wanted` says.
    ///
    /// Identities in front of DNs, which only who asks for them gets, are left out where `identified`: a read without them
    /// has none.
    pub(super) fn of(entry: &RawEntry, identified: bool, wanted: impl Fn(&str) -> bool) -> Self {
        let mut writer = Writer::new();
        for (name, values) in entry.attributes().filter(|(name, _)| wanted(name)) {
            codec::put(&mut writer, name.as_bytes());
            codec::put_count(&mut writer, values.len());
            for value in values {
                let value: &[u8] = AsRef::as_ref(value);
                let value = if identified {
                    without_identity(value)
                } else {
                    value
                };
                codec::put(&mut writer, value);
            }
        }
        Self(writer.finish().into())
    }

    /// Add the attributes to `entry`.
    pub(super) fn add_to(&self, entry: &mut RawEntry) {
        self.each(|name, value| entry.push(name, value));
    }

    /// Call `each` with every value and the name of its attribute.
    pub(super) fn each(&self, each: impl FnMut(&str, &[u8])) {
        // Checked when they were made.
        let _checked = walk(&self.0, each);
    }

    /// The bytes, for a file.
    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attributes that `bytes` are.
    ///
    /// # Errors
    /// A `DecodeError` for anything else.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        walk(bytes, |_, _| {})?;
        Ok(Self(bytes.into()))
    }
}

/// The DN in `value` when it is one with its identity in front, else all of it.
fn without_identity(value: &[u8]) -> &[u8] {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.starts_with('<'));
    match text.map(extended_dn::parse) {
        Some((Some(_), dn)) if dn.parse::<Dn>().is_ok() => dn.as_bytes(),
        _ => value,
    }
}

/// Call `each` with every value and the name of its attribute.
fn walk(bytes: &[u8], mut each: impl FnMut(&str, &[u8])) -> Result<(), DecodeError> {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let name = codec::text(&mut reader, "attribute")?;
        for _ in 0..codec::count(&mut reader, "values")? {
            each(name, codec::bytes(&mut reader, "value")?);
        }
    }
    Ok(())
}
