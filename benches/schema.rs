//! Entries to records, LDIF files, DNs and nested groups.

use std::{fmt::Write as _, hint::black_box};

use adlib_benches::{Bar, Row, time};
use adlib_schema::{Dn, LdifReader, Mapper, Preset, RawEntry, Schema, read::Memberships};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Entries of the file that is read.
const ENTRIES: usize = 2_000;
/// Half a million entries a second.
const MAPPED: Bar = Bar::Below(2_000.0);
/// 150 MB/s.
const READ: Bar = Bar::Below(6_666_667.0);

fn main() {
    let file = directory();
    let entries: Vec<RawEntry> = LdifReader::new(file.as_bytes()).flatten().collect();
    assert_eq!(entries.len(), ENTRIES, "the file is read to its end");
    map(&entries);
    let some = file
        .match_indices("\n\n")
        .nth(100)
        .map_or(file.len(), |(end, _)| end);
    read(file.get(..some).unwrap_or_default());
    names();
    nesting();
}

/// One entry as a record, warnings and all.
fn map(entries: &[RawEntry]) {
    let mapper = Mapper::new(Schema::of(Preset::ActiveDirectory));
    let mut warnings = Vec::new();
    // As many as a reader has at hand: an entry is mapped right after it came.
    let mut turn = entries.iter().take(64).cycle();
    let mut copies = turn.clone();
    let row = Row {
        name: "schema/map an entry of Active Directory",
        bars: &[MAPPED],
    };
    row.measure_batches(
        &mut |calls| {
            time(calls, &mut || {
                turn.next()
                    .map(|entry| mapper.map(black_box(entry), &mut warnings))
            })
        },
        None,
        // Whoever keeps the values copies each of them.
        Some(&mut |calls| time(calls, &mut || copies.next().map(|entry| values(black_box(entry))))),
    );
    assert!(warnings.is_empty(), "{warnings:?}");
}

fn values(entry: &RawEntry) -> Vec<Vec<u8>> {
    let values = entry.attributes().flat_map(|(_, values)| values);
    values.map(<[u8]>::to_vec).collect()
}

/// A million bytes of a file.
fn read(file: &str) {
    let megabytes = file.len() as f64 / 1e6;
    let row = Row {
        name: "schema/read a megabyte of LDIF",
        bars: &[READ],
    };
    let per_megabyte = |nanoseconds: f64| nanoseconds / megabytes;
    row.measure_batches(
        &mut |calls| {
            per_megabyte(time(calls, &mut || {
                LdifReader::new(black_box(file.as_bytes()))
                    .flatten()
                    .map(|entry| entry.dn().len())
                    .sum::<usize>()
            }))
        },
        Some(&mut |calls| per_megabyte(time(calls, &mut || plain(black_box(file))))),
        // Whoever reads lines finds their ends, and makes sure that they are text.
        Some(&mut |calls| {
            per_megabyte(time(calls, &mut || {
                str::from_utf8(black_box(file.as_bytes()))
                    .map(|text| memchr::memchr_iter(b'\n', text.as_bytes()).count())
            }))
        }),
    );
}

/// What a program without the library would do: no folds, no Base64, no bounds.
fn plain(file: &str) -> usize {
    let entries = file.split("\n\n").map(|record| {
        let pairs = record.lines().filter_map(|line| line.split_once(':'));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()));
        pairs.collect::<Vec<_>>()
    });
    entries.map(|pairs| pairs.len()).sum()
}

fn names() {
    let written = "CN=Lovelace\\, Ada,OU=Engineering,OU=Berlin,OU=Staff,DC=corp,DC=example,DC=com";
    let plain = "CN=Ada Lovelace,OU=Engineering,OU=Berlin,OU=Staff,DC=corp,DC=example,DC=com";
    let other = "cn=lovelace\\2C ada, ou=engineering, ou=berlin, ou=staff, dc=corp, dc=example, dc=com";
    parse("schema/parse a DN", &[Bar::Below(250.0)], plain);
    parse("schema/parse a DN with an escape", &[], written);
    let (Ok(written), Ok(other)) = (written.parse::<Dn>(), other.parse::<Dn>()) else {
        return;
    };
    let row = Row {
        name: "schema/compare two DNs",
        bars: &[Bar::Below(20.0)],
    };
    row.measure(
        || black_box(&written) == black_box(&other),
        || black_box(written.as_str()).eq_ignore_ascii_case(black_box(written.as_str())),
        || black_box(written.as_str()) == black_box(written.as_str()),
    );
}

/// A DN of seven RDNs, whose normal form is made at once.
fn parse(name: &'static str, bars: &'static [Bar], written: &str) {
    Row { name, bars }.measure(
        || black_box(written).parse::<Dn>().is_ok(),
        || {
            let lower = black_box(written).to_lowercase();
            lower
                .split(',')
                .map(str::trim)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        },
        || black_box(written).to_ascii_lowercase(),
    );
}

/// 50,000 groups in one another, eight deep and with cycles, and 100,000 users in them.
fn nesting() {
    const GROUPS: usize = 50_000;
    const USERS: usize = 100_000;
    let outer = |group: usize| match group % 1_000 {
        0 => vec![group / 8, (group + 1) % GROUPS],
        1 => vec![group / 8, group - 1],
        _ => vec![group / 8],
    };
    let groups: Vec<Vec<usize>> = (0..GROUPS).map(outer).collect();
    let users: Vec<Vec<usize>> = (0..USERS).map(|user| vec![user % GROUPS, user % 100]).collect();
    let row = Row {
        name: "schema/close the nesting of 50,000 groups",
        bars: &[Bar::Below(50e6)],
    };
    row.measure_batches(
        &mut |calls| {
            let mut given: Vec<_> = (0..calls).map(|_| users.clone()).collect();
            time(calls, &mut || {
                let users = given.pop().unwrap_or_default();
                Memberships::close(users, black_box(&groups)).len()
            })
        },
        None,
        None,
    );
}

/// A directory of users as Active Directory exports them, with what a reader asks for.
fn directory() -> String {
    let mut file = String::from("version: 1\n\n");
    for user in 0..ENTRIES {
        let guid = base64(user, 16, &[]);
        let sid = base64(user, 28, &[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0]);
        let written = write!(
            file,
            "dn: CN=User {user},OU=Engineering,OU=Berlin,DC=corp,DC=example,DC=com\n\
             objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n\
             department: Engineering\ndisplayName: User Number {user}\nhomeDirectory: \\\\files\\home\\user{user}\n\
             objectGUID:: {guid}\nuserAccountControl: 512\npwdLastSet: 133444736000000000\nprimaryGroupID: 513\n\
             objectSid:: {sid}\naccountExpires: 9223372036854775807\nsAMAccountName: user{user}\n\
             sAMAccountType: 805306368\nuserPrincipalName: user{user}@corp.example.com\nlockoutTime: 0\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com\n\
             mail: user.number.{user}@corp.example.com\npager: ID-{user}\nphysicalDeliveryOfficeName: B {}\n\
             msDS-User-Account-Control-Computed: 0\n\n",
            user % 100
        );
        assert!(written.is_ok(), "a String takes any text");
    }
    file
}

/// `length` bytes that begin with `head` and differ by `number`, in Base64.
fn base64(number: usize, length: usize, head: &[u8]) -> String {
    let mut bytes = head.to_vec();
    bytes.extend(number.to_le_bytes().iter().cycle().take(length - head.len()));
    STANDARD.encode(bytes)
}
