//! The first sign-in of a user, whose groups are nested (R12).

use std::sync::Arc;

use adlib::{
    StoreUsers,
    sync::store::{DigestKey, MemoryStore},
};

use crate::site::{Site, sign_in, word};

/// R12: `deep` is in the mapped group by way of three others. By Kerberos as by NTLM.
#[tokio::test]
async fn r12_a_nested_member_of_a_mapped_group_becomes_a_user() {
    let corp = adlib_lab::corp();
    let mut site = Site::new(&corp);
    site.signin = "provision = [{ group = \"nest-1\", profile = \"nested\" }, \
                   { group = \"nest-4\", profile = \"direct\" }]\n"
        .to_owned();
    for mode in ["modern", "legacy"] {
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let users = Arc::new(StoreUsers::new(store.clone()));
        let authenticator = site.with_users(mode, users).await;
        let deep = sign_in(&authenticator, &corp.upn("deep"), &corp.user_password).await;
        let deep = deep.unwrap_or_else(|error| panic!("{mode}: {error}"));
        assert_eq!(store.profile_of("deep").as_deref(), Some("nested"), "{mode}");
        assert_eq!(store.users()[0].details.sid.as_ref(), deep.sid());
        let again = sign_in(&authenticator, &corp.upn("deep"), &corp.user_password).await;
        assert_eq!(again.unwrap().user_id(), deep.user_id());
        let tanaka = sign_in(&authenticator, &corp.upn("tanaka"), &corp.user_password).await;
        assert_eq!(word(&tanaka), "not-provisioned", "{mode}");
        assert_eq!(store.users().len(), 1);
    }
}

/// R1: the controller tells which domain has the `NetBIOS` name.
#[tokio::test]
async fn r01_down_level_names_where_the_policy_admits_them() {
    let corp = adlib_lab::corp();
    let mut site = Site::of_both_domains(&corp);
    let refused = sign_in(
        &site.authenticator("auto").await,
        r"CORP\ada",
        &corp.user_password,
    )
    .await;
    assert_eq!(word(&refused), "down-level-name");
    site.signin.push_str("accept_down_level_names = true\n");
    let authenticator = site.authenticator("auto").await;
    for (name, expected) in [
        (r"CORP\ada", "ada by kerberos"),
        (r"staff\tess", "tess by kerberos"),
        (r"corp.example.com\ada", "ada by kerberos"),
        (r"STAFF\ada", "unknown-user"),
        (r"OTHER\ada", "unknown-domain"),
    ] {
        let outcome = sign_in(&authenticator, name, &corp.user_password).await;
        assert_eq!(word(&outcome), expected, "{name}");
    }
}
