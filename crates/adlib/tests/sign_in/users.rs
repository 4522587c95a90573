//! The application's own user list: who is let in, and who becomes a user (R12).

use std::sync::Arc;

use adlib::{
    Directory, Identity, SignInError, Step, StoreUsers, Syncer,
    schema::record::Key,
    sync::{
        Details, Links, Store, SyncOptions,
        store::{Begin, DigestKey, MemoryStore, Origin, StoredUser},
    },
};

use crate::{
    scene::{ADA, CLERKS, Kdc, PRINT_ADMINS, Site},
    sources::store,
};

const RULES: [(&str, &str); 2] = [("Print Admins", "admin"), ("Clerks", "clerk")];

fn empty() -> MemoryStore {
    MemoryStore::new(DigestKey::new([7; 32]))
}

/// Over `store`, where a ticket vouches for `groups`.
fn site(store: &MemoryStore, groups: &[u32], rules: &[(&str, &str)]) -> Site {
    let kdc = Kdc {
        groups: groups.to_vec(),
        ..Kdc::new()
    };
    Site::with(kdc, |builder, _| {
        let users = Arc::new(StoreUsers::new(store.clone()));
        let add = |builder: adlib::AuthenticatorBuilder, (group, profile): &(&str, &str)| {
            builder.provision(*group, *profile)
        };
        rules.iter().fold(builder.users(users), add)
    })
}

/// The same by the user's ticket, which a browser would bring.
fn by_ticket(site: &Site) -> Result<Box<Identity>, SignInError> {
    let acceptor = site.authenticator.acceptor().unwrap();
    let token = site.kdc.issue("ada", "CORP.EXAMPLE.COM");
    match site.runtime.block_on(acceptor.handshake(None).step(&token)) {
        Step::Done { identity, .. } => Ok(identity),
        Step::Refused { reason, .. } => Err(reason),
        step => panic!("{step:?}"),
    }
}

fn reason(error: SignInError) -> String {
    match error {
        SignInError::Refused(refusal) => refusal.to_string(),
        SignInError::Failed(error) => panic!("{error}"),
    }
}

fn only_user(store: &MemoryStore) -> StoredUser {
    let mut users = store.users();
    assert_eq!(users.len(), 1, "{users:?}");
    users.remove(0)
}

/// R12: a member of a mapped group becomes a user with its profile; of several groups the first in the configuration
/// decides, whatever the order in the ticket.
#[test]
fn r12_the_first_sign_in_makes_a_user() {
    for (groups, profile) in [
        (&[513, CLERKS][..], "clerk"),
        (&[513, PRINT_ADMINS], "admin"),
        (&[513, CLERKS, PRINT_ADMINS], "admin"),
    ] {
        let store = empty();
        let site = site(&store, groups, &RULES);
        let identity = site.sign_in("ada@corp.example.com").unwrap();
        let user = only_user(&store);
        assert_eq!(user.name, "ada");
        assert_eq!(user.origin, Origin::Directory(Links::primary(Key::new(ADA))));
        assert_eq!(user.details.full_name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(user.details.sid.as_ref(), identity.sid());
        assert_eq!(store.profile_of("ada").as_deref(), Some(profile));
        assert_eq!(identity.user_id(), Some(user.id.as_str()));
        assert_eq!(site.lines.events(), ["provisioned", "accepted"]);
        // The second time the user is known.
        assert_eq!(
            site.sign_in("ADA@corp.example.com").unwrap().user_id(),
            identity.user_id()
        );
        assert_eq!(site.lines.events(), ["accepted"]);
        assert_eq!(store.users().len(), 1);
    }
}

/// R12: by a ticket as by a password, and either is the same user.
#[test]
fn r12_a_ticket_makes_the_same_user() {
    let store = empty();
    let site = site(&store, &[513, CLERKS], &RULES);
    let identity = by_ticket(&site).unwrap();
    let user = only_user(&store);
    assert_eq!((user.name.as_str(), identity.profile()), ("ada", Some("clerk")));
    assert_eq!(user.origin, Origin::Directory(Links::primary(Key::new(ADA))));
    assert_eq!(store.profile_of("ada").as_deref(), Some("clerk"));
    assert_eq!(site.lines.events(), ["provisioned", "accepted"]);
    let again = site.sign_in("ada@corp.example.com").unwrap();
    assert_eq!(again.user_id(), identity.user_id());
}

/// R12: whoever is in no mapped group is refused, with a reason of its own, and nothing is made. So it is where nothing is
/// mapped: provisioning is off unless somebody turns it on.
#[test]
fn r12_others_are_refused() {
    for (rules, why) in [
        (&RULES[..], "no group that is mapped"),
        (&[], "no rule to provision"),
    ] {
        let store = empty();
        let site = site(&store, &[513], rules);
        let refusal = reason(site.sign_in("ada@corp.example.com").unwrap_err());
        assert!(
            refusal.starts_with("not-provisioned: ") && refusal.contains(why),
            "{refusal}"
        );
        let refusal = reason(by_ticket(&site).unwrap_err());
        assert!(
            refusal.starts_with("not-provisioned: ") && refusal.contains(why),
            "{refusal}"
        );
        assert_eq!(store.users(), []);
        // Who does not know the password does not learn who is a user.
        let outcome = site.try_password("ada@corp.example.com", "wrong");
        assert_eq!(site.refusal_of(outcome), "wrong-password");
    }
}

/// R12: a wrong password makes no user.
#[test]
fn r12_a_wrong_password_makes_no_user() {
    let store = empty();
    let site = site(&store, &[513, PRINT_ADMINS], &RULES);
    let outcome = site.try_password("ada@corp.example.com", "wrong");
    assert_eq!(site.refusal_of(outcome), "wrong-password");
    assert_eq!(store.users(), []);
}

/// R12, R31: a local user with the name stays who it is.
#[test]
fn r12_a_taken_name_is_refused() {
    let store = empty();
    store.insert_local("Ada", Origin::Internal, Details::default());
    let site = site(&store, &[513, PRINT_ADMINS], &RULES);
    let refusal = reason(site.sign_in("ada@corp.example.com").unwrap_err());
    assert!(
        refusal.starts_with("not-provisioned: ") && refusal.contains("taken"),
        "{refusal}"
    );
    assert_eq!(only_user(&store).origin, Origin::Internal);
}

/// R35: an account that was made again with the old name is another user, and gets no place of the old one's.
#[test]
fn r35_a_recreated_account_is_not_the_old_user() {
    let old = Links::primary(Key::new("99999999-0101-0101-0101-010101010101"));
    let store = store(&[("ada", old)]);
    let site = site(&store, &[513], &[]);
    let refusal = reason(site.sign_in("ada@corp.example.com").unwrap_err());
    assert!(refusal.starts_with("not-provisioned: "), "{refusal}");
}

/// A user whom the application has blocked is refused, with a reason of its own, by either way.
#[test]
fn r09_a_blocked_user_is_refused() {
    let store = empty();
    let site = site(&store, &[513, PRINT_ADMINS], &RULES);
    site.sign_in("ada@corp.example.com").unwrap();
    assert!(store.set_blocked("ada", true));
    assert_eq!(site.refusal("ada@corp.example.com"), "blocked-here");
    assert!(reason(by_ticket(&site).unwrap_err()).starts_with("blocked-here: "));
    assert!(store.set_blocked("ada", false));
    assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
}

/// R12: what provisioning makes is what the next synchronisation would have made.
#[test]
fn r12_a_synchronisation_finds_nothing_to_do() {
    let store = empty();
    let site = site(&store, &[513, CLERKS], &RULES);
    site.sign_in("ada@corp.example.com").unwrap();
    let directory = Directory::from_ldif([site.files.path().join("corp.ldif")]);
    let preview = Syncer::new(directory, &store, SyncOptions::default());
    let plan = site.runtime.block_on(preview.preview()).unwrap();
    assert_eq!(plan.creates().len(), 0, "{plan}");
    assert_eq!(plan.updates().len(), 0, "{plan}");
    assert_eq!(store.profile_of("ada").as_deref(), Some("clerk"));
}

/// R12, A62: a run that holds the store only delays the first sign-in; two first sign-ins at once make one user.
#[test]
fn a62_a_run_in_the_way_is_waited_for() {
    let store = empty();
    let site = site(&store, &[513, CLERKS], &RULES);
    site.runtime.block_on(async {
        let revision = store.load().await.unwrap().revision;
        let Begin::Open(run) = store.begin(&revision).await.unwrap() else {
            panic!("nobody else holds it");
        };
        let password = adlib::Password::from("secret");
        let release = async {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            drop(run);
        };
        let sign_in = || site.authenticator.sign_in("ada@corp.example.com", &password);
        let (one, other, ()) = tokio::join!(sign_in(), sign_in(), release);
        assert_eq!(one.unwrap().user_id(), other.unwrap().user_id());
    });
    assert_eq!(store.users().len(), 1);
}
