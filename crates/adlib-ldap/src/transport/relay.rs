//! Carries requests to the server and answers to the LDAP library, with the guard in between.

use std::sync::{Arc, OnceLock};

use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use super::{
    Stream,
    frames::{FrameError, Frames},
    guard::{Guard, Verdict},
    pair::RelayEnd,
};
use crate::{Limits, ServerMessage, Violation};

/// The server's side of a connection.
pub(crate) type Server = Frames<Stream>;

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
    /// A bind failed half-way, and nobody can say what the server makes of the connection.
    Unbound,
}

/// A running relay; dropped, the connection is cut.
#[derive(Debug)]
pub(crate) struct Relay {
    task: AbortHandle,
    end: Arc<OnceLock<End>>,
    borrowers: mpsc::Sender<oneshot::Sender<Loan>>,
}

/// The server's side of a connection at rest, for a bind. Dropped in place of given back, the connection ends.
pub(crate) struct Loan {
    /// What is lent.
    pub(crate) server: Server,
    back: oneshot::Sender<Server>,
}

impl Loan {
    /// Go on with the requests that wait.
    pub(crate) fn give_back(self) {
        // Cut meanwhile, nobody waits for it.
        let _cut = self.back.send(self.server);
    }
}

impl Relay {
    /// Relay between `server` and `library` until one of them ends.
    pub(super) fn start(server: Stream, library: RelayEnd, limits: Limits) -> Self {
        let end = Arc::new(OnceLock::new());
        let result = Arc::clone(&end);
        let (borrowers, waiting) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            let mut library = Frames::new(library, limits.message_bytes);
            let server = Frames::new(server, limits.message_bytes);
            let why = relay(server, &mut library, Guard::new(limits), waiting).await;
            tracing::debug!(?why, "connection ends");
            // Set before the library's socket closes, so that whoever sees it closed finds the reason.
            let _first = result.set(why);
        });
        Self {
            task: task.abort_handle(),
            end,
            borrowers,
        }
    }

    /// The server's side, as soon as every request has its answer; requests made meanwhile wait. `None` when the
    /// connection has ended.
    pub(crate) async fn lend(&self) -> Option<Loan> {
        let (lender, loan) = oneshot::channel();
        self.borrowers.send(lender).await.ok()?;
        loan.await.ok()
    }

    /// What ended the connection, if it has ended.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.get()
    }

    /// Cut the connection: an answer that is still under way must not be taken for one to a later request.
    pub(crate) fn cut(&self) {
        self.task.abort();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}

/// What a relay waits for.
enum Event {
    Borrower(oneshot::Sender<Loan>),
    Answer(Result<Option<Vec<u8>>, FrameError>),
    Request(Result<Option<Vec<u8>>, FrameError>),
}

async fn relay(
    mut server: Server,
    library: &mut Frames<RelayEnd>,
    mut guard: Guard,
    mut borrowers: mpsc::Receiver<oneshot::Sender<Loan>>,
) -> End {
    loop {
        let event = tokio::select! {
            biased;
            Some(borrower) = borrowers.recv(), if guard.is_idle() => Event::Borrower(borrower),
            answer = server.next() => Event::Answer(answer),
            request = library.next() => Event::Request(request),
        };
        let carried = match event {
            Event::Borrower(borrower) => match lent(server, borrower).await {
                Some(back) => {
                    server = back;
                    Ok(())
                }
                None => return End::Unbound,
            },
            Event::Answer(answer) => carry_answer(answer, &mut guard, library).await,
            Event::Request(request) => carry_request(request, &mut guard, &mut server).await,
        };
        if let Err(end) = carried {
            return end;
        }
    }
}

/// Lend `server` and wait until it is given back; `None` when it is not.
async fn lent(server: Server, borrower: oneshot::Sender<Loan>) -> Option<Server> {
    let (back, returned) = oneshot::channel();
    match borrower.send(Loan { server, back }) {
        Ok(()) => returned.await.ok(),
        // Waited no longer.
        Err(loan) => Some(loan.server),
    }
}

async fn carry_request(
    request: Result<Option<Vec<u8>>, FrameError>,
    guard: &mut Guard,
    server: &mut Server,
) -> Result<(), End> {
    let request = request?.ok_or(End::Closed)?;
    guard.asks(&request).map_err(End::Violation)?;
    Ok(server.send(&request).await?)
}

async fn carry_answer(
    answer: Result<Option<Vec<u8>>, FrameError>,
    guard: &mut Guard,
    library: &mut Frames<RelayEnd>,
) -> Result<(), End> {
    let answer = answer?.ok_or(End::Closed)?;
    match guard.judge(&answer).map_err(End::Violation)? {
        Verdict::Pass => Ok(library.send(&answer).await?),
        Verdict::Disconnection(code, message) => Err(End::Disconnected(code, message)),
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
