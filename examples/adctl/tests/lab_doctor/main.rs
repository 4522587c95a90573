//! The doctor against the lab: all is well, and then one thing after the other is not, and it names exactly that one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod between;
mod directory;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../folder/mod.rs"]
mod folder;
mod lockout;
mod network;
mod openldap;
mod service;
mod site;

use adlib::{CheckKind, UnixTime};
use adlib_lab::fixture::{self, Refusal};
use site::{Site, later};

/// R4, R10, R19, R22: everything is looked at, and in order.
#[tokio::test]
async fn r04_a_whole_lab_is_in_order() {
    let site = Site::of_both_domains();
    let examination = site.examine().await;
    assert!(examination.is_healthy());
    assert_eq!(site::not_ok(&examination), Vec::<String>::new());
    for kind in [
        CheckKind::Settings,
        CheckKind::File,
        CheckKind::Mapping,
        CheckKind::Keytab,
        CheckKind::Kdc,
        CheckKind::Clock,
        CheckKind::Port,
        CheckKind::Tls,
        CheckKind::Schema,
        CheckKind::Bind,
        CheckKind::PageSize,
        CheckKind::Rights,
        CheckKind::Users,
        CheckKind::Canary,
        CheckKind::Service,
        CheckKind::Keys,
        CheckKind::Ticket,
    ] {
        let found = examination.checks.iter().any(|check| check.name.kind == kind);
        assert!(found, "no {kind}");
    }
}

/// The command: JSON with its keys, the table, and the exit codes.
#[test]
fn adctl_doctor_prints_and_exits() {
    let site = Site::new();
    let (code, output) = site.adctl(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(
        (code, &json["schema"], &json["healthy"]),
        (0, &1.into(), &true.into()),
        "{json}"
    );
    let first = json["checks"][0].as_object().unwrap();
    let keys: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["check", "needs", "of", "problem", "remedy", "seen", "state"]
    );
    let (code, table) = site.adctl(&[]);
    assert_eq!(code, 0);
    assert!(
        table.contains("a ticket of svc-sync@corp.example.com is opened"),
        "{table}"
    );

    site.write("password", "Wr0ng.Password\n");
    let (code, output) = site.adctl(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, &json["healthy"]), (1, &false.into()));
    let (_, table) = site.adctl(&[]);
    assert!(
        table.contains("wrong-password") && table.contains("1 failed"),
        "{table}"
    );
    assert!(
        !output.contains("Wr0ng") && !table.contains("Wr0ng"),
        "a secret is shown"
    );

    site.write("adlib.toml", "[directory]\nsurprise = 1\n");
    assert_eq!(site.adctl(&[]).0, 2);
}

/// R9: why the library itself may not sign in.
#[tokio::test]
async fn r09_a_bind_that_is_refused_has_its_reason() {
    let site = Site::new();
    site.write("password", "Wr0ng.Password\n");
    site.only(CheckKind::Bind, "wrong-password").await;
    let name = format!("svc-sync@{}", site.corp.dns_domain);
    let user_password = site.corp.user_password.clone();
    site.write("password", format!("{user_password}\n"));
    for (account, refusal) in fixture::REFUSED {
        let reason = match refusal {
            Refusal::Disabled => "disabled",
            Refusal::AccountExpired => "account-expired",
            Refusal::Locked => "locked",
            Refusal::MustChangePassword => "must-change-password",
            Refusal::PasswordExpired => "password-expired",
            Refusal::LogonHours => "logon-hours",
            Refusal::Workstation => "workstation",
        };
        let upn = format!("{account}@{}", site.corp.dns_domain);
        site.with(&[(&name, &upn)]).only(CheckKind::Bind, reason).await;
    }
    let bind = format!("bind = {{ method = \"simple\", name = \"{name}\", password_file = \"password\" }}");
    site.with(&[(&bind, "")]).only(CheckKind::Bind, "no-bind").await;
    // A password goes over TLS only.
    let plain = site.with(&[("[directory]", "[directory]\ntransport = \"sasl\"")]);
    plain.only(CheckKind::Bind, "bind-not-admitted").await;
    site.with(&[(
        "password_file = \"password\"",
        "password_env = \"NO_SUCH_VARIABLE_OF_ADLIB\"",
    )])
    .only(CheckKind::Bind, "no-credentials")
    .await;
}

/// The password of the bind in the environment.
#[test]
fn a_password_in_the_environment() {
    let site = Site::new();
    site.edit(&[(
        "password_file = \"password\"",
        "password_env = \"PASSWORD_OF_THE_BIND\"",
    )]);
    let doctor = || site.command(&["doctor", "--config", "adlib.toml"]);
    let set = doctor()
        .env("PASSWORD_OF_THE_BIND", &site.corp.service_password)
        .output();
    let set = set.unwrap();
    assert!(set.status.success(), "{set:?}");
    let wrong = doctor()
        .env("PASSWORD_OF_THE_BIND", "Wr0ng.Password")
        .output()
        .unwrap();
    let text = String::from_utf8(wrong.stdout).unwrap();
    assert!(
        text.contains("wrong-password") && !text.contains("Wr0ng"),
        "{text}"
    );
}

/// Files: not there, and there for everybody.
#[tokio::test]
async fn files_are_there_and_for_nobody_else() {
    let site = Site::new();
    site.permissions("password", 0o644);
    site.only_warns(CheckKind::File, "readable-by-others").await;
    std::fs::remove_file(site.path("password")).unwrap();
    site.only(CheckKind::File, "unreadable").await;
    let site = Site::new();
    let ca = site.corp.ca_file.display().to_string();
    site.with(&[(&ca, "no-such.pem")])
        .only(CheckKind::File, "unreadable")
        .await;
}

/// R16, R17: every mistake in the mapping file, with its line.
#[tokio::test]
async fn r17_a_broken_mapping_file_is_told_by_lines() {
    let site = Site::new();
    site.write(
        "mappings.conf",
        "# ours\nacme.example corp.example.com\n\na b = corp.example.com\n",
    );
    let seen = site.only(CheckKind::Mapping, "malformed").await;
    assert!(seen.contains("line 2") && seen.contains("line 4"), "{seen}");
    site.write("mappings.conf", "acme.example = gone.example.com\n");
    let seen = site.only_warns(CheckKind::Mapping, "mapping-unused").await;
    assert!(
        seen.contains("line 1") && seen.contains("gone.example.com"),
        "{seen}"
    );
    std::fs::remove_file(site.path("mappings.conf")).unwrap();
    site.only(CheckKind::Mapping, "unreadable").await;
}

/// R5, R7, R11: what weakens the promises is named.
#[tokio::test]
async fn r07_risky_settings_are_named() {
    let site = Site::new();
    let risky = site.with(&[("[signin]", "[signin]\ndanger_accept_rc4 = true\npac = \"off\"")]);
    let seen = risky.only_warns(CheckKind::Settings, "risky").await;
    assert_eq!(seen, "danger_accept_rc4, pac = \"off\"");
}

/// R10: clocks, by one that is ahead of those of the controllers.
#[tokio::test]
async fn r10_a_clock_that_is_off() {
    let site = Site::new();
    let problems = |examination: &adlib::Examination| {
        let checks = examination
            .checks
            .iter()
            .filter_map(|check| Some((check.name.kind, check.problem()?.as_str())));
        checks.collect::<Vec<_>>()
    };
    let off = site.doctor().clock(later(600)).examine().await;
    assert_eq!(problems(&off), [(CheckKind::Clock, "clock-off"); 2], "{off:?}");
    assert!(!off.is_healthy());
    site::depends_on(&off, CheckKind::Clock);
    let drifts = site.doctor().clock(later(200)).examine().await;
    assert_eq!(
        problems(&drifts),
        [(CheckKind::Clock, "clock-drifts"); 2],
        "{drifts:?}"
    );
    assert!(drifts.is_healthy());
    assert!(UnixTime::from_seconds(0) < later(0).now());
}

/// Whatever takes too long ends, and hides nothing.
#[tokio::test]
async fn a_look_that_takes_too_long_ends() {
    let site = Site::new();
    let doctor = site.doctor().limit(std::time::Duration::from_micros(1));
    let begin = std::time::Instant::now();
    let examination = doctor.examine().await;
    assert!(begin.elapsed() < std::time::Duration::from_secs(20));
    assert!(
        !examination.is_healthy() && examination.checks.len() > 10,
        "{examination:?}"
    );
    let named = site::named(&examination);
    assert!(
        named
            .iter()
            .all(|(_, _, problem)| ["silent", "took-too-long"].contains(problem)),
        "{named:?}"
    );
}
