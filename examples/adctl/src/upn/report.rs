//! The mistakes of a mapping file as compilers show them: the line, what is wrong in it, what to do.

use std::path::Path;

use adlib::upn::{Diagnostic, Parsed};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::outcome::{Text, visible};

/// More characters of a line than these are not shown: no mapping is so long.
const MAX_LINE_CHARACTERS: usize = 600;

/// What came of reading `content`, which is that of `file`.
pub(super) fn of(file: &Path, content: &[u8], parsed: &Parsed) -> Text {
    let path = visible(&file.display().to_string());
    let renderer = Renderer::styled();
    let mut text = String::new();
    for diagnostic in &parsed.diagnostics {
        let message = visible(&diagnostic.problem.to_string());
        let line = shown_line(content, diagnostic.line);
        let report = [report(&path, &message, &line, diagnostic)];
        text.push_str(&renderer.render(&report));
        text.push_str("\n\n");
    }
    let mappings = counted(parsed.map.len(), "mapping");
    let mistakes = counted(parsed.diagnostics.len(), "mistake");
    text.push_str(&format!("{path}: {mappings} in force, {mistakes}"));
    Text::Styled(text)
}

fn report<'a>(path: &'a str, message: &'a str, line: &'a str, diagnostic: &'a Diagnostic) -> Group<'a> {
    let title = Level::ERROR.primary_title(message);
    let help = Level::HELP.message(diagnostic.problem.help());
    if line.is_empty() {
        return title.element(Origin::path(path)).element(help);
    }
    let snippet = Snippet::source(line)
        .line_start(diagnostic.line)
        .path(path)
        .annotation(AnnotationKind::Primary.span(bytes_of(line, diagnostic)));
    title.element(snippet).element(help)
}

/// The line `number` as far as it is shown, without its end; empty where the mistake is the whole file's.
fn shown_line(content: &[u8], number: usize) -> String {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let line = content
        .split(|byte| *byte == b'\n')
        .nth(number - 1)
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    // A tab is one column, as in the diagnostic.
    let shown: String = line
        .chars()
        .take(MAX_LINE_CHARACTERS)
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    visible(&shown)
}

/// The columns of a diagnostic as bytes of its line.
fn bytes_of(line: &str, diagnostic: &Diagnostic) -> std::ops::Range<usize> {
    let at = |column: usize| {
        line.char_indices()
            .nth(column - 1)
            .map_or(line.len(), |(byte, _)| byte)
    };
    at(diagnostic.columns.start)..at(diagnostic.columns.end)
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib::SuffixMap;

    /// The report without its colours.
    fn plain(content: &[u8]) -> String {
        let Text::Styled(text) = of(Path::new("m.conf"), content, &SuffixMap::parse(content)) else {
            return String::new();
        };
        anstream::adapter::strip_str(&text).to_string()
    }

    /// R17
    #[test]
    fn r17_a_mistake_is_shown_as_compilers_do() {
        let expected = "\
error: a blank inside of the alternate suffix
 --> m.conf:2:6
  |
2 | größe firma.de = corp.example.com
  |      ^
  |
  = help: one mapping a line, and a comment stands on a line of its own

m.conf: 1 mapping in force, 1 mistake";
        let file = "acme.com = corp.example.com\ngröße firma.de = corp.example.com\n";
        assert_eq!(plain(file.as_bytes()), expected);
    }

    /// R17: also behind the end of the line, in bytes that are no text, and where there is no line at all.
    #[test]
    fn r17_every_mistake_has_its_place() {
        for (file, place) in [
            (&b"acme.com ="[..], " --> m.conf:1:11"),
            (
                b"\xef\xbb\xbfacme.com = a.b\r\n\tx\xff = a.b\r\n",
                " --> m.conf:2:3",
            ),
            (b"\xff\xfea\0", " --> m.conf"),
        ] {
            let report = plain(file);
            assert!(report.lines().any(|line| line.starts_with(place)), "{report}");
        }
        assert_eq!(
            plain(b"acme.com = corp.example.com"),
            "m.conf: 1 mapping in force, 0 mistakes"
        );
    }

    /// A48, A61: what a file holds cannot drive the terminal, and cannot flood it.
    #[test]
    fn a61_a_hostile_file_is_shown_tame() {
        let report = plain(b"# \x1b[2J\x07\nacme\x1b.com = \xe2\x80\xae.b\n");
        assert!(!report.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{report:?}");
        let report = plain("x".repeat(200_000).as_bytes());
        assert!(report.len() < 5_000, "{}", report.len());
        let report = plain("x\n".repeat(100_000).as_bytes());
        assert!(report.len() < 50_000, "{}", report.len());
    }
}
