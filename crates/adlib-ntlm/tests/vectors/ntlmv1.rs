//! MS-NLMP 4.2.2: `NTLMv1`.

use adlib_ntlm::{
    LmHash, SessionBaseKey, SessionKey,
    crypto::{Sealing, Sender, V1KeyInput},
    message::{ChallengeMessage, NegotiateFlags},
};

use super::{SERVER_CHALLENGE, hash, hex, plaintext, session_key};

/// 4.2.2: key exchange, 56 and 128, seal and sign, neither extended session security nor an LM key.
const FLAGS: NegotiateFlags = NegotiateFlags(0xe202_8233);

fn lm_hash() -> LmHash {
    LmHash::from_password("Password".into()).unwrap()
}

fn base_key() -> SessionBaseKey {
    hash().session_base_key_v1()
}

/// The key exchange key under the flags of the section and `more`.
fn encrypted_key(more: NegotiateFlags) -> ([u8; 16], [u8; 16]) {
    let hash = lm_hash();
    let [a, b, c, d, e, f, g, h, ..] = hash.respond(SERVER_CHALLENGE);
    let input = V1KeyInput {
        server_challenge: SERVER_CHALLENGE,
        lm_response: [a, b, c, d, e, f, g, h],
        lm_hash: Some(&hash),
    };
    let key = base_key().key_exchange_key_v1(FLAGS | more, &input);
    (*key.expose(), key.encrypt(&session_key()))
}

/// 4.2.2.1.1: `LMOWFv1`.
#[test]
fn section_4_2_2_1_1() {
    assert_eq!(
        lm_hash().expose()[..],
        hex("e5 2c ac 67 41 9a 9a 22 4a 3b 10 8f 3f a6 cb 6d")
    );
    assert!(LmHash::from_password("fifteen letters".into()).is_none());
    assert!(LmHash::from_password("Größe".into()).is_none());
}

/// 4.2.2.1.3: the session base key.
#[test]
fn section_4_2_2_1_3() {
    assert_eq!(
        base_key().expose()[..],
        hex("d8 72 62 b0 cd e4 b1 cb 74 99 be cc cd f1 07 84")
    );
}

/// A36, 4.2.2.2.1: the `NTLMv1` response.
#[test]
fn section_4_2_2_2_1() {
    assert_eq!(
        hash().respond_v1(SERVER_CHALLENGE)[..],
        hex("67 c4 30 11 f3 02 98 a2 ad 35 ec e6 4f 16 33 1c 44 bd be d9 27 84 1f 94")
    );
}

/// A36, 4.2.2.2.2: the LM response, and the key exchange key from it.
#[test]
fn section_4_2_2_2_2() {
    assert_eq!(
        lm_hash().respond(SERVER_CHALLENGE)[..],
        hex("98 de f7 b8 7f 88 aa 5d af e2 df 77 96 88 a1 72 de f1 1c 7d 5c cd ef 13")
    );
    assert_eq!(
        encrypted_key(NegotiateFlags::LM_KEY).0[..],
        hex("b0 9e 37 9f 7f be cb 1e af 0a fd cb 03 83 c8 a0")
    );
}

/// 4.2.2.2.3: the encrypted session key, plain, for clients without an NT session key, and with an LM key.
#[test]
fn section_4_2_2_2_3() {
    let none = NegotiateFlags::default();
    assert_eq!(encrypted_key(none).0, *base_key().expose());
    assert_eq!(
        encrypted_key(none).1[..],
        hex("51 88 22 b1 b3 f3 50 c8 95 86 82 ec bb 3e 3c b7")
    );
    assert_eq!(
        encrypted_key(NegotiateFlags::NON_NT_SESSION_KEY).1[..],
        hex("74 52 ca 55 c2 25 a1 ca 04 b4 8f ae 32 cf 56 fc")
    );
    assert_eq!(
        encrypted_key(NegotiateFlags::LM_KEY).1[..],
        hex("4c d7 bb 57 d6 97 ef 9b 54 9f 02 b8 f9 b3 78 64")
    );
}

/// 4.2.2.3: the CHALLENGE message, which has no attribute pairs.
#[test]
fn section_4_2_2_3_challenge() {
    let message = hex(
        "4e 54 4c 4d 53 53 50 00 02 00 00 00 0c 00 0c 00 38 00 00 00 33 82 02 e2 01 23 45 67 89 ab cd ef
         00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 06 00 70 17 00 00 00 0f
         53 00 65 00 72 00 76 00 65 00 72 00",
    );
    let challenge = ChallengeMessage::decode(&message).unwrap();
    assert_eq!(challenge.flags, FLAGS);
    assert_eq!(challenge.server_challenge, SERVER_CHALLENGE);
    assert_eq!(challenge.target_info, None);
}

/// 4.2.2.4: a message sealed and signed; both directions go on with one cipher.
#[test]
fn section_4_2_2_4() {
    let mut initiator = Sealing::new(&session_key(), FLAGS, Sender::Initiator);
    let token = initiator.seal(&plaintext());
    assert_eq!(
        token[16..],
        hex("56 fe 04 d8 61 f9 31 9a f0 d7 23 8a 2e 3b 4d 45 7f b8")
    );
    assert_eq!(
        token[..16],
        hex("01 00 00 00 00 00 00 00 09 dc d1 df 2e 45 9d 36")
    );
    let mut acceptor = Sealing::new(&session_key(), FLAGS, Sender::Acceptor);
    assert_eq!(acceptor.unseal(&token).unwrap(), plaintext());
    let answer = acceptor.seal(b"and back");
    assert_eq!(initiator.unseal(&answer).unwrap(), b"and back");
}

/// 3.4.4.1: the number of a message is masked; the value is that of `pyspnego` 0.12.
#[test]
fn section_3_4_4_1_second_message() {
    let mut initiator = Sealing::new(&session_key(), FLAGS, Sender::Initiator);
    let _ = initiator.seal(&plaintext());
    assert_eq!(
        initiator.seal(&plaintext()),
        hex(
            "01 00 00 00 00 00 00 00 75 71 e4 68 f5 0d b2 e7 fd e1 5e c2 b4 12 ed 8b b4 38 47 b9 42 bd 93 17 9f 0a"
        )
    );
}

/// 3.4.5.3: without extended session security, and with an LM key, 56 and 40 bits are left of the key.
#[test]
fn section_3_4_5_3_weak_keys() {
    let key = SessionKey::new(*b"0123456789abcdef");
    let sealing = |flags| key.sealing_key(flags, Sender::Initiator).expose().to_vec();
    let lm_key = NegotiateFlags::LM_KEY;
    assert_eq!(
        sealing(lm_key | NegotiateFlags::KEY_56),
        b"0123456\xa00123456\xa0"
    );
    assert_eq!(sealing(lm_key), b"01234\xe5\x38\xb001234\xe5\x38\xb0");
    assert_eq!(sealing(NegotiateFlags::KEY_56), b"0123456789abcdef");
    let datagram = NegotiateFlags::DATAGRAM;
    assert_eq!(
        sealing(datagram | NegotiateFlags::KEY_56),
        b"0123456\xa00123456\xa0"
    );
}
