//! Rows by what they are known by.
//!
//! Hashes only bring together what may be equal; bytes decide. So nobody gains by keys that collide.

use super::{codec::str_of, record::ClaimKind};
use crate::FoldedName;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number for bytes, the same wherever and whenever it is computed.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    hash_words(bytes, |word| word)
}

/// A number for eight bytes after eight; the last eight may overlap those before.
#[inline]
fn hash_words(bytes: &[u8], mut word: impl FnMut(u64) -> u64) -> u64 {
    let length = bytes.len() as u64;
    let Some(last) = bytes.last_chunk() else {
        return mix(mix(length) ^ word(short_word(bytes)));
    };
    let state = bytes.as_chunks().0.iter().fold(length, |state, chunk| {
        mix(state ^ word(u64::from_le_bytes(*chunk)))
    });
    mix(state ^ word(u64::from_le_bytes(*last)))
}

/// Less than eight bytes in one number, which with their length tells them from others.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

const fn mix(value: u64) -> u64 {
    let value = value.wrapping_mul(MULTIPLIER);
    value ^ (value >> 29)
}

/// The number of a claim: names and e-mail addresses count without case.
pub(crate) fn hash_claim(kind: ClaimKind, text: &[u8]) -> u64 {
    match kind {
        ClaimKind::Name => mix(hash_folded(text) ^ 1),
        ClaimKind::Email => mix(hash_folded(text) ^ 2),
        ClaimKind::Card => mix(hash(text) ^ 3),
    }
}

/// The number of a folded text. ASCII is folded on the way.
fn hash_folded(text: &[u8]) -> u64 {
    let mut seen = 0;
    let hash_of_ascii = hash_words(text, |word| {
        seen |= word;
        lower(word)
    });
    if seen & HIGH == 0 {
        hash_of_ascii
    } else {
        hash(FoldedName::of(str_of(text)).as_str().as_bytes())
    }
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// Eight characters of ASCII in lower case, all at once: those from A to Z reach the high bit when 63 is added,
/// but not when 37 is.
const fn lower(word: u64) -> u64 {
    let from_a = word.wrapping_add(63 * EACH);
    let beyond_z = word.wrapping_add(37 * EACH);
    word | (from_a & !beyond_z & HIGH) >> 2
}

/// The number of a row behind the upper half of a hash of it: half is enough to bring few together who are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hashed(u64);

const UPPER: u64 = 0xffff_ffff_0000_0000;

impl Hashed {
    pub(crate) const fn new(hash: u64, row: u32) -> Self {
        Self(hash & UPPER | row as u64)
    }

    pub(crate) fn row(self) -> u32 {
        u32::try_from(self.0 & !UPPER).unwrap_or_default()
    }

    const fn half(self) -> u64 {
        self.0 & UPPER
    }
}

/// Numbers of rows, sorted by a hash of theirs.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashIndex(Vec<Hashed>);

impl HashIndex {
    pub(crate) fn new(mut entries: Vec<Hashed>) -> Self {
        entries.sort_unstable();
        Self(entries)
    }

    /// The same without those that are there twice.
    pub(crate) fn distinct(entries: Vec<Hashed>) -> Self {
        let mut index = Self::new(entries);
        index.0.dedup();
        index
    }

    /// The same entries, those with a number for them, under that number.
    pub(crate) fn renumbered(&self, number: impl Fn(u32) -> Option<u32>) -> Self {
        let renumbered = |entry: &Hashed| Some(Hashed::new(entry.0, number(entry.row())?));
        let mut entries = Vec::with_capacity(self.0.len());
        entries.extend(self.0.iter().filter_map(renumbered));
        // The hashes are in order already.
        for run in entries.chunk_by_mut(|one, other| one.half() == other.half()) {
            run.sort_unstable();
        }
        Self(entries)
    }

    /// The rows of each hash.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[Hashed]> {
        self.0.chunk_by(|one, other| one.half() == other.half())
    }

    /// The rows that may have this hash.
    pub(crate) fn find(&self, hash: u64) -> &[Hashed] {
        let wanted = Hashed::new(hash, 0);
        let start = self.0.partition_point(|entry| *entry < wanted);
        let from = self.0.get(start..).unwrap_or_default();
        run_of(from, wanted.half())
    }

    /// The rows of both that may have a hash in common, in the order of hashes.
    pub(crate) fn join<'i>(&'i self, others: &'i Self, mut each: impl FnMut(&'i [Hashed], &'i [Hashed])) {
        let mut rest = others.0.as_slice();
        for run in self.runs() {
            let Some(half) = run.first().map(|entry| entry.half()) else {
                continue;
            };
            let start = rest.iter().take_while(|other| other.half() < half).count();
            rest = rest.get(start..).unwrap_or_default();
            let matching = run_of(rest, half);
            if !matching.is_empty() {
                each(run, matching);
            }
        }
    }
}

fn run_of(entries: &[Hashed], half: u64) -> &[Hashed] {
    let length = entries.iter().take_while(|entry| entry.half() == half).count();
    entries.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_tell_lengths_and_kinds_apart() {
        assert_ne!(hash(b""), hash(b"\0"));
        assert_ne!(hash(b"12345678"), hash(b"12345678\0"));
        assert_ne!(
            hash_claim(ClaimKind::Name, b"a"),
            hash_claim(ClaimKind::Email, b"a")
        );
        assert_eq!(
            hash_claim(ClaimKind::Name, b"ADA"),
            hash_claim(ClaimKind::Name, b"ada")
        );
        assert_ne!(
            hash_claim(ClaimKind::Card, b"A"),
            hash_claim(ClaimKind::Card, b"a")
        );
    }

    #[test]
    fn folding_on_the_way_is_folding() {
        for length in 0..40_usize {
            let text: String = (0..length)
                .map(|at| char::from(b'+' + u8::try_from(at * 7 % 80).unwrap()))
                .collect();
            for text in [text.clone(), format!("{text}Ü"), format!("\u{212a}{text}")] {
                let folded = FoldedName::of(&text);
                assert_eq!(
                    hash_folded(text.as_bytes()),
                    hash(folded.as_str().as_bytes()),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn rows_are_found_by_hash() {
        let entries = [(7 << 32, 1), (3 << 32, 2), (7 << 32, 0)];
        let index = HashIndex::new(entries.map(|(hash, row)| Hashed::new(hash, row)).to_vec());
        let found = |hash| {
            index
                .find(hash)
                .iter()
                .map(|entry| entry.row())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(7 << 32), [0, 1]);
        assert!(found(4 << 32).is_empty());
        let runs: Vec<usize> = index.runs().map(<[_]>::len).collect();
        assert_eq!(runs, [1, 2]);
    }
}
