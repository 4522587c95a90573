//! `adctl ntlm inspect`: what a message says, nothing of it verified, and nothing that a password could be guessed from.

use std::path::Path;

use adlib::ntlm::{
    Ntlmv2Response,
    message::{
        AuthenticateMessage, AvId, AvPair, AvPairs, ChallengeMessage, MessageType, NegotiateFlags,
        NegotiateMessage, Version, sniff,
    },
};
use adlib_core::{DecodeError, FileTime, utf16};
use serde_json::{Value, json};

use crate::{
    input, object,
    outcome::{Outcome, Stopped},
    refusal::Refusal,
    rows::Rows,
    token,
};

pub(super) fn inspect(file: &Path) -> Result<Outcome, Stopped> {
    let bytes = token::bytes(input::read(file)?);
    Ok(match token::ntlm(&bytes).and_then(explained) {
        Ok((json, text)) => Outcome {
            clean: true,
            text: text.into(),
            json,
        },
        Err(refusal) => refusal.outcome(),
    })
}

/// A message, for a machine and for a person.
pub(crate) fn explained(message: &[u8]) -> Result<(Value, String), Refusal> {
    let json = explain(message)?;
    let text = rows(&json).to_string();
    Ok((json, text))
}

fn explain(message: &[u8]) -> Result<Value, DecodeError> {
    match sniff(message) {
        Some(MessageType::Challenge) => challenge(message),
        Some(MessageType::Authenticate) => authenticate(message),
        // What is no message at all is told by the decoder of the first.
        Some(MessageType::Negotiate) | None => negotiate(message),
    }
}

fn negotiate(bytes: &[u8]) -> Result<Value, DecodeError> {
    let message = NegotiateMessage::decode(bytes)?;
    Ok(json!({
        "kind": "negotiate",
        "flags": names(message.flags),
        // In the client's code page, of which ASCII is understood.
        "domain": String::from_utf8_lossy(message.domain),
        "workstation": String::from_utf8_lossy(message.workstation),
        "version": version(message.version),
        "canonical": message.is_canonical(bytes),
    }))
}

fn challenge(bytes: &[u8]) -> Result<Value, DecodeError> {
    let message = ChallengeMessage::decode(bytes)?;
    Ok(json!({
        "kind": "challenge",
        "flags": names(message.flags),
        "target_name": message.target_name_text()?,
        "target_info": message.target_info.map(pairs),
        "version": version(message.version),
        "canonical": message.is_canonical(bytes),
    }))
}

fn authenticate(bytes: &[u8]) -> Result<Value, DecodeError> {
    let message = AuthenticateMessage::decode(bytes)?;
    let response = Ntlmv2Response::decode(message.nt_response).ok();
    Ok(json!({
        "kind": "authenticate",
        "flags": names(message.flags),
        "user": message.user_text()?,
        "domain": message.domain_text()?,
        "workstation": message.workstation_text()?,
        "response": response_kind(&message),
        "lm_response_bytes": message.lm_response.len(),
        "nt_response_bytes": message.nt_response.len(),
        "session_key_bytes": message.encrypted_session_key.len(),
        "time": response.as_ref().and_then(|response| time(response.time)),
        "target_info": response.map(|response| pairs(response.av_pairs)),
        // Where it stands, an old client's message has something else.
        "mic": match message.mic {
            None => "no-room",
            Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => "zero",
            Some(_) => "present",
        },
        "version": version(message.version),
        "canonical": message.is_canonical(bytes),
    }))
}

/// What the account would be proven with (MS-NLMP 2.2.2.6 and 2.2.2.8).
fn response_kind(message: &AuthenticateMessage<'_>) -> &'static str {
    let extended = message.flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY);
    match (message.nt_response.len(), message.lm_response.len()) {
        (0, 0 | 1) => "anonymous",
        (0, _) => "lm",
        (24, _) if extended => "ntlmv1-extended",
        (24, _) => "ntlmv1",
        _ => "ntlmv2",
    }
}

fn names(flags: NegotiateFlags) -> Vec<&'static str> {
    flags.names().collect()
}

fn version(version: Option<Version>) -> Option<String> {
    version.map(|version| version.to_string())
}

fn time(time: FileTime) -> Option<String> {
    time.to_unix().map(|time| time.to_string())
}

fn pairs(pairs: AvPairs<'_>) -> Value {
    object::of(pairs.iter().map(|pair| (pair_name(pair.id), pair_value(pair))))
}

fn pair_name(id: AvId) -> String {
    match id {
        AvId::NETBIOS_COMPUTER => "netbios_computer".to_owned(),
        AvId::NETBIOS_DOMAIN => "netbios_domain".to_owned(),
        AvId::DNS_COMPUTER => "dns_computer".to_owned(),
        AvId::DNS_DOMAIN => "dns_domain".to_owned(),
        AvId::DNS_TREE => "dns_tree".to_owned(),
        AvId::FLAGS => "flags".to_owned(),
        AvId::TIMESTAMP => "timestamp".to_owned(),
        AvId::SINGLE_HOST => "single_host".to_owned(),
        AvId::TARGET_NAME => "target_name".to_owned(),
        AvId::CHANNEL_BINDINGS => "channel_bindings".to_owned(),
        AvId(other) => format!("pair_{other}"),
    }
}

/// Names as text, the time as a time, all else in hexadecimal.
fn pair_value(pair: AvPair<'_>) -> Value {
    let text = || utf16::decode("AvPair value", pair.value).ok();
    let stamp = || Some(FileTime(u64::from_le_bytes(pair.value.try_into().ok()?)));
    let shown = match pair.id {
        AvId(1..=5) | AvId::TARGET_NAME => text(),
        AvId::TIMESTAMP => stamp().and_then(time),
        _ => None,
    };
    shown.unwrap_or_else(|| input::to_hex(pair.value)).into()
}

/// The same for a person.
fn rows(explained: &Value) -> Rows {
    let mut rows = Rows::default();
    for (name, value) in explained.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => rows.add(name, Some(text)),
            Value::Array(values) => rows.add_all(name, values.iter().filter_map(Value::as_str)),
            Value::Object(pairs) => rows.add_all(
                name,
                pairs
                    .iter()
                    .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default())),
            ),
            other => rows.add(name, Some(other)),
        }
    }
    rows
}
