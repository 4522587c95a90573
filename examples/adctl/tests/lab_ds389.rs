//! `adctl` against a real 389 Directory Server.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use adlib_lab::{
    ds389::{self, Server},
    fixture::Refusal,
};
use serde_json::Value;
use tempfile::TempDir;

/// A directory with a configuration.
struct Site(TempDir);

impl Site {
    /// In the schema of `preset`, or in the one that the server is found to have.
    fn new(server: &Server, preset: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            r#"
            [directory]
            preset = "{preset}"
            urls = ["ldaps://{ip}"]
            base = "{base}"
            ca_file = "{ca}"
            ca_only = true
            bind = {{ method = "simple", name = "{bind}", password_file = "password" }}
            timeout = "10s"
            "#,
            ip = server.ip,
            base = server.base,
            ca = server.ca_file.display(),
            bind = server.dn(ds389::SYNC),
        );
        fs::write(directory.path().join("adlib.toml"), config).unwrap();
        fs::write(directory.path().join("password"), &server.service_password).unwrap();
        Self(directory)
    }

    fn json(&self, arguments: &[&str], input: &str) -> Value {
        let mut child = Command::new(env!("CARGO_BIN_EXE_adctl"))
            .args(arguments)
            .args(["--config", "adlib.toml", "--json"])
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {errors}"))
    }

    fn login(&self, name: &str, password: &str) -> Value {
        self.json(&["login", name], &format!("{password}\n"))
    }

    #[track_caller]
    fn refused(&self, name: &str, password: &str, reason: &str) {
        let verdict = self.login(name, password);
        assert_eq!(verdict["verdict"], "refused", "{name}: {verdict}");
        assert_eq!(verdict["reason"], reason, "{name}: {verdict}");
    }
}

fn groups(verdict: &Value) -> Vec<&str> {
    let groups = verdict["groups"].as_array().unwrap().iter();
    let mut names: Vec<&str> = groups.map(|group| group["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

/// R39: the filter finds the user, a bind decides, and the groups count, nested, in circles and of either class.
#[test]
fn r39_a_user_of_389_ds_signs_in() {
    let server = adlib_lab::ds389();
    for preset in ["389-ds", "auto"] {
        let site = Site::new(&server, preset);
        let alice = site.login(ds389::USER, &server.user_password);
        assert_eq!(alice["verdict"], "accepted", "{alice}");
        let circle = ["cycle-a", "cycle-b", "engineers"].map(|group| format!("example.net\\{group}"));
        assert_eq!(groups(&alice), circle);
    }
    let site = Site::new(&server, "389-ds");
    let bob = site.login("BOB", &server.user_password);
    let nested = ["leaving", "nest-1", "nest-2", "nest-3", "unique"];
    assert_eq!(groups(&bob), nested.map(|group| format!("example.net\\{group}")));
}

/// R9, R39: what the server says of an account becomes the reasons that Active Directory has.
#[test]
fn r39_refusals_of_389_ds() {
    let server = adlib_lab::ds389();
    let site = Site::new(&server, "389-ds");
    for (name, refusal) in ds389::REFUSED {
        let reason = match refusal {
            Refusal::Disabled => "disabled",
            Refusal::Locked => "locked",
            Refusal::MustChangePassword => "must-change-password",
            Refusal::PasswordExpired => "password-expired",
            other => panic!("{other:?}"),
        };
        site.refused(name, &server.user_password, reason);
    }
    site.refused(ds389::USER, "wrong", "wrong-password");
    site.refused(ds389::USER, "", "wrong-password");
    site.refused("nobody", &server.user_password, "unknown-user");
    site.refused(ds389::GONE, &server.user_password, "unknown-user");
    site.refused(ds389::NO_PASSWORD, "any", "wrong-password");
}

/// R23, R27: everything, but for the account that is disabled.
#[test]
fn r27_reads_of_389_ds() {
    let server = adlib_lab::ds389();
    let site = Site::new(&server, "auto");
    let read = site.json(&["directory", "read"], "");
    assert_eq!(read["complete"], true, "{read}");
    assert_eq!(read["users"].as_array().unwrap().len(), 165);
    assert_eq!(read["groups"].as_array().unwrap().len(), 10);
}
