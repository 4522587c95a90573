//! `adctl` against a real OpenLDAP, in both schemas.

use adlib_lab::openldap::{self, Server};

use crate::{
    folder::ldap_server,
    site::{Site, groups},
};

/// For `base` at `url`, in the schema of `preset`.
fn configured(server: &Server, preset: &str, url: &str, base: &str) -> Site {
    let directory = ldap_server(preset, url, base, &server.ca_file, server.dn(openldap::SYNC));
    let config = format!(
        r#"
        [directory]{directory}
        [signin]
        provision = [{{ group = "nest-1", profile = "nested" }}, {{ group = "engineers", profile = "engineer" }}]
        "#
    );
    Site::new(&config, &server.service_password)
}

fn over_tls(server: &Server, preset: &str, base: &str) -> Site {
    configured(server, preset, &format!("ldaps://{}", server.ip), base)
}

/// R39: the filter finds the user, a bind decides, and the groups count, nested and in circles.
#[test]
fn r39_a_user_of_openldap_signs_in() {
    let server = adlib_lab::openldap();
    for preset in ["openldap", "auto"] {
        let site = over_tls(&server, preset, &server.base);
        let alice = site.login("alice", &server.user_password);
        assert_eq!(alice["verdict"], "accepted", "{alice}");
        assert_eq!(
            (&alice["mechanism"], &alice["user"]),
            (&"ldap".into(), &"alice".into())
        );
        assert_eq!(alice["domain"], "example.org");
        assert_eq!(alice["profile"], "engineer");
        assert!(alice["sid"].is_null() && alice["key"].is_string(), "{alice}");
        let circle = ["cycle-a", "cycle-b", "engineers"].map(|group| format!("example.org\\{group}"));
        assert_eq!(groups(&alice), circle);
    }
    let site = over_tls(&server, "openldap", &server.base);
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
    let site = over_tls(&server, "openldap", &server.base);
    for (name, refusal) in openldap::REFUSED {
        site.refuses_account(name, &server.user_password, refusal);
    }
    site.refuses("alice", "wrong", "wrong-password");
    site.refuses("alice", "", "wrong-password");
    site.refuses("nobody", &server.user_password, "unknown-user");
    site.refuses("*", &server.user_password, "invalid-name");
    site.refuses(openldap::NO_PASSWORD, "any", "wrong-password");
}

/// R39: accounts of RFC 2307, whose end the server does not enforce.
#[test]
fn r39_users_of_rfc_2307() {
    let server = adlib_lab::openldap();
    let site = over_tls(&server, "unix", &server.unix_base);
    let alice = site.login("alice", &server.user_password);
    assert_eq!(alice["verdict"], "accepted", "{alice}");
    let expected = ["admins", "mixed", "users"].map(|group| format!("unix.org\\{group}"));
    assert_eq!(groups(&alice), expected);
    site.refuses("expired", &server.user_password, "account-expired");
    site.refuses("expired", "wrong", "wrong-password");
}

/// R39: over the socket of the local machine, without TLS.
#[test]
fn r39_over_a_local_socket() {
    let server = adlib_lab::openldap();
    let url = format!("ldapi://{}", server.socket.display());
    let site = configured(&server, "openldap", &url, &server.base);
    let alice = site.login("alice", &server.user_password);
    assert_eq!(alice["verdict"], "accepted", "{alice}");
    assert_eq!(alice["evidence"]["server"], server.socket.display().to_string());
}

/// R27: everything, or the word that it is not.
#[test]
fn r27_reads_of_openldap() {
    let server = adlib_lab::openldap();
    let read = |preset: &str, base: &str| {
        let site = over_tls(&server, preset, base);
        site.read_directory()
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
    let site = configured(&server, "openldap", &url, &server.split_base);
    let read = |referrals: &str| {
        let config = site.read("adlib.toml");
        let key = format!("[directory]\nreferrals = [\"{referrals}\"]\n");
        site.edit(&[("[directory]", &key)]);
        let read = site.read_directory();
        site.write("adlib.toml", config);
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
