//! NTLM: what signing in costs either side, beside what it must compute and beside the `sspi` crate.

use std::{
    hint::black_box,
    time::{SystemTime, UNIX_EPOCH},
};

use adlib_benches::{Bar, Row};
use adlib_core::{FileTime, Password, UnixTime, gss::Protection};
use adlib_ntlm::{
    Acceptor, AwaitingAuthenticate, Ephemeral, Initiator, NtHash, Policy, ServerChallenge, ServerNames,
    SessionKey,
    message::{AuthenticateMessage, ChallengeMessage},
};
use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use rc4::{Rc4, StreamCipher};

mod ntlm_peer;

use ntlm_peer::Peer;

const PASSWORD: &str = "Passw0rd.Test";
const USER: &str = "ada.lovelace";
const DOMAIN: &str = "CORP";

fn main() {
    hash();
    let hash = NtHash::from_password(PASSWORD.into());
    let transcript = Transcript::record(&hash);
    answer(&hash, &transcript);
    handshake(&hash, &transcript);
    verify(&hash, &transcript);
}

fn hash() {
    let row = Row {
        name: "ntlm/hash of a password",
        bars: &[],
    };
    let units: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    row.measure(
        || NtHash::from_password(Password::from(black_box(PASSWORD))),
        // What a program without the library would do: nothing is wiped.
        || {
            let units: Vec<u8> = black_box(PASSWORD)
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            Md4::digest(units)
        },
        || Md4::digest(black_box(&units)),
    );
}

fn answer(hash: &NtHash, transcript: &Transcript) {
    let row = Row {
        name: "ntlm/answer a challenge",
        bars: &[],
    };
    let mut peer = Peer::new(USER, DOMAIN, *hash.expose());
    drop(peer.initiate(&[]));
    row.measure(
        || {
            let (_, awaiting) = initiator(hash).negotiate();
            awaiting.authenticate(black_box(&transcript.challenge))
        },
        || peer.clone().initiate(black_box(&transcript.challenge)),
        || transcript.compute(black_box(hash)),
    );
}

fn handshake(hash: &NtHash, transcript: &Transcript) {
    let row = Row {
        name: "ntlm/full handshake, both sides",
        bars: &[],
    };
    row.measure(
        || both_sides(black_box(hash)),
        || both_peers(black_box(hash)),
        || {
            [
                transcript.compute(black_box(hash)),
                transcript.compute(black_box(hash)),
            ]
        },
    );
}

/// The peer takes less than three times the floor: it compares no proof, nor anything that the messages say. As long as
/// it does, nobody who computes what must be computed can meet the second bar.
fn verify(hash: &NtHash, transcript: &Transcript) {
    let row = Row {
        name: "ntlm/verify with MIC",
        bars: &[Bar::TimesFloor(1.4), Bar::FasterThanPeer(3.0)],
    };
    let policy = Policy::default();
    let verified = transcript.verify(hash, &policy);
    assert_eq!(verified, Some(true), "the bench verifies nothing");
    row.measure(
        || transcript.verify(black_box(hash), &policy),
        || {
            let mut peer = transcript.peer.clone();
            let accepted = peer.accept(black_box(&transcript.authenticate));
            accepted.and_then(|_| peer.complete())
        },
        || transcript.compute(black_box(hash)),
    );
}

/// A handshake of our initiator with the peer's acceptor, which both can verify.
struct Transcript {
    now: FileTime,
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    authenticate: Vec<u8>,
    /// The acceptor before the last message.
    peer: Peer,
    /// What is computed with.
    units: Vec<u8>,
    server_challenge: [u8; 8],
    blob: Vec<u8>,
    encrypted_session_key: [u8; 16],
    unsigned: Vec<u8>,
}

impl Transcript {
    #[expect(clippy::expect_used, reason = "a bench of nothing is none")]
    fn record(hash: &NtHash) -> Self {
        let mut peer = Peer::new(USER, DOMAIN, *hash.expose());
        let (negotiate, awaiting) = initiator(hash).negotiate();
        let challenge = peer.accept(&negotiate).expect("the peer's challenge");
        let (authenticate, _) = awaiting.authenticate(&challenge).expect("our answer");
        let asked = ChallengeMessage::decode(&challenge).expect("the peer's challenge");
        let answered = AuthenticateMessage::decode(&authenticate).expect("our answer");
        let mut unsigned = authenticate.clone();
        let mic = unsigned.iter_mut().skip(AuthenticateMessage::MIC_OFFSET);
        mic.take(16).for_each(|byte| *byte = 0);
        Self {
            now: now(),
            units: [USER.to_uppercase().as_str(), DOMAIN]
                .iter()
                .flat_map(|name| name.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            server_challenge: asked.server_challenge,
            blob: answered.nt_response.iter().skip(16).copied().collect(),
            encrypted_session_key: answered.encrypted_session_key.try_into().expect("a key"),
            unsigned,
            negotiate,
            challenge,
            authenticate,
            peer,
        }
    }

    /// From the last message to the session; whether there was a MIC, and it was right.
    fn verify(&self, hash: &NtHash, policy: &Policy) -> Option<bool> {
        let awaiting = AwaitingAuthenticate::from_transcript(&self.negotiate, &self.challenge).ok()?;
        let pending = awaiting
            .authenticate(&self.authenticate, policy, self.now, None)
            .ok()?;
        let session = pending.verify(hash).ok()?;
        Some(session.evidence()?.mic == adlib_ntlm::MicState::Valid)
    }

    /// What nobody can leave out: the key, the proof, the session's keys, and the MIC.
    fn compute(&self, hash: &NtHash) -> [u8; 16] {
        let key = hmac_md5(hash.expose(), &[&self.units]);
        let proof = hmac_md5(&key, &[&self.server_challenge, &self.blob]);
        let base_key = hmac_md5(&key, &[&proof]);
        let mut session_key = self.encrypted_session_key;
        rc4(&base_key).apply_keystream(&mut session_key);
        hmac_md5(&session_key, &[&self.negotiate, &self.challenge, &self.unsigned])
    }
}

#[expect(clippy::expect_used, reason = "any key will do")]
fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("any key will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "keys have 1 to 256 bytes")]
fn rc4(key: &[u8; 16]) -> Rc4 {
    Rc4::new_from_slice(key).expect("a key of 16 bytes")
}

fn initiator(hash: &NtHash) -> Initiator {
    let ephemeral = Ephemeral {
        now: now(),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    Initiator::new(USER, DOMAIN, hash.clone(), ephemeral).protection(Protection::Confidentiality)
}

fn both_sides(hash: &NtHash) -> Option<bool> {
    let names = ServerNames {
        netbios_computer: "APP1".to_owned(),
        netbios_domain: DOMAIN.to_owned(),
        ..ServerNames::default()
    };
    let (negotiate, client) = initiator(hash).negotiate();
    let challenge = ServerChallenge::new([3; 8]);
    let (challenge, server) = Acceptor::new(names)
        .challenge(&negotiate, challenge, now())
        .ok()?;
    let (authenticate, ours) = client.authenticate(&challenge).ok()?;
    let pending = server
        .authenticate(&authenticate, &Policy::default(), now(), None)
        .ok()?;
    Some(ours.key() == pending.verify(hash).ok()?.key())
}

fn both_peers(hash: &NtHash) -> Result<(), sspi::Error> {
    let mut client = Peer::new(USER, DOMAIN, *hash.expose());
    let mut server = Peer::new(USER, DOMAIN, *hash.expose());
    let negotiate = client.initiate(&[])?;
    let challenge = server.accept(&negotiate)?;
    let authenticate = client.initiate(&challenge)?;
    server.accept(&authenticate)?;
    server.complete()
}

fn now() -> FileTime {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    FileTime::from_unix(UnixTime::from_seconds(i64::try_from(seconds).unwrap_or_default()))
}
