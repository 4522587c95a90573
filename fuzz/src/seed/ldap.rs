//! Answers of a server (RFC 4511), and what somebody might do to its sealed buffers.

use super::Seeds;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BIND_RESPONSE: u8 = 0x61;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
const REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE_RESPONSE: u8 = 0x79;
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;
const SASL_CREDENTIALS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;

pub(super) fn seeds(seeds: &mut Seeds) {
    let done = message(1, &[element(DONE, &[&result(0, "")])]);
    let answers = [entry(), reference(), done.clone()].concat();
    seeds.push(("ldap_answers", "entry-reference-done", answers));
    seeds.push(("ldap_answers", "page", page()));
    seeds.push(("ldap_answers", "referral", referral()));
    seeds.push(("ldap_answers", "disconnection", disconnection()));
    let bound = |code, token: &[u8]| {
        let token = element(SASL_CREDENTIALS, &[token]);
        message(1, &[element(BIND_RESPONSE, &[&result(code, ""), &token])])
    };
    seeds.push(("ldap_bind_answer", "done", bound(0, b"")));
    seeds.push(("ldap_bind_answer", "in-progress", bound(14, b"NTLMSSP\0\x02")));
    seeds.push(("ldap_bind_answer", "disconnection", disconnection()));
    let data = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580";
    let refused = element(BIND_RESPONSE, &[&result(49, data)]);
    seeds.push(("ldap_bind_answer", "refused", message(1, &[refused])));
    let scripts: [(&str, &[u8]); 5] = [
        ("untouched", &[]),
        ("length", &[1, 0, 0, 0x7f]),
        ("in-the-clear", &[1, 0, 0, SEQUENCE]),
        ("changed", &[0, 30, 0, 3]),
        ("cut-off", &[2, 40, 0]),
    ];
    seeds.extend(scripts.map(|(name, script)| ("ldap_sasl_buffers", name, script.to_vec())));
    seeds.push(("ldap_synced", "entry-with-state", synced_entry()));
    seeds.push(("ldap_synced", "id-set", id_set()));
    seeds.push(("ldap_synced", "cookie-and-done", [new_cookie(), done].concat()));
    let urls = [
        ("plain", "ldap://ldap.example.org/dc=example,dc=org"),
        ("whole", "ldaps://ldap.example.org:636/dc=x??sub?(cn=a%20b)?e=1"),
        ("critical", "ldap://ldap.example.org/dc=x??sub??!e=1"),
        ("address", "ldap://[::1]:389/"),
        ("user", "ldap://ldap.example.org@evil.example/"),
    ];
    seeds.extend(urls.map(|(name, url)| ("ldap_referral_url", name, url.into())));
}

fn entry() -> Vec<u8> {
    let attribute = |name: &[u8], values: &[&[u8]]| {
        let values: Vec<Vec<u8>> = values.iter().map(|value| element(OCTETS, &[value])).collect();
        let values = element(SET, &[&values.concat()]);
        element(SEQUENCE, &[&element(OCTETS, &[name]), &values])
    };
    let attributes = [
        attribute(b"cn", &[b"Ada"]),
        attribute(b"member;range=0-1", &[b"CN=A", b"CN=B"]),
        attribute(b"jpegPhoto", &[b"\xff\x00"]),
    ];
    let attributes = element(SEQUENCE, &[&attributes.concat()]);
    let dn = element(OCTETS, &[b"CN=Ada,DC=corp"]);
    message(1, &[element(ENTRY, &[&dn, &attributes])])
}

/// An entry with the state control (RFC 4533 2.2).
fn synced_entry() -> Vec<u8> {
    let dn = element(OCTETS, &[b"CN=Ada,DC=corp"]);
    let entry = element(ENTRY, &[&dn, &element(SEQUENCE, &[])]);
    let id = element(OCTETS, &[&[7; 16]]);
    let cookie = element(OCTETS, &[b"rid=000"]);
    let state = element(SEQUENCE, &[&element(ENUMERATED, &[&[1]]), &id, &cookie]);
    let name = element(OCTETS, &[b"1.3.6.1.4.1.4203.1.9.1.2"]);
    let control = element(SEQUENCE, &[&name, &element(OCTETS, &[&state])]);
    message(1, &[entry, element(CONTROLS, &[&control])])
}

/// A Sync Info message (RFC 4533 2.5) with this value.
fn sync_info(value: &[u8]) -> Vec<u8> {
    let name = element(0x80, &[b"1.3.6.1.4.1.4203.1.9.1.4"]);
    message(
        1,
        &[element(INTERMEDIATE_RESPONSE, &[&name, &element(0x81, &[value])])],
    )
}

fn new_cookie() -> Vec<u8> {
    sync_info(&element(0x80, &[b"rid=000"]))
}

fn id_set() -> Vec<u8> {
    let ids = element(
        SET,
        &[&element(OCTETS, &[&[7; 16]]), &element(OCTETS, &[&[8; 16]])],
    );
    let deletes = element(BOOLEAN, &[&[0xff]]);
    sync_info(&element(0xa3, &[&element(OCTETS, &[b"rid=000"]), &deletes, &ids]))
}

fn reference() -> Vec<u8> {
    let url = element(OCTETS, &[b"ldap://dc2.corp.example.com/DC=corp"]);
    message(1, &[element(REFERENCE, &[&url])])
}

/// The end of a page, with the cookie for the next (RFC 2696).
fn page() -> Vec<u8> {
    let value = element(
        SEQUENCE,
        &[&element(INTEGER, &[&[0]]), &element(OCTETS, &[b"cookie"])],
    );
    let control = element(
        SEQUENCE,
        &[
            &element(OCTETS, &[b"1.2.840.113556.1.4.319"]),
            &element(BOOLEAN, &[&[0xff]]),
            &element(OCTETS, &[&value]),
        ],
    );
    let controls = element(CONTROLS, &[&control]);
    message(1, &[element(DONE, &[&result(0, "")]), controls])
}

fn referral() -> Vec<u8> {
    let urls = element(REFERRAL, &[&element(OCTETS, &[b"ldap://dc2.corp.example.com"])]);
    message(1, &[element(DONE, &[&result(10, "elsewhere"), &urls])])
}

/// The notice of disconnection (RFC 4511 4.4.1).
fn disconnection() -> Vec<u8> {
    let name = element(RESPONSE_NAME, &[b"1.3.6.1.4.1.1466.20036"]);
    message(0, &[element(EXTENDED_RESPONSE, &[&result(52, "closing"), &name])])
}

/// The components of every result: code, matched DN, text.
fn result(code: u8, text: &str) -> Vec<u8> {
    let parts = [
        element(ENUMERATED, &[&[code]]),
        element(OCTETS, &[]),
        element(OCTETS, &[text.as_bytes()]),
    ];
    parts.concat()
}

fn message(id: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &[&element(INTEGER, &[&[id]]), &parts.concat()])
}

/// An element of less than 256 bytes.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len() as u8;
    let header = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [header, content].concat()
}
