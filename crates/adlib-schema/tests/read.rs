//! Reads of whole directories: who is in what, and whether it is everything.
#![allow(clippy::unwrap_used, clippy::panic)]

use adlib_core::Sid;
use adlib_schema::{
    LdifReader, Mapper, Preset, RawEntry, Schema,
    read::{Completeness, DirectoryRead, ReadBuilder},
};
use proptest::prelude::*;

const CORP: &str = "DC=corp,DC=example,DC=com";
const STAFF: &str = "DC=staff,DC=example,DC=com";

/// An entry of Active Directory, identified by `rid` in the domain below `base`.
fn object(base: &str, dn: &str, class: &str, rid: u32, attributes: &[(&str, &str)]) -> RawEntry {
    let mut entry = RawEntry::new(format!("{dn},{base}"));
    let category = if class == "group" { "Group" } else { "Person" };
    entry.push("objectClass", class);
    entry.push(
        "objectCategory",
        format!("CN={category},CN=Schema,CN=Configuration,{base}"),
    );
    if class == "user" {
        entry.push("sAMAccountType", "805306368");
        entry.push("primaryGroupID", "513");
    }
    let sid = Sid::new(5, &[21, u32::from(base == STAFF), 2, 3, rid]).unwrap();
    entry.push("objectSid", sid.encode());
    entry.push(
        "objectGUID",
        [u32::from(base == STAFF), rid, 0, 0]
            .map(u32::to_le_bytes)
            .concat(),
    );
    attributes
        .iter()
        .for_each(|(name, value)| entry.push(name, *value));
    entry
}

fn user(base: &str, name: &str, rid: u32) -> RawEntry {
    object(
        base,
        &format!("CN={name},OU=Berlin"),
        "user",
        rid,
        &[("sAMAccountName", name)],
    )
}

fn group(base: &str, name: &str, rid: u32, members: &[&str]) -> RawEntry {
    let mut group = object(
        base,
        &format!("CN={name},OU=Groups"),
        "group",
        rid,
        &[("sAMAccountName", name)],
    );
    members.iter().for_each(|member| group.push("member", *member));
    group
}

fn builder() -> ReadBuilder {
    ReadBuilder::new(Mapper::new(Schema::of(Preset::ActiveDirectory)))
}

fn read(domains: &[(&str, Vec<RawEntry>)]) -> DirectoryRead {
    let mut builder = builder();
    for (domain, entries) in domains {
        builder.begin(domain);
        entries.iter().for_each(|entry| builder.entry(entry));
        builder.end();
    }
    builder.finish()
}

/// The groups of a user by name, sorted.
fn groups_of(read: &DirectoryRead, account: &str) -> Vec<String> {
    let user = read
        .users
        .iter()
        .position(|user| user.account == account)
        .unwrap();
    let groups = read
        .memberships
        .groups_of(user)
        .iter()
        .filter_map(|group| read.groups.get(*group));
    groups.map(|group| group.name.clone()).collect()
}

fn shortfalls(read: &DirectoryRead) -> Vec<String> {
    match &read.completeness {
        Completeness::Complete(_) => Vec::new(),
        Completeness::Incomplete(all) => all.iter().map(ToString::to_string).collect(),
    }
}

/// Two domains: nested and cyclic groups, a member spelled otherwise, primary groups, a stand-in.
fn company() -> [(&'static str, Vec<RawEntry>); 2] {
    let bob_in_corp = format!("CN=S-1-5-21-1-2-3-1104,CN=ForeignSecurityPrincipals,{CORP}");
    let mut stand_in = RawEntry::new(bob_in_corp.as_str());
    stand_in.push("objectClass", "foreignSecurityPrincipal");
    let corp = vec![
        user(CORP, "ada", 1104),
        user(CORP, "Doe\\, John", 1105),
        group(CORP, "nest-1", 1201, &[&format!("CN=nest-2,OU=Groups,{CORP}")]),
        group(CORP, "nest-2", 1202, &[&format!("cn=ADA, ou=berlin, {CORP}")]),
        group(CORP, "cycle-a", 1203, &[&format!("CN=cycle-b,OU=Groups,{CORP}")]),
        group(
            CORP,
            "cycle-b",
            1204,
            &[
                &format!("CN=cycle-a,OU=Groups,{CORP}"),
                &format!(r"CN=Doe\2C John,OU=Berlin,{CORP}"),
            ],
        ),
        group(
            CORP,
            "guests",
            1205,
            &[&bob_in_corp, "CN=nobody,DC=elsewhere", "not a DN"],
        ),
        group(CORP, "Domain Users", 513, &[]),
        stand_in,
        object(CORP, "OU=Berlin", "organizationalUnit", 2, &[]),
        object(
            CORP,
            "CN=External",
            "contact",
            3,
            &[("mail", "x@partner.example")],
        ),
    ];
    let staff = vec![user(STAFF, "bob", 1104), group(STAFF, "Domain Users", 513, &[])];
    [("corp.example.com", corp), ("staff.example.com", staff)]
}

/// R21: nested, cyclic and primary groups, and a member of another domain.
#[test]
fn r21_who_is_in_what() {
    let read = read(&company());
    assert_eq!(groups_of(&read, "ada"), ["Domain Users", "nest-1", "nest-2"]);
    assert_eq!(
        groups_of(&read, "Doe\\, John"),
        ["Domain Users", "cycle-a", "cycle-b"]
    );
    assert_eq!(groups_of(&read, "bob"), ["guests", "Domain Users"]);
    assert_eq!(read.warnings.len(), 1, "the circle: {:?}", read.warnings);
    assert!(read.completeness.complete().is_some());
}

/// R21: groups in a circle are told, by name, and how deep groups are nested; neither leaves the read incomplete.
#[test]
fn r21_circles_and_depth_are_reported() {
    let dn = |name: &str| format!("CN={name},OU=Groups,{CORP}");
    let entries = vec![
        user(CORP, "ada", 1_001),
        group(CORP, "a", 2_001, &[&dn("b")]),
        group(CORP, "b", 2_002, &[&dn("a"), &dn("inner")]),
        group(CORP, "inner", 2_003, &[&dn("innermost")]),
        group(CORP, "innermost", 2_004, &[]),
        group(CORP, "itself", 2_005, &[&dn("itself")]),
    ];
    let read = read(&[("corp.example.com", entries)]);
    let name = |group: &usize| read.groups[*group].name.as_str();
    let circles: Vec<Vec<&str>> = read
        .nesting
        .circles
        .iter()
        .map(|all| all.iter().map(name).collect())
        .collect();
    assert_eq!(circles, [vec!["a", "b"], vec!["itself"]]);
    assert_eq!(
        read.nesting.deepest.iter().map(name).collect::<Vec<_>>(),
        ["innermost", "inner", "a"]
    );
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("circle") && warning.contains(&dn("b"))),
        "{warnings:?}"
    );
    assert!(
        warnings.contains(&format!("{}: is a member of itself", dn("itself"))),
        "{warnings:?}"
    );
    assert!(read.completeness.complete().is_some());
}

/// R22: users and groups by domain, disabled ones included.
#[test]
fn r22_found_by_domain() {
    let read = read(&company());
    let found: Vec<_> = read
        .found
        .iter()
        .map(|found| (found.domain.as_str(), found.users, found.groups))
        .collect();
    assert_eq!(found, [("corp.example.com", 2, 6), ("staff.example.com", 1, 1)]);
    assert_eq!(read.units.len(), 1);
}

/// R21: groups of RFC 2307: members by name, primary groups by number.
#[test]
fn r21_posix_groups() {
    let text = "dn: uid=ada,dc=example,dc=org\nuid: ada\nentryUUID: 1\ngidNumber: 100\n\n\
                dn: uid=bob,dc=example,dc=org\nuid: bob\nentryUUID: 2\ngidNumber: 999\n\n\
                dn: cn=users,dc=example,dc=org\nobjectClass: posixGroup\ncn: users\nentryUUID: 3\ngidNumber: 100\nmemberUid: bob\n\n\
                dn: cn=wheel,dc=example,dc=org\nobjectClass: posixGroup\ncn: wheel\nentryUUID: 4\ngidNumber: 10\nmemberUid: ada\nmemberUid: gone\n";
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::Unix)));
    builder.begin("org.ldif");
    for entry in LdifReader::new(text.as_bytes()) {
        builder.entry(&entry.unwrap());
    }
    builder.end();
    let read = builder.finish();
    assert_eq!(groups_of(&read, "ada"), ["users", "wheel"]);
    assert_eq!(groups_of(&read, "bob"), ["users"]);
    assert_eq!(read.found[0].domain, "example.org");
    assert!(shortfalls(&read).is_empty());
}

/// A56: "success, no entries" is not complete, not for one domain of several either.
#[test]
fn a56_nothing_is_not_complete() {
    assert_eq!(shortfalls(&builder().finish()), [": no users came"]);
    let [corp, staff] = company();
    let unseen = read(&[corp.clone(), ("staff.example.com", Vec::new())]);
    assert!(shortfalls(&unseen)[0].starts_with("staff.example.com: no users and no groups came"));
    assert_eq!(unseen.found[1].domain, "staff.example.com");
    let unit = object(STAFF, "OU=x", "organizationalUnit", 9, &[]);
    assert_eq!(
        shortfalls(&read(&[corp, ("staff.example.com", vec![unit])])).len(),
        1
    );
    let groups_only = vec![group(STAFF, "g", 9, &[])];
    assert_eq!(
        shortfalls(&read(&[("staff.example.com", groups_only)])),
        [": no users came"]
    );
    assert!(shortfalls(&read(&[staff])).is_empty());
}

/// A57: a domain that failed, or that was left open, is not complete, whatever came before.
#[test]
fn a57_failures_and_cut_off_domains() {
    let mut failed = builder();
    failed.begin("corp.example.com");
    failed.entry(&user(CORP, "ada", 1104));
    failed.fail("the connection was lost");
    failed.begin("staff.example.com");
    failed.entry(&user(STAFF, "bob", 1104));
    failed.end();
    let failed = failed.finish();
    assert_eq!(shortfalls(&failed), ["corp.example.com: the connection was lost"]);
    assert_eq!(failed.users.len(), 2);

    let mut open = builder();
    open.begin("corp.example.com");
    open.entry(&user(CORP, "ada", 1104));
    open.begin("staff.example.com");
    open.entry(&user(STAFF, "bob", 1104));
    let open = open.finish();
    let cut_off = [
        "corp.example.com: was not read to its end",
        "staff.example.com: was not read to its end",
    ];
    assert_eq!(shortfalls(&open), cut_off);
    assert!(open.completeness.complete().is_none());
}

/// A57: a domain that starts over is as if it had been read once; what other domains gave stays.
#[test]
fn a57_starting_over_leaves_nothing_of_the_first_attempt() {
    let company = company();
    let [(first, of_first), (second, of_second)] = &company;
    let read_whole = |builder: &mut ReadBuilder, name: &str, entries: &[RawEntry]| {
        builder.begin(name);
        entries.iter().for_each(|entry| builder.entry(entry));
    };
    let mut straight = builder();
    read_whole(&mut straight, first, of_first);
    straight.end();
    read_whole(&mut straight, second, of_second);
    straight.end();
    let straight = straight.finish();
    for cut in 0..of_second.len() {
        let mut again = builder();
        read_whole(&mut again, first, of_first);
        again.end();
        read_whole(&mut again, second, &of_second[..cut]);
        // Another server's view of somebody, and of the other domain's.
        for known in [&of_second[0], &of_first[0]] {
            let mut other = known.clone();
            other.push("displayName", "Somebody Else");
            again.entry(&other);
        }
        again.entry(&user("DC=staff,DC=example,DC=com", "ghost", 7_777));
        again.fail("the connection was lost");
        again.start_over();
        read_whole(&mut again, second, of_second);
        again.end();
        let again = again.finish();
        assert_eq!(again.users, straight.users, "{cut}");
        assert_eq!(again.groups, straight.groups, "{cut}");
        assert_eq!(again.units, straight.units, "{cut}");
        assert_eq!(again.memberships, straight.memberships, "{cut}");
        assert_eq!(
            (again.found, again.warnings),
            (straight.found.clone(), straight.warnings.clone())
        );
        assert!(again.completeness.complete().is_some());
    }
}

/// R27: a group whose range of members did not reach its end.
#[test]
fn r27_unfinished_ranges() {
    let mut large = group(CORP, "large", 1201, &[]);
    large.push("member;range=0-1499", format!("CN=ada,OU=Berlin,{CORP}"));
    let ada = user(CORP, "ada", 1104);
    let cut = read(&[("corp.example.com", vec![ada.clone(), large.clone()])]);
    assert!(shortfalls(&cut)[0].contains("were not read to their end"));
    assert_eq!(groups_of(&cut, "ada"), ["large"]);
    large.push("member;range=1500-*", "CN=nobody");
    assert!(shortfalls(&read(&[("corp.example.com", vec![ada, large])])).is_empty());
}

/// R21: a contact, a computer, a service account and a deleted user are in groups, and nobody for all that.
#[test]
fn r21_members_that_are_no_users() {
    let service = "CN=ms-DS-Group-Managed-Service-Account,CN=Schema,CN=Configuration";
    let text = format!(
        "dn: CN=ada,{CORP}\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema,CN=Configuration,{CORP}\n\
         sAMAccountType: 805306368\nsAMAccountName: ada\nobjectSid: S-1-5-21-1-2-3-1104\nobjectGUID: 1\n\n\
         dn: CN=x,{CORP}\nobjectClass: contact\nobjectCategory: CN=Person,CN=Schema,CN=Configuration,{CORP}\n\n\
         dn: CN=pc,{CORP}\nobjectClass: user\nobjectClass: computer\nsAMAccountName: pc$\n\
         objectCategory: CN=Computer,CN=Schema,CN=Configuration,{CORP}\nsAMAccountType: 805306369\n\n\
         dn: CN=svc,{CORP}\nobjectClass: user\nobjectClass: computer\nobjectClass: msDS-GroupManagedServiceAccount\n\
         objectCategory: {service},{CORP}\nsAMAccountType: 805306369\nsAMAccountName: svc$\n\n\
         dn: CN=eve\\0ADEL:00112233-4455-6677-8899-aabbccddeeff,CN=Deleted Objects,{CORP}\nobjectClass: user\n\
         objectCategory: CN=Person,CN=Schema,CN=Configuration,{CORP}\nsAMAccountType: 805306368\n\
         sAMAccountName: eve\nisDeleted: TRUE\nobjectGUID: 2\n\n\
         dn: CN=all,{CORP}\nobjectClass: group\nobjectCategory: CN=Group,CN=Schema,CN=Configuration,{CORP}\n\
         sAMAccountName: all\nobjectGUID: 3\nmember: CN=x,{CORP}\nmember: CN=pc,{CORP}\nmember: CN=svc,{CORP}\n\
         member: CN=eve\\0ADEL:00112233-4455-6677-8899-aabbccddeeff,CN=Deleted Objects,{CORP}\nmember: CN=ada,{CORP}\n\n\
         # Referral\nref: ldap://corp.example.com/CN=Configuration,{CORP}\n"
    );
    let (read, referrals) = read_file(Preset::ActiveDirectory, &text);
    let accounts: Vec<&str> = read.users.iter().map(|user| user.account.as_str()).collect();
    assert_eq!(accounts, ["ada"]);
    assert_eq!(groups_of(&read, "ada"), ["all"]);
    assert_eq!(read.groups[0].members.len(), 4, "of the deleted no trace is left");
    assert_eq!(referrals, 1);
    assert!(
        shortfalls(&read).is_empty(),
        "the forest's other partitions are no part"
    );
}

/// What comes of a file, and how many referrals it has.
fn read_file(preset: Preset, text: &str) -> (DirectoryRead, usize) {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(preset)));
    builder.begin("file.ldif");
    let mut reader = LdifReader::new(text.as_bytes());
    for entry in reader.by_ref() {
        builder.entry(&entry.unwrap());
    }
    builder.referred(reader.referrals());
    builder.end();
    (builder.finish(), reader.referrals().len())
}

/// R27: a file that says that a part is elsewhere is not everything, whichever way it says so.
#[test]
fn r27_a_file_with_referrals_is_not_complete() {
    let ada = "dn: uid=ada,dc=example,dc=org\nuid: ada\nentryUUID: 1\n\n";
    let url = "ldap://other.example.org/ou=far,dc=example,dc=org";
    let of_a_search = format!("{ada}# search reference\nref: {url}\n\nsearch: 2\nresult: 0 Success\n");
    let of_a_server = format!(
        "{ada}dn: ou=far,dc=example,dc=org\nobjectClass: top\nobjectClass: Referral\nou: far\nref: {url}\n"
    );
    for text in [&of_a_search, &of_a_server] {
        for preset in [Preset::OpenLdap, Preset::Unix, Preset::Ds389] {
            let (read, _) = read_file(preset, text);
            assert_eq!(read.users.len(), 1);
            assert_eq!(
                shortfalls(&read),
                [format!("file.ldif: a part is on other servers: {url}")]
            );
        }
    }
    let (read, _) = read_file(Preset::OpenLdap, ada);
    assert!(shortfalls(&read).is_empty());
    // A61: it is shown without what drives a terminal, and no more than is needed.
    let (read, kept) = read_file(
        Preset::OpenLdap,
        &format!(
            "{ada}{}",
            format!("ref: ldap://\u{1b}[2J{}\n\n", "x".repeat(9_000)).repeat(50)
        ),
    );
    let shown = shortfalls(&read).concat();
    assert!(!shown.contains('\u{1b}') && shown.len() < 600, "{shown}");
    assert_eq!(kept, 10);
}

/// R25: a name that nobody bears is a likely mistake.
#[test]
fn r25_unborne_names_are_reported() {
    let mut schema = Schema::of(Preset::ActiveDirectory);
    schema
        .set(
            "other-emails-field",
            vec!["othermailbox".to_owned(), "proxyAddresses".to_owned()],
        )
        .unwrap();
    let mut builder = ReadBuilder::new(Mapper::new(schema));
    builder.begin("corp.example.com");
    let mut ada = user(CORP, "ada", 1104);
    ada.push("otherMailbox", "ada@home.example");
    builder.entry(&ada);
    builder.end();
    let warnings: Vec<_> = builder
        .finish()
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings[0].contains("did you mean `otherMailbox`?"),
        "{}",
        warnings[0]
    );
    assert!(warnings[1].contains("`proxyAddresses`"));
}

/// A59: an entry that moved while it was read comes twice, and is one user.
#[test]
fn a59_an_entry_that_comes_twice_is_one() {
    let moved = object(
        CORP,
        "CN=ada,OU=Paris",
        "user",
        1104,
        &[("sAMAccountName", "ada")],
    );
    let read = read(&[("corp.example.com", vec![user(CORP, "ada", 1104), moved])]);
    assert_eq!(read.users.len(), 1);
    assert!(read.users[0].dn.contains("Paris"));
    assert_eq!(read.found[0].users, 1);
    assert!(read.warnings[0].message.contains("came before as"));
}

/// A61: a store may end a text at a NUL, and then two names would be one.
#[test]
fn a61_a_text_with_a_nul_is_none() {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    builder.begin("example.org");
    let mut user = RawEntry::new("uid=ada,dc=example,dc=org");
    user.push("uid", "ada");
    user.push("mail", "ada\0@example.org");
    builder.entry(&user);
    builder.end();
    let read = builder.finish();
    assert_eq!(read.users[0].email, None);
    assert!(
        read.warnings
            .iter()
            .any(|odd| odd.message.contains("`mail` is not text"))
    );
}

/// A61: a flood of oddities does not become a flood of warnings.
#[test]
fn a61_warnings_are_bounded() {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    builder.begin("example.org");
    for number in 0..6000 {
        let mut nobody = RawEntry::new(format!("cn={number}"));
        nobody.push("uid", "x");
        nobody.push("mail", [0xff]);
        builder.entry(&nobody);
    }
    builder.end();
    let read = builder.finish();
    assert_eq!(read.users.len(), 6000);
    assert_eq!(read.warnings.len(), 10_001);
    assert!(read.warnings[10_000].message.starts_with("2000 more"));
}

proptest! {
    /// The order in which entries come changes nothing.
    #[test]
    fn order_does_not_count(order in Just((0..11_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let domains = company();
        let expected = read(&domains);
        let [(corp, entries), staff] = domains;
        let shuffled = order.iter().map(|index| entries[*index].clone()).collect();
        let found = read(&[staff, (corp, shuffled)]);
        prop_assert_eq!(found.users, expected.users);
        prop_assert_eq!(found.groups, expected.groups);
        prop_assert_eq!(found.memberships, expected.memberships);
        prop_assert_eq!(found.found, expected.found);
    }
}
