//! Logical lines: continuations joined, comments dropped (RFC 2849, notes 2 and 3).

use std::{
    io::{self, BufRead},
    mem,
    sync::Arc,
};

use super::{LdifError, LdifErrorKind};

/// The longest line, in bytes, with what continues it: an attribute value of some 12 MB in Base64.
const MAX_LINE: usize = 16 << 20;

const BOM_UTF8: &[u8] = b"\xef\xbb\xbf";
const BOMS_UTF16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The logical lines of a reader.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    /// The physical line that was read ahead.
    ahead: Vec<u8>,
    /// Whether `ahead` is a line; else the input is at its end, or was not begun.
    has_ahead: bool,
    /// The number of the line in `ahead`, from 1; 0 before the first.
    number: usize,
    /// The logical line handed out last.
    current: Vec<u8>,
    /// The number of its first physical line.
    current_number: usize,
    /// Whether it is to be handed out once more.
    pushed_back: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            ahead: Vec::new(),
            has_ahead: false,
            number: 0,
            current: Vec::new(),
            current_number: 0,
            pushed_back: false,
        }
    }

    /// The next logical line that is no comment, without its line end; empty lines separate records.
    ///
    /// # Errors
    /// `Io`, `Utf16`, `LineTooLong`, `Continuation`.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, LdifError> {
        if mem::take(&mut self.pushed_back) {
            return Ok(Some(&self.current));
        }
        if self.number == 0 {
            self.read_ahead(0)?;
            self.check_encoding()?;
        }
        while self.has_ahead {
            self.current_number = self.number;
            self.join()?;
            if self.current.first() != Some(&b'#') {
                return Ok(Some(&self.current));
            }
        }
        Ok(None)
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

    /// Make the line ahead, and the lines that continue it, the current one.
    fn join(&mut self) -> Result<(), LdifError> {
        mem::swap(&mut self.current, &mut self.ahead);
        self.read_ahead(0)?;
        if self.current.first() == Some(&b' ') {
            return Err(self.error(LdifErrorKind::Continuation));
        }
        while self.has_ahead && self.ahead.first() == Some(&b' ') {
            if self.current.is_empty() {
                self.current_number = self.number;
                return Err(self.error(LdifErrorKind::Continuation));
            }
            // A comment of many lines is dropped as it comes.
            if self.current.first() != Some(&b'#') {
                self.current
                    .extend_from_slice(self.ahead.get(1..).unwrap_or_default());
            }
            self.read_ahead(self.current.len())?;
        }
        Ok(())
    }

    /// Read one physical line, to which `before` bytes are already there.
    fn read_ahead(&mut self, before: usize) -> Result<(), LdifError> {
        self.ahead.clear();
        self.number += 1;
        let line = self.number;
        let error = |kind| LdifError { line, kind };
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(again) if again.kind() == io::ErrorKind::Interrupted => continue,
                Err(failure) => return Err(error(LdifErrorKind::Io(Arc::new(failure)))),
            };
            if buffer.is_empty() {
                self.has_ahead = !self.ahead.is_empty();
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let (part, used) = match end {
                Some(end) => (buffer.get(..end).unwrap_or_default(), end + 1),
                None => (buffer, buffer.len()),
            };
            if before + self.ahead.len() + part.len() > MAX_LINE {
                return Err(error(LdifErrorKind::LineTooLong(MAX_LINE)));
            }
            self.ahead.extend_from_slice(part);
            self.reader.consume(used);
            if end.is_some() {
                self.has_ahead = true;
                break;
            }
        }
        if self.ahead.last() == Some(&b'\r') {
            self.ahead.pop();
        }
        Ok(())
    }

    fn check_encoding(&mut self) -> Result<(), LdifError> {
        self.current_number = 1;
        if BOMS_UTF16.iter().any(|bom| self.ahead.starts_with(bom)) {
            return Err(self.error(LdifErrorKind::Utf16));
        }
        if self.ahead.starts_with(BOM_UTF8) {
            self.ahead.drain(..BOM_UTF8.len());
        }
        Ok(())
    }
}
