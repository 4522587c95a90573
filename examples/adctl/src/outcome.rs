//! What a call comes to, and what is printed of it.

use std::{fmt, io::Write as _, process::ExitCode};

use serde_json::{Value, json};

use crate::object;

/// What was judged, and how.
pub(crate) struct Outcome {
    /// Exit 0; else 1.
    pub(crate) clean: bool,
    /// The object that `--json` prints, without `schema`.
    pub(crate) json: Value,
    /// What is printed otherwise.
    pub(crate) text: Text,
}

/// Text for a person.
pub(crate) enum Text {
    /// Whatever its origin: what could drive a terminal is replaced.
    Plain(String),
    /// With colours, made of parts that are [`visible`].
    Styled(String),
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl Outcome {
    pub(crate) fn print(&self, as_json: bool) -> ExitCode {
        let text = if as_json {
            format!("{:#}", object::with(json!({ "schema": 1 }), self.json.clone()))
        } else {
            match &self.text {
                Text::Plain(text) => visible(text.trim_end()),
                Text::Styled(text) => text.trim_end().to_owned(),
            }
        };
        // Whoever reads may stop early, as `head` does. The verdict stays what it is.
        let _ = writeln!(anstream::stdout(), "{text}");
        ExitCode::from(u8::from(!self.clean))
    }
}

/// The operator's own inputs, or the operator's servers, are not in order: exit 2, one line.
#[derive(Debug)]
pub(crate) struct Stopped(String);

impl Stopped {
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}

impl<E: std::error::Error> From<E> for Stopped {
    /// The whole chain of causes in one line.
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self(message)
    }
}

impl Stopped {
    pub(crate) fn print(&self) -> ExitCode {
        let _ = writeln!(
            anstream::stderr(),
            "adctl: {}",
            visible(&self.0.replace('\n', " "))
        );
        ExitCode::from(2)
    }
}

/// Text that may come from a directory or a server, and must not drive the terminal (A61): control characters and
/// those that turn the direction of writing are replaced, each by one character.
pub(crate) fn visible(text: &str) -> String {
    let is_hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if is_hostile(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A61
    #[test]
    fn a61_text_from_outside_cannot_drive_the_terminal() {
        assert_eq!(
            visible("a\u{1b}[2Jb\nc\u{202e}d\r"),
            "a\u{fffd}[2Jb\nc\u{fffd}d\u{fffd}"
        );
    }
}
