//! Cursors in pieces: one can be larger than a database likes a value to be.

use std::collections::BTreeMap;

use adlib_sync::{
    Source,
    store::{Cursor, Cursors},
};

/// What one row holds: little enough to be in memory beside the whole, and a thousand rows for a million users.
pub(crate) const PIECE: usize = 1 << 20;

/// The cursors whose pieces were put together.
pub(crate) fn of_pieces(cursors: BTreeMap<Source, Vec<u8>>) -> Cursors {
    let mut whole = Cursors::default();
    whole.extend(
        cursors
            .into_iter()
            .map(|(source, bytes)| (source, Cursor::new(bytes))),
    );
    whole
}
