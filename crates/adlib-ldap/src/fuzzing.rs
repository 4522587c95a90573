//! What a peer's bytes meet before anything else, for fuzz targets. No part of the library's face.

use adlib_core::gss;
use adlib_schema::RawEntry;

use crate::{
    Endpoint, Limits, Violation,
    ldap_url::LdapUrl,
    transport::{BindAnswer, Guard, Inbox, Layer, Part, decode_bind_answer},
};

/// One message of an answer: its bytes, and the entry in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    /// All of the message.
    pub message: Vec<u8>,
    /// The entry that it holds.
    pub entry: Option<RawEntry>,
}

/// The messages in `bytes` that the guard takes for an answer to a search numbered 1.
///
/// # Errors
/// What the server did wrong.
pub fn answers(bytes: &[u8]) -> Result<Vec<Answered>, Violation> {
    passed(bytes, false)
}

/// The messages in `bytes` that the guard takes for a part of the answer to a synchronisation numbered 1 (RFC 4533).
///
/// # Errors
/// What the server did wrong.
pub fn synced(bytes: &[u8]) -> Result<Vec<Answered>, Violation> {
    passed(bytes, true)
}

fn passed(bytes: &[u8], streams: bool) -> Result<Vec<Answered>, Violation> {
    let limits = Limits::default();
    let mut guard = Guard::new(limits);
    guard.asks(1);
    if streams {
        guard.streams();
    }
    let mut inbox = Inbox::new(limits.message_bytes);
    inbox.end().extend_from_slice(bytes);
    let mut answers = Vec::new();
    while let Some(length) = inbox.whole()? {
        let message = inbox.take(length);
        let entry = match guard.judge(message)? {
            Part::Entry(entry) | Part::Synced(_, entry) => Some(entry),
            Part::Info(_) | Part::Reference(_) | Part::Done(_) | Part::Disconnection(..) => None,
        };
        let message = message.to_vec();
        answers.push(Answered { message, entry });
    }
    Ok(answers)
}

/// Whether the URL of a referral leads to `server`; `None` when it is no LDAP URL that names a host.
#[must_use]
pub fn leads_to(url: &str, server: &Endpoint) -> Option<bool> {
    Some(LdapUrl::parse(url)?.leads_to(server))
}

/// The result code in `bytes`, which answer the bind numbered 1.
///
/// # Errors
/// What the server did wrong.
pub fn bind_answer(bytes: &[u8]) -> Result<u32, Violation> {
    Ok(match decode_bind_answer(bytes, 1)? {
        BindAnswer::Result(result) => result.code,
        BindAnswer::Disconnection(code, _) => code,
    })
}

/// What the buffers in `bytes` hold that `session` takes, of at most `limit` bytes each.
///
/// # Errors
/// What the server did wrong.
pub fn buffers(bytes: &[u8], session: Box<dyn gss::Session>, limit: usize) -> Result<Vec<u8>, Violation> {
    let mut layer = Layer::new(session, limit, None);
    layer.end().extend_from_slice(bytes);
    let mut clear = Vec::new();
    layer.open(&mut clear)?;
    Ok(clear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_passes_whole() {
        let done = b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00";
        let messages = answers(done).unwrap().into_iter().map(|answer| answer.message);
        assert_eq!(messages.collect::<Vec<_>>(), [done]);
        assert_eq!(
            answers(&[*done, *done].concat()),
            Err(Violation::UnknownMessage(1))
        );
        assert_eq!(bind_answer(done), Err(Violation::WrongKind(0x65)));
    }
}
