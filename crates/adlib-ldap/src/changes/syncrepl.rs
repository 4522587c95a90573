//! Changes by content synchronisation (RFC 4533): `refreshOnly`.

use std::collections::BTreeSet;

use adlib_schema::read::changes::{
    Delivered, EntryId, Event, FullReadReason, Increment, Mark, Method, Place, Presence,
};

use super::{
    ChangeReader, Reading, Stop,
    fetch::anything,
    server::Server,
    witnesses::{CHANGE_NUMBER, Witnesses},
};
use crate::{
    Error, Incomplete, Scope,
    connection::Loan,
    search::{Request, SUCCESS},
    transport::{Done, Part, SyncInfo, SyncKind, SyncState, SyncStep, encode_search, sync_control},
};

/// `e-syncRefreshRequired`
const REFRESH_REQUIRED: u32 = 4096;

/// What a synchronisation told so far.
#[derive(Default)]
pub(super) struct Refresh {
    pub(super) events: Vec<Event>,
    /// What did not change.
    present: Vec<(EntryId, Option<String>)>,
    pub(super) cookie: Option<Vec<u8>>,
    /// The present phase came to its end: what was not named is gone.
    by_presence: bool,
    /// The refresh is over; what follows are changes as they happen.
    pub(super) is_over: bool,
    /// What entries hold is not what was asked for: only their identities count.
    ids_only: bool,
    /// The entries of which only that counts.
    pub(super) changed: BTreeSet<EntryId>,
    /// The newest entries that came.
    pub(super) seen: Witnesses,
    /// How many messages and identities came.
    count: usize,
}

impl Refresh {
    /// One that takes the identities of entries, not what they hold.
    pub(super) fn of_ids() -> Self {
        Self {
            ids_only: true,
            ..Self::default()
        }
    }

    /// Count a part of the answer, which may have no end.
    ///
    /// # Errors
    /// `Incomplete`.
    pub(super) fn count(&mut self, reader: &ChangeReader<'_>, part: &Part) -> Result<(), Error> {
        self.count += match part {
            Part::Info(SyncInfo {
                step: SyncStep::IdSet { uuids, .. },
                ..
            }) => uuids.len().max(1),
            _ => 1,
        };
        let limit = reader.connection.limits.search_entries;
        if self.count > limit {
            return Err(Error::Incomplete {
                endpoint: reader.connection.endpoint().to_owned(),
                reason: Incomplete::TooManyEntries(limit),
            });
        }
        Ok(())
    }

    /// Take a part of the answer that is not its end; whether it was an entry.
    pub(super) fn take(&mut self, reader: &ChangeReader<'_>, part: Part) -> Result<bool, FullReadReason> {
        let no_method = |what: &str| FullReadReason::NoMethod(what.to_owned());
        match part {
            Part::Synced(SyncState { kind, uuid, cookie }, entry) => {
                self.cookie = cookie.or(self.cookie.take());
                let id = EntryId::from_bytes(uuid);
                match kind {
                    SyncKind::Present => self.present.push((id, None)),
                    SyncKind::Delete => self.events.push(Event::Gone(id)),
                    SyncKind::Add | SyncKind::Modify if self.ids_only => {
                        self.changed.insert(id);
                    }
                    SyncKind::Add | SyncKind::Modify => {
                        self.seen.see(id, &entry, CHANGE_NUMBER);
                        let entry = Delivered::new(reader.mapper.schema(), &entry);
                        let entry = entry.filter(|entry| entry.id() == id);
                        let entry = entry.ok_or_else(|| no_method("entries come without their identity"))?;
                        self.events.push(Event::Entry(Box::new(entry)));
                    }
                }
                Ok(true)
            }
            Part::Info(info) => {
                self.cookie = info.cookie.or(self.cookie.take());
                match info.step {
                    SyncStep::NewCookie => {}
                    SyncStep::RefreshDelete { done } => self.is_over |= done,
                    SyncStep::RefreshPresent { done } => {
                        self.by_presence = true;
                        self.is_over |= done;
                    }
                    SyncStep::IdSet { deleted, uuids } => {
                        let ids = uuids.into_iter().map(EntryId::from_bytes);
                        if deleted {
                            self.events.extend(ids.map(Event::Gone));
                        } else {
                            self.present.extend(ids.map(|id| (id, None)));
                        }
                    }
                }
                Ok(false)
            }
            // Whoever is behind a referral is not gone: pages follow it, or say that they do not.
            Part::Reference(_) => Err(no_method("a part of the answer is on other servers")),
            _ => Err(no_method("the server answers a synchronisation as any search")),
        }
    }

    /// Take the end of a `refreshOnly`.
    fn end(&mut self, done: Done) -> Result<(), FullReadReason> {
        match done.code {
            SUCCESS => {}
            REFRESH_REQUIRED => return Err(FullReadReason::Refused("it wants a full refresh".to_owned())),
            code => return Err(FullReadReason::Refused(format!("code {code}: {}", done.message))),
        }
        let sync = done.sync.ok_or_else(|| {
            FullReadReason::NoMethod("the server answers a synchronisation as any search".to_owned())
        })?;
        self.cookie = sync.cookie.or(self.cookie.take());
        self.by_presence = !sync.refresh_deletes;
        Ok(())
    }

    /// How it shows that an entry is gone.
    pub(super) fn presence(&mut self) -> Presence {
        if self.by_presence {
            Presence::Listed(std::mem::take(&mut self.present))
        } else {
            Presence::Told
        }
    }

    /// The cookie, without which there is no way to go on.
    fn position(&self) -> Result<Vec<u8>, FullReadReason> {
        let none = || FullReadReason::NoMethod("the server gives no cookie".to_owned());
        self.cookie.clone().ok_or_else(none)
    }
}

impl<'a> ChangeReader<'a> {
    /// Begin a synchronisation after `cookie`.
    pub(super) async fn begin_sync(self, persist: bool, cookie: Option<&[u8]>) -> Result<Loan<'a>, Error> {
        let connection = self.connection;
        connection.refuse_before_bind()?;
        let mut attributes = Delivered::attributes(self.mapper.schema());
        attributes.push(CHANGE_NUMBER);
        let request = Request::new(self.base, Scope::Subtree, &anything(), &attributes);
        let id = connection.next_search_id();
        let message = encode_search(id, &request, &[sync_control(persist, cookie)]);
        let begin = async {
            let mut loan = connection.borrow().await?;
            let asked = loan.wire.ask_stream(id, &message).await;
            asked.map_err(|end| connection.ends(end))?;
            Ok(loan)
        };
        connection.in_time("a synchronisation", begin).await
    }
}

impl Reading<'_> {
    /// Everything, in one look at the server's database.
    pub(super) async fn everything_by_syncrepl(&mut self, server: &Server) -> Result<Increment, Stop> {
        let refresh = self.refresh(None, Refresh::default()).await?;
        if !refresh.present.is_empty() {
            let what = "the server calls entries unchanged that it was never asked for";
            return Err(FullReadReason::NoMethod(what.to_owned()).into());
        }
        let cookie = refresh.position()?;
        let seen = refresh.seen.newest();
        let position = if server.is_ds389() {
            cookie
        } else {
            seen.at(&cookie).position(&cookie)
        };
        let mark = self.mark(Method::Syncrepl, server, position);
        Ok(Increment::new(
            refresh.events,
            Presence::Replaced,
            Some(mark),
            self.entries,
        ))
    }

    /// What changed since `mark`.
    pub(super) async fn changes_by_syncrepl(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        if server.is_ds389() {
            return self.changes_of_ds389(place, mark, server).await;
        }
        let (witnesses, cookie) = Witnesses::in_position(&mark.position)?;
        let testimony = self.hear_of_deletions(&witnesses, cookie, place).await?;
        let mut refresh = self.refresh(Some(cookie), Refresh::default()).await?;
        let presence = refresh.presence();
        testimony.confirms(&refresh.events, &presence)?;
        // Without another cookie the last one stays good.
        let cookie = refresh.cookie.take().unwrap_or_else(|| cookie.to_vec());
        let mut witnesses = witnesses.and(refresh.seen, &refresh.events, &presence);
        witnesses.tell(&refresh.events, &presence, &cookie);
        let mark = self.mark(Method::Syncrepl, server, witnesses.position(&cookie));
        self.complete(place, refresh.events, presence, mark).await
    }

    /// What a `refreshOnly` after `cookie` tells, taken into `refresh`.
    pub(super) async fn refresh(
        &mut self,
        cookie: Option<&[u8]>,
        mut refresh: Refresh,
    ) -> Result<Refresh, Stop> {
        let reader = self.reader;
        let mut loan = reader.begin_sync(false, cookie).await?;
        // What follows an oddity is taken off the connection, which the full read goes on with.
        let mut odd = None;
        loop {
            let part = async {
                let part = loan.wire.next_part().await;
                part.map_err(|end| reader.connection.ends(end))
            };
            let part = reader.connection.in_time("a synchronisation", part).await?;
            refresh.count(&reader, &part)?;
            match part {
                Part::Done(done) => {
                    loan.give_back();
                    odd.map_or(Ok(()), Err)?;
                    refresh.end(done)?;
                    return Ok(refresh);
                }
                _ if odd.is_some() => {}
                part => match refresh.take(&reader, part) {
                    Ok(true) => {
                        self.entries += 1;
                        (self.progress)(self.entries);
                    }
                    Ok(false) => {}
                    Err(reason) => odd = Some(reason),
                },
            }
        }
    }
}
