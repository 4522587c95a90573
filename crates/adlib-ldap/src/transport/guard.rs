//! What may pass from a server to the LDAP library: messages of RFC 4511 4.1 that answer a request of ours.
//!
//! Hostile bytes. The library behind takes a message's form for granted: nested deep it exhausts the stack, with a
//! part missing it panics or waits for ever. So nothing reaches it that was not checked here to the last element.

use std::collections::HashMap;

use adlib_core::{DecodeError, DecodeErrorKind, Reader};

use super::ber;
use crate::{Limits, ServerMessage, Violation};

const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_RESULT_ENTRY: u8 = 0x64;
const SEARCH_RESULT_DONE: u8 = 0x65;
const SEARCH_RESULT_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const REFERRAL: u8 = 0xa3;
const SERVER_SASL_CREDS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;
const CONTROLS: u8 = 0xa0;

/// Stands between a server and the LDAP library, and knows what was asked.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    asked: HashMap<u32, Asked>,
}

/// A request without its last answer.
#[derive(Debug)]
struct Asked {
    operation: Operation,
    messages: usize,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Bind,
    Search,
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

    /// Note a request on its way to the server.
    ///
    /// # Errors
    /// `Malformed` for a request that the library should not have made.
    pub(crate) fn asks(&mut self, request: &[u8]) -> Result<(), Violation> {
        let envelope = Envelope::decode(request)?;
        let operation = match envelope.operation.tag {
            BIND_REQUEST => Operation::Bind,
            SEARCH_REQUEST => Operation::Search,
            // Unbind and abandon are not answered.
            _ => return Ok(()),
        };
        let asked = Asked {
            operation,
            messages: 0,
            bytes: 0,
        };
        self.asked.insert(envelope.id, asked);
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
            return disconnection(&envelope);
        }
        let asked = self.asked.get_mut(&envelope.id);
        let asked = asked.ok_or(Violation::UnknownMessage(envelope.id))?;
        asked.count(message.len(), &self.limits)?;
        if asked.is_ended_by(&envelope)? {
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

    /// Check the answer's form, and say whether it is the last.
    fn is_ended_by(&self, envelope: &Envelope<'_>) -> Result<bool, Violation> {
        let content = envelope.operation.content;
        match (self.operation, envelope.operation.tag) {
            (Operation::Bind, BIND_RESPONSE) | (Operation::Search, SEARCH_RESULT_DONE) => {
                check_result(content)?;
                Ok(true)
            }
            (Operation::Search, SEARCH_RESULT_ENTRY) => {
                check_entry(content)?;
                Ok(false)
            }
            (Operation::Search, SEARCH_RESULT_REFERENCE) => {
                check_texts(content, "SearchResultReference")?;
                Ok(false)
            }
            (_, kind) => Err(Violation::WrongKind(kind)),
        }
    }
}

/// ```text
/// LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp CHOICE { .. }, controls [0] Controls OPTIONAL }
/// ```
struct Envelope<'a> {
    id: u32,
    operation: ber::Element<'a>,
    controls: Option<&'a [u8]>,
}

impl<'a> Envelope<'a> {
    fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(message);
        let content = ber::expect(&mut reader, ber::SEQUENCE, "LDAPMessage")?;
        reader.finish("LDAPMessage")?;
        let mut reader = Reader::new(content);
        let id = ber::expect(&mut reader, ber::INTEGER, "messageID")?;
        let id = ber::number(id, "messageID")?;
        let operation = ber::element(&mut reader, "protocolOp")?;
        let mut controls = None;
        if !reader.is_empty() {
            let last = ber::element(&mut reader, "controls")?;
            // Active Directory puts the name of its notice of disconnection here, outside of the operation.
            if id != 0 && last.tag != CONTROLS {
                return Err(reader.error("controls", DecodeErrorKind::Unexpected));
            }
            controls = Some(last.content);
        }
        reader.finish("LDAPMessage")?;
        Ok(Self {
            id,
            operation,
            controls,
        })
    }
}

/// The first three parts of every result.
pub(super) struct ResultHead {
    /// The result code.
    pub(super) code: u32,
    /// What the server says about it.
    pub(super) message: ServerMessage,
}

/// ```text
/// LDAPResult ::= SEQUENCE { resultCode ENUMERATED, matchedDN LDAPDN, diagnosticMessage LDAPString,
///                           referral [3] Referral OPTIONAL }      -- and more, by operation
/// ```
fn check_result(content: &[u8]) -> Result<ResultHead, DecodeError> {
    let mut reader = Reader::new(content);
    let code = ber::expect(&mut reader, ber::ENUMERATED, "resultCode")?;
    let code = ber::number(code, "resultCode")?;
    let matched = ber::expect(&mut reader, ber::OCTET_STRING, "matchedDN")?;
    ber::text(matched, "matchedDN")?;
    let message = ber::expect(&mut reader, ber::OCTET_STRING, "diagnosticMessage")?;
    let message = ServerMessage::new(ber::text(message, "diagnosticMessage")?);
    while !reader.is_empty() {
        let part = ber::element(&mut reader, "LDAPResult")?;
        match part.tag {
            REFERRAL => check_texts(part.content, "referral")?,
            RESPONSE_NAME => {
                ber::text(part.content, "responseName")?;
            }
            SERVER_SASL_CREDS | RESPONSE_VALUE => {}
            _ => return Err(reader.error("LDAPResult", DecodeErrorKind::Unexpected)),
        }
    }
    Ok(ResultHead { code, message })
}

/// ```text
/// SearchResultEntry ::= SEQUENCE { objectName LDAPDN,
///                                  attributes SEQUENCE OF SEQUENCE { type LDAPString, vals SET OF OCTET STRING } }
/// ```
fn check_entry(content: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::new(content);
    let name = ber::expect(&mut reader, ber::OCTET_STRING, "objectName")?;
    ber::text(name, "objectName")?;
    let mut attributes = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, "attributes")?);
    reader.finish("SearchResultEntry")?;
    while !attributes.is_empty() {
        let attribute = ber::expect(&mut attributes, ber::SEQUENCE, "PartialAttribute")?;
        let mut attribute = Reader::new(attribute);
        let name = ber::expect(&mut attribute, ber::OCTET_STRING, "type")?;
        ber::text(name, "type")?;
        let mut values = Reader::new(ber::expect(&mut attribute, ber::SET, "vals")?);
        attribute.finish("PartialAttribute")?;
        while !values.is_empty() {
            ber::expect(&mut values, ber::OCTET_STRING, "value")?;
        }
    }
    Ok(())
}

/// `SEQUENCE OF URI`, which is what referrals and references are.
fn check_texts(content: &[u8], what: &'static str) -> Result<(), DecodeError> {
    let mut reader = Reader::new(content);
    while !reader.is_empty() {
        ber::text(ber::expect(&mut reader, ber::OCTET_STRING, what)?, what)?;
    }
    Ok(())
}

/// ```text
/// Controls ::= SEQUENCE OF SEQUENCE { controlType LDAPOID, criticality BOOLEAN DEFAULT FALSE,
///                                     controlValue OCTET STRING OPTIONAL }
/// ```
fn check_controls(content: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::new(content);
    while !reader.is_empty() {
        let mut control = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, "Control")?);
        let name = ber::expect(&mut control, ber::OCTET_STRING, "controlType")?;
        ber::text(name, "controlType")?;
        let mut part = next_part(&mut control)?;
        if let Some(criticality) = part.filter(|part| part.tag == ber::BOOLEAN) {
            if criticality.content.len() != 1 {
                return Err(control.error("criticality", DecodeErrorKind::Invalid));
            }
            part = next_part(&mut control)?;
        }
        if part.is_some_and(|part| part.tag != ber::OCTET_STRING) {
            return Err(control.error("controlValue", DecodeErrorKind::Unexpected));
        }
        control.finish("Control")?;
    }
    Ok(())
}

fn next_part<'a>(control: &mut Reader<'a>) -> Result<Option<ber::Element<'a>>, DecodeError> {
    if control.is_empty() {
        return Ok(None);
    }
    ber::element(control, "Control").map(Some)
}

/// The only message that answers nothing.
fn disconnection(envelope: &Envelope<'_>) -> Result<Verdict, Violation> {
    if envelope.operation.tag != EXTENDED_RESPONSE {
        return Err(Violation::WrongKind(envelope.operation.tag));
    }
    let head = check_result(envelope.operation.content)?;
    Ok(Verdict::Disconnection(head.code, head.message))
}

/// The result in `message`, which must be the extended response to the request numbered `id`.
///
/// # Errors
/// `Malformed`, `UnknownMessage` or `WrongKind`.
pub(super) fn extended_result(message: &[u8], id: u32) -> Result<ResultHead, Violation> {
    let envelope = Envelope::decode(message)?;
    if envelope.id != id {
        return Err(Violation::UnknownMessage(envelope.id));
    }
    if envelope.operation.tag != EXTENDED_RESPONSE {
        return Err(Violation::WrongKind(envelope.operation.tag));
    }
    Ok(check_result(envelope.operation.content)?)
}
