//! Oracles: functions that take any bytes and panic when adlib breaks a promise about them.
//!
//! That no bytes panic, hang or make it allocate without bound is promised of every decoder; each function says what
//! it checks besides. `fuzz_targets/` gives them to an engine, `tests/replay.rs` gives them every input that is kept.

pub mod changes;
pub mod der;
pub mod kerberos;
pub mod ldap;
pub mod ntlm;
pub mod scene;
pub mod schema;
pub mod script;
pub mod seed;
pub mod spnego;

use adlib_core::{Sid, gss};
use adlib_schema::{Dn, Filter, LdifReader, RawEntry};
use adlib_sync::ApprovedPlan;
use adlib_upn::{LogonName, MAX_DIAGNOSTICS, MAX_MAPPINGS, SuffixMap};

/// An oracle.
pub type Oracle = fn(&[u8]);

/// Every oracle with the name of its target, corpus and crashes.
pub const ORACLES: &[(&str, Oracle)] = &[
    ("ap_req", kerberos::ap_req),
    ("changes_cursor", changes::cursor),
    ("changes_replica", changes::replica),
    ("dn", dn),
    ("filter", filter),
    ("gss_framing", gss_framing),
    ("kerberos_acceptor", kerberos::acceptor),
    ("kerberos_authenticator", kerberos::authenticator),
    ("kerberos_cred", kerberos::cred),
    ("kerberos_differential", kerberos::differential),
    ("kerberos_exchange", kerberos::exchange),
    ("kerberos_inspect", kerberos::inspect),
    ("kerberos_session", kerberos::session),
    ("kerberos_ticket", kerberos::ticket),
    ("keytab", kerberos::keytab),
    ("ldap_answers", ldap::answers),
    ("ldap_bind_answer", ldap::bind_answer),
    ("ldap_changes", ldap::changes::told),
    ("ldap_referral_url", ldap::referral_url),
    ("ldap_sasl_buffers", ldap::sasl_buffers),
    ("ldap_synced", ldap::synced),
    ("ldif", ldif),
    ("logon_name", logon_name),
    ("ntlm_acceptor", ntlm::acceptor),
    ("ntlm_authenticate", ntlm::authenticate),
    ("ntlm_av_pairs", ntlm::av_pairs),
    ("ntlm_challenge", ntlm::challenge),
    ("ntlm_initiator", ntlm::initiator),
    ("ntlm_negotiate", ntlm::negotiate),
    ("ntlm_session", ntlm::session),
    ("pac", kerberos::pac),
    ("pac_buffers", kerberos::buffers),
    ("schema_entries", schema::entries),
    ("schema_values", schema::values),
    ("sid", sid),
    ("spnego", spnego::tokens),
    ("spnego_negotiation", spnego::negotiation),
    ("suffix_map", suffix_map),
    ("sync_plan", sync_plan),
];

/// What is read as an approved plan is read as the same with blanks behind it, is refused with anything else there, and
/// its hash is in the bytes or written with escapes.
pub fn sync_plan(data: &[u8]) {
    let Ok(plan) = ApprovedPlan::parse(data) else {
        return;
    };
    assert!(plan.plan_hash().len() <= data.len());
    assert_eq!(
        ApprovedPlan::parse(&[data, b" \r\n"].concat()).as_ref(),
        Ok(&plan)
    );
    assert!(ApprovedPlan::parse(&[data, b"0"].concat()).is_err());
    assert!(ApprovedPlan::parse(&[b"[", data, b"]"].concat()).is_err());
}

/// A DN is shown as it came, its normal form is a DN of the same normal form, and going up ends.
pub fn dn(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(dn) = text.parse::<Dn>() else { return };
    assert_eq!(dn.as_str(), text);
    let normal: Dn = dn
        .normal()
        .parse()
        .unwrap_or_else(|error| panic!("{:?}: {error}", dn.normal()));
    assert_eq!(normal.normal(), dn.normal());
    assert_eq!(normal.rdns().count(), dn.rdns().count());
    let ancestors = std::iter::successors(dn.parent(), Dn::parent);
    assert!(ancestors.count() <= dn.rdns().count());
    let _ = dn.dns_domain();
}

/// A filter is printed so that it is read as the same filter, and it judges any entry.
pub fn filter(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(filter) = text.parse::<Filter>() else {
        return;
    };
    assert_eq!(filter.to_string().parse().as_ref(), Ok(&filter));
    let mut entry = RawEntry::new("CN=Ada,OU=Berlin,DC=corp,DC=example,DC=com");
    entry.push("objectClass", "user");
    entry.push("userAccountControl", "512");
    entry.push("cn", "Ada");
    let _ = filter.matches(&entry);
}

/// The frame of an initial context token is one of a kind: put on again, it is the same bytes.
pub fn gss_framing(data: &[u8]) {
    if let Ok(framed) = gss::unframe(data) {
        assert_eq!(gss::frame(framed.mechanism, &[framed.inner]), data);
    }
}

/// A file gives no more entries than it has lines, each with a DN, and nothing after an error.
pub fn ldif(data: &[u8]) {
    let lines = data.split(|&byte| byte == b'\n').count();
    let mut entries = LdifReader::new(data);
    let mut count = 0;
    while let Some(entry) = entries.next() {
        count += 1;
        assert!(count <= lines);
        match entry {
            Ok(entry) => assert!(entry.dn().parse::<Dn>().is_ok(), "{entry:?}"),
            Err(error) => {
                assert!((1..=lines).contains(&error.line), "{error}");
                assert!(entries.next().is_none());
            }
        }
    }
}

/// A name that is accepted is printed as it was typed, but for the dot that ends a fully qualified suffix; and what is
/// printed is the same name.
pub fn logon_name(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data)
        && let Ok(name) = LogonName::parse(text)
    {
        let printed = name.to_string();
        assert!(printed == text || printed + "." == text, "{name} for {text}");
        assert_eq!(LogonName::parse(&name.to_string()).as_ref(), Ok(&name));
    }
}

/// A SID has one encoding and one text.
pub fn sid(data: &[u8]) {
    if let Ok(sid) = Sid::decode(data) {
        assert_eq!(sid.encode(), data);
        assert_eq!(sid.to_string().parse(), Ok(sid));
    }
}

/// Mappings and diagnostics are bounded, and what is written back holds the same mappings and no mistake.
pub fn suffix_map(data: &[u8]) {
    let parsed = SuffixMap::parse(data);
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS + 1);
    assert!(parsed.map.len() <= MAX_MAPPINGS);
    let again = SuffixMap::parse(parsed.map.to_string().as_bytes());
    assert!(again.diagnostics.is_empty(), "{:?}", again.diagnostics);
    let pairs = |map: &SuffixMap| -> Vec<(String, String)> {
        map.mappings()
            .map(|mapping| (mapping.alternate().to_owned(), mapping.domain().to_owned()))
            .collect()
    };
    assert_eq!(pairs(&again.map), pairs(&parsed.map));
}
