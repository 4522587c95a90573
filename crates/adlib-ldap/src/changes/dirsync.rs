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
    Error, Scope,
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
    /// The position of a reader that has read everything: the flags, the highest update sequence number and the cookie.
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
        match self.dirsync(0, &[], &nothing).await {
            Err(Stop::Full(FullReadReason::RightsChanged(_))) if or_object_security => {
                let (_, cookie) = self.dirsync(OBJECT_SECURITY, &[], &nothing).await?;
                Ok(position(OBJECT_SECURITY, usn, &cookie))
            }
            Err(stop) => Err(stop),
            Ok((_, cookie)) => Ok(position(0, usn, &cookie)),
        }
    }

    /// What changed since `mark`.
    pub(super) async fn changes_by_dirsync(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let damaged = || FullReadReason::Damaged("the position is none of DirSync".to_owned());
        let (flags, rest) = mark.position.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (usn, cookie) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let flags = u32::from_le_bytes(*flags);
        // A database that was put back as it was goes on with the same numbers, and with the same incarnation.
        let then = u64::from_le_bytes(*usn);
        server.is_not_before(then)?;
        let (told, cookie) = self.dirsync(flags, cookie, &anything()).await?;
        let presence = if flags & OBJECT_SECURITY == 0 {
            Presence::Told
        } else {
            self.deletions().await?
        };
        let events = self.events(place, told).await?;
        self.rights_are_as_before(place, &events, &presence, Since::Usn(then))
            .await?;
        let mark = self.mark(
            Method::DirSync,
            server,
            position(flags, server.highest_usn()?, &cookie),
        );
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
        let lost = changed
            .iter()
            .filter(|id| !seen.contains(id) && place.contains(**id));
        let mut events: Vec<Event> = told.gone.iter().chain(lost).map(|id| Event::Gone(*id)).collect();
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

/// The flags, the highest update sequence number, and the cookie after them.
fn position(flags: u32, usn: u64, cookie: &[u8]) -> Vec<u8> {
    [&flags.to_le_bytes()[..], &usn.to_le_bytes(), cookie].concat()
}
