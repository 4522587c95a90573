//! The application of `sso_axum`, opened by a browser, curl and pyspnego, with tickets of a real domain.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use adlib::{
    Acceptor, BindingsMode, BoxFuture, ChannelBindings, Error, HashLookup, KnownAccount, Sid,
    ntlm::{Account, NtHash},
};
use adlib_lab::{
    Corp, TicketCache,
    browser::Browser,
    fixture,
    peer::{Flag, Library, Mechanism, Peer},
};
use axum::{
    body::Bytes,
    http::{
        Request, Response, StatusCode,
        header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::Empty;
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, runtime::Runtime};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

#[allow(dead_code, unreachable_pub, reason = "its `main`, and what only that calls")]
#[path = "../sso_axum.rs"]
mod sso_axum;

use sso_axum::{certificate::Certificate, lab_acceptor, server::Server};

const HOST_NAME: &str = "app.corp.example.com";

/// The running application, and the files of its certificate.
struct Site {
    runtime: Runtime,
    files: tempfile::TempDir,
    address: SocketAddr,
    bindings: ChannelBindings,
    corp: Corp,
}

impl Site {
    fn new(acceptor: impl Future<Output = Acceptor>) -> Self {
        let corp = adlib_lab::corp();
        let runtime = Runtime::new().unwrap();
        let files = tempfile::tempdir().unwrap();
        let (pem, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
        let made = rcgen::generate_simple_self_signed([HOST_NAME.to_owned()]).unwrap();
        fs::write(&pem, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let certificate = Certificate::read(&pem, &key).unwrap();
        let server = runtime.block_on(async {
            let listen = "127.0.0.1:0".parse().unwrap();
            Server::bind(listen, acceptor.await, &certificate).await.unwrap()
        });
        let address = server.address().unwrap();
        runtime.spawn(async { server.run().await.map_err(|error| eprintln!("{error}")) });
        let bindings = certificate.bindings().unwrap();
        Self {
            runtime,
            files,
            address,
            bindings,
            corp,
        }
    }

    fn of_the_domain() -> Self {
        Self::new(async { lab_acceptor().await.unwrap() })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST_NAME}:{}{path}", self.address.port())
    }

    fn pem(&self) -> PathBuf {
        self.files.path().join("cert.pem")
    }

    /// The hash of the public key, by which the browser takes the certificate.
    fn pin(&self) -> String {
        let command = "openssl x509 -in \"$0\" -pubkey -noout | openssl pkey -pubin -outform der \
                       | openssl dgst -sha256 -binary | base64";
        let output = adlib_lab::exec(&["sh", "-c", command, &self.pem().display().to_string()]);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What curl gets at `/sign-in`, with the headers, and then at `/` with the session alone: it sends no cookies
    /// beside a token of more than 8 KB.
    fn curl(&self, tickets: Option<&TicketCache>, options: &[&str]) -> String {
        let cache = tickets.map_or("MEMORY:none".to_owned(), |tickets| {
            tickets.path().display().to_string()
        });
        let (cache, pem) = (format!("KRB5CCNAME={cache}"), self.pem().display().to_string());
        let jar = self.files.path().join("cookies").display().to_string();
        let get = |path: &str, options: &[&str]| {
            let usual = [
                "env", &cache, "curl", "-s", "-S", "-i", "--cacert", &pem, "-c", &jar, "-b", &jar,
            ];
            let output = adlib_lab::exec(&[&usual[..], options, &[&self.url(path)]].concat());
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        };
        let said = get("/sign-in", options) + &get("/", &[]);
        drop(fs::remove_file(jar));
        said
    }
}

/// R13: the browser signs in by itself, and the page greets the user by name, with the groups.
#[test]
fn r13_a_browser_with_tickets_is_greeted() {
    let site = Site::of_the_domain();
    let picture = picture("sso_axum-signed-in.png");
    let page = Browser::default()
        .tickets(&site.corp.tickets(fixture::ORDINARY))
        .trusting(&site.pin())
        .screenshot(&picture)
        .open(&site.url("/"));
    println!("{page}");
    assert!(page.contains("<span id=\"user\">Ada"), "{page}");
    assert!(
        page.contains("<code id=\"account\">ada@corp.example.com</code>"),
        "{page}"
    );
    assert!(page.contains("<span id=\"mechanism\">kerberos</span>"), "{page}");
    assert!(page.contains("<li>corp.example.com\\Domain Users</li>"), "{page}");
    assert!(page.contains("<li>corp.example.com\\cycle-a</li>"), "{page}");
    assert!(fs::metadata(picture).unwrap().len() > 5000);
}

/// R9: without tickets, the page says how to get one.
#[test]
fn r09_a_browser_without_tickets_is_told_how_to_get_one() {
    let site = Site::of_the_domain();
    let page = Browser::default()
        .trusting(&site.pin())
        .screenshot(&picture("sso_axum-no-ticket.png"))
        .open(&site.url("/"));
    assert!(
        page.contains("id=\"no-ticket\"") && page.contains("kinit"),
        "{page}"
    );
    assert!(!page.contains("id=\"user\""), "{page}");
}

/// R13: Kerberos, with the service proven to the client, and nobody without tickets.
#[test]
fn r13_curl_negotiates() {
    let site = Site::of_the_domain();
    let tickets = site.corp.tickets(fixture::ORDINARY);
    for version in ["--http1.1", "--http2"] {
        let said = site.curl(Some(&tickets), &["--negotiate", "-u", ":", version]);
        assert!(
            said.contains("<code id=\"account\">ada@corp.example.com</code>"),
            "{said}"
        );
        assert!(
            said.to_lowercase().contains("www-authenticate: negotiate o"),
            "{said}"
        );
        let said = site.curl(None, &["--negotiate", "-u", ":", version]);
        assert!(
            said.contains("id=\"no-ticket\"") && !said.contains("id=\"account\""),
            "{said}"
        );
    }
    // A large PAC: a thousand groups.
    let crowded = site.corp.tickets("crowded");
    let said = site.curl(Some(&crowded), &["--negotiate", "-u", ":"]);
    assert!(
        said.contains("<code id=\"account\">crowded@corp.example.com</code>"),
        "{}",
        &said[..400]
    );
    assert!(said.matches("<li>").count() > 1000);
}

/// R14: NTLM, for whoever has the password, where somebody knows the hashes.
#[test]
fn r14_curl_by_ntlm() {
    let site = Site::new(async { with_ntlm(BindingsMode::IfOffered) });
    let user = format!("{}\\ada:{}", site.corp.netbios, site.corp.user_password);
    let said = site.curl(None, &["--ntlm", "--http1.1", "-u", &user]);
    assert!(
        said.contains("<span id=\"mechanism\">ntlm</span>") && said.contains(">ada@"),
        "{said}"
    );
    let said = site.curl(None, &["--ntlm", "--http1.1", "-u", "CORP\\ada:wrong"]);
    assert!(
        said.contains("id=\"refused\"") && !said.contains("id=\"account\""),
        "{said}"
    );
}

/// A14, A40: pyspnego's bindings through TLS: right, wrong and none, under each policy.
#[test]
fn a40_pyspnego_and_the_bindings_of_the_connection() {
    let right = true;
    for (mode, bindings, accepted) in [
        (BindingsMode::Ignore, Some(right), true),
        (BindingsMode::Ignore, Some(!right), true),
        (BindingsMode::Ignore, None, true),
        (BindingsMode::IfOffered, Some(right), true),
        (BindingsMode::IfOffered, Some(!right), false),
        (BindingsMode::IfOffered, None, true),
        (BindingsMode::Require, Some(right), true),
        (BindingsMode::Require, Some(!right), false),
        (BindingsMode::Require, None, false),
    ] {
        let site = Site::new(async { with_ntlm(mode) });
        let user = format!("{}\\ada", site.corp.netbios);
        let mut peer = site
            .corp
            .initiator(&user, &site.corp.user_password, &site.corp.http_service)
            .mechanism(Mechanism::Spnego)
            .library(Library::Pyspnego)
            .flags(&[Flag::Integrity]);
        peer = match bindings {
            None => peer,
            Some(true) => peer.bindings(site.bindings.application_data()),
            Some(false) => peer.bindings(b"tls-server-end-point:another"),
        };
        let mut peer = peer.start();
        let status = site
            .runtime
            .block_on(Client::open(&site))
            .sign_in(&site.runtime, &mut peer);
        let expected = if accepted {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(status, expected, "{mode:?}, {bindings:?}");
    }
}

/// One connection of a client that asks others for its tokens.
struct Client(SendRequest<Empty<Bytes>>);

impl Client {
    async fn open(site: &Site) -> Self {
        let mut trusted = RootCertStore::empty();
        let key = site.files.path().join("key.pem");
        let certificate = Certificate::read(&site.pem(), &key).unwrap();
        trusted.add(certificate.chain[0].clone()).unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let stream = TcpStream::connect(site.address).await.unwrap();
        let name = ServerName::try_from(HOST_NAME).unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap();
        let (requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(requests)
    }

    /// The handshake of `peer`, to the status of its last answer.
    fn sign_in(mut self, runtime: &Runtime, peer: &mut Peer) -> StatusCode {
        let mut answer = Vec::new();
        loop {
            let token = peer.step(&answer).unwrap().token;
            let response = runtime.block_on(self.ask(&token));
            let next = response
                .headers()
                .get(WWW_AUTHENTICATE)
                .map(|value| value.to_str().unwrap());
            let next = next.and_then(|value| value.strip_prefix("Negotiate "));
            match next.map(|next| STANDARD.decode(next).unwrap()) {
                Some(next) if response.status() == StatusCode::UNAUTHORIZED && !is_reject(&next) => {
                    answer = next;
                }
                _ => return response.status(),
            }
        }
    }

    async fn ask(&mut self, token: &[u8]) -> Response<Incoming> {
        self.0.ready().await.unwrap();
        let request = Request::get("/sign-in")
            .header(HOST, HOST_NAME)
            .header(AUTHORIZATION, format!("Negotiate {}", STANDARD.encode(token)));
        self.0
            .send_request(request.body(Empty::new()).unwrap())
            .await
            .unwrap()
    }
}

/// Whether SPNEGO says that it is over.
fn is_reject(token: &[u8]) -> bool {
    let answer = adlib::spnego::NegTokenResp::decode(token);
    answer.is_ok_and(|answer| answer.state == Some(adlib::spnego::NegState::Reject))
}

/// Knows the one account whose password the tests know.
struct Ada;

impl HashLookup for Ada {
    fn find<'a>(
        &'a self,
        claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
        let sid: Sid = "S-1-5-21-1-2-3-1103".parse().unwrap();
        let account = KnownAccount::new(sid, "ada", "corp.example.com");
        let found = claimed.user.eq_ignore_ascii_case("ada");
        let found = found.then(|| (NtHash::from_password("Passw0rd.Test".into()), account));
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn with_ntlm(mode: BindingsMode) -> Acceptor {
    let acceptor = Acceptor::builder()
        .service(format!("HTTP/{HOST_NAME}"))
        .hash_lookup(Arc::new(Ada));
    acceptor.bindings(mode).build().unwrap()
}

/// Where a picture of a page is kept.
fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
