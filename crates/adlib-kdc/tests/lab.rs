//! Names and tickets from a real domain: the lab's.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use adlib_core::Password;
use adlib_core::gss::{KERBEROS_OID, unframe};
use adlib_kdc::{
    ApReqToken, DnsResolver, Endpoint, LocateError, NotSupported, Rejection, Resolver, Service,
    SspiTicketSource, TicketError, TicketRequest, TicketSource, locate,
};
use adlib_lab::{Corp, corp};

const DEADLINE: Duration = Duration::from_secs(20);

/// Ask the lab's KDC for a ticket.
async fn ask(corp: &Corp, account: &str, password: &str, service: &str) -> Result<ApReqToken, TicketError> {
    let kdcs = [Endpoint::parse(&corp.ip.to_string(), Service::Kerberos.port()).unwrap()];
    let password = Password::from(password);
    let request = TicketRequest {
        account,
        realm: &corp.realm,
        password: &password,
        service,
        kdcs: &kdcs,
        deadline: DEADLINE,
    };
    SspiTicketSource::new().service_ticket(request).await
}

async fn rejection(corp: &Corp, account: &str, password: &str) -> Rejection {
    match ask(corp, account, password, &corp.http_service).await {
        Err(TicketError::Rejected(rejection)) => rejection,
        other => panic!("{account}: {other:?}"),
    }
}

/// R4: by SRV, through the domain's own DNS.
#[tokio::test]
async fn the_domain_names_its_controllers() {
    let corp = corp();
    let resolver = DnsResolver::with_name_servers(&[corp.ip.to_string()]).unwrap();
    for service in [Service::Ldap, Service::Kerberos] {
        let found = locate(&resolver, service, &corp.dns_domain, &mut |_| 0)
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].host.as_str(), found[0].port),
            (corp.host.as_str(), service.port())
        );
        assert_eq!(found[0].addresses, [corp.ip]);
    }
}

/// R4, A54
#[tokio::test]
async fn a_domain_that_is_not_there_is_not_found() {
    let corp = corp();
    let resolver = DnsResolver::with_name_servers(&[format!("{}:53", corp.ip)]).unwrap();
    let missing = format!("missing.{}", corp.dns_domain);
    let error = locate(&resolver, Service::Ldap, &missing, &mut |_| 0)
        .await
        .unwrap_err();
    assert!(matches!(error, LocateError::NotFound(_)), "{error}");
    assert!(
        resolver
            .addresses(&format!("no-such-host.{}", corp.dns_domain))
            .await
            .is_err()
    );
}

/// R6, R11: AES-256 and AES-128 services.
#[tokio::test]
async fn a_password_gives_a_ticket() {
    let corp = corp();
    for service in [&corp.http_service, &corp.aes128_service] {
        for account in ["ada", "alan", "swap1", "st.protected"] {
            let token = ask(&corp, account, &corp.user_password, service)
                .await
                .expect(account);
            let framed = unframe(token.as_bytes()).unwrap();
            assert_eq!(framed.mechanism, KERBEROS_OID);
            assert_eq!(framed.inner.get(..3), Some(&[1, 0, 0x6e][..]), "an AP-REQ");
        }
    }
}

/// R9
#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_apart() {
    let corp = corp();
    assert_eq!(rejection(&corp, "ada", "wrong").await, Rejection::WrongPassword);
    assert_eq!(
        rejection(&corp, "nobody.here", "wrong").await,
        Rejection::UnknownPrincipal
    );
}

/// R9: every state of an account that stops a sign-in.
#[tokio::test]
async fn each_state_has_its_reason() {
    let corp = corp();
    let mut found = Vec::new();
    for account in [
        "st.disabled",
        "st.expired",
        "st.locked",
        "st.mustchange",
        "st.pwexpired",
        "st.hours",
        "st.workstation",
        "st.smartcard",
    ] {
        found.push((account, rejection(&corp, account, &corp.user_password).await));
    }
    assert_eq!(found, []);
}

/// R5
#[tokio::test]
async fn a_service_that_nobody_has_is_unknown() {
    let corp = corp();
    let error = ask(&corp, "ada", &corp.user_password, "HTTP/nowhere.corp.example.com").await;
    assert_eq!(error.unwrap_err(), Rejection::ServiceUnknown.into());
}

/// R5, R11: the service has an RC4 key only, and AES is offered.
#[tokio::test]
async fn a_service_without_an_aes_key_has_its_reason() {
    let corp = corp();
    let error = ask(&corp, "ada", &corp.user_password, &corp.rc4_service).await;
    assert_eq!(error.unwrap_err(), Rejection::EtypeUnsupported.into());
}

/// R6
#[tokio::test]
async fn an_account_without_pre_authentication_is_refused_by_name() {
    let corp = corp();
    let error = ask(&corp, "st.nopreauth", &corp.user_password, &corp.http_service).await;
    assert_eq!(error.unwrap_err(), NotSupported::NoPreauthentication.into());
}
