//! A mapping file in use: all of it is right, or the last one that was stays in force (R17).

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use super::{Diagnostic, Parsed, SuffixMap};

/// A mapping file with mistakes, none of which may pass where the file is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuffixMapError {
    diagnostics: Vec<Diagnostic>,
}

impl SuffixMapError {
    /// What is wrong, in the order of the lines; at least one.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl core::error::Error for SuffixMapError {}

impl fmt::Display for SuffixMapError {
    /// The first mistake, and how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.diagnostics.first() {
            write!(f, "{first} ({})", first.problem.help())?;
        }
        match self.diagnostics.len() {
            ..2 => Ok(()),
            count => write!(f, "; {count} mistakes in all"),
        }
    }
}

impl Parsed {
    /// The map, if the whole file is right.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn into_map(self) -> Result<SuffixMap, SuffixMapError> {
        if self.diagnostics.is_empty() {
            Ok(self.map)
        } else {
            Err(SuffixMapError {
                diagnostics: self.diagnostics,
            })
        }
    }
}

/// A mapping that can be replaced while running, by a file that is right.
///
/// Whoever took the map before keeps the one that it took: a sign-in never sees half of each.
///
/// ```
/// use adlib_upn::ReloadableSuffixMap;
///
/// let mut suffixes = ReloadableSuffixMap::load(b"acme.com = corp.example.com")?;
/// let error = suffixes.reload(b"acme.com = staff.example.com\nacme.org").unwrap_err();
/// assert_eq!(error.diagnostics()[0].line, 2);
/// assert!(suffixes.map().domains_of("acme.com").eq(["corp.example.com"]), "the old one stays in force");
///
/// suffixes.reload(b"acme.com = staff.example.com")?;
/// assert!(suffixes.map().domains_of("acme.com").eq(["staff.example.com"]));
/// # Ok::<(), adlib_upn::SuffixMapError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReloadableSuffixMap {
    map: Arc<SuffixMap>,
}

impl From<SuffixMap> for ReloadableSuffixMap {
    fn from(map: SuffixMap) -> Self {
        Self { map: Arc::new(map) }
    }
}

impl ReloadableSuffixMap {
    /// The mapping of `file`.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn load(file: &[u8]) -> Result<Self, SuffixMapError> {
        SuffixMap::parse(file).into_map().map(Self::from)
    }

    /// Put the mapping of `file` in the place of the present one.
    ///
    /// # Errors
    /// All that is wrong with the file; the mapping is what it was.
    pub fn reload(&mut self, file: &[u8]) -> Result<(), SuffixMapError> {
        self.map = Arc::new(SuffixMap::parse(file).into_map()?);
        Ok(())
    }

    /// The mapping in force.
    #[must_use]
    pub fn map(&self) -> Arc<SuffixMap> {
        Arc::clone(&self.map)
    }
}
