//! Messages of MIT's client with tickets of a Samba 4.17 controller, recorded in the lab: bytes that nobody here made.

#![allow(clippy::expect_used)]

use adlib_core::{Password, UnixTime};
use adlib_kerberos::{
    EncryptionType, Fresh, Keytab, KeytabEntry, Policy, Principal, Rejection, ServiceKey, UnverifiedApReq,
    UnverifiedTicket,
    pac::{BufferType, SignatureState},
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

/// The key that the krbtgt account of the recorded domain had on that day.
const CONTROLLERS_KEY: [u8; 32] = [
    0x03, 0x19, 0xa3, 0xce, 0x19, 0x0d, 0x44, 0xb2, 0xc3, 0x56, 0x37, 0x80, 0xb1, 0xda, 0x4d, 0xfd, 0x62,
    0xd5, 0x65, 0x9f, 0x34, 0x09, 0x33, 0xff, 0x7c, 0x55, 0xab, 0xaa, 0xb7, 0x11, 0x07, 0x2c,
];

/// A26: Samba signs the ticket and the whole PAC too; a ticket for granting tickets only as any service's.
#[test]
fn recorded_tickets_have_all_signatures_of_their_controller() {
    let controllers = ServiceKey::new(EncryptionType::Aes256Sha1, CONTROLLERS_KEY).expect("32 bytes");
    let service = keytab(&RECORDINGS[0]).entries()[0].key.clone();
    let (valid, absent) = (SignatureState::Valid, SignatureState::Absent);
    for (bytes, key, ticket_signatures, sid) in [
        (
            &include_bytes!("vectors/samba-4.17-ticket-aes256.bin")[..],
            &service,
            valid,
            None,
        ),
        (
            include_bytes!("vectors/samba-4.17-tgt-aes256.bin"),
            &controllers,
            absent,
            Some(1103),
        ),
    ] {
        let ticket = UnverifiedTicket::decode(bytes).unwrap();
        let report = ticket.report(key, Some(&controllers)).unwrap();
        assert_eq!(report.rejection, None);
        let pac = report.pac.expect("a PAC");
        assert_eq!((pac.signatures.server, pac.signatures.kdc), (valid, valid));
        assert_eq!(pac.signatures.ticket, ticket_signatures);
        assert_eq!(pac.signatures.full, ticket_signatures);
        assert_eq!(pac.content.account(), Some("ada"));
        assert_eq!(pac.content.requestor().and_then(|sid| sid.rid()), sid);
    }
}
