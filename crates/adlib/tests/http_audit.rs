//! What the operator reads. Alone in its process: who listens to records is a matter of the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::large_enum_variant,
    missing_docs
)]

#[allow(dead_code, reason = "another test's, and more than is needed here")]
#[path = "acceptor/scene.rs"]
mod scene;
#[allow(dead_code, reason = "another test's, and more than is needed here")]
#[path = "http/site.rs"]
mod site;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use adlib::kerberos::InitiatorOptions;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use self::{
    scene::{kerberos, ntlm},
    site::{Site, block_on, ticket},
};

/// Keeps the records, a line each.
#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Records {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "adlib::audit" && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// R9, A63: who, by what, bound or not, and why not; and nothing that a password could be guessed from.
#[test]
fn a63_every_verdict_is_recorded_without_secrets() {
    let records = Records::default();
    tracing::subscriber::with_default(records.clone(), || {
        block_on(async {
            let site = Site::default();
            site.connect()
                .sign_in("Negotiate", kerberos(1, InitiatorOptions::default()))
                .await;
            site.connect().sign_in("NTLM", Box::new(ntlm("secret"))).await;
            site.connect().sign_in("NTLM", Box::new(ntlm("wrong"))).await;
            site.connect().token("Negotiate", &ticket(1)[..60]).await;
            site.connect().anonymous().await;
        });
    });
    let records = records.0.lock().unwrap();
    assert_eq!(records.len(), 4, "{records:#?}");
    for (record, parts) in records.iter().zip([
        &[
            "INFO verdict=\"accepted\"",
            "user=\"ada\"",
            "domain=\"corp.example.com\"",
            "sid=S-1-5-21-1-2-3-1103",
            "mechanism=\"kerberos\"",
            "service=\"HTTP/app.corp.example.com\"",
            "ticket_etype=18",
            "session_etype=18",
            "bindings=\"absent\"",
        ][..],
        &[
            "INFO verdict=\"accepted\"",
            "user=\"ada\"",
            "mechanism=\"ntlm\"",
            "bindings=",
        ],
        &["WARN verdict=\"refused\"", "reason=\"wrong-password\""],
        &["WARN verdict=\"refused\"", "reason=\"unknown-token\""],
    ]) {
        for part in parts {
            assert!(record.contains(part), "{part}: {record}");
        }
        assert!(
            !record.contains("secret") && !record.contains("878d80"),
            "{record}"
        );
    }
}
