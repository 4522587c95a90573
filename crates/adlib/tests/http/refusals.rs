//! Every other variant of [`Rejection`](adlib::tower::Rejection), met.

use std::{sync::Arc, time::Duration};

use adlib::{
    BoxFuture, Error, HashLookup, KnownAccount,
    ntlm::{Account, NtHash},
    tower::NegotiateLayer,
};
use http::StatusCode;

use super::{
    scene::{both, ntlm},
    site::{Site, block_on, first, ticket},
};

/// The scheme says what the token is.
#[test]
fn another_token_under_the_scheme_ntlm() {
    block_on(async {
        let answer = Site::default().connect().token("NTLM", &ticket(1)).await;
        answer.is_refused(StatusCode::BAD_REQUEST, "not-ntlm");
    });
}

/// The next leg comes the way of the first.
#[test]
fn a_scheme_that_changes() {
    block_on(async {
        let mut connection = Site::default().connect();
        let authenticate = connection.begin("Negotiate", ntlm("secret")).await;
        let answer = connection.token("NTLM", &authenticate).await;
        answer.is_refused(StatusCode::UNAUTHORIZED, "scheme-changed");
    });
}

/// A handshake that waits is held for so long and no longer.
#[test]
fn a_handshake_that_came_too_late() {
    block_on(async {
        let layer = NegotiateLayer::new(both().build().unwrap()).handshakes(8, Duration::ZERO);
        let answer = Site::behind(&layer)
            .connect()
            .sign_in("NTLM", Box::new(ntlm("secret")))
            .await;
        answer.is_refused(StatusCode::UNAUTHORIZED, "handshake-expired");
    });
}

/// So many wait and no more; the end of a connection, a finished handshake and the passing of time make room.
#[test]
fn handshakes_that_wait_are_limited() {
    block_on(async {
        let begin = || first(Box::new(ntlm("secret")));
        let layer = NegotiateLayer::new(both().build().unwrap()).handshakes(2, Duration::from_secs(60));
        let site = Site::behind(&layer);
        let (mut one, mut two, mut three) = (site.connect(), site.connect(), site.connect());
        for connection in [&mut one, &mut two] {
            assert_eq!(connection.token("NTLM", &begin()).await.reason, "continued");
        }
        let answer = three.token("NTLM", &begin()).await;
        answer.is_refused(StatusCode::SERVICE_UNAVAILABLE, "too-many-handshakes");
        assert!(answer.challenges().is_empty());
        // Kerberos waits for nothing.
        assert_eq!(three.token("Negotiate", &ticket(1)).await.status, StatusCode::OK);
        // Who begins again takes the place that was theirs.
        assert_eq!(one.token("NTLM", &begin()).await.reason, "continued");
        drop(two);
        assert_eq!(three.token("NTLM", &begin()).await.reason, "continued");
        assert_eq!(
            one.sign_in("NTLM", Box::new(ntlm("secret"))).await.status,
            StatusCode::OK
        );

        let layer = NegotiateLayer::new(both().build().unwrap()).handshakes(2, Duration::ZERO);
        let site = Site::behind(&layer);
        let mut connections: Vec<_> = (0..8).map(|_| site.connect()).collect();
        for connection in &mut connections {
            assert_eq!(connection.token("NTLM", &begin()).await.reason, "continued");
        }
    });
}

/// R9: where nobody can decide, the client may come again, and learns no more.
#[test]
fn r09_nobody_can_decide() {
    struct Away;
    impl HashLookup for Away {
        fn find<'a>(
            &'a self,
            _: &'a Account,
        ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
            Box::pin(std::future::ready(Err(Error::Unreachable("the vault".into()))))
        }
    }
    block_on(async {
        let site = Site::new(both().hash_lookup(Arc::new(Away)).build().unwrap());
        let answer = site.connect().sign_in("NTLM", Box::new(ntlm("secret"))).await;
        answer.is_refused(StatusCode::SERVICE_UNAVAILABLE, "undecided");
    });
}
