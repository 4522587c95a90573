//! Where the reading of a source ended, as a store keeps it (R28).

use std::{collections::BTreeMap, fmt};

use crate::Source;

/// Where the reading of a source ended, so that the next one can go on from there.
///
/// It is the source's word, and nobody else reads anything into it. Where runs go by what changed, it is all that was read
/// ([`Replica`](adlib_schema::read::changes::Replica)): some 1 KB a user, so a gigabyte for a million. A database that
/// does not like values of this size keeps [`pieces`](Self::pieces) of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Box<[u8]>);

impl Cursor {
    /// The cursor with these bytes.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes in pieces of `size` at most; an empty cursor is one empty piece, so that it is not taken for none.
    ///
    /// ```
    /// use adlib_sync::store::Cursor;
    ///
    /// let pieces: Vec<Vec<u8>> = Cursor::new(*b"4711").pieces(3).map(<[u8]>::to_vec).collect();
    /// assert_eq!(pieces, [&b"471"[..], &b"1"[..]]);
    /// assert_eq!(Cursor::new([]).pieces(3).count(), 1);
    /// ```
    pub fn pieces(&self, size: usize) -> impl Iterator<Item = &[u8]> {
        let none = self.0.is_empty().then_some(&[][..]);
        none.into_iter().chain(self.0.chunks(size.max(1)))
    }
}

impl fmt::Debug for Cursor {
    /// How long it is: a server's cookie is confidential to some.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({} bytes)", self.0.len())
    }
}

/// At most one cursor of each source.
///
/// ```
/// use adlib_sync::{Source, store::{Cursor, Cursors}};
///
/// let cursors = Cursors::default().with(Source::Primary, Cursor::new(*b"4711"));
/// assert_eq!(cursors.of(Source::Primary).map(Cursor::as_bytes), Some(&b"4711"[..]));
/// assert_eq!(cursors.of(Source::Secondary), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursors(BTreeMap<Source, Cursor>);

impl Cursors {
    /// With `cursor` in place of what there was of `source`.
    #[must_use]
    pub fn with(mut self, source: Source, cursor: Cursor) -> Self {
        self.0.insert(source, cursor);
        self
    }

    /// The cursor of `source`.
    #[must_use]
    pub fn of(&self, source: Source) -> Option<&Cursor> {
        self.0.get(&source)
    }

    /// The cursors by source.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Source, &Cursor)> {
        self.0.iter().map(|(source, cursor)| (*source, cursor))
    }
}

impl Extend<(Source, Cursor)> for Cursors {
    fn extend<I: IntoIterator<Item = (Source, Cursor)>>(&mut self, cursors: I) {
        self.0.extend(cursors);
    }
}
