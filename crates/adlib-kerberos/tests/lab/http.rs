//! `curl --negotiate` against a server of a few lines that verifies with our acceptor (RFC 4559).

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use adlib_lab::{corp, fixture, heimdal, mit, realm};
use adlib_spnego::{NegState, Offer};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::scene::{Service, random};

/// Answers requests until one has a token, and gives the client that it accepted for it, or its reason.
fn serve(listener: &TcpListener, service: &Service) -> Result<String, &'static str> {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let header = read_header(&stream);
        if header.is_empty() {
            return Err("nobody asks");
        }
        let Some(token) = token(&header) else {
            answer(&mut stream, "401 Unauthorized", Some("Negotiate"), "");
            continue;
        };
        let offer = Offer::read(&token).unwrap();
        let accepted = match service.accept(offer.token()) {
            Ok(accepted) => accepted,
            Err(rejection) => {
                answer(&mut stream, "401 Unauthorized", None, rejection.reason());
                return Err(rejection.reason());
            }
        };
        let (ap_rep, _session) = accepted.session(random());
        let token = offer.answer(NegState::AcceptCompleted, ap_rep.as_deref());
        let negotiate = format!("Negotiate {}", BASE64_STANDARD.encode(token));
        let client = accepted.client().to_string();
        answer(&mut stream, "200 OK", Some(&negotiate), &client);
        return Ok(client);
    }
}

/// The lines of a request, which has no body.
fn read_header(stream: &TcpStream) -> Vec<String> {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.take_while(|line| !line.is_empty()).collect()
}

fn token(header: &[String]) -> Option<Vec<u8>> {
    let token = header
        .iter()
        .find_map(|line| line.strip_prefix("Authorization: Negotiate "));
    token.map(|token| BASE64_STANDARD.decode(token).unwrap())
}

fn answer(stream: &mut TcpStream, status: &str, authenticate: Option<&str>, body: &str) {
    let authenticate = authenticate.map(|value| format!("WWW-Authenticate: {value}\r\n"));
    let authenticate = authenticate.unwrap_or_default();
    let length = body.len();
    let message = format!(
        "HTTP/1.1 {status}\r\n{authenticate}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(message.as_bytes()).unwrap();
}

/// What `curl` prints after `kinit` as `user`, for a server of ours at `host`, and what the server found.
fn fetch(
    service: &Service,
    exec: impl Fn(&[&str]) -> std::process::Output,
    (user, password, host): (&str, &str, &str),
) -> (String, Result<String, &'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "export KRB5CCNAME=$(mktemp); kinit {user} <<< {password} >/dev/null || exit; \
         curl -s --noproxy '*' --max-time 20 --resolve {host}:{port}:127.0.0.1 --negotiate -u : \
         -w ' %{{http_code}}' http://{host}:{port}/; kdestroy -q"
    );
    thread::scope(|scope| {
        let found = scope.spawn(|| serve(&listener, service));
        let output = exec(&["bash", "-c", &script]);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        // A client that died before it asked leaves a server that waits.
        drop(TcpStream::connect(("127.0.0.1", port)));
        (printed, found.join().unwrap())
    })
}

/// R14: with tickets of all three.
#[test]
fn curl_signs_in() {
    let corp = corp();
    let client = (
        fixture::ORDINARY,
        corp.user_password.as_str(),
        "app.corp.example.com",
    );
    let (printed, found) = fetch(&Service::of_corp(&corp), adlib_lab::exec, client);
    let ada = format!("{}@{}", fixture::ORDINARY, corp.realm);
    assert_eq!((printed, found), (format!("{ada} 200"), Ok(ada)));
    for realm in [mit(), heimdal()] {
        let host = format!("app.{}", realm.dns_domain);
        let client = (realm::USER, realm.user_password.as_str(), host.as_str());
        let (printed, found) = fetch(&Service::of(&realm), |command| realm.exec(command), client);
        let alice = realm.principal(realm::USER);
        assert_eq!((printed, found), (format!("{alice} 200"), Ok(alice)));
    }
}

/// R13: a server with the keys of another realm refuses.
#[test]
fn curl_is_refused() {
    let (corp, mit) = (corp(), mit());
    let client = (
        fixture::ORDINARY,
        corp.user_password.as_str(),
        "app.corp.example.com",
    );
    let (printed, found) = fetch(&Service::of(&mit), adlib_lab::exec, client);
    assert_eq!(
        (printed.as_str(), found),
        ("ticket-not-opened 401", Err("ticket-not-opened"))
    );
}
