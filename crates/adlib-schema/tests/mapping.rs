//! Entries of each kind of server as records.
#![allow(clippy::unwrap_used, clippy::panic)]

use adlib_core::{Guid, Sid};
use adlib_schema::{
    AttributeName, CardFormat, CardRule, Mapped, Mapper, Preset, RawEntry, Schema, UserName, lookup,
    read::Warning,
    record::{Group, Member, User},
};
use proptest::prelude::*;

const DOMAIN_SID: &str = "S-1-5-21-1111111111-2222222222-3333333333";

fn entry(dn: &str, attributes: &[(&str, &str)]) -> RawEntry {
    let mut entry = RawEntry::new(dn);
    for (name, value) in attributes {
        entry.push(name, *value);
    }
    entry
}

/// An account as Active Directory gives it.
fn account(name: &str, account_type: &str, category: &str, rid: u32) -> RawEntry {
    let mut account = entry(
        &format!("CN={name},OU=Berlin,DC=Corp,DC=example,DC=com"),
        &[
            ("objectClass", "top"),
            ("objectClass", "user"),
            (
                "objectCategory",
                &format!("CN={category},CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com"),
            ),
            ("sAMAccountName", name),
            ("sAMAccountType", account_type),
            ("userAccountControl", "66048"),
            ("primaryGroupID", "513"),
        ],
    );
    let sid: Sid = format!("{DOMAIN_SID}-{rid}").parse().unwrap();
    account.push("objectSid", sid.encode());
    account.push("objectGUID", [rid.to_le_bytes(), [1; 4], [2; 4], [3; 4]].concat());
    account
}

fn ada() -> RawEntry {
    account("ada", "805306368", "Person", 1104)
}

fn active_directory() -> Mapper {
    Mapper::new(Schema::of(Preset::ActiveDirectory))
}

fn map(mapper: &Mapper, entry: &RawEntry) -> (Mapped, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mapped = mapper.map(entry, &mut warnings);
    (mapped, warnings)
}

fn user(mapper: &Mapper, entry: &RawEntry) -> (User, Vec<Warning>) {
    match map(mapper, entry) {
        (Mapped::User(user), warnings) => (*user, warnings),
        (other, _) => panic!("{other:?}"),
    }
}

fn group(mapper: &Mapper, entry: &RawEntry) -> Group {
    match map(mapper, entry) {
        (Mapped::Group(group), _) => *group,
        (other, _) => panic!("{other:?}"),
    }
}

/// R19: the fields of Active Directory.
#[test]
fn r19_user_of_active_directory() {
    let mut ada = ada();
    for (name, value) in [
        ("userPrincipalName", "ada@acme.example"),
        ("displayName", "Ada Lovelace"),
        ("mail", "ada@acme.example"),
        ("department", "Engineering"),
        ("physicalDeliveryOfficeName", "B1-101"),
        ("pager", "0000012345"),
        ("homeDirectory", r"\\files\ada"),
    ] {
        ada.push(name, value);
    }
    let (ada, warnings) = user(&active_directory(), &ada);
    assert_eq!(warnings, []);
    assert_eq!(
        ada.key.as_str(),
        Guid::from_bytes([0x50, 4, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]).to_string()
    );
    assert_eq!(ada.sid.unwrap().rid(), Some(1104));
    assert_eq!(ada.domain, "corp.example.com");
    assert_eq!(ada.account, "ada");
    assert_eq!(ada.upn.as_deref(), Some("ada@acme.example"));
    assert_eq!(ada.full_name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(ada.email.as_deref(), Some("ada@acme.example"));
    assert_eq!(ada.department.as_deref(), Some("Engineering"));
    assert_eq!(ada.office.as_deref(), Some("B1-101"));
    assert_eq!(ada.cards, ["0000012345"]);
    assert_eq!(ada.home_directory.as_deref(), Some(r"\\files\ada"));
    assert_eq!(ada.primary_group, Some(format!("{DOMAIN_SID}-513")));
    assert!(ada.state.enabled);
}

/// R35: what an account was before it moved, each once and in order; only Active Directory has such a memory.
#[test]
fn r35_sid_history() {
    let sid = |rid: u32| format!("S-1-5-21-7-8-9-{rid}").parse::<Sid>().unwrap();
    let mut moved = ada();
    for rid in [1200, 1104, 1200] {
        moved.push("sIDHistory", sid(rid).encode());
    }
    let (user_of_ad, warnings) = user(&active_directory(), &moved);
    assert_eq!(user_of_ad.sid_history, [sid(1104), sid(1200)]);
    assert_eq!(warnings, []);
    assert_eq!(user(&active_directory(), &ada()).0.sid_history, []);
    let mut elsewhere = entry(
        "uid=ada,dc=example",
        &[("objectClass", "inetOrgPerson"), ("uid", "ada")],
    );
    elsewhere.push("sIDHistory", sid(1104).encode());
    let of_openldap = user(&Mapper::new(Schema::of(Preset::OpenLdap)), &elsewhere).0;
    assert_eq!(of_openldap.sid_history, []);
}

/// A61: what is no SID is left out, and so is what is too much.
#[test]
fn a61_odd_sid_history() {
    let mut odd = ada();
    odd.push("sIDHistory", b"\x01\x05\x00");
    odd.push("sIDHistory", "S-1-5-21-7-8-9-1104");
    let (mapped, warnings) = user(&active_directory(), &odd);
    assert_eq!(mapped.sid_history, ["S-1-5-21-7-8-9-1104".parse().unwrap()]);
    assert!(warnings[0].message.contains("`sIDHistory`"), "{warnings:?}");
    let mut long = ada();
    for rid in 0..500 {
        long.push("sIDHistory", format!("S-1-5-21-7-8-9-{rid}"));
    }
    let (mapped, warnings) = user(&active_directory(), &long);
    assert_eq!((mapped.sid_history.len(), warnings.len()), (100, 1));
}

/// R19: computers, service accounts, contacts and deleted objects are not users.
#[test]
fn r19_what_is_not_a_user() {
    let mapper = active_directory();
    let contact = entry(
        "CN=External Contact,DC=corp",
        &[
            ("objectClass", "contact"),
            ("objectCategory", "CN=Person,CN=Schema,CN=Configuration,DC=corp"),
            ("mail", "contact@partner.example"),
        ],
    );
    let mut gone = ada();
    gone.push("isDeleted", "TRUE");
    for other in [
        account("APP1$", "805306369", "Computer", 1200),
        account("gmsa1$", "805306369", "ms-DS-Group-Managed-Service-Account", 1201),
        account("trust$", "805306370", "Person", 1202),
        contact,
        gone,
        RawEntry::default(),
    ] {
        assert_eq!(map(&mapper, &other).0, Mapped::Other, "{}", other.dn());
    }
}

/// R9, R23: what the flags and times of an account say.
#[test]
fn r23_account_states_of_active_directory() {
    const SOME_TIME: &str = "133444736000000000";
    let state = |attributes: &[(&str, &str)]| {
        let mut ada = account("ada", "805306368", "Person", 1104);
        let mut changed = RawEntry::new(ada.dn());
        for (name, values) in ada
            .attributes()
            .filter(|(name, _)| !attributes.iter().any(|(new, _)| new == name))
        {
            changed.push_all(name, values);
        }
        attributes
            .iter()
            .for_each(|(name, value)| changed.push(name, *value));
        ada = changed;
        user(&active_directory(), &ada).0.state
    };
    assert!(!state(&[("userAccountControl", "66050")]).enabled);
    assert!(state(&[("userAccountControl", "nonsense")]).enabled);
    assert_eq!(state(&[("accountExpires", "0")]).expires, None);
    assert_eq!(state(&[("accountExpires", "9223372036854775807")]).expires, None);
    let expires = state(&[("accountExpires", SOME_TIME)]).expires.unwrap();
    assert_eq!(expires.to_string(), "2023-11-14T22:13:20Z");
    // Locked: while the computed flag says so, or where it is not known.
    assert!(state(&[("lockoutTime", SOME_TIME)]).locked_since.is_some());
    assert!(state(&[("lockoutTime", "0")]).locked_since.is_none());
    let computed = |flags| {
        state(&[
            ("lockoutTime", SOME_TIME),
            ("msDS-User-Account-Control-Computed", flags),
        ])
    };
    assert!(computed("16").locked_since.is_some());
    assert!(computed("0").locked_since.is_none());
    // Must change: unless the password never expires.
    assert!(state(&[("userAccountControl", "512"), ("pwdLastSet", "0")]).must_change_password);
    assert!(!state(&[("userAccountControl", "66048"), ("pwdLastSet", "0")]).must_change_password);
    assert!(!state(&[("userAccountControl", "512"), ("pwdLastSet", SOME_TIME)]).must_change_password);
    assert!(
        state(&[
            ("pwdLastSet", SOME_TIME),
            ("msDS-User-Account-Control-Computed", "8388608")
        ])
        .password_expired
    );
}

/// R23: 0 and 2^63-1 are both "never", in every attribute with a time; so is what is no time.
#[test]
fn r23_never_is_written_in_two_ways() {
    for never in [
        "0",
        "9223372036854775807",
        "-1",
        "9223372036854775808",
        "soon",
        "",
    ] {
        let mut ada = ada();
        ada.push("accountExpires", never);
        ada.push("lockoutTime", never);
        ada.push("msDS-User-Account-Control-Computed", "16");
        let state = user(&active_directory(), &ada).0.state;
        assert_eq!((state.expires, state.locked_since), (None, None), "{never}");
        assert!(state.enabled);
    }
    // A password that was never set must be changed; one that was set at no time that is known need not be.
    for (last_set, must_change) in [("0", true), ("9223372036854775807", false), ("-1", false)] {
        let mut bob = entry(
            "CN=bob,DC=corp",
            &[("userAccountControl", "512"), ("pwdLastSet", last_set)],
        );
        for (name, values) in ada()
            .attributes()
            .filter(|(name, _)| *name != "userAccountControl")
        {
            bob.push_all(name, values);
        }
        let state = user(&active_directory(), &bob).0.state;
        assert_eq!(state.must_change_password, must_change, "{last_set}");
    }
}

/// R24: two cards by a rule, and a PIN of digits only.
#[test]
fn r24_cards_and_pin() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set("user-second-card-id-field", vec!["employeeID".to_owned()])
        .unwrap();
    schema
        .set("user-pin-field", vec!["extensionAttribute1".to_owned()])
        .unwrap();
    let rule = CardRule::new(Some(r"ID-(\w+)"), CardFormat::Hex).unwrap();
    let mapper = Mapper::new(schema).with_card_rule(rule);
    let mut ada = ada();
    ada.push("pager", "badge ID-ff");
    ada.push("employeeID", "ID-00ff");
    ada.push("extensionAttribute1", "4711");
    let (mapped, warnings) = user(&mapper, &ada);
    assert_eq!(mapped.cards, ["255"]);
    assert_eq!(mapped.pin.unwrap().expose(), "4711");
    assert_eq!(warnings, []);

    let mut bob = account("bob", "805306368", "Person", 1105);
    bob.push("pager", "ID-xyz");
    bob.push("extensionAttribute1", "secret-12");
    let (mapped, warnings) = user(&mapper, &bob);
    assert!(mapped.cards.is_empty() && mapped.pin.is_none());
    assert_eq!(warnings.len(), 2);
    // A63: neither value is told.
    assert!(
        warnings
            .iter()
            .all(|warning| !warning.message.contains("secret") && !warning.message.contains("xyz"))
    );
}

/// R24: of several values the first that has a number gives it, and a warning only comes where none has.
#[test]
fn r24_a_card_among_other_values() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set(
            "user-card-id-field",
            vec!["otherPager".to_owned(), "pager".to_owned()],
        )
        .unwrap();
    let rule = CardRule::new(Some(r"^card:(.*)$"), CardFormat::HexReversed).unwrap();
    let mapper = Mapper::new(schema).with_card_rule(rule);
    let mut ada = ada();
    for value in ["room 7", "card:none", "card:04 A1 B2", "card:ff"] {
        ada.push("otherPager", value);
    }
    let (mapped, warnings) = user(&mapper, &ada);
    assert_eq!((mapped.cards, warnings.len()), (vec!["11706628".to_owned()], 0));
    let mut bob = account("bob", "805306368", "Person", 1105);
    bob.push("otherPager", "room 8");
    bob.push("pager", "card:0100");
    let (mapped, warnings) = user(&mapper, &bob);
    assert_eq!((mapped.cards, warnings.len()), (vec!["1".to_owned()], 0));
    let mut eve = account("eve", "805306368", "Person", 1106);
    eve.push("otherPager", "card:none");
    eve.push("otherPager", "card:lost");
    let (mapped, warnings) = user(&mapper, &eve);
    assert!(mapped.cards.is_empty());
    assert!(
        matches!(&warnings[..], [one] if one.message.contains("hex-reversed")),
        "{warnings:?}"
    );
}

/// R25: further addresses, single- and multi-valued, by a name that counts with its case.
#[test]
fn r25_other_emails() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set(
            "other-emails-field",
            vec!["proxyAddresses".to_owned(), "otherMailbox".to_owned()],
        )
        .unwrap();
    let mapper = Mapper::new(schema);
    let mut ada = ada();
    ada.push("mail", "ada@acme.example");
    ada.push("proxyAddresses", "SMTP:Ada@acme.example");
    ada.push("proxyAddresses", "smtp:a.lovelace@acme.example");
    ada.push("proxyAddresses", "X500:/o=Acme/cn=ada");
    ada.push(
        "otherMailbox",
        "ada@home.example; ada@work.example, ADA@home.example",
    );
    let emails = ["a.lovelace@acme.example", "ada@home.example", "ada@work.example"];
    assert_eq!(user(&mapper, &ada).0.other_emails, emails);

    let mut bob = account("bob", "805306368", "Person", 1105);
    bob.push("PROXYADDRESSES", "smtp:bob@acme.example");
    assert!(user(&mapper, &bob).0.other_emails.is_empty());
}

/// R25: values of any kind in the attribute: text with one address or several, other kinds of addresses, bytes.
#[test]
fn r25_addresses_among_values_of_any_kind() {
    let mut schema = Schema::of(Preset::OpenLdap);
    schema
        .set("other-emails-field", vec!["mailAlternateAddress".to_owned()])
        .unwrap();
    let mut ada = entry("uid=ada,dc=example", &[("uid", "ada"), ("entryUUID", "1")]);
    for value in [
        &b"  "[..],
        b";, ;",
        b"\xff\xfe",
        b"SIP:ada@sip.example",
        b"x400:C=DE;A= ;P=acme;S=Lovelace;",
        b" smtp: zero@x.example; SIP:ada@x.example",
        b"SmTp: one@x.example ",
        b"two@x.example;three@x.example",
        b"v6@[IPv6:2001:db8::1]",
    ] {
        ada.push("mailAlternateAddress", value);
    }
    let (ada, warnings) = user(&Mapper::new(schema), &ada);
    assert_eq!(
        ada.other_emails[..],
        [
            "zero@x.example",
            "one@x.example",
            "two@x.example",
            "three@x.example",
            "v6@[IPv6:2001:db8::1]"
        ]
    );
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

/// R26: department and office from other attributes, the first that has a value.
#[test]
fn r26_other_attributes() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set(
            "user-department-field",
            vec!["division".to_owned(), "company".to_owned()],
        )
        .unwrap();
    schema
        .set("user-office-field", vec!["roomNumber".to_owned()])
        .unwrap();
    let mut ada = ada();
    ada.push("division", "  ");
    ada.push("company", "Acme Labs");
    ada.push("roomNumber", "7");
    let (ada, _) = user(&Mapper::new(schema), &ada);
    assert_eq!(
        (ada.department.as_deref(), ada.office.as_deref()),
        (Some("Acme Labs"), Some("7"))
    );
}

/// A UPN as the user name: those without one, or with one that is too long, are told.
#[test]
fn user_names_by_upn() {
    let mapper = active_directory().with_user_name(UserName::Upn);
    let (noupn, warnings) = user(&mapper, &ada());
    assert_eq!(UserName::Upn.of(&noupn), None);
    assert!(warnings[0].message.contains("no user principal name"));
    let mut long = ada();
    long.push(
        "userPrincipalName",
        format!("{}@corp.example.com", "a".repeat(40)),
    );
    assert!(user(&mapper, &long).1[0].message.contains("57 characters"));
}

/// R35: where a lasting key is missing, the DN stands in, with a warning.
#[test]
fn r35_keys_and_what_stands_in() {
    let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    let mut bob = entry("UID=Bob, dc=Example", &[("uid", "bob")]);
    let (mapped, warnings) = user(&mapper, &bob);
    assert_eq!(mapped.key.as_str(), "uid=bob,dc=example");
    assert!(warnings[0].message.contains("entryUUID"));
    bob.push("entryUUID", "597AE2F6-16A6-1027-98F4-D28B5365DC14");
    let (mapped, warnings) = user(&mapper, &bob);
    assert_eq!(
        (mapped.key.as_str(), warnings.len()),
        ("597ae2f6-16a6-1027-98f4-d28b5365dc14", 0)
    );
    // Exports may write a GUID and a SID as text.
    let mut text = entry("CN=x,DC=corp", &[]);
    for (name, values) in ada()
        .attributes()
        .filter(|(name, _)| !name.starts_with("objectGUID") && *name != "objectSid")
    {
        text.push_all(name, values);
    }
    text.push("objectGUID", "{00112233-4455-6677-8899-AABBCCDDEEFF}");
    text.push("objectSid", format!("{DOMAIN_SID}-1104"));
    let (mapped, warnings) = user(&active_directory(), &text);
    assert_eq!(mapped.key.as_str(), "00112233-4455-6677-8899-aabbccddeeff");
    assert_eq!(mapped.primary_group, Some(format!("{DOMAIN_SID}-513")));
    assert_eq!(warnings, []);
}

/// R19: the users of the other presets.
#[test]
fn r19_users_of_the_other_presets() {
    let people = "ou=people,dc=example,dc=org";
    for (preset, attributes, key) in [
        (
            Preset::OpenLdap,
            vec![("uid", "ada"), ("entryUUID", "k1"), ("departmentNumber", "R&D")],
            "k1",
        ),
        (
            Preset::Unix,
            vec![
                ("uid", "ada"),
                ("apple-generateduid", "K2"),
                ("departmentNumber", "R&D"),
            ],
            "k2",
        ),
        (
            Preset::OpenDirectory,
            vec![("uid", "ada"), ("entryUUID", "k3"), ("departmentNumber", "R&D")],
            "k3",
        ),
        (
            Preset::Ds389,
            vec![
                ("uid", "ada"),
                ("nsUniqueId", "k4-1-2-3"),
                ("departmentNumber", "R&D"),
            ],
            "k4-1-2-3",
        ),
        (
            Preset::EDirectory,
            vec![
                ("cn", "ada"),
                ("objectClass", "Person"),
                ("fullName", "Ada"),
                ("GUID", "\x01234567890abcdef"),
                ("ou", "R&D"),
            ],
            "34333201-3635-3837-3930-616263646566",
        ),
    ] {
        let mut ada = entry(&format!("cn=ada,{people}"), &attributes);
        ada.push("employeeNumber", "1001");
        if preset != Preset::EDirectory {
            ada.push("cn", "Ada");
        }
        let (ada, warnings) = user(&Mapper::new(Schema::of(preset)), &ada);
        assert_eq!(warnings, [], "{preset}");
        assert_eq!((ada.account.as_str(), ada.key.as_str()), ("ada", key), "{preset}");
        assert_eq!(ada.full_name.as_deref(), Some("Ada"), "{preset}");
        assert_eq!(ada.department.as_deref(), Some("R&D"), "{preset}");
        assert_eq!(ada.cards, ["1001"], "{preset}");
        assert_eq!(ada.domain, "example.org", "{preset}");
    }
}

/// Every knob of a preset: fields as the names of their attributes, searches as filters.
fn knobs(schema: &Schema) -> Vec<(&'static str, String)> {
    let field = |names: &[AttributeName]| {
        let names: Vec<&str> = names.iter().map(AttributeName::as_str).collect();
        names.join(", ")
    };
    vec![
        ("user-name-field", field(&schema.user_name)),
        ("user-full-name-field", field(&schema.user_full_name)),
        ("user-email-field", field(&schema.user_email)),
        ("user-department-field", field(&schema.user_department)),
        ("user-office-field", field(&schema.user_office)),
        ("user-card-id-field", field(&schema.user_card_id)),
        ("user-second-card-id-field", field(&schema.user_second_card_id)),
        ("other-emails-field", field(&schema.other_emails)),
        ("home-directory-field", field(&schema.home_directory)),
        ("user-pin-field", field(&schema.user_pin)),
        ("user-name-search", schema.user_search.to_string()),
        ("group-name-field", field(&schema.group_name)),
        ("group-full-name-field", field(&schema.group_full_name)),
        ("group-member-field", field(&schema.group_member)),
        ("group-search", schema.group_search.to_string()),
        ("primary-group", field(&schema.primary_group)),
        ("posix-groups", schema.posix_groups.to_string()),
        ("key", field(&schema.key)),
    ]
}

/// R19: each knob of each preset, as it is documented.
#[test]
fn r19_the_table_of_presets() {
    let active_directory = [
        "sAMAccountName",
        "displayName",
        "mail",
        "department",
        "physicalDeliveryOfficeName",
        "pager",
        "",
        "",
        "homeDirectory",
        "",
        "(&(sAMAccountName={0})(objectCategory=person)(objectClass=user)(sAMAccountType=805306368){1})",
        "sAMAccountName",
        "displayName",
        "member",
        "(&(sAMAccountName={0})(objectCategory=group))",
        "primaryGroupID",
        "false",
        "objectGUID",
    ];
    let openldap = [
        "uid",
        "cn",
        "mail",
        "departmentNumber",
        "",
        "employeeNumber",
        "",
        "",
        "homeDirectory",
        "",
        "(uid={0})",
        "cn",
        "displayName",
        "member, uniqueMember",
        "(&(cn={0})(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)))",
        "",
        "false",
        "entryUUID",
    ];
    let mut ds389 = openldap;
    ds389[17] = "nsUniqueId";
    let mut unix = openldap;
    unix[13..].copy_from_slice(&[
        "memberUid",
        "(&(cn={0})(objectClass=posixGroup))",
        "gidNumber",
        "true",
        "entryUUID, apple-generateduid",
    ]);
    let edirectory = [
        "cn",
        "fullName",
        "mail",
        "ou",
        "l",
        "employeeNumber",
        "",
        "",
        "",
        "",
        "(&(cn={0})(objectClass=person))",
        "cn",
        "fullName",
        "member",
        "(&(cn={0})(objectClass=groupOfNames))",
        "",
        "false",
        "GUID",
    ];
    for preset in Preset::ALL {
        let expected = match preset {
            Preset::ActiveDirectory => active_directory,
            Preset::OpenLdap => openldap,
            Preset::Ds389 => ds389,
            Preset::Unix | Preset::OpenDirectory => unix,
            Preset::EDirectory => edirectory,
            other => panic!("{other}"),
        };
        let knobs = knobs(&Schema::of(preset));
        assert!(knobs.iter().map(|(key, _)| key).eq(Schema::KEYS));
        for ((key, found), expected) in knobs.iter().zip(expected) {
            assert_eq!(found, expected, "{preset}: {key}");
        }
    }
}

/// R19: every name and filter that is overridden counts, for users and for groups.
#[test]
fn r19_every_override_counts() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    for (key, value) in [
        ("user-name-field", "x-name"),
        ("user-full-name-field", "x-full"),
        ("user-email-field", "x-mail"),
        ("user-department-field", "x-department"),
        ("user-office-field", "x-office"),
        ("user-card-id-field", "x-card"),
        ("user-second-card-id-field", "x-card-2"),
        ("other-emails-field", "x-mails"),
        ("home-directory-field", "x-home"),
        ("user-pin-field", "x-pin"),
        ("user-name-search", "(&(x-name={0})(objectClass=x-person))"),
        ("group-name-field", "x-group"),
        ("group-full-name-field", "x-group-full"),
        ("group-member-field", "x-member"),
        ("group-search", "(&(x-group={0})(objectClass=x-team))"),
        ("primary-group", "x-gid"),
        ("posix-groups", "yes"),
        ("key", "x-key"),
    ] {
        schema.set(key, vec![value.to_owned()]).unwrap();
    }
    let mapper = Mapper::new(schema);
    let ada = entry(
        "x=1,DC=corp",
        &[
            ("objectClass", "x-person"),
            ("x-name", "ada"),
            ("x-full", "Ada Lovelace"),
            ("x-mail", "ada@x"),
            ("x-department", "R&D"),
            ("x-office", "7"),
            ("x-card", "1"),
            ("x-card-2", "2"),
            ("x-mails", "a@x"),
            ("x-home", "/home/ada"),
            ("x-pin", "4711"),
            ("x-key", "K1"),
            ("sAMAccountName", "no"),
            ("mail", "no@x"),
            ("pager", "9"),
        ],
    );
    let (ada, warnings) = user(&mapper, &ada);
    assert_eq!(warnings, []);
    assert_eq!((ada.account.as_str(), ada.key.as_str()), ("ada", "k1"));
    let fields = [
        ada.full_name,
        ada.email,
        ada.department,
        ada.office,
        ada.home_directory,
    ];
    assert_eq!(
        fields.map(Option::unwrap),
        ["Ada Lovelace", "ada@x", "R&D", "7", "/home/ada"]
    );
    assert_eq!(
        (ada.cards, ada.other_emails),
        (vec!["1".to_owned(), "2".to_owned()], vec!["a@x".to_owned()])
    );
    assert_eq!(ada.pin.unwrap().expose(), "4711");
    let team = entry(
        "x=2,DC=corp",
        &[
            ("objectClass", "x-team"),
            ("x-group", "staff"),
            ("x-group-full", "All staff"),
            ("x-member", "ada"),
            ("member", "x=1,DC=corp"),
            ("x-gid", "100"),
            ("x-key", "K2"),
        ],
    );
    let team = group(&mapper, &team);
    assert_eq!((team.name.as_str(), team.key.as_str()), ("staff", "k2"));
    assert_eq!(team.full_name.as_deref(), Some("All staff"));
    assert_eq!(team.members, [Member::Account("ada".to_owned())]);
    assert_eq!(team.primary_id.as_deref(), Some("100"));
    let of_the_preset = account("ada", "805306368", "Person", 1104);
    assert_eq!(map(&mapper, &of_the_preset).0, Mapped::Other);
}

/// R27: what 389 DS keeps of a deleted user is none, whatever the filter.
#[test]
fn r27_a_tombstone_is_no_user() {
    let mut ada = entry("nsuniqueid=1-2-3-4,uid=ada,dc=example,dc=net", &[("uid", "ada")]);
    let mapper = Mapper::new(Schema::of(Preset::Ds389));
    assert!(matches!(mapper.map(&ada, &mut Vec::new()), Mapped::User(_)));
    ada.push("objectClass", "nsTombstone");
    assert_eq!(mapper.map(&ada, &mut Vec::new()), Mapped::Other);
}

/// R23: how the other servers disable, lock and expire accounts.
#[test]
fn r23_account_states_of_the_other_presets() {
    let state = |preset, name, value| {
        let ada = entry(
            "uid=ada",
            &[
                ("uid", "ada"),
                ("cn", "ada"),
                ("objectClass", "person"),
                (name, value),
            ],
        );
        user(&Mapper::new(Schema::of(preset)), &ada).0.state
    };
    assert!(!state(Preset::Ds389, "nsAccountLock", "true").enabled);
    assert!(
        state(Preset::Ds389, "accountUnlockTime", "19700101000000Z")
            .locked_since
            .is_some()
    );
    // A lock that ends by itself may be over.
    assert_eq!(
        state(Preset::Ds389, "accountUnlockTime", "20260101000000Z").locked_since,
        None
    );
    assert!(state(Preset::Ds389, "pwdReset", "TRUE").must_change_password);
    assert!(!state(Preset::EDirectory, "loginDisabled", "TRUE").enabled);
    assert!(
        !state(
            Preset::OpenDirectory,
            "authAuthority",
            ";DisabledUser;;ShadowHash;"
        )
        .enabled
    );
    assert!(
        state(Preset::OpenLdap, "pwdAccountLockedTime", "000001010000Z")
            .locked_since
            .is_some()
    );
    assert!(state(Preset::OpenLdap, "pwdReset", "TRUE").must_change_password);
    let day = state(Preset::Unix, "shadowExpire", "19675").expires.unwrap();
    assert_eq!(day.to_string(), "2023-11-14T00:00:00Z");
    assert_eq!(state(Preset::Unix, "shadowExpire", "-1").expires, None);
    let time = state(Preset::EDirectory, "loginExpirationTime", "20231114221320Z")
        .expires
        .unwrap();
    assert_eq!(time.to_string(), "2023-11-14T22:13:20Z");
}

/// R19: groups by DN, by name, and under every attribute that lists members.
#[test]
fn r19_groups() {
    let staff = entry(
        "cn=staff,dc=example",
        &[
            ("cn", "staff"),
            ("objectClass", "groupOfUniqueNames"),
            ("entryUUID", "k"),
            ("member", "uid=ada,dc=example"),
            ("uniqueMember", "uid=bob,dc=example"),
        ],
    );
    let staff = group(&Mapper::new(Schema::of(Preset::OpenLdap)), &staff);
    assert_eq!(
        staff.members,
        ["uid=ada,dc=example", "uid=bob,dc=example"].map(|dn| Member::Dn(dn.to_owned()))
    );

    let staff = entry(
        "cn=staff,dc=example",
        &[
            ("cn", "staff"),
            ("objectClass", "posixGroup"),
            ("gidNumber", "100"),
            ("memberUid", "ada"),
        ],
    );
    let staff = group(&Mapper::new(Schema::of(Preset::Unix)), &staff);
    assert_eq!(staff.members, [Member::Account("ada".to_owned())]);
    assert_eq!(staff.primary_id.as_deref(), Some("100"));
}

/// A61: what is too long or no text is left out with a warning; the entry stays.
#[test]
fn a61_values_of_any_size_and_kind() {
    let mut odd = ada();
    odd.push("displayName", "x".repeat(10 << 20));
    odd.push("mail", [0xff, 0xfe]);
    odd.push("department", "\u{1b}[31m<script>");
    odd.push_all("proxyAddresses", (0..100_000).map(|n| format!("smtp:{n}@x")));
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set("other-emails-field", vec!["proxyAddresses".to_owned()])
        .unwrap();
    let (odd, warnings) = user(&Mapper::new(schema), &odd);
    assert_eq!((odd.full_name, odd.email), (None, None));
    // Text that is hostile only where it is shown stays as it is.
    assert_eq!(odd.department.as_deref(), Some("\u{1b}[31m<script>"));
    assert_eq!(odd.other_emails.len(), 100);
    assert_eq!(warnings.len(), 3);

    let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
    let mut nameless = RawEntry::new("cn=First Part,dc=example");
    nameless.push("uid", [0xff]);
    let (nameless, warnings) = user(&mapper, &nameless);
    assert_eq!(nameless.account, "First Part");
    assert!(warnings.len() >= 2);
}

/// R21: a foreign security principal stands for the account that its SID names.
#[test]
fn r21_foreign_security_principals() {
    let sid = format!("{DOMAIN_SID}-1104");
    let dn = format!("CN={sid},CN=ForeignSecurityPrincipals,DC=staff,DC=example");
    let stand_in = entry(&dn, &[("objectClass", "foreignSecurityPrincipal")]);
    let expected = Mapped::ForeignPrincipal {
        dn,
        sid: sid.parse().unwrap(),
    };
    assert_eq!(map(&active_directory(), &stand_in).0, expected);
    let nobody = entry("CN=x,DC=staff", &[("objectClass", "foreignSecurityPrincipal")]);
    assert_eq!(map(&active_directory(), &nobody).0, Mapped::Other);
}

/// R19: what a server is asked for.
#[test]
fn r19_attributes_to_ask_for() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set(
            "user-office-field",
            vec!["roomNumber".to_owned(), "MAIL".to_owned()],
        )
        .unwrap();
    let asked = schema.attributes();
    for needed in [
        "sAMAccountName",
        "objectGUID",
        "objectSid",
        "sIDHistory",
        "member",
        "roomNumber",
        "objectCategory",
        "sAMAccountType",
        "userAccountControl",
        "pwdLastSet",
        "objectClass",
        "userPrincipalName",
    ] {
        assert!(asked.contains(&needed), "{needed}");
    }
    assert!(!asked.contains(&"physicalDeliveryOfficeName"));
    assert_eq!(
        asked
            .iter()
            .filter(|name| name.eq_ignore_ascii_case("mail"))
            .count(),
        1
    );
}

/// R18: lookups find the account, whatever its state, and a group by its SID with little asked for.
#[test]
fn r18_lookups() {
    let schema = Schema::of(Preset::ActiveDirectory);
    let mut ada = ada();
    ada.push("userPrincipalName", "ada.l@acme.example");
    assert!(lookup::by_upn(&schema, "Ada.L@acme.example").matches(&ada));
    assert!(!lookup::by_upn(&schema, "*").matches(&ada));
    assert!(lookup::by_account(&schema, "ADA").matches(&ada));
    assert!(!lookup::by_account(&schema, "a*").matches(&ada));

    let sids = [513, 1201].map(|rid| format!("{DOMAIN_SID}-{rid}").parse::<Sid>().unwrap());
    let by_sid = lookup::groups_by_sid(&schema, &sids).to_string();
    assert!(
        sids.iter()
            .all(|sid| by_sid.contains(&format!("(objectSid={sid})"))),
        "{by_sid}"
    );
    let asked = lookup::group_name_attributes(&schema);
    assert!(asked.contains(&"objectSid") && asked.contains(&"objectCategory") && !asked.contains(&"member"));
}

/// A49: a label that would be more of a DN stays a label.
#[test]
fn a49_labels_of_a_domain_stay_labels() {
    assert_eq!(
        lookup::domain_dn("corp,DC=evil.example."),
        r"DC=corp\,DC=evil,DC=example"
    );
}

proptest! {
    /// A61: no entry makes the mapping panic, whatever the server.
    #[test]
    fn a61_no_entry_panics(
        dn in "(CN|=|,|\\\\|é|DC=x|#00|\"){0,8}",
        values in proptest::collection::vec((0_usize..40, any::<Vec<u8>>()), 0..20),
    ) {
        for preset in Preset::ALL {
            let mut schema = Schema::of(preset);
            schema.set("user-name-search", vec!["(|(uid={0})(!(uid={0})))".to_owned()]).unwrap();
            schema.set("other-emails-field", vec!["proxyAddresses".to_owned()]).unwrap();
            let names: Vec<String> = schema.attributes().into_iter().map(str::to_owned).collect();
            let mut hostile = RawEntry::new(dn.as_str());
            for (name, value) in &values {
                if let Some(name) = names.get(*name) {
                    hostile.push(name, value.clone());
                }
            }
            let (mapped, _) = map(&Mapper::new(schema), &hostile);
            prop_assert!(matches!(mapped, Mapped::User(_)));
        }
    }
}
