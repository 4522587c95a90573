//! What a peer's bytes meet before anything else, for fuzz targets. No part of the library's face.

use adlib_core::gss;

use crate::{
    Limits, Violation,
    transport::{BindAnswer, Guard, Inbox, Layer, decode_bind_answer},
};

/// A search whose number is 1.
const SEARCH: &[u8] = b"\x30\x05\x02\x01\x01\x63\x00";

/// The messages in `bytes` that the guard lets pass to a library that has asked one search, numbered 1.
///
/// # Errors
/// What the server did wrong.
pub fn answers(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Violation> {
    let limits = Limits::default();
    let mut guard = Guard::new(limits);
    guard.asks(SEARCH)?;
    let mut inbox = Inbox::new(limits.message_bytes);
    inbox.end().extend_from_slice(bytes);
    let mut passed = Vec::new();
    while let Some(message) = inbox.next()? {
        guard.judge(&message)?;
        passed.push(message);
    }
    Ok(passed)
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
        assert_eq!(answers(done), Ok(vec![done.to_vec()]));
        assert_eq!(
            answers(&[*done, *done].concat()),
            Err(Violation::UnknownMessage(1))
        );
        assert_eq!(bind_answer(done), Err(Violation::WrongKind(0x65)));
    }
}
