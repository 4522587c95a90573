//! Time runs out, or the application gives up.

use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use adlib::{Authenticator, Bind, Clock as _, Directory, Error, Mode, Password, SignInError, SystemClock};
use adlib_kdc::KdcTicketSource;

use crate::scene::{Kdc, Site};

fn slow() -> Site {
    let kdc = Kdc {
        delay: Duration::from_secs(60),
        ..Kdc::new()
    };
    Site::with(kdc, |builder, _| builder.deadline(Duration::from_millis(300)))
}

/// R9: without a decision in time there is an error, and no verdict.
#[test]
fn r09_the_deadline_is_for_the_whole_sign_in() {
    let site = slow();
    let began = Instant::now();
    let outcome = site.refusal("ada@corp.example.com");
    assert_eq!(outcome, "failed: no decision within the deadline of 0 s");
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(site.lines.events(), ["undecided"]);
}

/// A sign-in that is dropped leaves nothing behind: the next ones go on as if it had not been.
#[test]
fn a_dropped_sign_in_leaves_nothing() {
    let site = slow();
    site.runtime.block_on(async {
        let password = Password::from("secret");
        for _ in 0..50 {
            let sign_in = site.authenticator.sign_in("ada@corp.example.com", &password);
            let given_up = tokio::time::timeout(Duration::from_millis(1), sign_in).await;
            assert!(given_up.is_err());
        }
        let tasks = site.runtime.metrics().num_alive_tasks();
        assert_eq!(tasks, 0, "nothing goes on behind");
    });
    assert_eq!(site.kdc.asked.load(Ordering::SeqCst), 50);
    assert!(site.lines.events().iter().all(|event| event == "abandoned"));
}

/// R5, A64: a KDC that takes the connection and never answers is there, so that NTLM is not tried; where nothing takes it,
/// none is.
#[test]
fn a64_a_kdc_that_is_slow_does_not_lead_to_ntlm() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kdc = listener.local_addr().unwrap().to_string();
    let site = Site::with(Kdc::new(), |builder, _| {
        let tickets = KdcTicketSource::new(|| SystemClock.now());
        builder
            .kdcs("corp.example.com", [kdc])
            .tickets(Arc::new(tickets))
            .deadline(Duration::from_secs(3))
    });
    let outcome = site.refusal("ada@corp.example.com");
    assert!(outcome.starts_with("failed: no KDC answers"), "{outcome}");
    assert_eq!(site.lines.events(), ["undecided"]);
    drop(listener);
    let outcome = site.refusal("ada@corp.example.com");
    assert!(outcome.contains("refused"), "{outcome}");
    assert_eq!(site.lines.events(), ["fell-back", "undecided"]);
}

/// What a server says, drop by drop, for as long as anybody listens.
async fn drip(listener: tokio::net::TcpListener, said: &'static [u8]) {
    use tokio::io::AsyncWriteExt as _;
    while let Ok((mut client, _)) = listener.accept().await {
        tokio::spawn(async move {
            for byte in said.iter().chain(std::iter::repeat(&0)) {
                if client.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
}

/// R9, A50: a directory that sends its answers drop by drop, so that no single wait is long, does not hold a sign-in past its
/// deadline, however many there are, and nothing of it goes on behind.
#[tokio::test]
async fn a50_a_directory_that_drips() {
    // A record of TLS and an LDAP message, each of which announces more than will ever come.
    for (security, said) in [
        (
            adlib::ldap::TransportSecurity::Ldaps,
            &b"\x16\x03\x03\x3f\xff\x02"[..],
        ),
        (
            adlib::ldap::TransportSecurity::StartTls,
            b"\x30\x82\x20\x00\x02\x01\x01",
        ),
        (
            adlib::ldap::TransportSecurity::Sasl,
            b"\x30\x82\x20\x00\x02\x01\x01",
        ),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let dripping = tokio::spawn(drip(listener, said));
        let mut settings = adlib::ldap::Settings::default();
        settings.security = security;
        let domains = [("corp.example.com".to_owned(), vec![server])];
        let bind = Bind::ntlm(r"CORP\svc", Password::from("secret"));
        let directory = Directory::of_domains(&domains, Some(bind), settings).unwrap();
        let authenticator = Authenticator::builder()
            .directory(directory)
            .mode(Mode::LegacyOnly)
            .deadline(Duration::from_secs(1))
            .build()
            .await
            .unwrap();
        let password = Password::from("secret");
        // More than there are places for lookups: who waits for one has a deadline, too.
        let began = Instant::now();
        let mut sign_ins = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let (authenticator, password) = (authenticator.clone(), password.clone());
            sign_ins.spawn(async move { authenticator.sign_in("ada@corp.example.com", &password).await });
        }
        for outcome in sign_ins.join_all().await {
            let failed = matches!(outcome, Err(SignInError::Failed(Error::Unreachable(_))));
            assert!(failed, "{security:?}: {outcome:?}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{security:?}");
        // The listener and those who drip, until they notice.
        dripping.abort();
        let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let patience = Instant::now() + Duration::from_secs(10);
        while alive() > 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(alive(), 0, "{security:?}: nothing goes on behind");
    }
}
