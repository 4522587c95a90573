//! NTLM binds to a real domain: the lab's (R7, D1).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod lab_server;

use std::collections::BTreeSet;

use adlib_core::{ChannelBindings, FileTime, Password, gss::Protection};
use adlib_lab::{Domain, corp, fixture};
use adlib_ldap::{Connection, Error, Rejection, SaslMechanism, Scope};
use adlib_ntlm::{Ephemeral, Initiator, NtHash, SessionKey};
use adlib_schema::{Filter, lookup::security_context};
use lab_server::{domain_over_tls, domain_sealed, rejection_of};

fn initiator(connection: &Connection, user: &str, domain: &str, password: &str) -> Initiator {
    let channel = connection.channel(SaslMechanism::GssSpnego);
    let hash = NtHash::from_password(Password::from(password));
    let ephemeral = Ephemeral {
        now: FileTime(133_500_000_000_000_000),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let initiator = Initiator::new(user, domain, hash, ephemeral)
        .target_name(format!("ldap/{}", connection.host()))
        .protection(channel.protection);
    match &channel.bindings {
        Some(bindings) => initiator.channel_bindings(bindings),
        None => initiator,
    }
}

async fn bind(connection: &Connection, user: &str, domain: &str, password: &str) -> Result<(), Error> {
    let initiator = initiator(connection, user, domain, password);
    connection
        .bind_sasl(user, SaslMechanism::GssSpnego, Box::new(initiator))
        .await
}

/// The SID of `account`, as the connection finds it.
async fn sid(connection: &Connection, domain: &Domain, account: &str) -> Vec<u8> {
    let filter: Filter = format!("(sAMAccountName={account})").parse().unwrap();
    let found = connection
        .search(&domain.base, Scope::Subtree, &filter, &["objectSid"])
        .await
        .unwrap();
    found.entries[0].first("objectSid").unwrap().to_vec()
}

/// R7, R18: over TLS, with the binding; the server says whom it took for bound, by SID.
#[tokio::test]
async fn r7_over_tls_unsigned_with_a_binding() {
    let corp = corp();
    let connection = domain_over_tls(&corp).await;
    let channel = connection.channel(SaslMechanism::GssSpnego);
    assert_eq!(channel.protection, Protection::None);
    assert!(channel.bindings.is_some());
    let bound = bind(&connection, fixture::ORDINARY, &corp.netbios, &corp.user_password).await;
    assert_eq!(bound, Ok(()));
    let context = security_context(&connection.root_dse().await.unwrap());
    let sid = sid(&connection, &corp, fixture::ORDINARY).await;
    assert!(context.iter().any(|known| known.encode() == sid), "{context:?}");
}

/// D1: without TLS everything is sealed, many pages of it.
#[tokio::test]
async fn d1_sealed_pages_on_389() {
    let corp = corp();
    let connection = domain_sealed(&corp).await;
    let bound = bind(&connection, fixture::SYNC, &corp.netbios, &corp.service_password).await;
    assert_eq!(bound, Ok(()));
    let filter: Filter = "(&(objectCategory=person)(sAMAccountType=805306368))"
        .parse()
        .unwrap();
    let mut counts = BTreeSet::new();
    for page_size in [50, 500, 5000] {
        let mut search = connection.paged(&corp.base, Scope::Subtree, &filter, &["*"], page_size);
        let mut sids = BTreeSet::new();
        while let Some(entry) = search.next().await.unwrap() {
            sids.insert(entry.first("objectSid").unwrap().to_vec());
        }
        search.finish().unwrap();
        counts.insert(sids.len());
    }
    assert_eq!(counts.len(), 1, "{counts:?}");
    assert!(counts.first() > Some(&fixture::BIG_GROUP_MEMBERS), "{counts:?}");
}

async fn rejection(domain: &Domain, account: &str, password: &str) -> Rejection {
    let mut rejections = Vec::new();
    for connection in [domain_over_tls(domain).await, domain_sealed(domain).await] {
        match bind(&connection, account, &domain.netbios, password).await {
            Err(Error::BindRefused { rejection, name, .. }) if name == account => rejections.push(rejection),
            other => panic!("{account}: {other:?}"),
        }
    }
    assert_eq!(rejections[0], rejections[1], "{account}, with TLS and without");
    rejections[0]
}

/// R9: the reasons of a real domain controller.
#[tokio::test]
async fn r9_refusals() {
    let corp = corp();
    for (account, refusal) in fixture::REFUSED {
        let found = rejection(&corp, account, &corp.user_password).await;
        assert_eq!(found, rejection_of(refusal), "{account}");
    }
    assert_eq!(
        rejection(&corp, "st.protected", &corp.user_password).await,
        Rejection::AccountRestriction,
        "a member of Protected Users has no NTLM"
    );
    assert_eq!(
        rejection(&corp, fixture::ORDINARY, "wrong").await,
        Rejection::WrongPassword
    );
    assert_eq!(
        rejection(&corp, "nobody", &corp.user_password).await,
        Rejection::WrongPassword
    );
}

/// R1, A44: names beyond ASCII, UPNs, and a UPN with an alternate suffix.
#[tokio::test]
async fn a44_names_of_every_kind() {
    let corp = corp();
    let filter: Filter = "(&(objectCategory=person)(sAMAccountType=805306368))"
        .parse()
        .unwrap();
    let reader = domain_sealed(&corp).await;
    let bound = bind(&reader, fixture::SYNC, &corp.netbios, &corp.service_password).await;
    assert_eq!(bound, Ok(()));
    let names = ["sAMAccountName", "userPrincipalName"];
    let mut users = reader.paged(&corp.base, Scope::Subtree, &filter, &names, 500);
    let mut tried = 0;
    while let Some(user) = users.next().await.unwrap() {
        let account = user.text("sAMAccountName").unwrap();
        let names = [Some(account), user.text("userPrincipalName")];
        for name in names.into_iter().flatten().filter(|name| !name.is_ascii()) {
            let domain = if name == account { &corp.netbios } else { "" };
            let bound = bind(&domain_over_tls(&corp).await, name, domain, &corp.user_password).await;
            assert_eq!(bound, Ok(()), "{name}");
            tried += 1;
        }
    }
    users.finish().unwrap();
    assert!(tried > 3, "{tried} names beyond ASCII");
    for (name, domain) in [
        (corp.upn(fixture::ORDINARY), ""),
        (format!("grace.hopper@{}", fixture::UPN_SUFFIX), ""),
        (fixture::OTHER_PREFIX.to_owned(), corp.dns_domain.as_str()),
        (fixture::NO_UPN.to_uppercase(), corp.netbios.as_str()),
    ] {
        let bound = bind(&domain_sealed(&corp).await, &name, domain, &corp.user_password).await;
        assert_eq!(bound, Ok(()), "{name}");
    }
}

/// D1: a server that takes no SASL bind over TLS is a matter of its settings, not of the password.
#[tokio::test]
async fn d1_a_server_that_wants_binds_signed() {
    let corp = adlib_lab::directory_change();
    corp.restart_with("LAB_STRONG_AUTH", "yes");
    let bound = bind(
        &domain_over_tls(&corp).await,
        fixture::ORDINARY,
        &corp.netbios,
        &corp.user_password,
    )
    .await;
    assert!(
        matches!(bound, Err(Error::SaslOverTlsRefused { .. })),
        "{bound:?}"
    );
    let bound = bind(
        &domain_sealed(&corp).await,
        fixture::ORDINARY,
        &corp.netbios,
        &corp.user_password,
    )
    .await;
    assert_eq!(bound, Ok(()), "sealed it is taken");
}

/// D1: Samba knows no bindings, so that a wrong one passes: that a bind was accepted says nothing about them.
#[tokio::test]
async fn d1_bindings_are_not_compared_by_samba() {
    let corp = corp();
    let connection = domain_over_tls(&corp).await;
    let wrong = ChannelBindings::tls_server_end_point(&[0; 32]);
    let initiator = initiator(&connection, fixture::ORDINARY, &corp.netbios, &corp.user_password);
    let bound = connection
        .bind_sasl(
            fixture::ORDINARY,
            SaslMechanism::GssSpnego,
            Box::new(initiator.channel_bindings(&wrong)),
        )
        .await;
    assert_eq!(bound, Ok(()));
}
