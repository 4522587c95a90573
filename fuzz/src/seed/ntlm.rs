//! Messages of undisturbed handshakes, and what somebody in the middle might do to them.

use adlib_ntlm::{
    NtHash,
    message::{AuthenticateMessage, ChallengeMessage},
};

use super::Seeds;
use crate::ntlm::scene::{Scene, old_authenticate, old_negotiate};

/// `MsvAvTimestamp` with its length, and a pair that nobody knows.
const TIMESTAMP: &[u8] = &[7, 0, 8, 0];
const UNKNOWN: u8 = 0x0b;
const KEY: [u8; 16] = [7; 16];

pub(super) fn seeds(seeds: &mut Seeds) {
    let ([negotiate, challenge, authenticate], _) = Scene::new(5, KEY).messages(1);
    let old = old_authenticate(&challenge, &NtHash::new(KEY)).unwrap_or_default();
    let pairs = ChallengeMessage::decode(&challenge).map(|message| message.target_info);
    if let Ok(Some(pairs)) = pairs {
        seeds.push(("ntlm_av_pairs", "of-a-challenge", pairs.as_bytes().to_vec()));
    }
    if let Ok(message) = AuthenticateMessage::decode(&authenticate) {
        let pairs = message.nt_response.get(44..).unwrap_or_default();
        seeds.push(("ntlm_av_pairs", "of-a-response", pairs.to_vec()));
    }
    seeds.push(("ntlm_initiator", "challenge", [&[2], &challenge[..]].concat()));
    seeds.push((
        "ntlm_initiator",
        "no-time-stamp",
        [&[0], &timeless(&challenge)[..]].concat(),
    ));
    seeds.push(("ntlm_negotiate", "old", old_negotiate()));
    seeds.push(("ntlm_negotiate", "new", negotiate));
    seeds.push(("ntlm_challenge", "new", challenge));
    seeds.push(("ntlm_authenticate", "old", old));
    seeds.push(("ntlm_authenticate", "new", authenticate));
    acceptor(seeds);
    session(seeds);
}

/// `challenge`, with a pair in place of the time stamp that nobody knows.
fn timeless(challenge: &[u8]) -> Vec<u8> {
    let mut timeless = challenge.to_vec();
    if let Some(at) = position(challenge) {
        timeless[at] = UNKNOWN;
    }
    timeless
}

fn position(challenge: &[u8]) -> Option<usize> {
    challenge
        .windows(TIMESTAMP.len())
        .position(|bytes| bytes == TIMESTAMP)
}

/// Scene, another handshake's number; and for each change the message, the kind and where.
fn acceptor(seeds: &mut Seeds) {
    let (scene, old) = (4, 0x80);
    let ([_, challenge, _], _) = Scene::new(scene, KEY).messages(1);
    let at = position(&challenge).unwrap_or_default() as u8;
    let scripts: [(&str, &[u8]); 10] = [
        ("untouched", &[scene]),
        ("untouched-sealed", &[5]),
        ("untouched-mic-required", &[6]),
        ("untouched-old", &[old]),
        ("no-time-stamp", &[0, 0, 1, 1, at, 0, UNKNOWN]),
        ("no-mic", &[scene, 0, 2, 6, 72, 0, 16]),
        ("flags-of-the-first", &[scene, 0, 0, 0, 12, 0, 4]),
        ("another-challenge", &[scene, 4, 1, 6, 24, 0, 8]),
        ("another-answer", &[scene, 4, 2, 7]),
        ("old-without-version", &[old, 0, 2, 0, 64, 0, 1, 2, 3, 64, 0, 8]),
    ];
    seeds.extend(scripts.map(|(name, script)| ("ntlm_acceptor", name, script.to_vec())));
}

/// Strength; and then what happens, message by message.
fn session(seeds: &mut Seeds) {
    let strong = 0b1011;
    let scripts: [(&str, &[u8]); 6] = [
        ("in-order", &[strong, 0, 3, b'o', b'n', b'e', 0x80, 0, 1, 0, 1, 1]),
        ("twice", &[strong, 0, 1, b'a', 1, 0, 1, 0]),
        ("lost", &[strong, 0, 1, b'a', 0, 1, b'b', 1, 1]),
        ("changed", &[strong, 0, 1, b'a', 2, 0, 0, 16, 0, 1]),
        ("datagrams", &[0b1_1011, 0, 1, b'a', 0, 1, b'b', 1, 1, 1, 0, 1, 1]),
        ("without-keys", &[0b0010, 0, 1, b'a', 0x80, 1, b'b', 1, 0, 1, 1]),
    ];
    seeds.extend(scripts.map(|(name, script)| ("ntlm_session", name, script.to_vec())));
}
