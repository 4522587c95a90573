//! The security layer that a SASL bind leaves behind (RFC 4422 3.7): every byte in buffers that its session protects.
//!
//! ```text
//! buffer = length (4 octets, the most significant first), token (as GSS_Wrap makes it)
//! ```
//!
//! What the tokens hold is a stream of bytes: a message may begin in one buffer and end in another. Hostile bytes.

use adlib_core::gss;

use crate::Violation;

/// Octets of a buffer's length.
const LENGTH: usize = 4;
/// What a token may be longer than what it holds.
pub(crate) const OVERHEAD: usize = 1 << 10;
/// Bytes to a buffer unless the server takes less; Samba's limit is twice that.
const PORTION: usize = 64 << 10;
/// What starts a message in the clear. As the first octet of a length it would be of more than 768 MiB.
const MESSAGE: u8 = super::ber::SEQUENCE;

/// A session, and what came for it that is not a whole buffer yet.
pub(crate) struct Layer {
    session: Box<dyn gss::Session>,
    received: Vec<u8>,
    limit: usize,
    portion: usize,
}

impl Layer {
    /// The layer of `session`: of tokens of at most `limit` bytes that come, and `max_token` bytes that are sent.
    pub(crate) fn new(session: Box<dyn gss::Session>, limit: usize, max_token: Option<usize>) -> Self {
        let portion = max_token.map_or(PORTION, |max| max.saturating_sub(OVERHEAD).clamp(1, PORTION));
        Self {
            session,
            received: Vec::new(),
            limit,
            portion,
        }
    }

    /// Where bytes are appended as they come.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.received
    }

    /// Append to `clear` what the whole buffers hold that came.
    ///
    /// # Errors
    /// `ClearAfterBind`, `BufferTooLarge`, `BrokenProtection`.
    pub(crate) fn open(&mut self, clear: &mut Vec<u8>) -> Result<(), Violation> {
        let mut opened = 0;
        while let Some((length, rest)) = self.received.get(opened..).and_then(<[u8]>::split_first_chunk) {
            if length.first() == Some(&MESSAGE) {
                return Err(Violation::ClearAfterBind);
            }
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            if length > self.limit {
                return Err(Violation::BufferTooLarge(length));
            }
            let Some(token) = rest.get(..length) else { break };
            let bytes = self.session.unwrap(token);
            clear.append(&mut bytes.map_err(|error| Violation::BrokenProtection(error.reason()))?);
            opened += LENGTH + length;
        }
        self.received.drain(..opened);
        Ok(())
    }

    /// `message` in as many buffers as it needs.
    ///
    /// # Errors
    /// What the session says.
    pub(crate) fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, gss::Error> {
        let mut buffers = Vec::with_capacity(message.len() + OVERHEAD);
        for portion in message.chunks(self.portion) {
            let token = self.session.wrap(portion)?;
            // Tokens are as long as what they hold and a little more: far below 4 GiB.
            let length = u32::try_from(token.len()).unwrap_or(u32::MAX);
            buffers.extend_from_slice(&length.to_be_bytes());
            buffers.extend_from_slice(&token);
        }
        Ok(buffers)
    }

    /// Whether no part of a buffer has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.received.is_empty()
    }
}
