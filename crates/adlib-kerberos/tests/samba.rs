//! Messages of MIT's client with tickets of a Samba 4.17 controller, recorded in the lab: bytes that nobody here made.

#![allow(clippy::expect_used)]

use adlib_core::{Password, UnixTime};
use adlib_kerberos::{
    EncryptionType, Fresh, Keytab, KeytabEntry, Policy, Principal, Rejection, ServiceKey, UnverifiedApReq,
    pac::BufferType,
};

/// A recorded message: the encryption type, the account and its service, the second, the bytes.
type Recording = (EncryptionType, &'static str, &'static str, i64, &'static [u8]);

const RECORDINGS: [Recording; 2] = [
    (
        EncryptionType::Aes256Sha1,
        "svc-http",
        "HTTP/app.corp.example.com@CORP.EXAMPLE.COM",
        1_795_373_201,
        include_bytes!("vectors/samba-4.17-ap-req-aes256.bin"),
    ),
    (
        EncryptionType::Aes128Sha1,
        "svc-aes128",
        "HTTP/aes128.corp.example.com@CORP.EXAMPLE.COM",
        1_795_373_261,
        include_bytes!("vectors/samba-4.17-ap-req-aes128.bin"),
    ),
];

/// The keytab that the account's password gives: on Active Directory the salt is realm and account.
fn keytab((etype, account, service, ..): &Recording) -> Keytab {
    let salt = format!("CORP.EXAMPLE.COM{account}");
    let key = ServiceKey::from_password(*etype, &Password::from("Passw0rd.Service"), salt.as_bytes(), None);
    Keytab::new(vec![KeytabEntry {
        principal: service.parse().expect("a principal"),
        kvno: 1,
        key: key.expect("the default number of iterations"),
        timestamp: UnixTime::from_seconds(0),
    }])
}

/// R13
#[test]
fn recorded_messages_verify() {
    for recording in &RECORDINGS {
        let (etype, _, service, seconds, token) = recording;
        let (policy, now) = (Policy::default(), UnixTime::from_seconds(*seconds));
        let decrypted = UnverifiedApReq::decode(token)
            .unwrap()
            .decrypt(&keytab(recording), &policy)
            .unwrap();
        let accepted = decrypted
            .check(&policy, now, None)
            .unwrap()
            .accept(Fresh::danger_unchecked());

        assert_eq!(accepted.client(), &Principal::user("ada", "CORP.EXAMPLE.COM"));
        assert_eq!(accepted.service(), &service.parse::<Principal>().unwrap());
        let evidence = accepted.evidence();
        assert_eq!((evidence.ticket_etype, evidence.session_etype), (*etype, *etype));
        assert!(evidence.mutual && !evidence.delegated);
        assert_eq!(accepted.subkey().unwrap().etype(), *etype);

        let pac = accepted.pac().unwrap();
        let sid = pac.user_sid().unwrap().to_string();
        assert_eq!(sid, "S-1-5-21-1111111111-2222222222-3333333333-1103");
        assert_eq!(pac.account(), Some("ada"));
        assert_eq!(pac.full_name(), Some("Ada Lovelace"));
        assert_eq!(pac.domain(), Some("CORP"));
        assert_eq!(pac.upn(), Some("ada@corp.example.com"));
        assert_eq!(pac.primary_group(), Some(513));
        let groups: Vec<Option<u32>> = pac.groups().iter().map(adlib_core::Sid::rid).collect();
        assert_eq!(groups, [513, 1165, 1164, 1163, 1166, 1168, 1].map(Some));
        assert_eq!(pac.buffers(), [1, 10, 12, 6, 7, 16, 19].map(BufferType));
    }
}

/// A9, A11
#[test]
fn recorded_messages_are_stale_and_fragile() {
    let recording = &RECORDINGS[0];
    let (policy, now) = (Policy::default(), UnixTime::from_seconds(recording.3));
    let keytab = keytab(recording);
    let verify = |token: &[u8], now: UnixTime| -> Result<(), Rejection> {
        UnverifiedApReq::decode(token)?
            .decrypt(&keytab, &policy)?
            .check(&policy, now, None)
            .map(|_| ())
    };
    let later = UnixTime::from_seconds(recording.3 + 3600);
    assert_eq!(verify(recording.4, later).unwrap_err().reason(), "clock-skew");
    let end = recording.4.len() - 1;
    for at in [end, end - 100, end - 400, end - 1000] {
        let mut flipped = recording.4.to_vec();
        flipped[at] ^= 1;
        assert!(verify(&flipped, now).is_err(), "byte {at}");
    }
}
