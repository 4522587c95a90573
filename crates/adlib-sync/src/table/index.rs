//! Rows by what they are known by.
//!
//! Hashes only bring together what may be equal; bytes decide. So nobody gains by keys that collide.

use std::collections::HashMap;

use super::{
    codec::str_of,
    record::{ClaimKind, Record},
};
use crate::FoldedName;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number for bytes, the same wherever and whenever it is computed.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        state = mix(state ^ u64::from_le_bytes(*chunk));
    }
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    mix(state ^ u64::from_le_bytes(last))
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

fn hash_folded(text: &[u8]) -> u64 {
    // No early end, so that whole blocks are looked at at once.
    let is_folded = text.iter().fold(true, |so_far, byte| {
        so_far & byte.is_ascii() & !byte.is_ascii_uppercase()
    });
    if is_folded {
        hash(text)
    } else {
        hash(FoldedName::of(str_of(text)).as_str().as_bytes())
    }
}

/// Numbers of rows, sorted by a hash of theirs.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashIndex(Vec<(u64, u32)>);

impl HashIndex {
    pub(crate) fn new(mut entries: Vec<(u64, u32)>) -> Self {
        entries.sort_unstable();
        Self(entries)
    }

    /// The rows of each hash.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[(u64, u32)]> {
        self.0.chunk_by(|(one, _), (other, _)| one == other)
    }

    /// The rows with this hash.
    pub(crate) fn find(&self, hash: u64) -> &[(u64, u32)] {
        let start = self.0.partition_point(|(other, _)| *other < hash);
        let from = self.0.get(start..).unwrap_or_default();
        let length = from.iter().take_while(|(other, _)| *other == hash).count();
        from.get(..length).unwrap_or_default()
    }

    /// Every entry of ours that a user of `others` stands for: our row, the user, in no order.
    pub(crate) fn join<'a>(
        &self,
        others: &Self,
        ours: impl Fn(u32) -> &'a [u8],
        user: impl Fn(u32) -> Record<'a>,
        mut each: impl FnMut(u32, u32),
    ) {
        let mut rest = others.0.as_slice();
        for run in self.runs() {
            let Some((hash, first)) = run.first() else {
                continue;
            };
            let start = rest.iter().take_while(|(other, _)| other < hash).count();
            rest = rest.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|(other, _)| other == hash).count();
            let Some(matching) = rest.get(..length).filter(|matching| !matching.is_empty()) else {
                continue;
            };
            if let ([_], [(_, other)]) = (run, matching) {
                let entry = ours(*first);
                if user(*other).packed_links().any(|(_, link)| link == entry) {
                    each(*first, *other);
                }
                continue;
            }
            let links = matching.iter().flat_map(|(_, other)| {
                let links = user(*other).packed_links();
                links.map(move |(_, link)| (link, *other))
            });
            let users: HashMap<&[u8], u32> = links.collect();
            for (_, row) in run {
                if let Some(other) = users.get(ours(*row)) {
                    each(*row, *other);
                }
            }
        }
    }
}

/// Which hashes came more than once, with a few false alarms and never a miss.
#[derive(Debug)]
pub(crate) struct Repeats {
    once: Vec<u64>,
    twice: Vec<u64>,
}

impl Repeats {
    /// For about so many hashes.
    pub(crate) fn new(expected: usize) -> Self {
        let words = (expected / 4).next_power_of_two().clamp(64, 1 << 24);
        Self {
            once: vec![0; words],
            twice: vec![0; words],
        }
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let word = usize::try_from(hash >> 6).unwrap_or_default() & (self.once.len() - 1);
        (word, 1 << (hash & 63))
    }

    pub(crate) fn note(&mut self, hash: u64) {
        let (word, bit) = self.place(hash);
        if let (Some(once), Some(twice)) = (self.once.get_mut(word), self.twice.get_mut(word)) {
            *twice |= *once & bit;
            *once |= bit;
        }
    }

    pub(crate) fn came_twice(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.twice.get(word).is_some_and(|word| word & bit != 0)
    }
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
    fn whatever_comes_twice_is_noted() {
        let mut repeats = Repeats::new(1000);
        for number in 0..1000_u64 {
            repeats.note(hash(&number.to_le_bytes()));
        }
        let alarms = (0..1000_u64).filter(|number| repeats.came_twice(hash(&number.to_le_bytes())));
        assert!(alarms.count() < 200, "false alarms are few");
        repeats.note(hash(&7_u64.to_le_bytes()));
        assert!(repeats.came_twice(hash(&7_u64.to_le_bytes())));
    }

    #[test]
    fn rows_are_found_by_hash() {
        let index = HashIndex::new(vec![(7, 1), (3, 2), (7, 0)]);
        assert_eq!(index.find(7), [(7, 0), (7, 1)]);
        assert!(index.find(4).is_empty());
    }
}
