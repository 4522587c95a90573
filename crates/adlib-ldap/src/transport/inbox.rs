//! Messages out of bytes as they come. Hostile bytes.

use adlib_core::DecodeError;

use super::ber;

/// Bytes that came, and where the next message begins among them. What it holds grows with the bytes that come, never
/// with a length that a peer names.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Inbox {
    /// Before the first byte of messages of at most `limit` bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            limit,
        }
    }

    /// Where bytes are appended as they come.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.start);
        self.start = 0;
        &mut self.bytes
    }

    /// The next message, once all of it has come.
    ///
    /// # Errors
    /// `Unexpected` when it is none, `Invalid` for an indefinite length, `Limit` when it is too long.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, DecodeError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some(length) = ber::message_length(rest, self.limit)? else {
            return Ok(None);
        };
        let message = rest.get(..length).map(<[u8]>::to_vec);
        if message.is_some() {
            self.start += length;
        }
        Ok(message)
    }

    /// Whether no byte is left of what came.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &[u8] = b"\x30\x01a\x30\x82\x00\x02bc";

    #[test]
    fn messages_come_one_at_a_time() {
        let mut inbox = Inbox::new(100);
        inbox.end().extend_from_slice(TWO);
        assert_eq!(inbox.next().unwrap().unwrap(), b"\x30\x01a");
        assert!(!inbox.is_empty());
        assert_eq!(inbox.next().unwrap().unwrap(), b"\x30\x82\x00\x02bc");
        assert!(inbox.is_empty());
        assert_eq!(inbox.next(), Ok(None));
    }

    proptest! {
        /// A50: however the bytes are cut up, the same messages come of them.
        #[test]
        fn a50_messages_in_any_pieces(cuts in proptest::collection::vec(1_usize..9, 0..9)) {
            let mut inbox = Inbox::new(100);
            let mut messages = Vec::new();
            let mut rest = TWO;
            for cut in cuts.into_iter().chain([TWO.len()]) {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                inbox.end().extend_from_slice(piece);
                messages.extend(inbox.next().unwrap());
                rest = behind;
            }
            messages.extend(inbox.next().unwrap());
            prop_assert_eq!(messages, [&TWO[..3], &TWO[3..]]);
        }
    }
}
