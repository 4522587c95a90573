//! Oracles of LDAP: what a server's bytes meet before the library that reads them.

use adlib_core::gss;
use adlib_ldap::{Endpoint, Violation, fuzzing};
use lber::parse::parse_tag;
use percent_encoding::percent_decode_str;

pub mod changes;
mod others;

use crate::{
    ntlm::scene::Scene,
    script::{Script, key_of},
};

/// No buffer is longer.
const BUFFER_BYTES: usize = 1 << 16;
/// The scene of sealed messages.
const SEALED: u8 = 2;

/// What passes is whole messages from the beginning of the bytes, that pass again, and in which others read the same.
pub fn answers(data: &[u8]) {
    let Ok(passed) = fuzzing::answers(data) else {
        return;
    };
    let bytes: Vec<u8> = passed.iter().flat_map(|answer| answer.message.clone()).collect();
    assert!(data.starts_with(&bytes));
    assert_eq!(fuzzing::answers(&bytes).as_ref(), Ok(&passed));
    for answer in &passed {
        let (rest, _) = parse_tag(&answer.message).expect("what passed is well formed");
        assert!(rest.is_empty());
        others::compare(answer);
    }
}

/// What passes in a synchronisation is whole messages from the beginning of the bytes, that pass again.
pub fn synced(data: &[u8]) {
    let Ok(passed) = fuzzing::synced(data) else {
        return;
    };
    let bytes: Vec<u8> = passed.iter().flat_map(|answer| answer.message.clone()).collect();
    assert!(data.starts_with(&bytes));
    assert_eq!(fuzzing::synced(&bytes).as_ref(), Ok(&passed));
}

/// A referral leads to a server only if its URL names that host as such, whatever else it says.
pub fn referral_url(data: &[u8]) {
    let Ok(url) = str::from_utf8(data) else { return };
    let server = Endpoint::new("ldap.example.org", 636);
    if fuzzing::leads_to(url, &server) == Some(true) {
        let (scheme, rest) = url.split_once("://").expect("it has a scheme");
        assert!(["ldap", "ldaps"].contains(&scheme.to_ascii_lowercase().as_str()));
        let authority = rest.split('/').next().unwrap_or_default();
        let host = percent_decode_str(authority)
            .decode_utf8_lossy()
            .to_ascii_lowercase();
        let host = host.trim_start_matches('[');
        let end = host.strip_prefix("ldap.example.org").expect("it names the host");
        assert!(
            end.chars()
                .all(|c| matches!(c, '.' | ']' | ':' | '+') || c.is_ascii_digit())
        );
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

/// What the server says, in parts.
const CLEAR: [&[u8]; 3] = [
    b"\x30\x0c\x02\x01\x01\x65",
    b"\x07\x0a\x01\x00\x04\x00\x04\x00",
    b"",
];

/// The buffers that the server makes of what it says, one to a part.
fn seal(mut server: impl gss::Session) -> Vec<u8> {
    let buffers = CLEAR.map(|part| {
        let token = server.wrap(part).expect("a session that seals");
        let length = u32::try_from(token.len()).expect("short").to_be_bytes();
        [&length[..], &token].concat()
    });
    buffers.concat()
}

/// Of a server's sealed buffers, changed on their way, nothing comes out but a beginning of what it said.
pub fn sasl_buffers(data: &[u8]) {
    let mut script = Script::new(data);
    let (client, server) = Scene::new(SEALED, key_of(data)).sessions();
    let (clear, sealed) = (CLEAR.concat(), seal(server));
    let mut bytes = sealed.clone();
    while let Some(change) = script.change() {
        change.apply(&mut bytes, &sealed);
    }
    match fuzzing::buffers(&bytes, Box::new(client), BUFFER_BYTES) {
        Ok(opened) => assert!(clear.starts_with(&opened) && (bytes != sealed || opened == clear)),
        Err(Violation::ClearAfterBind | Violation::BufferTooLarge(_) | Violation::BrokenProtection(_)) => {
            assert_ne!(bytes, sealed);
        }
        Err(other) => panic!("{other}"),
    }
}
