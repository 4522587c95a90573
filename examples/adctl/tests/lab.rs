//! `adctl` against a real Active Directory, as an operator would call it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{collections::BTreeSet, ops::Deref};

use adlib_lab::{Corp, corp};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use folder::Folder;
use serde_json::Value;

const UNKNOWN_TO_THE_USER: &str =
    "Authentication failed! The credentials you entered are invalid or cannot be authenticated.";

/// A directory with a configuration for the lab, and what `adctl` says in it.
struct Site {
    folder: Folder,
    corp: Corp,
}

impl Deref for Site {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Site {
    fn new() -> Self {
        Self::with("", "")
    }

    /// With more lines at the end of `[directory]` and of `[signin]`.
    fn with(more_directory: &str, more_signin: &str) -> Self {
        let corp = corp();
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
        let folder = Folder::of(&[
            ("adlib.toml", config.as_bytes()),
            ("password", corp.service_password.as_bytes()),
            (
                "mappings.conf",
                format!("acme.example = {}\n", corp.dns_domain).as_bytes(),
            ),
        ]);
        Self { folder, corp }
    }

    /// Over both domains, with a bind that reaches both; `acme.example` and `both.example` stand for either.
    fn of_both_domains() -> Self {
        let site = Self::new();
        let (corp, staff) = (&site.corp, &site.corp.staff);
        site.edit(&[
            (
                &format!("domains = \"{}\"", corp.dns_domain),
                &format!("domains = \"{}; {}\"", corp.dns_domain, staff.dns_domain),
            ),
            (
                &format!("controllers = [\"{}\"]", corp.ip),
                &format!(
                    "controllers = {{ \"{}\" = [\"{}\"], \"{}\" = [\"{}\"] }}",
                    corp.dns_domain, corp.ip, staff.dns_domain, staff.ip
                ),
            ),
            (
                &format!("method = \"simple\", name = \"svc-sync@{}\"", corp.dns_domain),
                &format!("method = \"ntlm\", name = '{}\\svc-sync'", corp.netbios),
            ),
        ]);
        let mappings = ["acme.example", "both.example"].map(|alternate| {
            format!(
                "{alternate} = {}\n{alternate} = {}\n",
                corp.dns_domain, staff.dns_domain
            )
        });
        site.write("mappings.conf", mappings.concat());
        site
    }

    fn login(&self, name: &str, password: &str) -> (i32, Value) {
        self.json_with_input(
            &["login", "--config", "adlib.toml", name],
            &format!("{password}\n"),
        )
    }

    /// By Kerberos alone or by NTLM alone, with the password of every user.
    fn login_in_mode(&self, mode: &str, name: &str) -> (i32, Value) {
        let call = ["login", "--config", "adlib.toml", "--mode", mode, name];
        self.json_with_input(&call, &format!("{}\n", self.corp.user_password))
    }

    fn login_as_user(&self, name: &str) -> (i32, Value) {
        self.login(name, &self.corp.user_password.clone())
    }
}

/// What was said of a user who is let in by `mechanism`.
#[track_caller]
fn accepted((code, identity): (i32, Value), mechanism: &str) -> Value {
    assert_eq!(
        (code, &identity["mechanism"]),
        (0, &mechanism.into()),
        "{identity}"
    );
    identity
}

/// What was said of a user who is refused for `reason`, which the user is not told.
#[track_caller]
fn refused((code, refusal): (i32, Value), reason: &str) -> Value {
    assert_eq!((code, &refusal["reason"]), (1, &reason.into()), "{refusal}");
    assert_eq!(refusal["user_message"], UNKNOWN_TO_THE_USER);
    refusal
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
    assert_eq!(identity["evidence"]["source"], "primary");
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
    site.edit(&[(&*site.corp.http_service, "HTTP/aes128.corp.example.com")]);
    let (code, identity) = site.login_as_user("ada@corp.example.com");
    assert_eq!(code, 0, "{identity}");
    assert_eq!(identity["evidence"]["ticket_etype"], 17);
}

/// R5, R11: RC4 is not asked for by default. Where a service has no other key, Kerberos cannot be used for it.
#[test]
fn r11_a_ticket_by_rc4_is_refused() {
    let site = Site::new();
    site.edit(&[(&*site.corp.http_service, "HTTP/rc4.corp.example.com")]);
    refused(
        site.login_in_mode("modern", "ada@corp.example.com"),
        "kerberos-unavailable",
    );

    let identity = accepted(site.login_as_user("ada@corp.example.com"), "ntlm");
    assert_eq!(identity["evidence"]["fallback"]["reason"], "kerberos-unavailable");
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

/// R18: whom a name stands for where two domains are configured, and an alternate suffix stands for both.
#[test]
fn r18_names_of_two_domains() {
    let site = Site::of_both_domains();
    let (corp, staff) = (&*site.corp.dns_domain, &*site.corp.staff.dns_domain);
    for (typed, account, domain) in [
        ("mia@staff.example.com", "mia", staff),
        ("mia@corp.example.com", "mia", corp),
        // The one whose UPN it is, although both domains have an account of this name.
        ("mia@acme.example", "mia2", corp),
        ("swap2@acme.example", "swap1", corp),
        ("swap2@corp.example.com", "swap2", corp),
        ("alan.turing@both.example", "alan", corp),
        ("grace.hopper@acme.example", "grace", corp),
        ("noupn@both.example", "noupn", corp),
        ("TESS@Both.Example", "tess", staff),
        ("tess@staff.example.com", "tess", staff),
        ("zoë@both.example", "zoe", corp),
        ("田中@both.example", "田中", corp),
    ] {
        let (code, identity) = site.login_as_user(typed);
        assert_eq!(
            (code, &identity["user"], &identity["domain"]),
            (0, &account.into(), &domain.into()),
            "{typed}: {identity}"
        );
        assert_eq!(
            identity["mechanism"], "kerberos",
            "{typed}: {}",
            identity["evidence"]
        );
    }
    for (typed, reason) in [
        ("mia@both.example", "ambiguous"),
        ("nobody@both.example", "unknown-user"),
        ("tess@corp.example.com", "unknown-user"),
        // An account name is none where a UPN prefix is asked for and another user's is.
        ("zoe\u{301}@corp.example.com", "unknown-user"),
        ("mia@elsewhere.example", "unknown-domain"),
    ] {
        refused(site.login_as_user(typed), reason);
    }
    let (_, refusal) = site.login_as_user("mia@both.example");
    let detail = refusal["detail"].as_str().unwrap();
    for candidate in ["corp.example.com\\mia", "staff.example.com\\mia"] {
        assert!(detail.contains(candidate), "{detail}");
    }
}

/// R7, A44: by NTLM, with names in any script, decomposed, with an apostrophe, and of another prefix than the account.
#[test]
fn r07_names_by_ntlm() {
    let site = Site::of_both_domains();
    for (typed, account) in [
        ("ada@corp.example.com", "ada"),
        ("ALAN.TURING@CORP.example.com", "alan"),
        ("grace.hopper@acme.example", "grace"),
        ("noupn@corp.example.com", "noupn"),
        ("mia@acme.example", "mia2"),
        ("swap2@acme.example", "swap1"),
        ("zoë@corp.example.com", "zoe"),
        ("øyvind@corp.example.com", "oyvind"),
        ("ØYVIND@corp.example.com", "oyvind"),
        ("ioannis@corp.example.com", "ioannis"),
        ("tanaka@corp.example.com", "tanaka"),
        ("田中@corp.example.com", "田中"),
        ("nfd@corp.example.com", "nfd"),
        ("emoji@corp.example.com", "emoji"),
        ("pat.o'brien@corp.example.com", "o'brien"),
        (
            "twenty.characters.xyz.long.prefix@corp.example.com",
            "twenty.characters.xy",
        ),
        ("st.nopreauth@corp.example.com", "st.nopreauth"),
        ("mia@staff.example.com", "mia"),
    ] {
        let (code, identity) = site.login_in_mode("legacy", typed);
        assert_eq!(
            (code, &identity["user"]),
            (0, &account.into()),
            "{typed}: {identity}"
        );
        assert_eq!(identity["mechanism"], "ntlm");
        assert_eq!(identity["evidence"]["controller_authenticated"], true);
        assert_eq!(identity["evidence"]["bindings"], "bound");
        assert!(
            identity["evidence"]["clock_difference_s"].is_i64(),
            "R10: {identity}"
        );
        assert_eq!(
            identity["evidence"]["fallback"],
            Value::Null,
            "nothing was tried before"
        );
    }
}

/// R7, R18: both mechanisms vouch for the same identity, but for how somebody came in.
#[test]
fn r07_an_identity_is_the_same_by_either_mechanism() {
    let site = Site::new();
    let of_the_domain = |identity: &Value| -> BTreeSet<(String, String)> {
        let groups = identity["groups"].as_array().unwrap().iter();
        groups
            .filter(|group| group["sid"].as_str().unwrap().starts_with("S-1-5-21-"))
            .map(|group| (group["sid"].to_string(), group["name"].to_string()))
            .collect()
    };
    for account in ["ada", "deep", "user01", "zoë"] {
        let (_, kerberos) = site.login_as_user(&site.corp.upn(account));
        let (_, ntlm) = site.login_in_mode("legacy", &site.corp.upn(account));
        assert_eq!(
            (&kerberos["mechanism"], &ntlm["mechanism"]),
            (&"kerberos".into(), &"ntlm".into())
        );
        for key in ["user", "upn", "domain", "sid", "full_name"] {
            assert_eq!(kerberos[key], ntlm[key], "{account}: {key}");
        }
        assert_eq!(of_the_domain(&kerberos), of_the_domain(&ntlm), "{account}");
    }
}

/// R7, R9: what a controller says of a response is the exact reason.
#[test]
fn r09_reasons_by_ntlm() {
    let site = Site::new();
    for (typed, reason) in [
        ("nobody@corp.example.com", "unknown-user"),
        ("st.disabled@corp.example.com", "disabled"),
        ("st.expired@corp.example.com", "account-expired"),
        ("st.locked@corp.example.com", "locked"),
        ("st.mustchange@corp.example.com", "must-change-password"),
        ("st.pwexpired@corp.example.com", "password-expired"),
        ("st.hours@corp.example.com", "logon-hours"),
        ("st.workstation@corp.example.com", "workstation"),
        ("st.protected@corp.example.com", "account-restriction"),
        // This server gives such an account a password that nobody knows.
        ("st.smartcard@corp.example.com", "wrong-password"),
    ] {
        refused(site.login_in_mode("legacy", typed), reason);
    }
    let call = [
        "login",
        "--config",
        "adlib.toml",
        "--mode",
        "legacy",
        "ada@corp.example.com",
    ];
    refused(site.json_with_input(&call, "wrong\n"), "wrong-password");
}

/// R5: NTLM takes the place of Kerberos where Kerberos could not be used, in mode auto only, and the evidence says why.
#[test]
fn r05_ntlm_where_kerberos_cannot_be_used() {
    let site = Site::with("", "kdc = [\"127.0.0.99\"]");
    let identity = accepted(site.login_as_user("ada@corp.example.com"), "ntlm");
    assert_eq!(identity["evidence"]["fallback"]["reason"], "unreachable");
    refused(site.login("ada@corp.example.com", "wrong"), "wrong-password");

    refused(
        site.login_in_mode("modern", "ada@corp.example.com"),
        "unreachable",
    );
}

/// R5: a verdict of Kerberos is the verdict. An account that NTLM would take is not tried by it.
#[test]
fn r05_no_fallback_from_a_verdict() {
    let site = Site::new();
    let (_, refusal) = site.login("ada@corp.example.com", "wrong");
    assert!(
        !refusal["detail"].as_str().unwrap().contains("636"),
        "no bind was tried: {refusal}"
    );
    let refusal = refused(site.login_as_user("st.disabled@corp.example.com"), "disabled");
    assert!(
        !refusal["detail"].as_str().unwrap().contains("data 533"),
        "{refusal}"
    );
}

/// R22, D1: read by Kerberos, with a keytab and without a password, over TLS and sealed, across the trust.
#[test]
fn r22_two_domains_are_read_by_kerberos() {
    let site = Site::of_both_domains();
    let read = ["directory", "read", "--config", "adlib.toml"];
    let (_, by_ntlm) = site.json(&read);
    let (corp, staff) = (&site.corp, &site.corp.staff);
    // Tickets are for names, not for addresses.
    site.edit(&[
        (&format!("[\"{}\"]", corp.ip), &format!("[\"{}\"]", corp.host)),
        (&format!("[\"{}\"]", staff.ip), &format!("[\"{}\"]", staff.host)),
        (
            &format!(
                "method = \"ntlm\", name = '{}\\svc-sync', password_file = \"password\"",
                corp.netbios
            ),
            &format!(
                "method = \"kerberos\", name = \"svc-http@{}\", keytab = \"{}\"",
                corp.dns_domain,
                corp.keytab.display()
            ),
        ),
        ("[signin]", &format!("dns = [\"{}\"]\n[signin]", corp.resolver)),
    ]);
    let (code, over_tls) = site.json(&read);
    assert_eq!((code, &over_tls), (0, &by_ntlm));
    site.edit(&[("[signin]", "transport = \"sasl\"\n[signin]")]);
    let (code, sealed) = site.json(&read);
    assert_eq!((code, &sealed), (0, &by_ntlm));
    let found = sealed["found"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        found.iter().all(|domain| domain["users"].as_u64() > Some(4)),
        "{found:?}"
    );
}

/// R7, A64: on a connection that proves nothing about the controller, its yes proves nothing; reading is another matter.
#[test]
fn a64_a_controller_that_has_not_proven_itself() {
    let site = Site::of_both_domains();
    let read = ["directory", "read", "--config", "adlib.toml"];
    let (code, over_tls) = site.json(&read);
    assert_eq!(code, 0);
    site.edit(&[("[signin]", "transport = \"sasl\"\n[signin]")]);
    let (code, sealed) = site.json(&read);
    assert_eq!(
        (code, &sealed["complete"]),
        (0, &true.into()),
        "{}",
        sealed["warnings"]
    );
    assert_eq!(
        over_tls, sealed,
        "the same directory, signed and sealed on port 389"
    );

    refused(
        site.login_in_mode("legacy", "ada@corp.example.com"),
        "controller-not-authenticated",
    );
    // With port 88 blocked, the fallback meets the same rule.
    site.edit(&[("[signin]", "[signin]\nkdc = [\"127.0.0.99\"]")]);
    refused(
        site.login_as_user("ada@corp.example.com"),
        "controller-not-authenticated",
    );

    site.edit(&[(
        "[signin]",
        "[signin]\ndanger_accept_unauthenticated_controller = true",
    )]);
    let (code, identity) = site.login_in_mode("legacy", "ada@corp.example.com");
    assert_eq!(code, 0, "{identity}");
    assert_eq!(identity["evidence"]["controller_authenticated"], false);
    assert_eq!(identity["evidence"]["bindings"], "absent");
}

/// R6: the exchanges are armoured with tickets of the service's own account; where it has none, there is no exchange.
#[test]
fn r06_armour_by_the_configuration() {
    let site = Site::with("", "armour = \"svc-http@corp.example.com\"");
    accepted(site.login_as_user("ada@corp.example.com"), "kerberos");
    refused(
        site.json_with_input(
            &["login", "--config", "adlib.toml", "ada@corp.example.com"],
            "wrong",
        ),
        "wrong-password",
    );

    // Nobody else's account has these keys.
    site.edit(&[("svc-http@", "ada@")]);
    let arguments = ["login", "--config", "adlib.toml", "--mode", "modern"];
    let arguments = [&arguments[..], &["ada@corp.example.com"]].concat();
    let (code, _, said) = site.run_with_input(&arguments, &corp().user_password);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no armour for the exchange: "), "{said}");
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
        refused(site.login_as_user(typed), reason);
    }
    for password in ["wrong", ""] {
        refused(site.login("ada@corp.example.com", password), "wrong-password");
    }
}

/// R19, R21, R23, R27
#[test]
fn r27_every_user_of_the_fixtures_is_read_with_nested_and_primary_groups() {
    let site = Site::with("page_size = 100", "");
    let (code, read) = site.json(&["directory", "read", "--config", "adlib.toml", "--import-disabled"]);
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
    let (_, read) = site.json(&["directory", "read", "--config", "adlib.toml"]);
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
    let decode = |base64: &str| String::from_utf8(BASE64_STANDARD.decode(base64).unwrap()).unwrap();
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
    let (code, preview) = site.json(&[
        "sync",
        "preview",
        "--config",
        "adlib.toml",
        "--html",
        "preview.html",
    ]);
    assert_eq!(code, 0, "{}", preview["stopped_by"]);
    let creates = preview["creates"].as_array().unwrap().len();
    assert!(creates > 1600, "{creates}");
    assert_eq!(preview["deletes"].as_array().unwrap().len(), 0);
    assert!(site.read("preview.html").contains("crowd000001"));

    let (code, applied) = site.json(&["sync", "apply", "--config", "adlib.toml"]);
    assert_eq!((code, &applied["plan_hash"]), (0, &preview["plan_hash"]));

    let (code, second) = site.json(&["sync", "preview", "--config", "adlib.toml"]);
    assert_eq!(code, 0);
    for part in ["creates", "updates", "deletes"] {
        assert_eq!(second[part].as_array().unwrap().len(), 0, "{part}");
    }
}

/// A server that cannot be used gives one clear line, and nothing changes.
#[test]
fn what_the_operator_got_wrong_is_one_clear_line() {
    let site = Site::new();
    let good = site.read("adlib.toml");
    let ip = format!("[\"{}\"]", site.corp.ip);
    let ca = format!("ca_file = \"{}\"", site.corp.ca_file.display());
    site.write("other.pem", OTHER_AUTHORITY);
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
        site.write("wrong", "Wrong.Password\n");
        assert!(good.contains(from), "{from}");
        site.write("adlib.toml", good.replacen(from, to, 1));
        let (code, output, errors) = site.run(&["sync", "apply", "--config", "adlib.toml"]);
        assert_eq!((code, &*output), (2, ""), "{to}: {errors}");
        assert!(errors.contains(expected), "{to}: {errors}");
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        assert!(!errors.contains("Wrong.Password"), "{errors}");
        assert!(!site.path("users.sqlite").exists(), "{to}: nothing was changed");
    }
}

/// A self-signed certificate that signed nothing.
const OTHER_AUTHORITY: &str = include_str!("other_authority.pem");
