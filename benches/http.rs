//! A page behind `Negotiate`: a request with a ticket and the answer with the proof of the service, beside Apache with
//! `mod_auth_gssapi`, on the same loopback and with the same tickets of the lab's controller.
//!
//! What is measured is the time on a processor of the thread, or of the process, that serves: it alone says how many
//! requests a core serves in a second, whatever the client beside it does.

#![allow(clippy::expect_used, reason = "a bench of nothing is none")]

use std::{
    convert::Infallible,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use adlib::{
    Acceptor, Keytab, UnixTime,
    kerberos::{Ccache, InitiatorOptions, TicketInitiator, initiator::Credentials},
    tower::{NegotiateConnection, NegotiateLayer},
};
use adlib_benches::{Bar, Row};
use adlib_core::gss::{Initiator, InitiatorStep};
use adlib_lab::{Corp, fixture};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tower::Layer;

const NEGOTIATE: Row = Row {
    name: "http/a request by Kerberos, time of the server",
    bars: &[Bar::FasterThanPeer(3.0)],
};

fn main() {
    let Some(corp) = adlib_lab::corp_if_running() else {
        eprintln!(
            "http: left out, there is no controller to give tickets; start one with `cargo xtask lab up`"
        );
        return;
    };
    let client = Client::new(&corp);
    let mut ours = Visit::new(&client, serve(acceptor(&corp)), "/");
    let mut apache = adlib_lab::apache_if_running().map(|apache| {
        let processor = Processor::of_apache(apache.process);
        Visit::new(&client, (apache.address, processor), apache.page)
    });
    let mut peer = apache.as_mut().map(|apache| |calls| apache.time(calls));
    NEGOTIATE.measure_batches(
        &mut |calls| ours.time(calls),
        peer.as_mut().map(|peer| peer as &mut dyn FnMut(u32) -> f64),
        None,
    );
}

fn acceptor(corp: &Corp) -> Acceptor {
    let keytab = fs::read(&corp.keytab).expect("the lab's keytab");
    Acceptor::builder()
        .service(&corp.http_service)
        .keytab(Keytab::decode(&keytab).expect("a keytab"))
        .build()
        .expect("an acceptor")
}

/// A server of one thread: its address, and how long it was busy.
fn serve(acceptor: Acceptor) -> (SocketAddr, Processor) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (sender, processor) = mpsc::channel();
    thread::spawn(move || {
        sender
            .send(Processor::of_this_thread())
            .expect("somebody who measures");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .expect("a runtime")
            .block_on(accept(listener, NegotiateLayer::new(acceptor)));
    });
    (address, processor.recv().expect("a server"))
}

async fn accept(listener: TcpListener, negotiate: NegotiateLayer) {
    listener
        .set_nonblocking(true)
        .expect("a socket that does not block");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let page =
        async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello\n")));
    let page = negotiate.layer(tower::service_fn(page));
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("no delay");
        let service = TowerToHyperService::new(NegotiateConnection::new().serve(page.clone()));
        drop(
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await,
        );
    }
}

/// Somebody with a ticket of the lab's controller.
struct Client(Credentials);

impl Client {
    fn new(corp: &Corp) -> Self {
        let tickets = corp.tickets(fixture::ORDINARY);
        let cache = tickets.path().display().to_string();
        let output = adlib_lab::exec(&["kvno", "-q", "-c", &cache, &corp.http_service]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let cache = Ccache::decode(&fs::read(tickets.path()).expect("a cache")).expect("tickets");
        Self(
            cache
                .ticket_for(&corp.http_service)
                .expect("a ticket for the service")
                .clone(),
        )
    }

    /// A header that was never sent.
    fn header(&self) -> String {
        let random = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).expect("random bytes"));
        let client = TicketInitiator::new(self.0.clone(), InitiatorOptions::default(), now(), random);
        match Box::new(client).step(&[]) {
            Ok(InitiatorStep::Continue { token, .. }) => format!("Negotiate {}", STANDARD.encode(token)),
            _ => unreachable!("a client that wants proof waits for it"),
        }
    }
}

/// Requests to one server, one after the other on one connection.
struct Visit<'c> {
    client: &'c Client,
    stream: TcpStream,
    processor: Processor,
    path: &'static str,
    buffer: Vec<u8>,
}

impl<'c> Visit<'c> {
    fn new(client: &'c Client, (address, processor): (SocketAddr, Processor), path: &'static str) -> Self {
        let stream = TcpStream::connect(address).expect("a server");
        stream.set_nodelay(true).expect("no delay");
        let buffer = Vec::new();
        Self {
            client,
            stream,
            processor,
            path,
            buffer,
        }
    }

    /// Nanoseconds that the server was busy for a request.
    fn time(&mut self, calls: u32) -> f64 {
        let requests: Vec<String> = (0..calls).map(|_| self.request()).collect();
        let before = self.processor.busy();
        for request in &requests {
            self.ask(request);
        }
        (self.processor.busy() - before) / f64::from(calls)
    }

    fn request(&self) -> String {
        let (path, header) = (self.path, self.client.header());
        format!("GET {path} HTTP/1.1\r\nHost: app.corp.example.com\r\nAuthorization: {header}\r\n\r\n")
    }

    /// Send a request and read the answer to its end.
    fn ask(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).expect("a request");
        self.buffer.clear();
        while !self.buffer.ends_with(b"\r\n\r\nhello\n") {
            let mut chunk = [0; 8192];
            let read = self.stream.read(&mut chunk).expect("an answer");
            self.buffer.extend(chunk.iter().take(read));
            assert!(read > 0, "{}", String::from_utf8_lossy(&self.buffer));
        }
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 200 "),
            "{}",
            String::from_utf8_lossy(&self.buffer)
        );
    }
}

/// Whose time on a processor is measured.
struct Processor(String);

impl Processor {
    fn of_this_thread() -> Self {
        let thread = fs::read_link("/proc/thread-self").expect("a thread");
        Self(format!("/proc/{}/schedstat", thread.display()))
    }

    /// The one process of Apache's that serves.
    fn of_apache(main: u32) -> Self {
        let children =
            fs::read_to_string(format!("/proc/{main}/task/{main}/children")).expect("Apache's processes");
        let child = children.split_whitespace().next().expect("a process that serves");
        Self(format!("/proc/{child}/schedstat"))
    }

    /// Nanoseconds on a processor so far: the first number of the kernel's statistics.
    fn busy(&self) -> f64 {
        let statistics = fs::read_to_string(&self.0).expect("a process");
        let busy = statistics.split_whitespace().next().expect("a number");
        busy.parse().expect("a number")
    }
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_seconds(0).saturating_add(since)
}
