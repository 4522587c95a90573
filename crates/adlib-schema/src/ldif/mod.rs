//! LDIF content files (RFC 2849), as servers and their tools write them.
//!
//! Trust level: a file is hostile. Lines, entries and attribute counts are bounded, nothing is fetched (A55),
//! and no file is opened here: the caller hands in a reader.

mod error;
mod line;
mod record;

use std::io::Read;

use crate::{RawEntry, raw_entry::Extent};
use line::Lines;

pub use error::{LdifError, LdifErrorKind};

/// The entries of an LDIF content file, one at a time.
///
/// What else such files have is passed over: comments, referrals (`ref:` without a `dn:`), and the result that
/// `ldapsearch` writes at the end. A result that says the search was cut short is an error, since the rest of the
/// entries is missing. After an error nothing more comes.
///
/// ```
/// use adlib_schema::LdifReader;
///
/// let text = "version: 1\n\
///             dn: cn=Ada,dc=example,dc=org\n\
///             mail: ada@exam\n ple.org\n\
///             cn:: QWRh\n";
/// let entries: Vec<_> = LdifReader::new(text.as_bytes()).collect::<Result<_, _>>()?;
/// assert_eq!(entries[0].text("mail"), Some("ada@example.org"));
/// assert_eq!(entries[0].text("cn"), Some("Ada"));
///
/// let error = LdifReader::new("dn: cn=Ada\nphoto:< file:///etc/passwd\n".as_bytes()).nth(0).unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "line 2: values from URLs are refused; expected `:` or `::`");
/// # Ok::<(), adlib_schema::LdifError>(())
/// ```
#[derive(Debug)]
pub struct LdifReader<R> {
    lines: Lines<R>,
    state: State,
    /// How much the entry before took up: the next one is probably like it.
    extent: Extent,
    referrals: Vec<String>,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Records,
    Done,
}

impl<R: Read> LdifReader<R> {
    /// The entries in `reader`, which need not be buffered.
    pub fn new(reader: R) -> Self {
        Self {
            lines: Lines::new(reader),
            state: State::Start,
            extent: Extent::default(),
            referrals: Vec::new(),
        }
    }

    /// The first of the referrals that came so far: parts of the directory that are on other servers, and not in the file.
    ///
    /// ```
    /// use adlib_schema::LdifReader;
    ///
    /// let text = "dn: cn=Ada,dc=example,dc=org\ncn: Ada\n\nref: ldap://other.example.org/dc=example,dc=org\n";
    /// let mut reader = LdifReader::new(text.as_bytes());
    /// assert_eq!(reader.by_ref().count(), 1);
    /// assert_eq!(reader.referrals(), ["ldap://other.example.org/dc=example,dc=org"]);
    /// ```
    #[must_use]
    pub fn referrals(&self) -> &[String] {
        &self.referrals
    }

    fn read(&mut self) -> Result<Option<RawEntry>, LdifError> {
        if self.state == State::Start {
            self.state = State::Records;
            record::skip_version(&mut self.lines)?;
        }
        let entry = record::next(&mut self.lines, self.extent, &mut self.referrals)?;
        self.extent = entry.as_ref().map(RawEntry::likely_extent).unwrap_or_default();
        Ok(entry)
    }
}

impl<R: Read> Iterator for LdifReader<R> {
    type Item = Result<RawEntry, LdifError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let entry = self.read();
        if !matches!(entry, Ok(Some(_))) {
            self.state = State::Done;
        }
        entry.transpose()
    }
}
