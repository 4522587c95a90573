//! Entries of each kind of server, and values of each syntax.

use super::Seeds;

/// A user and a group of Active Directory, a member of another domain, and what is odd about a third.
const ACTIVE_DIRECTORY: &str = "dn: CN=Ada,OU=Berlin,DC=corp,DC=example\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema\n\
    sAMAccountName: ada\nsAMAccountType: 805306368\nobjectGUID:: AQIDBAUGBwgJCgsMDQ4PEA==\n\
    objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUAQAAA==\nprimaryGroupID: 513\nuserAccountControl: 66050\npager: 0A0B\n\
    accountExpires: 9223372036854775807\nlockoutTime: 0\npwdLastSet: 0\nproxyAddresses: SMTP:a@x\nproxyAddresses: smtp:b@x;c@x\npin: 12\n\n\
    dn: CN=Staff,DC=corp,DC=example\nobjectCategory: CN=Group,CN=Schema\nsAMAccountName: staff\ngroupType: -2147483646\n\
    member;range=0-1: CN=Ada,OU=Berlin,DC=corp,DC=example\nmember;range=0-1: CN=Staff,DC=corp,DC=example\nmember;range=2-*: CN=S-1-5-21-1-2-3-1104,DC=x\n\n\
    dn: CN=S-1-5-21-1-2-3-1104,DC=x\nobjectClass: foreignSecurityPrincipal\n\n\
    dn: OU=Berlin,DC=corp,DC=example\nobjectClass: organizationalUnit\n";

/// Users and groups of RFC 2307.
const UNIX: &str = "dn: uid=ada,dc=example\nuid: ada\nentryUUID: 1\ngidNumber: 100\nshadowExpire: 19675\npwdAccountLockedTime: 000001010000Z\n\n\
    dn: cn=users,dc=example\nobjectClass: posixGroup\ncn: users\nentryUUID: 2\ngidNumber: 100\nmemberUid: ada\nmemberUid: bob\n";

pub(super) fn seeds(seeds: &mut Seeds) {
    for (name, preset, file) in [
        ("active-directory", 0, ACTIVE_DIRECTORY),
        ("unix", 2, UNIX),
        ("openldap", 1, UNIX),
        (
            "edirectory",
            4,
            "dn: cn=ada,o=x\ncn: ada\nobjectClass: Person\nloginExpirationTime: 20231114221320Z\nGUID:: AQIDBAUGBwgJCgsMDQ4PEA==\n",
        ),
    ] {
        seeds.push(("schema_entries", name, [&[preset], file.as_bytes()].concat()));
    }
    for (name, value) in [
        ("time", "20141111080100,25+0130"),
        ("file-time", "133444736000000000"),
        ("never", "9223372036854775807"),
        ("flags", "-2147483646"),
        ("guid", "{00112233-4455-6677-8899-aabbccddeeff}"),
        ("card", "0xDE:AD-be ef"),
        ("name", "member;range=0-1499"),
    ] {
        seeds.push(("schema_values", name, value.into()));
    }
}
