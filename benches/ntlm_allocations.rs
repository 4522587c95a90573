//! What a verification asks of the heap: nothing, but what it keeps.

#![allow(clippy::unwrap_used, reason = "tests")]

use adlib_core::{FileTime, gss::Protection};
use adlib_ntlm::{
    Acceptor, Ephemeral, Initiator, NtHash, PendingProof, Policy, ServerChallenge, ServerNames, SessionKey,
};

const NOW: FileTime = FileTime(133_500_000_000_000_000);

/// A client's answer, about to be read, with a MIC, key exchange and all names.
fn reading(hash: &NtHash) -> (impl FnOnce() -> PendingProof, usize) {
    let ephemeral = Ephemeral {
        now: NOW,
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let (negotiate, client) = Initiator::new("ada", "CORP", hash.clone(), ephemeral)
        .workstation("WS1")
        .target_name("ldap/app1.corp.example.com")
        .protection(Protection::Confidentiality)
        .negotiate();
    let names = ServerNames {
        netbios_computer: "APP1".into(),
        netbios_domain: "CORP".into(),
        ..ServerNames::default()
    };
    let challenge = ServerChallenge::new([3; 8]);
    let (challenge, awaiting) = Acceptor::new(names)
        .challenge(&negotiate, challenge, NOW)
        .unwrap();
    let (authenticate, _) = client.authenticate(&challenge).unwrap();
    let length = authenticate.len();
    let policy = Policy::default();
    let read = move || awaiting.authenticate(&authenticate, &policy, NOW, None).unwrap();
    (read, length)
}

/// R14: to compare proof and MIC takes no memory: none to exhaust, and no copy of a key that nobody wipes.
#[test]
fn verifying_allocates_nothing() {
    let hash = NtHash::from_password("secret".into());
    let (read, _) = reading(&hash);
    let pending = read();
    let mut session = None;
    let info = allocation_counter::measure(|| session = Some(pending.verify(&hash)));
    assert_eq!(info.count_total, 0);
    let session = session.unwrap().unwrap();
    assert_eq!(session.evidence().unwrap().mic.as_str(), "valid");
}

/// R14: what is kept until somebody knows the hash is the message, its two responses and four names.
#[test]
fn reading_allocates_what_is_kept() {
    let hash = NtHash::from_password("secret".into());
    let (read, length) = reading(&hash);
    let mut pending = None;
    let info = allocation_counter::measure(|| pending = Some(read()));
    assert_eq!(pending.unwrap().account().user, "ada");
    assert!(info.count_total <= 7, "{info:?}");
    assert!(info.bytes_max <= 2 * length as u64, "{info:?} for {length} bytes");
}
