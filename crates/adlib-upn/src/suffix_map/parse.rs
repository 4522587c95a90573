//! A file to a map, and all that is wrong with it.

use alloc::{string::String, vec::Vec};

use super::{
    diagnostic::{Diagnostic, Problem, Side},
    line::{self, Line, Mistake, Span},
    map::SuffixMap,
    mapping::Mapping,
};
use crate::rules::check_suffix;

/// The most mappings that count (R16).
pub const MAX_MAPPINGS: usize = 50;
/// The largest file: fifty mappings at their longest are 25 KiB, the rest is room for comments.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// The most mistakes that are listed. One more says that there were more: nobody mends so many by hand.
pub const MAX_DIAGNOSTICS: usize = 100;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What came of reading a mapping file: what can be used, and all that cannot.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The mappings of the lines that are right.
    pub map: SuffixMap,
    /// What is wrong, in the order of the lines; at most [`MAX_DIAGNOSTICS`] and one.
    pub diagnostics: Vec<Diagnostic>,
}

/// Read a mapping file.
pub(super) fn parse(file: &[u8]) -> Parsed {
    if let Some(problem) = unusable(file) {
        let diagnostics = [Diagnostic {
            line: 1,
            columns: 1..2,
            problem,
        }]
        .into();
        return Parsed {
            map: SuffixMap::default(),
            diagnostics,
        };
    }
    let mut parser = Parser::default();
    for (number, bytes) in line::lines(file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file)) {
        parser.line(number, bytes);
    }
    Parsed {
        map: SuffixMap::new(parser.mappings, parser.silent),
        diagnostics: parser.diagnostics,
    }
}

fn unusable(file: &[u8]) -> Option<Problem> {
    if file.len() > MAX_FILE_BYTES {
        return Some(Problem::FileTooLarge);
    }
    let utf16 = file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff");
    utf16.then_some(Problem::Utf16)
}

#[derive(Default)]
struct Parser {
    mappings: Vec<Mapping>,
    /// Comments and blank lines that no mapping has followed yet.
    silent: String,
    diagnostics: Vec<Diagnostic>,
}

impl Parser {
    fn line(&mut self, number: usize, bytes: &[u8]) {
        match line::read(bytes) {
            Ok(Line::Silent(text)) => {
                self.silent.push_str(text);
                self.silent.push('\n');
            }
            Ok(Line::Mapping { alternate, domain }) => self.mapping(number, alternate, domain),
            Err(mistake) => self.mistake(number, mistake),
        }
    }

    fn mapping(&mut self, number: usize, alternate: Span<'_>, domain: Span<'_>) {
        let sides = [(Side::Alternate, alternate), (Side::Domain, domain)];
        // Not every mistake is listed, but a line with one is never a mapping.
        let mistakes = sides.map(|(side, span)| mistake_in(side, span));
        if mistakes.iter().any(Option::is_some) {
            let mistakes = mistakes.into_iter().flatten();
            return mistakes.for_each(|mistake| self.mistake(number, mistake));
        }
        let columns = alternate.column..domain.columns().end;
        let mapping = Mapping::new(alternate.text, domain.text, number);
        if let Some(known) = self.mappings.iter().find(|known| known.same(&mapping)) {
            let problem = Problem::Duplicate { first: known.line() };
            return self.mistake(number, (columns, problem));
        }
        if self.mappings.len() == MAX_MAPPINGS {
            return self.mistake(number, (columns, Problem::TooManyMappings));
        }
        let silent = core::mem::take(&mut self.silent);
        self.mappings.push(mapping.below(silent));
    }

    fn mistake(&mut self, line: usize, (columns, problem): Mistake) {
        let problem = match self.diagnostics.len() {
            ..MAX_DIAGNOSTICS => problem,
            MAX_DIAGNOSTICS => Problem::TooManyMistakes,
            _ => return,
        };
        self.diagnostics.push(Diagnostic {
            line,
            columns,
            problem,
        });
    }
}

/// What is wrong with one side of a mapping.
fn mistake_in(side: Side, span: Span<'_>) -> Option<Mistake> {
    if span.text.is_empty() {
        return Some((span.columns(), Problem::Missing(side)));
    }
    if let Some(blank) = span.blank(side) {
        return Some(blank);
    }
    let error = check_suffix(span.text, span.column).err()?;
    Some((
        error.position..error.position + 1,
        Problem::BadSuffix(side, error),
    ))
}
