//! What is wrong with a configuration file, and where.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Something wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: Option<PathBuf>,
    /// Line and column, both from 1.
    position: Option<(usize, usize)>,
    message: String,
}

impl ConfigError {
    /// Line and column of the mistake, both from 1, if it has a place.
    #[must_use]
    pub const fn position(&self) -> Option<(usize, usize)> {
        self.position
    }

    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self {
            file: Some(file.to_owned()),
            position: None,
            message: format!("cannot be read: {error}"),
        }
    }

    pub(super) fn in_file(self, file: &Path) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..self
        }
    }

    pub(super) fn from_toml(error: &toml::de::Error, text: &str) -> Self {
        let position = error.span().map(|span| position(text, span.start));
        Self {
            file: None,
            position,
            message: reword(error.message()),
        }
    }

    /// A mistake in the section `[name]` as a whole, which begins `at` a byte of `text`.
    pub(super) fn in_section(name: &str, message: &str, at: Option<usize>, text: &str) -> Self {
        Self {
            file: None,
            position: at.map(|start| position(text, start)),
            message: format!("[{name}] {message}"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Say an unknown key as an operator would, with the nearest known one.
fn reword(message: &str) -> String {
    let message = message.trim_end();
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message.to_owned();
    };
    let mut names = rest.split('`').step_by(2);
    let Some(unknown) = names.next() else {
        return message.to_owned();
    };
    let known: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    match nearest(unknown, &known) {
        Some(name) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`; known are {}", known.join(", ")),
    }
}

/// The known name that is most like `unknown`, if any is like it.
pub(super) fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let similarity = |name: &&str| (strsim::jaro_winkler(unknown, name) * 1000.0).round();
    known
        .iter()
        .copied()
        .filter(|name| similarity(name) >= 800.0)
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wild_key_lists_the_known_ones() {
        assert_eq!(
            reword("unknown field `zzz`, expected one of `mode`, `service`"),
            "unknown key `zzz`; known are mode, service"
        );
        assert_eq!(
            reword("unknown field `mod`, expected `mode`"),
            "unknown key `mod`; did you mean `mode`?"
        );
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("a\nöö=x", 6), (2, 3));
        assert_eq!(position("", 99), (1, 1));
    }
}
