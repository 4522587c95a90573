//! "Gone" as a value that only complete reads can make (I7).

use std::collections::HashMap;

use adlib_schema::read::{Complete, Completeness};

use crate::{Links, Rejection, Source, Sources};

/// The proof that an entry is in no source any more: the witness of a complete read of each.
///
/// Nothing else makes one, and without one there is no deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    _witnesses: Vec<Complete>,
}

/// The witnesses of a run's reads.
#[derive(Debug, Clone)]
pub(crate) struct Witnesses(HashMap<Source, Complete>);

impl Witnesses {
    /// The witness of every source.
    pub(crate) fn of(sources: Sources<'_>) -> Result<Self, Rejection> {
        let mut witnesses = HashMap::new();
        for (source, read) in sources.iter() {
            match &read.completeness {
                Completeness::Complete(complete) => witnesses.insert(source, complete.clone()),
                Completeness::Incomplete(shortfalls) => {
                    let shortfalls = shortfalls.clone();
                    return Err(Rejection::Incomplete {
                        origin: source,
                        shortfalls,
                    });
                }
            };
        }
        Ok(Self(witnesses))
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

    /// The same for a user.
    pub(crate) fn absence_of(&self, links: &Links) -> Option<Gone> {
        self.absence(links.iter().map(|link| link.source))
    }
}
