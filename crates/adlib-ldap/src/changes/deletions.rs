//! The last deletions that were told. A deletion leaves no witness; where the database was put back, what was deleted is
//! there again.

use std::collections::VecDeque;

use adlib_core::{DecodeError, DecodeErrorKind, Reader};
use adlib_schema::read::changes::{EntryId, Event, Presence};

/// How many are kept.
const KEPT: usize = 64;

/// The deletions after a change number.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Deletions {
    /// All that came after this one are kept.
    since: Vec<u8>,
    /// The newest at the end, each with the number up to which it was told.
    kept: VecDeque<(EntryId, Vec<u8>)>,
}

impl Deletions {
    /// None is known, and none is wanted of before `cookie`.
    pub(super) fn after(cookie: &[u8]) -> Self {
        Self {
            since: newest_in(cookie).to_vec(),
            kept: VecDeque::new(),
        }
    }

    /// Take those that an increment tells, which ends at `cookie`.
    pub(super) fn tell(&mut self, events: &[Event], presence: &Presence, cookie: &[u8]) {
        if *presence != Presence::Told {
            // What came and went meanwhile was not named.
            return *self = Self::after(cookie);
        }
        for event in events {
            if let Event::Gone(id) = event {
                self.kept.push_back((*id, newest_in(cookie).to_vec()));
            }
        }
        while self.kept.len() > KEPT {
            if let Some((_, told)) = self.kept.pop_front() {
                self.since = std::mem::take(&mut self.since).max(told);
            }
        }
    }

    /// All that came after the change numbered `stamp`, if they are known, and some of before.
    pub(super) fn all_after(&self, stamp: &[u8]) -> Option<Vec<EntryId>> {
        let are_known = !self.since.is_empty() && *stamp >= *self.since;
        are_known.then(|| self.kept.iter().map(|(id, _)| *id).collect())
    }

    /// ```text
    /// length u8, number; count u8, then for each: identity 16 octets, length u8, number
    /// ```
    pub(super) fn encode(&self, position: &mut Vec<u8>) {
        put(position, &self.since);
        position.push(u8::try_from(self.kept.len()).unwrap_or_default());
        for (id, told) in &self.kept {
            position.extend(id.as_bytes());
            put(position, told);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const WHAT: &str = "deletions";
        let since = take(reader)?;
        let count = usize::from(reader.u8(WHAT)?);
        if count > KEPT {
            return Err(reader.error(WHAT, DecodeErrorKind::Invalid));
        }
        let mut kept = VecDeque::new();
        for _ in 0..count {
            let id = EntryId::from_bytes(reader.array(WHAT)?);
            kept.push_back((id, take(reader)?));
        }
        Ok(Self { since, kept })
    }
}

/// The newest change number in `cookie` (OpenLDAP: `rid=...,csn=...;...`); empty when there is none that can be kept.
pub(super) fn newest_in(cookie: &[u8]) -> &[u8] {
    let fields = cookie.split(|byte| *byte == b',');
    let numbers = fields.filter_map(|field| field.strip_prefix(b"csn="));
    let numbers = numbers.flat_map(|numbers| numbers.split(|byte| *byte == b';'));
    numbers
        .filter(|number| u8::try_from(number.len()).is_ok())
        .max()
        .unwrap_or_default()
}

fn put(position: &mut Vec<u8>, number: &[u8]) {
    position.push(u8::try_from(number.len()).unwrap_or_default());
    position.extend(number);
}

fn take(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let length = usize::from(reader.u8("length")?);
    Ok(reader.bytes("number", length)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(number: u8) -> Event {
        Event::Gone(EntryId::from_bytes([number; 16]))
    }

    fn ids(numbers: &[u8]) -> Vec<EntryId> {
        numbers
            .iter()
            .map(|number| EntryId::from_bytes([*number; 16]))
            .collect()
    }

    /// R28: what was deleted after a change is known, unless the server named it by leaving it out, or it is too much.
    #[test]
    fn r28_which_deletions_are_known() {
        let mut deletions = Deletions::after(b"rid=000,csn=20230101");
        deletions.tell(&[gone(1)], &Presence::Told, b"rid=000,csn=20230102");
        deletions.tell(
            &[gone(2)],
            &Presence::Told,
            b"rid=000,sid=001,csn=20230103;20230102",
        );
        assert_eq!(deletions.all_after(b"20230101"), Some(ids(&[1, 2])));
        assert_eq!(deletions.all_after(b"20230100"), None);
        let mut bytes = Vec::new();
        deletions.encode(&mut bytes);
        assert_eq!(Deletions::decode(&mut Reader::new(&bytes)), Ok(deletions.clone()));
        for end in 0..bytes.len() {
            assert!(
                Deletions::decode(&mut Reader::new(&bytes[..end])).is_err(),
                "{end}"
            );
        }

        let mut listed = deletions.clone();
        listed.tell(&[], &Presence::Listed(Vec::new()), b"csn=20230105");
        assert_eq!(listed.all_after(b"20230104"), None);
        assert_eq!(listed.all_after(b"20230105"), Some(Vec::new()));

        let many: Vec<Event> = (10..74).map(gone).collect();
        deletions.tell(&many, &Presence::Told, b"csn=20230104");
        assert_eq!(deletions.all_after(b"20230102"), None);
        assert_eq!(deletions.all_after(b"20230103").unwrap().len(), KEPT);
    }

    /// R28: a cookie without change numbers makes nothing known.
    #[test]
    fn r28_deletions_of_a_cookie_without_numbers() {
        let mut deletions = Deletions::after(b"rid=000");
        deletions.tell(&[gone(1)], &Presence::Told, b"rid=001");
        assert_eq!(deletions.all_after(b"20230101"), None);
    }
}
