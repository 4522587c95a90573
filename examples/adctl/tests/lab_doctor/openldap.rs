//! A directory that is no Active Directory: what does not apply is left out.

use std::{fs, os::unix::fs::PermissionsExt as _};

use adlib::{CheckKind, Config, Doctor, Examination};
use adlib_lab::openldap::{self, Server};

use crate::site::{depends_on, named, not_ok};

fn configuration(server: &Server, change: (&str, &str)) -> String {
    let config = format!(
        r#"
        [directory]
        preset = "openldap"
        urls = ["ldaps://{ip}"]
        base = "{base}"
        ca_file = "{ca}"
        ca_only = true
        bind = {{ method = "simple", name = "{bind}", password_file = "password" }}
        timeout = "10s"
        [sync]
        guard = {{ canaries = ["alice"] }}
        "#,
        ip = server.ip,
        base = server.base,
        ca = server.ca_file.display(),
        bind = server.dn(openldap::SYNC),
    );
    assert!(config.contains(change.0), "{}", change.0);
    config.replacen(change.0, change.1, 1)
}

async fn examine(server: &Server, change: (&str, &str)) -> Examination {
    let directory = tempfile::tempdir().unwrap();
    let path = |name| directory.path().join(name);
    fs::write(path("adlib.toml"), configuration(server, change)).unwrap();
    fs::write(path("password"), &server.service_password).unwrap();
    fs::set_permissions(path("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let examination = Doctor::new(&Config::read(path("adlib.toml")).unwrap())
        .examine()
        .await;
    assert!(!format!("{examination:?}").contains(&server.service_password));
    examination
}

/// R19, R39: in order, without a word about Kerberos and clocks.
#[tokio::test]
async fn r39_an_openldap_in_order() {
    let server = adlib_lab::openldap();
    let socket = format!("ldapi://{}", server.socket.display());
    let ldaps = format!("ldaps://{}", server.ip);
    for change in [
        ("10s", "10s"),
        ("\"openldap\"", "\"auto\""),
        (&*ldaps, &*socket),
        ("timeout = \"10s\"", "timeout = \"10s\"\ntransport = \"starttls\""),
    ] {
        let starttls = change.1.contains("starttls");
        let change = match starttls {
            true => ("ca_only = true", "ca_only = true\ntransport = \"starttls\""),
            false => change,
        };
        let config =
            configuration(&server, change).replace("ldaps://", if starttls { "ldap://" } else { "ldaps://" });
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("password"), &server.service_password).unwrap();
        fs::set_permissions(
            directory.path().join("password"),
            fs::Permissions::from_mode(0o600),
        )
        .unwrap();
        fs::write(directory.path().join("adlib.toml"), config).unwrap();
        let config = Config::read(directory.path().join("adlib.toml")).unwrap();
        let examination = Doctor::new(&config).examine().await;
        assert_eq!(not_ok(&examination), Vec::<String>::new());
        for kind in [
            CheckKind::Keytab,
            CheckKind::Kdc,
            CheckKind::Clock,
            CheckKind::Ticket,
        ] {
            let found = examination.checks.iter().any(|check| check.name.kind == kind);
            assert!(!found, "{kind}: {examination:?}");
        }
        let users = examination
            .checks
            .iter()
            .find(|check| check.name.kind == CheckKind::Users);
        assert!(users.unwrap().seen.contains("users"), "{examination:?}");
    }
}

/// R19, R27, R34, R39: what can be wrong there.
#[tokio::test]
async fn r39_an_openldap_that_is_not_in_order() {
    let server = adlib_lab::openldap();
    let base = format!("base = \"{}\"", server.base);
    let groups = format!("base = \"ou=groups,{}\"", server.base);
    for (change, kind, state, problem) in [
        (
            (&*base, "base = \"dc=nowhere,dc=org\""),
            CheckKind::Schema,
            "failed",
            "other-domain",
        ),
        (
            ("\"openldap\"", "\"active-directory\""),
            CheckKind::Schema,
            "failed",
            "other-preset",
        ),
        ((&*base, &*groups), CheckKind::Rights, "failed", "nobody-readable"),
        (
            ("svc-sync", "nobody"),
            CheckKind::Bind,
            "failed",
            "wrong-password",
        ),
        (
            ("svc-sync", "svc-limited"),
            CheckKind::Users,
            "failed",
            "incomplete",
        ),
        (
            ("\"alice\"", "\"carol\""),
            CheckKind::Canary,
            "failed",
            "canary-missing",
        ),
        (
            ("ldaps://127.0.0.6", "ldaps://127.0.0.6:1"),
            CheckKind::Port,
            "failed",
            "nothing-listens",
        ),
        (
            ("ldaps://127.0.0.6", "ldaps://127.0.0.6:389"),
            CheckKind::Tls,
            "failed",
            "tls",
        ),
    ] {
        let examination = examine(&server, change).await;
        let found = named(&examination);
        assert_eq!(found, [(kind, state, problem)], "{change:?}: {examination:#?}");
        depends_on(&examination, kind);
    }
    // Names of another kind of server may be meant so; what follows from them is told besides.
    let examination = examine(&server, ("\"openldap\"", "\"389-ds\"")).await;
    assert_eq!(
        named(&examination),
        [
            (CheckKind::Schema, "warning", "other-preset"),
            (CheckKind::Rights, "failed", "not-readable")
        ]
    );
}
