//! The PAC of a real ticket: as Samba's library reads it, and altered.

use adlib_kerberos::{
    Accepted, Keytab, ServiceKey, UnverifiedTicket,
    pac::{BufferType, LogonInfo, PacContent, SignatureState, UnverifiedPac},
};
use adlib_lab::{Corp, corp, fixture, samba_reads_pac};

use crate::scene::{Service, ticket_of_corp};

/// A verdict, the bytes of its PAC by another's library, and the key that signed them.
fn accepted_pac(corp: &Corp, client: &str, name: &str) -> (Accepted, Vec<u8>, ServiceKey) {
    let initiator = corp.initiator(client, &corp.user_password, name);
    let token = initiator.token().unwrap();
    let mut peer = corp.acceptor().start();
    peer.step(&token).unwrap();
    let mut service = Service::of_corp(corp);
    service.policy.danger_accept_rc4 = true;
    let accepted = service.accept(&token).unwrap();
    let key = service.key_of(&accepted);
    (accepted, peer.pac().unwrap(), key)
}

/// The lines that Samba's library would print, from what we read.
fn lines(content: &PacContent) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in content.buffers() {
        lines.push(format!("buffer={}", kind.0));
        match *kind {
            BufferType::LOGON_INFO => lines.extend(logon_info(content.logon_info().unwrap())),
            BufferType::CLIENT_INFO => {
                let client = content.client_info().unwrap();
                lines.push(format!("client.time={}", client.auth_time.0));
                lines.push(format!("client.name={}", client.name));
            }
            BufferType::UPN_DNS_INFO => {
                let names = content.upn_dns_info().unwrap();
                lines.push(format!("names.upn={}", names.upn));
                lines.push(format!("names.dns_domain={}", names.dns_domain));
                lines.push(format!("names.constructed={}", u8::from(names.constructed)));
                lines.extend(names.account.iter().map(|name| format!("names.account={name}")));
                lines.extend(names.sid.iter().map(|sid| format!("names.sid={sid}")));
            }
            _ => {}
        }
    }
    lines
}

fn logon_info(logon: &LogonInfo) -> Vec<String> {
    let mut lines = vec![
        format!("logon.time={}", logon.logon_time.0),
        format!("logon.account={}", logon.account),
        format!("logon.full_name={}", logon.full_name),
        format!("logon.user={}", logon.user_rid),
        format!("logon.primary_group={}", logon.primary_group_rid),
    ];
    let groups = logon.groups.iter();
    lines.extend(groups.map(|group| format!("logon.group={}:{:#x}", group.rid, group.attributes)));
    lines.push(format!("logon.server={}", logon.logon_server));
    lines.push(format!("logon.domain={}", logon.domain));
    lines.push(format!("logon.domain_sid={}", logon.domain_sid));
    lines.push(format!(
        "logon.user_account_control={:#x}",
        logon.user_account_control
    ));
    let extra = logon.extra_sids.iter();
    lines.extend(extra.map(|extra| format!("logon.extra={}:{:#x}", extra.sid, extra.attributes)));
    lines.extend(
        logon
            .resource_domain_sid
            .iter()
            .map(|sid| format!("logon.resource_domain={sid}")),
    );
    let resource = logon.resource_groups.iter();
    lines.extend(resource.map(|group| format!("logon.resource_group={}:{:#x}", group.rid, group.attributes)));
    lines
}

/// R13: field by field, for users with few groups and many, of the other forest, with names in any script.
#[test]
fn every_field_as_samba_reads_it() {
    let corp = corp();
    let staff = format!("{}@{}", fixture::STAFF_ONLY, corp.staff.realm);
    for client in [
        fixture::ORDINARY,
        fixture::OTHER_PREFIX,
        fixture::ALTERNATE_SUFFIX,
        fixture::NO_UPN,
        fixture::OTHER_PRIMARY,
        fixture::NESTED,
        fixture::CROWDED,
        "田中",
        "emoji",
        &staff,
    ] {
        let (accepted, pac, key) = accepted_pac(&corp, client, &corp.http_service);
        let verified = UnverifiedPac::decode(&pac).unwrap().verify(&key).unwrap();
        assert_eq!(accepted.pac(), Some(&verified), "{client}: the same bytes");
        let theirs = samba_reads_pac(&pac);
        assert!(theirs.len() > 15, "{client}: {theirs:?}");
        assert_eq!(lines(verified.content()), theirs, "{client}");
    }
}

/// R13: what those fields come to.
#[test]
fn the_groups_of_a_real_pac() {
    let corp = corp();
    let pac_of = |account: &str| {
        let initiator = corp.initiator(account, &corp.user_password, &corp.http_service);
        let accepted = Service::of_corp(&corp)
            .accept(&initiator.token().unwrap())
            .unwrap();
        accepted.pac().unwrap().clone()
    };
    assert_eq!(pac_of(fixture::NO_UPN).upn(), None, "made up by the controller");
    let upn = pac_of(fixture::ALTERNATE_SUFFIX).upn().map(str::to_owned);
    assert_eq!(upn.as_deref(), Some("grace.hopper@acme.example"));
    let other = pac_of(fixture::OTHER_PRIMARY);
    assert_ne!(other.primary_group(), Some(513));
    assert_eq!(other.groups()[0].rid(), other.primary_group());
    let crowded = pac_of(fixture::CROWDED);
    let mut groups = crowded.groups().to_vec();
    groups.sort();
    groups.dedup();
    assert_eq!(groups.len(), crowded.groups().len(), "each once");
    assert!(groups.len() > fixture::CROWDED_GROUPS);
}

/// The keys of the controllers.
fn controllers_key(corp: &Corp) -> ServiceKey {
    let keytab = Keytab::decode(&corp.controllers_keytab()).unwrap();
    keytab.entries()[0].key.clone()
}

/// A18, A26: every signature that Samba makes, of a live ticket, AES and RC4.
#[test]
fn a26_all_signatures_of_a_live_ticket() {
    let corp = corp();
    let controllers = controllers_key(&corp);
    let valid = SignatureState::Valid;
    for account in [fixture::ORDINARY, fixture::CROWDED] {
        let ticket = ticket_of_corp(&corp, account);
        let keytab = Service::of_corp(&corp).keytab;
        let mut keys = keytab.entries().iter();
        let etype = adlib_kerberos::EncryptionType::Aes256Sha1;
        let own = keys.find(|entry| entry.principal == ticket.service && entry.key.etype() == etype);
        let ticket = UnverifiedTicket::decode(&ticket.ticket).unwrap();
        let report = ticket.report(&own.unwrap().key, Some(&controllers)).unwrap();
        assert_eq!(report.rejection, None);
        let signatures = report.pac.unwrap().signatures;
        assert_eq!((signatures.server, signatures.kdc), (valid, valid));
        assert_eq!((signatures.ticket, signatures.full), (valid, valid));
    }
    let (_, pac, key) = accepted_pac(&corp, fixture::ORDINARY, &corp.rc4_service);
    let signatures = UnverifiedPac::decode(&pac)
        .unwrap()
        .report(&key, Some(&controllers))
        .unwrap()
        .signatures;
    assert_eq!(
        (signatures.server, signatures.kdc, signatures.full),
        (valid, valid, valid)
    );
}

/// A19: a bit flipped in the PAC of a real ticket: every one, of a thousand groups one in 61.
#[test]
fn a19_a_real_pac_altered() {
    let corp = corp();
    let controllers = controllers_key(&corp);
    for (account, name, stride) in [
        (fixture::ORDINARY, &corp.http_service, 1),
        (fixture::ORDINARY, &corp.aes128_service, 1),
        (fixture::ORDINARY, &corp.rc4_service, 1),
        (fixture::CROWDED, &corp.http_service, 61),
    ] {
        let (_, pac, key) = accepted_pac(&corp, account, name);
        let believed = |pac: &[u8]| {
            let report = UnverifiedPac::decode(pac)
                .ok()
                .and_then(|pac| pac.report(&key, Some(&controllers)).ok());
            report.is_some_and(|report| report.rejection.is_none())
        };
        assert!(believed(&pac));
        for bit in (0..pac.len() * 8).step_by(stride) {
            let mut flipped = pac.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!believed(&flipped), "{account} for {name}, bit {bit}");
        }
    }
}
