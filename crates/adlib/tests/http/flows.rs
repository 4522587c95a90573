//! What goes well.

use adlib::{
    Mode, USER_MESSAGE,
    kerberos::InitiatorOptions,
    tower::{Denial, NegotiateLayer, Page},
};
use http::{
    Request, StatusCode, Version,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use super::{
    scene::{both, kerberos, ntlm},
    site::{Site, block_on, over, request, ticket, with_header},
};

/// R13: one leg, and the proof of the service for a client that wants one; the application sees no token.
#[test]
fn r13_a_ticket_signs_in() {
    block_on(async {
        let site = Site::default();
        let answer = site
            .connect()
            .sign_in("Negotiate", kerberos(1, InitiatorOptions::default()))
            .await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "ada, 0 headers"));
        assert!(answer.challenges()[0].starts_with("Negotiate ") && answer.challenges().len() == 1);

        let answer = site.connect().token("Negotiate", &ticket(2)).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "ada, 0 headers"));
        assert!(answer.challenges().is_empty());
    });
}

/// R13: one leg needs neither a connection nor an order of requests.
#[test]
fn r13_a_ticket_signs_in_over_any_http() {
    block_on(async {
        let site = Site::default();
        for (seed, version) in (3..).zip([
            Version::HTTP_10,
            Version::HTTP_11,
            Version::HTTP_2,
            Version::HTTP_3,
        ]) {
            let request = over(version, request("negotiate", &ticket(seed)));
            assert_eq!(site.send(request).await.body, "ada, 0 headers", "{version:?}");
        }
    });
}

/// R14: NTLM, by its own scheme and by the other.
#[test]
fn r14_ntlm_signs_in_on_its_connection() {
    block_on(async {
        let site = Site::default();
        for scheme in ["NTLM", "Negotiate"] {
            let answer = site.connect().sign_in(scheme, Box::new(ntlm("secret"))).await;
            assert_eq!(
                (answer.status, &*answer.body),
                (StatusCode::OK, "ada, 0 headers"),
                "{scheme}"
            );
        }
    });
}

/// R14: a client that begins again is not held to what it began with.
#[test]
fn r14_a_handshake_can_begin_again() {
    block_on(async {
        let mut connection = Site::default().connect();
        for _ in 0..3 {
            let began = connection
                .token("NTLM", &super::site::first(Box::new(ntlm("secret"))))
                .await;
            assert_eq!(
                (began.status, began.reason),
                (StatusCode::UNAUTHORIZED, "continued")
            );
            assert!(began.challenges()[0].starts_with("NTLM TlRMTVNTUA") && began.challenges().len() == 1);
        }
        let answer = connection.sign_in("NTLM", Box::new(ntlm("secret"))).await;
        assert_eq!(answer.status, StatusCode::OK);
        // And a ticket in place of the next leg is as good.
        connection
            .token("NTLM", &super::site::first(Box::new(ntlm("secret"))))
            .await;
        assert_eq!(
            connection.token("Negotiate", &ticket(8)).await.status,
            StatusCode::OK
        );
    });
}

/// R5, R15: what is offered is what may be used.
#[test]
fn r15_each_mode_offers_its_mechanisms() {
    block_on(async {
        for (mode, known, unknown) in [
            (Mode::Auto, &["Negotiate", "NTLM"][..], "Negotiate"),
            (Mode::ModernOnly, &["Negotiate"], "Negotiate"),
            (Mode::LegacyOnly, &["NTLM"], "Negotiate"),
        ] {
            let site = Site::new(both().mode(mode).build().unwrap());
            let answer = site.connect().anonymous().await;
            assert_eq!(
                (answer.status, answer.reason),
                (StatusCode::UNAUTHORIZED, "no-credentials")
            );
            assert_eq!(answer.challenges(), known, "{mode}");
            // Without a connection that is known, and where requests of a connection mix, NTLM cannot be used.
            assert_eq!(
                site.send(Request::new(())).await.challenges(),
                [unknown],
                "{mode}"
            );
            let request = over(Version::HTTP_2, Request::new(()));
            assert_eq!(
                site.connect().send(request).await.challenges(),
                [unknown],
                "{mode}"
            );
        }
    });
}

/// Another scheme is none of ours.
#[test]
fn credentials_of_another_scheme_are_none() {
    block_on(async {
        let answer = Site::default().connect().send(with_header("Basic YTpi")).await;
        assert_eq!(
            (answer.status, answer.reason),
            (StatusCode::UNAUTHORIZED, "no-credentials")
        );
    });
}

/// R9: the one text, unless the application has its own pages; and it does not learn why.
#[test]
fn r09_the_page_is_the_applications() {
    block_on(async {
        let answer = Site::default().connect().anonymous().await;
        assert_eq!(answer.body, format!("{USER_MESSAGE}\n"));
        assert_eq!(answer.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");

        let page = |denial: Denial| Page {
            content_type: "text/html",
            body: format!("<p>{denial:?}"),
        };
        let layer = || NegotiateLayer::new(both().build().unwrap()).page(page);
        let site = Site::behind(&layer().admit(|identity| identity.account() != "ada"));
        assert_eq!(site.connect().anonymous().await.body, "<p>SignInNeeded");
        assert_eq!(site.connect().token("Negotiate", b"?").await.body, "<p>Refused");
        let answer = site.connect().token("Negotiate", &ticket(9)).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (StatusCode::FORBIDDEN, "<p>NotAdmitted")
        );
        assert_eq!((answer.reason, answer.challenges().len()), ("not-admitted", 0));
    });
}
