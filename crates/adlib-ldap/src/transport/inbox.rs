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

    /// The length of the next message, once all of it has come.
    ///
    /// # Errors
    /// `Unexpected` when it is none, `Invalid` for an indefinite length, `Limit` when it is too long.
    pub(crate) fn whole(&self) -> Result<Option<usize>, DecodeError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let length = ber::message_length(rest, self.limit)?;
        Ok(length.filter(|length| *length <= rest.len()))
    }

    /// The next message, which is of `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> &[u8] {
        let start = self.start;
        self.start = self.bytes.len().min(start + length);
        self.bytes.get(start..self.start).unwrap_or_default()
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

    fn next(inbox: &mut Inbox) -> Option<Vec<u8>> {
        let length = inbox.whole().unwrap()?;
        Some(inbox.take(length).to_vec())
    }

    #[test]
    fn messages_come_one_at_a_time() {
        let mut inbox = Inbox::new(100);
        inbox.end().extend_from_slice(TWO);
        assert_eq!(next(&mut inbox).unwrap(), b"\x30\x01a");
        assert!(!inbox.is_empty());
        assert_eq!(next(&mut inbox).unwrap(), b"\x30\x82\x00\x02bc");
        assert!(inbox.is_empty());
        assert_eq!(next(&mut inbox), None);
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
                messages.extend(next(&mut inbox));
                rest = behind;
            }
            messages.extend(next(&mut inbox));
            prop_assert_eq!(messages, [&TWO[..3], &TWO[3..]]);
        }
    }
}
