//! Logical lines: continuations joined, comments dropped (RFC 2849, notes 2 and 3).

use std::{
    io::{self, Read},
    sync::Arc,
};

use memchr::memchr;

use super::{LdifError, LdifErrorKind};

/// The longest line, in bytes, with what continues it: an attribute value of some 12 MB in Base64.
const MAX_LINE: usize = 16 << 20;
/// How much is read at a time.
const BLOCK: usize = 64 << 10;

const BOM_UTF8: &[u8] = b"\xef\xbb\xbf";
const BOMS_UTF16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The logical lines of a reader.
///
/// A line is where it was read to, and what continues it is moved up to its end: nothing else is copied. The buffer
/// grows with the longest line only.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where in the buffer what was not handed out yet begins, and where what was read ends.
    unread: (usize, usize),
    at_end: bool,
    begun: bool,
    /// The number of physical lines before `unread`.
    number: usize,
    /// The logical line handed out last, within the buffer.
    current: (usize, usize),
    /// The number of its first physical line, from 1.
    current_number: usize,
    /// Whether it is to be handed out once more.
    pushed_back: bool,
}

impl<R: Read> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            unread: (0, 0),
            at_end: false,
            begun: false,
            number: 0,
            current: (0, 0),
            current_number: 0,
            pushed_back: false,
        }
    }

    /// The next logical line that is no comment, without its line end; empty lines separate records.
    ///
    /// # Errors
    /// `Io`, `Utf16`, `LineTooLong`, `Continuation`.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, LdifError> {
        if !self.advance()? {
            return Ok(None);
        }
        let (start, end) = self.current;
        Ok(Some(self.buffer.get(start..end).unwrap_or_default()))
    }

    /// Hand out the current line once more.
    pub(super) const fn push_back(&mut self) {
        self.pushed_back = true;
    }

    /// An error in the current line.
    pub(super) const fn error(&self, kind: LdifErrorKind) -> LdifError {
        LdifError {
            line: self.current_number,
            kind,
        }
    }

    /// Make the next line that is no comment the current one; whether there is one.
    fn advance(&mut self) -> Result<bool, LdifError> {
        if std::mem::take(&mut self.pushed_back) {
            return Ok(true);
        }
        if !self.begun {
            self.begun = true;
            self.current_number = 1;
            self.begin()?;
        }
        loop {
            self.current = (self.unread.0, self.unread.0);
            self.current_number = self.number + 1;
            let Some((line, used)) = self.physical_line()? else {
                return Ok(false);
            };
            let first = self.byte(self.current.0);
            self.current.1 = line;
            self.unread.0 = used;
            self.number += 1;
            match first {
                Some(b' ') => return Err(self.error(LdifErrorKind::Continuation)),
                Some(b'#') => self.skip_comment()?,
                _ => {
                    self.join()?;
                    return Ok(true);
                }
            }
        }
    }

    /// Move what continues the current line up to its end.
    fn join(&mut self) -> Result<(), LdifError> {
        while self.continues()? {
            if self.current.0 == self.current.1 {
                self.current_number = self.number + 1;
                return Err(self.error(LdifErrorKind::Continuation));
            }
            let Some((line, used)) = self.physical_line()? else {
                break;
            };
            let more = self.unread.0 + 1..line;
            let length = more.len();
            self.buffer.copy_within(more, self.current.1);
            self.current.1 += length;
            self.unread.0 = used;
            self.number += 1;
        }
        Ok(())
    }

    /// Pass over what continues a comment, as it comes.
    fn skip_comment(&mut self) -> Result<(), LdifError> {
        loop {
            self.current = (self.unread.0, self.unread.0);
            if !self.continues()? {
                return Ok(());
            }
            let Some((_, used)) = self.physical_line()? else {
                return Ok(());
            };
            self.unread.0 = used;
            self.number += 1;
        }
    }

    /// Whether the next physical line continues the one before.
    fn continues(&mut self) -> Result<bool, LdifError> {
        while self.unread.0 == self.unread.1 && self.fill()? {}
        Ok(self.unread.0 < self.unread.1 && self.byte(self.unread.0) == Some(b' '))
    }

    /// Where the unread physical line ends, and where the next one begins; `None` at the end of the input.
    fn physical_line(&mut self) -> Result<Option<(usize, usize)>, LdifError> {
        let mut searched = 0;
        loop {
            let (start, end) = self.unread;
            let unread = self.buffer.get(start..end).unwrap_or_default();
            let found = memchr(b'\n', unread.get(searched..).unwrap_or_default());
            let (length, used) = match found {
                Some(at) => (searched + at, 1),
                None if !self.at_end => {
                    searched = unread.len();
                    self.fill()?;
                    continue;
                }
                None if unread.is_empty() => return Ok(None),
                None => (unread.len(), 0),
            };
            let line = unread.get(..length).unwrap_or_default();
            let returns = usize::from(line.last() == Some(&b'\r'));
            let lengths = self.current.1 - self.current.0 + length;
            if lengths > MAX_LINE {
                return Err(self.too_long());
            }
            return Ok(Some((start + length - returns, start + length + used)));
        }
    }

    /// Read more behind what is there; whether anything came. What was handed out before the current line is given up.
    fn fill(&mut self) -> Result<bool, LdifError> {
        if self.at_end {
            return Ok(false);
        }
        let length = self.current.1 - self.current.0 + self.unread.1 - self.unread.0;
        if length > MAX_LINE {
            return Err(self.too_long());
        }
        if self.buffer.len() - self.unread.1 < BLOCK / 2 {
            self.make_room();
        }
        let room = self.buffer.get_mut(self.unread.1..).unwrap_or_default();
        loop {
            match self.reader.read(room) {
                Ok(0) => self.at_end = true,
                Ok(read) => self.unread.1 = (self.unread.1 + read).min(self.buffer.len()),
                Err(again) if again.kind() == io::ErrorKind::Interrupted => continue,
                Err(failure) => {
                    return Err(LdifError {
                        line: self.number + 1,
                        kind: LdifErrorKind::Io(Arc::new(failure)),
                    });
                }
            }
            return Ok(!self.at_end);
        }
    }

    /// Move the current line to the start, and what is unread behind it; grow the buffer if that is not enough.
    fn make_room(&mut self) {
        let line = self.current.1 - self.current.0;
        let unread = self.unread.1 - self.unread.0;
        self.buffer.copy_within(self.current.0..self.current.1, 0);
        self.buffer.copy_within(self.unread.0..self.unread.1, line);
        self.current = (0, line);
        self.unread = (line, line + unread);
        if self.buffer.len() < self.unread.1 + BLOCK / 2 {
            self.buffer.resize(self.unread.1 * 2 + BLOCK, 0);
        }
    }

    /// Look for the marks of encodings at the start of the input.
    fn begin(&mut self) -> Result<(), LdifError> {
        while self.unread.1 < BOM_UTF8.len() && self.fill()? {}
        let head = self.buffer.get(..self.unread.1).unwrap_or_default();
        if BOMS_UTF16.iter().any(|bom| head.starts_with(bom)) {
            return Err(self.error(LdifErrorKind::Utf16));
        }
        if head.starts_with(BOM_UTF8) {
            self.unread.0 = BOM_UTF8.len();
        }
        Ok(())
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.buffer.get(at).copied()
    }

    const fn too_long(&self) -> LdifError {
        LdifError {
            line: self.number + 1,
            kind: LdifErrorKind::LineTooLong(MAX_LINE),
        }
    }
}
