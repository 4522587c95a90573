//! A stream on which whole messages come and go, in the clear or through a security layer.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{inbox::Inbox, layer::Layer};
use crate::Violation;

/// Bytes asked of a stream at a time.
const PIECE: usize = 64 << 10;

/// Why no message came or went.
#[derive(Debug)]
pub(crate) enum FrameError {
    /// The stream failed, or ended inside of a message.
    Io(io::Error),
    /// What came is no message.
    Violation(Violation),
    /// The session of the layer would not protect a message, for this reason.
    Protect(&'static str),
}

/// A stream of messages.
pub(crate) struct Frames<S> {
    stream: S,
    inbox: Inbox,
    layer: Option<Layer>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    /// Messages on `stream`, of at most `limit` bytes.
    pub(super) fn new(stream: S, limit: usize) -> Self {
        Self {
            stream,
            inbox: Inbox::new(limit),
            layer: None,
        }
    }

    /// The next message, or `None` at the end of the stream. Dropped half-way, nothing is lost.
    ///
    /// # Errors
    /// `Io`, `Violation`.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>, FrameError> {
        loop {
            if let Some(length) = self.inbox.whole().map_err(Violation::from)? {
                return Ok(Some(self.inbox.take(length)));
            }
            let end = match &mut self.layer {
                Some(layer) => layer.end(),
                None => self.inbox.end(),
            };
            end.reserve(PIECE);
            if self.stream.read_buf(end).await? == 0 {
                return if self.is_at_rest() {
                    Ok(None)
                } else {
                    Err(cut_off())
                };
            }
            if let Some(layer) = &mut self.layer {
                layer.open(self.inbox.end())?;
            }
        }
    }

    /// Send `message`.
    ///
    /// # Errors
    /// `Io`, `Protect`.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), FrameError> {
        match &mut self.layer {
            Some(layer) => {
                let sealed = layer.seal(message);
                let sealed = sealed.map_err(|error| FrameError::Protect(error.reason()))?;
                self.stream.write_all(&sealed).await?;
            }
            None => self.stream.write_all(message).await?,
        }
        Ok(self.stream.flush().await?)
    }

    /// Put `layer` on all that comes and goes from now on.
    ///
    /// # Errors
    /// `ClearAfterBind` when bytes have come already, which it would not protect.
    pub(crate) fn protect(&mut self, layer: Layer) -> Result<(), Violation> {
        if !self.is_at_rest() {
            return Err(Violation::ClearAfterBind);
        }
        self.layer = Some(layer);
        Ok(())
    }

    /// Whether nothing has come after the last message.
    pub(super) fn is_at_rest(&self) -> bool {
        self.inbox.is_empty() && self.layer.as_ref().is_none_or(Layer::is_empty)
    }

    /// The stream, at the end of the last message.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

fn cut_off() -> FrameError {
    FrameError::Io(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it ended in the middle of a message",
    ))
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Violation> for FrameError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Frames<impl AsyncRead + AsyncWrite + Unpin> {
        Frames::new(tokio::io::join(bytes, tokio::io::sink()), 100)
    }

    #[tokio::test]
    async fn messages_to_the_end() {
        let mut frames = frames(b"\x30\x01a\x30\x82\x00\x02bc");
        assert_eq!(frames.next().await.unwrap().unwrap(), b"\x30\x01a");
        assert!(!frames.is_at_rest());
        assert_eq!(frames.next().await.unwrap().unwrap(), b"\x30\x82\x00\x02bc");
        assert!(frames.next().await.unwrap().is_none());
    }

    /// A50
    #[tokio::test]
    async fn a50_a_message_that_breaks_off() {
        for bytes in [&b"\x30"[..], b"\x30\x84\x00", b"\x30\x05abcd"] {
            let error = frames(bytes).next().await.unwrap_err();
            assert!(matches!(error, FrameError::Io(_)), "{bytes:?}: {error:?}");
        }
    }
}
