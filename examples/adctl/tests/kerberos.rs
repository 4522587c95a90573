//! `adctl kerberos` on files, with tickets made in memory and tickets that a Samba controller made.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{fs, ops::Deref, path::Path};

use adlib::{
    Keytab, UnixTime,
    kerberos::{
        EncryptionType, KeytabEntry, Principal, ServiceKey, SessionKey,
        issue::{ApReqBuilder, PacBuilder, TicketBuilder},
        pac::BufferType,
    },
    spnego::{MechType, NegTokenInit},
};
use adlib_core::ChannelBindings;
use base64::{Engine, prelude::BASE64_STANDARD};
use folder::Folder;
use serde_json::{Value, json};

const SERVICE: &str = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM";
/// The time of the scene, and a time an hour before, when the client was authenticated.
const NOW: i64 = 1_800_000_000;
const AT: &str = "2027-01-15T08:00:00Z";
const SID: &str = "S-1-5-21-1111111111-2222222222-3333333333";

/// A directory with files in it, and what `adctl kerberos` says there.
struct Site(Folder);

impl Deref for Site {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Site {
    fn new(files: &[(&str, &[u8])]) -> Self {
        Self(Folder::of(files))
    }

    /// A site with `token` and the scene's keytab.
    fn with_token(token: &[u8]) -> Self {
        Self::new(&[("token", token), ("keytab", &keytab().encode())])
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, value) = self.0.json(&[&["kerberos"], arguments].concat());
        assert_eq!(value["schema"], 1);
        (code, value)
    }

    /// The verdict on `token` with the scene's keytab, at the scene's time.
    fn verify(&self, more: &[&str]) -> (i32, Value) {
        let usual = ["verify", "token", "--keytab", "keytab", "--at", AT];
        self.json(&[&usual, more].concat())
    }

    /// The reason for which `token` is refused, or "accepted".
    fn reason(&self, more: &[&str]) -> String {
        reason(&self.verify(more))
    }

    /// The one line on standard error with which an input of the operator's stops a call.
    fn stopped(&self, arguments: &[&str]) -> String {
        let (code, output, errors) = self.0.run(&[&["kerberos"], arguments].concat());
        assert_eq!((code, output.as_str()), (2, ""), "{errors}");
        errors
    }
}

fn reason((code, verdict): &(i32, Value)) -> String {
    let reason = match verdict["verdict"].as_str().unwrap() {
        "accepted" => "accepted",
        "refused" => {
            assert!(!verdict["detail"].as_str().unwrap().is_empty());
            verdict["reason"].as_str().unwrap()
        }
        other => panic!("no verdict: {other}"),
    };
    assert_eq!(*code, i32::from(reason != "accepted"), "{verdict}");
    reason.to_owned()
}

fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

fn key(etype: EncryptionType, byte: u8) -> ServiceKey {
    ServiceKey::new(etype, vec![byte; etype.key_length()]).unwrap()
}

/// `key` as it is typed.
fn typed(etype: &str, byte: &str, length: usize) -> String {
    format!("{etype}:{}", byte.repeat(length))
}

const AES: EncryptionType = EncryptionType::Aes256Sha1;

fn service_key() -> ServiceKey {
    key(AES, 1)
}

fn controllers_key() -> ServiceKey {
    key(AES, 2)
}

fn now() -> UnixTime {
    UnixTime::from_seconds(NOW)
}

fn client() -> Principal {
    Principal::user("ada", "CORP.EXAMPLE.COM")
}

fn entry(key: ServiceKey, kvno: u32) -> KeytabEntry {
    KeytabEntry {
        principal: SERVICE.parse().unwrap(),
        kvno,
        key,
        timestamp: now(),
    }
}

fn keytab() -> Keytab {
    Keytab::new(vec![entry(service_key(), 5)])
}

fn pac() -> PacBuilder {
    let auth_time = UnixTime::from_seconds(NOW - 3600);
    PacBuilder::new(
        &client(),
        auth_time,
        "CORP",
        SID.parse().unwrap(),
        1104,
        &[513, 1165],
    )
}

fn bare_ticket(etype: EncryptionType) -> TicketBuilder {
    let session_key = SessionKey::new(etype, vec![3; etype.key_length()]).unwrap();
    let auth_time = UnixTime::from_seconds(NOW - 3600);
    let mut ticket = TicketBuilder::new(client(), SERVICE.parse().unwrap(), session_key, auth_time);
    ticket.kvno = Some(7);
    ticket
}

fn ticket() -> TicketBuilder {
    bare_ticket(AES).with_signed_pac(&pac(), &service_key(), &controllers_key())
}

/// A client's message with the ticket that `change` makes of the usual one.
fn request_with(change: impl FnOnce(&mut TicketBuilder)) -> ApReqBuilder {
    let mut ticket = ticket();
    change(&mut ticket);
    ApReqBuilder::new(&ticket.encrypt(&service_key(), &mut random), now())
}

fn request() -> ApReqBuilder {
    request_with(|_| {})
}

fn token() -> Vec<u8> {
    request().encrypt_token(&mut random).unwrap()
}

/// `token` in SPNEGO.
fn spnego(token: &[u8]) -> Vec<u8> {
    let mech_types = vec![MechType::MICROSOFT_KERBEROS, MechType::KERBEROS];
    let (mech_token, mech_list_mic) = (Some(token), None);
    NegTokenInit {
        mech_types,
        mech_token,
        mech_list_mic,
    }
    .encode()
}

fn groups() -> Value {
    json!([format!("{SID}-513"), format!("{SID}-1165")])
}

/// R13
#[test]
fn r13_an_accepted_token_and_all_that_is_said_of_it() {
    let mut request = request();
    request.mutual = true;
    let site = Site::with_token(&request.encrypt_token(&mut random).unwrap());
    let (code, mut verdict) = site.verify(&[]);
    assert_eq!(code, 0, "{verdict}");
    let ap_rep = verdict["ap_rep"].take();
    assert!(ap_rep.as_str().unwrap().starts_with("60"), "{ap_rep}");
    let pac = verdict["pac"].take();
    let expected = json!({
        "schema": 1, "verdict": "accepted", "client": "ada", "client_realm": "CORP.EXAMPLE.COM",
        "service": "HTTP/app.corp.example.com", "service_realm": "CORP.EXAMPLE.COM", "ticket_etype": 18,
        "session_etype": 18, "kvno": 5, "mutual": true, "clock_difference_s": 0, "bindings": "absent",
        "delegated": false, "ap_rep": null, "pac": null,
        "auth_time": "2027-01-15T07:00:00Z", "end_time": "2027-01-15T17:00:00Z",
    });
    assert_eq!(verdict, expected);
    let expected = json!({
        "state": "verified", "server_signature": "valid", "buffers": [1, 10, 12, 16, 6, 7, 19],
        "user_sid": format!("{SID}-1104"), "primary_group": 513, "groups": groups(), "account": "ada",
        "domain": "CORP", "upn": "ada@corp.example.com", "full_name": "ada", "dns_domain": "CORP.EXAMPLE.COM",
        "constructed_upn": null, "logon_time": "2027-01-15T07:00:00Z", "logon_server": "DC1", "client": "ada",
        "requestor": null,
        "more": { "delegation": null, "device": null, "attributes": null, "claims": null, "device_claims": null },
    });
    assert_eq!(pac, expected);
}

/// R13: the same message, however it is kept in a file.
#[test]
fn r13_a_token_is_read_in_every_wrapping() {
    let (raw, framed) = (request().encrypt(&mut random).unwrap(), token());
    let base64 = BASE64_STANDARD.encode(spnego(&framed));
    let hexadecimal: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    for token in [
        raw.clone(),
        framed.clone(),
        spnego(&framed),
        spnego(&raw),
        base64.clone().into(),
        format!("Authorization: Negotiate {base64}\r\n").into(),
        format!("{}\n", BASE64_STANDARD.encode(&framed)).into(),
        hexadecimal.into(),
    ] {
        let (code, verdict) = Site::with_token(&token).verify(&[]);
        assert_eq!((code, &verdict["client"]), (0, &json!("ada")), "{verdict}");
        assert_eq!(verdict["ap_rep"], Value::Null, "the client wants none");
    }
}

#[test]
fn json_before_and_after_the_call_and_text_without() {
    let site = Site::with_token(&token());
    let usual = ["kerberos", "verify", "token", "--keytab", "keytab", "--at", AT];
    let (code, before, _) = site.run(&[&["--json"], &usual[..]].concat());
    let (_, within, _) = site.run(&[&["kerberos", "--json"], &usual[1..]].concat());
    let (_, after, _) = site.run(&[&usual[..], &["--json"]].concat());
    assert_eq!((code, &before, &within), (0, &after, &after));
    let (code, text, _) = site.run(&usual);
    assert_eq!(code, 0);
    assert!(
        text.starts_with("accepted\n") && text.contains("ada@CORP.EXAMPLE.COM"),
        "{text}"
    );
    for said in [
        SERVICE,
        "aes256-cts-hmac-sha1-96 (18)",
        "CORP\\ada",
        &format!("{SID}-1165"),
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let (code, text, _) = site.run(&[&usual[..], &["--spn", "HTTP/other"]].concat());
    assert_eq!(code, 1);
    assert!(
        text.starts_with("refused: ") && text.contains("(wrong-service)"),
        "{text}"
    );
}

/// R11, A4, A5
#[test]
fn r11_a_key_serves_the_service_and_the_version_that_a_ticket_names() {
    let site = Site::with_token(&token());
    let verdict = |more: &[&str]| site.json(&[&["verify", "token", "--at", AT], more].concat());
    for etype in ["18", "aes256-cts-hmac-sha1-96"] {
        let (code, accepted) = verdict(&["--key", &typed(etype, "01", 32)]);
        assert_eq!((code, &accepted["kvno"]), (0, &json!(7)), "{accepted}");
        assert_eq!(accepted["service"], "HTTP/app.corp.example.com");
    }
    let key = typed("18", "01", 32);
    assert_eq!(verdict(&["--key", &key, "--kvno", "9"]).1["kvno"], 9);
    assert_eq!(
        reason(&verdict(&["--key", &typed("18", "09", 32)])),
        "ticket-not-opened"
    );
    assert_eq!(reason(&verdict(&["--key", &typed("17", "01", 16)])), "no-key");

    let unnamed = request_with(|ticket| ticket.kvno = None);
    let site = Site::with_token(&unnamed.encrypt(&mut random).unwrap());
    let (code, accepted) = site.json(&["verify", "token", "--at", AT, "--key", &key]);
    assert_eq!((code, &accepted["kvno"]), (0, &Value::Null));
    let (_, accepted) = site.verify(&[]);
    assert_eq!(accepted["kvno"], 5, "the keytab's");
}

/// A1
#[test]
fn a01_the_service_can_be_restricted() {
    let site = Site::with_token(&token());
    for spn in ["HTTP/app.corp.example.com", "http/APP.corp.example.com", SERVICE] {
        assert_eq!(site.reason(&["--spn", spn]), "accepted", "{spn}");
    }
    assert_eq!(
        site.reason(&["--spn", "CIFS/app.corp.example.com"]),
        "wrong-service"
    );
}

/// R10, A9, A10
#[test]
fn r10_times_are_judged_at_the_time_that_is_given() {
    let site = Site::with_token(&token());
    let at = "2027-01-15T09:00:10+01:00";
    let (code, verdict) = site.json(&["verify", "token", "--keytab", "keytab", "--at", at]);
    assert_eq!((code, &verdict["clock_difference_s"]), (0, &json!(-10)));
    for (at, expected) in [
        ("2027-01-15T08:05:00Z", "accepted"),
        ("2027-01-15T08:05:01Z", "clock-skew"),
        ("2027-01-15T07:54:59Z", "clock-skew"),
    ] {
        let verdict = site.json(&["verify", "token", "--keytab", "keytab", "--at", at]);
        assert_eq!(reason(&verdict), expected, "{at}");
    }
    let now = site.json(&["verify", "token", "--keytab", "keytab"]);
    assert_eq!(reason(&now), "clock-skew", "the present is years away");
    let expired = request_with(|ticket| ticket.end_time = UnixTime::from_seconds(NOW - 1800));
    let site = Site::with_token(&expired.encrypt(&mut random).unwrap());
    assert_eq!(site.reason(&[]), "ticket-expired");
}

/// A17, A18
#[test]
fn a17_the_pac_is_required_unless_the_call_says_otherwise() {
    let without = bare_ticket(AES).encrypt(&service_key(), &mut random);
    let without = Site::with_token(&ApReqBuilder::new(&without, now()).encrypt(&mut random).unwrap());
    assert_eq!(without.reason(&[]), "pac-missing");
    assert_eq!(without.reason(&["--pac", "required"]), "pac-missing");
    let (code, verdict) = without.verify(&["--pac", "best-effort"]);
    assert_eq!((code, &verdict["pac"]["state"]), (0, &json!("absent")));
    for absent in [
        "buffers",
        "groups",
        "user_sid",
        "server_signature",
        "account",
        "upn",
    ] {
        assert_eq!(verdict["pac"].get(absent), Some(&Value::Null), "{absent}");
    }
    let forged = bare_ticket(AES).with_signed_pac(&pac(), &key(AES, 9), &controllers_key());
    let forged = forged.encrypt(&service_key(), &mut random);
    let forged = Site::with_token(&ApReqBuilder::new(&forged, now()).encrypt(&mut random).unwrap());
    for mode in ["required", "best-effort"] {
        assert_eq!(forged.reason(&["--pac", mode]), "pac-server-signature");
    }
    let (code, verdict) = forged.verify(&["--pac", "off"]);
    assert_eq!((code, &verdict["pac"]["state"]), (0, &json!("off")));
    assert_eq!(verdict["pac"]["user_sid"], Value::Null);
}

/// A14
#[test]
fn a14_bindings_are_compared_by_their_hash() {
    let bindings = ChannelBindings::tls_server_end_point(&[7; 32]);
    let hash: String = bindings.hash().iter().map(|byte| format!("{byte:02x}")).collect();
    let bound = Site::with_token(&request().bound_to(&bindings).encrypt(&mut random).unwrap());
    let state = |more: &[&str]| bound.verify(more).1["bindings"].clone();
    assert_eq!(state(&["--bindings", &hash]), "bound");
    assert_eq!(
        state(&["--bindings", &hash.to_uppercase(), "--require-bindings"]),
        "bound"
    );
    assert_eq!(state(&[]), "not-checked");
    assert_eq!(
        bound.reason(&["--bindings", &"ab".repeat(16)]),
        "bindings-mismatch"
    );
    let unbound = Site::with_token(&token());
    assert_eq!(unbound.verify(&["--bindings", &hash]).1["bindings"], "absent");
    assert_eq!(
        unbound.reason(&["--bindings", &hash, "--require-bindings"]),
        "bindings-missing"
    );
}

/// R11, A6
#[test]
fn r11_rc4_is_a_choice_and_des_is_not() {
    let rc4 = EncryptionType::Rc4;
    let pac = pac().sign(&key(rc4, 1), &controllers_key());
    let ticket = bare_ticket(rc4).with_pac(pac).encrypt(&key(rc4, 1), &mut random);
    let site = Site::with_token(&ApReqBuilder::new(&ticket, now()).encrypt(&mut random).unwrap());
    let verdict = |more: &[&str]| {
        let key = typed("rc4-hmac", "01", 16);
        site.json(&[&["verify", "token", "--key", &key, "--at", AT], more].concat())
    };
    assert_eq!(reason(&verdict(&[])), "rc4-not-admitted");
    let (code, accepted) = verdict(&["--allow-rc4"]);
    assert_eq!(
        (code, &accepted["ticket_etype"], &accepted["session_etype"]),
        (0, &json!(23), &json!(23))
    );
    let des = request_with(|ticket| ticket.ticket_etype = Some(3));
    let site = Site::with_token(&des.encrypt(&mut random).unwrap());
    assert_eq!(site.reason(&["--allow-rc4"]), "des-etype");
}

/// A63
#[test]
fn a63_keys_are_printed_only_when_they_are_asked_for() {
    let mut request = request();
    request.subkey = Some((18, vec![4; 32]));
    let site = Site::with_token(&request.encrypt(&mut random).unwrap());
    let usual = ["kerberos", "verify", "token", "--keytab", "keytab", "--at", AT];
    for more in [&[][..], &["--json"]] {
        let (_, text, _) = site.run(&[&usual[..], more].concat());
        for secret in ["03030303", "04040404", "01010101"] {
            assert!(!text.contains(secret), "{text}");
        }
        let (_, text, _) = site.run(&[&usual[..], more, &["--show-secrets"]].concat());
        assert!(
            text.contains(&"03".repeat(32)) && text.contains(&"04".repeat(32)),
            "{text}"
        );
    }
    let verdict = site.verify(&["--show-secrets"]).1;
    assert_eq!(verdict["session_key"], "03".repeat(32));
    assert_eq!(verdict["subkey"], "04".repeat(32));
    let verdict = Site::with_token(&token()).verify(&["--show-secrets"]).1;
    assert_eq!(verdict.get("subkey"), Some(&Value::Null), "the client chose none");
}

#[test]
fn a_delegating_client_is_named_as_one() {
    let mut request = request();
    let tgt = bare_ticket(AES).encrypt(&controllers_key(), &mut random);
    request.delegate(&tgt, None, &mut random);
    let (code, verdict) = Site::with_token(&request.encrypt(&mut random).unwrap()).verify(&[]);
    assert_eq!((code, &verdict["delegated"]), (0, &json!(true)));
}

/// A11, A28
#[test]
fn a28_bytes_that_are_no_token_are_malformed() {
    let token = token();
    for bytes in [
        &b""[..],
        b"hello",
        &[0; 100],
        &token[..token.len() - 1],
        &token[..30],
        b"NTLMSSP\0\x01\0\0\0",
        &spnego(b"NTLMSSP\0\x01\0\0\0"),
        &spnego(&token)[..100],
    ] {
        assert_eq!(
            Site::with_token(bytes).reason(&[]),
            "malformed",
            "{}",
            bytes.escape_ascii()
        );
    }
    let mut flipped = token.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(Site::with_token(&flipped).reason(&[]), "authenticator-not-opened");
}

#[test]
fn inputs_of_the_operator_stop_the_call_with_one_line() {
    let site = Site::with_token(&token());
    let good = typed("18", "01", 32);
    let verify = |more: &[&str]| site.stopped(&[&["verify", "token"], more].concat());
    for (more, expected) in [
        (&["--keytab", "nowhere"][..], "nowhere: "),
        (&["--keytab", "token"], "token: not a keytab"),
        (&["--key", "18:0101"], "--key: a key for aes256"),
        (&["--key", "18:xyz"], "--key: the key is not in hexadecimal"),
        (&["--key", "0101"], "--key: expected ETYPE:HEX"),
        (
            &["--key", "3:0101010101010101"],
            "--key: encryption type 3 is DES",
        ),
        (
            &["--key", "aes:01"],
            "--key: no encryption type is called \"aes\"",
        ),
        (&["--key", &good, "--at", "noon"], "--at: "),
        (
            &["--key", &good, "--bindings", "00"],
            "--bindings: expected 16 bytes",
        ),
        (
            &["--key", &good, "--bindings", "zz"],
            "--bindings: expected 16 bytes",
        ),
    ] {
        let line = verify(more);
        assert!(
            line.starts_with(&format!("adctl: {expected}")),
            "{more:?}: {line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    assert!(
        site.stopped(&["verify", "nowhere", "--key", &good])
            .starts_with("adctl: nowhere: ")
    );
    // What clap says is longer.
    for wrong in [
        &["verify", "token"][..],
        &["verify", "token", "--key", &good, "--keytab", "keytab"],
        &["verify", "token", "--keytab", "keytab", "--kvno", "3"],
        &["verify", "token", "--key", &good, "--kvno", "x"],
        &["verify", "token", "--key", &good, "--pac", "maybe"],
        &["ticket", "token"],
        &["pac", "token"],
        &["keytab"],
    ] {
        assert!(!site.stopped(wrong).is_empty(), "{wrong:?}");
    }
    for call in ["ticket", "pac"] {
        assert!(
            site.stopped(&[call, "nowhere", "--key", &good])
                .starts_with("adctl: nowhere: ")
        );
        assert!(
            site.stopped(&[call, "token", "--key", "18:0"])
                .starts_with("adctl: --key: ")
        );
        let line = site.stopped(&[call, "token", "--key", &good, "--kdc-key", "x"]);
        assert!(line.starts_with("adctl: --kdc-key: "), "{line}");
    }
}

#[test]
fn a_keytab_is_listed_without_its_keys() {
    let keytab = Keytab::new(vec![
        entry(service_key(), 5),
        entry(key(EncryptionType::Rc4, 1), 300),
    ]);
    // The same entry as the last, of DES: it is set aside.
    let mut file = keytab.encode();
    let last = Keytab::new(vec![entry(key(EncryptionType::Rc4, 1), 300)]).encode();
    let mut des = last[2..].to_vec();
    let at = des.windows(4).position(|bytes| bytes == [0, 23, 0, 16]).unwrap();
    des[at + 1] = 3;
    file.extend(des);
    let site = Site::new(&[
        ("keytab", &file),
        ("empty", &Keytab::default().encode()),
        ("broken", &file[..20]),
    ]);
    let (code, listed) = site.json(&["keytab", "keytab"]);
    let line = |kvno: u32, etype: i32| json!({ "principal": SERVICE, "kvno": kvno, "etype": etype, "timestamp": AT });
    let mut unusable = line(300, 3);
    unusable["reason"] = "encryption type 3 is DES, which is never accepted".into();
    let expected = json!({ "schema": 1, "entries": [line(5, 18), line(300, 23)], "unusable": [unusable] });
    assert_eq!((code, listed), (0, expected));
    let (code, text, _) = site.run(&["kerberos", "keytab", "keytab"]);
    assert_eq!((code, text.lines().count()), (0, 4), "{text}");
    assert!(!text.contains("0101"), "{text}");
    assert_eq!(site.json(&["keytab", "empty"]).1["entries"], json!([]));
    assert!(
        site.stopped(&["keytab", "broken"])
            .starts_with("adctl: broken: keytab entry 1")
    );
}

/// A26
#[test]
fn a26_every_signature_of_a_ticket_is_examined() {
    let site = Site::new(&[("ticket", &ticket().encrypt(&service_key(), &mut random).der)]);
    let call = ["ticket", "ticket", "--key", &typed("18", "01", 32)];
    let (code, mut report) = site.json(&call);
    let pac = report["pac"].take();
    let expected = json!({
        "schema": 1, "verdict": "accepted", "client": "ada",
        "client_realm": "CORP.EXAMPLE.COM", "service": "HTTP/app.corp.example.com",
        "service_realm": "CORP.EXAMPLE.COM", "ticket_etype": 18, "session_etype": 18, "kvno": 7,
        "flags": "0x00600000", "auth_time": "2027-01-15T07:00:00Z", "start_time": "2027-01-15T07:00:00Z",
        "end_time": "2027-01-15T17:00:00Z", "renew_until": null, "pac": null,
    });
    assert_eq!((code, report), (0, expected));
    assert_eq!(pac["groups"], groups());
    assert_eq!(
        (&pac["state"], &pac["server_signature"]),
        (&json!("verified"), &json!("valid"))
    );
    let controllers = ["kdc_signature", "ticket_signature", "full_signature"];
    let states = |more: &[&str]| {
        let (code, report) = site.json(&[&call[..], more].concat());
        let states = controllers.map(|name| report["pac"][name].as_str().unwrap().to_owned());
        (code, report.get("reason").cloned().unwrap_or_default(), states)
    };
    assert_eq!(
        states(&[]),
        (0, Value::Null, ["not-checked"; 3].map(str::to_owned))
    );
    let right = typed("18", "02", 32);
    assert_eq!(
        states(&["--kdc-key", &right]),
        (0, Value::Null, ["valid"; 3].map(str::to_owned))
    );
    let wrong = typed("18", "09", 32);
    let refused = json!("pac-controllers-signature");
    assert_eq!(
        states(&["--kdc-key", &wrong]),
        (1, refused, ["invalid"; 3].map(str::to_owned))
    );
}

/// A18: what a PAC says is shown although nobody should believe it.
#[test]
fn a18_a_ticket_with_a_wrong_signature_is_refused_and_shown() {
    let forged = bare_ticket(AES).with_signed_pac(&pac(), &key(AES, 9), &controllers_key());
    let site = Site::new(&[
        ("forged", &forged.encrypt(&service_key(), &mut random).der),
        (
            "without",
            &bare_ticket(AES).encrypt(&service_key(), &mut random).der,
        ),
        ("noise", b"no ticket"),
    ]);
    let key = typed("18", "01", 32);
    let (code, report) = site.json(&["ticket", "forged", "--key", &key]);
    assert_eq!((code, &report["reason"]), (1, &json!("pac-server-signature")));
    assert_eq!(
        (&report["client"], &report["pac"]["account"]),
        (&json!("ada"), &json!("ada"))
    );
    assert_eq!(report["pac"]["server_signature"], "invalid");
    assert_eq!(report["pac"]["state"], "refused");
    let (code, text, _) = site.run(&["kerberos", "ticket", "forged", "--key", &key]);
    assert!(
        code == 1 && text.contains("CORP\\ada") && text.contains("invalid"),
        "{text}"
    );

    let (code, report) = site.json(&["ticket", "without", "--key", &key]);
    assert_eq!((code, &report["pac"]["state"]), (0, &json!("absent")));
    let refused = |file: &str, key: &str| reason(&site.json(&["ticket", file, "--key", key]));
    assert_eq!(refused("noise", &key), "malformed");
    assert_eq!(refused("forged", &typed("18", "09", 32)), "ticket-not-opened");
    assert_eq!(refused("forged", &typed("17", "01", 16)), "no-key");
}

/// R11: in tickets under the lens RC4 is admitted, DES is not.
#[test]
fn r11_an_rc4_ticket_can_be_examined() {
    let rc4 = key(EncryptionType::Rc4, 1);
    let ticket = bare_ticket(EncryptionType::Rc4).with_signed_pac(&pac(), &rc4, &controllers_key());
    let des = request_with(|ticket| ticket.ticket_etype = Some(1)).ticket.der;
    let site = Site::new(&[("rc4", &ticket.encrypt(&rc4, &mut random).der), ("des", &des)]);
    let (code, report) = site.json(&["ticket", "rc4", "--key", &typed("23", "01", 16)]);
    assert_eq!((code, &report["ticket_etype"]), (0, &json!(23)), "{report}");
    let des = site.json(&["ticket", "des", "--key", &typed("18", "01", 32)]);
    assert_eq!(reason(&des), "des-etype");
}

/// A18, A20
#[test]
fn a20_a_pac_by_itself() {
    let signed = pac().sign(&service_key(), &controllers_key());
    let mut twice = pac();
    twice.other = vec![(BufferType(77), vec![]), (BufferType(77), vec![])];
    let twice = twice.sign(&service_key(), &controllers_key());
    let base64 = BASE64_STANDARD.encode(&signed);
    let site = Site::new(&[
        ("pac", &signed),
        ("text", base64.as_bytes()),
        ("short", &signed[..60]),
        ("empty", b""),
        ("twice", &twice),
    ]);
    let (service, controllers) = (typed("18", "01", 32), typed("18", "02", 32));
    let call = |file: &str, more: &[&str]| site.json(&[&["pac", file, "--key"], more].concat());
    for file in ["pac", "text"] {
        let (code, report) = call(file, &[&service, "--kdc-key", &controllers]);
        let pac = &report["pac"];
        assert_eq!((code, &report["verdict"]), (0, &json!("accepted")), "{report}");
        let signatures = [
            "server_signature",
            "kdc_signature",
            "ticket_signature",
            "full_signature",
        ];
        assert_eq!(
            signatures.map(|name| &pac[name]),
            ["valid", "valid", "absent", "absent"]
        );
        assert_eq!((&pac["state"], &pac["groups"]), (&json!("verified"), &groups()));
        assert_eq!(pac["upn"], "ada@corp.example.com");
    }
    let (code, report) = call("pac", &[&controllers]);
    assert_eq!((code, &report["reason"]), (1, &json!("pac-server-signature")));
    assert_eq!(
        (&report["pac"]["account"], &report["pac"]["state"]),
        (&json!("ada"), &json!("refused"))
    );
    for (file, expected) in [
        ("short", "malformed"),
        ("empty", "malformed"),
        ("twice", "pac-buffer-twice"),
    ] {
        assert_eq!(reason(&call(file, &[&service])), expected);
    }
    let (code, text, _) = site.run(&["kerberos", "pac", "pac", "--key", &service]);
    assert!(
        code == 0 && text.starts_with("accepted\n") && text.contains("CORP\\ada"),
        "{text}"
    );
}

#[test]
fn a_name_that_the_controller_made_up_is_no_upn() {
    let mut pac = pac();
    pac.names.as_mut().unwrap().constructed = true;
    let site = Site::new(&[("pac", &pac.sign(&service_key(), &controllers_key()))]);
    let (_, report) = site.json(&["pac", "pac", "--key", &typed("18", "01", 32)]);
    assert_eq!(report["pac"]["upn"], Value::Null);
    assert_eq!(report["pac"]["constructed_upn"], "ada@corp.example.com");
}

/// A24, A27: what few PACs have is told, and what cannot be read is said to be so.
#[test]
fn a27_rare_buffers_are_told() {
    let mut pac = pac();
    pac.logon = None;
    pac.names = None;
    pac.other = vec![
        (BufferType::ATTRIBUTES, vec![2, 0, 0, 0, 1, 0, 0, 0]),
        (BufferType::CLIENT_CLAIMS, vec![1, 2, 3]),
        (BufferType::DEVICE_CLAIMS, vec![]),
    ];
    let site = Site::new(&[("pac", &pac.sign(&service_key(), &controllers_key()))]);
    let (code, report) = site.json(&["pac", "pac", "--key", &typed("18", "01", 32)]);
    let (pac, more) = (&report["pac"], &report["pac"]["more"]);
    assert_eq!(
        (code, &pac["user_sid"], &pac["groups"]),
        (0, &Value::Null, &json!([]))
    );
    assert_eq!(
        more["attributes"],
        json!({ "requested": true, "given_implicitly": false })
    );
    assert!(more["claims"]["malformed"].is_string(), "{more}");
    assert_eq!(
        (&more["device_claims"], &more["device"]),
        (&json!({}), &Value::Null)
    );
}

/// A61: names in a token cannot drive the terminal.
#[test]
fn a61_names_in_a_token_are_shown_tame() {
    let mut pac = pac();
    pac.logon.as_mut().unwrap().full_name = "\u{1b}[2J\n  group  admins\u{202e}".into();
    let site = Site::new(&[("pac", &pac.sign(&service_key(), &controllers_key()))]);
    let (_, text, _) = site.run(&["kerberos", "pac", "pac", "--key", &typed("18", "01", 32)]);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    assert!(
        !text.lines().any(|line| line.trim() == "group  admins"),
        "{text:?}"
    );
}

/// R13, A26: a Samba controller's ticket in MIT's message, as recorded.
#[test]
fn r13_recorded_messages_verify() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/adlib-kerberos/tests/vectors");
    let recorded = |name: &str| fs::read(recorded.join(name)).unwrap();
    let site = Site::new(&[
        ("token", &recorded("samba-4.17-ap-req-aes256.bin")),
        ("ticket", &recorded("samba-4.17-ticket-aes256.bin")),
        ("tgt", &recorded("samba-4.17-tgt-aes256.bin")),
    ]);
    let password = adlib::Password::from("Passw0rd.Service");
    let key = ServiceKey::from_password(AES, &password, b"CORP.EXAMPLE.COMsvc-http", None).unwrap();
    let hexadecimal: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let service = format!("18:{hexadecimal}");
    // The recorded domain is no more.
    let controllers = "18:0319a3ce190d44b2c3563780b1da4dfd62d5659f340933ff7c55abaab711072c";

    let (code, verdict) = site.json(&[
        "verify",
        "token",
        "--key",
        &service,
        "--at",
        "2026-11-22T18:46:41Z",
    ]);
    assert_eq!((code, &verdict["client"]), (0, &json!("ada")), "{verdict}");
    assert_eq!(verdict["pac"]["full_name"], "Ada Lovelace");
    assert!(verdict["ap_rep"].is_string());
    let (code, report) = site.json(&["ticket", "ticket", "--key", &service, "--kdc-key", controllers]);
    assert_eq!(
        (code, &report["pac"]["full_signature"]),
        (0, &json!("valid")),
        "{report}"
    );
    let (code, report) = site.json(&["ticket", "tgt", "--key", controllers, "--kdc-key", controllers]);
    assert_eq!(
        (code, &report["service"]),
        (0, &json!("krbtgt/CORP.EXAMPLE.COM")),
        "{report}"
    );
    assert_eq!(report["pac"]["requestor"], format!("{SID}-1103"));
}

/// R13: what stands in a token for all to read, whoever made it, without a key.
#[test]
fn tokens_are_explained_without_a_key() {
    let (raw, framed) = (request().encrypt(&mut random).unwrap(), token());
    let site = Site::new(&[
        ("raw", &raw),
        ("framed", &framed),
        ("spnego", &spnego(&framed)),
        ("text", BASE64_STANDARD.encode(spnego(&framed)).as_bytes()),
        ("ticket", &ticket().encrypt(&service_key(), &mut random).der),
        ("ntlm", b"NTLMSSP\0\x01\0\0\0"),
        ("noise", b"no token"),
    ]);
    let expected = json!({
        "tkt_vno": 5,
        "service": { "name": "HTTP/app.corp.example.com", "name_type": 2, "realm": "CORP.EXAMPLE.COM" },
        "enc_part": { "etype": { "number": 18, "name": "aes256-cts-hmac-sha1-96" }, "kvno": 7 },
    });
    for (file, mechanism, wrapping) in [
        ("raw", Value::Null, Value::Null),
        ("framed", "kerberos".into(), Value::Null),
        ("spnego", "kerberos".into(), "neg-token-init".into()),
        ("text", "kerberos".into(), "neg-token-init".into()),
    ] {
        let (code, mut explained) = site.json(&["inspect", file]);
        assert_eq!(
            (code, &explained["kind"], &explained["pvno"]),
            (0, &json!("ap-req"), &json!(5))
        );
        assert_eq!(
            (&explained["mechanism"], &explained["spnego"]),
            (&mechanism, &wrapping),
            "{file}"
        );
        let ticket = &mut explained["ticket"];
        let length = ticket["enc_part"].as_object_mut().unwrap().remove("length");
        assert!(length.unwrap().as_u64().unwrap() > 500);
        assert_eq!(*ticket, expected);
    }
    let (code, explained) = site.json(&["inspect", "ticket"]);
    assert_eq!((code, &explained["kind"]), (0, &json!("ticket")));
    let (code, text, _) = site.run(&["kerberos", "inspect", "spnego"]);
    assert!(
        code == 0 && text.starts_with("in SPNEGO") && text.contains("mutual_required: no"),
        "{text}"
    );
    for file in ["ntlm", "noise"] {
        assert_eq!(reason(&site.json(&["inspect", file])), "malformed");
    }
    assert!(
        site.stopped(&["inspect", "nowhere"])
            .starts_with("adctl: nowhere: ")
    );
}
