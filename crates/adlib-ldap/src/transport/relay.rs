//! Carries requests to the server and answers to the LDAP library, with the guard in between.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, split},
    task::AbortHandle,
};

use super::{
    Stream,
    frame::{FrameError, FrameReader},
    guard::{Guard, Verdict},
    pair::RelayEnd,
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

/// A running relay; dropped, the connection is cut.
#[derive(Debug)]
pub(crate) struct Relay {
    task: AbortHandle,
    end: Arc<OnceLock<End>>,
}

impl Relay {
    /// Relay between `server` and `library` until one of them ends.
    pub(super) fn start(server: Stream, library: RelayEnd, limits: Limits) -> Self {
        let end = Arc::new(OnceLock::new());
        let result = Arc::clone(&end);
        let task = tokio::spawn(async move {
            let (from_server, to_server) = split(server);
            let (from_library, to_library) = split(library);
            let guard = Mutex::new(Guard::new(limits));
            let why = tokio::select! {
                why = requests(from_library, to_server, &guard, limits.message_bytes) => why,
                why = answers(from_server, to_library, &guard, limits.message_bytes) => why,
            };
            tracing::debug!(?why, "connection ends");
            // Set before the sockets close, so that whoever sees them closed finds the reason.
            let _first = result.set(why);
        });
        Self {
            task: task.abort_handle(),
            end,
        }
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

async fn requests(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    guard: &Mutex<Guard>,
    limit: usize,
) -> End {
    let mut frames = FrameReader::new(from, limit);
    loop {
        let request = match frames.next().await {
            Ok(Some(request)) => request,
            Ok(None) => return End::Closed,
            Err(error) => return error.into(),
        };
        if let Err(violation) = lock(guard).asks(&request) {
            return End::Violation(violation);
        }
        let written = async {
            to.write_all(&request).await?;
            to.flush().await
        };
        if let Err(error) = written.await {
            return End::Failed(error.to_string());
        }
    }
}

async fn answers(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    guard: &Mutex<Guard>,
    limit: usize,
) -> End {
    let mut frames = FrameReader::new(from, limit);
    loop {
        let answer = match frames.next().await {
            Ok(Some(answer)) => answer,
            Ok(None) => return End::Closed,
            Err(error) => return error.into(),
        };
        let verdict = lock(guard).judge(&answer);
        match verdict {
            Ok(Verdict::Pass) => {}
            Ok(Verdict::Disconnection(code, message)) => return End::Disconnected(code, message),
            Err(violation) => return End::Violation(violation),
        }
        if let Err(error) = to.write_all(&answer).await {
            return End::Failed(error.to_string());
        }
    }
}

fn lock(guard: &Mutex<Guard>) -> MutexGuard<'_, Guard> {
    guard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => Self::Failed(error.to_string()),
            FrameError::Violation(violation) => Self::Violation(violation),
        }
    }
}
