//! What a server tells of changes (RFC 4533; MS-ADTS 3.1.1.3.4.1.3).

use adlib_ldap::fuzzing::{self, Told};
use ldap3_proto::{LdapCodec, control::LdapControl};
use tokio_util::{bytes::BytesMut, codec::Decoder};

const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";
const DIR_SYNC: &str = "1.2.840.113556.1.4.841";

/// What is told is told again by the same in its shortest form; and another decoder reads the states of entries alike.
pub fn told(data: &[u8]) {
    let Ok(all) = fuzzing::changes(data) else {
        return;
    };
    for told in all.iter().filter(|told| **told != Told::Other) {
        let again = fuzzing::changes(&message(told));
        assert_eq!(again.as_deref(), Ok(std::slice::from_ref(told)));
    }
    if let [Told::State { state, uuid, cookie }] = &all[..] {
        compare(data, *state, *uuid, cookie.as_deref());
    }
}

fn compare(data: &[u8], state: u8, uuid: [u8; 16], cookie: Option<&[u8]>) {
    let Ok(Some(read)) = LdapCodec::default().decode(&mut BytesMut::from(data)) else {
        return;
    };
    // The other takes the last one of several controls of a kind for as good as the first.
    let states = read.ctrl.iter().filter_map(|control| match control {
        LdapControl::SyncState {
            state,
            entry_uuid,
            cookie,
        } => Some((state.clone() as i64, entry_uuid.into_bytes(), cookie.as_deref())),
        _ => None,
    });
    let states: Vec<_> = states.collect();
    assert!(states.is_empty() || states.contains(&(i64::from(state), uuid, cookie)));
}

/// The shortest message that tells the same.
#[must_use]
pub fn message(told: &Told) -> Vec<u8> {
    let entry = element(0x64, &[&element(4, &[b"dc=x"]), &element(0x30, &[])]);
    let done = element(0x65, &[&element(10, &[&[0]]), &element(4, &[]), &element(4, &[])]);
    let parts = match told {
        Told::State { state, uuid, cookie } => {
            let parts = [element(10, &[&[*state]]), element(4, &[uuid]), optional(cookie)];
            vec![entry, controls(&[control(SYNC_STATE, &parts.concat())])]
        }
        Told::NewCookie(cookie) => vec![info(&element(0x80, &[cookie]))],
        Told::Refresh {
            deletes,
            done,
            cookie,
        } => {
            let tag = if *deletes { 0xa1 } else { 0xa2 };
            vec![info(&element(tag, &[&optional(cookie), &boolean(*done)]))]
        }
        Told::IdSet {
            deleted,
            uuids,
            cookie,
        } => {
            let uuids: Vec<Vec<u8>> = uuids.iter().map(|uuid| element(4, &[uuid])).collect();
            let set = element(0x31, &[&uuids.concat()]);
            vec![info(&element(
                0xa3,
                &[&optional(cookie), &boolean(*deleted), &set],
            ))]
        }
        Told::Done { sync, dir_sync } => {
            let sync = sync
                .as_ref()
                .map(|(cookie, deletes)| control(SYNC_DONE, &[optional(cookie), boolean(*deletes)].concat()));
            let dir_sync = dir_sync.as_ref().map(|(more, cookie)| {
                let more = element(2, &[&[u8::from(*more)]]);
                let parts = [more, element(2, &[&[0]]), element(4, &[cookie])];
                control(DIR_SYNC, &parts.concat())
            });
            let all: Vec<Vec<u8>> = sync.into_iter().chain(dir_sync).collect();
            vec![done, controls(&all)]
        }
        Told::Other => Vec::new(),
    };
    element(0x30, &[&element(2, &[&[1]]), &parts.concat()])
}

fn info(choice: &[u8]) -> Vec<u8> {
    element(
        0x79,
        &[&element(0x80, &[SYNC_INFO.as_bytes()]), &element(0x81, &[choice])],
    )
}

/// A control whose value is a SEQUENCE of `parts`.
fn control(name: &str, parts: &[u8]) -> Vec<u8> {
    let value = element(4, &[&element(0x30, &[parts])]);
    element(0x30, &[&element(4, &[name.as_bytes()]), &value])
}

fn controls(all: &[Vec<u8>]) -> Vec<u8> {
    element(0xa0, &[&all.concat()])
}

fn optional(cookie: &Option<Vec<u8>>) -> Vec<u8> {
    cookie
        .as_ref()
        .map_or_else(Vec::new, |cookie| element(4, &[cookie]))
}

fn boolean(value: bool) -> Vec<u8> {
    element(1, &[&[if value { 0xff } else { 0 }]])
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x1_0000 => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => [&[tag, 0x84][..], &(length as u32).to_be_bytes()].concat(),
    };
    [header, content].concat()
}
