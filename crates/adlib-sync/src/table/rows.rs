//! Rows of bytes on shelves.

use std::{fmt, ops::Range};

use super::codec::{Cursor, put_length};

/// Rows of any length, numbered as they come.
///
/// Each row lies on a shelf, by a hash that whoever adds it has of it. Of a million users a shelf takes some 300 KB: who
/// walks two tables shelf by shelf has both shelves in the processor's cache, whatever order the rows came in.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    /// Blocks, one after another. A row lies in one block, behind its length.
    bytes: Vec<u8>,
    places: Vec<Place>,
    /// What is free of the block that each shelf is filling.
    free: Vec<Range<usize>>,
    /// Rows that are too long for a block, or came when there was no place for more blocks.
    alone: Vec<Box<[u8]>>,
    /// The row that is being written, and as it lies in a block.
    next: Vec<u8>,
    packed: Vec<u8>,
}

/// The upper bits of a hash name the shelf, so that the order of hashes is one of shelves.
const SHELF_BITS: u32 = 9;
const BLOCK: usize = 4096;
/// Rows start at even places.
const UNIT: usize = 2;
/// The longest row in a block, so that little of a block stays empty.
const LONGEST: usize = 1024;
const ALONE: u32 = 1 << 31;
/// What the processor fetches at once, and how many of these most rows take.
const LINE: usize = 64;
const LINES: usize = 4;
/// Rows to [fetch](Rows::fetch) at once: many, but few enough to stay in the processor's first cache.
pub(crate) const BATCH: usize = 64;

/// Where a row lies: in units of the blocks, or alone and there its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// That of a row without bytes.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);
}

impl Rows {
    pub(crate) const fn len(&self) -> usize {
        self.places.len()
    }

    /// The row with this number; no bytes when there is none.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        self.at(self.place(row))
    }

    /// Where the row with this number lies.
    #[inline]
    pub(crate) fn place(&self, row: usize) -> Place {
        self.places.get(row).copied().unwrap_or(Place::NOWHERE)
    }

    /// The row that lies there.
    #[inline]
    pub(crate) fn at(&self, Place(place): Place) -> &[u8] {
        if place & ALONE != 0 {
            let alone = self.alone.get((place & !ALONE) as usize);
            return alone.map_or(&[], |row| row);
        }
        let mut from = Cursor(self.bytes.get(place as usize * UNIT..).unwrap_or_default());
        let length = from.length();
        from.bytes(length)
    }

    /// Fetch what lies there. The processor waits for all of them at once; whoever reads one after another waits for each.
    pub(crate) fn fetch(&self, places: impl IntoIterator<Item = Place>) {
        let mut seen = 0_u8;
        for Place(place) in places {
            for line in 0..LINES {
                let byte = self.bytes.get(place as usize * UNIT + line * LINE);
                seen = seen.wrapping_add(byte.copied().unwrap_or_default());
            }
        }
        std::hint::black_box(seen);
    }

    /// Append what `write` writes as one row, on the shelf of the hash that `hash` makes of it; its number.
    pub(crate) fn push_with(
        &mut self,
        hash: impl FnOnce(&[u8]) -> u64,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let mut row = std::mem::take(&mut self.next);
        row.clear();
        write(&mut row);
        let number = self.places.len();
        let place = self.put(&row, hash);
        self.places.push(place);
        self.next = row;
        number
    }

    fn put(&mut self, row: &[u8], hash: impl FnOnce(&[u8]) -> u64) -> Place {
        if row.is_empty() {
            return Place::NOWHERE;
        }
        let shelf = usize::try_from(hash(row) >> (u64::BITS - SHELF_BITS)).unwrap_or_default();
        let place = self.put_in_block(shelf, row);
        Place(place.unwrap_or_else(|| self.put_alone(row) | ALONE))
    }

    fn put_in_block(&mut self, shelf: usize, row: &[u8]) -> Option<u32> {
        if row.len() > LONGEST {
            return None;
        }
        self.packed.clear();
        put_length(&mut self.packed, row.len());
        self.packed.extend_from_slice(row);
        if self.free.is_empty() {
            self.free.resize(1 << SHELF_BITS, 0..0);
        }
        let free = self.free.get_mut(shelf)?;
        if free.len() < self.packed.len() {
            place_at(self.bytes.len())?;
            *free = self.bytes.len()..self.bytes.len() + BLOCK;
            self.bytes.resize(free.end, 0);
        }
        let (start, end) = (free.start, free.start + self.packed.len());
        self.bytes.get_mut(start..end)?.copy_from_slice(&self.packed);
        free.start = end.next_multiple_of(UNIT);
        place_at(start)
    }

    fn put_alone(&mut self, row: &[u8]) -> u32 {
        self.alone.push(row.into());
        u32::try_from(self.alone.len() - 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// The place of a byte, as long as there are places.
fn place_at(byte: usize) -> Option<u32> {
    u32::try_from(byte / UNIT).ok().filter(|place| place & ALONE == 0)
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_lengths_come_back_from_all_shelves() {
        let lengths = [0, 1, 3, LONGEST - 1, LONGEST, LONGEST + 1, 70_000, 0, 2];
        let row = |number: usize| vec![u8::try_from(number % 251).unwrap(); lengths[number % lengths.len()]];
        let mut rows = Rows::default();
        for number in 0..3000_usize {
            let shelf = (number as u64 % 1500) << (u64::BITS - SHELF_BITS);
            let pushed = rows.push_with(|_| shelf, |out| out.extend_from_slice(&row(number)));
            assert_eq!(pushed, number);
        }
        assert_eq!(rows.len(), 3000);
        assert!(
            rows.iter()
                .enumerate()
                .all(|(number, bytes)| bytes == row(number))
        );
        assert!(rows.get(3000).is_empty(), "there is none");
    }

    #[test]
    fn a_shelf_is_together() {
        let mut rows = Rows::default();
        for number in 0..10_000_u64 {
            rows.push_with(|_| number << 60, |out| out.extend_from_slice(&[7; 100]));
        }
        let blocks: std::collections::BTreeSet<u32> = (0..10_000)
            .step_by(16)
            .map(|row| rows.places[row].0 / u32::try_from(BLOCK / UNIT).unwrap())
            .collect();
        assert!(blocks.len() <= 17, "625 rows in {} blocks", blocks.len());
    }
}
