//! `adctl` against a real OpenLDAP, in both schemas.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use adlib_lab::{
    fixture::Refusal,
    openldap::{self, Server},
};
use serde_json::Value;
use tempfile::TempDir;

/// A directory with a configuration.
struct Site(TempDir);

impl Site {
    /// For `base` at `url`, in the schema of `preset`.
    fn new(server: &Server, preset: &str, url: &str, base: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            r#"
            [directory]
            preset = "{preset}"
            urls = ["{url}"]
            base = "{base}"
            ca_file = "{ca}"
            ca_only = true
            bind = {{ method = "simple", name = "{bind}", password_file = "password" }}
            timeout = "10s"
            [signin]
            provision = [{{ group = "nest-1", profile = "nested" }}, {{ group = "engineers", profile = "engineer" }}]
            "#,
            ca = server.ca_file.display(),
            bind = server.dn(openldap::SYNC),
        );
        fs::write(directory.path().join("adlib.toml"), config).unwrap();
        fs::write(directory.path().join("password"), &server.service_password).unwrap();
        Self(directory)
    }

    fn over_tls(server: &Server, preset: &str, base: &str) -> Self {
        Self::new(server, preset, &format!("ldaps://{}", server.ip), base)
    }

    fn json(&self, arguments: &[&str], input: &str) -> (i32, Value) {
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
        let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {errors}"));
        (output.status.code().unwrap(), value)
    }

    fn login(&self, name: &str, password: &str) -> Value {
        self.json(&["login", name], &format!("{password}\n")).1
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

/// R39: the filter finds the user, a bind decides, and the groups count, nested and in circles.
#[test]
fn r39_a_user_of_openldap_signs_in() {
    let server = adlib_lab::openldap();
    for preset in ["openldap", "auto"] {
        let site = Site::over_tls(&server, preset, &server.base);
        let alice = site.login("alice", &server.user_password);
        assert_eq!(alice["verdict"], "accepted", "{alice}");
        assert_eq!(
            (&alice["mechanism"], &alice["user"]),
            (&"bind".into(), &"alice".into())
        );
        assert_eq!(alice["domain"], "example.org");
        assert_eq!(alice["profile"], "engineer");
        assert!(alice["sid"].is_null() && alice["key"].is_string(), "{alice}");
        let circle = ["cycle-a", "cycle-b", "engineers"].map(|group| format!("example.org\\{group}"));
        assert_eq!(groups(&alice), circle);
    }
    let site = Site::over_tls(&server, "openldap", &server.base);
    let bob = site.login("BOB", &server.user_password);
    assert_eq!(
        (&bob["user"], &bob["profile"]),
        (&"bob".into(), &"nested".into()),
        "{bob}"
    );
    assert_eq!(
        groups(&bob).len(),
        4,
        "three nested, and the one that lists the outermost: {bob}"
    );
    let zoe = site.login("zoe@example.org", &server.user_password);
    assert_eq!(
        zoe["reason"], "unknown-user",
        "the filter asks for uid alone: {zoe}"
    );
}

/// R9, R39: what the server says of an account becomes the reasons that Active Directory has.
#[test]
fn r39_refusals_of_openldap() {
    let server = adlib_lab::openldap();
    let site = Site::over_tls(&server, "openldap", &server.base);
    for (name, refusal) in openldap::REFUSED {
        let reason = match refusal {
            Refusal::Locked => "locked",
            Refusal::MustChangePassword => "must-change-password",
            Refusal::PasswordExpired => "password-expired",
            other => panic!("{other:?}"),
        };
        site.refused(name, &server.user_password, reason);
    }
    site.refused("alice", "wrong", "wrong-password");
    site.refused("alice", "", "wrong-password");
    site.refused("nobody", &server.user_password, "unknown-user");
    site.refused("*", &server.user_password, "invalid-name");
    site.refused(openldap::NO_PASSWORD, "any", "wrong-password");
}

/// R39: accounts of RFC 2307, whose end the server does not enforce.
#[test]
fn r39_users_of_rfc_2307() {
    let server = adlib_lab::openldap();
    let site = Site::over_tls(&server, "unix", &server.unix_base);
    let alice = site.login("alice", &server.user_password);
    assert_eq!(alice["verdict"], "accepted", "{alice}");
    let expected = ["admins", "mixed", "users"].map(|group| format!("unix.org\\{group}"));
    assert_eq!(groups(&alice), expected);
    site.refused("expired", &server.user_password, "account-expired");
    site.refused("expired", "wrong", "wrong-password");
}

/// R39: over the socket of the local machine, without TLS.
#[test]
fn r39_over_a_local_socket() {
    let server = adlib_lab::openldap();
    let url = format!("ldapi://{}", server.socket.display());
    let site = Site::new(&server, "openldap", &url, &server.base);
    let alice = site.login("alice", &server.user_password);
    assert_eq!(alice["verdict"], "accepted", "{alice}");
    assert_eq!(alice["evidence"]["server"], server.socket.display().to_string());
}

/// R27: everything, or the word that it is not.
#[test]
fn r27_reads_of_openldap() {
    let server = adlib_lab::openldap();
    let read = |preset: &str, base: &str| {
        let site = Site::over_tls(&server, preset, base);
        site.json(&["directory", "read"], "").1
    };
    let example = read("openldap", &server.base);
    assert_eq!(example["complete"], true, "{example}");
    assert_eq!(example["users"].as_array().unwrap().len(), 164);
    assert_eq!(example["groups"].as_array().unwrap().len(), 9);
    let unix = read("unix", &server.unix_base);
    assert_eq!(unix["complete"], true);
    assert_eq!(unix["users"].as_array().unwrap().len(), 125);
    let split = read("openldap", &server.split_base);
    assert_eq!(split["complete"], false, "a part is elsewhere: {split}");
    assert_eq!(split["users"].as_array().unwrap().len(), 1);
}

/// R27, A52: what a referral leads to is read when its server is listed, over TLS, although the referral says otherwise.
#[test]
fn r27_referrals_of_openldap() {
    let server = adlib_lab::openldap();
    let url = format!("ldaps://{}", server.ip);
    let site = Site::new(&server, "openldap", &url, &server.split_base);
    let read = |referrals: &str| {
        let file = site.0.path().join("adlib.toml");
        let config = fs::read_to_string(&file).unwrap();
        let key = format!("[directory]\nreferrals = [\"{referrals}\"]\n");
        fs::write(&file, config.replacen("[directory]", &key, 1)).unwrap();
        let read = site.json(&["directory", "read"], "").1;
        fs::write(&file, config).unwrap();
        read
    };
    let followed = read(&url);
    assert_eq!(followed["complete"], true, "{followed}");
    let users = followed["users"].as_array().unwrap();
    let here = users.iter().filter(|user| user["name"] == "here").count();
    assert_eq!((users.len(), here), (165, 1));
    assert!(
        users
            .iter()
            .any(|user| user["name"] == openldap::USER && user["domain"] == "example.org")
    );
    let elsewhere = read("ldaps://127.0.0.66");
    assert_eq!(elsewhere["complete"], false);
    assert!(
        elsewhere.to_string().contains("list it if it is to be asked"),
        "{elsewhere}"
    );
}
