//! The service: its keytab, its account, its keys, a ticket for it.

use std::fs;

use adlib::{CheckKind, Keytab};
use adlib_kerberos::{EncryptionType, KeytabEntry, ServiceKey};
use adlib_lab::directory_change;

use crate::{between::answering, site::Site};

const SERVICE: &str = "HTTP/app.corp.example.com";

/// The site's keytab, each of the service's entries made by `change`.
fn rewrite(site: &Site, change: impl Fn(KeytabEntry) -> Option<KeytabEntry>) {
    let keytab = Keytab::decode(&fs::read(site.path("http.keytab")).unwrap()).unwrap();
    let own = keytab
        .entries()
        .iter()
        .filter(|entry| entry.principal.name() == SERVICE);
    let entries: Vec<KeytabEntry> = own.cloned().filter_map(change).collect();
    fs::write(site.path("http.keytab"), Keytab::new(entries).encode()).unwrap();
}

fn wrong_key(mut entry: KeytabEntry) -> KeytabEntry {
    let etype = entry.key.etype();
    entry.key = ServiceKey::new(etype, vec![7; etype.key_length()]).unwrap();
    entry
}

/// R6: a keytab that is none, or is not for this service.
#[tokio::test]
async fn r06_the_keytab() {
    let site = Site::new();
    site.permissions("http.keytab", 0o644);
    site.only_warns(CheckKind::Keytab, "readable-by-others").await;
    site.write("http.keytab", "no keytab");
    site.only(CheckKind::Keytab, "malformed").await;
    fs::remove_file(site.path("http.keytab")).unwrap();
    site.only(CheckKind::Keytab, "unreadable").await;

    let site = Site::new();
    let other = site.with(&[(SERVICE, "HTTP/app")]);
    other.permissions("http.keytab", 0o600);
    rewrite(&other, Some);
    other.only(CheckKind::Keytab, "no-key-of-service").await;
    let line = format!("service = \"{SERVICE}\"");
    site.with(&[(&line, "")])
        .only(CheckKind::Keytab, "no-key-of-service")
        .await;
}

/// R11: RC4 alone is not enough, unless it is admitted.
#[tokio::test]
async fn r11_weak_keys() {
    let site = Site::new();
    rewrite(&site, |entry| {
        (entry.key.etype() == EncryptionType::Rc4).then_some(entry)
    });
    site.only(CheckKind::Keytab, "weak-keys-only").await;
    let site = Site::new();
    rewrite(&site, |entry| {
        (entry.key.etype() != EncryptionType::Aes256Sha1).then_some(entry)
    });
    site.only(CheckKind::Keys, "key-type").await;
}

/// R6: keys of another password, or of another version.
#[tokio::test]
async fn r06_the_keys_against_the_directory() {
    let site = Site::new();
    rewrite(&site, |entry| Some(wrong_key(entry)));
    site.only(CheckKind::Ticket, "ticket-not-opened").await;
    let site = Site::new();
    rewrite(&site, |entry| {
        Some(KeytabEntry {
            kvno: 7,
            ..wrong_key(entry)
        })
    });
    site.only(CheckKind::Keys, "key-version").await;
    // The version is a hint: keys that open tickets are the right ones.
    let site = Site::new();
    rewrite(&site, |entry| Some(KeytabEntry { kvno: 7, ..entry }));
    site.only_warns(CheckKind::Keys, "key-version").await;
    let site = Site::new();
    rewrite(&site, |entry| Some(KeytabEntry { kvno: 0, ..entry }));
    let examination = site.examine().await;
    assert_eq!(crate::site::not_ok(&examination), Vec::<String>::new());
}

/// R11: what the directory says of the account's keys: nothing of their types, or RC4 alone; and nothing of their version,
/// which need not be known.
#[tokio::test]
async fn r11_what_the_directory_says_of_the_keys() {
    let site = Site::new();
    let silent = answering(&site, |_, text| {
        (text == b"msDS-SupportedEncryptionTypes").then_some(b"description")
    });
    let seen = silent.only_warns(CheckKind::Keys, "key-types-not-said").await;
    assert!(seen.contains("the directory: version"), "{seen}");
    let weak = answering(&site, |before, _| {
        (before == b"msDS-SupportedEncryptionTypes").then_some(b"4")
    });
    weak.only_warns(CheckKind::Keys, "weak-keys-only").await;
    let without_version = answering(&site, |_, text| {
        (text == b"msDS-KeyVersionNumber").then_some(b"description")
    });
    let examination = without_version.examine().await;
    assert_eq!(crate::site::not_ok(&examination), Vec::<String>::new());
}

/// R6: without a bind by password, the service's own account asks for the ticket.
#[tokio::test]
async fn r06_a_bind_by_kerberos() {
    let site = Site::new();
    let (ip, resolver) = (site.corp.ip, site.corp.resolver);
    let controllers = format!("controllers = [\"{ip}\"]");
    let simple = "method = \"simple\", name = \"svc-sync@corp.example.com\", password_file = \"password\"";
    let kerberos = "method = \"kerberos\", name = \"svc-http@corp.example.com\", keytab = \"bind.keytab\"";
    let by_ticket = |kdc: &str| {
        let site = site.with(&[
            (&controllers, &format!("dns = [\"{resolver}\"]")),
            (simple, kerberos),
            ("[signin]", &format!("[signin]\n{kdc}")),
        ]);
        let keytab = Keytab::decode(&fs::read(site.path("http.keytab")).unwrap()).unwrap();
        let own = keytab
            .entries()
            .iter()
            .filter(|entry| entry.principal.name() == SERVICE);
        let renamed = own.cloned().map(|entry| KeytabEntry {
            principal: "svc-http@CORP.EXAMPLE.COM".parse().unwrap(),
            ..entry
        });
        fs::write(site.path("bind.keytab"), Keytab::new(renamed.collect()).encode()).unwrap();
        site.permissions("bind.keytab", 0o600);
        site
    };
    let site = by_ticket("");
    let examination = site.examine().await;
    assert_eq!(crate::site::not_ok(&examination), Vec::<String>::new());
    let ticket = examination.checks.last().unwrap();
    assert_eq!(ticket.seen, "a ticket of svc-http@corp.example.com is opened");
    // Nobody has a ticket for an address.
    let dns = format!("dns = [\"{resolver}\"]");
    let by_address = by_ticket("");
    by_address.edit(&[(&dns, &controllers)]);
    by_address.only(CheckKind::Bind, "no-ticket-for-bind").await;
    by_ticket(&format!("kdc = [\"{ip}:1\"]"))
        .only(CheckKind::Kdc, "nothing-listens")
        .await;
}

/// R6: a name that no account has.
#[tokio::test]
async fn r06_a_service_that_nobody_has() {
    let site = Site::new();
    let nobody = site.with(&[(SERVICE, "HTTP/nobody.corp.example.com")]);
    rewrite(&nobody, |entry| {
        let principal = "HTTP/nobody.corp.example.com@CORP.EXAMPLE.COM".parse().unwrap();
        Some(KeytabEntry { principal, ..entry })
    });
    nobody.only(CheckKind::Service, "service-unknown").await;
}

/// R6: an account that is disabled; two accounts with the name, in two domains.
#[tokio::test]
async fn r06_the_account_of_the_service() {
    let site = Site::of(directory_change());
    let change = [
        "samba-tool",
        "user",
        "disable",
        "svc-http",
        "-H",
        "ldap://dc1.corp.example.com",
    ];
    assert!(as_administrator(&site.corp.admin_password, &change));
    site.only(CheckKind::Service, "service-disabled").await;
    let change = [
        "samba-tool",
        "user",
        "enable",
        "svc-http",
        "-H",
        "ldap://dc1.corp.example.com",
    ];
    assert!(as_administrator(&site.corp.admin_password, &change));

    let change = [
        "samba-tool",
        "spn",
        "add",
        SERVICE,
        "sam",
        "-H",
        "ldap://sdc1.staff.example.com",
    ];
    assert!(as_administrator(&site.corp.admin_password, &change));
    let site = site.in_both_domains();
    let seen = site.only(CheckKind::Service, "service-duplicate").await;
    assert!(
        seen.contains("Service http") && seen.to_lowercase().contains("cn=sam"),
        "{seen}"
    );
}

/// Whether a command of `samba-tool` succeeds.
fn as_administrator(password: &str, command: &[&str]) -> bool {
    let user = format!("-UAdministrator%{password}");
    let output = adlib_lab::exec(&[command, &[&*user]].concat());
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}
