//! `adctl spnego`: negotiation tokens explained, whatever is in them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use adlib::{
    ntlm::{Ephemeral, Initiator, NtHash, SessionKey},
    spnego::{MechType, NegState, NegTokenInit, NegTokenResp},
};
use adlib_core::{FileTime, UnixTime};
use adlib_kerberos::UnverifiedApReq;
use folder::Folder;
use serde_json::{Value, json};

/// Exit code, the object, and the text of it, for a file that holds `token`.
fn inspect(token: &[u8]) -> (i32, Value, String) {
    run(token, &["--json"])
}

fn run(token: &[u8], more: &[&str]) -> (i32, Value, String) {
    let folder = Folder::of(&[("token", token)]);
    let (code, text, _) = folder.run(&[&["spnego", "inspect", "token"], more].concat());
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    (code, json, text)
}

fn ntlm_negotiate() -> Vec<u8> {
    let ephemeral = Ephemeral {
        now: FileTime(0),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let hash = NtHash::from_password("secret".into());
    Initiator::new("ada", "CORP", hash, ephemeral).negotiate().0
}

/// A KRB-ERROR in its frame.
fn krb_error() -> Vec<u8> {
    let service = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM".parse().unwrap();
    let rejection = UnverifiedApReq::decode(b"no token").unwrap_err();
    rejection.krb_error(&service, UnixTime::from_seconds(1_800_000_000))
}

/// What a browser begins with.
fn init(mech_types: &[MechType<'_>], token: Option<&[u8]>) -> Vec<u8> {
    let mut init = NegTokenInit::decode(b"\xa0\x06\x30\x04\xa0\x02\x30\x00").unwrap();
    init.mech_types = mech_types.to_vec();
    init.mech_token = token;
    init.encode()
}

/// A28, A30: each kind by its name, with what is in it.
#[test]
fn a30_each_kind_of_token_is_told() {
    let negotiate = ntlm_negotiate();
    let offered = [MechType::MICROSOFT_KERBEROS, MechType::KERBEROS, MechType::NTLM];
    let (code, json, _) = inspect(&init(&offered, Some(&negotiate)));
    let mechs = json!(["microsoft-kerberos", "kerberos", "ntlm"]);
    assert_eq!((code, &json["schema"]), (0, &json!(1)));
    assert_eq!(
        (&json["kind"], &json["mechs"]),
        (&json!("neg-token-init"), &mechs)
    );
    assert_eq!(
        (&json["token"]["kind"], &json["mech_list_mic_bytes"]),
        (&json!("negotiate"), &Value::Null)
    );

    let error = krb_error();
    let resp = NegTokenResp {
        state: Some(NegState::Reject),
        supported_mech: Some(MechType::KERBEROS),
        response_token: Some(&error),
        mech_list_mic: Some(&[7; 16]),
    };
    let (code, json, text) = inspect(&resp.encode());
    assert_eq!(
        (code, &json["kind"], &json["state"]),
        (0, &json!("neg-token-resp"), &json!("reject"))
    );
    assert_eq!(
        (&json["mechs"], &json["token"]["kind"]),
        (&json!(["kerberos"]), &json!("krb-error"))
    );
    assert_eq!(json["mech_list_mic_bytes"], 16);
    assert!(!text.contains("0707"), "{text}");

    for (token, kind, mech, inner) in [
        (&negotiate[..], "raw-ntlm", "ntlm", "negotiate"),
        (&error, "raw-kerberos", "kerberos", "krb-error"),
        (b"NEGOEXTS\0\0\0\0", "negoex", "negoex", "null"),
    ] {
        let (code, json, _) = inspect(token);
        assert_eq!(
            (code, &json["kind"], &json["mechs"]),
            (0, &json!(kind), &json!([mech])),
            "{json}"
        );
        assert_eq!(json["token"]["kind"].as_str().unwrap_or("null"), inner);
    }
}

/// The line of a header is as good as the bytes, and a person reads the same.
#[test]
fn a_header_is_explained_to_a_person() {
    let (code, _, text) = run(b"WWW-Authenticate: Negotiate oQcwBaADCgEB\r\n", &[]);
    assert_eq!(code, 0);
    assert!(
        text.contains("kind   neg-token-resp") && text.contains("state  accept-incomplete"),
        "{text}"
    );
    let (_, _, text) = run(&init(&[MechType::NTLM], Some(&ntlm_negotiate())), &[]);
    assert!(
        text.contains("mechanism  ntlm") && text.contains("UNICODE"),
        "{text}"
    );
}

/// A28, A30: what cannot be decoded, at either depth, is malformed, and what could be is told beside it.
#[test]
fn a28_what_cannot_be_decoded_is_malformed() {
    let whole = init(&[MechType::KERBEROS], None);
    let inside = init(&[MechType::KERBEROS], Some(&whole));
    for token in [
        &b"noise"[..],
        b"",
        &whole[..whole.len() - 1],
        b"\xa0\x80\x30\x00",
        &inside,
    ] {
        let (code, json, _) = inspect(token);
        assert_eq!((code, &json["reason"]), (1, &json!("malformed")), "{json}");
    }
    let (_, json, _) = inspect(&init(&[MechType::NTLM], Some(b"NTLMSSP\0\x01\0")));
    assert_eq!(
        (&json["kind"], &json["reason"]),
        (&json!("neg-token-init"), &json!("malformed"))
    );
}
