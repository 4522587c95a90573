//! A read that loses its connection: it starts over, if possible from another server, and mixes nothing (R27, A57).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a failure here is a failed test"
)]

use std::sync::{Arc, Mutex};

use adlib::{Directory, Error, Preset, ldap::Settings};
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
#[derive(Clone)]
struct Script {
    /// What its cookies begin with.
    name: &'static str,
    users: Vec<&'static str>,
    /// How many entries it sends before it drops the connection, if it does.
    drops_after: Option<usize>,
}

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
    let attribute = |name: &str, value: &str| {
        let value = tlv(0x31, &tlv(4, value.as_bytes()));
        tlv(0x30, &[tlv(4, name.as_bytes()), value].concat())
    };
    let attributes = [attribute("uid", name), attribute("entryUUID", name)].concat();
    let dn = tlv(4, format!("uid={name},dc=x,dc=example").as_bytes());
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

/// Read x.example from these controllers, by pages; the accounts, or what went wrong.
async fn read(controllers: &[&Controller]) -> Result<Vec<String>, Error> {
    let servers = controllers.iter().map(|one| format!("127.0.0.1:{}", one.port));
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let domains = [("x.example".to_owned(), servers.collect())];
    let directory = Directory::of_domains(&domains, None, settings)?.with_preset(Some(Preset::OpenLdap));
    let read = directory.read().await?;
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
    for drops_after in 0..FIRST.len() {
        let first = Controller::start(Script {
            name: "first",
            users: FIRST.to_vec(),
            drops_after: Some(drops_after),
        });
        let second = Controller::start(Script {
            name: "second",
            users: SECOND.to_vec(),
            drops_after: None,
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
