//! Tokens explained without a key.

#![allow(clippy::unwrap_used)]

use adlib_core::{
    UnixTime,
    gss::{KERBEROS_OID, frame},
};
use adlib_kerberos::{
    Principal, Rejection,
    inspect::{Inspection, Value, inspect},
};
use proptest::prelude::*;

const TOKEN: &[u8] = include_bytes!("vectors/samba-4.17-ap-req-aes256.bin");
const TICKET: &[u8] = include_bytes!("vectors/samba-4.17-ticket-aes256.bin");

fn at<'v>(inspection: &'v Inspection, path: &[&str]) -> &'v Value {
    path.iter()
        .fold(&inspection.fields, |value, name| value.field(name).unwrap())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn a_recorded_ap_req_and_its_ticket() {
    let inspection = inspect(TOKEN).unwrap();
    assert_eq!(
        (inspection.kind, inspection.mechanism),
        ("ap-req", Some("kerberos"))
    );
    assert_eq!(at(&inspection, &["mutual_required"]), &Value::Bool(true));
    assert_eq!(
        at(&inspection, &["ticket", "service", "name"]),
        &text("HTTP/app.corp.example.com")
    );
    assert_eq!(
        at(&inspection, &["ticket", "service", "realm"]),
        &text("CORP.EXAMPLE.COM")
    );
    assert_eq!(
        at(&inspection, &["ticket", "enc_part", "etype", "number"]),
        &Value::Number(18)
    );
    assert_eq!(
        at(&inspection, &["ticket", "enc_part", "kvno"]),
        &Value::Number(1)
    );
    let shown = inspection.to_string();
    assert!(
        shown.starts_with("kind: ap-req\nmechanism: kerberos\npvno: 5\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\n    name: HTTP/app.corp.example.com\n"),
        "{shown}"
    );

    let inspection = inspect(TICKET).unwrap();
    assert_eq!((inspection.kind, inspection.mechanism), ("ticket", None));
    assert_eq!(
        at(&inspection, &["enc_part", "etype", "name"]),
        &text("aes256-cts-hmac-sha1-96")
    );
}

#[test]
fn errors_and_requests_for_a_ticket() {
    let service: Principal = "HTTP/app@CORP".parse().unwrap();
    let now = UnixTime::from_micros(1_800_000_000_000_042);
    let inspection = inspect(&Rejection::TicketInvalid.krb_error(&service, now)).unwrap();
    assert_eq!(inspection.kind, "krb-error");
    assert_eq!(at(&inspection, &["error_code"]), &Value::Number(33));
    assert_eq!(at(&inspection, &["server_time"]), &Value::Time(now));
    assert_eq!(at(&inspection, &["client"]), &Value::Absent);

    let request = [0x30, 0x0a, 0xa0, 3, 2, 1, 5, 0xa1, 3, 2, 1, 16];
    assert_eq!(inspect(&request).unwrap().kind, "tgt-req");
    let framed = frame(KERBEROS_OID, &[&[4, 0], &request]);
    assert_eq!(inspect(&framed).unwrap().kind, "tgt-req");
}

#[test]
fn what_is_no_token_is_refused() {
    for bytes in [
        &b""[..],
        b"x",
        &[0x60],
        &[0x30, 0],
        &[0x6e, 0],
        &frame(&[1, 2], &[&[1, 0]]),
        &frame(KERBEROS_OID, &[&[1]]),
    ] {
        assert!(inspect(bytes).is_err(), "{bytes:02x?}");
    }
    for length in 0..TOKEN.len() {
        assert!(inspect(&TOKEN[..length]).is_err(), "cut at {length}");
    }
}

proptest! {
    /// A28
    #[test]
    fn a28_no_bytes_panic(tag: u8, bytes in proptest::collection::vec(any::<u8>(), 0..200), position: usize, value: u8) {
        let _ = inspect(&[&[tag], &bytes[..]].concat());
        for token in [TOKEN, TICKET] {
            let mut changed = token.to_vec();
            changed[position % token.len()] = value;
            if let Ok(inspection) = inspect(&changed) {
                let drives_a_terminal = inspection.to_string().contains('\x1b');
                prop_assert!(!drives_a_terminal);
            }
        }
    }
}
