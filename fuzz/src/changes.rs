//! What an application stored of its last read, and increments to it.

use adlib_schema::{
    Filter, LdifReader, Mapper, Preset, Schema,
    read::{
        ReadBuilder,
        changes::{Cursor, Delivered, EntryId, Event, Increment, Presence, Replica},
    },
};
use sha2::{Digest, Sha256};

/// The head of a cursor's bytes.
const CURSOR: &[u8; 8] = b"adlibCu\x02";
/// The head of a replica's bytes.
const REPLICA: &[u8; 8] = b"adlibRe\x02";
const PLACE: &str = "example.org";

/// `content` between a head and its digest, without which nothing behind the head is ever looked at.
#[must_use]
pub fn sealed(head: &[u8; 8], content: &[u8]) -> Vec<u8> {
    let mut bytes = [head, content].concat();
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

/// What is between the head and the digest of `bytes`.
#[must_use]
pub fn opened(bytes: &[u8]) -> &[u8] {
    &bytes[8..bytes.len() - 32]
}

/// A cursor that is read is written so that it is read as the same; without its digest it is none.
pub fn cursor(data: &[u8]) {
    assert!(Cursor::decode(&[CURSOR, data].concat()).is_err() || data.len() >= 32);
    if let Ok(cursor) = Cursor::decode(&sealed(CURSOR, data)) {
        assert_eq!(Cursor::decode(&cursor.encode()).as_ref(), Ok(&cursor));
    }
}

/// A replica of any content is written so that it gives the same; and what a server tells then brings it where a fresh
/// read is. The bytes behind a line of `%` are an LDIF file of entries that were there before, then those that are new.
pub fn replica(data: &[u8]) {
    let (stored, file) = split(data, b"%\n");
    let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    let known = Cursor::default().encode();
    let length = (known.len() as u32).to_le_bytes();
    let content = [&length[..], &known, stored].concat();
    let mut replica = Replica::default();
    if let Ok(read) = Replica::decode(&sealed(REPLICA, &content)) {
        let again = Replica::decode(&read.encode()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.encode(), read.encode());
        let _ = read.read(&mapper);
        replica = read;
    }
    let (before, after) = split(file, b"%\n");
    let mut ids = Vec::new();
    for (file, presence) in [(before, Presence::Told), (after, Presence::Replaced)] {
        let told = told(file, &mut ids, presence, &mapper);
        if let Some(place) = replica.place(PLACE) {
            // A server gets them as they are.
            let asked = place.disagreements(mapper.schema(), &told.events);
            for filter in asked
                .into_iter()
                .chain(place.unsettled(mapper.schema(), &told.events))
            {
                assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
            }
        }
        replica.apply(PLACE, told, &mapper);
        let again = Replica::decode(&replica.encode()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.encode(), replica.encode());
    }
    replica.keep_places(&[PLACE]);
    assert_fresh(&replica, after, &mapper);
    // Listed, each is there; not listed, none.
    let there = ids.iter().map(|id| (*id, None)).collect();
    replica.apply(
        PLACE,
        Increment::new(Vec::new(), Presence::Listed(there), None, 0),
        &mapper,
    );
    assert_fresh(&replica, after, &mapper);
    let nothing = Increment::new(Vec::new(), Presence::Listed(Vec::new()), None, 0);
    replica.apply(PLACE, nothing, &mapper);
    assert!(replica.place(PLACE).is_some_and(|place| place.is_empty()));
}

/// What a server tells that has the entries of `file`.
fn told(file: &[u8], ids: &mut Vec<EntryId>, presence: Presence, mapper: &Mapper) -> Increment {
    let entries = LdifReader::new(file).flatten();
    let delivered = entries.filter_map(|entry| Delivered::new(mapper.schema(), &entry));
    let events: Vec<Event> = delivered
        .map(|entry| {
            ids.push(entry.id());
            Event::Entry(Box::new(entry))
        })
        .collect();
    Increment::new(events, presence, None, 0)
}

/// As many users and groups as a fresh read of `file` has, when each entry has an identity of its own.
fn assert_fresh(replica: &Replica, file: &[u8], mapper: &Mapper) {
    let mut builder = ReadBuilder::new(mapper.clone());
    builder.begin(PLACE);
    let mut ids = Vec::new();
    for entry in LdifReader::new(file).flatten() {
        let Some(delivered) = Delivered::new(mapper.schema(), &entry) else {
            return;
        };
        // A deleted entry is none, and what comes twice is one.
        if delivered.is_deleted() || ids.contains(&delivered.id()) {
            return;
        }
        ids.push(delivered.id());
        builder.entry(&entry);
    }
    builder.end();
    let fresh = builder.finish();
    let kept = replica.read(mapper);
    let names = |users: &[adlib_schema::record::User]| {
        let mut names: Vec<String> = users
            .iter()
            .map(|user| format!("{} {}", user.dn, user.account))
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&kept.users), names(&fresh.users));
    assert_eq!(kept.groups.len(), fresh.groups.len());
}

/// What is before and after the first line `mark`; nothing after, without one.
fn split<'a>(data: &'a [u8], mark: &[u8]) -> (&'a [u8], &'a [u8]) {
    match data.windows(mark.len()).position(|window| window == mark) {
        Some(position) => (&data[..position], &data[position + mark.len()..]),
        None => (data, &[]),
    }
}
