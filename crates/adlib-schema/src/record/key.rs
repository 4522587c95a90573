//! What a record is known by, whatever it is called.

use std::fmt;

/// The lasting identity of an entry: `objectGUID`, `entryUUID`, `nsUniqueId` or `GUID`, as text in lower case.
///
/// A rename or a move keeps it; an account that is deleted and made again gets another (R35).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

impl Key {
    /// The key with this text. Case does not matter.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut text: Box<str> = text.into();
        text.make_ascii_lowercase();
        Self(text)
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
