//! Instructions of the paths without input and output: `cargo xtask instructions` compares them with those in `counts.json`.
#![expect(missing_docs, reason = "of what the macros make")]

use std::hint::black_box;

use adlib_instructions::{
    Handshake, Ticket, handshake, keytab, ldif, mappings, negotiation, pac, raw_entries, ticket,
};
use adlib_kerberos::{
    Accepted, EncryptionType, Keytab, KeytabError, UnverifiedApReq,
    pac::{PacContent, PacRejection, UnverifiedPac},
};
use adlib_ntlm::{Policy, Session};
use adlib_schema::{Dn, Filter, LdifReader, Mapped, Mapper, Preset, RawEntry, Schema};
use adlib_spnego::NegTokenInit;
use adlib_sync::{Snapshot, store::StoreState};
use adlib_upn::SuffixMap;
use gungraun::{library_benchmark, library_benchmark_group, main};

#[allow(dead_code, reason = "the benches beside this one use the rest")]
#[path = "../sync_lists.rs"]
mod sync_lists;

use sync_lists::Lists;

#[library_benchmark]
#[bench::etype_17(args = (EncryptionType::Aes128Sha1), setup = ticket)]
#[bench::etype_18(args = (EncryptionType::Aes256Sha1), setup = ticket)]
#[bench::etype_19(args = (EncryptionType::Aes128Sha2), setup = ticket)]
#[bench::etype_20(args = (EncryptionType::Aes256Sha2), setup = ticket)]
#[bench::etype_23(args = (EncryptionType::Rc4), setup = ticket)]
fn kerberos_accept(mut ticket: Ticket) -> (Option<Accepted>, Ticket) {
    let accepted = accept(&mut ticket);
    (accepted, ticket)
}

fn accept(ticket: &mut Ticket) -> Option<Accepted> {
    let request = UnverifiedApReq::decode(black_box(&ticket.token)).ok()?;
    let opened = request.decrypt_in(&mut ticket.buffer, &ticket.keytab, &ticket.policy);
    let pending = opened.ok()?.check(&ticket.policy, ticket.now, None).ok()?;
    let (record, expires) = (pending.record(), pending.expires());
    let fresh = ticket.replays.check_and_insert(record, expires, ticket.now);
    Some(pending.accept(fresh.ok()?))
}

#[library_benchmark]
#[bench::all(args = (EncryptionType::Aes256Sha1), setup = ticket)]
fn kerberos_decode(ticket: Ticket) -> (bool, Ticket) {
    (UnverifiedApReq::decode(black_box(&ticket.token)).is_ok(), ticket)
}

#[library_benchmark]
#[bench::groups_20(args = (20), setup = pac)]
#[bench::groups_1000(args = (1000), setup = pac)]
fn pac_decode(pac: Vec<u8>) -> Result<PacContent, PacRejection> {
    Ok(UnverifiedPac::decode(black_box(&pac))?.unverified_content()?)
}

#[library_benchmark]
#[bench::entries_1000(args = (1000), setup = keytab)]
fn keytab_decode(file: Vec<u8>) -> Result<Keytab, KeytabError> {
    Keytab::decode(black_box(&file))
}

#[library_benchmark]
#[bench::init(setup = negotiation)]
fn spnego_decode(token: Vec<u8>) -> (bool, Vec<u8>) {
    (NegTokenInit::decode(black_box(&token)).is_ok(), token)
}

#[library_benchmark]
#[bench::with_mic(setup = handshake)]
fn ntlm_verify(handshake: Handshake) -> Option<Session> {
    let Handshake {
        awaiting,
        authenticate,
        hash,
        now,
    } = handshake;
    let policy = Policy::default();
    let pending = awaiting.authenticate(black_box(&authenticate), &policy, now, None);
    pending.ok()?.verify(&hash).ok()
}

#[library_benchmark]
#[bench::lines_50(setup = mappings)]
fn mappings_parse(file: Vec<u8>) -> usize {
    SuffixMap::parse(black_box(&file)).map.len()
}

fn map_of_50() -> SuffixMap {
    SuffixMap::parse(&mappings()).map
}

#[library_benchmark]
#[bench::among_50(setup = map_of_50)]
fn mappings_resolve(map: SuffixMap) -> (usize, SuffixMap) {
    let typed = [
        "Branch17.Example",
        "branch3.example",
        "BRANCH49.EXAMPLE",
        "corp.example.com",
    ];
    let typed = typed.iter().cycle().take(100);
    let found = typed.map(|suffix| map.domains_of(black_box(suffix)).count());
    (found.sum(), map)
}

const DN: &str = "CN=Lovelace\\, Ada,OU=Engineering,OU=Berlin,OU=Staff,DC=corp,DC=example,DC=com";

#[library_benchmark]
#[bench::with_escape(DN)]
fn dn_parse(text: &str) -> Option<Dn> {
    black_box(text).parse().ok()
}

/// Many entries: where in memory a value lies makes a difference to each, and none to all of them.
fn filter_and_entries() -> (Option<Filter>, Vec<RawEntry>) {
    let filter = "(&(objectClass=user)(|(sAMAccountName=user*)(mail=*@example.org))(!(department=Sales)))";
    (filter.parse().ok(), raw_entries(100))
}

#[library_benchmark]
#[bench::five_terms(setup = filter_and_entries)]
fn filter_matches(
    (filter, entries): (Option<Filter>, Vec<RawEntry>),
) -> (usize, Option<Filter>, Vec<RawEntry>) {
    let matches = |entry: &&RawEntry| {
        filter
            .as_ref()
            .is_some_and(|filter| filter.matches(black_box(entry)))
    };
    (entries.iter().filter(matches).count(), filter, entries)
}

fn mapper_and_entries() -> (Mapper, Vec<RawEntry>) {
    (Mapper::new(Schema::of(Preset::ActiveDirectory)), raw_entries(100))
}

#[library_benchmark]
#[bench::users_100(setup = mapper_and_entries)]
fn entry_map((mapper, entries): (Mapper, Vec<RawEntry>)) -> (Vec<Mapped>, Mapper, Vec<RawEntry>) {
    let mapped = entries
        .iter()
        .map(|entry| mapper.map(black_box(entry), &mut Vec::new()));
    (mapped.collect(), mapper, entries)
}

#[library_benchmark]
#[bench::users_100(args = (100), setup = ldif)]
fn ldif_read(file: Vec<u8>) -> usize {
    LdifReader::new(black_box(&file[..])).flatten().count()
}

fn lists(users: u32) -> Option<(Lists, Snapshot, StoreState)> {
    let lists = Lists::of(users);
    let (snapshot, state) = lists.load().ok()?;
    Some((lists, snapshot, state))
}

#[library_benchmark]
#[bench::users_2000(args = (2000), setup = lists)]
fn sync_plan(sides: Option<(Lists, Snapshot, StoreState)>) -> Option<(String, Snapshot, StoreState)> {
    let (lists, snapshot, state) = sides?;
    let plan = lists.plan(black_box(&snapshot), black_box(&state));
    Some((plan, snapshot, state))
}

library_benchmark_group!(
    name = all,
    benchmarks = [
        kerberos_accept,
        kerberos_decode,
        pac_decode,
        keytab_decode,
        spnego_decode,
        ntlm_verify,
        mappings_parse,
        mappings_resolve,
        dn_parse,
        filter_matches,
        entry_map,
        ldif_read,
        sync_plan,
    ]
);

main!(library_benchmark_groups = [all]);
