//! What is wrong with an LDIF file, and where.

use std::{io, sync::Arc};

use crate::syntax::DnError;

/// An LDIF file that could not be read further.
#[derive(Debug, Clone, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct LdifError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: LdifErrorKind,
}

/// What can be wrong with an LDIF file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LdifErrorKind {
    /// The reader failed.
    #[error("{0}")]
    Io(#[source] Arc<io::Error>),
    /// The file is not UTF-8.
    #[error("the file is in UTF-16; expected UTF-8")]
    Utf16,
    /// A version other than 1.
    #[error("this version of LDIF is not known; expected `version: 1`")]
    Version,
    /// A record that does not begin with its DN.
    #[error("expected `dn:` at the start of an entry")]
    MissingDn,
    /// The DN is none.
    #[error("{0}")]
    Dn(#[source] DnError),
    /// A second `dn:` in one record.
    #[error("expected an empty line before the next entry")]
    SecondDn,
    /// A line without a colon after its attribute name.
    #[error("expected an attribute name and `:`")]
    MissingColon,
    /// A continuation without a line to continue.
    #[error("expected a line that this one could continue")]
    Continuation,
    /// A value that is not Base64.
    #[error("expected a value in Base64 after `::`")]
    Base64,
    /// A value with bytes that are not UTF-8, or with NUL.
    #[error("expected text in UTF-8, or `::` and Base64")]
    NotText,
    /// A value that would have to be fetched (A55).
    #[error("values from URLs are refused; expected `:` or `::`")]
    Url,
    /// A change record: this file says what to do, not what there is.
    #[error("a change record; expected entries as they are, without `changetype` or `control`")]
    ChangeRecord,
    /// The result at the end says that entries are missing.
    #[error("the search that wrote this file ended with result {0}, so entries are missing; expected 0")]
    CutShort(u32),
    /// A line, with what continues it, is too long.
    #[error("expected at most {0} bytes in a line and what continues it")]
    LineTooLong(usize),
    /// An entry is too large.
    #[error("expected at most {0} bytes in an entry")]
    EntryTooLarge(usize),
    /// An entry has too many attributes.
    #[error("expected at most {0} attributes in an entry")]
    TooManyAttributes(usize),
}
