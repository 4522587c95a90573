//! What is recorded of sign-ins, and who may try at all.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use adlib::{Attempt, AuditEvent, AuditRecord, BoxFuture, Password, RateLimit, StoreUsers};
use adlib_kdc::Rejection;

use crate::{
    scene::{CLERKS, Kdc, Site},
    sources::store,
};

/// What an event is met by. A new one does not compile without.
fn met_by(event: &AuditEvent<'_>) -> &'static str {
    match event {
        AuditEvent::Accepted(_) => "accepted",
        AuditEvent::Refused(_) => "refused",
        AuditEvent::Undecided(_) => "undecided",
        AuditEvent::Abandoned => "abandoned",
        AuditEvent::FellBack { .. } => "fell-back",
        AuditEvent::SecondaryAsked(_) => "secondary-asked",
        AuditEvent::OwnedBy(_) => "owned-by",
        AuditEvent::Provisioned { .. } => "provisioned",
        other => panic!("no test meets {other:?}"),
    }
}

/// R9, A63: every event, in the order in which they happen, without the password.
#[test]
fn a63_every_event_is_recorded_without_secrets() {
    let mut seen = Vec::new();
    let mut keep = |site: &Site| {
        for line in site.lines.take() {
            assert!(!line.contains("secret") && !line.contains("hunter2"), "{line}");
            assert_eq!(line.lines().count(), 1, "{line}");
            seen.push(line);
        }
    };
    let site = Site::of_two(
        Kdc {
            groups: vec![CLERKS],
            ..Kdc::new()
        },
        |builder| {
            let users = StoreUsers::new(store(&[]));
            builder.users(Arc::new(users)).provision("Clerks", "clerk")
        },
    );
    site.sign_in("ada@corp.example.com").unwrap();
    site.try_password("ada@corp.example.com", "hunter2").unwrap_err();
    site.sign_in("carol@partners.example.com").unwrap_err();
    site.sign_in("ada\n\u{1b}[2Jx@corp.example.com").unwrap_err();
    site.lose("corp");
    site.sign_in("ada@corp.example.com").unwrap_err();
    keep(&site);

    let carol = adlib::sync::Links::secondary(adlib::schema::record::Key::new(crate::scene::CAROL));
    let site = Site::of_two(Kdc::refusing(Rejection::ServiceUnknown), |builder| {
        let users = StoreUsers::new(store(&[("carol@partners.example.com", carol)]));
        builder.users(Arc::new(users))
    });
    site.sign_in("carol@partners.example.com").unwrap_err();
    keep(&site);

    let site = Site::new(Kdc {
        delay: Duration::from_secs(60),
        ..Kdc::new()
    });
    site.runtime.block_on(async {
        let password = Password::from("hunter2");
        let client = site.authenticator.for_client("203.0.113.7");
        let sign_in = client.sign_in("ada@corp.example.com", &password);
        let given_up = tokio::time::timeout(Duration::from_millis(100), sign_in).await;
        assert!(given_up.is_err());
    });
    keep(&site);

    let first = |line: &String| line.split(' ').next().unwrap().to_owned();
    let events: Vec<String> = seen.iter().map(first).collect();
    // Ada becomes a user, and then has another password; Carol is in no mapped group; that is no name; the primary
    // source is lost; there is no key for the service, and no controller for NTLM; somebody has gone.
    let expected = "provisioned accepted refused secondary-asked refused secondary-asked refused undecided \
                    owned-by fell-back refused abandoned";
    assert_eq!(events.join(" "), expected, "{seen:#?}");
    assert!(seen[2].contains("reason=wrong-password"), "{}", seen[2]);
    assert!(
        seen[6].contains(r"\n\u{1b}[2J"),
        "nothing drives a terminal: {}",
        seen[6]
    );
    assert!(seen[9].contains("reason=kerberos-unavailable"), "{}", seen[9]);
    assert!(seen[11].contains("203.0.113.7"), "{}", seen[11]);
}

/// R9: the events that no mock meets above are the words of their variants.
#[test]
fn r09_an_event_has_a_word() {
    let words: Arc<Mutex<Vec<(&'static str, &'static str)>>> = Arc::default();
    let keep = words.clone();
    let site = Site::with(Kdc::new(), |builder, _| {
        builder.audit(Arc::new(move |record: &AuditRecord<'_>| {
            let pair = (record.event.as_str(), met_by(&record.event));
            keep.lock().unwrap().push(pair);
        }))
    });
    site.sign_in("ada@corp.example.com").unwrap();
    site.try_password("ada@corp.example.com", "wrong").unwrap_err();
    let words = words.lock().unwrap();
    assert_eq!(*words, [("accepted", "accepted"), ("refused", "refused")]);
}

/// At most two wrong tries from a client.
#[derive(Default)]
struct TwoTries(Mutex<Vec<(String, bool)>>);

impl RateLimit for TwoTries {
    fn admits<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, bool> {
        let tries = self.0.lock().unwrap();
        let wrong = tries
            .iter()
            .filter(|(client, accepted)| attempt.client == Some(client) && !accepted)
            .count();
        Box::pin(async move { wrong < 2 })
    }

    fn concluded(&self, attempt: &Attempt<'_>, accepted: bool) {
        let client = attempt.client.unwrap_or_default().to_owned();
        self.0.lock().unwrap().push((client, accepted));
    }
}

/// R9: who tries too often is stopped before a KDC hears of it, and the user sees the one text.
#[test]
fn r09_a_rate_limit_stops_before_the_controller() {
    let limit = Arc::new(TwoTries::default());
    let site = Site::with(Kdc::new(), |builder, _| builder.rate_limit(limit.clone()));
    let from = |client: &str, password: &str| {
        let authenticator = site.authenticator.for_client(client);
        let password = Password::from(password);
        let outcome = site
            .runtime
            .block_on(authenticator.sign_in("ada@corp.example.com", &password));
        site.refusal_of(outcome)
    };
    assert_eq!(from("one", "wrong"), "wrong-password");
    assert_eq!(from("one", "wrong"), "wrong-password");
    assert_eq!(from("one", "secret"), "rate-limited");
    assert_eq!(from("other", "secret"), "accepted: ada");
    assert_eq!(site.kdc.accounts().len(), 3);
    assert_eq!(
        limit.0.lock().unwrap().len(),
        3,
        "what was not admitted has no outcome"
    );
    let events = site.lines.events();
    assert_eq!(events, ["refused", "refused", "refused", "accepted"]);
}

/// R9: who hangs up after the password was sent is counted all the same, and who hangs up before is not.
#[test]
fn r09_an_attempt_that_is_given_up_counts() {
    let limit = Arc::new(TwoTries::default());
    let slow = Kdc {
        delay: Duration::from_secs(60),
        ..Kdc::new()
    };
    let site = Site::with(slow, |builder, _| builder.rate_limit(limit.clone()));
    let client = site.authenticator.for_client("203.0.113.7");
    let password = Password::from("hunter2");
    site.runtime.block_on(async {
        for _ in 0..2 {
            drop(client.sign_in("ada@corp.example.com", &password));
            let sign_in = client.sign_in("ada@corp.example.com", &password);
            let given_up = tokio::time::timeout(Duration::from_millis(100), sign_in).await;
            assert!(given_up.is_err());
        }
    });
    assert_eq!(site.kdc.accounts().len(), 2);
    let counted = limit.0.lock().unwrap().clone();
    assert_eq!(counted, vec![("203.0.113.7".to_owned(), false); 2]);
    let outcome = site
        .runtime
        .block_on(client.sign_in("ada@corp.example.com", &password));
    assert_eq!(site.refusal_of(outcome), "rate-limited");
    assert_eq!(site.kdc.accounts().len(), 2, "no KDC heard of it");
    assert_eq!(site.lines.events(), ["abandoned", "abandoned", "refused"]);
}
