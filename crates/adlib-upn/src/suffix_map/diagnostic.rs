//! What is wrong with a mapping file, and where.

use core::{fmt, ops::Range};

use super::parse::{MAX_DIAGNOSTICS, MAX_FILE_BYTES, MAX_MAPPINGS};
use crate::{NameError, error::Named};

/// One mistake in a mapping file.
///
/// ```
/// use adlib_upn::SuffixMap;
///
/// let parsed = SuffixMap::parse(b"acme.com = corp.example.com # ours");
/// let diagnostic = &parsed.diagnostics[0];
/// assert_eq!(diagnostic.to_string(), "line 1, column 28: a blank inside of the domain");
/// assert_eq!((diagnostic.line, diagnostic.columns.clone()), (1, 28..29));
/// assert!(diagnostic.problem.help().contains("a comment stands on a line of its own"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The line, counted from 1.
    pub line: usize,
    /// The columns concerned, counted in characters from 1; the end is the first one that is not.
    pub columns: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.columns.start, self.problem
        )
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Diagnostic {
    /// `{"line","column","message","help"}`
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut object = serializer.serialize_struct("Diagnostic", 4)?;
        object.serialize_field("line", &self.line)?;
        object.serialize_field("column", &self.columns.start)?;
        object.serialize_field("message", &alloc::string::ToString::to_string(&self.problem))?;
        object.serialize_field("help", self.problem.help())?;
        object.end()
    }
}

/// One of the two sides of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What stands before the `=`.
    Alternate,
    /// What stands behind it.
    Domain,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alternate => "alternate suffix",
            Self::Domain => "domain",
        })
    }
}

/// The ways in which a mapping file can be wrong. The text is the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file is larger than [`MAX_FILE_BYTES`]; none of it is used.
    #[error("the file is larger than {MAX_FILE_BYTES} bytes")]
    FileTooLarge,
    /// The file is UTF-16; none of it is used.
    #[error("the file is in UTF-16")]
    Utf16,
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A comment with a character that a terminal might obey.
    #[error("{} in a comment", Named(*.0))]
    ControlCharacter(char),
    /// A line that is neither blank nor comment has no `=`.
    #[error("no `=` in this line")]
    NoEqualsSign,
    /// A line has more than one `=`.
    #[error("a second `=` in this line")]
    SecondEqualsSign,
    /// There is nothing on one side of the `=`.
    #[error("the {0} is missing")]
    Missing(Side),
    /// There is a space or tab within one side.
    #[error("a blank inside of the {0}")]
    Blank(Side),
    /// One side is no DNS name.
    #[error("{}{}", Suspect(.1), .1.rule)]
    BadSuffix(Side, NameError),
    /// The same mapping, in whatever case, stands further up.
    #[error("the same mapping as in line {first}")]
    Duplicate {
        /// The line that counts.
        first: usize,
    },
    /// One mapping more than [`MAX_MAPPINGS`].
    #[error("more than {MAX_MAPPINGS} mappings")]
    TooManyMappings,
    /// There were [`MAX_DIAGNOSTICS`] mistakes; the rest is not listed.
    #[error("more than {MAX_DIAGNOSTICS} mistakes; the others are not listed")]
    TooManyMistakes,
}

impl Problem {
    /// What the operator can do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::FileTooLarge => "is this the right file?",
            Self::Utf16 | Self::NotUtf8 => "save the file as UTF-8",
            Self::ControlCharacter(_) => "remove the character",
            Self::NoEqualsSign | Self::SecondEqualsSign | Self::Missing(_) => {
                "a mapping reads `alternate.suffix = domain.name`; a comment begins with `#`"
            }
            Self::Blank(_) => "one mapping a line, and a comment stands on a line of its own",
            Self::BadSuffix(Side::Alternate, _) => {
                "an alternate suffix is what users type behind the `@`, such as `acme.com`"
            }
            Self::BadSuffix(Side::Domain, _) => {
                "a domain is given by its full DNS name, such as `corp.example.com`"
            }
            Self::Duplicate { .. } => "remove this line",
            Self::TooManyMappings => "remove mappings that are not used",
            Self::TooManyMistakes => "mend the mistakes above first",
        }
    }
}

/// The character that broke a rule, if there is one.
struct Suspect<'a>(&'a NameError);

impl fmt::Display for Suspect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .character
            .map_or(Ok(()), |character| write!(f, "{}: ", Named(character)))
    }
}
