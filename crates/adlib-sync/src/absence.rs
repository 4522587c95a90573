//! "Gone" as a value that only complete reads can make (I7).

use std::collections::BTreeMap;

use adlib_schema::read::Complete;

use crate::Source;

/// The proof that an entry is in no source any more: the witness of a complete read of each.
///
/// Nothing else makes one, and without one there is no deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    _witnesses: Vec<Complete>,
}

/// The witnesses of a run's reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witnesses(BTreeMap<Source, Complete>);

impl Witnesses {
    /// `source` was read to its end.
    pub(crate) fn insert(&mut self, source: Source, complete: Complete) {
        self.0.insert(source, complete);
    }

    /// Whether `source` was read in this run.
    pub(crate) fn has(&self, source: Source) -> bool {
        self.0.contains_key(&source)
    }

    /// The proof that entries which no read shows are gone; `None` when one of their sources was not read in
    /// this run, so that nothing is known of it.
    pub(crate) fn absence(&self, mut of: impl Iterator<Item = Source>) -> Option<Gone> {
        let known = of.all(|source| self.has(source));
        known.then(|| Gone {
            _witnesses: self.0.values().cloned().collect(),
        })
    }
}
