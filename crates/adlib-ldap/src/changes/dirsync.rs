//! Changes by DirSync (MS-ADTS 3.1.1.3.4.1.3).
//!
//! It tells which objects changed, and of groups which members came and went; the rest of an object is read again, for
//! DirSync knows no computed attributes.

use std::collections::{BTreeSet, HashSet};

use adlib_schema::{
    AttributeName, Filter, RawEntry,
    read::changes::{Delivered, EntryId, Event, FullReadReason, Increment, Mark, Method, Place, Presence},
};

use super::{Reading, Stop, fetch::anything, rights::Since, server::Server};
use crate::{
    Error, Incomplete, Scope,
    search::{Answer, Request, SUCCESS},
    transport::{dir_sync_control, extended_dn_control},
};

/// `LDAP_DIRSYNC_OBJECT_SECURITY`: what the account may see, without the right to replicate.
const OBJECT_SECURITY: u32 = 0x1;
/// `LDAP_DIRSYNC_ANCESTORS_FIRST_ORDER`
const ANCESTORS_FIRST: u32 = 0x800;
/// `LDAP_DIRSYNC_INCREMENTAL_VALUES`: members one by one.
const INCREMENTAL_VALUES: u32 = 0x8000_0000;
const MAX_BYTES: u32 = 1 << 20;
/// Answers without an end are no answer (A51).
const MAX_ROUNDS: usize = 100_000;
const INSUFFICIENT_ACCESS: u32 = 50;
/// After how many seconds the identities of all are listed: Samba does not tell, even to whom may replicate, that something
/// went out of sight.
const LIST_EVERY: u64 = 24 * 60 * 60;
/// What DirSync does not know, because it is computed when it is read.
const COMPUTED: [&str; 3] = ["parentGUID", "memberOf", "msDS-User-Account-Control-Computed"];
const SECURITY_DESCRIPTOR: &str = "nTSecurityDescriptor";

/// What DirSync told.
#[derive(Default)]
struct Told {
    /// What changed but for members.
    changed: BTreeSet<EntryId>,
    gone: Vec<EntryId>,
    links: Vec<Event>,
}

impl Reading<'_> {
    /// The position of a reader that has read everything.
    ///
    /// With the right to replicate, deletions are told; `or_object_security` makes do without it.
    pub(super) async fn begin_dirsync(
        &mut self,
        or_object_security: bool,
        server: &Server,
    ) -> Result<Vec<u8>, Stop> {
        let usn = server.highest_usn()?;
        // Nothing is wanted but the cookie.
        let nothing = Filter::not(anything());
        let (flags, cookie) = match self.dirsync(0, &[], &nothing).await {
            Err(Stop::Full(FullReadReason::RightsChanged(_))) if or_object_security => {
                let (_, cookie) = self.dirsync(OBJECT_SECURITY, &[], &nothing).await?;
                (OBJECT_SECURITY, cookie)
            }
            begun => (0, begun?.1),
        };
        let listed = server.seconds();
        Ok(Position { flags, usn, listed }.encode(&cookie))
    }

    /// What changed since `mark`.
    pub(super) async fn changes_by_dirsync(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let (mut position, cookie) = Position::decode(&mark.position)?;
        // A database that was put back as it was goes on with the same numbers, and with the same incarnation.
        let then = position.usn;
        server.is_not_before(then)?;
        let (told, cookie) = self.dirsync(position.flags, cookie, &anything()).await?;
        let all_are_placed = self.below_the_unseen(place).is_empty();
        let presence = if all_are_placed && position.tells(server.seconds()) {
            Presence::Told
        } else {
            position.listed = server.seconds();
            self.listed(place).await?
        };
        let events = self.events(place, told).await?;
        self.rights_are_as_before(place, &events, &presence, Since::Usn(then))
            .await?;
        position.usn = server.highest_usn()?;
        let mark = self.mark(Method::DirSync, server, position.encode(&cookie));
        self.complete(place, events, presence, mark).await
    }

    /// What was told, with the rest of what changed.
    async fn events(&mut self, place: &Place, told: Told) -> Result<Vec<Event>, Stop> {
        let gone: HashSet<EntryId> = told.gone.iter().copied().collect();
        let changed: Vec<EntryId> = told.changed.into_iter().filter(|id| !gone.contains(id)).collect();
        let found = self.by_ids(&changed).await?;
        let seen: HashSet<EntryId> = found.iter().map(Delivered::id).collect();
        let new: HashSet<EntryId> = seen.iter().copied().filter(|id| !place.contains(*id)).collect();
        // What changed and is not found may no longer be seen, or was deleted since.
        let lost = changed.iter().copied();
        let lost: Vec<EntryId> = lost
            .filter(|id| !seen.contains(id) && place.contains(*id))
            .collect();
        self.are_gone(place, &lost, &[]).await?;
        let mut events: Vec<Event> = told.gone.into_iter().map(Event::Gone).collect();
        events.extend(lost.into_iter().map(Event::Lost));
        events.extend(found.into_iter().map(|entry| {
            let is_new = new.contains(&entry.id());
            Event::Entry(Box::new(if is_new { entry } else { entry.without_links() }))
        }));
        events.extend(told.links.into_iter().filter(|event| match event {
            Event::Link { group, .. } => place.contains(*group) && !gone.contains(group),
            _ => true,
        }));
        Ok(events)
    }

    /// Everything after `cookie`, and the cookie after it.
    async fn dirsync(&mut self, flags: u32, cookie: &[u8], filter: &Filter) -> Result<(Told, Vec<u8>), Stop> {
        let schema = self.reader.mapper.schema();
        let mut attributes = Delivered::attributes(schema);
        attributes.retain(|name| {
            !COMPUTED
                .iter()
                .any(|computed| computed.eq_ignore_ascii_case(name))
        });
        attributes.extend(["name", SECURITY_DESCRIPTOR]);
        let request = Request::new(self.reader.base, Scope::Subtree, filter, &attributes);
        let mut told = Told::default();
        let mut cookie = cookie.to_vec();
        for _ in 0..MAX_ROUNDS {
            let flags = flags | ANCESTORS_FIRST | INCREMENTAL_VALUES;
            let controls = [dir_sync_control(flags, MAX_BYTES, &cookie), extended_dn_control()];
            let answer = self.reader.connection.ask(&request, &controls).await?;
            let answer = self.not_refused(answer)?;
            for entry in &answer.entries {
                self.entries += 1;
                (self.progress)(self.entries);
                told.take(&schema.group_member, entry, Delivered::new(schema, entry));
            }
            let limit = self.reader.connection.limits.search_entries;
            if told.size() > limit {
                return Err(self.incomplete(Incomplete::TooManyEntries(limit)).into());
            }
            let Some(next) = answer.dir_sync else {
                return Err(
                    FullReadReason::NoMethod("the server answers without a cookie".to_owned()).into(),
                );
            };
            cookie = next.cookie;
            if !next.more {
                return Ok((told, cookie));
            }
        }
        Err(FullReadReason::Refused("DirSync comes to no end".to_owned()).into())
    }

    fn not_refused(&self, answer: Answer) -> Result<Answer, Stop> {
        match answer.code {
            SUCCESS => Ok(answer),
            INSUFFICIENT_ACCESS => {
                let what = format!("it may not replicate changes ({})", answer.message);
                Err(FullReadReason::RightsChanged(what).into())
            }
            code => {
                let error: Error = self
                    .reader
                    .connection
                    .refused("go on with DirSync", code, answer.message);
                Err(FullReadReason::Refused(error.to_string()).into())
            }
        }
    }
}

impl Told {
    /// How much of it is held.
    fn size(&self) -> usize {
        self.changed.len() + self.gone.len() + self.links.len()
    }

    fn take(&mut self, members: &[AttributeName], entry: &RawEntry, delivered: Option<Delivered>) {
        let Some(delivered) = delivered else {
            return;
        };
        let id = delivered.id();
        if delivered.is_deleted() {
            return self.gone.push(id);
        }
        for (name, values) in entry.attributes() {
            let (base, option) = name.split_once(';').unwrap_or((name, ""));
            let is_member = members
                .iter()
                .any(|member| member.base().eq_ignore_ascii_case(base));
            let added = option.eq_ignore_ascii_case("range=1-1");
            if is_member && (added || option.eq_ignore_ascii_case("range=0-0")) {
                let texts = values.into_iter().map(AsRef::<[u8]>::as_ref);
                let texts = texts.filter_map(|value| std::str::from_utf8(value).ok());
                self.links
                    .extend(texts.filter_map(EntryId::in_dn).map(|member| Event::Link {
                        group: id,
                        attribute: base.to_owned(),
                        member,
                        added,
                    }));
                continue;
            }
            // These come with each object, changed or not.
            if !["objectGUID", "instanceType"]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(base))
            {
                self.changed.insert(id);
            }
        }
    }
}

/// Where a reader stands, beside its cookie.
///
/// ```text
/// flags u32, highest update sequence number u64, time of the last list i64, then the cookie
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    flags: u32,
    usn: u64,
    /// When it last knew all that may be seen, in seconds since 1970 by the server's clock.
    listed: i64,
}

impl Position {
    fn encode(self, cookie: &[u8]) -> Vec<u8> {
        let (usn, listed) = (self.usn.to_le_bytes(), self.listed.to_le_bytes());
        [&self.flags.to_le_bytes()[..], &usn, &listed, cookie].concat()
    }

    fn decode(position: &[u8]) -> Result<(Self, &[u8]), FullReadReason> {
        let decode = || {
            let (flags, rest) = position.split_first_chunk()?;
            let (usn, rest) = rest.split_first_chunk()?;
            let (listed, cookie) = rest.split_first_chunk()?;
            let position = Self {
                flags: u32::from_le_bytes(*flags),
                usn: u64::from_le_bytes(*usn),
                listed: i64::from_le_bytes(*listed),
            };
            // With an empty cookie everything would be told.
            (!cookie.is_empty()).then_some((position, cookie))
        };
        decode().ok_or_else(|| FullReadReason::Damaged("the position is none of DirSync".to_owned()))
    }

    /// Whether DirSync alone tells what is gone at `now`: not of what the account may see no more, where it may see some
    /// things only; nor does Samba with the right to replicate, so that the list is made now and then.
    const fn tells(self, now: i64) -> bool {
        self.flags & OBJECT_SECURITY == 0 && self.listed.abs_diff(now) < LIST_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R28: a position is read back as it was written, and one that was cut is refused.
    #[test]
    fn r28_a_position_of_dirsync() {
        let (flags, usn, listed) = (OBJECT_SECURITY, 6810, 1_700_000_000);
        let position = Position { flags, usn, listed };
        let bytes = position.encode(b"MSDS");
        assert_eq!(Position::decode(&bytes), Ok((position, &b"MSDS"[..])));
        for end in 0..bytes.len() - 3 {
            let cut = Position::decode(&bytes[..end]);
            assert!(matches!(cut, Err(FullReadReason::Damaged(_))), "{end}");
        }
    }

    /// R28: what the account may see no more is listed each time without the right to replicate, and daily with it.
    #[test]
    fn r28_when_all_is_listed() {
        let (usn, listed) = (1, 1_700_000_000);
        let replicates = Position {
            flags: 0,
            usn,
            listed,
        };
        assert!(replicates.tells(listed) && replicates.tells(listed + 86_399));
        assert!(!replicates.tells(listed + 86_400) && !replicates.tells(listed - 86_400));
        let flags = OBJECT_SECURITY;
        assert!(!Position { flags, usn, listed }.tells(listed));
    }
}
