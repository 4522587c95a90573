//! What hostile clients, and proxies that share connections, try (A31, A32).

use adlib::{
    ChannelBindings, Identity,
    kerberos::InitiatorOptions,
    spnego::{MechType, NegTokenInit},
    tower::{NegotiateConnection, NegotiateLayer},
};
use http::{HeaderValue, Request, StatusCode, Version, header::AUTHORIZATION};

use super::{
    scene::{both, kerberos, ntlm},
    site::{Site, app, block_on, first, over, request, ticket, with_header},
};

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

/// A32
#[test]
fn a32_bad_base64() {
    block_on(async {
        for value in [
            "Negotiate",
            "Negotiate Y",
            "Negotiate YQ==, Negotiate YQ==",
            "NTLM a_-b",
        ] {
            let answer = Site::default().connect().send(with_header(value)).await;
            answer.is_refused(BAD_REQUEST, "not-base64");
        }
    });
}

/// A32
#[test]
fn a32_header_over_64_kib() {
    block_on(async {
        let value = format!("Negotiate {}", "A".repeat(64 * 1024));
        let answer = Site::default().connect().send(with_header(&value)).await;
        answer.is_refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "header-too-large");
    });
}

/// A32: even if either of them would do.
#[test]
fn a32_two_authorization_headers() {
    block_on(async {
        for second in ["Basic YTpi", "Negotiate YQ=="] {
            let mut request = request("Negotiate", &ticket(1));
            request
                .headers_mut()
                .append(AUTHORIZATION, HeaderValue::from_static(second));
            let answer = Site::default().connect().send(request).await;
            answer.is_refused(BAD_REQUEST, "two-authorization-headers");
        }
    });
}

/// A32: the answer to the challenge of connection A is nothing on B, whether or not a handshake has begun there; and A
/// has lost nothing by it.
#[test]
fn a32_step_of_connection_a_sent_on_b() {
    block_on(async {
        let site = Site::default();
        let (mut a, mut b) = (site.connect(), site.connect());
        let authenticate = a.begin("NTLM", ntlm("secret")).await;

        let answer = b.token("NTLM", &authenticate).await;
        assert_eq!(
            (answer.status, answer.body.contains("ada")),
            (UNAUTHORIZED, false),
            "{}",
            answer.reason
        );
        assert_ne!(answer.reason, "continued");
        assert_ne!(b.begin("NTLM", ntlm("secret")).await, authenticate);
        b.token("NTLM", &authenticate)
            .await
            .is_refused(UNAUTHORIZED, "wrong-password");

        assert_eq!(a.token("NTLM", &authenticate).await.body, "ada, 0 headers");
    });
}

/// A32: by either mechanism, on its own connection and on another.
#[test]
fn a32_finished_context_used_again() {
    block_on(async {
        let site = Site::default();
        let mut connection = site.connect();
        let token = ticket(1);
        assert_eq!(connection.token("Negotiate", &token).await.status, StatusCode::OK);
        connection
            .token("Negotiate", &token)
            .await
            .is_refused(UNAUTHORIZED, "replayed");
        site.connect()
            .token("Negotiate", &token)
            .await
            .is_refused(UNAUTHORIZED, "replayed");

        let mut connection = site.connect();
        let authenticate = connection.begin("NTLM", ntlm("secret")).await;
        assert_eq!(
            connection.token("NTLM", &authenticate).await.status,
            StatusCode::OK
        );
        let again = connection.token("NTLM", &authenticate).await;
        assert_eq!((again.status, again.body.contains("ada")), (UNAUTHORIZED, false));
    });
}

/// A32: a sign-in belongs to its request. Behind a proxy, the next one is somebody else's.
#[test]
fn a32_request_without_authorization_on_a_connection_that_another_user_signed_in_on() {
    block_on(async {
        let mut connection = Site::default().connect();
        assert_eq!(
            connection.token("Negotiate", &ticket(1)).await.status,
            StatusCode::OK
        );
        connection
            .anonymous()
            .await
            .is_refused(UNAUTHORIZED, "no-credentials");
        assert_eq!(
            connection.sign_in("NTLM", Box::new(ntlm("secret"))).await.status,
            StatusCode::OK
        );
        connection
            .anonymous()
            .await
            .is_refused(UNAUTHORIZED, "no-credentials");
    });
}

/// A32: in either scheme, and in SPNEGO.
#[test]
fn a32_ntlm_over_http2() {
    block_on(async {
        let negotiate = first(Box::new(ntlm("secret")));
        let wrapped = init(&[MechType::NTLM], Some(&negotiate));
        for version in [Version::HTTP_2, Version::HTTP_3] {
            for (scheme, token) in [
                ("NTLM", &negotiate),
                ("Negotiate", &negotiate),
                ("Negotiate", &wrapped),
            ] {
                let answer = Site::default()
                    .connect()
                    .send(over(version, request(scheme, token)))
                    .await;
                answer.is_refused(UNAUTHORIZED, "ntlm-over-http2");
                assert_eq!(answer.challenges(), ["Negotiate"]);
            }
        }
    });
}

/// A32: nor any other handshake of several legs; nor where nobody tells connections apart.
#[test]
fn a32_several_legs_without_a_connection() {
    block_on(async {
        let site = Site::default();
        // A client that asks which mechanism, before it has a token for one.
        let asks = init(&[MechType::KERBEROS], None);
        let answer = site.connect().token("Negotiate", &asks).await;
        assert_eq!(answer.reason, "continued");
        let answer = site
            .connect()
            .send(over(Version::HTTP_2, request("Negotiate", &asks)))
            .await;
        answer.is_refused(UNAUTHORIZED, "several-legs-over-http2");
        site.send(request("Negotiate", &asks))
            .await
            .is_refused(UNAUTHORIZED, "no-connection");
        let negotiate = first(Box::new(ntlm("secret")));
        site.send(request("NTLM", &negotiate))
            .await
            .is_refused(UNAUTHORIZED, "no-connection");
    });
}

/// A31: once a Kerberos token was refused, NTLM is neither offered on the connection nor taken.
#[test]
fn a31_ntlm_after_a_failed_kerberos_token() {
    block_on(async {
        let site = Site::default();
        let mut connection = site.connect();
        let mut forged = ticket(1);
        *forged.last_mut().unwrap() ^= 1;
        let answer = connection.token("Negotiate", &forged).await;
        assert_eq!(answer.status, UNAUTHORIZED);
        assert!(
            answer.challenges().len() == 1 && answer.challenges()[0].starts_with("Negotiate"),
            "{answer:?}"
        );
        assert_eq!(connection.anonymous().await.challenges(), ["Negotiate"]);
        let negotiate = first(Box::new(ntlm("secret")));
        for (scheme, token) in [
            ("NTLM", &negotiate),
            ("Negotiate", &init(&[MechType::NTLM], Some(&negotiate))),
        ] {
            let answer = connection.token(scheme, token).await;
            answer.is_refused(UNAUTHORIZED, "ntlm-after-kerberos");
            assert_eq!(answer.challenges(), ["Negotiate"]);
        }
        // Behind a mechanism that nobody speaks here.
        for token in [None, Some(&negotiate[..])] {
            let offer = init(&[MechType::NEGOEX, MechType::NTLM], token);
            let answer = connection.token("Negotiate", &offer).await;
            answer.is_refused(UNAUTHORIZED, "ntlm-after-kerberos");
            let [challenge] = &answer.challenges()[..] else {
                panic!("{:?}", answer.challenges());
            };
            assert!(challenge.starts_with("Negotiate"), "{challenge}");
        }
        assert_eq!(
            connection.token("Negotiate", &ticket(2)).await.status,
            StatusCode::OK
        );
    });
}

/// An identity is the layer's to give, whoever put another one there.
#[test]
fn an_identity_that_came_in_is_removed() {
    block_on(async {
        let (sent, seen) = std::sync::mpsc::channel();
        let keep = move |identity: &Identity| sent.send(identity.clone()).is_ok();
        let site = Site::behind(&NegotiateLayer::new(both().build().unwrap()).admit(keep));
        assert_eq!(
            site.connect().token("Negotiate", &ticket(1)).await.status,
            StatusCode::OK
        );
        let identity = seen.recv().unwrap();
        let mut request = Request::new(());
        request.extensions_mut().insert(identity.clone());
        site.connect()
            .send(request)
            .await
            .is_refused(UNAUTHORIZED, "no-credentials");

        let said = tower::ServiceExt::oneshot(app(), {
            let mut request = Request::new(());
            request.extensions_mut().insert(identity);
            request
        });
        assert_eq!(said.await.unwrap().body(), "ada, 0 headers");
    });
}

/// A14: a sign-in is bound to the connection's certificate, the layer's or the connection's own.
#[test]
fn a14_bindings_of_the_layer_and_of_the_connection() {
    block_on(async {
        let [one, two] =
            [[1; 32], [2; 32]].map(|hash: [u8; 32]| ChannelBindings::tls_server_end_point(&hash));
        let layer = NegotiateLayer::new(both().build().unwrap()).channel_bindings(one.clone());
        let site = Site::behind(&layer);
        let bound = |seed, bindings: &ChannelBindings| {
            let mut options = InitiatorOptions::default();
            options.bindings = Some(bindings.clone());
            first(kerberos(seed, options))
        };
        assert_eq!(
            site.connect().token("Negotiate", &bound(1, &one)).await.status,
            StatusCode::OK
        );
        site.connect()
            .token("Negotiate", &bound(2, &two))
            .await
            .is_refused(UNAUTHORIZED, "bindings-mismatch");
        let mut other = site.connect_as(&NegotiateConnection::bound(two.clone()));
        assert_eq!(
            other.token("Negotiate", &bound(3, &two)).await.status,
            StatusCode::OK
        );
        other
            .token("Negotiate", &bound(4, &one))
            .await
            .is_refused(UNAUTHORIZED, "bindings-mismatch");
    });
}

/// Two users behind one connection of a proxy, in every order of their legs: each request is its own sender's, or refused.
#[test]
fn a32_two_users_through_one_connection() {
    block_on(async {
        let site = Site::default();
        let mut proxy = site.connect();
        // bob's handshake begins in the middle of ada's: ada is refused, and nobody is taken for her.
        let authenticate = proxy.begin("NTLM", ntlm("secret")).await;
        proxy.begin("NTLM", ntlm("bobs")).await;
        proxy
            .token("NTLM", &authenticate)
            .await
            .is_refused(UNAUTHORIZED, "wrong-password");
        // Between two requests of ada's, bob's are bob's.
        assert_eq!(proxy.token("Negotiate", &ticket(1)).await.body, "ada, 0 headers");
        proxy
            .sign_in("NTLM", Box::new(ntlm("bobs")))
            .await
            .is_refused(UNAUTHORIZED, "wrong-password");
        proxy.anonymous().await.is_refused(UNAUTHORIZED, "no-credentials");
        assert_eq!(proxy.token("Negotiate", &ticket(2)).await.body, "ada, 0 headers");
    });
}

fn init(mech_types: &[MechType<'_>], token: Option<&[u8]>) -> Vec<u8> {
    let mut init = NegTokenInit::decode(b"\xa0\x06\x30\x04\xa0\x02\x30\x00").unwrap();
    init.mech_types = mech_types.to_vec();
    init.mech_token = token;
    init.encode()
}
