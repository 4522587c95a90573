//! The simple bind and what refusals mean (R9, R39).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod mock;

use adlib_core::Password;
use adlib_ldap::{Error, Rejection};
use mock::{Server, answer, bind_response};

async fn refused(code: u8, text: &'static str) -> Error {
    let server = Server::answering(vec![answer(move |id| bind_response(id, code, text))]).await;
    let bound = server
        .connect()
        .await
        .bind_simple("cn=x", &Password::from("secret"))
        .await;
    bound.unwrap_err()
}

#[tokio::test]
async fn the_right_password() {
    let server = Server::start(|stream| async move {
        let mut peer = mock::Peer::new(stream);
        let request = peer.request().await.unwrap();
        let right = request.contains(b"\x60\x11\x02\x01\x03\x04\x04cn=x\x80\x06secret");
        peer.send(&bind_response(request.id, if right { 0 } else { 49 }, ""))
            .await;
    })
    .await;
    let bound = server
        .connect()
        .await
        .bind_simple("cn=x", &Password::from("secret"))
        .await;
    assert_eq!(bound, Ok(()));
}

/// R39: an empty password never reaches the server, which would take it for an anonymous success.
#[tokio::test]
async fn r39_an_empty_password_is_refused_before_the_bind() {
    let server = Server::answering(vec![answer(|id| bind_response(id, 0, ""))]).await;
    let connection = server.connect().await;
    let bound = connection.bind_simple("cn=x", &Password::from("")).await;
    assert_eq!(bound, Err(Error::EmptyPassword));
    assert_eq!(
        connection.bind_simple("", &Password::from("secret")).await,
        Err(Error::EmptyName)
    );
    // The answer is still there: nothing asked for it.
    assert_eq!(
        connection.bind_simple("cn=x", &Password::from("secret")).await,
        Ok(())
    );
}

/// R9: the reason that the directory gives reaches the operator.
#[tokio::test]
async fn r9_reasons() {
    for (data, reason) in [
        ("52e", Rejection::WrongPassword),
        ("533", Rejection::Disabled),
        ("775", Rejection::Locked),
    ] {
        let text =
            format!("80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data {data}, v1db1");
        let error = refused(49, text.leak()).await;
        let Error::BindRefused { rejection, name, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((rejection, name.as_str()), (reason, "cn=x"));
    }
    let error = refused(49, "").await;
    assert!(
        matches!(
            error,
            Error::BindRefused {
                rejection: Rejection::WrongPassword,
                ..
            }
        ),
        "{error}"
    );
}

/// Configuration errors are never taken for a wrong password.
#[tokio::test]
async fn policies_of_the_server_are_not_a_wrong_password() {
    let error = refused(8, "00002028: LdapErr: integrity checking").await;
    assert!(
        matches!(error, Error::StrongerAuthRequired { .. }) && error.to_string().contains("ldaps"),
        "{error}"
    );
    let error = refused(53, "unauthenticated bind disallowed").await;
    assert!(
        matches!(error, Error::UnwillingToPerform { what: "bind", .. }),
        "{error}"
    );
    let error = refused(
        49,
        "80090346: LdapErr: DSID-0C09, comment: error, data 80090346, v4563",
    )
    .await;
    assert!(matches!(error, Error::ChannelBindingRefused { .. }), "{error}");
    let error = refused(51, "busy").await;
    assert!(matches!(error, Error::Refused { code: 51, .. }), "{error}");
}

/// A52: a bind is not taken elsewhere.
#[tokio::test]
async fn a52_a_referral_of_a_bind_is_an_error() {
    let error = refused(10, "").await;
    assert!(matches!(error, Error::Refused { code: 10, .. }), "{error}");
}
