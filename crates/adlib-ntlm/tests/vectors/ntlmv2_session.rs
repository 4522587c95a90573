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
