//! Attacks on PACs.

use adlib_core::FileTime;
use adlib_kerberos::{
    EncryptionType, PacMode, PacState, ServiceKey, TicketReport, UnverifiedTicket,
    issue::{AD_IF_RELEVANT, AD_WIN2K_PAC, ApReqBuilder, PacBuilder, TicketBuilder, if_relevant},
    pac::{
        BufferType, GroupMembership, LogonInfo, PacRejection, PacSignatures, SignatureState, UnverifiedPac,
    },
};

use crate::scene::{Scene, random, service_key};

/// The reason for a ticket with `pac`.
fn reason_of(scene: &Scene, pac: Vec<u8>) -> &'static str {
    let elements = vec![if_relevant(&[(AD_WIN2K_PAC, pac)])];
    scene.reason_with(|ticket| ticket.authorization_data = elements)
}

/// The same for the PAC that `change` makes of the usual one, rightly signed.
fn reason_with(change: impl FnOnce(&mut PacBuilder)) -> &'static str {
    let scene = Scene::new();
    let mut pac = scene.pac();
    change(&mut pac);
    reason_of(&scene, pac.sign(&scene.key, &scene.controllers))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Where the line of the table for `kind` stands, and the range of its bytes.
fn line(pac: &[u8], kind: BufferType) -> (usize, std::ops::Range<usize>) {
    let count = usize::try_from(u32_at(pac, 0)).unwrap();
    let at = (0..count)
        .map(|line| 8 + 16 * line)
        .find(|at| u32_at(pac, *at) == kind.0)
        .unwrap();
    let offset = usize::try_from(u32_at(pac, at + 8)).unwrap();
    (at, offset..offset + usize::try_from(u32_at(pac, at + 4)).unwrap())
}

fn verify(pac: &[u8], key: &ServiceKey) -> Result<(), PacRejection> {
    UnverifiedPac::decode(pac)?.verify(key).map(|_| ())
}

#[test]
fn a17_pac_missing() {
    let mut scene = Scene::new();
    let without = |scene: &Scene| scene.request_with(|ticket| ticket.authorization_data.clear());
    assert_eq!(scene.reason(&without(&scene)), "pac-missing");
    for (mode, state) in [
        (PacMode::BestEffort, PacState::Absent),
        (PacMode::Off, PacState::Off),
    ] {
        scene.policy.pac = mode;
        let accepted = scene.accept(&without(&scene)).unwrap();
        assert_eq!(accepted.evidence().pac, state);
        assert!(accepted.pac().is_none());
    }
    scene.policy.pac = PacMode::BestEffort;
    let forged = scene.pac().sign(&scene.controllers, &scene.controllers);
    assert_eq!(
        reason_of(&scene, forged),
        "pac-server-signature",
        "one that is there must verify"
    );
}

#[test]
fn a18_server_signature_missing_unkeyed_of_another_type_or_wrong() {
    let scene = Scene::new();
    let usual = scene.pac().sign(&scene.key, &scene.controllers);
    let (at, range) = line(&usual, BufferType::SERVER_SIGNATURE);
    let mut missing = usual.clone();
    missing[at] = 99;
    assert_eq!(reason_of(&scene, missing), "pac-server-signature-missing");
    // CRC32, MD4, MD5, SHA-1, and the HMACs of other keys.
    for checksum_type in [1_i32, 2, 7, 14, 15, 19, 20, -138, 0, -1] {
        let mut unkeyed = usual.clone();
        unkeyed[range.start..range.start + 4].copy_from_slice(&checksum_type.to_le_bytes());
        assert_eq!(
            reason_of(&scene, unkeyed),
            "pac-server-signature-type",
            "{checksum_type}"
        );
    }
    let weaker = scene
        .pac()
        .sign(&service_key(EncryptionType::Rc4, 1), &scene.controllers);
    assert_eq!(reason_of(&scene, weaker), "pac-server-signature-type");
    let other_key = scene
        .pac()
        .sign(&service_key(EncryptionType::Aes256Sha1, 9), &scene.controllers);
    assert_eq!(reason_of(&scene, other_key), "pac-server-signature");
    let mut short = usual;
    short[at + 4] -= 4;
    assert_eq!(reason_of(&scene, short), "pac-server-signature");
}

#[test]
fn a19_every_bit_flipped() {
    for etype in EncryptionType::ALL {
        let scene = Scene::with_etype(etype);
        let pac = scene.pac().sign(&scene.key, &scene.controllers);
        assert_eq!(verify(&pac, &scene.key), Ok(()));
        for bit in 0..pac.len() * 8 {
            let mut flipped = pac.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // The controllers' signature is for the controllers to verify.
            let refused = verify(&flipped, &scene.key).is_err();
            let kdc = UnverifiedPac::decode(&flipped).map(|pac| pac.kdc_signature(&scene.controllers));
            assert!(
                refused || kdc.unwrap() == SignatureState::Invalid,
                "{etype} bit {bit}"
            );
        }
    }
}

#[test]
fn a20_counts_of_buffers() {
    let scene = Scene::new();
    for count in [0_u32, 1, 4097, u32::MAX] {
        let mut pac = scene.pac().sign(&scene.key, &scene.controllers);
        pac[..4].copy_from_slice(&count.to_le_bytes());
        assert!(reason_of(&scene, pac).starts_with("pac-"), "{count}");
    }
    for length in 0..scene.pac().sign(&scene.key, &scene.controllers).len() {
        let pac = scene.pac().sign(&scene.key, &scene.controllers);
        assert!(verify(&pac[..length], &scene.key).is_err(), "cut at {length}");
    }
}

#[test]
fn a21_client_info_of_another_ticket() {
    assert_eq!(
        reason_with(|pac| pac.client.as_mut().unwrap().name = "eve".into()),
        "pac-client-name"
    );
    assert_eq!(
        reason_with(|pac| pac.client.as_mut().unwrap().auth_time.0 += 10_000_000),
        "pac-client-time"
    );
    assert_eq!(
        reason_with(|pac| pac.client.as_mut().unwrap().auth_time = FileTime(0)),
        "pac-client-time"
    );
    assert_eq!(reason_with(|pac| pac.client = None), "pac-client-info-missing");
}

#[test]
fn a22_two_users_in_one_pac() {
    let other = Scene::domain().with_rid(500);
    assert_eq!(
        reason_with(|pac| pac.names.as_mut().unwrap().sid = other),
        "pac-sid-mismatch"
    );
    let requestor = |rid: u32| {
        let sid = Scene::domain().with_rid(rid).unwrap().encode();
        reason_with(|pac| pac.other.push((BufferType::REQUESTOR, sid)))
    };
    assert_eq!(requestor(500), "pac-sid-mismatch");
    assert_eq!(requestor(1103), "accepted");
}

#[test]
fn a23_logon_information_that_lies() {
    let scene = Scene::new();
    let pac = scene
        .pac()
        .with_extra_sid("S-1-18-1".parse().unwrap())
        .sign(&scene.key, &scene.controllers);
    let info = &pac[line(&pac, BufferType::LOGON_INFO).1];
    assert!(LogonInfo::decode(info).is_ok());
    for length in 0..info.len() - 8 {
        assert!(LogonInfo::decode(&info[..length]).is_err(), "cut at {length}");
    }
    // Every number in turn becomes huge, or a pointer that was used before: never a panic.
    for at in (16..info.len() - 4).step_by(4) {
        for value in [0, 1, 0x0002_0000, 0x0002_0004, 0x7fff_ffff, u32::MAX] {
            let mut lying = info.to_vec();
            lying[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let _ = LogonInfo::decode(&lying);
        }
    }
    // The pointer to the account name, at offset 48 of the structure, becomes the one of the full name.
    let pointer = 16 + 4 + 48 + 4;
    let mut reused = info.to_vec();
    reused.copy_within(pointer + 8..pointer + 12, pointer);
    assert!(LogonInfo::decode(&reused).is_err(), "a pointer used twice");
    // The number of groups, behind six strings, four short numbers and two identifiers.
    let count = 16 + 4 + 48 + 48 + 4 + 8;
    assert_eq!(u32_at(info, count), 2);
    for groups in [1, 3, 0x2000_0000, u32::MAX] {
        let mut huge = info.to_vec();
        huge[count..count + 4].copy_from_slice(&u32::to_le_bytes(groups));
        assert!(LogonInfo::decode(&huge).is_err(), "{groups} groups");
    }
}

#[test]
fn a25_authorization_data_that_lies() {
    let scene = Scene::new();
    let pac = || (AD_WIN2K_PAC, scene.pac().sign(&scene.key, &scene.controllers));
    let with =
        |elements: Vec<(i32, Vec<u8>)>| scene.reason_with(|ticket| ticket.authorization_data = elements);
    assert_eq!(
        with(vec![if_relevant(&[]), if_relevant(&[pac()])]),
        "accepted",
        "an empty one is harmless"
    );
    assert_eq!(
        with(vec![(AD_IF_RELEVANT, Vec::new()), if_relevant(&[pac()])]),
        "malformed"
    );
    assert_eq!(
        with(vec![if_relevant(&[pac()]), if_relevant(&[pac()])]),
        "pac-duplicate"
    );
    assert_eq!(with(vec![if_relevant(&[pac(), pac()])]), "pac-duplicate");
    let nested = (0..1000).fold(pac(), |inner, _| if_relevant(&[inner]));
    assert_eq!(with(vec![nested]), "authorization-data-nesting");
    assert_eq!(
        with(vec![(77, vec![1]), if_relevant(&[pac()])]),
        "unknown-authorization-data"
    );
    assert_eq!(
        with(vec![if_relevant(&[(77, vec![1]), pac()])]),
        "accepted",
        "unknown, but ignorable"
    );
    let mut request = scene.request();
    request.authorization_data = vec![if_relevant(&[pac()])];
    assert_eq!(scene.reason(&request), "pac-misplaced");
}

#[test]
fn a26_read_only_controllers_and_keys_of_another_type() {
    let scene = Scene::new();
    let mut pac = scene.pac();
    pac.rodc_identifier = Some(0x1234);
    let signed = pac.sign(&scene.key, &scene.controllers);
    assert_eq!(verify(&signed, &scene.key), Ok(()));
    let decoded = UnverifiedPac::decode(&signed).unwrap();
    assert_eq!(decoded.kdc_signature(&scene.controllers), SignatureState::Valid);

    let old_controllers = service_key(EncryptionType::Rc4, 5);
    let signed = scene.pac().sign(&scene.key, &old_controllers);
    assert_eq!(verify(&signed, &scene.key), Ok(()));
    let decoded = UnverifiedPac::decode(&signed).unwrap();
    assert_eq!(decoded.kdc_signature(&old_controllers), SignatureState::Valid);
    assert_eq!(decoded.kdc_signature(&scene.controllers), SignatureState::Invalid);
}

/// A26: the signatures of a controller of today, with keys of all types, each bit of the PAC flipped.
#[test]
fn a26_signatures_of_the_ticket_and_of_the_whole_pac() {
    for (etype, identifier) in EncryptionType::ALL
        .into_iter()
        .zip([None, Some(7), None, Some(9), None])
    {
        let scene = Scene::new();
        let controllers = service_key(etype, 2);
        let mut pac = scene.pac();
        pac.rodc_identifier = identifier;
        let ticket = scene
            .ticket_without_pac()
            .with_signed_pac(&pac, &scene.key, &controllers);
        let issued = ticket.encrypt(&scene.key, &mut random);
        assert_eq!(scene.reason(&ApReqBuilder::new(&issued, scene.now)), "accepted");

        let report = |der: &[u8], controllers: Option<&ServiceKey>| {
            let ticket = UnverifiedTicket::decode(der).unwrap();
            ticket.report(&scene.key, controllers).unwrap()
        };
        let whole = report(&issued.der, Some(&controllers));
        assert_eq!(whole.rejection, None);
        assert_eq!((&whole.client, &whole.service), (&scene.client, &scene.service));
        let [valid, invalid, unchecked] = [
            SignatureState::Valid,
            SignatureState::Invalid,
            SignatureState::NotChecked,
        ];
        let states = |server, kdc, ticket, full| PacSignatures {
            server,
            kdc,
            ticket,
            full,
        };
        let signatures = |report: &TicketReport| report.pac.as_ref().unwrap().signatures;
        assert_eq!(signatures(&whole), states(valid, valid, valid, valid));
        let blind = report(&issued.der, None);
        assert_eq!(signatures(&blind), states(valid, unchecked, unchecked, unchecked));
        let other = report(&issued.der, Some(&service_key(etype, 9)));
        assert_eq!(signatures(&other), states(valid, invalid, invalid, invalid));
        assert_eq!(other.rejection.unwrap().reason(), "pac-controllers-signature");
        assert_eq!(
            other.pac.unwrap().content.account(),
            Some("ada"),
            "and still it is shown"
        );

        // Another ticket around the same PAC.
        let mut changed = ticket.clone();
        changed.flags ^= 1;
        let changed = report(&changed.encrypt(&scene.key, &mut random).der, Some(&controllers));
        assert_eq!(signatures(&changed), states(valid, valid, invalid, valid));
    }
}

/// A19: the whole PAC's signature covers every bit but those of the other signatures.
#[test]
fn a19_every_bit_flipped_under_all_signatures() {
    let scene = Scene::new();
    let ticket = scene.ticket_without_pac();
    let ticket = ticket.with_signed_pac(&scene.pac(), &scene.key, &scene.controllers);
    let wrapped = &ticket.authorization_data[0].1;
    // Off comes AD-IF-RELEVANT, with lengths of two bytes.
    let start = wrapped.windows(2).position(|bytes| bytes == [7, 0]).unwrap();
    let pac = wrapped[start..].to_vec();
    assert_eq!(verify(&pac, &scene.key), Ok(()));
    let decoded = UnverifiedPac::decode(&pac).unwrap();
    assert_eq!(decoded.full_signature(&scene.controllers), SignatureState::Valid);
    for bit in 0..pac.len() * 8 {
        let mut flipped = pac.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(decoded) = UnverifiedPac::decode(&flipped) else {
            continue;
        };
        let report = decoded.report(&scene.key, Some(&scene.controllers));
        assert!(
            report.is_err() || report.unwrap().rejection.is_some(),
            "bit {bit}"
        );
    }
}

/// An operator looks at a ticket: what is wrong is reported beside what it says.
#[test]
fn tickets_are_reported_whatever_is_wrong_with_them() {
    let scene = Scene::new();
    let report = |scene: &Scene, ticket: &TicketBuilder| {
        let issued = ticket.encrypt(&scene.key, &mut random);
        UnverifiedTicket::decode(&issued.der)
            .unwrap()
            .report(&scene.key, None)
    };
    let reason = |ticket: &TicketBuilder| report(&scene, ticket).unwrap().rejection.unwrap().reason();
    assert!(report(&scene, &scene.ticket_without_pac()).unwrap().pac.is_none());
    let forged = scene.pac().sign(&scene.controllers, &scene.controllers);
    assert_eq!(
        reason(&scene.ticket_without_pac().with_pac(forged)),
        "pac-server-signature"
    );
    let mut other = scene.pac();
    other.client.as_mut().unwrap().name = "eve".into();
    let other = other.sign(&scene.key, &scene.controllers);
    assert_eq!(
        reason(&scene.ticket_without_pac().with_pac(other.clone())),
        "pac-client-name"
    );
    assert_eq!(reason(&scene.ticket().with_pac(other)), "pac-duplicate");
    assert_eq!(
        reason(&scene.ticket_without_pac().with_pac(b"no PAC".to_vec())),
        "pac-malformed"
    );

    let with = |change: &dyn Fn(&mut TicketBuilder)| {
        let mut ticket = scene.ticket();
        change(&mut ticket);
        report(&scene, &ticket).unwrap_err().reason()
    };
    assert_eq!(with(&|ticket| ticket.ticket_etype = Some(3)), "des-etype");
    assert_eq!(with(&|ticket| ticket.ticket_etype = Some(99)), "unknown-etype");
    assert_eq!(with(&|ticket| ticket.ticket_etype = Some(17)), "no-key");
    let issued = scene.issued();
    let opened = UnverifiedTicket::decode(&issued.der)
        .unwrap()
        .report(&scene.controllers, None);
    assert_eq!(opened.unwrap_err().reason(), "ticket-not-opened");
    // RC4 is admitted here, where nobody is signed in.
    let weak = Scene::with_etype(EncryptionType::Rc4);
    assert!(report(&weak, &weak.ticket()).unwrap().rejection.is_none());
}

/// The buffers that few ask for.
#[test]
fn other_buffers_are_read_when_they_are_asked_for() {
    let scene = Scene::new();
    let mut pac = scene.pac();
    pac.other
        .push((BufferType::ATTRIBUTES, vec![2, 0, 0, 0, 1, 0, 0, 0]));
    pac.other.push((BufferType::CREDENTIALS, b"sealed".to_vec()));
    pac.other.push((BufferType::CLIENT_CLAIMS, b"broken".to_vec()));
    let user = Scene::domain().with_rid(1103).unwrap();
    pac.other.push((BufferType::REQUESTOR, user.encode()));
    let signed = pac.sign(&scene.key, &scene.controllers);
    let verified = UnverifiedPac::decode(&signed)
        .unwrap()
        .verify(&scene.key)
        .unwrap();
    let content = verified.content();
    let attributes = content.attributes().unwrap().unwrap();
    assert!(attributes.requested && !attributes.given_implicitly);
    assert_eq!(content.credentials(), Some(&b"sealed"[..]));
    assert_eq!(content.requestor(), Some(user));
    assert!(content.claims().is_err());
    assert_eq!(content.device_claims(), Ok(None));
    assert_eq!(content.delegation(), Ok(None));
    assert_eq!(content.device(), Ok(None));
    assert_eq!(content.client_info().unwrap().name, "ada");
    assert_eq!(content.upn_dns_info().unwrap().sid, Some(user));
}

#[test]
fn a27_unknown_buffers_and_no_logon_information() {
    let scene = Scene::new();
    let mut pac = scene.pac();
    pac.logon = None;
    pac.other.push((BufferType(4711), b"anything".to_vec()));
    let elements = vec![if_relevant(&[(
        AD_WIN2K_PAC,
        pac.sign(&scene.key, &scene.controllers),
    )])];
    let accepted = scene
        .accept(&scene.request_with(|ticket| ticket.authorization_data = elements))
        .unwrap();
    assert_eq!(accepted.evidence().pac, PacState::NamesNoUser);
    let pac = accepted.pac().unwrap();
    assert_eq!(pac.user_sid(), None);
    assert!(pac.groups().is_empty());
    assert_eq!(pac.buffers(), [10, 12, 4711, 6, 7].map(BufferType));
}

/// R13, R21
#[test]
fn groups_of_all_kinds_are_listed_once_and_those_that_deny_are_not() {
    let scene = Scene::new();
    let foreign = "S-1-5-21-9-9-9-1200".parse().unwrap();
    let mut pac = scene.pac().with_extra_sid(foreign).with_extra_sid(foreign);
    let logon = pac.logon.as_mut().unwrap();
    logon.groups.push(GroupMembership {
        rid: 1166,
        attributes: 0x10,
    });
    logon.resource_domain_sid = "S-1-5-21-7-7-7".parse().ok();
    logon.resource_groups = vec![GroupMembership {
        rid: 2000,
        attributes: 0x2000_0007,
    }];
    let signed = pac.sign(&scene.key, &scene.controllers);
    let verified = UnverifiedPac::decode(&signed)
        .unwrap()
        .verify(&scene.key)
        .unwrap();
    let groups: Vec<String> = verified.groups().iter().map(ToString::to_string).collect();
    let domain = Scene::domain();
    let expected = [
        format!("{domain}-513"),
        format!("{domain}-1165"),
        "S-1-5-21-9-9-9-1200".into(),
        "S-1-5-21-7-7-7-2000".into(),
    ];
    assert_eq!(groups, expected);
    assert_eq!(verified.primary_group(), Some(513));
    assert_eq!(verified.account(), Some("ada"));
    assert_eq!(verified.domain(), Some("CORP"));
    assert_eq!(verified.dns_domain(), Some("CORP.EXAMPLE.COM"));
    assert_eq!(verified.logon_time(), Some(scene.auth_time()));
}

/// R13: MS-PAC 2.5 has the user's SID among the extra ones when it is of no domain.
#[test]
fn a_user_without_a_rid_is_the_first_extra_sid() {
    let scene = Scene::new();
    let (user, group) = ("S-1-5-21-9-9-9-1".parse().unwrap(), "S-1-18-1".parse().unwrap());
    let mut pac = scene.pac().with_extra_sid(user).with_extra_sid(group);
    pac.logon.as_mut().unwrap().user_rid = 0;
    pac.names = None;
    let signed = pac.sign(&scene.key, &scene.controllers);
    let verified = UnverifiedPac::decode(&signed)
        .unwrap()
        .verify(&scene.key)
        .unwrap();
    assert_eq!(verified.user_sid(), Some(user));
    assert!(!verified.groups().contains(&user) && verified.groups().contains(&group));
}
