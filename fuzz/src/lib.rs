//! Oracles: functions that take any bytes and panic when adlib breaks a promise about them.
//!
//! That no bytes panic, hang or make it allocate without bound is promised of every decoder; each function says what
//! it checks besides. `fuzz_targets/` gives them to an engine, `tests/replay.rs` gives them every input that is kept.

pub mod seed;

use adlib_core::{Sid, gss};
use adlib_upn::{LogonName, MAX_DIAGNOSTICS, MAX_MAPPINGS, SuffixMap};

/// An oracle.
pub type Oracle = fn(&[u8]);

/// Every oracle with the name of its target, corpus and crashes.
pub const ORACLES: &[(&str, Oracle)] = &[
    ("gss_framing", gss_framing),
    ("logon_name", logon_name),
    ("sid", sid),
    ("suffix_map", suffix_map),
];

/// The frame of an initial context token is one of a kind: put on again, it is the same bytes.
pub fn gss_framing(data: &[u8]) {
    if let Ok(framed) = gss::unframe(data) {
        assert_eq!(gss::frame(framed.mechanism, &[framed.inner]), data);
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
