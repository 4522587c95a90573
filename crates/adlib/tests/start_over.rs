//! A read that loses its connection: it starts over, if possible from another server, and mixes nothing (R27, A57). What a
//! run makes of a directory that is lost, or changes, while it is read (A57, A59).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a failure here is a failed test"
)]

use std::sync::{Arc, Mutex};

use adlib::{
    Directory, Error, Preset, Syncer,
    ldap::Settings,
    sync::{
        Guard, ManualRun, Plan, Store as _, SyncOptions,
        store::{DigestKey, MemoryStore},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Users on a page.
const PAGE: usize = 2;

/// A directory server on loopback, and what it was asked.
struct Controller {
    port: u16,
    /// The cookie of each request for a page.
    cookies: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// What a controller has and does.
#[derive(Clone, Default)]
struct Script {
    /// What its cookies begin with.
    name: &'static str,
    /// The entries by account, or by key and account: `key=account`. One is a group, [`GROUP`].
    users: Vec<&'static str>,
    /// How many entries it sends before it drops the connection, if it does.
    drops_after: Option<usize>,
    /// Whether it does when it is asked for the rest of the group's members.
    drops_in_range: bool,
}

/// A group whose members come in two ranges.
const GROUP: &str = "group";

impl Controller {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cookies: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let asked = Arc::clone(&cookies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), Arc::clone(&asked)));
            }
        });
        Self { port, cookies }
    }

    fn cookies(&self) -> Vec<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies
            .iter()
            .map(|cookie| String::from_utf8(cookie.clone()).unwrap())
            .collect()
    }
}

async fn serve(mut stream: TcpStream, script: Script, cookies: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut sent = 0;
    while let Some((id, request)) = request(&mut stream).await {
        if request.windows(5).any(|window| window == [4, 0, 10, 1, 0]) {
            let _closed = stream.write_all(&done(id, None)).await;
            continue;
        }
        if request.windows(7).any(|window| window == b";range=") {
            if script.drops_in_range {
                return;
            }
            let answer = [
                group(id, "member;range=1-*", "uid=b,dc=x,dc=example"),
                done(id, None),
            ];
            let _closed = stream.write_all(&answer.concat()).await;
            continue;
        }
        let cookie = cookie_of(&request);
        let page: usize = match cookie.strip_prefix(script.name.as_bytes()) {
            Some(number) => str::from_utf8(number).unwrap().parse().unwrap(),
            None => 0,
        };
        cookies.lock().unwrap().push(cookie);
        for name in script.users.iter().skip(page * PAGE).take(PAGE) {
            if script.drops_after == Some(sent) {
                return;
            }
            let _closed = stream.write_all(&user(id, name)).await;
            sent += 1;
        }
        if script.drops_after == Some(sent) {
            return;
        }
        let next = (page + 1) * PAGE < script.users.len();
        let cookie = next.then(|| format!("{}{}", script.name, page + 1));
        let _closed = stream
            .write_all(&done(id, Some(&cookie.unwrap_or_default())))
            .await;
    }
}

/// The number and the bytes of the next request.
async fn request(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.ok()?;
    let mut length = usize::from(head[1]);
    if length >= 0x80 {
        let mut octets = vec![0; length - 0x80];
        stream.read_exact(&mut octets).await.ok()?;
        length = octets
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.ok()?;
    Some((bytes[2], bytes))
}

/// The cookie of the control for pages, which is the last of a request and short.
fn cookie_of(request: &[u8]) -> Vec<u8> {
    let name = b"1.2.840.113556.1.4.319";
    let at = request
        .windows(name.len())
        .position(|window| window == name)
        .unwrap()
        + name.len();
    // criticality, value { SEQUENCE { size, cookie } }
    let value = &request[at..];
    let sequence = value.iter().position(|byte| *byte == 0x30).unwrap();
    let size = usize::from(value[sequence + 3]);
    let cookie = &value[sequence + 4 + size..];
    cookie[2..2 + usize::from(cookie[1])].to_vec()
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[tag, 0x81, length][..], content].concat()
}

fn message(id: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[vec![2, 1, id], parts.concat()].concat())
}

fn user(id: u8, name: &str) -> Vec<u8> {
    if name == GROUP {
        return group(id, "member;range=0-0", "uid=a,dc=x,dc=example");
    }
    let (key, account) = name.split_once('=').unwrap_or((name, name));
    let dn = format!("uid={account},dc=x,dc=example");
    entry(id, &dn, &[("uid", account), ("entryUUID", key)])
}

fn group(id: u8, member: &str, value: &str) -> Vec<u8> {
    let class = ("objectClass", "groupOfNames");
    let named = [class, ("cn", GROUP), ("entryUUID", "key-group"), (member, value)];
    entry(id, "cn=group,dc=x,dc=example", &named)
}

fn entry(id: u8, dn: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attribute = |(name, value): &(&str, &str)| {
        let value = tlv(0x31, &tlv(4, value.as_bytes()));
        tlv(0x30, &[tlv(4, name.as_bytes()), value].concat())
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    let dn = tlv(4, dn.as_bytes());
    message(id, &[tlv(0x64, &[dn, tlv(0x30, &attributes)].concat())])
}

/// The end of an answer, of a page for one.
fn done(id: u8, cookie: Option<&str>) -> Vec<u8> {
    let result = tlv(0x65, &[10, 1, 0, 4, 0, 4, 0]);
    let controls = cookie.map(|cookie| {
        let value = tlv(0x30, &[vec![2, 1, 0], tlv(4, cookie.as_bytes())].concat());
        let control = [tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, &value)].concat();
        tlv(0xa0, &tlv(0x30, &control))
    });
    message(id, &[result, controls.unwrap_or_default()])
}

/// x.example on these controllers, read by pages.
fn directory(controllers: &[&Controller]) -> Result<Directory, Error> {
    let servers = controllers.iter().map(|one| format!("127.0.0.1:{}", one.port));
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let domains = [("x.example".to_owned(), servers.collect())];
    Ok(Directory::of_domains(&domains, None, settings)?.with_preset(Some(Preset::OpenLdap)))
}

/// Read x.example from these controllers; the accounts, or what went wrong.
async fn read(controllers: &[&Controller]) -> Result<Vec<String>, Error> {
    let read = directory(controllers)?.read().await?;
    assert!(read.completeness.complete().is_some(), "{:?}", read.completeness);
    assert_eq!(read.found.len(), 1);
    assert_eq!(read.found[0].users, read.users.len());
    Ok(read.users.into_iter().map(|user| user.account).collect())
}

const FIRST: [&str; 6] = ["a", "b", "c", "d", "e", "only-first"];
const SECOND: [&str; 6] = ["a", "b", "c", "d", "e", "only-second"];

/// A57: wherever the first controller drops the connection, in the middle of a page or between two, the second is asked for
/// the first page, sees no cookie of the first's, and what it has is what was read.
#[tokio::test]
async fn a57_another_server_is_read_from_the_beginning() {
    for drops_after in 0..=FIRST.len() {
        let first = Controller::start(Script {
            name: "first",
            users: FIRST.to_vec(),
            drops_after: Some(drops_after),
            ..Script::default()
        });
        let second = Controller::start(Script {
            name: "second",
            users: SECOND.to_vec(),
            ..Script::default()
        });
        let (first, second) = (first.await, second.await);
        assert_eq!(
            read(&[&first, &second]).await.unwrap(),
            SECOND,
            "after {drops_after}"
        );
        assert_eq!(
            second.cookies(),
            ["", "second1", "second2"],
            "after {drops_after}"
        );
        assert_eq!(first.cookies()[0], "");
        assert!(first.cookies().iter().all(|cookie| !cookie.starts_with("second")));
    }
}

/// A57: a single server is read from the beginning, too, on a new connection; in the end the loss is an error.
#[tokio::test]
async fn a57_a_server_that_keeps_dropping_is_an_error() {
    let dropping = Controller::start(Script {
        name: "first",
        users: FIRST.to_vec(),
        drops_after: Some(3),
        ..Script::default()
    });
    let dropping = dropping.await;
    let error = read(&[&dropping]).await.unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable(reason) if reason.contains("lost")),
        "{error}"
    );
    let firsts = dropping
        .cookies()
        .iter()
        .filter(|cookie| cookie.is_empty())
        .count();
    assert_eq!(firsts, 3, "{:?}", dropping.cookies());
}

/// What a run that may delete and pass every guard would do with a controller like this.
async fn plan(store: &MemoryStore, script: Script) -> Result<Plan, Error> {
    let controller = Controller::start(script).await;
    let mut run = ManualRun::default().deleting_missing();
    run.allow = Guard::ALL.into();
    let syncer = Syncer::new(directory(&[&controller])?, store, SyncOptions::default());
    syncer.with_trigger(run).preview().await
}

/// A store that was filled from a controller with these entries.
async fn store_of(users: &[&'static str]) -> MemoryStore {
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let plan = plan(&store, script(users)).await.unwrap();
    plan.apply(&store).await.unwrap();
    store
}

fn script(users: &[&'static str]) -> Script {
    Script {
        name: "only",
        users: users.to_vec(),
        ..Script::default()
    }
}

/// The users of a store with the number of each.
fn users(store: &MemoryStore) -> Vec<(String, String)> {
    let users = store.users().into_iter();
    users.map(|user| (user.name, user.id.to_string())).collect()
}

/// A57: the connection is lost after any entry, the last one of the last page included, and while the members of a group
/// come range by range: the run changes nothing. When it is not lost, it deletes, creates and renames.
#[tokio::test]
async fn a57_a_run_whose_read_is_lost_changes_nothing() {
    let store = store_of(&["a", "b", "c", "d", "e", GROUP]).await;
    let before = store.load().await.unwrap();
    assert_eq!((before.user_count(), before.membership_count()), (5, 2));
    let today = ["a", "b=z", "c", "d", "new", GROUP];
    let lost = (0..=today.len()).map(|entries| Script {
        drops_after: Some(entries),
        ..script(&today)
    });
    let in_a_range = Script {
        drops_in_range: true,
        ..script(&today)
    };
    for script in lost.chain([in_a_range]) {
        let drops_after = script.drops_after;
        let error = plan(&store, script).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{drops_after:?}: {error}");
        let after = store.load().await.unwrap();
        assert_eq!(before.revision, after.revision, "{drops_after:?}");
        assert!(before.users().eq(after.users()), "{drops_after:?}");
    }
    let whole = plan(&store, script(&today)).await.unwrap();
    assert_eq!(
        (
            whole.creates().len(),
            whole.deletes().len(),
            whole.updates().len()
        ),
        (1, 1, 1)
    );
}

/// A59: users are renamed while they are read, one to the name that another one gave up, and come twice for it; each stays
/// the user that it was, and the next run has nothing to do.
#[tokio::test]
async fn a59_users_renamed_while_they_are_read() {
    let store = store_of(&["a", "b", "c"]).await;
    let number = |name: &str| users(&store).into_iter().find(|user| user.0 == name).unwrap().1;
    let (a, b) = (number("a"), number("b"));
    let changing = plan(&store, script(&["a", "b", "c", "a=x", "b=a"]))
        .await
        .unwrap();
    assert!(
        changing.creates().is_empty() && changing.deletes().is_empty(),
        "{changing}"
    );
    changing.apply(&store).await.unwrap();
    assert_eq!((number("x"), number("a")), (a, b));
    assert_eq!(users(&store).len(), 3);
    let again = plan(&store, script(&["c", "a=x", "b=a"])).await.unwrap();
    assert!(again.is_empty(), "{again}");
}
