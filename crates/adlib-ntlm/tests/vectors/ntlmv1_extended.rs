//! MS-NLMP 4.2.3: `NTLMv1` with extended session security.

use adlib_ntlm::{
    SessionKey,
    crypto::{KeyExchangeKey, Sealing, Sender, V1KeyInput, extended_challenge},
    message::NegotiateFlags,
};

use super::{CLIENT_CHALLENGE, SERVER_CHALLENGE, hash, hex, plaintext};

/// 4.2.3: 56, extended session security, seal and sign; no key exchange.
const FLAGS: NegotiateFlags = NegotiateFlags(0x820a_8233);

fn key_exchange_key() -> KeyExchangeKey {
    let input = V1KeyInput {
        server_challenge: SERVER_CHALLENGE,
        lm_response: CLIENT_CHALLENGE,
        lm_hash: None,
    };
    hash().session_base_key_v1().key_exchange_key_v1(FLAGS, &input)
}

fn session_key() -> SessionKey {
    key_exchange_key().to_session_key()
}

/// 4.2.3.1.3: the key exchange key.
#[test]
fn section_4_2_3_1_3() {
    assert_eq!(
        key_exchange_key().expose()[..],
        hex("eb 93 42 9a 8b d9 52 f8 b8 9c 55 b8 7f 47 5e dc")
    );
}

/// A36, 4.2.3.2.2: the response.
#[test]
fn section_4_2_3_2_2() {
    let challenge = extended_challenge(SERVER_CHALLENGE, CLIENT_CHALLENGE);
    assert_eq!(
        hash().respond_v1(challenge)[..],
        hex("75 37 f8 03 ae 36 71 28 ca 45 82 04 bd e7 ca f8 1e 97 ed 26 83 26 72 32")
    );
}

/// 4.2.3.4: keys of 56 bits, and a message sealed and signed.
#[test]
fn section_4_2_3_4() {
    let key = session_key();
    assert_eq!(
        key.sealing_key(FLAGS, Sender::Initiator).expose()[..],
        hex("04 dd 7f 01 4d 85 04 d2 65 a2 5c c8 6a 3a 7c 06")
    );
    assert_eq!(
        key.signing_key(FLAGS, Sender::Initiator).unwrap().expose()[..],
        hex("60 e7 99 be 5c 72 fc 92 92 2a e8 eb e9 61 fb 8d")
    );
    let token = Sealing::new(&key, FLAGS, Sender::Initiator).seal(&plaintext());
    assert_eq!(
        token[16..],
        hex("a0 23 72 f6 53 02 73 f3 aa 1e b9 01 90 ce 52 00 c9 9d")
    );
    assert_eq!(
        token[..16],
        hex("01 00 00 00 ff 2a eb 52 f6 81 79 3a 00 00 00 00")
    );
}
