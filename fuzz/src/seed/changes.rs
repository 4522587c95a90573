//! What an application stored of its last read, and what servers tell of changes.

use adlib_ldap::fuzzing::Told;
use adlib_schema::{
    LdifReader, Mapper, Preset, Schema,
    read::changes::{Cursor, Delivered, Event, Increment, Mark, Method, Presence, Replica, Settings},
};

use super::Seeds;
use crate::{changes::opened, ldap::changes::message};

/// Two users and a group.
const BEFORE: &str = "dn: ou=people,dc=x\nobjectClass: organizationalUnit\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000001\n\n\
    dn: uid=ada,ou=people,dc=x\nobjectClass: inetOrgPerson\nuid: ada\nmail: a@x\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000002\n\n\
    dn: cn=staff,dc=x\nobjectClass: groupOfNames\ncn: staff\nmember: uid=ada,ou=people,dc=x\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000003\n";

/// The unit has another name, the group another member, and somebody is new.
const AFTER: &str = "dn: ou=staff,dc=x\nobjectClass: organizationalUnit\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000001\n\n\
    dn: uid=bob,ou=staff,dc=x\nobjectClass: inetOrgPerson\nuid: bob\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000004\n\n\
    dn: cn=staff,dc=x\nobjectClass: groupOfNames\ncn: staff\nmember: uid=bob,ou=staff,dc=x\nentryUUID: 597ae2f6-16a6-1027-98f4-000000000003\n";

pub(super) fn seeds(seeds: &mut Seeds) {
    let mut cursor = Cursor::default();
    for method in Method::ALL {
        let mark = Mark::new(method, Settings::of(["schema"]), "DC1", "8e8a102e", *b"6810");
        cursor.set(method.name(), mark);
        let bytes = cursor.encode();
        seeds.push(("changes_cursor", method.name(), opened(&bytes).to_vec()));
    }
    let stored = stored();
    let behind = |file: &str| [&stored, &b"%\n"[..], file.as_bytes()].concat();
    seeds.push(("changes_replica", "stored", stored.clone()));
    seeds.push((
        "changes_replica",
        "renamed",
        behind(&format!("{BEFORE}%\n{AFTER}")),
    ));
    seeds.push(("changes_replica", "gone", behind(BEFORE)));
    seeds.extend(told().map(|(name, told)| {
        let messages: Vec<Vec<u8>> = told.iter().map(message).collect();
        ("ldap_changes", name, messages.concat())
    }));
}

/// A replica's content behind its cursor.
fn stored() -> Vec<u8> {
    let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    let entries = LdifReader::new(BEFORE.as_bytes()).flatten();
    let delivered = entries.filter_map(|entry| Delivered::new(mapper.schema(), &entry));
    let events = delivered.map(|entry| Event::Entry(Box::new(entry))).collect();
    let mut replica = Replica::default();
    let all = Increment::new(events, Presence::Replaced, None, 3);
    replica.apply("example.org", all, &mapper);
    let cursor = Cursor::default().encode().len();
    opened(&replica.encode())[4 + cursor..].to_vec()
}

/// The answers of servers.
fn told() -> [(&'static str, Vec<Told>); 5] {
    let cookie = || Some(b"rid=001,csn=20231114221320.000000Z#000000#000#000000".to_vec());
    let state = |state| Told::State {
        state,
        uuid: *b"0123456789abcdef",
        cookie: None,
    };
    let done = |deletes| Told::Done {
        sync: Some((cookie(), deletes)),
        dir_sync: None,
    };
    let refresh = |deletes| Told::Refresh {
        deletes,
        done: true,
        cookie: cookie(),
    };
    let set = |deleted| Told::IdSet {
        deleted,
        uuids: vec![[1; 16], [2; 16]],
        cookie: cookie(),
    };
    let dir_sync = Told::Done {
        sync: None,
        dir_sync: Some((true, b"MSDS\x03\0\0\0".to_vec())),
    };
    [
        ("present-phase", vec![state(0), state(1), set(false), done(false)]),
        ("delete-phase", vec![state(2), state(3), set(true), done(true)]),
        (
            "persist",
            vec![
                refresh(false),
                refresh(true),
                state(2),
                Told::NewCookie(b"c".to_vec()),
            ],
        ),
        ("state", vec![state(1)]),
        ("dirsync", vec![dir_sync]),
    ]
}

#[cfg(test)]
mod tests {
    use adlib_ldap::fuzzing;

    use super::*;
    use crate::changes::sealed;

    /// A seed that its decoder refuses at once would teach the engine nothing.
    #[test]
    fn what_is_stored_and_told_is_read() {
        let mut count = 0;
        let mut all = Vec::new();
        seeds(&mut all);
        for (target, name, bytes) in &all {
            match *target {
                "changes_cursor" => assert!(Cursor::decode(&sealed(b"adlibCu\x02", bytes)).is_ok(), "{name}"),
                "ldap_changes" => count += fuzzing::changes(bytes).unwrap().len(),
                _ => {}
            }
        }
        assert_eq!(count, 14);
        let cursor = Cursor::default().encode();
        let content = [&(cursor.len() as u32).to_le_bytes()[..], &cursor, &stored()].concat();
        let replica = Replica::decode(&sealed(b"adlibRe\x02", &content)).unwrap();
        assert_eq!(replica.place("example.org").map(|place| place.len()), Some(3));
    }
}
