//! Changes as they happen, by content synchronisation: `refreshAndPersist` (RFC 4533 3.4).

use adlib_schema::read::changes::{FullReadReason, Increment, Mark, Presence, Replica};

use super::{
    ChangeReader, Reading, Stop,
    syncrepl::Refresh,
    witnesses::{Testimony, Witnesses},
};
use crate::{Error, connection::Loan, transport::Part};

/// Changes as they happen. The connection does nothing else meanwhile, and is closed when this is dropped.
///
/// The first increment is what happened before; each that follows has its mark, so that an application that stores the
/// replica after each loses nothing. Before it is applied, [`ChangeReader::settle`] adds what a stream cannot tell.
pub struct ChangeStream<'a> {
    reader: ChangeReader<'a>,
    loan: Loan<'a>,
    mark: Mark,
    cookie: Vec<u8>,
    witnesses: Witnesses,
    refresh: Option<(Refresh, Testimony)>,
}

impl std::fmt::Debug for ChangeStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangeStream")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

impl<'a> ChangeReader<'a> {
    /// The changes from where `replica` stands, which content synchronisation must have brought up to date; or the reason
    /// for a full read before. 389 DS has no such stream that could be relied on: `NoMethod`.
    ///
    /// # Errors
    /// `Refused` and its kin; `Timeout`, `Protocol`, `Lost`.
    pub async fn watch(self, replica: &Replica) -> Result<Result<ChangeStream<'a>, FullReadReason>, Error> {
        let mut reading = Reading {
            reader: self,
            progress: &mut |_| {},
            entries: 0,
        };
        let server = reading.ask_server().await?;
        if server.is_ds389() {
            let why = "what 389 DS tells as it happens comes from anywhere, with cookies of anything";
            return Ok(Err(FullReadReason::NoMethod(why.to_owned())));
        }
        let Some((place, mark)) = replica.place(self.name).zip(replica.cursor().of(self.name)) else {
            return Ok(Err(FullReadReason::FirstRead));
        };
        let now = reading.mark(adlib_schema::read::changes::Method::Syncrepl, &server, Vec::new());
        if let Err(reason) = mark.leads_to(&now) {
            return Ok(Err(reason));
        }
        let heard = async {
            let (witnesses, cookie) = Witnesses::in_position(&mark.position)?;
            let testimony = reading.hear_of_deletions(&witnesses, cookie, place).await?;
            Ok((witnesses, cookie, testimony))
        };
        let (witnesses, cookie, testimony) = match heard.await {
            Ok(heard) => heard,
            Err(Stop::Full(reason)) => return Ok(Err(reason)),
            Err(Stop::Failed(error)) => return Err(error),
        };
        if !testimony.is_unchanged() {
            // What can be seen already is told a moment later.
            tokio::time::sleep(super::A_MOMENT).await;
        }
        let loan = self.begin_sync(true, Some(cookie)).await?;
        Ok(Ok(ChangeStream {
            reader: self,
            loan,
            mark: mark.clone(),
            cookie: cookie.to_vec(),
            witnesses,
            refresh: Some((Refresh::default(), testimony)),
        }))
    }
}

impl ChangeReader<'_> {
    /// The increment that a stream gave, with what it cannot tell: what `replica` lacks of what it lists, and the groups
    /// that the server changed without a word, read over this connection, which must not be the stream's.
    ///
    /// A server may mend groups a moment after it told of a member; what it mends later comes with the next
    /// [`read`](Self::read). The reason for a full read when nothing is there any more, or the
    /// server refuses to find the groups.
    ///
    /// # Errors
    /// `Incomplete` when the server cut an answer short; `Refused` and its kin; `Timeout`, `Protocol`, `Lost`.
    pub async fn settle(
        self,
        replica: &Replica,
        increment: Increment,
    ) -> Result<Result<Increment, FullReadReason>, Error> {
        let (Some(place), Some(mark)) = (replica.place(self.name), increment.mark) else {
            return Ok(Err(FullReadReason::FirstRead));
        };
        let mut reading = Reading {
            reader: self,
            progress: &mut |_| {},
            entries: increment.entries_read,
        };
        let settled = reading.complete(place, increment.events, increment.presence, mark);
        match settled.await {
            Ok(settled) => Ok(Ok(settled)),
            Err(Stop::Full(reason)) => Ok(Err(reason)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

impl ChangeStream<'_> {
    /// The next changes, as soon as there are any; or the reason for a full read, after which nothing follows.
    ///
    /// # Errors
    /// `Incomplete` when it comes to no end; `Protocol`, `Lost`.
    pub async fn next(&mut self) -> Result<Result<Increment, FullReadReason>, Error> {
        match self.advance().await {
            Ok(increment) => Ok(Ok(increment)),
            Err(Stop::Full(reason)) => Ok(Err(reason)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    async fn advance(&mut self) -> Result<Increment, Stop> {
        let connection = self.reader.connection;
        // What came before the refresh was over stays here when this is dropped half-way.
        let mut batch = Refresh::default();
        loop {
            let part = self.loan.wire.next_part().await;
            let part = part.map_err(|end| connection.ends(end))?;
            if let Part::Done(done) = part {
                let what = format!("code {}: {}", done.code, done.message);
                return Err(FullReadReason::Refused(what).into());
            }
            let taken = match &mut self.refresh {
                Some((refresh, _)) => {
                    refresh.count(&self.reader, &part)?;
                    refresh.take(&self.reader, part)?;
                    if !refresh.is_over {
                        continue;
                    }
                    let (mut refresh, testimony) = self.refresh.take().unwrap_or_default();
                    let presence = refresh.presence();
                    testimony.confirms(&refresh.events, &presence)?;
                    return Ok(self.increment(refresh, presence));
                }
                None => {
                    batch.take(&self.reader, part)?;
                    std::mem::take(&mut batch)
                }
            };
            return Ok(self.increment(taken, Presence::Told));
        }
    }

    fn increment(&mut self, mut told: Refresh, presence: Presence) -> Increment {
        if let Some(cookie) = told.cookie.take() {
            self.cookie = cookie;
        }
        let known = std::mem::take(&mut self.witnesses);
        self.witnesses = known.and(told.seen, &told.events, &presence);
        self.witnesses.tell(&told.events, &presence, &self.cookie);
        self.mark.position = self.witnesses.position(&self.cookie);
        let entries = told.events.len();
        Increment::new(told.events, presence, Some(self.mark.clone()), entries)
    }
}
