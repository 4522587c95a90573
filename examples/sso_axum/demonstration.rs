//! The whole way once, on loopback: what a controller, a browser and the application do.

use std::{net::SocketAddr, sync::Arc};

use adlib::{
    Acceptor, Clock, Directory, Keytab, SystemClock,
    kerberos::{
        EncryptionType, KeytabEntry, Principal, ServiceKey, SessionKey,
        issue::{ApReqBuilder, IssuedTicket, PacBuilder, TicketBuilder},
    },
};
use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderName, Request,
        header::{AUTHORIZATION, COOKIE, HOST, LOCATION, SET_COOKIE, WWW_AUTHENTICATE},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use super::{Result, certificate::Certificate, server::Server};

const HOST_NAME: &str = "app.paperworks.example";
const REALM: &str = "PAPERWORKS.EXAMPLE";
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

/// Sign somebody in.
pub(super) async fn run() -> Result<()> {
    println!("The service has a key, as `ktpass` or `samba-tool` would have made it.");
    let domain = Domain::new()?;
    let acceptor = Acceptor::builder()
        .service(domain.service.name())
        .keytab(domain.keytab())
        .directory(Directory::from_ldif([format!("{DATA}/company.ldif")]))
        .build()?;
    let certificate = Certificate::made_for(HOST_NAME)?;
    let server = Server::bind("127.0.0.1:0".parse()?, acceptor, &certificate).await?;
    let address = server.address()?;
    let server = tokio::spawn(server.run());
    let mut browser = Browser::open(address, &certificate).await?;

    println!("\nA browser without a ticket asks for the page:");
    browser.show("/", &[]).await?;
    browser.show("/sign-in", &[]).await?;

    println!(
        "\nThe same with a ticket for {}, bound to the connection's certificate:",
        domain.service
    );
    let token = domain.token(&certificate)?;
    let (signed_in, _) = browser.show("/sign-in", &[(AUTHORIZATION, &token)]).await?;
    let session = signed_in
        .get(SET_COOKIE)
        .ok_or("no session")?
        .to_str()?
        .to_owned();
    let cookie = session.split(';').next().unwrap_or_default();
    println!("   a session: {}", session.replace(cookie, "__Host-session=..."));

    println!("\nThe page, with the session:");
    let (_, page) = browser.show("/", &[(COOKIE, cookie)]).await?;
    let user = texts(&page, "id=\"user\">")
        .next()
        .ok_or("the page greets nobody")?;
    let account = texts(&page, "id=\"account\">").collect::<String>();
    println!(
        "   Hello {user}, {account}, in {}",
        texts(&page, "<li>").collect::<Vec<_>>().join(", ")
    );

    println!(
        "\nWithout the session, the connection is nobody's; and a token that was sent before is worth nothing:"
    );
    browser.show("/", &[]).await?;
    let (_, page) = browser.show("/sign-in", &[(AUTHORIZATION, &token)]).await?;
    println!(
        "   {}",
        texts(&page, "id=\"refused\">").next().ok_or("it was accepted")?
    );
    server.abort();
    Ok(())
}

/// What a controller knows.
struct Domain {
    service: Principal,
    key: ServiceKey,
    controllers: ServiceKey,
}

impl Domain {
    fn new() -> Result<Self> {
        Ok(Self {
            service: format!("HTTP/{HOST_NAME}@{REALM}").parse()?,
            key: ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?,
            controllers: ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?,
        })
    }

    fn keytab(&self) -> Keytab {
        Keytab::new(vec![KeytabEntry {
            principal: self.service.clone(),
            kvno: 1,
            key: self.key.clone(),
            timestamp: SystemClock.now(),
        }])
    }

    /// The header of a browser whose user has a ticket.
    fn token(&self, certificate: &Certificate) -> Result<String> {
        let random = &mut |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_default();
        let token = ApReqBuilder::new(&self.ticket()?, SystemClock.now())
            .bound_to(&certificate.bindings()?)
            .encrypt_token(random)?;
        Ok(format!("Negotiate {}", STANDARD.encode(token)))
    }

    fn ticket(&self) -> Result<IssuedTicket> {
        let random = &mut |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_default();
        let now = SystemClock.now();
        let client = Principal::user("akeller", REALM);
        let domain = "S-1-5-21-3405691582-1122334455-987654321".parse()?;
        let mut pac = PacBuilder::new(&client, now, "PAPERWORKS", domain, 1101, &[513, 1204, 1205, 1206]);
        if let Some(logon) = &mut pac.logon {
            logon.full_name = "Ada Keller".into();
        }
        let session_key = SessionKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?;
        Ok(TicketBuilder::new(client, self.service.clone(), session_key, now)
            .with_pac(pac.sign(&self.key, &self.controllers))
            .encrypt(&self.key, random))
    }
}

/// One connection of a browser.
struct Browser(SendRequest<Empty<Bytes>>);

impl Browser {
    async fn open(address: SocketAddr, certificate: &Certificate) -> Result<Self> {
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate.chain.first().ok_or("no certificate")?.clone())?;
        let config = ClientConfig::builder()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from(HOST_NAME)?, stream)
            .await?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(requests))
    }

    /// Ask for a page, with these headers, and say what came.
    async fn show(&mut self, path: &str, headers: &[(HeaderName, &str)]) -> Result<(HeaderMap, String)> {
        let mut request = Request::get(path).header(HOST, HOST_NAME);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.0.ready().await?;
        let response = self.0.send_request(request.body(Empty::new())?).await?;
        let (parts, body) = response.into_parts();
        let said = [WWW_AUTHENTICATE, LOCATION].map(|name| parts.headers.get(name));
        let said: Vec<&str> = said
            .into_iter()
            .flatten()
            .filter_map(|value| value.to_str().ok())
            .collect();
        println!("   GET {path}: {} {}", parts.status, said.join(", "));
        let body = body.collect().await?.to_bytes();
        Ok((parts.headers, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// The text in the elements that begin with `start`.
fn texts<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start)
        .skip(1)
        .filter_map(|rest| rest.split('<').next())
}

fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
