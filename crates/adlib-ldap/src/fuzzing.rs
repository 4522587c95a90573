//! What a peer's bytes meet before anything else, for fuzz targets. No part of the library's face.

use adlib_core::gss;
use adlib_schema::RawEntry;

use crate::{
    Endpoint, Limits, Violation,
    ldap_url::LdapUrl,
    transport::{BindAnswer, Guard, Inbox, Layer, Part, SyncKind, SyncStep, decode_bind_answer},
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

/// What a server tells of changes in one message.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// The state of an entry (RFC 4533 2.3).
    State {
        /// `present`, `add`, `modify` or `delete`, as its number.
        state: u8,
        /// The identity.
        uuid: [u8; 16],
        /// Where the reader stands.
        cookie: Option<Vec<u8>>,
    },
    /// Where the reader stands (RFC 4533 2.5).
    NewCookie(Vec<u8>),
    /// A phase comes to its end, or goes on.
    Refresh {
        /// `refreshDelete`, or else `refreshPresent`.
        deletes: bool,
        /// `refreshDone`
        done: bool,
        /// Where the reader stands.
        cookie: Option<Vec<u8>>,
    },
    /// What is there, or is gone.
    IdSet {
        /// `refreshDeletes`
        deleted: bool,
        /// The identities.
        uuids: Vec<[u8; 16]>,
        /// Where the reader stands.
        cookie: Option<Vec<u8>>,
    },
    /// The end of the answer.
    Done {
        /// The cookie and `refreshDeletes` (RFC 4533 2.4).
        sync: Option<(Option<Vec<u8>>, bool)>,
        /// That there is more, and the cookie (MS-ADTS 3.1.1.3.4.1.3).
        dir_sync: Option<(bool, Vec<u8>)>,
    },
    /// Nothing of changes.
    Other,
}

/// What `bytes` tell, message by message, in answer to a synchronisation numbered 1.
///
/// # Errors
/// What the server did wrong.
pub fn changes(bytes: &[u8]) -> Result<Vec<Told>, Violation> {
    let limits = Limits::default();
    let mut guard = Guard::new(limits);
    guard.asks(1);
    guard.streams();
    let mut inbox = Inbox::new(limits.message_bytes);
    inbox.end().extend_from_slice(bytes);
    let mut all = Vec::new();
    while let Some(length) = inbox.whole()? {
        all.push(told(guard.judge(inbox.take(length))?));
    }
    Ok(all)
}

fn told(part: Part) -> Told {
    match part {
        Part::Synced(state, _) => Told::State {
            state: match state.kind {
                SyncKind::Present => 0,
                SyncKind::Add => 1,
                SyncKind::Modify => 2,
                SyncKind::Delete => 3,
            },
            uuid: state.uuid,
            cookie: state.cookie,
        },
        Part::Info(info) => match info.step {
            SyncStep::NewCookie => Told::NewCookie(info.cookie.unwrap_or_default()),
            SyncStep::RefreshDelete { done } => Told::Refresh {
                deletes: true,
                done,
                cookie: info.cookie,
            },
            SyncStep::RefreshPresent { done } => Told::Refresh {
                deletes: false,
                done,
                cookie: info.cookie,
            },
            SyncStep::IdSet { deleted, uuids } => Told::IdSet {
                deleted,
                uuids,
                cookie: info.cookie,
            },
        },
        Part::Done(done) => Told::Done {
            sync: done.sync.map(|sync| (sync.cookie, sync.refresh_deletes)),
            dir_sync: done.dir_sync.map(|answer| (answer.more, answer.cookie)),
        },
        Part::Entry(_) | Part::Reference(_) | Part::Disconnection(..) => Told::Other,
    }
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
