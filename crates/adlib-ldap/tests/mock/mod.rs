//! A directory server on loopback that answers with exactly the bytes that a test gives it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test binary uses its part; a failure here is a failed test"
)]

pub(crate) mod certificate;
pub(crate) mod mechanism;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use adlib_ldap::{Connection, Endpoint, Settings};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const SUCCESS: u8 = 0;

/// A listening server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// A server that treats each connection as `script` says.
    pub(crate) async fn start<F, Done>(script: F) -> Self
    where
        F: Fn(TcpStream) -> Done + Send + 'static,
        Done: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(stream));
            }
        });
        Self { address, connections }
    }

    /// A server that answers every search but that for the root DSE with `answers`, in turn.
    pub(crate) async fn answering(answers: Vec<Answer>) -> Self {
        Self::start(move |stream| {
            let answers = answers.clone();
            async move {
                let mut peer = Peer::new(stream);
                for answer in answers {
                    let Some(request) = peer.request().await else {
                        return;
                    };
                    peer.send(&answer(request.id)).await;
                }
                // Keep the connection open: what ends the test is the answer, not its end.
                peer.request().await;
            }
        })
        .await
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new("localhost", self.address.port()).at([self.address.ip()])
    }

    /// A connection without protection.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(&[self.endpoint()], &plain()).await.unwrap()
    }
}

/// The bytes that answer the request of this number.
pub(crate) type Answer = Arc<dyn Fn(u32) -> Vec<u8> + Send + Sync>;

pub(crate) fn answer(bytes: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static) -> Answer {
    Arc::new(bytes)
}

/// Settings for a server on loopback, with time-outs that no test should reach.
pub(crate) fn plain() -> Settings {
    let mut settings = Settings::default();
    settings.danger_plain = true;
    settings.timeouts.connect = Duration::from_secs(20);
    settings.timeouts.operation = Duration::from_secs(20);
    settings
}

/// The same, for a server that does not answer.
pub(crate) fn impatient() -> Settings {
    let mut settings = plain();
    settings.timeouts.operation = Duration::from_millis(400);
    settings
}

/// The other end of a connection.
pub(crate) struct Peer<S> {
    stream: S,
}

/// A request, as far as a script looks at it.
pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    /// The content of a message.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        // 02 <length> <id>
        let octets = &bytes[2..2 + usize::from(bytes[1])];
        let id = octets.iter().fold(0, |id, octet| (id << 8) | u32::from(*octet));
        Self { id, bytes }
    }

    pub(crate) fn contains(&self, part: &[u8]) -> bool {
        self.bytes.windows(part.len()).any(|window| window == part)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _closed = self.stream.write_all(bytes).await;
        let _closed = self.stream.flush().await;
    }

    /// The next request that is not for the root DSE, which gets an answer at once.
    pub(crate) async fn request(&mut self) -> Option<Request> {
        loop {
            let request = self.any_request().await?;
            let root_dse = [0x04, 0x00, 0x0a, 0x01, 0x00];
            if !request.contains(&root_dse) {
                return Some(request);
            }
            let id = request.id;
            let answer = [entry(id, "", &[("objectClass", &["top"])]), done(id, SUCCESS, "")];
            self.send(&answer.concat()).await;
        }
    }

    pub(crate) async fn read(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    }

    pub(crate) async fn any_request(&mut self) -> Option<Request> {
        let mut bytes = vec![0; 2];
        self.stream.read_exact(&mut bytes).await.ok()?;
        let mut length = usize::from(bytes[1]);
        if length >= 0x80 {
            let mut octets = vec![0; length - 0x80];
            self.stream.read_exact(&mut octets).await.ok()?;
            length = octets
                .iter()
                .fold(0, |length, octet| (length << 8) | usize::from(*octet));
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.ok()?;
        Some(Request::new(bytes))
    }
}

/// One element.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        // As Active Directory writes it.
        _ => {
            bytes.push(0x84);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

/// A message number, which binds count down from 2^31 - 1, and searches up from 1.
pub(crate) fn number(id: u32) -> Vec<u8> {
    tlv(2, &id.to_be_bytes())
}

pub(crate) fn message(id: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[number(id), parts.concat()].concat())
}

/// The three parts of a result.
pub(crate) fn result(code: u8, text: &str) -> Vec<u8> {
    [vec![0x0a, 1, code, 4, 0], tlv(4, text.as_bytes())].concat()
}

pub(crate) fn bind_response(id: u32, code: u8, text: &str) -> Vec<u8> {
    message(id, &[tlv(0x61, &result(code, text))])
}

pub(crate) fn done(id: u32, code: u8, text: &str) -> Vec<u8> {
    message(id, &[tlv(0x65, &result(code, text))])
}

/// The end of a page, and where the next begins.
pub(crate) fn done_with_cookie(id: u32, cookie: &[u8]) -> Vec<u8> {
    let value = tlv(0x30, &[vec![2, 1, 0], tlv(4, cookie)].concat());
    let control = [tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, &value)].concat();
    let controls = tlv(0xa0, &tlv(0x30, &control));
    message(id, &[tlv(0x65, &result(SUCCESS, "")), controls])
}

pub(crate) fn entry(id: u32, dn: &str, attributes: &[(&str, &[&str])]) -> Vec<u8> {
    let attribute = |(name, values): &(&str, &[&str])| {
        let values: Vec<u8> = values.iter().flat_map(|value| tlv(4, value.as_bytes())).collect();
        tlv(0x30, &[tlv(4, name.as_bytes()), tlv(0x31, &values)].concat())
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    message(
        id,
        &[tlv(
            0x64,
            &[tlv(4, dn.as_bytes()), tlv(0x30, &attributes)].concat(),
        )],
    )
}

pub(crate) fn reference(id: u32, url: &str) -> Vec<u8> {
    message(id, &[tlv(0x73, &tlv(4, url.as_bytes()))])
}
