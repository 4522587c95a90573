//! Containers whose rights changed: what is below them comes into sight or goes out of it without any change of its own,
//! and no `uSNChanged` tells. The replication metadata does (MS-DRSR 4.1.10.2.22, MS-ADTS 3.1.1.1.9). Hostile bytes.

use std::collections::BTreeSet;

use adlib_core::{DecodeError, Reader, UnixTime};
use adlib_schema::{
    RawEntry,
    read::changes::{EntryId, Event, FullReadReason, Place, Presence},
};

use super::{Reading, Stop};

const METADATA: &str = "replPropertyMetaData";
const CREATED: &str = "uSNCreated";
/// `nTSecurityDescriptor`, as its number (MS-DRSR 5.16.4).
const SECURITY_DESCRIPTOR: u32 = 0x0002_0119;
/// From 1601 to 1970.
const EPOCH_SECONDS: i64 = 11_644_473_600;

/// What was known before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// Up to this update sequence number.
    Usn(u64),
    /// Up to this time.
    Time(UnixTime),
}

/// When the rights to an object were last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RightsChange {
    /// How often; 1 is how the object was made.
    version: u32,
    /// By the clock of the controller where it was done.
    time: UnixTime,
    /// The number that the change has on this controller.
    usn: u64,
}

impl RightsChange {
    fn is_after(self, since: Since) -> bool {
        match since {
            Since::Usn(usn) => self.usn > usn,
            Since::Time(time) => self.version > 1 && self.time >= time,
        }
    }
}

impl Reading<'_> {
    /// That nobody changed after `since` what the account may see of `place`: its containers are there with the rights that
    /// they had, but for those that are gone by `events` or `presence`; and what came is new or was known.
    pub(super) async fn rights_are_as_before(
        &mut self,
        place: &Place,
        events: &[Event],
        presence: &Presence,
        since: Since,
    ) -> Result<(), Stop> {
        let containers = place.containers();
        let gone = gone(events);
        let findable = containers
            .iter()
            .filter(|(id, told)| **told && !gone.contains(*id));
        let mut missing: BTreeSet<EntryId> = match presence {
            Presence::Told => findable.map(|(id, _)| *id).collect(),
            // The list shows them.
            _ => BTreeSet::new(),
        };
        let unknown = events.iter().filter_map(|event| match event {
            Event::Entry(entry) if !entry.is_deleted() && !place.contains(entry.id()) => Some(entry),
            _ => None,
        });
        let unknown = unknown.filter(|entry| !entry.is_account(self.reader.mapper));
        let mut ids: Vec<EntryId> = unknown.map(|entry| entry.id()).collect();
        ids.extend(containers.keys());
        let mut reason = None;
        let identity = EntryId::attribute(self.reader.mapper.schema().preset);
        self.find(&ids, &[identity, METADATA, CREATED], |entry| {
            let Some(id) = EntryId::in_dn(entry.dn()) else {
                return;
            };
            missing.remove(&id);
            reason = reason
                .take()
                .or_else(|| changed(place.contains(id), &entry, since));
        })
        .await?;
        match (reason, missing.is_empty()) {
            (Some(what), _) => Err(FullReadReason::RightsChanged(what).into()),
            (None, false) => {
                let what = "a container can be seen no more, and was not deleted";
                Err(FullReadReason::RightsChanged(what.to_owned()).into())
            }
            (None, true) => Ok(()),
        }
    }
}

/// What `events` say is gone.
fn gone(events: &[Event]) -> BTreeSet<EntryId> {
    let gone = events.iter().filter_map(|event| match event {
        Event::Entry(entry) if entry.is_deleted() => Some(entry.id()),
        Event::Gone(id) => Some(*id),
        _ => None,
    });
    gone.collect()
}

/// What changed in the rights to the container `entry`, which was known before or not, if anything did.
fn changed(is_known: bool, entry: &RawEntry, since: Since) -> Option<String> {
    if !is_known {
        // It was there before, and could not be seen.
        let created = entry.text(CREATED)?.parse::<u64>().ok()?;
        let seen_late = matches!(since, Since::Usn(usn) if created <= usn);
        return seen_late.then(|| format!("{} can be seen now", plain(entry.dn())));
    }
    let change = entry.first(METADATA).map(rights_change);
    let is_as_before = match change {
        Some(Ok(Some(change))) => !change.is_after(since),
        Some(Ok(None)) => true,
        Some(Err(_)) | None => false,
    };
    (!is_as_before).then(|| format!("those of {}", plain(entry.dn())))
}

/// The DN behind the identities in front of it.
fn plain(dn: &str) -> &str {
    dn.rsplit(">;").next().unwrap_or(dn)
}

/// ```text
/// version u32, reserved u32, count u32, reserved u32, then for each attribute:
/// number u32, version u32, seconds since 1601 u64, invocation 16 octets, USN there u64, USN here u64
/// ```
fn rights_change(bytes: &[u8]) -> Result<Option<RightsChange>, DecodeError> {
    const WHAT: &str = "replPropertyMetaData";
    let mut reader = Reader::new(bytes);
    reader.u64_le(WHAT)?;
    let count = reader.u32_le("cNumProps")?;
    reader.u32_le(WHAT)?;
    for _ in 0..count {
        let number = reader.u32_le("attrType")?;
        let version = reader.u32_le("dwVersion")?;
        let seconds = reader.u64_le("timeChanged")?;
        reader.bytes("uuidDsaOriginating", 24)?;
        let usn = reader.u64_le("usnProperty")?;
        if number == SECURITY_DESCRIPTOR {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let time = UnixTime::from_seconds(seconds.saturating_sub(EPOCH_SECONDS));
            return Ok(Some(RightsChange { version, time, usn }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(number: u32, version: u32, seconds: u64, usn: u64) -> Vec<u8> {
        let mut bytes = [1_u32, 0, 2, 0].map(u32::to_le_bytes).concat();
        for number in [0x0009_030e, number] {
            bytes.extend([number, version].map(u32::to_le_bytes).concat());
            bytes.extend(seconds.to_le_bytes());
            bytes.extend([7; 16]);
            bytes.extend([usn.to_le_bytes(), usn.to_le_bytes()].concat());
        }
        bytes
    }

    /// R28: rights that changed after the last read are told from those that an object was made with.
    #[test]
    fn r28_the_last_change_of_rights() {
        let seconds = 1_700_000_000;
        let bytes = metadata(SECURITY_DESCRIPTOR, 2, seconds + 11_644_473_600, 4711);
        let change = rights_change(&bytes).unwrap().unwrap();
        let at = |seconds| Since::Time(UnixTime::from_seconds(seconds));
        assert_eq!((change.version, change.usn), (2, 4711));
        assert!(change.is_after(Since::Usn(4710)) && !change.is_after(Since::Usn(4711)));
        assert!(change.is_after(at(1_700_000_000)) && !change.is_after(at(1_700_000_001)));
        let made = RightsChange { version: 1, ..change };
        assert!(!made.is_after(at(0)));
        assert_eq!(rights_change(&metadata(1, 1, 1, 1)), Ok(None));
        for end in 0..bytes.len() - 48 {
            assert!(rights_change(&bytes[..end]).is_err(), "{end}");
        }
        let many = [&[0; 8][..], &[0xff; 8]].concat();
        assert!(rights_change(&many).is_err(), "a count is no promise");
    }
}
