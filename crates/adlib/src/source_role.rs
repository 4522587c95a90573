//! The two sources of users.

use std::fmt;

/// Which of the two configured directories (R29, R40).
///
/// ```
/// use adlib::SourceRole;
///
/// assert_eq!(SourceRole::Secondary.to_string(), "secondary");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceRole {
    /// The one that comes first.
    Primary,
    /// The one that adds to it.
    Secondary,
}

impl SourceRole {
    /// `primary` or `secondary`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl fmt::Display for SourceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
