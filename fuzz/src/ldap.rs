//! Oracles of LDAP: what a server's bytes meet before the library that reads them.

use std::sync::OnceLock;

use adlib_ldap::{Violation, fuzzing};
use lber::parse::parse_tag;

use crate::{ntlm::scene::Scene, script::Script};

/// No buffer is longer.
const BUFFER_BYTES: usize = 1 << 16;

/// What passes is whole messages from the beginning of the bytes, that pass again, and that the library behind can read.
pub fn answers(data: &[u8]) {
    let Ok(passed) = fuzzing::answers(data) else {
        return;
    };
    let bytes = passed.concat();
    assert!(data.starts_with(&bytes));
    assert_eq!(fuzzing::answers(&bytes).as_ref(), Ok(&passed));
    for message in &passed {
        let (rest, _) = parse_tag(message).expect("what passed is well formed");
        assert!(rest.is_empty());
    }
}

/// An answer is one message: with a byte more or less it is none.
pub fn bind_answer(data: &[u8]) {
    if fuzzing::bind_answer(data).is_ok() {
        assert!(fuzzing::bind_answer(&[data, &[0]].concat()).is_err());
        let shorter = data.split_last().map_or(data, |(_, shorter)| shorter);
        assert!(fuzzing::bind_answer(shorter).is_err());
    }
}

/// What the server sends in the clear, and the buffers that it makes of it.
fn stream() -> &'static (Vec<u8>, Vec<u8>) {
    static STREAM: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    STREAM.get_or_init(|| {
        let (_, mut server) = Scene::new(2).sessions();
        let parts = [
            &b"\x30\x0c\x02\x01\x01\x65"[..],
            b"\x07\x0a\x01\x00\x04\x00\x04\x00",
            b"",
        ];
        let buffers = parts.map(|part| {
            let token = server.wrap(part).expect("a session that seals");
            let length = u32::try_from(token.len()).expect("short").to_be_bytes();
            [&length[..], &token].concat()
        });
        (parts.concat(), buffers.concat())
    })
}

/// Of a server's sealed buffers, changed on their way, nothing comes out but a beginning of what it said.
pub fn sasl_buffers(data: &[u8]) {
    let mut script = Script::new(data);
    let (clear, sealed) = stream();
    let mut bytes = sealed.clone();
    while let Some(change) = script.change() {
        change.apply(&mut bytes, sealed);
    }
    let (client, _) = Scene::new(2).sessions();
    match fuzzing::buffers(&bytes, Box::new(client), BUFFER_BYTES) {
        Ok(opened) => assert!(clear.starts_with(&opened) && (bytes != *sealed || opened == *clear)),
        Err(Violation::ClearAfterBind | Violation::BufferTooLarge(_) | Violation::BrokenProtection(_)) => {
            assert_ne!(bytes, *sealed);
        }
        Err(other) => panic!("{other}"),
    }
}
