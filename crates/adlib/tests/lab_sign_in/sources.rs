//! Samba as the primary source, OpenLDAP as the secondary one, and either of them down (R40).

use std::sync::Arc;

use adlib::{
    SourceRole, StoreUsers, UserList,
    schema::record::Key,
    sync::{
        Links, Store,
        store::{Begin, Cursors, DigestKey, MemoryStore, NewUser, Operation, Run},
    },
};

use crate::site::{Site, sign_in, word};

async fn store(name: &str, links: Links) -> Arc<dyn UserList> {
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let revision = store.load().await.unwrap().revision;
    let Begin::Open(mut run) = store.begin(&revision).await.unwrap() else {
        panic!("nobody else holds it");
    };
    let create = Operation::CreateUser(NewUser::new(links, name));
    run.apply(&create).await.unwrap();
    run.finish(&Cursors::default()).await.unwrap();
    Arc::new(StoreUsers::new(store))
}

/// R40
#[tokio::test]
async fn r40_the_source_that_owns_the_record_decides() {
    let (corp, server) = (adlib_lab::corp(), adlib_lab::openldap());
    let both = Site::new(&corp).with_openldap(&server, 636);
    let authenticator = both.authenticator("auto").await;
    let alice = sign_in(&authenticator, "alice", &server.user_password).await;
    assert_eq!(word(&alice), "alice by ldap");
    let alice = alice.unwrap();
    assert_eq!(alice.evidence().source, SourceRole::Secondary);
    let ada = sign_in(&authenticator, "ada@corp.example.com", &corp.user_password).await;
    assert_eq!(word(&ada), "ada by kerberos");
    assert_eq!(ada.unwrap().evidence().source, SourceRole::Primary);
    for (name, password, reason) in [
        ("alice", "wrong", "wrong-password"),
        ("ada@corp.example.com", "wrong", "wrong-password"),
        ("nobody@corp.example.com", "wrong", "unknown-user"),
        ("nobody", "wrong", "invalid-name"),
        // Without a domain, a user of the primary source is nobody's in the secondary one.
        ("ada", &*corp.user_password, "invalid-name"),
    ] {
        assert_eq!(
            word(&sign_in(&authenticator, name, password).await),
            reason,
            "{name}"
        );
    }

    // The secondary source is down: that concerns only whom the primary one does not have.
    let without_secondary = Site::new(&corp).with_openldap(&server, 9);
    let authenticator = without_secondary.authenticator("auto").await;
    let ada = sign_in(&authenticator, "ada@corp.example.com", &corp.user_password).await;
    assert_eq!(word(&ada), "ada by kerberos");
    let down = sign_in(&authenticator, "alice@example.org", &server.user_password).await;
    assert_eq!(word(&down), "nobody to ask");

    // The primary source is down: it might own anybody, unless the record says otherwise.
    let mut without_primary = Site::new(&corp).with_openldap(&server, 636);
    without_primary.controllers = "[\"127.0.0.2:9\"]".to_owned();
    let authenticator = without_primary.authenticator("auto").await;
    for name in ["ada@corp.example.com", "alice@example.org"] {
        let down = sign_in(&authenticator, name, &server.user_password).await;
        assert_eq!(word(&down), "nobody to ask", "{name}");
    }
    let hers = Links::secondary(alice.key().unwrap().clone());
    let users = store("alice", hers).await;
    let authenticator = without_primary.with_users("auto", users).await;
    let outcome = sign_in(&authenticator, "alice", &server.user_password).await;
    assert_eq!(word(&outcome), "alice by ldap");
    let merged = Links::both(Key::new("1"), alice.key().unwrap().clone());
    let users = store("alice", merged).await;
    let authenticator = without_primary.with_users("auto", users).await;
    let down = sign_in(&authenticator, "ada@corp.example.com", &corp.user_password).await;
    assert_eq!(word(&down), "nobody to ask");
}
