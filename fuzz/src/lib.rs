//! Oracles: functions that take any bytes and panic when adlib breaks a promise about them.
//!
//! That no bytes panic, hang or make it allocate without bound is promised of every decoder; each function says what
//! it checks besides. `fuzz_targets/` gives them to an engine, `tests/replay.rs` gives them every input that is kept.

pub mod ldap;
pub mod ntlm;
pub mod scene;
pub mod script;
pub mod seed;

use adlib_core::{Sid, gss};
use adlib_kerberos::{
    Fresh, Keytab, Policy, UnverifiedApReq,
    pac::{ClientInfo, LogonInfo, UnverifiedPac, UpnDnsInfo},
};
use adlib_schema::{Dn, Filter, LdifReader, RawEntry};
use adlib_spnego::{NegTokenInit, NegTokenResp, Offer};
use adlib_upn::{LogonName, MAX_DIAGNOSTICS, MAX_MAPPINGS, SuffixMap};

/// An oracle.
pub type Oracle = fn(&[u8]);

/// Every oracle with the name of its target, corpus and crashes.
pub const ORACLES: &[(&str, Oracle)] = &[
    ("ap_req", ap_req),
    ("dn", dn),
    ("filter", filter),
    ("gss_framing", gss_framing),
    ("keytab", keytab),
    ("ldap_answers", ldap::answers),
    ("ldap_bind_answer", ldap::bind_answer),
    ("ldap_sasl_buffers", ldap::sasl_buffers),
    ("ldif", ldif),
    ("logon_name", logon_name),
    ("ntlm_acceptor", ntlm::acceptor),
    ("ntlm_authenticate", ntlm::authenticate),
    ("ntlm_av_pairs", ntlm::av_pairs),
    ("ntlm_challenge", ntlm::challenge),
    ("ntlm_initiator", ntlm::initiator),
    ("ntlm_negotiate", ntlm::negotiate),
    ("ntlm_session", ntlm::session),
    ("pac", pac),
    ("sid", sid),
    ("spnego", spnego),
    ("suffix_map", suffix_map),
];

/// Whoever is accepted with the keys of the scene is the scene's client.
pub fn ap_req(data: &[u8]) {
    let Ok(ap_req) = UnverifiedApReq::decode(data) else {
        return;
    };
    let _ = ap_req.unverified_service().to_string();
    let policy = Policy::default();
    let pending = ap_req
        .decrypt(&scene::keytab(), &policy)
        .and_then(|decrypted| decrypted.check(&policy, scene::now(), None));
    if let Ok(pending) = pending {
        let accepted = pending.accept(Fresh::danger_unchecked());
        assert_eq!(*accepted.client(), scene::client());
        assert_eq!(accepted.pac().and_then(|pac| pac.user_sid()), scene::client_sid());
    }
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

/// A key table is written so that it is read as the same keys.
pub fn keytab(data: &[u8]) {
    if let Ok(keytab) = Keytab::decode(data) {
        let again = Keytab::decode(&keytab.encode()).map(|again| again.entries().to_vec());
        assert_eq!(again.as_deref(), Ok(keytab.entries()));
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

/// A PAC that verifies with the key of the scene is about the scene's client; each buffer alone is decoded or refused.
pub fn pac(data: &[u8]) {
    if let Ok(pac) = UnverifiedPac::decode(data) {
        assert!(pac.buffer_types().count() * 16 <= data.len());
        if let Ok(verified) = pac.verify(&scene::key()) {
            assert_eq!(verified.user_sid(), scene::client_sid());
        }
    }
    let _ = LogonInfo::decode(data).map(|info| info.user_sid());
    let _ = (ClientInfo::decode(data), UpnDnsInfo::decode(data));
}

/// A SID has one encoding and one text.
pub fn sid(data: &[u8]) {
    if let Ok(sid) = Sid::decode(data) {
        assert_eq!(sid.encode(), data);
        assert_eq!(sid.to_string().parse(), Ok(sid));
    }
}

/// What is decoded is encoded so that it is decoded as the same, and an answer has one encoding.
pub fn spnego(data: &[u8]) {
    if let Ok(init) = NegTokenInit::decode(data) {
        assert_eq!(NegTokenInit::decode(&init.encode()).as_ref(), Ok(&init));
    }
    if let Ok(resp) = NegTokenResp::decode(data) {
        assert_eq!(resp.encode(), data);
    }
    let _ = Offer::read(data);
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
