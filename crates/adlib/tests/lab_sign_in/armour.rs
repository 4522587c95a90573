//! Exchanges in the armour of the service's own account (R6).

use adlib::{
    Authenticator, Keytab, SignInError,
    kerberos::{KeytabEntry, ServiceKey},
};

use crate::site::{Site, sign_in, word};

/// R6: the account that armours has the service's keys, and new ones with it; a keytab without them takes none away.
#[tokio::test]
async fn r06_the_armours_keys_are_replaced_while_running() {
    let corp = adlib_lab::corp();
    let mut site = Site::new(&corp);
    site.signin = format!("armour = \"svc-http@{}\"", corp.dns_domain);
    let file = std::fs::read(&corp.keytab).unwrap();
    let other_keys = |entry: &KeytabEntry| {
        let etype = entry.key.etype();
        let key = ServiceKey::new(etype, vec![1; etype.key_length()]).unwrap();
        KeytabEntry { key, ..entry.clone() }
    };
    let right = Keytab::decode(&file).unwrap();
    let former = Keytab::new(right.entries().iter().map(other_keys).collect());
    let builder = Authenticator::builder_from_config(&site.config("modern")).unwrap();
    let authenticator = builder.keytab(former).build().await.unwrap();
    let ada = async || sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
    let outcome = ada().await;
    assert!(
        matches!(&outcome, Err(SignInError::Failed(_))),
        "{}",
        word(&outcome)
    );
    authenticator.acceptor().unwrap().reload_keytab(&file).unwrap();
    assert_eq!(word(&ada().await), "ada by kerberos");
}
