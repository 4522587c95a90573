//! A sealed connection to the lab's domain, in the hands of the `ldap3` crate, which cannot seal by itself (D1).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use adlib_core::{FileTime, Password};
use adlib_lab::{directory_change, fixture};
use adlib_ldap::{Connection, Endpoint, SaslMechanism, Settings, TransportSecurity};
use adlib_ntlm::{Ephemeral, Initiator, NtHash, SessionKey};
use ldap3::{Mod, Scope, SearchEntry, adapters::PagedResults};

/// Changes, comparisons and pages, signed and encrypted.
#[tokio::test]
async fn d1_changes_over_a_sealed_connection() {
    let change = directory_change();
    let corp = &*change;
    let mut settings = Settings::default();
    settings.security = TransportSecurity::Sasl;
    let endpoint = Endpoint::new(&corp.host, 389).at([corp.ip]);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let hash = NtHash::from_password(Password::from(corp.admin_password.as_str()));
    let ephemeral = Ephemeral {
        now: FileTime(133_500_000_000_000_000),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let channel = connection.channel(SaslMechanism::GssSpnego);
    let initiator = Initiator::new("Administrator", &corp.netbios, hash, ephemeral)
        .target_name(format!("ldap/{}", corp.host))
        .protection(channel.protection);
    connection
        .bind_sasl("Administrator", SaslMechanism::GssSpnego, Box::new(initiator))
        .await
        .unwrap();

    let mut ldap = connection.into_ldap3().await.unwrap();
    let filter = format!("(sAMAccountName={})", fixture::ORDINARY);
    let (found, _) = ldap
        .search(&corp.base, Scope::Subtree, &filter, vec!["cn"])
        .await
        .unwrap()
        .success()
        .unwrap();
    let user = found.into_iter().map(SearchEntry::construct);
    let dn = user.map(|entry| entry.dn).find(|dn| !dn.is_empty()).unwrap();
    let office = Mod::Replace("physicalDeliveryOfficeName", ["2.14"].into());
    ldap.modify(&dn, vec![office]).await.unwrap().success().unwrap();
    let same = ldap
        .compare(&dn, "physicalDeliveryOfficeName", "2.14")
        .await
        .unwrap();
    assert!(same.equal().unwrap());

    let pages = PagedResults::new(100);
    let mut stream = ldap
        .streaming_search_with(
            pages,
            &corp.base,
            Scope::Subtree,
            "(objectClass=user)",
            vec!["cn"],
        )
        .await
        .unwrap();
    let mut users = 0;
    while let Some(entry) = stream.next().await.unwrap() {
        users += usize::from(entry.0.id == 4);
    }
    assert!(users > 1000, "{users}");
}
