//! Mode by what is broken, in two real domains (R5).

use std::{sync::Arc, time::Duration};

use adlib::{Authenticator, Clock, SystemClock, UnixTime};

use crate::site::{Site, sign_in, word};

/// A clock that is an hour ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> UnixTime {
        SystemClock.now().saturating_add(Duration::from_secs(3600))
    }
}

const MODES: [&str; 3] = ["auto", "modern", "legacy"];

/// R5, R9: what is wrong with the account.
#[tokio::test]
async fn r05_mode_by_the_state_of_the_account() {
    let corp = adlib_lab::corp();
    let site = Site::of_both_domains(&corp);
    let authenticators = [
        site.authenticator(MODES[0]).await,
        site.authenticator(MODES[1]).await,
        site.authenticator(MODES[2]).await,
    ];
    let right = &*corp.user_password;
    for (name, password, expected) in [
        (
            "ada@corp.example.com",
            right,
            ["ada by kerberos", "ada by kerberos", "ada by ntlm"],
        ),
        (
            "tess@staff.example.com",
            right,
            ["tess by kerberos", "tess by kerberos", "tess by ntlm"],
        ),
        ("ada@corp.example.com", "wrong", ["wrong-password"; 3]),
        ("tess@staff.example.com", "wrong", ["wrong-password"; 3]),
        ("nobody@corp.example.com", right, ["unknown-user"; 3]),
        ("nobody@staff.example.com", right, ["unknown-user"; 3]),
        ("mia@both.example", right, ["ambiguous"; 3]),
        ("ada@elsewhere.example", right, ["unknown-domain"; 3]),
        ("st.disabled@corp.example.com", right, ["disabled"; 3]),
        ("st.expired@corp.example.com", right, ["account-expired"; 3]),
        ("st.locked@corp.example.com", right, ["locked"; 3]),
        (
            "st.mustchange@corp.example.com",
            right,
            ["must-change-password"; 3],
        ),
        ("st.pwexpired@corp.example.com", right, ["password-expired"; 3]),
        ("st.hours@corp.example.com", right, ["logon-hours"; 3]),
        ("st.workstation@corp.example.com", right, ["workstation"; 3]),
        (
            "st.protected@corp.example.com",
            right,
            [
                "st.protected by kerberos",
                "st.protected by kerberos",
                "account-restriction",
            ],
        ),
    ] {
        for ((mode, authenticator), expected) in MODES.iter().zip(&authenticators).zip(expected) {
            let outcome = sign_in(authenticator, name, password).await;
            assert_eq!(word(&outcome), expected, "{name}, {mode}");
        }
    }
}

/// R5, R7, R10, R11: what is wrong with the way to the controller.
#[tokio::test]
async fn r05_mode_by_what_is_in_the_way() {
    let corp = adlib_lab::corp();
    let mut without_kdc = Site::new(&corp);
    without_kdc.signin = "kdc = [\"127.0.0.2:9\"]\n".to_owned();
    let mut rc4_only = Site::new(&corp);
    rc4_only.service.clone_from(&corp.rc4_service);
    let mut unknown_service = Site::new(&corp);
    unknown_service.service = "HTTP/nobody.corp.example.com".to_owned();
    let mut without_tls = Site::new(&corp);
    without_tls.more_directory = "transport = \"sasl\"".to_owned();
    let mut nobody = Site::new(&corp);
    nobody.controllers = "[\"127.0.0.2:9\"]".to_owned();
    let by_ntlm = "ada by ntlm after kerberos-unavailable";
    for (what, site, expected) in [
        (
            "no KDC",
            &without_kdc,
            ["ada by ntlm after unreachable", "nobody to ask", "ada by ntlm"],
        ),
        (
            "RC4 only",
            &rc4_only,
            [by_ntlm, "kerberos-unavailable", "ada by ntlm"],
        ),
        (
            "no such service",
            &unknown_service,
            [by_ntlm, "kerberos-unavailable", "ada by ntlm"],
        ),
        (
            "no TLS",
            &without_tls,
            [
                "ada by kerberos",
                "ada by kerberos",
                "controller-not-authenticated",
            ],
        ),
        ("no directory", &nobody, ["nobody to ask"; 3]),
    ] {
        for (mode, expected) in MODES.iter().zip(expected) {
            let authenticator = site.authenticator(mode).await;
            let outcome = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
            assert_eq!(word(&outcome), expected, "{what}, {mode}");
        }
    }
}

/// R10: by either mechanism the difference of the clocks is measured, and too much of it refused.
#[tokio::test]
async fn r10_clocks_that_are_apart() {
    let corp = adlib_lab::corp();
    let site = Site::new(&corp);
    for mode in MODES {
        let builder = Authenticator::builder_from_config(&site.config(mode)).unwrap();
        let authenticator = builder.clock(Arc::new(Ahead)).build().await.unwrap();
        let outcome = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
        assert_eq!(word(&outcome), "clock-skew", "{mode}");
    }
    let legacy = site.authenticator("legacy").await;
    let ada = sign_in(&legacy, &corp.upn("ada"), &corp.user_password)
        .await
        .unwrap();
    let adlib::Mechanism::Ntlm(evidence) = &ada.evidence().mechanism else {
        panic!("{:?}", ada.evidence());
    };
    assert!(
        evidence.clock_difference_s.unwrap().abs() <= 2,
        "the same machine"
    );
}
