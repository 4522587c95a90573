//! MS-NLMP 4.2.4: what follows an `NTLMv2` response.

use adlib_ntlm::{
    Ntlmv2Response,
    crypto::{Sealing, Sender},
    message::NegotiateFlags,
};

use super::{CLIENT_CHALLENGE, SERVER_CHALLENGE, hex, key, plaintext, response, session_key};

/// 4.2.4: key exchange, 56 and 128, extended session security, seal and sign.
const FLAGS: NegotiateFlags = NegotiateFlags(0xe28a_8233);

/// 4.2.4.2.1: the `LMv2` response.
#[test]
fn section_4_2_4_2_1() {
    assert_eq!(
        key().respond_lmv2(SERVER_CHALLENGE, CLIENT_CHALLENGE).0[..],
        hex("86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa aa aa aa aa")
    );
}

/// 4.2.4.2.3: the encrypted session key.
#[test]
fn section_4_2_4_2_3() {
    let response = response();
    let base_key = key()
        .verify(SERVER_CHALLENGE, &Ntlmv2Response::decode(&response).unwrap())
        .unwrap();
    let key = base_key.key_exchange_key();
    let encrypted = hex("c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e");
    assert_eq!(key.encrypt(&session_key())[..], encrypted);
    assert_eq!(key.decrypt(encrypted.try_into().unwrap()), session_key());
}

/// 4.2.4.4: signing and sealing keys, and a message sealed and signed.
#[test]
fn section_4_2_4_4() {
    let key = session_key();
    assert_eq!(
        key.sealing_key(FLAGS, Sender::Initiator).expose()[..],
        hex("59 f6 00 97 3c c4 96 0a 25 48 0a 7c 19 6e 4c 58")
    );
    assert_eq!(
        key.signing_key(FLAGS, Sender::Initiator).unwrap().expose()[..],
        hex("47 88 dc 86 1b 47 82 f3 5d 43 fd 98 fe 1a 2d 39")
    );
    let token = Sealing::new(&key, FLAGS, Sender::Initiator).seal(&plaintext());
    assert_eq!(
        token[16..],
        hex("54 e5 01 65 bf 19 36 dc 99 60 20 c1 81 1b 0f 06 fb 5f")
    );
    assert_eq!(
        token[..16],
        hex("01 00 00 00 7f b3 8e c5 c5 5d 49 76 00 00 00 00")
    );
    let mut acceptor = Sealing::new(&key, FLAGS, Sender::Acceptor);
    assert_eq!(acceptor.unseal(&token).unwrap(), plaintext());
}

/// 3.4.3: each datagram has a key of its own; the values are those of `pyspnego` 0.12 with that key.
#[test]
fn section_3_4_3_datagrams() {
    let mut initiator = Sealing::new(
        &session_key(),
        FLAGS | NegotiateFlags::DATAGRAM,
        Sender::Initiator,
    );
    assert_eq!(
        initiator.seal(&plaintext()),
        hex(
            "01 00 00 00 c2 c9 d0 46 dd 67 2b d1 00 00 00 00 c1 2e 85 6a 64 0d 37 7c ee 70 7c 8b 12 a1 e9 de 47 94"
        )
    );
    assert_eq!(
        initiator.seal(&plaintext()),
        hex(
            "01 00 00 00 a0 d8 98 73 27 f6 7a 7b 01 00 00 00 d7 58 cc 59 16 55 29 67 d6 b6 57 fc c3 49 55 af 95 60"
        )
    );
}
