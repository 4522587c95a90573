//! Published values: MS-NLMP 4.2.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod ntlmv1;
mod ntlmv1_extended;
mod ntlmv2_session;

use adlib_core::{FileTime, Writer, utf16};
use adlib_ntlm::{
    ClientChallenge, NtHash, Ntlmv2Response, ResponseKey, SessionKey,
    message::{AuthenticateMessage, AvId, AvPairs, ChallengeMessage, NegotiateFlags, Version},
};

/// 4.2.1: the server's challenge.
const SERVER_CHALLENGE: [u8; 8] = 0x0123_4567_89ab_cdef_u64.to_be_bytes();

/// 4.2.1: the client's challenge.
const CLIENT_CHALLENGE: [u8; 8] = [0xaa; 8];

/// 4.2.1: `RandomSessionKey`.
fn session_key() -> SessionKey {
    SessionKey::new([0x55; 16])
}

/// 4.2.1: `Plaintext`, in UTF-16.
fn plaintext() -> Vec<u8> {
    utf16::encode("Plaintext")
}

/// The bytes of hexadecimal digits; blanks count nothing.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

fn hash() -> NtHash {
    NtHash::from_password("Password".into())
}

fn key() -> ResponseKey {
    hash().response_key("User", "Domain")
}

/// 4.2.4: the server's attribute pairs.
fn target_info() -> Vec<u8> {
    let mut writer = Writer::new();
    for (id, value) in [
        (AvId::NETBIOS_DOMAIN, "Domain"),
        (AvId::NETBIOS_COMPUTER, "Server"),
    ] {
        writer.u16_le(id.0).u16_le(12).bytes(&utf16::encode(value));
    }
    writer.u32_le(0);
    writer.finish()
}

/// 4.2.4.2.2: time 0, a nonce of 0xaa.
fn response() -> Vec<u8> {
    let target_info = target_info();
    let client = ClientChallenge {
        time: FileTime(0),
        nonce: [0xaa; 8],
        target_info: &target_info,
    };
    key().respond(SERVER_CHALLENGE, &client).0
}

/// R8, 4.2.2.1.2: `NTOWFv1`.
#[test]
fn section_4_2_2_1_2() {
    assert_eq!(
        hash().expose(),
        &0xa4f4_9c40_6510_bdca_b682_4ee7_c30f_d852_u128.to_be_bytes()
    );
}

/// R7, 4.2.4.1.1: `NTOWFv2`; the user's name has no case, the domain's has.
#[test]
fn section_4_2_4_1_1() {
    assert_eq!(
        key().expose(),
        &0x0c86_8a40_3bfd_7a93_a300_1ef2_2ef0_2e3f_u128.to_be_bytes()
    );
    assert_eq!(hash().response_key("uSER", "Domain"), key());
    assert_ne!(hash().response_key("User", "DOMAIN"), key());
}

/// R7, 4.2.4.1.2: the session base key.
#[test]
fn section_4_2_4_1_2() {
    let response = response();
    let session_key = key()
        .verify(SERVER_CHALLENGE, &Ntlmv2Response::decode(&response).unwrap())
        .unwrap();
    assert_eq!(
        session_key.expose(),
        &0x8de4_0cca_dbc1_4a82_f15c_b0ad_0de9_5ca3_u128.to_be_bytes()
    );
}

/// R7, 4.2.4.2.2: the `NTLMv2` response.
#[test]
fn section_4_2_4_2_2() {
    let response = response();
    assert_eq!(response.len(), 0x54);
    assert_eq!(
        response[..16],
        0x68cd_0ab8_51e5_1c96_aabc_927b_ebef_6a1c_u128.to_be_bytes()
    );
    let decoded = Ntlmv2Response::decode(&response).unwrap();
    assert_eq!((decoded.time, decoded.nonce), (FileTime(0), [0xaa; 8]));
    assert_eq!(decoded.av_pairs.as_bytes(), target_info());
}

/// R14, 4.2.4.3: the CHALLENGE message.
#[test]
fn section_4_2_4_3_challenge() {
    let info = target_info();
    let mut writer = Writer::new();
    writer.bytes(b"NTLMSSP\0").u32_le(2);
    writer.u16_le(12).u16_le(12).u32_le(56);
    writer.u32_le(0xe28a_8233).bytes(&SERVER_CHALLENGE).bytes(&[0; 8]);
    writer.u16_le(0x24).u16_le(0x24).u32_le(68);
    writer
        .bytes(&[6, 0, 0x70, 0x17, 0, 0, 0, 0x0f])
        .bytes(&utf16::encode("Server"))
        .bytes(&info);
    let message = writer.finish();
    let challenge = ChallengeMessage::decode(&message).unwrap();
    assert_eq!(challenge.server_challenge, SERVER_CHALLENGE);
    assert!(challenge.is_canonical(&message));
    assert_eq!(challenge.version, Some(Version::new(6, 0, 6000)));
    assert_eq!(challenge.target_name_text().unwrap(), "Server");
    assert_eq!(challenge.target_info, Some(AvPairs::decode(&info).unwrap()));
    assert!(
        challenge
            .flags
            .contains(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    );
}

/// R14, A34, 4.2.4.3: the AUTHENTICATE message, whose payload begins before 88 and leaves no room for a MIC.
#[test]
fn section_4_2_4_3_authenticate() {
    let nt_response = response();
    let lm_response = [
        &0x86c3_5097_ac9c_ec10_2554_764a_57cc_cc19_u128.to_be_bytes()[..],
        &[0xaa; 8],
    ]
    .concat();
    let session_key = 0xc5da_d254_4fc9_7990_94ce_1ce9_0bc9_d03e_u128.to_be_bytes();
    let mut writer = Writer::new();
    writer.bytes(b"NTLMSSP\0").u32_le(3);
    for (length, offset) in [
        (0x18, 0x6c),
        (0x54, 0x84),
        (0x0c, 0x48),
        (8, 0x54),
        (0x10, 0x5c),
        (0x10, 0xd8),
    ] {
        writer.u16_le(length).u16_le(length).u32_le(offset);
    }
    writer
        .u32_le(0xe288_8235)
        .bytes(&[5, 1, 0x28, 0x0a, 0, 0, 0, 0x0f]);
    for text in ["Domain", "User", "COMPUTER"] {
        writer.bytes(&utf16::encode(text));
    }
    writer.bytes(&lm_response).bytes(&nt_response).bytes(&session_key);
    let message = writer.finish();
    assert_eq!(message.len(), 0xe8);

    let authenticate = AuthenticateMessage::decode(&message).unwrap();
    assert_eq!(authenticate.user_text().unwrap(), "User");
    assert_eq!(authenticate.domain_text().unwrap(), "Domain");
    assert_eq!(authenticate.workstation_text().unwrap(), "COMPUTER");
    assert_eq!(authenticate.lm_response, lm_response);
    assert_eq!(authenticate.encrypted_session_key, session_key);
    assert_eq!(authenticate.mic, None);
    assert_eq!(authenticate.version, Some(Version::new(5, 1, 2600)));
    assert!(authenticate.is_canonical(&message));
    let response = Ntlmv2Response::decode(authenticate.nt_response).unwrap();
    assert!(key().verify(SERVER_CHALLENGE, &response).is_ok());
}
