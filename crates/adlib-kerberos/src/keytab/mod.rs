//! Key tables: a service's keys in a file (MIT's format).
//!
//! Trust level: the operator's own file. It is read within bounds all the same.

mod decode;
mod encode;
mod entry;
mod reload;

use alloc::{sync::Arc, vec::Vec};

use adlib_core::DecodeError;

pub use entry::{KeytabEntry, UnusableEntry};
pub use reload::ReloadableKeytab;

use crate::KeyError;

/// The keys of one or more services, in the order of their file, with what each opens and signs derived once.
///
/// A clone shares the keys.
///
/// ```
/// use adlib_core::UnixTime;
/// use adlib_kerberos::{EncryptionType, Keytab, KeytabEntry, ServiceKey};
///
/// let entry = KeytabEntry {
///     principal: "HTTP/app.corp.example.com@CORP.EXAMPLE.COM".parse()?,
///     kvno: 5,
///     key: ServiceKey::new(EncryptionType::Aes256Sha1, [7; 32])?,
///     timestamp: UnixTime::from_seconds(0),
/// };
/// let keytab = Keytab::new(vec![entry]);
/// assert_eq!(Keytab::decode(&keytab.encode())?, keytab);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keytab {
    entries: Arc<[KeytabEntry]>,
    unusable: Vec<UnusableEntry>,
}

impl Keytab {
    /// A table with these keys.
    #[must_use]
    pub fn new(entries: Vec<KeytabEntry>) -> Self {
        Self {
            entries: entries.into(),
            unusable: Vec::new(),
        }
    }

    /// The keys.
    #[must_use]
    pub fn entries(&self) -> &[KeytabEntry] {
        &self.entries
    }

    /// The keys, shared.
    pub(crate) fn share(&self) -> Arc<[KeytabEntry]> {
        Arc::clone(&self.entries)
    }

    /// The entries whose encryption type is not spoken here, such as DES: they open nothing.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableEntry] {
        &self.unusable
    }
}

/// A key table that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeytabError {
    /// The file does not begin like a key table.
    #[error("not a keytab: the file does not begin with the byte 5")]
    NotAKeytab,
    /// A version that is not read here.
    #[error("keytab version {0} is not supported; expected 1 or 2")]
    Version(u8),
    /// An entry is not well-formed.
    #[error("keytab entry {entry}: {error}")]
    Entry {
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong, at an offset in the file.
        error: DecodeError,
    },
    /// A key does not fit its encryption type.
    #[error("keytab entry {entry}: {error}")]
    Key {
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong.
        error: KeyError,
    },
}
