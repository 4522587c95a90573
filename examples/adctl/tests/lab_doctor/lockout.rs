//! What an examination costs an account whose password or keys are wrong.

use std::fs;

use adlib::{
    CheckKind, Keytab,
    ldap::{Connection, Endpoint, Scope, Settings},
};
use adlib_kerberos::{KeytabEntry, ServiceKey};
use adlib_lab::{Domain, directory_change};

use crate::site::{Site, named};

const LOCKABLE: &str = "st.lockable";

/// How many wrong passwords the controller has counted.
async fn bad_passwords(corp: &Domain, account: &str) -> u32 {
    let mut settings = Settings::default();
    settings.tls.ca_pem = Some(fs::read(&corp.ca_file).unwrap());
    settings.tls.ca_only = true;
    let endpoint = Endpoint::new(corp.ip.to_string(), corp.ldaps_port);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let password = adlib::Password::from(&*corp.service_password);
    let reader = corp.upn(adlib_lab::fixture::SYNC);
    connection.bind_simple(&reader, &password).await.unwrap();
    let filter = format!("(sAMAccountName={account})").parse().unwrap();
    let attributes = ["badPwdCount"];
    let found = connection
        .search(&corp.base, Scope::Subtree, &filter, &attributes)
        .await;
    let count = found.unwrap().entries[0]
        .text("badPwdCount")
        .unwrap_or("0")
        .to_owned();
    count.parse().unwrap()
}

/// R9: a password that one domain refuses is tried at no other, in whichever order they are listed, and the report says so.
#[tokio::test]
async fn r09_a_wrong_password_is_tried_once() {
    let site = Site::of(directory_change()).in_both_domains();
    site.edit(&[("CORP\\svc-sync", &format!("CORP\\{LOCKABLE}"))]);
    site.write("password", "Wr0ng.Password\n");
    for (attempt, order) in [
        "corp.example.com; staff.example.com",
        "staff.example.com; corp.example.com",
    ]
    .iter()
    .enumerate()
    {
        let config = fs::read_to_string(site.path("adlib.toml")).unwrap();
        let (before, after) = config.split_once("domains = \"").unwrap();
        let (_, after) = after.split_once('"').unwrap();
        site.write("adlib.toml", format!("{before}domains = \"{order}\"{after}"));
        let examination = site.examine().await;
        assert_eq!(
            named(&examination),
            [(CheckKind::Bind, "failed", "wrong-password")],
            "{examination:#?}"
        );
        let mut binds = examination.checks.iter();
        let other = binds.find(|check| check.name.kind == CheckKind::Bind && check.problem().is_none());
        let other = other.unwrap();
        assert_eq!(
            (&*other.name.of, other.state.as_str()),
            ("staff.example.com", "skipped")
        );
        assert!(other.seen.contains("counts against the account"), "{other:?}");
        let counted = usize::try_from(bad_passwords(&site.corp, LOCKABLE).await).unwrap();
        assert_eq!(counted, attempt + 1, "{order}");
    }
}

/// R6: keys that the directory contradicts are not tried by the service's own account.
#[tokio::test]
async fn r06_wrong_keys_are_not_tried() {
    let site = Site::of(directory_change());
    let reader = format!("CN=Service Sync,OU=Services,OU=Company,{}", site.corp.base);
    let name = format!("name = \"svc-sync@{}\"", site.corp.dns_domain);
    site.edit(&[(&name, &format!("name = \"{reader}\""))]);
    let examination = site.examine().await;
    assert_eq!(named(&examination), [], "{examination:#?}");
    let ticket = examination.checks.last().unwrap();
    assert_eq!(ticket.seen, "a ticket of svc-http@corp.example.com is opened");

    let keytab = Keytab::decode(&fs::read(site.path("http.keytab")).unwrap()).unwrap();
    let wrong = keytab.entries().iter().cloned().map(|entry| {
        let etype = entry.key.etype();
        let key = ServiceKey::new(etype, vec![7; etype.key_length()]).unwrap();
        KeytabEntry {
            kvno: 7,
            key,
            ..entry
        }
    });
    let wrong = Keytab::new(wrong.collect()).encode();
    fs::write(site.path("http.keytab"), wrong).unwrap();
    site.only(CheckKind::Keys, "key-version").await;
    assert_eq!(bad_passwords(&site.corp, adlib_lab::fixture::HTTP).await, 0);
}
