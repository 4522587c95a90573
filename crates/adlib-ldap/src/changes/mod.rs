//! Reading what changed since the last read (R28): by DirSync or `uSNChanged` from Active Directory, by content
//! synchronisation from OpenLDAP and 389 DS, by `modifyTimestamp` from anything else.
//!
//! Each method answers with an [`Increment`] or with the reason for a full read, never with a part of the changes.

mod deletions;
mod dirsync;
mod ds389;
mod fetch;
mod modify_timestamp;
mod rights;
mod server;
mod stream;
mod syncrepl;
mod usn;
mod witnesses;

use adlib_schema::{
    Mapper, Preset,
    read::changes::{Event, FullReadReason, Increment, Mark, Method, Place, Presence, Replica},
};

use crate::{Connection, Error};
use server::Server;

pub(crate) use fetch::{is_account, shown};
pub use stream::ChangeStream;

/// How often a server that looks restored, or as if rights had changed, is asked again: OpenLDAP shows a change a moment
/// before it tells of it.
const TRIES_AGAIN: usize = 2;
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(100);

/// Reads one place of a source: a domain, or a tree of a server without domains.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ChangeReader<'a> {
    /// The connection, bound as whoever reads.
    pub connection: &'a Connection,
    /// What is made of the entries.
    pub mapper: &'a Mapper,
    /// The place's name in the replica.
    pub name: &'a str,
    /// The DN below which everything is.
    pub base: &'a str,
    /// The account that reads: another one may see something else.
    pub account: &'a str,
    /// How many entries are asked for at a time.
    pub page_size: u32,
}

/// What was read of a place.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlaceRead {
    /// What the server told, for [`Replica::apply`].
    pub increment: Increment,
    /// The method by which the next read goes on.
    pub method: Method,
    /// Why this method.
    pub why: String,
    /// Why everything was read; `None` when only the changes were.
    pub full: Option<FullReadReason>,
}

/// Why an increment came to nothing.
#[derive(Debug)]
enum Stop {
    /// Everything must be read.
    Full(FullReadReason),
    /// Nothing can be read.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<FullReadReason> for Stop {
    fn from(reason: FullReadReason) -> Self {
        Self::Full(reason)
    }
}

/// A method, and where a reader by it stands before anything is read.
struct Choice {
    method: Method,
    why: String,
    position: Vec<u8>,
}

/// A read on its way.
struct Reading<'r> {
    reader: ChangeReader<'r>,
    progress: &'r mut (dyn FnMut(usize) + Send),
    entries: usize,
}

impl<'a> ChangeReader<'a> {
    /// A reader of the place `name`, which is everything below `base`, in pages of 500 entries.
    #[must_use]
    pub const fn new(
        connection: &'a Connection,
        mapper: &'a Mapper,
        name: &'a str,
        base: &'a str,
        account: &'a str,
    ) -> Self {
        Self {
            connection,
            mapper,
            name,
            base,
            account,
            page_size: 500,
        }
    }

    /// What changed since `replica` was brought up to date, by the method `wanted`, or by the best that the server and the
    /// account's rights allow; everything, with the reason, when that cannot be told.
    ///
    /// `progress` hears of the number of entries so far.
    ///
    /// # Errors
    /// `Incomplete` when the server cut an answer short; `Refused` and its kin; `Timeout`, `Protocol`, `Lost`. Nothing of
    /// what was read counts then.
    pub async fn read(
        self,
        replica: &Replica,
        wanted: Option<Method>,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<PlaceRead, Error> {
        let mut reading = Reading {
            reader: self,
            progress,
            entries: 0,
        };
        let server = reading.ask_server().await?;
        let known = replica.place(self.name).zip(replica.cursor().of(self.name));
        let reason = match known {
            None => FullReadReason::FirstRead,
            Some(_) if wanted == Some(Method::Full) => FullReadReason::Asked,
            Some((place, mark)) => match reading.go_on(place, mark, wanted, &server).await {
                Ok(increment) => {
                    return Ok(PlaceRead {
                        increment,
                        method: mark.method,
                        why: "as the last read".to_owned(),
                        full: None,
                    });
                }
                Err(Stop::Full(reason)) => reason,
                Err(Stop::Failed(error)) => return Err(error),
            },
        };
        reading.read_all(reason, wanted, &server).await
    }

    fn is_active_directory(&self) -> bool {
        self.mapper.schema().preset == Preset::ActiveDirectory
    }
}

impl Reading<'_> {
    /// The changes since `mark`.
    async fn go_on(
        &mut self,
        place: &Place,
        mark: &Mark,
        wanted: Option<Method>,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let method = wanted.unwrap_or(mark.method);
        mark.leads_to(&self.mark(method, server, Vec::new()))?;
        let mut told = self.changes_by(method, place, mark, server).await;
        for _ in 0..TRIES_AGAIN {
            let looks_so = match &told {
                Err(Stop::Full(FullReadReason::Restored(_))) => true,
                Err(Stop::Full(FullReadReason::RightsChanged(_))) => method == Method::Syncrepl,
                _ => false,
            };
            if !looks_so {
                break;
            }
            tokio::time::sleep(A_MOMENT).await;
            told = self.changes_by(method, place, mark, server).await;
        }
        self.settle(place, told?).await
    }

    async fn changes_by(
        &mut self,
        method: Method,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        match method {
            Method::DirSync => self.changes_by_dirsync(place, mark, server).await,
            Method::Usn => self.changes_by_usn(place, mark, server).await,
            Method::Syncrepl => self.changes_by_syncrepl(place, mark, server).await,
            Method::ModifyTimestamp => self.changes_by_timestamp(place, mark, server).await,
            other => Err(FullReadReason::NoMethod(format!("`{other}` reads everything")).into()),
        }
    }

    /// Everything, so that the next read can go on from it.
    async fn read_all(
        mut self,
        reason: FullReadReason,
        wanted: Option<Method>,
        server: &Server,
    ) -> Result<PlaceRead, Error> {
        let mut full = reason;
        let choice = match self.choose(wanted, server).await {
            Ok(choice) => Some(choice),
            Err(Stop::Full(reason)) => {
                full = reason;
                None
            }
            Err(Stop::Failed(error)) => return Err(error),
        };
        let (method, why) = match &choice {
            Some(choice) => (choice.method, choice.why.clone()),
            None => (Method::Full, full.to_string()),
        };
        if method == Method::Syncrepl {
            match self.everything_by_syncrepl(server).await {
                Ok(increment) => {
                    return Ok(PlaceRead {
                        increment,
                        method,
                        why,
                        full: Some(full),
                    });
                }
                Err(Stop::Failed(error)) if wanted.is_some() => return Err(error),
                Err(Stop::Failed(error @ Error::Incomplete { .. })) => return Err(error),
                Err(Stop::Failed(error)) if error.ends_the_connection() => return Err(error),
                Err(Stop::Failed(error)) => {
                    return self.read_all_by_timestamp(full, &error.to_string(), server).await;
                }
                Err(Stop::Full(reason)) => {
                    return self
                        .read_all_by_timestamp(full, &reason.to_string(), server)
                        .await;
                }
            }
        }
        let (events, newest, witnesses) = self.everything().await?;
        let mark = choice.map(|choice| {
            let position = match choice.method {
                Method::ModifyTimestamp => witnesses.position(&newest),
                _ => choice.position,
            };
            self.mark(choice.method, server, position)
        });
        Ok(self.whole(events, mark, method, why, full))
    }

    /// Everything, by pages, where content synchronisation was no use.
    async fn read_all_by_timestamp(
        mut self,
        full: FullReadReason,
        because: &str,
        server: &Server,
    ) -> Result<PlaceRead, Error> {
        let (events, newest, witnesses) = self.everything().await?;
        let method = Method::ModifyTimestamp;
        let mark = Some(self.mark(method, server, witnesses.position(&newest)));
        let why = format!("content synchronisation cannot be used: {because}");
        Ok(self.whole(events, mark, method, why, full))
    }

    fn whole(
        &self,
        events: Vec<Event>,
        mark: Option<Mark>,
        method: Method,
        why: String,
        full: FullReadReason,
    ) -> PlaceRead {
        PlaceRead {
            increment: Increment::new(events, Presence::Replaced, mark, self.entries),
            method,
            why,
            full: Some(full),
        }
    }

    /// The method, and where a reader by it stands now.
    async fn choose(&mut self, wanted: Option<Method>, server: &Server) -> Result<Choice, Stop> {
        let chosen = |method, why: &str, position| {
            Ok(Choice {
                method,
                why: why.to_owned(),
                position,
            })
        };
        let asked = "the configuration asks for it";
        let listed = "the identities of all are listed each time, for what goes out of sight has no number";
        match wanted {
            Some(Method::Full) => Err(FullReadReason::Asked.into()),
            Some(Method::Usn) => chosen(Method::Usn, &format!("{asked}; {listed}"), server.usn()?),
            Some(Method::DirSync) => chosen(Method::DirSync, asked, self.begin_dirsync(true, server).await?),
            Some(Method::Syncrepl) if server.synchronises_content() => {
                chosen(Method::Syncrepl, asked, Vec::new())
            }
            Some(Method::ModifyTimestamp) => chosen(Method::ModifyTimestamp, asked, Vec::new()),
            Some(method) => Err(FullReadReason::NoMethod(format!("the server has no `{method}`")).into()),
            None if self.reader.is_active_directory() => match self.begin_dirsync(false, server).await {
                Ok(position) => chosen(
                    Method::DirSync,
                    "the account may replicate changes, deletions included; once a day the identities of all are listed, for \
                     Samba does not tell what goes out of sight",
                    position,
                ),
                Err(Stop::Full(reason)) => chosen(
                    Method::Usn,
                    &format!("DirSync cannot be used: {reason}; {listed}"),
                    server.usn()?,
                ),
                Err(failed) => Err(failed),
            },
            None if server.synchronises_content() => chosen(
                Method::Syncrepl,
                "the server synchronises content (RFC 4533)",
                Vec::new(),
            ),
            None => chosen(
                Method::ModifyTimestamp,
                "the server has no content synchronisation",
                Vec::new(),
            ),
        }
    }
}
