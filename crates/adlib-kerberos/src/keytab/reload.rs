//! A key table in use: all of it is right, or the last one that was stays in force.

use super::{Keytab, KeytabError};

/// A key table that can be replaced while running, by a file that can be read.
///
/// ```
/// use adlib_kerberos::{Keytab, ReloadableKeytab};
///
/// # fn main() -> Result<(), adlib_kerberos::KeytabError> {
/// # let file = Keytab::default().encode();
/// let mut keytab = ReloadableKeytab::load(&file)?;
/// assert!(keytab.reload(b"half a file").is_err(), "the old one stays in force");
/// keytab.reload(&file)?;
/// let in_use = keytab.keytab().clone(); // shares the keys, and outlives the next reload
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReloadableKeytab {
    keytab: Keytab,
}

impl ReloadableKeytab {
    /// The table that `file` is.
    ///
    /// # Errors
    /// As [`Keytab::decode`].
    pub fn load(file: &[u8]) -> Result<Self, KeytabError> {
        Keytab::decode(file).map(|keytab| Self { keytab })
    }

    /// Put the table that `file` is in the place of the present one.
    ///
    /// # Errors
    /// As [`Keytab::decode`]; the table is what it was.
    pub fn reload(&mut self, file: &[u8]) -> Result<(), KeytabError> {
        self.keytab = Keytab::decode(file)?;
        Ok(())
    }

    /// The table in force.
    #[must_use]
    pub const fn keytab(&self) -> &Keytab {
        &self.keytab
    }
}

impl From<Keytab> for ReloadableKeytab {
    fn from(keytab: Keytab) -> Self {
        Self { keytab }
    }
}
