//! `adctl ntlm`: recorded handshakes judged and explained.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::fs;

use adlib::ntlm::{Acceptor, Ephemeral, Initiator, NtHash, ServerChallenge, ServerNames, SessionKey};
use adlib_core::{ChannelBindings, FileTime};
use folder::Folder;
use serde_json::{Value, json};

/// 2026-03-01T12:00:00Z
const NOW: FileTime = FileTime(134_168_400_000_000_000);
const HASH_OF_SECRET: &str = "878d8014606cda29677a44efa1353fc7";

/// A handshake in three files, bound to a connection.
struct Recorded(Folder);

impl Recorded {
    fn new() -> Self {
        let ephemeral = Ephemeral {
            now: NOW,
            client_challenge: [1; 8],
            session_key: SessionKey::new([2; 16]),
        };
        let bindings = ChannelBindings::new(b"tls-server-end-point:x".to_vec());
        let (negotiate, awaiting) =
            Initiator::new("zoë", "CORP", NtHash::from_password("secret".into()), ephemeral)
                .workstation("WS1")
                .target_name("HTTP/app.corp.example.com")
                .channel_bindings(&bindings)
                .negotiate();
        let names = ServerNames {
            netbios_domain: "CORP".into(),
            netbios_computer: "APP1".into(),
            ..ServerNames::default()
        };
        let challenge = ServerChallenge::new([3; 8]);
        let (challenge, _) = Acceptor::new(names)
            .challenge(&negotiate, challenge, NOW)
            .unwrap();
        let (authenticate, _) = awaiting.authenticate(&challenge).unwrap();
        Self(Folder::of(&[
            ("1", &negotiate),
            ("2", &challenge),
            ("3", &authenticate),
            ("pw", b"secret\n"),
        ]))
    }

    /// Exit code, the object, and what standard error says.
    fn run(&self, arguments: &[&str]) -> (i32, Value, String) {
        let (code, output, errors) = self.0.run(&[arguments, &["--json"]].concat());
        (code, serde_json::from_str(&output).unwrap_or(Value::Null), errors)
    }

    fn verify(&self, more: &[&str]) -> (i32, Value, String) {
        let files = [
            "ntlm",
            "verify",
            "--negotiate",
            "1",
            "--challenge",
            "2",
            "--authenticate",
            "3",
        ];
        self.run(&[&files, more].concat())
    }
}

/// R14: by hash and by password, with every key of the call.
#[test]
fn r14_a_recorded_handshake_is_verified() {
    let recorded = Recorded::new();
    for secret in [["--nt-hash", HASH_OF_SECRET], ["--password-file", "pw"]] {
        let (code, json, errors) = recorded.verify(&secret);
        assert_eq!(code, 0, "{json} {errors}");
        for (key, value) in [
            ("schema", json!(1)),
            ("verdict", json!("accepted")),
            ("user", json!("zoë")),
            ("domain", json!("CORP")),
            ("workstation", json!("WS1")),
            ("version", json!("ntlmv2")),
            ("mic", json!("valid")),
            ("bindings", json!("not-checked")),
            ("target_name", json!("HTTP/app.corp.example.com")),
            ("session_key", Value::Null),
        ] {
            assert_eq!(json[key], value, "{key}");
        }
    }
    let (_, json, _) = recorded.verify(&["--password-file", "pw", "--show-secrets"]);
    assert_eq!(json["session_key"].as_str().unwrap().len(), 32);
}

/// R14: the same in base64, as in a header, and in SPNEGO.
#[test]
fn r14_messages_are_read_as_they_were_recorded() {
    let recorded = Recorded::new();
    let third = recorded.0.path("3");
    let bytes = fs::read(&third).unwrap();
    let wrapped = adlib::spnego::NegTokenResp {
        response_token: Some(&bytes),
        ..adlib::spnego::NegTokenResp::default()
    };
    for content in [
        wrapped.encode(),
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into_bytes(),
    ] {
        fs::write(&third, content).unwrap();
        let (code, json, _) = recorded.verify(&["--password-file", "pw"]);
        assert_eq!((code, &json["mic"]), (0, &json!("valid")), "{json}");
    }
}

/// A33, A35, A38, A40: each in its own word.
#[test]
fn a35_what_is_wrong_is_refused_by_name() {
    let recorded = Recorded::new();
    let own = ChannelBindings::new(b"tls-server-end-point:x".to_vec()).hash();
    let own: String = own.iter().map(|byte| format!("{byte:02x}")).collect();
    let other = "ab".repeat(16);
    let password = ["--password-file", "pw"];
    for (more, verdict) in [
        (&["--nt-hash", &other][..], "wrong-proof"),
        (
            &["--at", "2026-03-01T12:04:59Z", password[0], password[1]],
            "accepted",
        ),
        (
            &["--at", "2026-03-01T12:05:01Z", password[0], password[1]],
            "clock-skew",
        ),
        (&["--bindings", &own, password[0], password[1]], "accepted"),
        (
            &["--bindings", &other, password[0], password[1]],
            "bindings-mismatch",
        ),
    ] {
        let (code, json, errors) = recorded.verify(more);
        let word = if code == 0 {
            &json["verdict"]
        } else {
            &json["reason"]
        };
        assert_eq!(
            (word, code),
            (&json!(verdict), i32::from(verdict != "accepted")),
            "{json} {errors}"
        );
    }
    let third = recorded.0.path("3");
    let untouched = fs::read(&third).unwrap();
    let mut changed = untouched.clone();
    changed[72] ^= 1;
    fs::write(&third, changed).unwrap();
    assert_eq!(recorded.verify(&password).1["reason"], "wrong-mic");
    fs::write(&third, &untouched[..60]).unwrap();
    let (code, json, _) = recorded.verify(&password);
    assert_eq!((code, &json["reason"]), (1, &json!("malformed")), "{json}");
}

/// What the operator got wrong is one line, and holds no secret.
#[test]
fn a63_mistakes_of_the_operator() {
    let recorded = Recorded::new();
    for more in [
        &[][..],
        &["--nt-hash", "zz"],
        &["--nt-hash", &HASH_OF_SECRET[2..]],
        &["--password-file", "missing"],
        &["--password-file", "pw", "--at", "noon"],
        &["--password-file", "pw", "--bindings", "00"],
    ] {
        let (code, json, errors) = recorded.verify(more);
        assert_eq!((code, json), (2, Value::Null), "{more:?}");
        assert!(!errors.is_empty() && !errors.contains("878d"), "{errors}");
    }
}

/// A63: a message is explained without anything that a password could be guessed from.
#[test]
fn a63_messages_are_explained_without_secrets() {
    let recorded = Recorded::new();
    for (file, kind) in [("1", "negotiate"), ("2", "challenge"), ("3", "authenticate")] {
        let (code, json, _) = recorded.run(&["ntlm", "inspect", file]);
        assert_eq!((code, &json["kind"]), (0, &json!(kind)), "{json}");
        assert!(json["flags"].as_array().unwrap().contains(&json!("UNICODE")));
        assert_eq!(json["canonical"], true);
    }
    let (_, json, _) = recorded.run(&["ntlm", "inspect", "3"]);
    assert_eq!(
        (&json["user"], &json["response"], &json["mic"]),
        (&json!("zoë"), &json!("ntlmv2"), &json!("present"))
    );
    assert_eq!(json["target_info"]["netbios_computer"], "APP1");
    assert_eq!(json["target_info"]["timestamp"], "2026-03-01T12:00:00Z");
    let bytes = fs::read(recorded.0.path("3")).unwrap();
    let mic: String = bytes[72..88].iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!json.to_string().contains(&mic));

    let (code, json, _) = recorded.run(&["ntlm", "inspect", "pw"]);
    assert_eq!((code, &json["reason"]), (1, &json!("malformed")), "{json}");
}
