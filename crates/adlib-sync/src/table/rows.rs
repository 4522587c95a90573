//! Rows of bytes, one after another.

use std::fmt;

/// Rows of any length in one buffer.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    bytes: Vec<u8>,
    /// Where each row ends, from the base of its chunk.
    ends: Vec<u32>,
    /// Where the rows of each chunk begin.
    bases: Vec<usize>,
}

/// Rows in a chunk: few enough that what they hold is far below 4 GiB.
const CHUNK: usize = 64;

impl Rows {
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The row with this number; no bytes when there is none.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        let (chunk, first) = (row / CHUNK, row.is_multiple_of(CHUNK));
        let Some(base) = self.bases.get(chunk).copied() else {
            return &[];
        };
        let end = |row: usize| self.ends.get(row).map_or(0, |end| *end as usize);
        let start = if first { 0 } else { end(row - 1) };
        self.bytes.get(base + start..base + end(row)).unwrap_or_default()
    }

    /// Append what `write` writes as one row; its number. A row has at most a few MiB, as whoever writes sees to.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let row = self.ends.len();
        if row.is_multiple_of(CHUNK) {
            self.bases.push(self.bytes.len());
        }
        write(&mut self.bytes);
        let base = self.bases.last().copied().unwrap_or_default();
        self.ends
            .push(u32::try_from(self.bytes.len() - base).unwrap_or(u32::MAX));
        row
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|row| self.get(row))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({})", self.len())
    }
}
