//! What a wrong password costs the account.

use adlib::ldap::{Connection, Endpoint, Scope, Settings};

use crate::site::{Site, sign_in, word};

const LOCKABLE: &str = "st.lockable";

/// How many wrong passwords the controller has counted.
async fn bad_passwords(corp: &adlib_lab::Domain) -> u32 {
    let mut settings = Settings::default();
    settings.tls.ca_pem = Some(std::fs::read(&corp.ca_file).unwrap());
    settings.tls.ca_only = true;
    let endpoint = Endpoint::new(corp.ip.to_string(), corp.ldaps_port);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let password = adlib::Password::from(&*corp.service_password);
    connection
        .bind_simple(&corp.upn(adlib_lab::fixture::SYNC), &password)
        .await
        .unwrap();
    let filter = format!("(sAMAccountName={LOCKABLE})").parse().unwrap();
    let found = connection
        .search(&corp.base, Scope::Subtree, &filter, &["badPwdCount"])
        .await
        .unwrap();
    let count = found.entries[0].text("badPwdCount").unwrap_or("0");
    count.parse().unwrap()
}

/// R9: one sign-in with a wrong password is one bad attempt, whatever the mode, the form of the name, the number of domains
/// that it could be in, and whatever keeps Kerberos from being used; and one that is refused for its name is none.
#[tokio::test]
async fn r09_a_wrong_password_counts_once() {
    let corp = adlib_lab::directory_change();
    let mut without_kdc = Site::of_both_domains(&corp);
    without_kdc.signin.push_str("kdc = [\"127.0.0.2:9\"]\n");
    let mut rc4_only = Site::of_both_domains(&corp);
    rc4_only.service.clone_from(&corp.rc4_service);
    let both = Site::of_both_domains(&corp);
    let one = Site::new(&corp);
    let legacy = one.authenticator("legacy").await;
    for (what, site, modes) in [
        ("one domain", &one, &["auto", "modern", "legacy"][..]),
        ("two domains", &both, &["auto", "modern", "legacy"]),
        ("no KDC", &without_kdc, &["auto"]),
        ("RC4 only", &rc4_only, &["auto", "modern"]),
    ] {
        let names = [corp.upn(LOCKABLE), format!("{LOCKABLE}@both.example")];
        for name in names.iter().take(if what == "one domain" { 1 } else { 2 }) {
            for mode in modes {
                let authenticator = site.authenticator(mode).await;
                let outcome = sign_in(&authenticator, name, "not the password").await;
                let at = format!("{what}, {mode}, {name}");
                assert_eq!(word(&outcome), "wrong-password", "{at}");
                assert_eq!(bad_passwords(&corp).await, 1, "{at}");
                // The right one sets the count back.
                let outcome = sign_in(&legacy, &corp.upn(LOCKABLE), &corp.user_password).await;
                assert_eq!(word(&outcome), format!("{LOCKABLE} by ntlm"), "{at}");
                assert_eq!(bad_passwords(&corp).await, 0, "{at}");
            }
        }
    }
    let authenticator = both.authenticator("auto").await;
    for name in [
        "st.lockabl@corp.example.com",
        "st.lockable@staff.example.com",
        r"CORP\st.lockable",
    ] {
        sign_in(&authenticator, name, "not the password")
            .await
            .unwrap_err();
    }
    assert_eq!(bad_passwords(&corp).await, 0, "nobody pays for another's name");
}
