//! Bytes to lines, lines to their parts.

use core::{ops::Range, str};

use super::diagnostic::{Problem, Side};

const BLANKS: [char; 2] = [' ', '\t'];

/// A part of a line that knows where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    /// The column of the first character, from 1.
    pub(super) column: usize,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Nothing but blanks, or a comment: kept as it stands.
    Silent(&'a str),
    /// `alternate = domain`, neither looked at yet.
    Mapping { alternate: Span<'a>, domain: Span<'a> },
}

/// A mistake in a line: the columns and what is wrong.
pub(super) type Mistake = (Range<usize>, Problem);

/// The lines of a file, numbered from 1, without their line ends.
pub(super) fn lines(file: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let bare = lines.map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    });
    (1..).zip(bare)
}

/// What the line `bytes` is.
pub(super) fn read(bytes: &[u8]) -> Result<Line<'_>, Mistake> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let column = str::from_utf8(valid).unwrap_or_default().chars().count() + 1;
        (column..column + 1, Problem::NotUtf8)
    })?;
    let line = Span { text, column: 1 }.trimmed();
    if line.text.is_empty() {
        return Ok(Line::Silent(text));
    }
    if line.text.starts_with('#') {
        return line.control_character().map_or(Ok(Line::Silent(text)), Err);
    }
    let (alternate, domain) = line.split_at_equals()?;
    Ok(Line::Mapping { alternate, domain })
}

impl<'a> Span<'a> {
    /// The first blank inside.
    pub(super) fn blank(self, side: Side) -> Option<Mistake> {
        let index = self
            .text
            .chars()
            .position(|character| BLANKS.contains(&character))?;
        let column = self.column + index;
        Some((column..column + 1, Problem::Blank(side)))
    }

    /// All columns; one where there is no text.
    pub(super) fn columns(self) -> Range<usize> {
        self.column..self.column + self.text.chars().count().max(1)
    }

    fn trimmed(self) -> Self {
        let text = self.text.trim_start_matches(BLANKS);
        // A blank is one byte and one column.
        let column = self.column + (self.text.len() - text.len());
        Self {
            text: text.trim_end_matches(BLANKS),
            column,
        }
    }

    fn control_character(self) -> Option<Mistake> {
        let bad = |character: char| character.is_control() && character != '\t';
        let (index, character) = self
            .text
            .chars()
            .enumerate()
            .find(|(_, character)| bad(*character))?;
        let column = self.column + index;
        Some((column..column + 1, Problem::ControlCharacter(character)))
    }

    fn split_at_equals(self) -> Result<(Self, Self), Mistake> {
        let (before, behind) = self
            .text
            .split_once('=')
            .ok_or((self.columns(), Problem::NoEqualsSign))?;
        let behind = Self {
            text: behind,
            column: self.column + before.chars().count() + 1,
        };
        if let Some(index) = behind.text.chars().position(|character| character == '=') {
            let column = behind.column + index;
            return Err((column..column + 1, Problem::SecondEqualsSign));
        }
        Ok((
            Self {
                text: before,
                column: self.column,
            }
            .trimmed(),
            behind.trimmed(),
        ))
    }
}
