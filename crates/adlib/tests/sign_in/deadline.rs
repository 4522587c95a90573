//! Time runs out, or the application gives up.

use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use adlib::{Clock as _, Password, SystemClock};
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
    let began = std::time::Instant::now();
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
