//! What was read of a source, kept so that it can be brought up to date.

use std::fmt;

use adlib_core::{DecodeError, Reader, Writer};

use super::{
    Change, Cursor, Increment, Place,
    apply::apply,
    codec,
    cursor::{seal, unseal},
};
use crate::{
    Mapper,
    read::{DirectoryRead, ReadBuilder},
};

/// What was read of a source, place by place, and where the reader stands.
///
/// Increments bring it up to date; what it then gives is what a full read gives.
///
/// An application that wants its next read to be an increment stores the bytes of [`encode`](Self::encode). They are as
/// confidential as the directory: whatever the schema reads is in them, a PIN included.
///
/// ```
/// use adlib_schema::{
///     Mapper, Preset, RawEntry, Schema,
///     read::changes::{ChangeKind, Delivered, Event, Increment, Presence, Replica},
/// };
///
/// let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
/// let ada = |name: &str| {
///     let mut ada = RawEntry::new(format!("uid={name},dc=example,dc=org"));
///     ada.push("uid", name);
///     ada.push("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14");
///     Event::Entry(Box::new(Delivered::new(mapper.schema(), &ada).unwrap()))
/// };
/// let mut replica = Replica::default();
/// let first = Increment::new(vec![ada("ada")], Presence::Replaced, None, 1);
/// assert_eq!(replica.apply("example.org", first, &mapper)[0].kind, ChangeKind::Created);
///
/// let second = Increment::new(vec![ada("countess")], Presence::Told, None, 1);
/// let changes = replica.apply("example.org", second, &mapper);
/// assert_eq!(changes.len(), 2, "moved, and another name: {changes:?}");
/// assert_eq!(replica.read(&mapper).users[0].account, "countess");
/// ```
#[derive(Clone, Default)]
pub struct Replica {
    cursor: Cursor,
    places: Vec<Place>,
}

impl fmt::Debug for Replica {
    /// Without the values, among which there may be a PIN (A63).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.places.iter().map(|place| (place.name(), place.len()));
        f.debug_map().entries(sizes).finish()
    }
}

/// What the bytes of a replica begin with; the last one is the version.
const MAGIC: &[u8; 8] = b"adlibRe\x02";

impl Replica {
    /// Where the reader stands.
    #[must_use]
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// What it holds of the place `name`.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.name == name)
    }

    /// Take what a server told of `place`; what became of the records, in the order of their identities.
    pub fn apply(&mut self, place: &str, increment: Increment, mapper: &Mapper) -> Vec<Change> {
        if let Some(mark) = &increment.mark {
            self.cursor.set(place, mark.clone());
        } else {
            let others: Vec<&str> = self.places.iter().map(Place::name).collect();
            let others: Vec<&str> = others.into_iter().filter(|name| *name != place).collect();
            self.cursor.retain(&others);
        }
        let position = self.places.iter().position(|known| known.name == place);
        let position = position.unwrap_or_else(|| {
            self.places.push(Place::new(place));
            self.places.len() - 1
        });
        match self.places.get_mut(position) {
            Some(place) => apply(place, increment, mapper),
            None => Vec::new(),
        }
    }

    /// Hold these places only, in this order.
    pub fn keep_places(&mut self, names: &[&str]) {
        self.cursor.retain(names);
        let order = |place: &Place| names.iter().position(|name| *name == place.name);
        self.places.retain(|place| order(place).is_some());
        self.places.sort_by_key(order);
    }

    /// Give every entry to `builder`, as a full read would.
    pub fn feed(&self, builder: &mut ReadBuilder) {
        for place in &self.places {
            builder.begin(place.name());
            place
                .records(&self.places)
                .for_each(|entry| builder.entry(&entry));
            builder.end();
        }
    }

    /// What a full read would give.
    #[must_use]
    pub fn read(&self, mapper: &Mapper) -> DirectoryRead {
        let mut builder = ReadBuilder::new(mapper.clone());
        self.feed(&mut builder);
        builder.finish()
    }

    /// The bytes to store, the cursor included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(MAGIC);
        codec::put(&mut writer, &self.cursor.encode());
        codec::put_count(&mut writer, self.places.len());
        for place in &self.places {
            place.encode(&mut writer);
        }
        seal(writer)
    }

    /// The replica that was stored as `bytes`.
    ///
    /// # Errors
    /// A `DecodeError` when they are not what [`encode`](Self::encode) gave.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_content(unseal(bytes, MAGIC, "replica")?)
    }

    /// What follows the head, without its digest.
    fn decode_content(mut reader: Reader<'_>) -> Result<Self, DecodeError> {
        let cursor = Cursor::decode(codec::bytes(&mut reader, "cursor")?)?;
        let mut places = Vec::new();
        for _ in 0..codec::count(&mut reader, "places")? {
            places.push(Place::decode(&mut reader)?);
        }
        reader.finish("replica")?;
        Ok(Self { cursor, places })
    }
}
