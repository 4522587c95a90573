//! What a server says of changes that no honest server says (R28, A50): answers without an end, entries without their
//! identity, marks that are too old.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::sync::{Arc, Mutex};

use adlib_ldap::{ChangeReader, Connection, Error, Incomplete, PlaceRead};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{FullReadReason, Method, Replica},
};
use mock::{Peer, Request, Server, done, entry, message, plain, reference, result, tlv};

const SYNC: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.1";
const SYNC_STATE: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.4";
const DIR_SYNC: &[u8] = b"1.2.840.113556.1.4.841";
const PLACE: &str = "dc=x";
/// How many entries this side takes.
const LIMIT: usize = 20;

/// What the server answers next, by the kind of the search.
#[derive(Clone, Default)]
struct Script {
    root: Vec<(&'static str, &'static str)>,
    /// To a synchronisation or `DirSync`.
    told: Option<Say>,
    /// To any other search below the base.
    pages: Option<Say>,
    /// To a search of one entry.
    one: Option<Say>,
    /// To a search for entries by their identities.
    found: Option<Say>,
}

type Say = Arc<dyn Fn(u32, &Request) -> Vec<u8> + Send + Sync>;

fn say(bytes: impl Fn(u32, &Request) -> Vec<u8> + Send + Sync + 'static) -> Option<Say> {
    Some(Arc::new(bytes))
}

/// A server that answers as its script says at the time.
struct Scripted {
    server: Server,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    async fn start(script: Script) -> Self {
        let script = Arc::new(Mutex::new(script));
        let shared = Arc::clone(&script);
        let server = Server::start(move |stream| {
            let script = Arc::clone(&shared);
            async move {
                let mut peer = Peer::new(stream);
                while let Some(request) = peer.any_request().await {
                    let answer = script.lock().unwrap().answer(&request);
                    peer.send(&answer).await;
                }
            }
        })
        .await;
        Self { server, script }
    }

    fn then(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// Go on from `replica`, on a connection of its own.
    async fn read(
        &self,
        preset: Preset,
        replica: &mut Replica,
        wanted: Option<Method>,
    ) -> Result<PlaceRead, Error> {
        let mut settings = plain();
        settings.limits.search_entries = LIMIT;
        let connection = Connection::open(&[self.server.endpoint()], &settings)
            .await
            .unwrap();
        let mapper = Mapper::new(Schema::of(preset));
        let reader = ChangeReader::new(&connection, &mapper, PLACE, PLACE, "me");
        let read = reader.read(replica, wanted, &mut |_| {}).await?;
        replica.apply(PLACE, read.increment.clone(), &mapper);
        Ok(read)
    }
}

impl Script {
    fn answer(&self, request: &Request) -> Vec<u8> {
        let id = request.id;
        let is_root = request.contains(&[0x04, 0x00, 0x0a, 0x01, 0x00]);
        let is_one = request.contains(&[0x0a, 1, 0, 0x0a, 1]);
        let said = match () {
            () if is_root => {
                let root: Vec<_> = self.root.iter().map(|(name, value)| (*name, [*value])).collect();
                let root: Vec<_> = root.iter().map(|(name, value)| (*name, &value[..])).collect();
                return [entry(id, "", &root), done(id, 0, "")].concat();
            }
            () if is_one => &self.one,
            () if request.contains(b"UUID\x04\x24") || request.contains(b"GUID\x04\x10") => &self.found,
            () if request.contains(SYNC) || request.contains(DIR_SYNC) => &self.told,
            () => &self.pages,
        };
        let said = said.as_ref().map(|said| said(id, request));
        said.unwrap_or_else(|| done(id, 0, ""))
    }
}

fn control(name: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0xa0, &tlv(0x30, &[tlv(4, name), tlv(4, value)].concat()))
}

/// The last bytes of an identity, which is this number.
fn uuid(number: usize) -> [u8; 16] {
    let mut uuid = [0; 16];
    uuid[12..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    uuid
}

/// `user` of this number; with its identity or without.
fn user(id: u32, number: usize, with_identity: bool) -> Vec<u8> {
    let (name, identity) = (
        format!("u{number}"),
        format!("00000000-0000-0000-0000-{number:012x}"),
    );
    let (name, identity) = ([name.as_str()], [identity.as_str()]);
    let mut attributes: Vec<(&str, &[&str])> = vec![
        ("objectClass", &["inetOrgPerson"]),
        ("uid", &name),
        ("modifyTimestamp", &["20261101000000Z"]),
        ("entryCSN", &["20261101000000.000000Z#000000#000#000000"]),
    ];
    if with_identity {
        attributes.push(("entryUUID", &identity));
    }
    entry(id, &format!("uid=u{number},{PLACE}"), &attributes)
}

/// The same in a synchronisation, with this state.
fn synced(id: u32, number: usize, state: u8) -> Vec<u8> {
    let whole = user(id, number, true);
    // The message again, with a control behind its operation.
    let operation = &whole[whole.iter().position(|byte| *byte == 0x64).unwrap()..];
    let value = tlv(0x30, &[tlv(0x0a, &[state]), tlv(4, &uuid(number))].concat());
    message(id, &[operation.to_vec(), control(SYNC_STATE, &value)])
}

fn info(id: u32, value: &[u8]) -> Vec<u8> {
    message(
        id,
        &[tlv(0x79, &[tlv(0x80, SYNC_INFO), tlv(0x81, value)].concat())],
    )
}

/// A list of so many identities that are there.
fn id_set(id: u32, count: usize) -> Vec<u8> {
    let uuids: Vec<u8> = (0..count).flat_map(|number| tlv(4, &uuid(number))).collect();
    info(id, &tlv(0xa3, &tlv(0x31, &uuids)))
}

fn sync_done(id: u32) -> Vec<u8> {
    let value = tlv(0x30, &[tlv(4, b"cookie"), vec![1, 1, 0xff]].concat());
    message(id, &[tlv(0x65, &result(0, "")), control(SYNC_DONE, &value)])
}

fn dir_sync_done(id: u32, more: u8) -> Vec<u8> {
    let value = tlv(0x30, &[vec![2, 1, more, 2, 1, 0], tlv(4, b"cookie")].concat());
    message(id, &[tlv(0x65, &result(0, "")), control(DIR_SYNC, &value)])
}

fn open_ldap() -> Script {
    Script {
        root: vec![("supportedControl", "1.3.6.1.4.1.4203.1.9.1.1")],
        one: say(|id, _| [user(id, 0, true), done(id, 0, "")].concat()),
        ..Script::default()
    }
}

fn controller() -> Script {
    Script {
        root: vec![
            ("supportedCapabilities", "1.2.840.113556.1.4.800"),
            ("dsServiceName", "CN=DC1"),
            ("highestCommittedUSN", "10"),
            ("currentTime", "20261101000000.0Z"),
        ],
        told: say(|id, _| dir_sync_done(id, 0)),
        pages: say(|id, _| [object(id, 1), done(id, 0, "")].concat()),
        ..Script::default()
    }
}

/// A user of Active Directory, of this number.
fn object(id: u32, number: usize) -> Vec<u8> {
    object_in(id, number, "DC=x")
}

/// The same in `container`, of which nothing is told.
fn object_in(id: u32, number: usize, container: &str) -> Vec<u8> {
    let name = format!("u{number}");
    let digits = format!("{number:016}");
    entry(
        id,
        &format!("CN={name},{container}"),
        &[
            ("objectClass", &["user"]),
            ("objectCategory", &["CN=Person,CN=Schema,DC=x"]),
            ("sAMAccountName", &[&name]),
            ("sAMAccountType", &["805306368"]),
            ("userAccountControl", &["512"]),
            ("whenChanged", &["20261101000000.0Z"]),
            ("uSNChanged", &["5"]),
            ("objectGUID", &[&digits]),
        ],
    )
}

fn is_too_many(read: &Result<PlaceRead, Error>) -> bool {
    let limit = Incomplete::TooManyEntries(LIMIT);
    matches!(read, Err(Error::Incomplete { reason, .. }) if *reason == limit)
}

/// A50: a synchronisation holds no more entries, and no more identities, than a search may give; nor does it wait for the
/// end of what says nothing.
#[tokio::test]
async fn a50_a_synchronisation_without_end() {
    type Part = fn(u32, usize) -> Vec<u8>;
    let endless: [(&str, Part); 6] = [
        ("entries", |id, number| synced(id, number, 1)),
        ("what is present", |id, number| synced(id, number, 0)),
        ("what is gone", |id, number| synced(id, number, 3)),
        ("cookies", |id, _| info(id, &tlv(0x80, b"c"))),
        ("lists", |id, _| id_set(id, 5)),
        ("what is not followed", |id, _| reference(id, "ldap://y/")),
    ];
    for (what, part) in endless {
        let mut script = open_ldap();
        script.told = say(move |id, _| (0..LIMIT + 5).flat_map(|number| part(id, number)).collect());
        let scripted = Scripted::start(script).await;
        for wanted in [None, Some(Method::Syncrepl)] {
            let read = scripted
                .read(Preset::OpenLdap, &mut Replica::default(), wanted)
                .await;
            assert!(is_too_many(&read), "{what}, {wanted:?}: {read:?}");
        }
    }
    // One message may list many.
    let mut script = open_ldap();
    script.told = say(|id, _| [id_set(id, LIMIT + 1), sync_done(id)].concat());
    let scripted = Scripted::start(script).await;
    let read = scripted
        .read(Preset::OpenLdap, &mut Replica::default(), None)
        .await;
    assert!(is_too_many(&read), "{read:?}");
}

/// A50: the same after a cookie, and of the stream.
#[tokio::test]
async fn a50_an_increment_without_end() {
    let mut script = open_ldap();
    script.told = say(|id, _| [synced(id, 1, 1), sync_done(id)].concat());
    script.pages = say(|id, _| [user(id, 1, true), done(id, 0, "")].concat());
    script.found = script.pages.clone();
    let scripted = Scripted::start(script).await;
    let mut replica = Replica::default();
    let first = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
    assert_eq!(first.method, Method::Syncrepl, "{}", first.why);
    scripted.then(|script| {
        script.told = say(|id, _| (0..LIMIT + 5).flat_map(|number| synced(id, number, 2)).collect());
    });
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await;
    assert!(is_too_many(&read), "{read:?}");
    let mut settings = plain();
    settings.limits.search_entries = LIMIT;
    let connection = Connection::open(&[scripted.server.endpoint()], &settings)
        .await
        .unwrap();
    let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    let reader = ChangeReader::new(&connection, &mapper, PLACE, PLACE, "me");
    let mut stream = reader.watch(&replica).await.unwrap().unwrap();
    let next = stream.next().await;
    let limit = Incomplete::TooManyEntries(LIMIT);
    assert!(
        matches!(&next, Err(Error::Incomplete { reason, .. }) if *reason == limit),
        "{next:?}"
    );
}

/// A50: `DirSync` holds no more than a search may give, be it entries or members, in one round or in many.
#[tokio::test]
async fn a50_dirsync_without_end() {
    let scripted = Scripted::start(controller()).await;
    let mut replica = Replica::default();
    let first = scripted
        .read(Preset::ActiveDirectory, &mut replica, None)
        .await
        .unwrap();
    assert_eq!(first.method, Method::DirSync, "{}", first.why);
    let rounds = say(|id, _| {
        let objects = (0..5).flat_map(|number| object(id, usize::try_from(id).unwrap() * 10 + number));
        objects.chain(dir_sync_done(id, 1)).collect()
    });
    let members = say(|id, _| {
        let members: Vec<String> = (0..=LIMIT)
            .map(|n| format!("<GUID=00000000-0000-0000-0000-{n:012x}>;CN=u{n},DC=x"))
            .collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let group: [(&str, &[&str]); 2] = [
            ("objectGUID", &["0000000000000009"]),
            ("member;range=1-1", &members),
        ];
        [entry(id, "CN=g,DC=x", &group), dir_sync_done(id, 0)].concat()
    });
    for told in [rounds, members] {
        scripted.then(|script| script.told = told);
        let read = scripted
            .read(Preset::ActiveDirectory, &mut replica.clone(), None)
            .await;
        assert!(is_too_many(&read), "{read:?}");
    }
}

/// A50: asked for one entry by its identity, a server gives no more than that.
#[tokio::test]
async fn a50_more_entries_than_were_asked_for() {
    let scripted = Scripted::start(controller()).await;
    let mut replica = Replica::default();
    scripted
        .read(Preset::ActiveDirectory, &mut replica, None)
        .await
        .unwrap();
    scripted.then(|script| {
        script.told = say(|id, _| [object(id, 1), dir_sync_done(id, 0)].concat());
        script.found = say(|id, _| [object(id, 1), object(id, 2), done(id, 0, "")].concat());
    });
    let read = scripted.read(Preset::ActiveDirectory, &mut replica, None).await;
    let one = Incomplete::TooManyEntries(1);
    assert!(
        matches!(&read, Err(Error::Incomplete { reason, .. }) if *reason == one),
        "{read:?}"
    );
}

/// R28: a synchronisation that refers elsewhere, or calls entries unchanged that were never read, is no whole answer:
/// everything is read by pages.
#[tokio::test]
async fn r28_a_synchronisation_that_is_no_whole_answer() {
    type Odd = fn(u32) -> Vec<u8>;
    let odd: [(&str, Odd); 4] = [
        ("on other servers", |id| reference(id, "ldap://y/")),
        ("unchanged that it was never asked for", |id| synced(id, 2, 0)),
        ("unchanged that it was never asked for", |id| id_set(id, 2)),
        ("as any search", |id| user(id, 2, true)),
    ];
    for (why, part) in odd {
        let mut script = open_ldap();
        script.told = say(move |id, _| [synced(id, 1, 1), part(id), sync_done(id)].concat());
        script.pages = say(|id, _| [user(id, 1, true), user(id, 2, true), done(id, 0, "")].concat());
        let scripted = Scripted::start(script).await;
        let mut replica = Replica::default();
        let read = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
        assert_eq!(read.method, Method::ModifyTimestamp, "{why}");
        assert!(read.why.contains(why), "{why}: {}", read.why);
        assert_eq!(replica.place(PLACE).unwrap().len(), 2);
    }
}

/// R28: a user who comes without an identity makes a full read incomplete; one whose identity may no longer be read is not
/// gone, but the reason for a full read, which is incomplete then. Of what is no user, none is needed.
#[tokio::test]
async fn r28_a_user_without_an_identity() {
    let mut script = open_ldap();
    script.root = Vec::new();
    let pages = |with_identity: bool| {
        say(move |id, _| {
            let name = format!("cn=c,{PLACE}");
            let other = entry(id, &name, &[("objectClass", &["applicationProcess"])]);
            let users = [user(id, 1, true), user(id, 2, with_identity)].concat();
            [other, users, done(id, 0, "")].concat()
        })
    };
    // An identity that may not be read finds nobody.
    let found = |count: usize| {
        say(move |id, _| {
            let users = (1..=count).flat_map(|number| user(id, number, true));
            users.chain(done(id, 0, "")).collect()
        })
    };
    script.found = found(2);
    script.one = say(|id, request| {
        let is_second = request.contains(b"uid=u2");
        let entry = if is_second { user(id, 2, false) } else { Vec::new() };
        [entry, done(id, 0, "")].concat()
    });
    script.pages = pages(false);
    let scripted = Scripted::start(script).await;
    let mut replica = Replica::default();
    let nameless = Incomplete::NoIdentity(format!("uid=u2,{PLACE}"));
    let is_incomplete = |read: &Result<PlaceRead, Error>| matches!(read, Err(Error::Incomplete { reason, .. }) if *reason == nameless);
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await;
    assert!(is_incomplete(&read), "{read:?}");
    scripted.then(|script| script.pages = pages(true));
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
    assert_eq!(read.method, Method::ModifyTimestamp);
    assert_eq!(replica.place(PLACE).unwrap().len(), 2);
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
    assert_eq!(read.full, None);
    scripted.then(|script| {
        script.pages = pages(false);
        script.found = found(1);
    });
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await;
    assert!(is_incomplete(&read), "{read:?}");
}

/// R28: a server that refuses to find the groups that it may have changed has everything read, with that reason.
#[tokio::test]
async fn r28_a_server_that_refuses_to_find_groups() {
    let mut script = open_ldap();
    script.root = Vec::new();
    script.pages = say(|id, request| {
        if request.contains(b"groupOfUniqueNames") {
            return done(id, 53, "not indexed");
        }
        [user(id, 1, true), done(id, 0, "")].concat()
    });
    script.found = script.pages.clone();
    let scripted = Scripted::start(script).await;
    let mut replica = Replica::default();
    for _ in 0..2 {
        let read = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
        assert_eq!(read.method, Method::ModifyTimestamp);
        let reason = read.full.unwrap();
        let is_refused = matches!(&reason, FullReadReason::Refused(what) if what.contains("not indexed"));
        assert!(is_refused || reason == FullReadReason::FirstRead, "{reason:?}");
        assert_eq!(replica.place(PLACE).unwrap().len(), 1);
    }
    let read = scripted.read(Preset::OpenLdap, &mut replica, None).await.unwrap();
    assert!(
        matches!(read.full, Some(FullReadReason::Refused(_))),
        "{:?}",
        read.full
    );
}

/// R28: a mark of Active Directory that is older than what a controller remembers, by the controller's clock.
#[tokio::test]
async fn r28_a_mark_that_is_too_old() {
    for wanted in [Method::DirSync, Method::Usn] {
        let scripted = Scripted::start(controller()).await;
        let mut replica = Replica::default();
        let mut at = async |time: &'static str| {
            scripted.then(|script| script.root[3].1 = time);
            let read = scripted
                .read(Preset::ActiveDirectory, &mut replica, Some(wanted))
                .await;
            read.unwrap().full
        };
        assert_eq!(at("20261101000000.0Z").await, Some(FullReadReason::FirstRead));
        // The last read counts, not the first.
        assert_eq!(at("20261120000000.0Z").await, None, "{wanted}");
        assert_eq!(at("20261215000000.0Z").await, None, "{wanted}");
        let late = at("20270115000000.0Z").await;
        assert!(matches!(late, Some(FullReadReason::TooOld(_))), "{late:?}");
        assert_eq!(at("20270116000000.0Z").await, None, "{wanted}");
    }
}

/// R28: who is in a container that may not be seen is looked at again with each increment, for nobody tells that it was
/// renamed; who is right below the base is not.
#[tokio::test]
async fn r28_a_container_that_may_not_be_seen() {
    let told =
        |container: &'static str| say(move |id, _| [object_in(id, 1, container), done(id, 0, "")].concat());
    for (then, now, read_again) in [("OU=a,DC=x", "OU=b,DC=x", 2), ("DC=x", "DC=x", 0)] {
        let mut script = controller();
        (script.pages, script.found) = (told(then), told(then));
        let scripted = Scripted::start(script).await;
        let mut replica = Replica::default();
        let preset = Preset::ActiveDirectory;
        scripted.read(preset, &mut replica, None).await.unwrap();
        scripted.then(|script| (script.pages, script.found) = (told(now), told(now)));
        let read = scripted.read(preset, &mut replica, None).await.unwrap();
        assert_eq!((read.method, read.full), (Method::DirSync, None));
        assert_eq!(read.increment.entries_read, read_again, "{then}");
        let users = replica.read(&Mapper::new(Schema::of(preset))).users;
        assert_eq!(users[0].dn, format!("CN=u1,{now}"));
    }
}
