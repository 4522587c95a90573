//! What kind of server it is, pages, and the right to read.

use adlib::CheckKind;
use adlib_lab::{directory_change, exec};

use crate::{between::answering, site::Site};

/// R19, R22: a controller of another domain, and a preset that is another's.
#[tokio::test]
async fn r19_the_kind_of_server() {
    let site = Site::new();
    let (ip, staff) = (site.corp.ip, site.corp.staff.ip);
    let staff = site.with(&[
        (
            &format!("controllers = [\"{ip}\"]"),
            &format!("controllers = [\"{staff}\"]"),
        ),
        ("[signin]", &format!("[signin]\nkdc = [\"{ip}\"]")),
    ]);
    let seen = staff.only(CheckKind::Schema, "other-domain").await;
    assert!(seen.contains("DC=staff,DC=example,DC=com"), "{seen}");
    let openldap = site.with(&[("[directory]", "[directory]\npreset = \"openldap\"")]);
    openldap.only(CheckKind::Schema, "other-preset").await;
    let auto = site.with(&[("[directory]", "[directory]\npreset = \"auto\"")]);
    assert_eq!(crate::site::not_ok(&auto.examine().await), Vec::<String>::new());
}

/// R27
#[tokio::test]
async fn r27_pages() {
    let large = Site::new().with(&[("timeout", "page_size = 5000\ntimeout")]);
    let seen = large.only_warns(CheckKind::PageSize, "small-pages").await;
    assert!(seen.contains("1000"), "{seen}");
}

/// R19: a server that says nothing by which its kind could be told.
#[tokio::test]
async fn r19_a_server_of_no_known_kind() {
    let site = Site::new();
    let nameless = answering(&site, |before, text| match before {
        b"supportedCapabilities" => Some(b"1.3.6.1.4.1.99999.1"),
        _ => text
            .starts_with(b"1.2.840.113556.1.4.")
            .then_some(b"1.3.6.1.4.1.99999.2"),
    });
    nameless.edit(&[("[directory]", "[directory]\npreset = \"auto\"")]);
    nameless.only(CheckKind::Schema, "unknown-server").await;
}

/// R19: a controller that has not caught up with the others.
#[tokio::test]
async fn r19_a_controller_that_is_behind() {
    let behind = answering(&Site::new(), |before, _| {
        (before == b"isSynchronized").then_some(b"FALSE")
    });
    behind.only_warns(CheckKind::Schema, "not-synchronized").await;
}

/// R27: a server that does not say that it gives pages.
#[tokio::test]
async fn r27_no_pages() {
    let whole = answering(&Site::new(), |_, text| {
        (text == b"1.2.840.113556.1.4.319").then_some(b"1.3.6.1.4.1.99999.3")
    });
    whole.only_warns(CheckKind::PageSize, "no-pages").await;
}

/// R34: a user who must be there and is not.
#[tokio::test]
async fn r34_a_canary_that_is_not_there() {
    let site = Site::new().with(&[("\"ada\"", "\"no-such-user\"")]);
    site.only(CheckKind::Canary, "canary-missing").await;
}

/// R31: without the right to read an attribute that counts.
#[tokio::test]
async fn r31_the_right_to_read() {
    let site = Site::of(directory_change());
    let sid = sid_of("svc-sync", &site.corp.admin_password);
    let account_control = "bf967a68-0de6-11d0-a285-00aa003049e2";
    let ada = dn_of("ada", &site.corp.admin_password);
    deny(
        &ada,
        &format!("(OD;;RP;{account_control};;{sid})"),
        &site.corp.admin_password,
    );
    let seen = site.only(CheckKind::Rights, "not-readable").await;
    assert!(
        seen.contains("userAccountControl") && seen.contains("Ada"),
        "{seen}"
    );
}

fn deny(dn: &str, ace: &str, password: &str) {
    let (dn, ace) = (format!("--objectdn={dn}"), format!("--sddl={ace}"));
    let user = format!("-UAdministrator%{password}");
    let output = exec(&[
        "samba-tool",
        "dsacl",
        "set",
        &dn,
        &ace,
        &user,
        "-H",
        "ldap://dc1.corp.example.com",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn shown(account: &str, attribute: &str, password: &str) -> String {
    let user = format!("-UAdministrator%{password}");
    let output = exec(&[
        "samba-tool",
        "user",
        "show",
        account,
        &user,
        "-H",
        "ldap://dc1.corp.example.com",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let prefix = format!("{attribute}: ");
    let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
    value.unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn sid_of(account: &str, password: &str) -> String {
    shown(account, "objectSid", password)
}

fn dn_of(account: &str, password: &str) -> String {
    shown(account, "dn", password)
}
