//! What the application's own records get to know of requests that are not let through.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use adlib::{
    AuditRecord,
    tower::{NegotiateConnection, NegotiateLayer},
};
use http::{HeaderValue, StatusCode, Version, header::AUTHORIZATION};

use super::{
    scene::{both, ntlm},
    site::{Site, block_on, first, over, request, ticket, with_header},
};

/// The records, a line each.
type Lines = Arc<Mutex<Vec<String>>>;

/// A layer whose acceptor keeps records.
fn recorded() -> (NegotiateLayer, Lines) {
    let lines = Lines::default();
    let keep = lines.clone();
    let acceptor = both().audit(Arc::new(move |record: &AuditRecord<'_>| {
        keep.lock().unwrap().push(record.to_string());
    }));
    (NegotiateLayer::new(acceptor.build().unwrap()), lines)
}

/// The word, the client and the reason of each record since the last call.
fn taken(lines: &Lines) -> Vec<String> {
    let lines = std::mem::take(&mut *lines.lock().unwrap());
    let known = |line: &String| {
        let parts = line.split(' ');
        let parts: Vec<&str> = parts
            .filter(|part| !part.contains('=') || part.starts_with("client=") || part.starts_with("reason="))
            .take_while(|part| !part.starts_with("detail="))
            .take(3)
            .collect();
        parts.join(" ")
    };
    lines.iter().map(known).collect()
}

fn refused(client: &str, reason: &str) -> Vec<String> {
    vec![format!("refused client=\"{client}\" reason={reason}")]
}

/// R9, A31, A32: what the layer refuses before any token is looked at is on record once, with the client.
#[test]
fn a32_refusals_before_a_handshake_are_recorded() {
    block_on(async {
        let (layer, lines) = recorded();
        let layer = layer.handshakes(1, Duration::from_secs(60));
        let site = Site::behind(&layer);
        let connect = || site.connect_as(&NegotiateConnection::new().for_client("203.0.113.7"));
        let begin = || first(Box::new(ntlm("secret")));

        let mut two = request("Negotiate", &ticket(1));
        two.headers_mut()
            .append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        for (request, reason) in [
            (two, "two-authorization-headers"),
            (with_header("Negotiate Y"), "not-base64"),
            (
                with_header(&format!("NTLM {}", "A".repeat(64 * 1024))),
                "header-too-large",
            ),
            (request("NTLM", &ticket(1)), "not-ntlm"),
            (
                over(Version::HTTP_2, request("NTLM", &begin())),
                "ntlm-over-http2",
            ),
        ] {
            assert_eq!(connect().send(request).await.reason, reason);
            assert_eq!(taken(&lines), refused("203.0.113.7", reason));
        }

        let mut connection = connect();
        connection.token("Negotiate", &ticket(2)[..60]).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", "unknown-token"));
        let mut connection = connect();
        let answer = connection.token("Negotiate", &forged()).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", answer.reason));
        connection.token("NTLM", &begin()).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", "ntlm-after-kerberos"));

        let (mut one, mut other) = (connect(), connect());
        let authenticate = one.begin("Negotiate", ntlm("secret")).await;
        other.token("NTLM", &begin()).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", "too-many-handshakes"));
        one.token("NTLM", &authenticate).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", "scheme-changed"));
        connect().anonymous().await;
        assert_eq!(taken(&lines), [""; 0], "who is asked to sign in is not refused");
    });
}

/// A ticket that no key opens.
fn forged() -> Vec<u8> {
    let mut token = ticket(3);
    let last = token.len() - 1;
    token[last] ^= 1;
    token
}

/// R9: a verdict has its client, which the application may find in the request; who is not admitted is named.
#[test]
fn r09_a_verdict_is_recorded_with_its_client() {
    block_on(async {
        let (layer, lines) = recorded();
        let layer = layer
            .client(|request| Some(request.headers.get("x-real-ip")?.to_str().ok()?.to_owned()))
            .admit(|identity| identity.account() != "ada");
        let site = Site::behind(&layer);
        let mut request = request("Negotiate", &ticket(1));
        let from = HeaderValue::from_static("198.51.100.9");
        request.headers_mut().insert("x-real-ip", from);
        let answer = site.connect().send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("accepted client=\"198.51.100.9\" account=\"ada\""));
        assert!(lines[1].starts_with("refused client=\"198.51.100.9\" reason=not-admitted"));
        assert!(lines[1].contains("ada"), "{lines:?}");

        let (layer, lines) = recorded();
        let site = Site::behind(&layer);
        let connection = NegotiateConnection::new().for_client("203.0.113.7");
        let mut connection = site.connect_as(&connection);
        connection.sign_in("NTLM", Box::new(ntlm("wrong"))).await;
        assert_eq!(taken(&lines), refused("203.0.113.7", "wrong-password"));
    });
}
