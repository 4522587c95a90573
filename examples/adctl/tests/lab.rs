//! `adctl` against a real Active Directory, as an operator would call it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use adlib_lab::{Corp, corp};
use serde_json::Value;
use tempfile::TempDir;

const UNKNOWN_TO_THE_USER: &str =
    "Authentication failed! The credentials you entered are invalid or cannot be authenticated.";

/// A directory with a configuration for the lab, and what `adctl` says in it.
struct Site {
    directory: TempDir,
    corp: Corp,
}

impl Site {
    fn new() -> Self {
        Self::with("", "")
    }

    /// With more lines at the end of `[directory]` and of `[signin]`.
    fn with(more_directory: &str, more_signin: &str) -> Self {
        let corp = corp();
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            r#"
            [directory]
            domains = "{domain}"
            controllers = ["{ip}"]
            ca_file = "{ca}"
            ca_only = true
            bind = {{ method = "simple", name = "svc-sync@{domain}", password_file = "password" }}
            timeout = "10s"
            {more_directory}
            [signin]
            service = "{service}"
            keytab = "{keytab}"
            upn_mappings = "mappings.conf"
            {more_signin}
            [sync]
            store = "users.sqlite"
            guard = {{ canaries = ["administrator"] }}
            "#,
            domain = corp.dns_domain,
            ip = corp.ip,
            ca = corp.ca_file.display(),
            service = corp.http_service,
            keytab = corp.keytab.display(),
        );
        fs::write(directory.path().join("adlib.toml"), config).unwrap();
        fs::write(
            directory.path().join("password"),
            format!("{}\n", corp.service_password),
        )
        .unwrap();
        fs::write(
            directory.path().join("mappings.conf"),
            format!("acme.example = {}\n", corp.dns_domain),
        )
        .unwrap();
        Self { directory, corp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Exit code, standard output, standard error.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_adctl"))
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, arguments: &[&str], input: &str) -> (i32, Value) {
        let (code, output, errors) = self.run(&[arguments, &["--json"]].concat(), input);
        let value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("no JSON: {output}\n{errors}"));
        (code, value)
    }

    fn login(&self, name: &str, password: &str) -> (i32, Value) {
        self.json(
            &["login", "--config", "adlib.toml", name],
            &format!("{password}\n"),
        )
    }

    fn login_as_user(&self, name: &str) -> (i32, Value) {
        self.login(name, &self.corp.user_password.clone())
    }
}

/// R6, R13, R18
#[test]
fn r06_a_password_sign_in_is_proven_by_a_verified_ticket() {
    let site = Site::new();
    let (code, identity) = site.login_as_user("ada@corp.example.com");
    assert_eq!(code, 0, "{identity}");
    assert_eq!(identity["verdict"], "accepted");
    assert_eq!(identity["mechanism"], "kerberos");
    assert_eq!(identity["user"], "ada");
    assert_eq!(identity["domain"], "corp.example.com");
    assert!(identity["sid"].as_str().unwrap().starts_with(&*site.corp.sid));
    assert_eq!(identity["evidence"]["ticket_etype"], 18);
    assert_eq!(identity["evidence"]["pac"], "verified");
    let groups: BTreeSet<&str> = identity["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|group| group["name"].as_str())
        .collect();
    for group in [
        "engineers",
        "all-universal",
        "cycle-a",
        "cycle-b",
        "cycle-c",
        "Domain Users",
    ] {
        assert!(
            groups.contains(&*format!("corp.example.com\\{group}")),
            "{group}: {groups:?}"
        );
    }
}

/// R11
#[test]
fn r11_a_ticket_by_aes_128() {
    let site = Site::new();
    let config = fs::read_to_string(site.path("adlib.toml")).unwrap();
    fs::write(
        site.path("adlib.toml"),
        config.replace(&*site.corp.http_service, "HTTP/aes128.corp.example.com"),
    )
    .unwrap();
    let (code, identity) = site.login_as_user("ada@corp.example.com");
    assert_eq!(code, 0, "{identity}");
    assert_eq!(identity["evidence"]["ticket_etype"], 17);
}

/// R11: an RC4 ticket is refused by default, and admitted by a policy that says so.
#[test]
fn r11_a_ticket_by_rc4_is_refused() {
    let site = Site::new();
    let config = fs::read_to_string(site.path("adlib.toml")).unwrap();
    fs::write(
        site.path("adlib.toml"),
        config.replace(&*site.corp.http_service, "HTTP/rc4.corp.example.com"),
    )
    .unwrap();
    let (code, refusal) = site.login_as_user("ada@corp.example.com");
    assert_eq!((code, &refusal["verdict"]), (1, &"refused".into()), "{refusal}");
}

/// R1, R18
#[test]
fn r18_names_stand_for_accounts() {
    let site = Site::new();
    for (typed, account) in [
        ("alan.turing@corp.example.com", "alan"),
        ("grace.hopper@acme.example", "grace"),
        ("ALAN@corp.example.com", "alan"),
        ("noupn@corp.example.com", "noupn"),
        ("noupn@acme.example", "noupn"),
        ("mia@acme.example", "mia2"),
        ("mia@corp.example.com", "mia"),
        ("swap2@acme.example", "swap1"),
        ("swap2@corp.example.com", "swap2"),
        ("zoë@corp.example.com", "zoe"),
        ("st.nopreauth@corp.example.com", "st.nopreauth"),
        ("st.protected@corp.example.com", "st.protected"),
    ] {
        let (code, identity) = site.login_as_user(typed);
        assert_eq!(
            (code, &identity["user"]),
            (0, &account.into()),
            "{typed}: {identity}"
        );
    }
}

/// R9
#[test]
fn r09_the_operator_gets_the_reason_and_the_user_the_one_text() {
    let site = Site::new();
    for (typed, reason) in [
        ("nobody@corp.example.com", "unknown-user"),
        ("nobody@elsewhere.example", "unknown-domain"),
        ("st.disabled@corp.example.com", "disabled"),
        ("st.expired@corp.example.com", "account-expired"),
        ("st.locked@corp.example.com", "locked"),
        ("st.mustchange@corp.example.com", "must-change-password"),
        ("st.pwexpired@corp.example.com", "password-expired"),
        ("st.hours@corp.example.com", "logon-hours"),
        ("st.workstation@corp.example.com", "workstation"),
        // This server gives such an account a password that nobody knows.
        ("st.smartcard@corp.example.com", "wrong-password"),
        ("CORP\\ada", "down-level-name"),
        ("a*a@corp.example.com", "invalid-name"),
    ] {
        let (code, refusal) = site.login_as_user(typed);
        assert_eq!(
            (code, &refusal["reason"]),
            (1, &reason.into()),
            "{typed}: {refusal}"
        );
        assert_eq!(refusal["user_message"], UNKNOWN_TO_THE_USER);
    }
    for password in ["wrong", ""] {
        let (code, refusal) = site.login("ada@corp.example.com", password);
        assert_eq!(
            (code, &refusal["reason"]),
            (1, &"wrong-password".into()),
            "{refusal}"
        );
        assert_eq!(refusal["user_message"], UNKNOWN_TO_THE_USER);
    }
}

/// R19, R21, R23, R27
#[test]
fn r27_every_user_of_the_fixtures_is_read_with_nested_and_primary_groups() {
    let site = Site::with("page_size = 100", "");
    let (code, read) = site.json(
        &["directory", "read", "--config", "adlib.toml", "--import-disabled"],
        "",
    );
    assert_eq!(code, 0, "{}", read["warnings"]);
    assert_eq!(read["complete"], true);
    let users: BTreeSet<String> = names(&read["users"]);
    let groups: BTreeSet<String> = names(&read["groups"]);
    assert_eq!(users, adlib_lab_users(&site), "every user, and nothing else");
    for not_a_user in ["APP1$", "gmsa1$", "External Contact", "gone"] {
        assert!(!users.contains(not_a_user), "{not_a_user}");
    }
    assert!(groups.contains("gruppe-groesse"));

    let groups_of = |name: &str| -> BTreeSet<String> {
        let user = read["users"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["name"] == name)
            .unwrap();
        user["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group.as_str().unwrap().to_owned())
            .collect()
    };
    let corp = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("corp.example.com\\{name}"))
            .collect::<BTreeSet<_>>()
    };
    assert!(groups_of("deep").is_superset(&corp(&["nest-1", "nest-2", "nest-3", "nest-4", "Domain Users"])));
    assert!(groups_of("ada").is_superset(&corp(&["cycle-a", "cycle-b", "cycle-c", "all-universal"])));
    assert!(groups_of("user01").is_superset(&corp(&["primary-other"])));
    assert!(!groups_of("alan").contains("corp.example.com\\cycle-a"));
    let big = read["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "big-group")
        .unwrap();
    assert_eq!(big["effective"].as_array().unwrap().len(), 1600);

    // R23: disabled users are left out unless asked for.
    let (_, read) = site.json(&["directory", "read", "--config", "adlib.toml"], "");
    assert!(!names(&read["users"]).contains("st.disabled"));
    assert!(names(&read["users"]).contains("st.expired"));
}

/// What another implementation finds: `ldbsearch` on the controller's own database.
fn adlib_lab_users(site: &Site) -> BTreeSet<String> {
    let database = site.corp.lab_dir.join("corp/private/sam.ldb");
    let output = adlib_lab::exec(&[
        "ldbsearch",
        "-H",
        database.to_str().unwrap(),
        "(&(objectCategory=person)(objectClass=user)(sAMAccountType=805306368))",
        "sAMAccountName",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let plain = text
        .lines()
        .filter_map(|line| line.strip_prefix("sAMAccountName: ").map(str::to_owned));
    let encoded = text
        .lines()
        .filter_map(|line| line.strip_prefix("sAMAccountName:: "));
    let decode = |base64: &str| {
        let output = Command::new("base64")
            .arg("-d")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = output.unwrap();
        child.stdin.take().unwrap().write_all(base64.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    plain.chain(encoded.map(decode)).collect()
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// R33, R37
#[test]
fn r33_preview_apply_and_an_empty_second_preview() {
    let site = Site::new();
    let (code, preview) = site.json(
        &[
            "sync",
            "preview",
            "--config",
            "adlib.toml",
            "--html",
            "preview.html",
        ],
        "",
    );
    assert_eq!(code, 0, "{}", preview["stopped_by"]);
    let creates = preview["creates"].as_array().unwrap().len();
    assert!(creates > 1600, "{creates}");
    assert_eq!(preview["deletes"].as_array().unwrap().len(), 0);
    assert!(
        fs::read_to_string(site.path("preview.html"))
            .unwrap()
            .contains("crowd000001")
    );

    let (code, applied) = site.json(&["sync", "apply", "--config", "adlib.toml"], "");
    assert_eq!((code, &applied["plan_hash"]), (0, &preview["plan_hash"]));

    let (code, second) = site.json(&["sync", "preview", "--config", "adlib.toml"], "");
    assert_eq!(code, 0);
    for part in ["creates", "updates", "deletes"] {
        assert_eq!(second[part].as_array().unwrap().len(), 0, "{part}");
    }
}

/// A server that cannot be used gives one clear line, and nothing changes.
#[test]
fn what_the_operator_got_wrong_is_one_clear_line() {
    let site = Site::new();
    let good = fs::read_to_string(site.path("adlib.toml")).unwrap();
    let ip = format!("[\"{}\"]", site.corp.ip);
    let ca = format!("ca_file = \"{}\"", site.corp.ca_file.display());
    fs::write(site.path("other.pem"), OTHER_AUTHORITY).unwrap();
    for (from, to, expected) in [
        (&*ip, "[\"127.0.0.99\"]", "127.0.0.99"),
        (&*ca, "ca_file = \"other.pem\"", "certificate"),
        (&*ca, "ca_file = \"missing.pem\"", "missing.pem"),
        (
            "password_file = \"password\"",
            "password_file = \"wrong\"",
            "bind",
        ),
        ("name = \"svc-sync@", "name = \"svc-nobody@", "bind"),
        ("[signin]", "[signin]\nmood = \"auto\"", "did you mean `mode`?"),
    ] {
        fs::write(site.path("wrong"), "Wrong.Password\n").unwrap();
        assert!(good.contains(from), "{from}");
        fs::write(site.path("adlib.toml"), good.replacen(from, to, 1)).unwrap();
        let (code, output, errors) = site.run(&["sync", "apply", "--config", "adlib.toml"], "");
        assert_eq!((code, &*output), (2, ""), "{to}: {errors}");
        assert!(errors.contains(expected), "{to}: {errors}");
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        assert!(!errors.contains("Wrong.Password"), "{errors}");
        assert!(!site.path("users.sqlite").exists(), "{to}: nothing was changed");
    }
}

/// A self-signed certificate that signed nothing.
const OTHER_AUTHORITY: &str = include_str!("other_authority.pem");
