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
            tame(&object::with(json!({ "schema": 1 }), self.json.clone()))
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

/// `json` as text, in which everything that could drive a terminal is written as an escape: the same value to who reads
/// it (A61).
pub(crate) fn tame(json: &Value) -> String {
    let mut tame = String::new();
    for character in format!("{json:#}").chars() {
        // Outside of strings there is nothing of the kind but line breaks, and inside these are escapes already.
        if is_obeyed(character) && character != '\n' {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units).iter();
            tame.extend(units.map(|unit| format!("\\u{unit:04x}")));
        } else {
            tame.push(character);
        }
    }
    tame
}

/// Text that may come from a directory or a server, and must not drive the terminal (A61): control characters and
/// those that turn the direction of writing are replaced, each by one character.
pub(crate) fn visible(text: &str) -> String {
    let tame = |c| if is_obeyed(c) && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(tame).collect()
}

/// Control characters, and the format characters of bidirectional and invisible text.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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

    /// A61: JSON keeps the value, and shows a terminal none of it; C1 characters are what `ESC` and another one are.
    #[test]
    fn a61_json_cannot_drive_the_terminal_and_is_the_same_value() {
        let hostile = "a\u{1b}[2Jb\u{9b}31m\u{85}\u{7f}c\u{202e}d\u{e0041}\n\\\"";
        let json = json!({ hostile: [hostile, 1, null] });
        let text = tame(&json);
        assert!(!text.contains(|c| is_obeyed(c) && c != '\n'), "{text}");
        let escapes = r"a\u001b[2Jb\u009b31m\u0085\u007fc\u202ed\udb40\udc41";
        assert_eq!(text.matches(escapes).count(), 2, "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
    }
}
