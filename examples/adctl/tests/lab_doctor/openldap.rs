//! A directory that is no Active Directory: what does not apply is left out.

use adlib::{CheckKind, Config, Doctor, Examination};
use adlib_lab::openldap::{self, Server};

use crate::{
    folder::{Folder, ldap_server},
    site::{depends_on, named, not_ok},
};

/// A configuration that leads to `server`.
fn site(server: &Server) -> Folder {
    let url = format!("ldaps://{}", server.ip);
    let reader = server.dn(openldap::SYNC);
    let directory = ldap_server("openldap", url, &server.base, &server.ca_file, reader);
    let config = format!("[directory]{directory}[sync]\nguard = {{ canaries = [\"alice\"] }}\n");
    Folder::of(&[
        ("adlib.toml", config.as_bytes()),
        ("password", server.service_password.as_bytes()),
    ])
}

/// What the doctor finds when parts of the configuration are others.
async fn examine(server: &Server, changes: &[(&str, &str)]) -> Examination {
    let site = site(server);
    site.edit(changes);
    let config = Config::read(site.path("adlib.toml")).unwrap();
    let examination = Doctor::new(&config).examine().await;
    assert!(!format!("{examination:?}").contains(&server.service_password));
    examination
}

/// R19, R39: in order, without a word about Kerberos and clocks.
#[tokio::test]
async fn r39_an_openldap_in_order() {
    let server = adlib_lab::openldap();
    let socket = format!("ldapi://{}", server.socket.display());
    let ldaps = format!("ldaps://{}", server.ip);
    let starttls = "ca_only = true\ntransport = \"starttls\"";
    for changes in [
        &[][..],
        &[("\"openldap\"", "\"auto\"")],
        &[(&*ldaps, &*socket)],
        &[("ca_only = true", starttls), ("ldaps://", "ldap://")],
    ] {
        let examination = examine(&server, changes).await;
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
    let url = format!("ldaps://{}", server.ip);
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
            (&*url, &*format!("{url}:1")),
            CheckKind::Port,
            "failed",
            "nothing-listens",
        ),
        ((&*url, &*format!("{url}:389")), CheckKind::Tls, "failed", "tls"),
    ] {
        let examination = examine(&server, &[change]).await;
        let found = named(&examination);
        assert_eq!(found, [(kind, state, problem)], "{change:?}: {examination:#?}");
        depends_on(&examination, kind);
    }
    // Names of another kind of server may be meant so; what follows from them is told besides.
    let examination = examine(&server, &[("\"openldap\"", "\"389-ds\"")]).await;
    assert_eq!(
        named(&examination),
        [
            (CheckKind::Schema, "warning", "other-preset"),
            (CheckKind::Rights, "failed", "not-readable")
        ]
    );
}
