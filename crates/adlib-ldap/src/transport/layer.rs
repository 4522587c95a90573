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

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_core::{Secret, gss::Protection};
    use proptest::prelude::*;

    /// A session that turns bytes over.
    struct Turn;

    impl gss::Session for Turn {
        fn mechanism(&self) -> &'static [u8] {
            b""
        }

        fn peer(&self) -> Option<gss::Peer> {
            None
        }

        fn protection(&self) -> Protection {
            Protection::Confidentiality
        }

        fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, gss::Error> {
            Ok(message.iter().rev().copied().collect())
        }

        fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, gss::Error> {
            self.wrap(token)
        }

        fn mic(&mut self, _: &[u8]) -> Result<Vec<u8>, gss::Error> {
            Ok(Vec::new())
        }

        fn verify_mic(&mut self, _: &[u8], _: &[u8]) -> Result<(), gss::Error> {
            Ok(())
        }

        fn key(&self) -> Option<Secret<Vec<u8>>> {
            None
        }
    }

    fn layer(limit: usize, max_token: Option<usize>) -> Layer {
        Layer::new(Box::new(Turn), limit, max_token)
    }

    /// RFC 4752 3.3: the server says how long a token it takes.
    #[test]
    fn buffers_are_as_long_as_the_server_takes() {
        let sealed = layer(9, Some(OVERHEAD + 2)).seal(b"abcde").unwrap();
        assert_eq!(sealed, b"\0\0\0\x02ba\0\0\0\x02dc\0\0\0\x01e");
        let sealed = layer(9, Some(usize::MAX)).seal(&vec![0; 3 * PORTION]).unwrap();
        assert_eq!(
            sealed.len(),
            3 * (PORTION + LENGTH),
            "and no longer than is usual"
        );
    }

    /// A50: a length is known to be too long before anything else of the buffer has come.
    #[test]
    fn a50_a_buffer_beyond_the_limit() {
        for (length, expected) in [(8, Ok(())), (9, Ok(())), (10, Err(Violation::BufferTooLarge(10)))] {
            let mut layer = layer(9, None);
            layer.end().extend_from_slice(&[0, 0, 0, length]);
            assert_eq!(layer.open(&mut Vec::new()), expected);
            assert!(!layer.is_empty());
        }
    }

    proptest! {
        /// A50: however the bytes are cut up on the way, and whatever they are.
        #[test]
        fn a50_bytes_in_any_pieces(
            message in proptest::collection::vec(any::<u8>(), 0..300),
            max in 1_usize..100,
            piece in 1_usize..50,
        ) {
            let sealed = layer(100, Some(OVERHEAD + max)).seal(&message).unwrap();
            let (mut layer, mut clear) = (layer(100, None), Vec::new());
            for piece in sealed.chunks(piece) {
                layer.end().extend_from_slice(piece);
                layer.open(&mut clear).unwrap();
            }
            prop_assert_eq!(clear, message);
            prop_assert!(layer.is_empty());
        }

        #[test]
        fn a50_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut layer = layer(100, None);
            layer.end().extend_from_slice(&bytes);
            let _ = layer.open(&mut Vec::new());
        }
    }
}
