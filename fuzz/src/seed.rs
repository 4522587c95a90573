//! The first inputs of each corpus: well-formed ones, and ones that are nearly so.

use adlib_core::gss::{KERBEROS_OID, NTLM_OID, SPNEGO_OID, frame};

/// Target, file name and content of each seed.
#[must_use]
pub fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    gss_framing(&mut seeds);
    logon_name(&mut seeds);
    sid(&mut seeds);
    suffix_map(&mut seeds);
    seeds
}

type Seeds = Vec<(&'static str, &'static str, Vec<u8>)>;

fn gss_framing(seeds: &mut Seeds) {
    for (name, mechanism) in [
        ("kerberos", KERBEROS_OID),
        ("spnego", SPNEGO_OID),
        ("ntlm", NTLM_OID),
    ] {
        seeds.push(("gss_framing", name, frame(mechanism, &[b"\x01\x00", b"inner"])));
    }
    seeds.push(("gss_framing", "long-length", frame(KERBEROS_OID, &[&[0x55; 300]])));
    seeds.push((
        "gss_framing",
        "four-gib",
        b"\x60\x84\xff\xff\xff\xff\x06\x01\x00".to_vec(),
    ));
}

fn logon_name(seeds: &mut Seeds) {
    for (name, text) in [
        ("upn", "ada@corp.example.com"),
        ("down-level", "CORP\\ada"),
        ("bare", "ada"),
        ("non-ascii", "zo\u{eb}@\u{fc}nal.example"),
        ("override", "ada\u{202e}@corp.example.com"),
        ("two-ats", "ada@home@corp.example.com"),
        ("filter", "*)(uid=*@corp.example.com"),
    ] {
        seeds.push(("logon_name", name, text.into()));
    }
}

fn sid(seeds: &mut Seeds) {
    for (name, text) in [
        ("everyone", "S-1-1-0"),
        ("user", "S-1-5-21-1111111111-2222222222-3333333333-1103"),
        ("large-authority", "S-1-0x123456789abc-1"),
    ] {
        if let Ok(sid) = text.parse::<adlib_core::Sid>() {
            seeds.push(("sid", name, sid.encode()));
        }
    }
    seeds.push((
        "sid",
        "sixteen-parts",
        b"\x01\x10\x00\x00\x00\x00\x00\x05".to_vec(),
    ));
}

fn suffix_map(seeds: &mut Seeds) {
    for (name, text) in [
        (
            "plain",
            "# branches\nacme.com = ch.acme.com\n\nacme.com\t=\tde.acme.com\n",
        ),
        (
            "mistakes",
            "acme.com ch.acme.com\na = b = c\n= d\nA.com = b.com\na.com = B.com\n",
        ),
        (
            "bom-crlf",
            "\u{feff}acme.com = ch.acme.com\r\nacme.org = de.acme.com",
        ),
    ] {
        seeds.push(("suffix_map", name, text.into()));
    }
    seeds.push(("suffix_map", "utf-16", b"\xff\xfea\x00".to_vec()));
}
