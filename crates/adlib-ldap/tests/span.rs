//! The span of a read. Alone in its process: who listens to spans is a matter of the process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use adlib_core::Password;
use adlib_ldap::read_domain;
use adlib_schema::{Mapper, Preset, Schema, read::ReadBuilder};
use mock::{Server, answer, bind_response, done, done_with_cookie, entry};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Keeps what the spans of adlib-ldap say, a line for each word.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("adlib_ldap")
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        self.0.lock().unwrap().push(line.0);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, record: &span::Record<'_>) {
        let mut line = Line("then".to_owned());
        record.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line("event".to_owned());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// R38, A63: a read has a span that says of what, and how many entries and pages came; not with which password.
#[test]
fn r38_a_read_has_a_span() {
    let spans = Spans::default();
    tracing::subscriber::with_default(spans.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::answering(vec![
                answer(|id| bind_response(id, 0, "")),
                answer(|id| {
                    let first = entry(id, "uid=a,dc=x", &[]);
                    [first, entry(id, "uid=b,dc=x", &[]), done_with_cookie(id, b"a")].concat()
                }),
                answer(|id| [entry(id, "uid=c,dc=x", &[]), done(id, 0, "")].concat()),
            ])
            .await;
            let connection = server.connect().await;
            let password = Password::from("hunter2");
            connection.bind_simple("cn=sync", &password).await.unwrap();
            let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
            read_domain(&connection, "example.org", "dc=x", 2, &mut builder, &mut |_| {})
                .await
                .unwrap();
        });
    });
    let lines = spans.0.lock().unwrap();
    assert!(lines[0].starts_with("domain read domain=\"example.org\" server=\"localhost:"));
    assert_eq!(lines[1..], ["then entries=3", "then pages=2"]);
    assert!(!lines.concat().contains("hunter2"));
}
