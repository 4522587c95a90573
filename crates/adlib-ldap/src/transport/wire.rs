//! The server's side of a connection: one exchange after the other.

use std::collections::VecDeque;

use adlib_schema::RawEntry;

use super::{
    Stream,
    frames::{FrameError, Frames},
    guard::{Done, Guard, Part},
};
use crate::{Limits, ServerMessage, Violation};

/// What ended a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The server broke the protocol.
    Violation(Violation),
    /// The server said that it closes the connection.
    Disconnected(u32, ServerMessage),
    /// The server closed the connection without a word.
    Closed,
    /// The network failed.
    Failed(String),
}

/// The whole answer to one search.
#[derive(Debug)]
pub(crate) struct WholeAnswer {
    pub(crate) entries: Vec<RawEntry>,
    /// URLs of other servers, those of each reference together; those of the end of the answer are in `done`.
    pub(crate) references: Vec<Vec<String>>,
    pub(crate) done: Done,
}

/// The server's side of a connection, where at most one search waits for its answer.
pub(crate) struct Wire {
    /// Where messages come and go.
    pub(crate) server: Frames<Stream>,
    guard: Guard,
    /// The search that was asked before its answer is wanted.
    ahead: Option<u32>,
    /// Its answer, when something else had to be asked meanwhile.
    kept: VecDeque<(u32, WholeAnswer)>,
}

impl Wire {
    /// A connection at rest.
    pub(super) fn new(server: Stream, limits: Limits) -> Self {
        Self {
            server: Frames::new(server, limits.message_bytes),
            guard: Guard::new(limits),
            ahead: None,
            kept: VecDeque::new(),
        }
    }

    /// Send the search numbered `id`. Its answer comes by [`receive`](Self::receive) at once, or later by
    /// [`answer`](Self::answer).
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn ask(&mut self, id: u32, request: &[u8]) -> Result<(), End> {
        self.settle().await?;
        self.guard.asks(id);
        self.server.send(request).await?;
        self.ahead = Some(id);
        Ok(())
    }

    /// The whole answer to the search numbered `id`, which was asked before; `None` when it was not.
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn answer(&mut self, id: u32) -> Result<Option<WholeAnswer>, End> {
        if self.ahead != Some(id) {
            let kept = self.kept.iter().position(|(kept, _)| *kept == id);
            return Ok(kept.and_then(|at| self.kept.remove(at)).map(|(_, answer)| answer));
        }
        Ok(Some(self.receive().await?))
    }

    /// Take the answer that is under way, if one is, so that something else can be asked. It is kept: one page at most
    /// for each search that is read, of which the latest count.
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn settle(&mut self) -> Result<(), End> {
        const SEARCHES: usize = 4;
        if let Some(id) = self.ahead {
            let answer = self.receive().await?;
            self.kept.truncate(SEARCHES - 1);
            self.kept.push_front((id, answer));
        }
        Ok(())
    }

    /// The whole answer to the search that was asked last.
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn receive(&mut self) -> Result<WholeAnswer, End> {
        let (mut entries, mut references) = (Vec::new(), Vec::new());
        loop {
            let message = self.server.next().await?.ok_or(End::Closed)?;
            match self.guard.judge(message).map_err(End::Violation)? {
                Part::Entry(entry) => entries.push(entry),
                Part::Reference(urls) => references.push(urls),
                Part::Done(done) => {
                    self.ahead = None;
                    return Ok(WholeAnswer {
                        entries,
                        references,
                        done,
                    });
                }
                Part::Disconnection(code, message) => return Err(End::Disconnected(code, message)),
                // The guard lets them pass in a synchronisation only.
                Part::Synced(..) | Part::Info(_) => {}
            }
        }
    }

    /// Send the synchronisation numbered `id`, whose answer comes by [`next_part`](Self::next_part).
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn ask_stream(&mut self, id: u32, request: &[u8]) -> Result<(), End> {
        self.ask(id, request).await?;
        self.guard.streams();
        Ok(())
    }

    /// The next message of the answer to a synchronisation. Dropped half-way, nothing is lost.
    ///
    /// # Errors
    /// What ended the connection.
    pub(crate) async fn next_part(&mut self) -> Result<Part, End> {
        let message = self.server.next().await?.ok_or(End::Closed)?;
        let part = self.guard.judge(message).map_err(End::Violation)?;
        match part {
            Part::Disconnection(code, message) => return Err(End::Disconnected(code, message)),
            Part::Done(_) => self.ahead = None,
            _ => {}
        }
        Ok(part)
    }
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => Self::Failed(error.to_string()),
            FrameError::Violation(violation) => Self::Violation(violation),
            FrameError::Protect(reason) => {
                Self::Failed(format!("a request could not be protected: {reason}"))
            }
        }
    }
}
