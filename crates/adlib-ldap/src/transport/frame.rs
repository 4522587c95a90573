//! Messages out of a stream of bytes, one at a time.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, BufReader};

use super::ber;
use crate::Violation;

/// The longest header of a message: a tag, and a length in five bytes.
const MAX_HEADER: usize = 6;

/// Why no message came out.
#[derive(Debug)]
pub(super) enum FrameError {
    /// The stream failed, or ended inside of a message.
    Io(io::Error),
    /// What came is no message.
    Violation(Violation),
}

/// Reads messages whole. What it holds grows with the bytes that arrive, never with a length that a peer names.
pub(super) struct FrameReader<R> {
    stream: BufReader<R>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// A reader of messages of at most `limit` bytes.
    pub(super) fn new(stream: R, limit: usize) -> Self {
        Self {
            stream: BufReader::new(stream),
            limit,
        }
    }

    /// The next message, or `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let mut message = Vec::with_capacity(MAX_HEADER);
        let length = loop {
            if !self.fill(&mut message, 1).await? {
                return if message.is_empty() {
                    Ok(None)
                } else {
                    Err(cut_off())
                };
            }
            match ber::message_length(&message, self.limit) {
                Ok(Some(length)) => break length,
                Ok(None) => {}
                Err(error) => return Err(FrameError::Violation(error.into())),
            }
        };
        let rest = length.saturating_sub(message.len());
        if self.fill(&mut message, rest).await? {
            Ok(Some(message))
        } else {
            Err(cut_off())
        }
    }

    /// Append `count` bytes; false when the stream ends before.
    async fn fill(&mut self, message: &mut Vec<u8>, count: usize) -> Result<bool, FrameError> {
        let limit = u64::try_from(count).unwrap_or(u64::MAX);
        let mut part = (&mut self.stream).take(limit);
        let read = part.read_to_end(message).await.map_err(FrameError::Io)?;
        Ok(read == count)
    }

    /// Whether bytes after the last message have been read already.
    pub(super) fn has_more(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    /// The stream, at the end of the last message.
    pub(super) fn into_inner(self) -> R {
        self.stream.into_inner()
    }
}

fn cut_off() -> FrameError {
    FrameError::Io(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it ended inside of a message",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_come_one_at_a_time() {
        let mut frames = FrameReader::new(&b"\x30\x01a\x30\x82\x00\x02bc"[..], 100);
        assert_eq!(frames.next().await.unwrap().unwrap(), b"\x30\x01a");
        assert!(frames.has_more());
        assert_eq!(frames.next().await.unwrap().unwrap(), b"\x30\x82\x00\x02bc");
        assert!(frames.next().await.unwrap().is_none());
    }

    /// A50
    #[tokio::test]
    async fn a50_a_message_that_breaks_off() {
        for bytes in [&b"\x30"[..], b"\x30\x84\x00", b"\x30\x05abcd"] {
            let error = FrameReader::new(bytes, 100).next().await.unwrap_err();
            assert!(matches!(error, FrameError::Io(_)), "{bytes:?}: {error:?}");
        }
    }
}
