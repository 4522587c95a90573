//! Two sources: whichever owns the record decides (R40).

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use adlib::{
    AccountCase, Attempt, BoxFuture, RateLimit, SourceRole, StoreUsers,
    schema::record::Key,
    sync::{
        Links, Store,
        store::{Begin, Cursors, DigestKey, MemoryStore, NewUser, Operation, Run},
    },
};

use adlib_core::Password;
use tokio::time::timeout;

use crate::scene::{ADA, CAROL, Kdc, OTHER_ADA, Site};

fn key(text: &str) -> Key {
    Key::new(text)
}

/// A store with these users, as a synchronisation left them.
pub(crate) fn store(users: &[(&str, Links)]) -> MemoryStore {
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let revision = store.load().await.unwrap().revision;
        let Begin::Open(mut run) = store.begin(&revision).await.unwrap() else {
            panic!("nobody else holds it");
        };
        for (name, links) in users {
            let create = Operation::CreateUser(NewUser::new(links.clone(), *name));
            run.apply(&create).await.unwrap();
        }
        run.finish(&Cursors::default()).await.unwrap();
    });
    store
}

fn of_two(users: Option<&[(&str, Links)]>) -> Site {
    Site::of_two(Kdc::new(), |builder| match users {
        Some(users) => builder.users(Arc::new(StoreUsers::new(store(users)))),
        None => builder,
    })
}

/// R40: the primary source has the user, so the secondary one is not asked about it.
#[test]
fn r40_the_primary_source_comes_first() {
    let site = of_two(None);
    let identity = site.sign_in("ada@corp.example.com").unwrap();
    assert_eq!(identity.domain(), "corp.example.com");
    assert_eq!(identity.evidence().source, SourceRole::Primary);
    assert_eq!(site.kdc.accounts(), ["ada@CORP.EXAMPLE.COM"]);
    assert_eq!(site.lines.events(), ["accepted"]);
    site.lose("partners");
    assert_eq!(
        site.refusal("ada@corp.example.com"),
        "accepted: ada",
        "nobody needs the other"
    );
}

/// R40: what the primary source proves not to have, the secondary one may have.
#[test]
fn r40_the_secondary_source_has_its_own_users() {
    let site = of_two(None);
    let identity = site.sign_in("carol@partners.example.com").unwrap();
    assert_eq!(identity.domain(), "partners.example.com");
    assert_eq!(identity.evidence().source, SourceRole::Secondary);
    assert_eq!(site.lines.events(), ["secondary-asked", "accepted"]);
    assert_eq!(site.kdc.accounts(), ["carol@PARTNERS.EXAMPLE.COM"]);
}

/// R29, R40: the same user name in both is one user, and the primary source's.
#[test]
fn r40_a_user_of_both_sources_is_the_primary_ones() {
    let site = of_two(None);
    let identity = site.sign_in("ada@partners.example.com").unwrap();
    assert_eq!(identity.domain(), "corp.example.com");
    assert_eq!(identity.key().unwrap().as_str(), ADA);
    assert_eq!(site.kdc.accounts(), ["ada@CORP.EXAMPLE.COM"]);
}

/// R40: a primary source that cannot be asked is an error, and no reason to ask the secondary one.
#[test]
fn r40_a_lost_primary_source_is_an_error() {
    let site = of_two(None);
    site.lose("corp");
    for name in [
        "ada@corp.example.com",
        "carol@partners.example.com",
        "nobody@corp.example.com",
    ] {
        let outcome = site.refusal(name);
        assert!(outcome.starts_with("failed: "), "{name}: {outcome}");
    }
    assert_eq!(site.kdc.accounts(), [""; 0], "nobody's password went anywhere");
}

/// R40: so is a secondary source, for all whom the primary one does not have.
#[test]
fn r40_a_lost_secondary_source_is_an_error_for_its_users() {
    let site = of_two(None);
    site.lose("partners");
    let outcome = site.refusal("carol@partners.example.com");
    assert!(outcome.starts_with("failed: "), "{outcome}");
    assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
}

/// R40: the record says who owns it, whatever a source says today.
#[test]
fn r40_the_record_decides() {
    let site = of_two(Some(&[
        ("carol@partners.example.com", Links::secondary(key(CAROL))),
        ("ada", Links::secondary(key(OTHER_ADA))),
    ]));
    site.lose("corp");
    // By the name as typed, or by the entry that it finds: the primary source is not needed.
    for (name, account) in [
        ("carol@partners.example.com", "accepted: carol"),
        ("ada@partners.example.com", "accepted: ada"),
    ] {
        assert_eq!(site.refusal(name), account);
    }
    let asked = ["carol@PARTNERS.EXAMPLE.COM", "ada@PARTNERS.EXAMPLE.COM"];
    assert_eq!(site.kdc.accounts(), asked);
    assert!(site.lines.events().contains(&"owned-by".to_owned()));
    let outcome = site.refusal("nobody@partners.example.com");
    assert!(outcome.starts_with("failed: "), "{outcome}");
}

/// R40: a merged record is the primary source's, also where that has lost the entry.
#[test]
fn r40_a_merged_record_never_falls_to_the_secondary_source() {
    let both = Links::both(key("07070707-0707-0707-0707-070707070707"), key(CAROL));
    let site = of_two(Some(&[("carol", both.clone())]));
    assert_eq!(site.refusal("carol@partners.example.com"), "unknown-user");
    assert!(
        site.kdc
            .accounts()
            .iter()
            .all(|account| account.starts_with("no-account"))
    );
    let site = of_two(Some(&[("carol@partners.example.com", both)]));
    site.lose("corp");
    let outcome = site.refusal("carol@partners.example.com");
    assert!(outcome.starts_with("failed: "), "{outcome}");
    assert_eq!(site.kdc.accounts(), [""; 0]);
}

/// R9, R40, A46: who is unknown, and who has another password in which source, makes the same exchanges.
#[test]
fn a46_both_sources_are_asked_the_same_for_every_refusal() {
    let site = of_two(None);
    let realms = |site: &Site| {
        let mut realms: Vec<String> = site.kdc.accounts();
        realms
            .iter_mut()
            .for_each(|account| *account = account.split_off(account.find('@').unwrap()));
        realms.sort();
        // A KDC that knows no such account tells so at once, and is asked again.
        realms.dedup();
        realms
    };
    for (name, reason) in [
        ("ada@corp.example.com", "wrong-password"),
        ("carol@partners.example.com", "wrong-password"),
        ("nobody@corp.example.com", "unknown-user"),
        ("nobody@nowhere.example.com", "unknown-domain"),
    ] {
        site.kdc.accounts.lock().unwrap().clear();
        let outcome = site.try_password(name, "wrong");
        assert_eq!(site.refusal_of(outcome), reason, "{name}");
        assert_eq!(
            realms(&site),
            ["@CORP.EXAMPLE.COM", "@PARTNERS.EXAMPLE.COM"],
            "{name}"
        );
    }
    // A name that is none in either source is nobody's secret.
    site.kdc.accounts.lock().unwrap().clear();
    assert_eq!(site.refusal("*@corp.example.com"), "invalid-name");
    assert_eq!(site.kdc.accounts(), [""; 0]);
}

/// R40: who is called so in the secondary source now may be another than when the list was made.
#[test]
fn r40_a_name_of_the_list_is_confirmed_by_the_entry() {
    let gone = key("08080808-0808-0808-0808-080808080808");
    let site = of_two(Some(&[
        ("carol@partners.example.com", Links::secondary(gone.clone())),
        ("caroline", Links::both(gone, key(CAROL))),
    ]));
    assert_eq!(site.refusal("carol@partners.example.com"), "unknown-user");
    let asked = site.kdc.accounts();
    assert!(
        asked.iter().all(|account| account.starts_with("no-account")),
        "{asked:?}"
    );
}

/// R3, R29: to a user list, names that differ by case are one, and the primary source's.
#[test]
fn r29_a_name_of_both_sources_whatever_its_case() {
    let site = Site::of_two(Kdc::new(), |builder| builder.account_case(AccountCase::Sensitive));
    let file = site.files.path().join("corp.ldif");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("sAMAccountName: ada\n", "sAMAccountName: Ada\n"),
    )
    .unwrap();
    let outcome = site.refusal("ada@partners.example.com");
    assert!(!outcome.starts_with("accepted"), "{outcome}");
    assert_eq!(site.kdc.accounts().first().unwrap(), "Ada@CORP.EXAMPLE.COM");
}

/// R9, A46: who hangs up as soon as a right password would have been told is on record all the same.
#[test]
fn a46_a_refusal_is_kept_before_the_other_source_is_asked() {
    let kdc = Kdc {
        delay: Duration::from_millis(400),
        ..Kdc::new()
    };
    let limit = Arc::new(Verdicts::default());
    let site = Site::of_two(kdc, |builder| builder.rate_limit(limit.clone()));
    let password = Password::from("wrong");
    let attempt = site.authenticator.sign_in("ada@corp.example.com", &password);
    let hung_up = site
        .runtime
        .block_on(async { timeout(Duration::from_millis(600), attempt).await });
    assert!(hung_up.is_err(), "the other source is still being asked");
    assert_eq!(site.lines.events(), ["refused"]);
    assert_eq!(*limit.0.lock().unwrap(), [false]);
}

/// A rate limit that stops nobody, and keeps what came of the attempts.
#[derive(Default)]
struct Verdicts(Mutex<Vec<bool>>);

impl RateLimit for Verdicts {
    fn admits<'a>(&'a self, _attempt: &'a Attempt<'a>) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(true))
    }

    fn concluded(&self, _attempt: &Attempt<'_>, accepted: bool) {
        self.0.lock().unwrap().push(accepted);
    }
}
