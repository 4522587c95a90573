//! What goes to the controller for a name that nobody has, and for a wrong password (R9).

use std::{fs, net::SocketAddr};

use adlib::{Authenticator, Config};
use adlib_lab::openldap::{self, Server};

use crate::{
    proxy::Proxy,
    site::{Site, sign_in, word},
};

/// Kerberos' messages by their tags (RFC 4120 5.10), each after its length.
fn kerberos_messages(sent: &[u8]) -> Vec<String> {
    let mut rest = sent;
    let mut messages = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let (message, behind) = behind.split_at(length);
        messages.push(format!("tag {}", message[0] & 0x1f));
        rest = behind;
    }
    messages
}

/// TLS records by their kinds (RFC 8446 5.1); of application data there is one a message.
fn tls_records(sent: &[u8]) -> Vec<String> {
    let mut rest = sent;
    let mut records = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<5>() {
        let length = u16::from_be_bytes([head[3], head[4]]).into();
        records.push(format!("record {}", head[0]));
        rest = &behind[length..];
    }
    records
}

/// What one sign-in sends to a directory and a KDC, connection by connection.
async fn sent(
    (ldap, kdc): (&Proxy, &Proxy),
    authenticator: &Authenticator,
    name: &str,
    expected: &str,
) -> Vec<Vec<String>> {
    let mut all = sent_to(ldap, authenticator, name, expected).await;
    kdc.until_quiet().await;
    all.extend(kdc.take_heard().iter().map(|sent| kerberos_messages(sent)));
    all.sort();
    all
}

/// What one sign-in sends to a directory, connection by connection.
async fn sent_to(
    ldap: &Proxy,
    authenticator: &Authenticator,
    name: &str,
    expected: &str,
) -> Vec<Vec<String>> {
    let outcome = sign_in(authenticator, name, "not the password").await;
    assert_eq!(word(&outcome), expected, "{name}");
    ldap.until_quiet().await;
    let mut all: Vec<_> = ldap.take_heard().iter().map(|sent| tls_records(sent)).collect();
    all.sort();
    all
}

/// R9, A46: as many messages of the same kinds, on as many connections, in each mode and where no KDC is there.
#[tokio::test]
async fn r09_unknown_and_wrong_make_the_same_exchanges() {
    let corp = adlib_lab::corp();
    let ldap = Proxy::before(corp.ldaps()).await;
    let kdc = Proxy::before(SocketAddr::new(corp.ip, 88)).await;
    let mut site = Site::new(&corp);
    site.controllers = format!("[\"{}\"]", ldap.at);
    let suffixes = site.files.path().join("suffixes.conf");
    std::fs::write(&suffixes, format!("acme.example = {}\n", corp.dns_domain)).unwrap();
    let there = kdc.at.to_string();
    let gone = SocketAddr::new(corp.ip, 9).to_string();
    for (mode, at) in [
        ("auto", &there),
        ("modern", &there),
        ("legacy", &there),
        ("auto", &gone),
    ] {
        site.signin = format!("kdc = [\"{at}\"]\nupn_mappings = \"{}\"\n", suffixes.display());
        let authenticator = site.authenticator(mode).await;
        let both = (&ldap, &kdc);
        // The first sign-in makes the connections that wait for the others.
        sent(both, &authenticator, "zoe@corp.example.com", "wrong-password").await;
        for (known, unknown) in [
            // By the user principal name, and by the account's name.
            ("zoe@corp.example.com", "zoo@corp.example.com"),
            ("noupn@corp.example.com", "noone@corp.example.com"),
            // By a suffix that stands for the domain.
            ("mia@acme.example", "may@acme.example"),
            ("zoe@acme.example", "zoo@acme.example"),
            ("noupn@acme.example", "noone@acme.example"),
        ] {
            let wrong = sent(both, &authenticator, known, "wrong-password").await;
            let nobody = sent(both, &authenticator, unknown, "unknown-user").await;
            assert!(wrong.iter().flatten().count() > 2, "{wrong:?}");
            assert_eq!(wrong, nobody, "{mode}, KDC at {at}: {known}, {unknown}");
        }
    }
}

/// Users of an OpenLDAP behind `ldap`.
async fn of_openldap(server: &Server, ldap: &Proxy, (preset, base): (&str, &str)) -> Authenticator {
    let files = tempfile::tempdir().unwrap();
    let password = files.path().join("password");
    fs::write(&password, &server.service_password).unwrap();
    let text = format!(
        "[directory]\npreset = \"{preset}\"\nurls = [\"ldaps://{}\"]\nbase = \"{base}\"\n\
         ca_file = \"{}\"\nca_only = true\n\
         bind = {{ method = \"simple\", name = \"{}\", password_file = \"{}\" }}\n",
        ldap.at,
        server.ca_file.display(),
        server.dn(openldap::SYNC),
        password.display(),
    );
    Authenticator::from_config(&Config::parse(&text).unwrap())
        .await
        .unwrap()
}

/// R9, R39, A46: the same at a directory where a bind decides, for every name that stands for nobody or for somebody whose
/// bind is refused, in either schema.
#[tokio::test]
async fn r39_unknown_and_wrong_make_the_same_exchanges() {
    let server = adlib_lab::openldap();
    let ldap = Proxy::before(server.ldaps()).await;
    for (schema, known) in [
        (
            ("openldap", &*server.base),
            &["alice", "ALICE", openldap::NO_PASSWORD][..],
        ),
        (("unix", &*server.unix_base), &["alice", "expired"]),
        (("auto", &*server.base), &["alice"]),
    ] {
        let authenticator = of_openldap(&server, &ldap, schema).await;
        // The first sign-in makes the connections that wait for the others.
        sent_to(&ldap, &authenticator, "alice", "wrong-password").await;
        let nobody = sent_to(&ldap, &authenticator, "nobody", "unknown-user").await;
        assert!(nobody.iter().flatten().count() > 3, "{nobody:?}");
        for name in known {
            let wrong = sent_to(&ldap, &authenticator, name, "wrong-password").await;
            assert_eq!(wrong, nobody, "{schema:?}: {name}");
        }
    }
}
