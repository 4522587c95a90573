//! What a server says to a search: messages of RFC 4511 4.1 that answer what was asked, within limits.
//!
//! Hostile bytes. Every message is checked to the last element before anything is made of it.

use adlib_schema::RawEntry;

use super::{
    ber,
    message::{EXTENDED_RESPONSE, Envelope, decode_controls, decode_entry, decode_result, decode_texts},
    search_message::decode_cookie,
    sync_message::{
        DirSyncAnswer, SyncDone, SyncInfo, SyncState, decode_dir_sync, decode_done, decode_info, decode_state,
    },
};
use crate::{Limits, ServerMessage, Violation};

const SEARCH_RESULT_ENTRY: u8 = 0x64;
const SEARCH_RESULT_DONE: u8 = 0x65;
const SEARCH_RESULT_REFERENCE: u8 = 0x73;
const INTERMEDIATE_RESPONSE: u8 = 0x79;

/// Judges the messages of one connection, and knows what was asked.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    asked: Option<Asked>,
}

/// The search that waits for its answer, and what came of that so far.
#[derive(Debug)]
struct Asked {
    id: u32,
    /// Its answer is taken message by message, and may have no end.
    streamed: bool,
    volume: Volume,
}

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// An entry.
    Entry(RawEntry),
    /// An entry, and what became of it, in the answer to a synchronisation.
    Synced(SyncState, RawEntry),
    /// Something else that a synchronisation tells on the way.
    Info(SyncInfo),
    /// URLs of other servers, where a part of the answer is.
    Reference(Vec<String>),
    /// The end of the answer.
    Done(Done),
    /// The server says that it closes the connection (RFC 4511 4.4.1), with this result code and text.
    Disconnection(u32, ServerMessage),
}

/// The end of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The result code.
    pub(crate) code: u32,
    /// What the server says about it.
    pub(crate) message: ServerMessage,
    /// URLs of other servers, which might know more.
    pub(crate) referrals: Vec<String>,
    /// Where the next page begins; empty when there is none.
    pub(crate) cookie: Vec<u8>,
    /// How a synchronisation ends.
    pub(crate) sync: Option<SyncDone>,
    /// How DirSync goes on.
    pub(crate) dir_sync: Option<DirSyncAnswer>,
}

impl Guard {
    /// A guard before the first request.
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, asked: None }
    }

    /// Note that the search numbered `id` is on its way to the server, the only one that waits for an answer.
    pub(crate) const fn asks(&mut self, id: u32) {
        self.asked = Some(Asked {
            id,
            streamed: false,
            volume: Volume::new(),
        });
    }

    /// The search that was noted is a synchronisation: its answer is taken message by message, and never held.
    pub(crate) const fn streams(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.streamed = true;
        }
    }

    /// Judge a message from the server.
    ///
    /// # Errors
    /// `Malformed`, `UnknownMessage`, `WrongKind` or `AnswerTooLarge`.
    pub(crate) fn judge(&mut self, message: &[u8]) -> Result<Part, Violation> {
        ber::check_form(message, self.limits.message_elements)?;
        let envelope = Envelope::decode(message)?;
        if envelope.id == 0 {
            let (code, message) = disconnection(&envelope)?;
            return Ok(Part::Disconnection(code, message));
        }
        let asked = self.asked.as_mut().filter(|asked| asked.id == envelope.id);
        let asked = asked.ok_or(Violation::UnknownMessage(envelope.id))?;
        if asked.streamed {
            // Each message counts for itself.
            asked.volume = Volume::new();
        }
        asked.volume.count(message.len(), &self.limits)?;
        let part = answer(&envelope, asked.streamed)?;
        if matches!(part, Part::Done(_)) {
            self.asked = None;
        }
        Ok(part)
    }
}

/// How much an answer came to so far.
#[derive(Debug)]
pub(super) struct Volume {
    messages: usize,
    bytes: usize,
}

impl Volume {
    /// Nothing.
    pub(super) const fn new() -> Self {
        Self {
            messages: 0,
            bytes: 0,
        }
    }

    /// Count a message of the answer.
    pub(super) fn count(&mut self, bytes: usize, limits: &Limits) -> Result<(), Violation> {
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

/// What a message of the answer to a search holds.
fn answer(envelope: &Envelope<'_>, streamed: bool) -> Result<Part, Violation> {
    let content = envelope.operation.content;
    let controls = envelope.controls.map(decode_controls).transpose()?;
    let controls = controls.unwrap_or_default();
    match envelope.operation.tag {
        SEARCH_RESULT_ENTRY => {
            let entry = decode_entry(content)?;
            let state = if streamed { decode_state(&controls)? } else { None };
            Ok(match state {
                Some(state) => Part::Synced(state, entry),
                None => Part::Entry(entry),
            })
        }
        INTERMEDIATE_RESPONSE if streamed => Ok(Part::Info(decode_info(content)?)),
        SEARCH_RESULT_REFERENCE => Ok(Part::Reference(decode_texts(content, "SearchResultReference")?)),
        SEARCH_RESULT_DONE => {
            let result = decode_result(content)?;
            Ok(Part::Done(Done {
                code: result.code,
                message: result.message,
                referrals: result.referrals,
                cookie: decode_cookie(&controls)?,
                sync: decode_done(&controls)?,
                dir_sync: decode_dir_sync(&controls)?,
            }))
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
