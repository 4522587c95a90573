//! Text from a directory, made harmless for a terminal and for HTML (A61).

use std::fmt::{self, Write as _};

/// Longer values are cut when shown; the store gets them whole.
const SHOWN: usize = 200;

/// A text with everything that a terminal could obey written out: control characters, escapes, and the format
/// characters that reorder or hide text.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_shown(self.0, f, |character, f| f.write_char(character))
    }
}

/// A text for HTML: element content or a quoted attribute.
pub(crate) struct Html<'a>(pub(crate) &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_shown(self.0, f, |character, f| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            plain => f.write_char(plain),
        })
    }
}

fn each_shown(
    text: &str,
    f: &mut fmt::Formatter<'_>,
    mut write: impl FnMut(char, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (index, character) in text.chars().enumerate() {
        if index == SHOWN {
            return write!(f, "… ({} bytes)", text.len());
        }
        if is_obeyed(character) {
            write!(f, "\\u{{{:x}}}", u32::from(character))?;
        } else {
            write(character, f)?;
        }
    }
    Ok(())
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
    fn a61_nothing_is_obeyed() {
        assert_eq!(
            Visible("a\u{1b}[31mb\u{202e}c").to_string(),
            "a\\u{1b}[31mb\\u{202e}c"
        );
        assert_eq!(
            Html("<script>'\"&\u{7}").to_string(),
            "&lt;script&gt;&#39;&quot;&amp;\\u{7}"
        );
    }

    /// A61
    #[test]
    fn a61_a_huge_value_is_cut() {
        let shown = Visible(&"x".repeat(10 << 20)).to_string();
        assert!(
            shown.len() < 250 && shown.ends_with("(10485760 bytes)"),
            "{shown}"
        );
    }
}
