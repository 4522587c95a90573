//! A sign-in by what was kept of a password (R8).

use adlib::ntlm::{Account, NtHash, SavedCredential};

use crate::site::{Site, word};

const NOT_ADMITTED: &str = "ntlm-not-admitted";

/// R8: what was kept of the password signs in by NTLM, in either domain and as often as it is used; another hash does not,
/// and the mode without NTLM has its own reason.
#[tokio::test]
async fn r08_what_was_kept_of_a_password_signs_in() {
    let corp = adlib_lab::corp();
    let site = Site::of_both_domains(&corp);
    let kept = |password: &str| {
        let account = Account {
            user: "ada".to_owned(),
            domain: corp.netbios.clone(),
        };
        let saved = SavedCredential::new(account, NtHash::from_password(password.into()));
        SavedCredential::from_bytes(saved.to_bytes().expose()).unwrap()
    };
    let (right, wrong) = (kept(&corp.user_password), kept("not the password"));
    for (mode, expected) in [
        (
            "auto",
            ["ada by ntlm", "tess by ntlm", "wrong-password", "unknown-user"],
        ),
        (
            "legacy",
            ["ada by ntlm", "tess by ntlm", "wrong-password", "unknown-user"],
        ),
        (
            "modern",
            [NOT_ADMITTED, NOT_ADMITTED, NOT_ADMITTED, "unknown-user"],
        ),
    ] {
        let authenticator = site.authenticator(mode).await;
        for ((name, saved), expected) in [
            ("ada@corp.example.com", &right),
            ("tess@staff.example.com", &right),
            ("zoe@corp.example.com", &wrong),
            ("nobody@corp.example.com", &wrong),
        ]
        .into_iter()
        .zip(expected)
        {
            let outcome = authenticator.sign_in_saved(name, saved).await;
            assert_eq!(word(&outcome), expected, "{mode}, {name}");
        }
    }
}
