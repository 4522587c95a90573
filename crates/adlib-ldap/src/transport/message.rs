//! The parts of messages from a server (RFC 4511 4.1), checked to the last element. Hostile bytes.

use adlib_core::{DecodeError, DecodeErrorKind, Reader};
use adlib_schema::RawEntry;

use super::ber;
use crate::{ServerMessage, Violation};

pub(super) const BIND_RESPONSE: u8 = 0x61;
pub(super) const EXTENDED_RESPONSE: u8 = 0x78;
const REFERRAL: u8 = 0xa3;
const SERVER_SASL_CREDS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;
const CONTROLS: u8 = 0xa0;

/// ```text
/// LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp CHOICE { .. }, controls [0] Controls OPTIONAL }
/// ```
pub(super) struct Envelope<'a> {
    /// The number of the request that this answers; 0 when the server speaks of its own accord.
    pub(super) id: u32,
    /// What the message says.
    pub(super) operation: ber::Element<'a>,
    /// The content of the controls.
    pub(super) controls: Option<&'a [u8]>,
}

impl<'a> Envelope<'a> {
    /// The parts of `message`.
    ///
    /// # Errors
    /// A `DecodeError` for anything that is no message.
    pub(super) fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
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

/// What every result holds.
pub(super) struct LdapResult<'a> {
    /// The result code.
    pub(super) code: u32,
    /// What the server says about it.
    pub(super) message: ServerMessage,
    /// URLs of other servers.
    pub(super) referrals: Vec<String>,
    /// The token of a mechanism, in the answer to a bind.
    pub(super) server_sasl_creds: Option<&'a [u8]>,
    /// What stands beside it in the message.
    pub(super) controls: Vec<AnswerControl<'a>>,
}

/// ```text
/// LDAPResult ::= SEQUENCE { resultCode ENUMERATED, matchedDN LDAPDN, diagnosticMessage LDAPString,
///                           referral [3] Referral OPTIONAL }      -- and more, by operation
/// ```
///
/// # Errors
/// A `DecodeError` for anything else.
pub(super) fn decode_result(content: &[u8]) -> Result<LdapResult<'_>, DecodeError> {
    let mut reader = Reader::new(content);
    let code = ber::expect(&mut reader, ber::ENUMERATED, "resultCode")?;
    let code = ber::number(code, "resultCode")?;
    let matched = ber::expect(&mut reader, ber::OCTET_STRING, "matchedDN")?;
    ber::text(matched, "matchedDN")?;
    let message = ber::expect(&mut reader, ber::OCTET_STRING, "diagnosticMessage")?;
    let message = ServerMessage::new(ber::text(message, "diagnosticMessage")?);
    let (mut referrals, mut server_sasl_creds) = (Vec::new(), None);
    while !reader.is_empty() {
        let part = ber::element(&mut reader, "LDAPResult")?;
        match part.tag {
            REFERRAL => referrals.extend(decode_texts(part.content, "referral")?),
            RESPONSE_NAME => {
                ber::text(part.content, "responseName")?;
            }
            SERVER_SASL_CREDS => server_sasl_creds = Some(part.content),
            RESPONSE_VALUE => {}
            _ => return Err(reader.error("LDAPResult", DecodeErrorKind::Unexpected)),
        }
    }
    Ok(LdapResult {
        code,
        message,
        referrals,
        server_sasl_creds,
        controls: Vec::new(),
    })
}

/// ```text
/// SearchResultEntry ::= SEQUENCE { objectName LDAPDN,
///                                  attributes SEQUENCE OF SEQUENCE { type LDAPString, vals SET OF OCTET STRING } }
/// ```
///
/// # Errors
/// A `DecodeError` for anything else.
pub(super) fn decode_entry(content: &[u8]) -> Result<RawEntry, DecodeError> {
    let mut reader = Reader::new(content);
    let name = ber::expect(&mut reader, ber::OCTET_STRING, "objectName")?;
    let mut entry = RawEntry::new(ber::text(name, "objectName")?);
    let mut attributes = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, "attributes")?);
    reader.finish("SearchResultEntry")?;
    while !attributes.is_empty() {
        let attribute = ber::expect(&mut attributes, ber::SEQUENCE, "PartialAttribute")?;
        let mut attribute = Reader::new(attribute);
        let name = ber::expect(&mut attribute, ber::OCTET_STRING, "type")?;
        let name = ber::text(name, "type")?;
        let mut values = Reader::new(ber::expect(&mut attribute, ber::SET, "vals")?);
        attribute.finish("PartialAttribute")?;
        let mut all = Vec::new();
        while !values.is_empty() {
            all.push(ber::expect(&mut values, ber::OCTET_STRING, "value")?);
        }
        entry.push_all(name, all);
    }
    Ok(entry)
}

/// `SEQUENCE OF URI`, which is what referrals and references are.
///
/// # Errors
/// A `DecodeError` for anything else.
pub(super) fn decode_texts(content: &[u8], what: &'static str) -> Result<Vec<String>, DecodeError> {
    let mut reader = Reader::new(content);
    let mut texts = Vec::new();
    while !reader.is_empty() {
        let text = ber::expect(&mut reader, ber::OCTET_STRING, what)?;
        texts.push(ber::text(text, what)?.to_owned());
    }
    Ok(texts)
}

/// A control of an answer: its name and its value.
pub(super) struct AnswerControl<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<&'a [u8]>,
}

/// ```text
/// Controls ::= SEQUENCE OF SEQUENCE { controlType LDAPOID, criticality BOOLEAN DEFAULT FALSE,
///                                     controlValue OCTET STRING OPTIONAL }
/// ```
///
/// # Errors
/// A `DecodeError` for anything else.
pub(super) fn decode_controls(content: &[u8]) -> Result<Vec<AnswerControl<'_>>, DecodeError> {
    let mut reader = Reader::new(content);
    let mut controls = Vec::new();
    while !reader.is_empty() {
        let mut control = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, "Control")?);
        let name = ber::expect(&mut control, ber::OCTET_STRING, "controlType")?;
        let name = ber::text(name, "controlType")?;
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
        let value = part.map(|part| part.content);
        controls.push(AnswerControl { name, value });
    }
    Ok(controls)
}

fn next_part<'a>(control: &mut Reader<'a>) -> Result<Option<ber::Element<'a>>, DecodeError> {
    if control.is_empty() {
        return Ok(None);
    }
    ber::element(control, "Control").map(Some)
}

/// The result in `message`, which must be a response of `kind` to the request numbered `id`.
///
/// # Errors
/// `Malformed`, `UnknownMessage` or `WrongKind`.
pub(super) fn result_of(message: &[u8], id: u32, kind: u8) -> Result<LdapResult<'_>, Violation> {
    let envelope = Envelope::decode(message)?;
    if envelope.id != id {
        return Err(Violation::UnknownMessage(envelope.id));
    }
    if envelope.operation.tag != kind {
        return Err(Violation::WrongKind(envelope.operation.tag));
    }
    let mut result = decode_result(envelope.operation.content)?;
    if let Some(controls) = envelope.controls {
        result.controls = decode_controls(controls)?;
    }
    Ok(result)
}
