//! Messages of sign-ins, what is encrypted in them, and what somebody in the middle might do to them.

use adlib_core::{UnixTime, gss::unframe};
use adlib_kerberos::{
    fuzzing::{self, Element, Message},
    issue::{AD_AP_OPTIONS, AD_CLIENT_TARGET, ApReqBuilder, KrbErrorBuilder, if_relevant},
    pac::BufferType,
};

use super::{
    Seeds,
    claims::{claims, serialised},
};
use crate::{
    der::tlv,
    kerberos::{BUFFERS, MESSAGES, ap_rep, transcript},
    scene,
};

pub(super) fn seeds(seeds: &mut Seeds) {
    seeds.push(("ap_req", "token", scene::token()));
    seeds.push(("ap_req", "raw", scene::message()));
    plaintexts(seeds);
    messages(seeds);
    acceptor(seeds);
    exchange(seeds);
    session(seeds);
    keytab(seeds);
    pac(seeds);
    buffers(seeds);
}

fn opened(request: &ApReqBuilder) -> fuzzing::Plaintexts {
    let message = request.encrypt(&mut scene::random).expect("well formed");
    fuzzing::open(&message, &scene::key()).expect("our own")
}

/// An authenticator with everything in it.
fn full() -> ApReqBuilder {
    let mut request = scene::request();
    request.subkey = Some((18, vec![7; 32]));
    let target: Vec<u8> = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let options = (AD_AP_OPTIONS, 0x4000_u32.to_le_bytes().to_vec());
    request.authorization_data = vec![if_relevant(&[(AD_CLIENT_TARGET, target), options])];
    request
}

/// The KRB-CRED of a client that delegates, behind its length in the checksum.
fn cred(encrypted: bool) -> (ApReqBuilder, Vec<u8>) {
    let mut request = scene::request();
    let key = scene::session_key();
    request.delegate(scene::ticket(), encrypted.then_some(&key), &mut scene::random);
    let checksum = request.checksum.clone().unwrap_or_default().1;
    (request, checksum.get(28..).unwrap_or_default().to_vec())
}

fn plaintexts(seeds: &mut Seeds) {
    let plain = opened(&scene::request());
    seeds.push(("kerberos_ticket", "plain", plain.ticket));
    seeds.push(("kerberos_authenticator", "plain", plain.authenticator));
    seeds.push(("kerberos_authenticator", "full", opened(&full()).authenticator));
    let (request, open) = cred(false);
    seeds.push((
        "kerberos_authenticator",
        "delegating",
        opened(&request).authenticator,
    ));
    seeds.push(("kerberos_cred", "open", open));
    seeds.push(("kerberos_cred", "encrypted", cred(true).1));
}

/// What is encrypted in a KDC's reply (RFC 4120 5.4.2), tagged as one of either exchange.
fn reply_part(tag: u8, nonce: &[u8]) -> Vec<u8> {
    let time = tlv(0x18, &[b"20270115080000Z"]);
    let number = |number: u8| tlv(2, &[&[number]]);
    let key = tlv(
        0x30,
        &[&tlv(0xa0, &[&number(17)]), &tlv(0xa1, &[&tlv(4, &[&[3; 16]])])],
    );
    let last = tlv(0x30, &[&tlv(0xa0, &[&number(0)]), &tlv(0xa1, &[&time])]);
    let part = tlv(0x1b, &[b"krbtgt"]);
    let name = tlv(
        0x30,
        &[
            &tlv(0xa0, &[&number(2)]),
            &tlv(0xa1, &[&tlv(0x30, &[&part, &part])]),
        ],
    );
    let fields = [
        tlv(0xa0, &[&key]),
        tlv(0xa1, &[&tlv(0x30, &[&last])]),
        tlv(0xa2, &[&tlv(2, &[nonce])]),
        tlv(0xa4, &[&tlv(3, &[&[0, 0x40, 0xe1, 0, 0]])]),
        tlv(0xa5, &[&time]),
        tlv(0xa7, &[&time]),
        tlv(0xa9, &[&tlv(0x1b, &[b"CORP"])]),
        tlv(0xaa, &[&name]),
    ];
    tlv(tag, &[&tlv(0x30, &[&fields.concat()])])
}

/// `KERB-TGT-REQUEST` (draft-swift-win2k-krb-user2user 3).
fn tgt_request() -> Vec<u8> {
    let number = |number: u8| tlv(2, &[&[number]]);
    tlv(0x30, &[&tlv(0xa0, &[&number(5)]), &tlv(0xa1, &[&number(16)])])
}

fn krb_error() -> Vec<u8> {
    let mut error = KrbErrorBuilder::new(25, "CORP.EXAMPLE.COM", scene::now());
    error.describe_keys(&[18, 17], "CORP.EXAMPLE.COMada", None);
    error.encode()
}

fn messages(seeds: &mut Seeds) {
    let said = transcript();
    let ap_rep = ap_rep();
    let bare = unframe(&ap_rep).map(|framed| framed.inner.get(2..).unwrap_or_default().to_vec());
    let bare = bare.unwrap_or_default();
    let (ticket, cred) = (scene::ticket().der.clone(), cred(false).1);
    for (name, message) in [
        ("ap-req", scene::token()),
        ("ap-rep", ap_rep),
        ("krb-error", krb_error()),
        ("ticket", ticket.clone()),
        ("krb-cred", cred.clone()),
        ("as-req", said[2].clone()),
        ("as-rep", said[3].clone()),
        ("tgs-req", said[4].clone()),
        ("tgs-rep", said[5].clone()),
        ("tgt-req", tgt_request()),
    ] {
        seeds.push(("kerberos_inspect", name, message));
    }
    let cred_part = match fuzzing::decode(Message::KrbCred, &cred) {
        Ok(message) => match message.at(&["enc_part", "cipher"]) {
            Some(Element::Bytes(bytes)) => bytes.clone(),
            _ => Vec::new(),
        },
        Err(_) => Vec::new(),
    };
    for (name, kind, message) in [
        ("ap-req", Message::ApReq, scene::message()),
        ("ap-rep", Message::ApRep, bare),
        ("krb-error", Message::KrbError, krb_error()),
        ("ticket", Message::Ticket, ticket),
        ("krb-cred", Message::KrbCred, cred),
        ("as-rep", Message::AsRep, said[3].clone()),
        ("tgs-rep", Message::TgsRep, said[5].clone()),
        (
            "authenticator",
            Message::Authenticator,
            opened(&full()).authenticator,
        ),
        (
            "ticket-part",
            Message::EncTicketPart,
            opened(&scene::request()).ticket,
        ),
        (
            "as-rep-part",
            Message::EncAsRepPart,
            reply_part(0x79, &[0x80, 0, 0, 1]),
        ),
        (
            "tgs-rep-part",
            Message::EncTgsRepPart,
            reply_part(0x7a, &[1, 2, 3, 4]),
        ),
        (
            "as-rep-part-only-ours",
            Message::EncAsRepPart,
            reply_part(0x79, &[0, 0x80, 0, 0, 1]),
        ),
        ("cred-part", Message::EncKrbCredPart, cred_part),
    ] {
        let choice = MESSAGES
            .iter()
            .position(|message| *message == kind)
            .unwrap_or_default();
        seeds.push((
            "kerberos_differential",
            name,
            [&[choice as u8], &message[..]].concat(),
        ));
    }
}

/// Bindings and policy; and for each message which one, how many changes, and the changes.
fn acceptor(seeds: &mut Seeds) {
    let scripts: [(&str, &[u8]); 7] = [
        ("untouched-and-again", &[0, 0, 1, 2, 0, 1, 2]),
        ("bound", &[3, 3, 3, 0]),
        ("not-bound", &[3, 0, 1]),
        ("flipped", &[0, 0x10, 0, 99, 2, 3, 0]),
        ("spliced", &[0, 0x14, 6, 0, 3, 200, 0]),
        ("another-frame", &[0, 0, 0x14, 7]),
        ("cut-off", &[1, 0x23, 2, 60, 0, 4, 9, 0, 2, 1, 1]),
    ];
    for (name, script) in scripts {
        seeds.push(("kerberos_acceptor", name, script.to_vec()));
    }
}

/// What the client asks for; and for each answer what it is.
fn exchange(seeds: &mut Seeds) {
    let error = krb_error();
    let invented = [&[0, 3, error.len() as u8], &error[..], &[0, 0]].concat();
    // The client's clock is said to be wrong, so that it asks again; and then comes the reply to its first question.
    let later = UnixTime::from_seconds(scene::now().seconds() + 100);
    let skew = KrbErrorBuilder::new(37, "CORP.EXAMPLE.COM", later).encode();
    let withheld = [&[0, 0, 7, skew.len() as u8], &skew[..], &[6]].concat();
    let scripts: [(&str, &[u8]); 7] = [
        ("withheld", &withheld),
        ("honest", &[0, 0, 0, 0]),
        ("canonical-and-referred", &[7, 0, 0, 0, 0]),
        ("changed", &[0, 0, 1, 0, 200, 0, 3]),
        ("changed-ticket", &[0, 0, 0, 1, 0, 120, 0, 3]),
        ("said-before", &[0, 0, 2, 0, 6]),
        ("invented", &invented),
    ];
    for (name, script) in scripts {
        seeds.push(("kerberos_exchange", name, script.to_vec()));
    }
}

/// The context; and for each act what it is, with which token or which bytes, and the change.
fn session(seeds: &mut Seeds) {
    // Said by the initiator, wrapped and signed; delivered; changed; reflected; invented.
    let (wrap, sign, deliver, deliver_signed) = (0, 2, 8, 10);
    let (change, change_message, reflect, invent) = (16, 22, 24, 28);
    for (name, context) in [("aes", 0), ("aes-sha2-signed", 17), ("rc4", 4), ("no-answer", 5)] {
        let script = [
            context,
            wrap,
            2,
            b'h',
            b'i',
            sign,
            1,
            b'!',
            1,
            1,
            b'?',
            deliver,
            0,
            deliver_signed,
            1,
            9,
            0,
        ];
        seeds.push(("kerberos_session", name, script.to_vec()));
    }
    let scripts: [(&str, &[u8]); 6] = [
        (
            "changed",
            &[0, wrap, 2, b'h', b'i', change, 0, 0, 20, 0, 1, deliver, 0],
        ),
        ("rotated", &[0, wrap, 2, b'h', b'i', change, 0, 1, 7, 0, 88]),
        (
            "changed-message",
            &[0, sign, 2, b'h', b'i', change_message, 0, 0, 1, 0, 1],
        ),
        (
            "reflected",
            &[4, wrap, 2, b'h', b'i', reflect, 0, deliver, 0, deliver, 0],
        ),
        ("invented", &[0, invent, 1, b'x', 4, 5, 4, 0, 0xff]),
        ("changed-answer", &[0x80, 1, 0, 90, 0, 2]),
    ];
    for (name, script) in scripts {
        seeds.push(("kerberos_session", name, script.to_vec()));
    }
}

fn keytab(seeds: &mut Seeds) {
    let file = scene::keytab().encode();
    // A hole where an entry was has a negative length.
    let hole = [
        b"\x05\x02\xff\xff\xff\xfc\0\0\0\0",
        file.get(2..).unwrap_or_default(),
    ]
    .concat();
    seeds.push(("keytab", "two-keys", file));
    seeds.push(("keytab", "hole", hole));
    // The least significant byte first, as the machine that wrote it; the realm counts as a component.
    let entry = [
        &b"\x02\0\x04\0CORP\x03\0ada"[..],
        &[0, 0, 0, 0, 7, 17, 0, 16, 0],
        &[9; 16],
    ]
    .concat();
    let length = (entry.len() as u32).to_le_bytes();
    seeds.push((
        "keytab",
        "version-1",
        [&b"\x05\x01"[..], &length, &entry].concat(),
    ));
}

/// The buffers of a PAC (MS-PAC 2.4): type and size in 4 bytes each, offset in 8.
fn cut(pac: &[u8]) -> Vec<(BufferType, Vec<u8>)> {
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
    };
    let count = number(&pac[..4]);
    let lines = pac[8..].chunks_exact(16).take(count);
    lines
        .map(|line| {
            let (size, offset) = (number(&line[4..8]), number(&line[8..]));
            (
                BufferType(number(&line[..4]) as u32),
                pac[offset..offset + size].to_vec(),
            )
        })
        .collect()
}

fn pac(seeds: &mut Seeds) {
    seeds.push(("pac", "signed", scene::pac()));
    let mut full = scene::pac_builder();
    full.names = None;
    let [claims, compressed] = claims();
    full.other = vec![
        (BufferType::CLIENT_CLAIMS, claims),
        (BufferType::DEVICE_CLAIMS, compressed),
    ];
    full.rodc_identifier = Some(7);
    seeds.push((
        "pac",
        "with-claims",
        full.sign(&scene::key(), &scene::controllers()),
    ));
}

/// The machine 1105 of S-1-5-21-1-2-3 in two groups, S-1-18-1-1, and the group 99 of S-1-5-21-4-5-6 (MS-PAC 2.12).
const DEVICE: &str =
    "00000200 51040000 03020000 04000200 02000000 08000200 01000000 0c000200 01000000 10000200
    04000000 0104000000000005 15000000 01000000 02000000 03000000 02000000 03020000 07000000 51040000 07000000
    01000000 14000200 07000000 02000000 0102000000000012 01000000 01000000 01000000 18000200 01000000 1c000200
    04000000 0104000000000005 15000000 04000000 05000000 06000000 01000000 63000000 07000000";
/// `a` by way of `b` (MS-PAC 2.9).
const DELEGATION: &str = "00000200 02000200 04000200 01000000 08000200 01000000 00000000 01000000 61000000
    01000000 02000200 0c000200 01000000 00000000 01000000 62000000";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

fn buffers(seeds: &mut Seeds) {
    let mut push = |name, kind: BufferType, buffer: &[u8]| {
        let choice = BUFFERS
            .iter()
            .position(|buffer| *buffer == kind)
            .unwrap_or_default();
        seeds.push(("pac_buffers", name, [&[choice as u8], buffer].concat()));
    };
    for (kind, buffer) in cut(&scene::pac()) {
        match kind {
            BufferType::LOGON_INFO => push("logon-info", kind, &buffer),
            BufferType::CLIENT_INFO => push("client-info", kind, &buffer),
            BufferType::UPN_DNS_INFO => push("upn-dns-info", kind, &buffer),
            _ => {}
        }
    }
    push("device-info", BufferType::DEVICE_INFO, &serialised(&hex(DEVICE)));
    push(
        "delegation-info",
        BufferType::DELEGATION_INFO,
        &serialised(&hex(DELEGATION)),
    );
    let [claims, compressed] = claims();
    push("claims", BufferType::CLIENT_CLAIMS, &claims);
    push("claims-compressed", BufferType::DEVICE_CLAIMS, &compressed);
    push("attributes", BufferType::ATTRIBUTES, &[2, 0, 0, 0, 1, 0, 0, 0]);
    let sid = scene::client_sid().map(|sid| sid.encode());
    push("requestor", BufferType::REQUESTOR, &sid.unwrap_or_default());
    push(
        "credentials",
        BufferType::CREDENTIALS,
        &[0, 0, 0, 0, 18, 0, 0, 0, 1, 2, 3, 4],
    );
}

#[cfg(test)]
mod tests {
    use adlib_kerberos::{Keytab, Policy, UnverifiedApReq, inspect::inspect, pac::UnverifiedPac};

    use super::*;
    use crate::{
        kerberos::{foreign, holds_no_more},
        seed::{seeds, tests::seed},
    };

    #[test]
    fn the_kerberos_tokens_are_accepted() {
        let policy = Policy::default();
        for name in ["token", "raw"] {
            let pending = UnverifiedApReq::decode(&seed("ap_req", name))
                .and_then(|ap_req| ap_req.decrypt(scene::keytab(), &policy))
                .and_then(|decrypted| decrypted.check(&policy, scene::now(), None));
            assert!(pending.is_ok(), "{name}");
        }
        let pac = seed("pac", "signed");
        assert!(UnverifiedPac::decode(&pac).unwrap().verify(&scene::key()).is_ok());
        let keys = |name| Keytab::decode(&seed("keytab", name)).unwrap().entries().len();
        assert_eq!(["two-keys", "hole", "version-1"].map(keys), [2, 2, 1]);
    }

    #[test]
    fn the_kerberos_messages_are_read_by_both_decoders() {
        for (_, name, bytes) in seeds().iter().filter(|seed| seed.0 == "kerberos_differential") {
            let (choice, bytes) = bytes.split_first().unwrap();
            let message = MESSAGES[usize::from(*choice)];
            assert!(fuzzing::decode(message, bytes).is_ok(), "{name}");
            assert!(name.ends_with("only-ours") || foreign(message, bytes), "{name}");
        }
        for (_, name, bytes) in seeds().iter().filter(|seed| seed.0 == "kerberos_inspect") {
            assert_eq!(inspect(bytes).unwrap().kind, *name);
        }
    }

    #[test]
    fn the_pac_buffers_are_buffers() {
        for (_, name, bytes) in seeds().iter().filter(|seed| seed.0 == "pac_buffers") {
            assert!(
                holds_no_more(BUFFERS[usize::from(bytes[0])], &bytes[1..]),
                "{name}"
            );
        }
    }
}
