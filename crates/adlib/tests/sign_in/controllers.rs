//! Controllers that are slow, and that give few entries at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use adlib::{Directory, ldap::Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::scene::{Kdc, Site};

const PAGES: &[u8] = b"1.2.840.113556.1.4.319";

/// What a controller does with a search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It gives no answer.
    Slow,
    /// It answers the search that a connection begins with, and one besides.
    Falters,
    /// It goes away.
    Lost,
    /// It gives so many entries at a time, and no more where no pages are asked for.
    Gives(usize),
}

/// A directory server on loopback, and how many searches came to it.
struct Controller {
    at: String,
    searches: Arc<AtomicUsize>,
}

impl Controller {
    /// At an address of its own: servers are told apart by their hosts.
    fn start(site: &tokio::runtime::Runtime, host: &str, manner: Manner) -> Self {
        let listener = site.block_on(TcpListener::bind((host, 0))).unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let searches = Arc::<AtomicUsize>::default();
        let count = searches.clone();
        site.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner, count.clone()));
            }
        });
        Self { at, searches }
    }

    fn searches(&self) -> usize {
        self.searches.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, searches: Arc<AtomicUsize>) {
    while let Some((id, request)) = request(&mut stream).await {
        let before = searches.fetch_add(1, Ordering::SeqCst);
        let most = match manner {
            Manner::Falters if before < 2 => 1,
            Manner::Slow | Manner::Falters => continue,
            Manner::Lost => return,
            Manner::Gives(most) => most,
        };
        let found = found_by(&request);
        let begin = cookie(&request).map_or(0, usize::from);
        let page: Vec<Vec<u8>> = found.iter().skip(begin).take(most).cloned().collect();
        let more = found.len() > begin + page.len();
        for entry in &page {
            stream.write_all(&message(id, &[entry])).await.unwrap();
        }
        let next = u8::try_from(begin + page.len()).unwrap();
        let end = match is_paged(&request) {
            true => message(id, &[&result(0), &pages(more.then_some(next))]),
            // sizeLimitExceeded (RFC 4511 4.1.9)
            false => message(id, &[&result(if more { 4 } else { 0 })]),
        };
        stream.write_all(&end).await.unwrap();
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
        let octets = octets.iter();
        length = octets.fold(0, |length, octet| length << 8 | usize::from(*octet));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.ok()?;
    Some((bytes[2], bytes))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_paged(request: &[u8]) -> bool {
    contains(request, PAGES)
}

/// Where a page begins: a cookie of one byte.
fn cookie(request: &[u8]) -> Option<u8> {
    (is_paged(request) && request[request.len() - 3..request.len() - 1] == [4, 1])
        .then(|| request[request.len() - 1])
}

/// Ada, by her name; groups, by their SIDs.
fn found_by(request: &[u8]) -> Vec<Vec<u8>> {
    if contains(request, b"ada@corp.example.com") {
        return vec![entry("Ada", 0x450, &ADA)];
    }
    let rids = (3001..3100).filter(|rid| contains(request, format!("S-1-5-21-1-2-3-{rid}").as_bytes()));
    rids.map(|rid| entry(&format!("Group {rid}"), rid, &GROUP))
        .collect()
}

const ADA: [(&str, &str); 7] = [
    ("objectClass", "person"),
    ("objectClass", "user"),
    (
        "objectCategory",
        "CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com",
    ),
    ("sAMAccountName", "ada"),
    ("sAMAccountType", "805306368"),
    ("userAccountControl", "512"),
    ("userPrincipalName", "ada@corp.example.com"),
];
const GROUP: [(&str, &str); 3] = [
    ("objectClass", "group"),
    (
        "objectCategory",
        "CN=Group,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com",
    ),
    ("groupType", "-2147483646"),
];

/// The SID of the domain's account `rid` (MS-DTYP 2.4.2.2).
fn sid(rid: u32) -> Vec<u8> {
    let subs = [21, 1, 2, 3, rid];
    let subs = subs.iter().flat_map(|sub: &u32| sub.to_le_bytes());
    [1, 5, 0, 0, 0, 0, 0, 5].into_iter().chain(subs).collect()
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}

fn message(id: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &[&[2, 1, id], &*parts.concat()].concat())
}

fn entry(name: &str, rid: u32, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attribute = |name: &str, value: &[u8]| {
        let values = tlv(0x31, &tlv(4, value));
        tlv(0x30, &[tlv(4, name.as_bytes()), values].concat())
    };
    let mut all = vec![
        attribute("objectSid", &sid(rid)),
        attribute("objectGUID", &[u8::try_from(rid % 251).unwrap(); 16]),
    ];
    all.extend(
        attributes
            .iter()
            .map(|(name, value)| attribute(name, value.as_bytes())),
    );
    if attributes == GROUP {
        all.push(attribute("sAMAccountName", name.as_bytes()));
    }
    let dn = tlv(4, format!("CN={name},DC=corp,DC=example,DC=com").as_bytes());
    tlv(0x64, &[dn, tlv(0x30, &all.concat())].concat())
}

/// The end of an answer.
fn result(code: u8) -> Vec<u8> {
    tlv(0x65, &[10, 1, code, 4, 0, 4, 0])
}

/// The control with where the next page begins (RFC 2696).
fn pages(next: Option<u8>) -> Vec<u8> {
    let cookie = next.map(|next| vec![next]).unwrap_or_default();
    let value = tlv(0x30, &[vec![2, 1, 0], tlv(4, &cookie)].concat());
    let control = [tlv(4, PAGES), tlv(4, &value)].concat();
    tlv(0xa0, &tlv(0x30, &control))
}

/// A site whose users are at `controllers`.
fn site(kdc: Kdc, deadline: Duration, controllers: &[(&str, Manner)]) -> (Site, Vec<Controller>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let started: Vec<Controller> = controllers
        .iter()
        .map(|(host, manner)| Controller::start(&runtime, host, *manner))
        .collect();
    let servers = started.iter().map(|one| one.at.clone()).collect();
    let domains = [("corp.example.com".to_owned(), servers)];
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let directory = Directory::of_domains(&domains, None, settings).unwrap();
    let mut site = Site::with(kdc, |builder, _| builder.directory(directory).deadline(deadline));
    site.runtime = runtime;
    (site, started)
}

/// R4: a directory by hand has name servers of its own, and says which of them is none.
#[test]
fn r04_the_directorys_own_name_servers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let controller = Controller::start(&runtime, "127.0.0.73", Manner::Gives(100));
    let name = controller.at.replace("127.0.0.73", "dc1.corp.example.com");
    let server = adlib_lab::name_server("dc1.corp.example.com", "127.0.0.73".parse().unwrap());
    let domains = [("corp.example.com".to_owned(), vec![name])];
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let directory = Directory::of_domains(&domains, None, settings).unwrap();
    let wrong = directory
        .clone()
        .with_dns(["no address"])
        .err()
        .unwrap()
        .to_string();
    assert!(wrong.contains("no address"), "{wrong}");
    let directory = directory.with_dns([server.to_string()]).unwrap();
    let site = Site::with(Kdc::new(), |builder, _| builder.directory(directory));
    assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
    assert_ne!(controller.searches(), 0);
}

/// R4, R9: a controller that gives no answer, or goes away, is passed over within the deadline of one sign-in, and asked last
/// from then on, however many come at once.
#[test]
fn r04_a_slow_controller_is_passed_over() {
    for manner in [Manner::Slow, Manner::Lost] {
        let all = [("127.0.0.71", manner), ("127.0.0.72", Manner::Gives(100))];
        let (site, controllers) = site(Kdc::new(), Duration::from_secs(4), &all);
        let began = Instant::now();
        assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
        assert!(began.elapsed() < Duration::from_secs(3));
        let slow = controllers[0].searches();
        assert_eq!(slow, 1);
        assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
        assert_eq!(controllers[0].searches(), slow, "it rests");
    }
    let all = [("127.0.0.71", Manner::Slow), ("127.0.0.72", Manner::Gives(100))];
    let (site, _controllers) = site(Kdc::new(), Duration::from_secs(6), &all);
    let many = async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let authenticator = site.authenticator.clone();
            tasks.spawn(async move {
                let password = adlib::Password::from("secret");
                authenticator
                    .sign_in("ada@corp.example.com", &password)
                    .await
                    .is_ok()
            });
        }
        tasks.join_all().await
    };
    let outcomes = site.runtime.block_on(many);
    assert_eq!(outcomes, [true; 40], "more than a place has connections");
}

/// R4: a controller that is slow and the only one has all the time that there is: nobody else could answer.
#[test]
fn r04_the_only_controller_has_all_the_time() {
    let (site, controllers) = site(
        Kdc::new(),
        Duration::from_secs(2),
        &[("127.0.0.71", Manner::Slow)],
    );
    let began = Instant::now();
    let outcome = site.refusal("ada@corp.example.com");
    assert!(outcome.starts_with("failed: "), "{outcome}");
    assert!(
        began.elapsed() > Duration::from_millis(1900),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(controllers[0].searches(), 1);
}

/// R9: a wrong password is on record as one, though the directory hangs once the account was found: else whoever
/// makes it hang could guess without being counted.
#[test]
fn r09_a_directory_that_hangs_takes_no_verdict_away() {
    let controllers = [("127.0.0.71", Manner::Falters)];
    let (site, controllers) = site(Kdc::new(), Duration::from_secs(2), &controllers);
    let outcome = site.try_password("ada@corp.example.com", "wrong");
    assert_eq!(site.refusal_of(outcome), "wrong-password");
    assert_eq!(site.lines.events(), ["refused"]);
    assert!(controllers[0].searches() > 2, "as many as for an unknown name");
}

/// R13, R27: the names of more groups than the server gives at a time.
#[test]
fn r27_names_of_groups_come_in_pages() {
    let kdc = Kdc {
        groups: (3001..3051).collect(),
        ..Kdc::new()
    };
    let (site, _) = site(kdc, Duration::from_secs(20), &[("127.0.0.71", Manner::Gives(7))]);
    let ada = site.sign_in("ada@corp.example.com").unwrap();
    assert_eq!(ada.groups().len(), 50);
    for group in ada.groups() {
        let rid = group.sid().unwrap().sub_authorities()[4];
        let name = format!(r"corp.example.com\Group {rid}");
        assert_eq!(group.name(), Some(&*name));
    }
}
