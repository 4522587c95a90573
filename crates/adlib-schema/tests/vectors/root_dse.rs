//! Root DSEs of servers as they answer, without what does not tell them apart (R19).

use adlib_schema::{Preset, RawEntry};

fn root_dse(attributes: &[(&str, &str)]) -> RawEntry {
    let mut entry = RawEntry::new("");
    for (name, value) in attributes {
        entry.push(name, *value);
    }
    entry
}

/// R19: Active Directory 2012 R2.
#[test]
fn active_directory() {
    let root = root_dse(&[
        ("defaultNamingContext", "DC=AD2012,DC=LAB"),
        ("supportedCapabilities", "1.2.840.113556.1.4.1670"),
        ("supportedCapabilities", "1.2.840.113556.1.4.800"),
        ("supportedSASLMechanisms", "GSS-SPNEGO"),
    ]);
    assert_eq!(Preset::detect(&root), Some(Preset::ActiveDirectory));
}

/// R19: 389 DS 1.3 and 2.0.
#[test]
fn ds389() {
    for version in [
        "389-Directory/1.3.3.0 B2014.289.2022",
        "389-Directory/2.0.17 B2023.011.1200",
    ] {
        let root = root_dse(&[
            ("objectClass", "top"),
            ("netscapemdsuffix", "cn=ldap://dc=edir1,dc=hyperv:8389"),
            ("vendorName", "389 Project"),
            ("vendorVersion", version),
        ]);
        assert_eq!(Preset::detect(&root), Some(Preset::Ds389));
    }
}

/// R19: eDirectory 8.8 and 9.1.
#[test]
fn edirectory() {
    for version in ["8.8 SP8 (20804.04)", "9.1.4 (40105.09)"] {
        let version = format!("LDAP Agent for NetIQ eDirectory {version}");
        let root = root_dse(&[
            ("directoryTreeName", "TEST_TREE"),
            ("dsaName", "cn=MYSERVER,o=resources"),
            ("vendorName", "NetIQ Corporation"),
            ("vendorVersion", &version),
        ]);
        assert_eq!(Preset::detect(&root), Some(Preset::EDirectory));
    }
}

/// R19: OpenLDAP 2.4.
#[test]
fn openldap() {
    let root = root_dse(&[
        ("configContext", "cn=config"),
        ("objectClass", "top"),
        ("objectClass", "OpenLDAProotDSE"),
        ("namingContexts", "o=services"),
    ]);
    assert_eq!(Preset::detect(&root), Some(Preset::OpenLdap));
}

/// R19: Open Directory is an OpenLDAP by Apple; any other OpenLDAP is none, and neither is any other server of Apple's.
#[test]
fn open_directory() {
    let of = |class, vendor| {
        let root = root_dse(&[("objectClass", class), ("vendorName", vendor)]);
        Preset::detect(&root)
    };
    assert_eq!(of("OpenLDAProotDSE", "Apple"), Some(Preset::OpenDirectory));
    assert_eq!(of("OpenLDAProotDSE", "apple Inc."), Some(Preset::OpenDirectory));
    assert_eq!(of("OpenLDAProotDSE", "Example"), Some(Preset::OpenLdap));
    assert_eq!(of("top", "Apple"), None);
}

/// R19: a server that says nothing is none that we know.
#[test]
fn unknown() {
    assert_eq!(
        Preset::detect(&root_dse(&[("objectClass", "top"), ("vendorName", "Example")])),
        None
    );
    assert_eq!(Preset::detect(&RawEntry::default()), None);
}
