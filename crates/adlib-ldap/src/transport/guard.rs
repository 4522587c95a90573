//! What may pass from a server to the LDAP library: messages of RFC 4511 4.1 that answer a search of ours.
//!
//! Hostile bytes. The library behind takes a message's form for granted: nested deep it exhausts the stack, with a
//! part missing it panics or waits for ever. So nothing reaches it that was not checked here to the last element.

use std::collections::HashMap;

use super::{
    ber,
    message::{EXTENDED_RESPONSE, Envelope, check_controls, check_entry, check_texts, decode_result},
};
use crate::{Limits, ServerMessage, Violation};

const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_RESULT_ENTRY: u8 = 0x64;
const SEARCH_RESULT_DONE: u8 = 0x65;
const SEARCH_RESULT_REFERENCE: u8 = 0x73;

/// Stands between a server and the LDAP library, and knows what was asked.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    asked: HashMap<u32, Asked>,
}

/// What came of the answer to a search so far.
#[derive(Debug, Default)]
struct Asked {
    messages: usize,
    bytes: usize,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answers a request and may pass.
    Pass,
    /// The server says that it closes the connection (RFC 4511 4.4.1), with this result code and text.
    Disconnection(u32, ServerMessage),
}

impl Guard {
    /// A guard before the first request.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            asked: HashMap::new(),
        }
    }

    /// Whether every request has its last answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// Note a request on its way to the server.
    ///
    /// # Errors
    /// `Malformed` for a request that the library should not have made.
    pub(crate) fn asks(&mut self, request: &[u8]) -> Result<(), Violation> {
        let envelope = Envelope::decode(request)?;
        // Binds do not come this way; unbind and abandon are not answered.
        if envelope.operation.tag == SEARCH_REQUEST {
            self.asked.insert(envelope.id, Asked::default());
        }
        Ok(())
    }

    /// Judge a message from the server.
    ///
    /// # Errors
    /// `Malformed`, `UnknownMessage`, `WrongKind` or `AnswerTooLarge`.
    pub(crate) fn judge(&mut self, message: &[u8]) -> Result<Verdict, Violation> {
        ber::check_form(message, self.limits.message_elements)?;
        let envelope = Envelope::decode(message)?;
        if envelope.id == 0 {
            let (code, message) = disconnection(&envelope)?;
            return Ok(Verdict::Disconnection(code, message));
        }
        let asked = self.asked.get_mut(&envelope.id);
        let asked = asked.ok_or(Violation::UnknownMessage(envelope.id))?;
        asked.count(message.len(), &self.limits)?;
        if ends_a_search(&envelope)? {
            self.asked.remove(&envelope.id);
        }
        if let Some(controls) = envelope.controls {
            check_controls(controls)?;
        }
        Ok(Verdict::Pass)
    }
}

impl Asked {
    /// Count a message of the answer.
    fn count(&mut self, bytes: usize, limits: &Limits) -> Result<(), Violation> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.messages = self.messages.saturating_add(1);
        if self.bytes > limits.answer_bytes || self.messages > limits.answer_messages {
            return Err(Violation::AnswerTooLarge {
                messages: self.messages,
                bytes: self.bytes,
            });
        }
        Ok(())
    }
}

/// Check the form of an answer to a search, and say whether it is the last.
fn ends_a_search(envelope: &Envelope<'_>) -> Result<bool, Violation> {
    let content = envelope.operation.content;
    match envelope.operation.tag {
        SEARCH_RESULT_DONE => {
            decode_result(content)?;
            Ok(true)
        }
        SEARCH_RESULT_ENTRY => {
            check_entry(content)?;
            Ok(false)
        }
        SEARCH_RESULT_REFERENCE => {
            check_texts(content, "SearchResultReference")?;
            Ok(false)
        }
        kind => Err(Violation::WrongKind(kind)),
    }
}

/// The result code and text of the only message that answers nothing.
///
/// # Errors
/// `WrongKind` or `Malformed` for any other.
pub(super) fn disconnection(envelope: &Envelope<'_>) -> Result<(u32, ServerMessage), Violation> {
    if envelope.operation.tag != EXTENDED_RESPONSE {
        return Err(Violation::WrongKind(envelope.operation.tag));
    }
    let result = decode_result(envelope.operation.content)?;
    Ok((result.code, result.message))
}
