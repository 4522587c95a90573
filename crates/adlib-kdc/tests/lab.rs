//! Names and tickets from a real domain: the lab's.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adlib_core::{Password, UnixTime};
use adlib_kdc::{
    ApReqToken, DnsResolver, Endpoint, LocateError, Rejection, Resolver, Service, SspiTicketSource,
    TicketError, TicketRequest, TicketSource, locate,
};
use adlib_kerberos::pac::VerifiedPac;
use adlib_kerberos::{Accepted, EncryptionType, Keytab, MemoryReplayCache, Policy, UnverifiedApReq};
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

/// What the service finds in a token, by its own keys.
fn verify(corp: &Corp, token: &ApReqToken) -> Accepted {
    let keytab = Keytab::decode(&std::fs::read(&corp.keytab).unwrap()).unwrap();
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = UnixTime::from_seconds(since_1970.as_secs().cast_signed());
    let policy = Policy::default();
    let decrypted = UnverifiedApReq::decode(token.as_bytes())
        .unwrap()
        .decrypt(&keytab, &policy);
    let pending = decrypted.unwrap().check(&policy, now, None).unwrap();
    let fresh = MemoryReplayCache::new().check_and_insert(pending.record(), pending.expires(), now);
    pending.accept(fresh.unwrap())
}

/// R6, R11: the service verifies what the KDC gave, by AES-256 and by AES-128.
#[tokio::test]
async fn a_password_gives_a_ticket_that_the_service_verifies() {
    let corp = corp();
    for (service, etype) in [
        (&corp.http_service, EncryptionType::Aes256Sha1),
        (&corp.aes128_service, EncryptionType::Aes128Sha1),
    ] {
        for account in ["ada", "alan", "swap1", "noupn", "st.protected", "st.nopreauth"] {
            let token = ask(&corp, account, &corp.user_password, service)
                .await
                .expect(account);
            let accepted = verify(&corp, &token);
            assert_eq!(accepted.client().to_string(), format!("{account}@{}", corp.realm));
            assert_eq!(accepted.evidence().ticket_etype, etype);
            let sid = accepted.pac().and_then(VerifiedPac::user_sid).unwrap();
            assert!(sid.to_string().starts_with(&corp.sid));
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
    for (account, reason) in [
        ("st.disabled", Rejection::Disabled),
        ("st.expired", Rejection::AccountExpired),
        // Samba sends no status for a locked account; Windows does.
        ("st.locked", Rejection::Revoked),
        ("st.mustchange", Rejection::MustChangePassword),
        ("st.pwexpired", Rejection::PasswordExpired),
        ("st.hours", Rejection::LogonHours),
        ("st.workstation", Rejection::Workstation),
        // The directory gives the account a random password when a card becomes required.
        ("st.smartcard", Rejection::WrongPassword),
    ] {
        let found = rejection(&corp, account, &corp.user_password).await;
        assert_eq!(found, reason, "{account}");
    }
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
