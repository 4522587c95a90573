//! Against a real domain: the lab's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failure here is a failed test"
)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod lab_server;

use std::collections::BTreeSet;

use adlib_core::Password;
use adlib_lab::{Domain, corp, fixture};
use adlib_ldap::{
    Connection, Endpoint, Error, Rejection, Scope, Settings, TlsFailure, TransportSecurity, read_domain,
};
use adlib_schema::{AttributeName, Filter, Mapper, Preset, Schema, read::ReadBuilder};
use lab_server::{domain_over_tls, rejection_of, trusting};

async fn bound(corp: &Domain) -> Connection {
    let server = (&*corp.host, corp.ip, &*corp.ca_file);
    lab_server::bound(server, &corp.upn(fixture::SYNC), &corp.service_password).await
}

/// The DNs that a client that is not ours finds.
fn ldapsearch(corp: &Domain, filter: &str) -> BTreeSet<String> {
    let server = format!("ldaps://{}", corp.host);
    let name = corp.upn(fixture::SYNC);
    let output = adlib_lab::exec(&[
        "ldapsearch",
        "-LLL",
        "-x",
        "-o",
        "ldif-wrap=no",
        "-E",
        "pr=500/noprompt",
        "-E",
        "!1.2.840.113556.1.4.1339",
        "-H",
        &server,
        "-D",
        &name,
        "-w",
        &corp.service_password,
        "-b",
        &corp.base,
        filter,
        "objectSid",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| line.starts_with("objectSid:"))
        .map(str::to_owned)
        .collect()
}

async fn paged(corp: &Domain, filter: &str, page_size: u32) -> usize {
    let connection = bound(corp).await;
    let filter: Filter = filter.parse().unwrap();
    let mut search = connection.paged(&corp.base, Scope::Subtree, &filter, &["objectSid"], page_size);
    let mut sids = BTreeSet::new();
    while let Some(entry) = search.next().await.unwrap() {
        sids.insert(entry.first("objectSid").unwrap().to_vec());
    }
    search.finish().unwrap();
    sids.len()
}

/// R27: whatever the page size, what comes is what another client finds.
#[tokio::test]
async fn r27_pages_give_what_ldapsearch_finds() {
    let corp = corp();
    for filter in [
        "(&(objectCategory=person)(sAMAccountType=805306368))",
        "(objectCategory=group)",
    ] {
        let expected = ldapsearch(&corp, filter).len();
        assert!(expected > 30, "{filter}: {expected}");
        for page_size in [200, 1000] {
            assert_eq!(
                paged(&corp, filter, page_size).await,
                expected,
                "{filter} by {page_size}"
            );
        }
    }
}

/// R21, R22, R27: the whole domain, complete, with nested and primary groups and the large one.
#[tokio::test]
async fn r27_the_whole_domain_is_read() {
    let corp = corp();
    let connection = bound(&corp).await;
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::ActiveDirectory)));
    let mut entries = 0;
    read_domain(
        &connection,
        &corp.dns_domain,
        &corp.base,
        500,
        &mut builder,
        &mut |count| entries = count,
    )
    .await
    .unwrap();
    let read = builder.finish();
    assert!(read.completeness.complete().is_some(), "{:?}", read.completeness);
    assert_eq!(
        read.users.len(),
        ldapsearch(&corp, "(&(objectCategory=person)(sAMAccountType=805306368))").len()
    );
    assert_eq!(
        read.groups.len(),
        ldapsearch(&corp, "(objectCategory=group)").len()
    );
    assert!(entries >= read.users.len() + read.groups.len() + read.units.len());

    let user = |name: &str| read.users.iter().position(|user| user.account == name).unwrap();
    let group = |name: &str| read.groups.iter().position(|group| group.name == name).unwrap();
    let groups_of = |name| read.memberships.groups_of(user(name));
    for nested in fixture::NESTED_GROUPS {
        assert!(groups_of(fixture::NESTED).contains(&group(nested)), "{nested}");
    }
    for cyclic in fixture::CYCLIC_GROUPS {
        assert!(groups_of(fixture::ORDINARY).contains(&group(cyclic)), "{cyclic}");
    }
    assert!(groups_of(fixture::OTHER_PRIMARY).contains(&group(fixture::PRIMARY_GROUP)));
    assert_eq!(
        read.memberships.members_of(group(fixture::BIG_GROUP)).len(),
        fixture::BIG_GROUP_MEMBERS
    );
}

/// R27: a range that is asked for is completed, although this server cuts none by itself.
#[tokio::test]
async fn r27_ranges_are_completed() {
    let corp = corp();
    let connection = bound(&corp).await;
    let filter = Filter::equal(AttributeName::from_static("sAMAccountName"), fixture::BIG_GROUP);
    let found = connection
        .search(&corp.base, Scope::Subtree, &filter, &["member;range=0-99"])
        .await
        .unwrap();
    assert_eq!(found.incomplete, None);
    assert_eq!(
        found.entries[0].values("member").len(),
        fixture::BIG_GROUP_MEMBERS
    );
}

/// R19: the root DSE is there before any bind, and tells what the server is.
#[tokio::test]
async fn r19_root_dse() {
    let corp = corp();
    let root = domain_over_tls(&corp).await.root_dse().await.unwrap();
    assert_eq!(root.text("defaultNamingContext"), Some(corp.base.as_str()));
    assert_eq!(Preset::detect(&root), Some(Preset::ActiveDirectory));
}

/// R9: the reasons of a real domain controller.
#[tokio::test]
async fn r9_refusals() {
    let corp = corp();
    for (account, refusal) in fixture::REFUSED {
        assert_eq!(
            rejection(&corp, account, &corp.user_password).await,
            rejection_of(refusal),
            "{account}"
        );
    }
    assert_eq!(
        rejection(&corp, "nobody", &corp.user_password).await,
        Rejection::WrongPassword
    );
    let connection = domain_over_tls(&corp).await;
    let right = Password::from(corp.user_password.as_str());
    assert_eq!(
        connection.bind_simple(&corp.upn(fixture::ORDINARY), &right).await,
        Ok(())
    );
}

async fn rejection(corp: &Domain, account: &str, password: &str) -> Rejection {
    let bind = domain_over_tls(corp).await;
    match bind
        .bind_simple(&corp.upn(account), &Password::from(password))
        .await
    {
        Err(Error::BindRefused { rejection, .. }) => rejection,
        other => panic!("{account}: {other:?}"),
    }
}

/// R27: what may not be read is an error, not an empty answer.
#[tokio::test]
async fn a56_a_search_without_a_bind_is_an_error() {
    let corp = corp();
    let connection = domain_over_tls(&corp).await;
    let filter = Filter::present(AttributeName::from_static("objectClass"));
    let error = connection
        .search(&corp.base, Scope::Subtree, &filter, &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let error = bound(&corp)
        .await
        .search("OU=none", Scope::Subtree, &filter, &[])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NoSuchObject { .. } | Error::Refused { .. }),
        "{error}"
    );
}

/// A53: the lab's authority is not among the system's, and its certificate is for its own names.
#[tokio::test]
async fn a53_the_labs_certificate() {
    let corp = corp();
    let endpoint = Endpoint::new(&corp.host, corp.ldaps_port).at([corp.ip]);
    let system = Settings::default();
    let refused = Connection::open(&[endpoint], &system).await.unwrap_err();
    match refused {
        Error::Tls {
            failure: TlsFailure::UnknownAuthority,
            ..
        }
        | Error::Authorities(_) => {}
        other => panic!("{other}"),
    }
    let other_name = Endpoint::new("dc9.corp.example.com", corp.ldaps_port).at([corp.ip]);
    let refused = Connection::open(&[other_name], &trusting(&corp.ca_file))
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            Error::Tls {
                failure: TlsFailure::WrongName { .. },
                ..
            }
        ),
        "{refused}"
    );
}

/// The other way to TLS.
#[tokio::test]
async fn start_tls() {
    let corp = corp();
    let mut settings = trusting(&corp.ca_file);
    settings.security = TransportSecurity::StartTls;
    let servers = [Endpoint::new(&corp.host, 389).at([corp.ip])];
    let connection = Connection::open(&servers, &settings).await.unwrap();
    let password = Password::from(corp.service_password.as_str());
    assert_eq!(
        connection.bind_simple(&corp.upn(fixture::SYNC), &password).await,
        Ok(())
    );

    settings.danger_plain = true;
    let connection = Connection::open(&servers, &settings).await.unwrap();
    let error = connection
        .bind_simple(&corp.upn(fixture::SYNC), &password)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::StrongerAuthRequired { .. }), "{error}");
}
