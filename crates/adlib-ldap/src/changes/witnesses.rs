//! Whether a server is still the one that was read, or was put back to an older copy and written to since: its cookie or
//! its time goes on then, and nothing tells what was undone. Its newest entries do.
//!
//! What was changed after the copy was made is, in the restored database, gone, or older than it was seen, or newer since
//! it was changed again. With the newest entries that were seen, without a gap among the newer ones, it is enough that none
//! is older and one is as it was: that one is in the database, and those that are newer are told again or gone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use adlib_core::{DecodeError, DecodeErrorKind, Reader};
use adlib_schema::{
    AttributeName, Filter, RawEntry,
    read::changes::{EntryId, Event, FullReadReason, Place, Presence},
};

use super::{
    Reading, Stop,
    deletions::{Deletions, newest_in},
};

/// How many are kept: where all of these are changed again between two reads, the second reads everything.
const KEPT: usize = 64;
/// How many may be seen before the newest are picked from them.
const SEEN: usize = 4096;
/// The first byte of a position with witnesses.
const FORM: u8 = 2;
const LONGEST_STAMP: usize = 255;
/// What OpenLDAP numbers its changes by; other servers have the time only.
pub(super) const CHANGE_NUMBER: &str = "entryCSN";

/// The newest entries that were seen, with the stamp of each: its change number, or when it was changed; and what was
/// deleted last.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Witnesses {
    entries: Vec<(EntryId, Vec<u8>)>,
    deletions: Deletions,
}

/// What the witnesses say before an increment.
#[derive(Debug, Default)]
pub(super) struct Testimony {
    /// Changed again since.
    changed: BTreeSet<EntryId>,
    gone: BTreeSet<EntryId>,
    /// What is there and was not known, where the last change that was seen may have been a deletion, which leaves no
    /// witness.
    unknown: Vec<EntryId>,
    /// Units that are not seen and were, or are and were not: their rights may have changed, which changes no entry.
    units: Vec<EntryId>,
}

impl Witnesses {
    /// Take what the server tells of `entry`, whose time is the attribute `time`.
    pub(super) fn see(&mut self, id: EntryId, entry: &RawEntry, time: &str) {
        let stamp = entry.first(CHANGE_NUMBER).or_else(|| entry.first(time));
        let Some(stamp) = stamp.filter(|stamp| (1..=LONGEST_STAMP).contains(&stamp.len())) else {
            return;
        };
        self.entries.push((id, stamp.to_vec()));
        if self.entries.len() >= SEEN {
            self.pick();
        }
    }

    /// The newest of those that were known and those that were seen now, without what is gone.
    pub(super) fn and(mut self, now: Self, events: &[Event], presence: &Presence) -> Self {
        let named = Named::by(events, presence);
        self.entries.retain(|(id, _)| !named.is_gone(*id));
        self.entries.extend(now.entries);
        self.pick();
        self
    }

    /// The newest of those that were seen.
    pub(super) fn newest(mut self) -> Self {
        self.pick();
        self
    }

    /// With nothing known of deletions up to `cookie`.
    pub(super) fn at(mut self, cookie: &[u8]) -> Self {
        self.deletions = Deletions::after(cookie);
        self
    }

    /// Take the deletions that an increment tells, which ends at `cookie`.
    pub(super) fn tell(&mut self, events: &[Event], presence: &Presence, cookie: &[u8]) {
        self.deletions.tell(events, presence, cookie);
    }

    /// Keep the newest, each once.
    fn pick(&mut self) {
        self.entries
            .sort_unstable_by(|(_, one), (_, other)| other.cmp(one));
        let mut seen = HashSet::new();
        self.entries.retain(|(id, _)| seen.insert(*id));
        self.entries.truncate(KEPT);
    }

    /// The position of a reader that stands at `place` of the method's own and has seen these.
    ///
    /// ```text
    /// form u8, count u8, then for each: identity 16 octets, length u8, stamp; then the deletions; then the place
    /// ```
    pub(super) fn position(&self, place: &[u8]) -> Vec<u8> {
        let kept = self.entries.get(..KEPT).unwrap_or(&self.entries);
        let mut position = vec![FORM, u8::try_from(kept.len()).unwrap_or_default()];
        for (id, stamp) in kept {
            position.extend(id.as_bytes());
            position.push(u8::try_from(stamp.len()).unwrap_or_default());
            position.extend(stamp);
        }
        self.deletions.encode(&mut position);
        position.extend(place);
        position
    }

    /// The witnesses in `position`, and the place of the method's own behind them.
    ///
    /// # Errors
    /// `Damaged`.
    pub(super) fn in_position(position: &[u8]) -> Result<(Self, &[u8]), FullReadReason> {
        decode(position).map_err(|error| FullReadReason::Damaged(error.to_string()))
    }

    /// The newest of theirs that is as it was, by what they say. Nothing up to it was undone; what came later may have been,
    /// and some of it done again.
    fn anchor(&self, testimony: &Testimony) -> Option<&[u8]> {
        let is_other = |id| testimony.changed.contains(id) || testimony.gone.contains(id);
        let mut same = self.entries.iter().filter(|(id, _)| !is_other(id));
        same.next().map(|(_, stamp)| stamp.as_slice())
    }

    /// What is said by those of `now`, the same entries as they are.
    fn compare(&self, now: &BTreeMap<EntryId, Vec<u8>>) -> Result<Testimony, FullReadReason> {
        let restored = |what: String| Err(FullReadReason::Restored(what));
        let mut testimony = Testimony::default();
        for (id, then) in &self.entries {
            match now.get(id) {
                Some(now) if now < then => {
                    let [then, now] = [then, now].map(|stamp| String::from_utf8_lossy(stamp));
                    return restored(format!("an entry was changed at {then} and now at {now}"));
                }
                Some(now) if now == then => {}
                Some(_) => drop(testimony.changed.insert(*id)),
                None => drop(testimony.gone.insert(*id)),
            }
        }
        if testimony.changed.len() + testimony.gone.len() == self.entries.len() {
            let count = self.entries.len();
            return restored(format!(
                "or it may have been, as none of the {count} newest entries is as it was"
            ));
        }
        Ok(testimony)
    }
}

impl Testimony {
    /// Whether every witness is as it was.
    pub(super) fn is_unchanged(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.units.is_empty()
    }

    /// That an increment is what a server tells that was not restored: what is gone is gone by it, and it tells what was
    /// changed.
    ///
    /// # Errors
    /// `Restored`; `RightsChanged` for units that it does not tell of.
    pub(super) fn confirms(&self, events: &[Event], presence: &Presence) -> Result<(), FullReadReason> {
        let named = Named::by(events, presence);
        let untold = |what: &str| {
            Err(FullReadReason::Restored(format!(
                "an entry {what} without a word"
            )))
        };
        if !self.gone.iter().all(|id| named.is_gone(*id)) {
            return untold("went");
        }
        if !self.changed.iter().all(|id| named.is_told(*id)) {
            return untold("changed");
        }
        if *presence == Presence::Told && !self.unknown.iter().all(|id| named.is_told(*id)) {
            return untold("came");
        }
        if !self.units.iter().all(|id| named.is_told(*id)) {
            let what = "a unit went out of sight or came into it, and was not changed";
            return Err(FullReadReason::RightsChanged(what.to_owned()));
        }
        Ok(())
    }
}

/// What an increment says of identities.
struct Named {
    came: HashSet<EntryId>,
    went: HashSet<EntryId>,
    /// All that is there, where it lists that.
    listed: Option<HashSet<EntryId>>,
}

impl Named {
    fn by(events: &[Event], presence: &Presence) -> Self {
        let (mut came, mut went) = (HashSet::new(), HashSet::new());
        for event in events {
            match event {
                Event::Entry(entry) if !entry.is_deleted() => drop(came.insert(entry.id())),
                Event::Entry(entry) => drop(went.insert(entry.id())),
                Event::Gone(id) | Event::Lost(id) => drop(went.insert(*id)),
                _ => {}
            }
        }
        let listed = match presence {
            Presence::Listed(list) => Some(list.iter().map(|(id, _)| *id).collect()),
            _ => None,
        };
        Self { came, went, listed }
    }

    fn is_gone(&self, id: EntryId) -> bool {
        let is_listed = self.listed.as_ref().is_none_or(|listed| listed.contains(&id));
        self.went.contains(&id) || !is_listed && !self.came.contains(&id)
    }

    fn is_told(&self, id: EntryId) -> bool {
        self.came.contains(&id) || self.is_gone(id)
    }
}

impl Reading<'_> {
    /// What the witnesses say; asked for before the increment, so that what changes meanwhile is told by that.
    pub(super) async fn hear(&mut self, witnesses: &Witnesses) -> Result<Testimony, Stop> {
        let preset = self.reader.mapper.schema().preset;
        let time = self.stamp();
        let attributes = [EntryId::attribute(preset), time, CHANGE_NUMBER];
        let ids: Vec<EntryId> = witnesses.entries.iter().map(|(id, _)| *id).collect();
        let mut now = Witnesses::default();
        let each = |entry: RawEntry| {
            if let Some(id) = EntryId::of(preset, &entry) {
                now.see(id, &entry, time);
            }
        };
        self.find(&ids, &attributes, each).await?;
        Ok(witnesses.compare(&now.entries.into_iter().collect())?)
    }

    /// The same for a content synchronisation after `cookie`, of which deletions are told one by one.
    pub(super) async fn hear_of_deletions(
        &mut self,
        witnesses: &Witnesses,
        cookie: &[u8],
        place: &Place,
    ) -> Result<Testimony, Stop> {
        let mut testimony = self.hear(witnesses).await?;
        testimony.units = self.other_units(place).await?;
        let anchor = witnesses.anchor(&testimony);
        // Nothing came after the newest change of all.
        if anchor.is_some_and(|stamp| stamp == newest_in(cookie)) {
            return Ok(testimony);
        }
        let preset = self.reader.mapper.schema().preset;
        if let Some(mut deleted) = anchor.and_then(|anchor| witnesses.deletions.all_after(anchor)) {
            // The others were put back since, and that was told.
            deleted.retain(|id| !place.contains(*id));
            let each = |entry: RawEntry| testimony.unknown.extend(EntryId::of(preset, &entry));
            self.find(&deleted, &[EntryId::attribute(preset)], each).await?;
        } else {
            let (ids, _) = self.identities(place, self.stamp()).await?;
            let ids = ids.into_iter().map(|(id, _)| id);
            testimony.unknown = ids.filter(|id| !place.contains(*id)).collect();
        }
        Ok(testimony)
    }
}

impl Reading<'_> {
    /// The units that may be seen and that `place` has not, or the other way round.
    async fn other_units(&mut self, place: &Place) -> Result<Vec<EntryId>, Stop> {
        let preset = self.reader.mapper.schema().preset;
        let filter = Filter::equal(AttributeName::from_static("objectClass"), "organizationalUnit");
        let mut seen = BTreeSet::new();
        let each = |entry: RawEntry| seen.extend(EntryId::of(preset, &entry));
        self.all(&filter, &[EntryId::attribute(preset)], Vec::new(), each)
            .await?;
        let known: BTreeSet<EntryId> = place.units().collect();
        // A server takes what descends from a unit for one, which the entry's own words need not say.
        let came = seen.iter().filter(|id| !place.contains(**id));
        Ok(came.chain(known.difference(&seen)).copied().collect())
    }
}

fn decode(position: &[u8]) -> Result<(Witnesses, &[u8]), DecodeError> {
    const WHAT: &str = "position";
    let mut reader = Reader::new(position);
    if reader.u8(WHAT)? != FORM {
        return Err(reader.error(WHAT, DecodeErrorKind::Invalid));
    }
    let mut witnesses = Witnesses::default();
    for _ in 0..reader.u8(WHAT)? {
        let id = EntryId::from_bytes(reader.array(WHAT)?);
        let length = usize::from(reader.u8(WHAT)?);
        witnesses.entries.push((id, reader.bytes(WHAT, length)?.to_vec()));
    }
    witnesses.deletions = Deletions::decode(&mut reader)?;
    Ok((witnesses, reader.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn stamped(stamps: &[(u8, &str)]) -> Witnesses {
        let mut witnesses = Witnesses::default();
        for (number, stamp) in stamps {
            let mut entry = RawEntry::new("");
            entry.push("modifyTimestamp", stamp);
            witnesses.see(id(*number), &entry, "modifyTimestamp");
        }
        witnesses.pick();
        witnesses
    }

    fn is_restored(reason: &FullReadReason) -> bool {
        matches!(reason, FullReadReason::Restored(_))
    }

    /// R28: a position is read back as it was written, and one that was cut or is of an earlier form is refused.
    #[test]
    fn r28_a_position_with_witnesses() {
        let witnesses = stamped(&[(1, "20230102"), (2, "20230103")]);
        let position = witnesses.position(b"rid=1");
        assert_eq!(Witnesses::in_position(&position), Ok((witnesses, &b"rid=1"[..])));
        for end in 0..position.len() - b"rid=1".len() {
            let cut = Witnesses::in_position(&position[..end]);
            assert!(matches!(cut, Err(FullReadReason::Damaged(_))), "{end}: {cut:?}");
        }
        for earlier in [
            "rid=000,csn=20231114221320.000000Z#000000#000#000000",
            "20231114221320Z",
            "",
        ] {
            let read = Witnesses::in_position(earlier.as_bytes());
            assert!(matches!(read, Err(FullReadReason::Damaged(_))), "{read:?}");
        }
    }

    /// R28: an older stamp is a restored server; so may be one where no witness is as it was.
    #[test]
    fn r28_what_witnesses_show() {
        let then = stamped(&[(1, "1"), (2, "2"), (3, "3")]);
        let now = |stamps: &[(u8, &str)]| then.compare(&stamped(stamps).entries.into_iter().collect());
        assert!(is_restored(&now(&[(1, "1"), (2, "1"), (3, "3")]).unwrap_err()));
        assert!(is_restored(&now(&[(1, "4"), (2, "4")]).unwrap_err()));
        assert!(is_restored(
            &Witnesses::default().compare(&BTreeMap::new()).unwrap_err()
        ));
        // 2 was changed again, 3 is gone: both must be told.
        let heard = now(&[(1, "1"), (2, "4")]).unwrap();
        let listed = |ids: &[u8]| Presence::Listed(ids.iter().map(|number| (id(*number), None)).collect());
        let gone = |numbers: &[u8]| {
            numbers
                .iter()
                .map(|number| Event::Gone(id(*number)))
                .collect::<Vec<_>>()
        };
        assert_eq!(heard.confirms(&gone(&[2, 3]), &Presence::Told), Ok(()));
        assert_eq!(heard.confirms(&[], &listed(&[1])), Ok(()));
        for (events, presence) in [
            (gone(&[2]), Presence::Told),
            (gone(&[3]), Presence::Told),
            (gone(&[2]), listed(&[1, 3])),
            (Vec::new(), listed(&[1, 2])),
        ] {
            assert!(
                is_restored(&heard.confirms(&events, &presence).unwrap_err()),
                "{events:?}"
            );
        }
    }

    /// R28: where a deletion came last, what came back shows that it was undone.
    #[test]
    fn r28_what_came_back() {
        let heard = Testimony {
            unknown: vec![id(9)],
            ..Testimony::default()
        };
        assert!(is_restored(&heard.confirms(&[], &Presence::Told).unwrap_err()));
        assert_eq!(heard.confirms(&[Event::Gone(id(9))], &Presence::Told), Ok(()));
        let witnesses = stamped(&[(1, "20230102"), (2, "20230103")]);
        let mut heard = Testimony::default();
        assert_eq!(witnesses.anchor(&heard), Some(&b"20230103"[..]));
        // What was changed again may have been undone before.
        heard.changed.insert(id(2));
        assert_eq!(witnesses.anchor(&heard), Some(&b"20230102"[..]));
        heard.gone.insert(id(1));
        assert_eq!(witnesses.anchor(&heard), None);
    }

    /// R28: the newest are kept, each with its last stamp, and without what is gone.
    #[test]
    fn r28_the_newest_are_kept() {
        let stamps: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
        let all: Vec<(u8, &str)> = (0..200).zip(stamps.iter().map(String::as_str)).collect();
        let kept = stamped(&all);
        assert_eq!((kept.entries.len(), kept.entries[0].0), (KEPT, id(199)));
        let many = kept.entries.iter().cycle().take(300).cloned().collect();
        let many = Witnesses {
            entries: many,
            ..Witnesses::default()
        }
        .position(b"20231114221320Z");
        assert_eq!(
            Witnesses::in_position(&many),
            Ok((kept.clone(), &b"20231114221320Z"[..]))
        );
        let later = kept.and(stamped(&[(150, "300")]), &[Event::Gone(id(199))], &Presence::Told);
        assert_eq!(later.entries[0], (id(150), b"300".to_vec()));
        assert_eq!(later.entries.len(), KEPT - 1);
        assert!(!later.entries.iter().any(|(kept, _)| *kept == id(199)));
    }
}
