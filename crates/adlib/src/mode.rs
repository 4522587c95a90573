//! Which mechanisms a sign-in may use (R5).

use std::{fmt, str::FromStr};

/// Which mechanisms a sign-in may use (R5).
///
/// ```
/// use adlib::Mode;
///
/// assert_eq!("modern".parse(), Ok(Mode::ModernOnly));
/// assert_eq!("".parse(), Ok(Mode::Auto));
/// assert!("kerberos".parse::<Mode>().unwrap_err().to_string().contains("auto, modern"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Kerberos; NTLM only where Kerberos could not be used.
    #[default]
    Auto,
    /// Kerberos, never NTLM. Recommended.
    ModernOnly,
    /// NTLM, without trying Kerberos.
    LegacyOnly,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::ModernOnly => "modern",
            Self::LegacyOnly => "legacy",
        })
    }
}

/// A text that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mode; expected one of auto, modern (f, -f), legacy (l, -l)")]
pub struct ModeParseError(String);

impl FromStr for Mode {
    type Err = ModeParseError;

    fn from_str(text: &str) -> Result<Self, ModeParseError> {
        match text {
            "" | "auto" => Ok(Self::Auto),
            "modern" | "f" | "-f" => Ok(Self::ModernOnly),
            "legacy" | "l" | "-l" => Ok(Self::LegacyOnly),
            _ => Err(ModeParseError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R5
    #[test]
    fn r05_every_spelling_of_a_mode() {
        let spellings = [
            (Mode::Auto, &["auto", ""][..]),
            (Mode::ModernOnly, &["modern", "f", "-f"]),
            (Mode::LegacyOnly, &["legacy", "l", "-l"]),
        ];
        for (mode, texts) in spellings {
            for text in texts {
                assert_eq!(text.parse(), Ok(mode), "{text:?}");
            }
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for text in ["Auto", "kerberos", " auto", "-m"] {
            assert!(text.parse::<Mode>().is_err(), "{text:?}");
        }
    }
}
