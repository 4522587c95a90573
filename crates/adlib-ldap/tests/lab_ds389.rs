//! A real 389 Directory Server: the lab's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod lab_server;

use adlib_core::Password;
use adlib_lab::{
    ds389::{self, Server},
    fixture::Refusal,
};
use adlib_ldap::{Connection, Error, Incomplete, Rejection, Scope, read_domain};
use adlib_schema::{
    AttributeName, Filter, Mapper, Preset, Schema,
    read::{DirectoryRead, ReadBuilder},
};
use lab_server::over_tls;

async fn open(server: &Server) -> Connection {
    over_tls(&server.host, server.ip, &server.ca_file).await
}

async fn bind(server: &Server, name: &str, password: &str) -> Result<Connection, Error> {
    let connection = open(server).await;
    let password = Password::from(password);
    connection.bind_simple(name, &password).await?;
    Ok(connection)
}

async fn bound(server: &Server, account: &str) -> Connection {
    bind(server, &server.dn(account), &server.service_password)
        .await
        .unwrap()
}

/// Everything that `account` gets, in pages of `page_size`, and how the read ended.
async fn read(server: &Server, account: &str, page_size: u32) -> (DirectoryRead, Result<(), Error>) {
    let connection = bound(server, account).await;
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::Ds389)));
    let (name, base) = ("example.net", &server.base);
    let end = read_domain(&connection, name, base, page_size, &mut builder, &mut |_| {}).await;
    (builder.finish(), end)
}

/// R19: the root DSE is there before any bind, and tells what the server is.
#[tokio::test]
async fn r19_root_dse() {
    let server = ds389::ds389();
    let root = open(&server).await.root_dse().await.unwrap();
    assert_eq!(Preset::detect(&root), Some(Preset::Ds389));
}

/// R39: whoever may sign in may, and each refusal is one of its own.
#[tokio::test]
async fn r39_refusals() {
    let server = ds389::ds389();
    let right = server.user_password.as_str();
    for account in [ds389::USER, ds389::NESTED, "zoe"] {
        assert!(
            bind(&server, &server.dn(account), right).await.is_ok(),
            "{account}"
        );
    }
    let reasons = [
        (Refusal::Disabled, Rejection::Disabled),
        (Refusal::Locked, Rejection::Locked),
        (Refusal::MustChangePassword, Rejection::MustChangePassword),
        (Refusal::PasswordExpired, Rejection::PasswordExpired),
    ];
    let refused = ds389::REFUSED.map(|(account, refusal)| {
        let (_, rejection) = reasons.iter().find(|(known, _)| *known == refusal).unwrap();
        (account, right, *rejection)
    });
    let wrong = [
        (ds389::USER, "wrong", Rejection::WrongPassword),
        (ds389::NO_PASSWORD, right, Rejection::WrongPassword),
        (ds389::GONE, right, Rejection::WrongPassword),
        ("nobody", right, Rejection::WrongPassword),
    ];
    for (account, password, expected) in refused.into_iter().chain(wrong) {
        match bind(&server, &server.dn(account), password).await {
            Err(Error::BindRefused { rejection, .. }) => assert_eq!(rejection, expected, "{account}"),
            other => panic!("{account}: {other:?}"),
        }
    }
    let empty = bind(&server, &server.dn(ds389::USER), "").await.unwrap_err();
    assert!(matches!(empty, Error::EmptyPassword), "{empty}");
}

/// R39: an account is locked by wrong passwords, and then the right one does not help.
#[tokio::test]
async fn r39_the_lock() {
    let server = ds389::ds389_change();
    let name = server.dn(ds389::LOCKABLE);
    let rejection = async |password: &str| match bind(&server, &name, password).await {
        Err(Error::BindRefused { rejection, .. }) => Some(rejection),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(rejection(&server.user_password).await, None);
    for _ in 0..3 {
        rejection("wrong").await.unwrap();
    }
    assert_eq!(rejection(&server.user_password).await, Some(Rejection::Locked));
    let (read, _) = read(&server, ds389::SYNC, 50).await;
    let locked = |user: &&adlib_schema::record::User| user.state.locked_since.is_some();
    let locked: Vec<&str> = read
        .users
        .iter()
        .filter(locked)
        .map(|user| user.account.as_str())
        .collect();
    assert_eq!(locked, ["lockable", "locked"]);
}

/// R19, R23, R27: all users, with their keys and what stands in their way.
#[tokio::test]
async fn r27_everything_is_read() {
    let server = ds389::ds389();
    let (read, end) = read(&server, ds389::SYNC, 50).await;
    end.unwrap();
    assert!(read.completeness.complete().is_some(), "{:?}", read.completeness);
    assert_eq!(read.users.len(), 166);
    let user = |name: &str| read.users.iter().find(|user| user.account == name).unwrap();
    assert!(!user("disabled").state.enabled && user(ds389::USER).state.enabled);
    assert!(user("mustchange").state.must_change_password);
    assert!(user("locked").state.locked_since.is_some());
    let key = user(ds389::USER).key.as_str().to_owned();
    assert_eq!(
        key.split('-').map(str::len).collect::<Vec<_>>(),
        [8, 8, 8, 8],
        "{key}"
    );
    assert!(read.users.iter().all(|user| user.account != ds389::GONE));
}

/// R27: a tombstone that is asked for comes, and is no user.
#[tokio::test]
async fn r27_tombstones_are_no_users() {
    let server = ds389::ds389();
    let connection = bind(&server, &server.admin_dn, &server.admin_password)
        .await
        .unwrap();
    let filter = Filter::equal(AttributeName::from_static("objectClass"), "nsTombstone");
    let found = connection.search(&server.base, Scope::Subtree, &filter, &["uid", "objectClass"]);
    let found = found.await.unwrap();
    let gone = found
        .entries
        .iter()
        .find(|entry| entry.text("uid") == Some(ds389::GONE))
        .unwrap();
    let mapper = Mapper::new(Schema::of(Preset::Ds389));
    assert_eq!(mapper.map(gone, &mut Vec::new()), adlib_schema::Mapped::Other);
}

/// R27: limits make the read incomplete, whatever the size of the pages.
#[tokio::test]
async fn r27_limits_are_no_end() {
    let server = ds389::ds389();
    // The server counts the entries of a page only.
    let (whole, end) = read(&server, ds389::LIMITED, 90).await;
    end.unwrap();
    assert!(whole.completeness.complete().is_some());
    for (account, page_size) in [(ds389::LIMITED, 150), (ds389::SHALLOW, 40), (ds389::SHALLOW, 500)] {
        let (read, _) = read(&server, account, page_size).await;
        assert!(read.completeness.complete().is_none(), "{account} by {page_size}");
        assert!(read.users.len() < whole.users.len());
    }
    let connection = bound(&server, ds389::LIMITED).await;
    let everything = Filter::present(AttributeName::from_static("objectClass"));
    let found = connection
        .search(&server.base, Scope::Subtree, &everything, &["uid"])
        .await
        .unwrap();
    assert_eq!(found.incomplete, Some(Incomplete::SizeLimit));
}
