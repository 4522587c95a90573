//! The first inputs of each corpus: well-formed ones, and ones that are nearly so.

mod changes;
mod claims;
mod kerberos;
mod ldap;
mod ntlm;
mod schema;
mod sync;

use adlib_core::gss::{KERBEROS_OID, NTLM_OID, SPNEGO_OID, frame};
use adlib_spnego::{MechType, NegState, NegTokenInit, NegTokenResp};

type Seeds = Vec<(&'static str, &'static str, Vec<u8>)>;

/// Target, file name and content of each seed.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = Vec::new();
    changes::seeds(&mut seeds);
    dn(&mut seeds);
    filter(&mut seeds);
    gss_framing(&mut seeds);
    kerberos::seeds(&mut seeds);
    ldap::seeds(&mut seeds);
    ldif(&mut seeds);
    logon_name(&mut seeds);
    ntlm::seeds(&mut seeds);
    schema::seeds(&mut seeds);
    sid(&mut seeds);
    spnego(&mut seeds);
    suffix_map(&mut seeds);
    sync::seeds(&mut seeds);
    seeds
}

fn dn(seeds: &mut Seeds) {
    for (name, text) in [
        ("plain", "CN=Ada Lovelace,OU=Berlin,DC=corp,DC=example,DC=com"),
        ("escaped", r"CN=Doe\, John\20,OU=\#1,DC=corp"),
        ("quoted", r#"CN="Quo \"Te\" User";OU=A"#),
        ("multi-valued", "CN=Ada+UID=1,O=Example"),
        ("binary", "1.3.6.1.4.1.1466.0=#04024869"),
    ] {
        seeds.push(("dn", name, text.into()));
    }
}

fn filter(seeds: &mut Seeds) {
    for (name, text) in [
        (
            "users",
            "(&(sAMAccountName=*)(objectCategory=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
        ),
        ("substrings", r"(|(cn=a*b\2a*c)(mail>=x)(mail<=y)(mail~=z))"),
        ("nothing", "(&)"),
        ("deep", "(!(!(!(!(!(cn=x))))))"),
    ] {
        seeds.push(("filter", name, text.into()));
    }
}

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

fn ldif(seeds: &mut Seeds) {
    for (name, text) in [
        (
            "two-entries",
            "version: 1\n\ndn: cn=Ada,dc=example\nmail: a@exam\n ple\ncn:: QWRh\n\ndn:: Y249Qg==\nsn: B\n",
        ),
        (
            "search-result",
            "# extended LDIF\r\ndn: cn=Ada\r\ncn: Ada\r\n\r\nsearch: 2\r\nresult: 0 Success\r\n",
        ),
        ("url", "dn: cn=Ada\njpegPhoto:< file:///etc/passwd\n"),
        ("change", "dn: cn=Ada\nchangetype: delete\n"),
    ] {
        seeds.push(("ldif", name, text.into()));
    }
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

fn spnego(seeds: &mut Seeds) {
    let mech_types = vec![MechType::KERBEROS, MechType::NTLM];
    let init = NegTokenInit {
        mech_types,
        mech_token: Some(b"token"),
        mech_list_mic: Some(b"mic"),
    };
    seeds.push(("spnego", "init", init.encode()));
    let resp = NegTokenResp {
        state: Some(NegState::AcceptIncomplete),
        supported_mech: Some(MechType::NTLM),
        response_token: Some(b"token"),
        mech_list_mic: None,
    };
    seeds.push(("spnego", "resp", resp.encode()));
    for (name, script) in [
        ("kerberos", &[4_u8][..]),
        ("ntlm-preferred", &[5]),
        ("ntlm-admitted", &[2]),
        ("kerberos-admitted", &[1]),
        ("not-mutual", &[9]),
        // One change to the first token: another list, and no token.
        ("relisted", &[4, 0x20, 0x66]),
        // Codes taken away, one after the other.
        ("no-codes", &[2, 0, 0, 0, 0, 0x20, 1, 0x20, 1]),
        ("flipped", &[4, 0x20, 5, 0, 9, 0, 1]),
        ("state", &[5, 0, 0x20, 10]),
        ("supported", &[5, 0, 0x20, 9]),
    ] {
        seeds.push(("spnego_negotiation", name, script.to_vec()));
    }
    seeds.push(("spnego", "raw-ntlm", b"NTLMSSP\0\x01\0\0\0".to_vec()));
    seeds.push((
        "spnego",
        "raw-kerberos",
        frame(KERBEROS_OID, &[b"\x01\x00\x6e\x00"]),
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

#[cfg(test)]
mod tests {
    use adlib_ldap::fuzzing;
    use adlib_ntlm::{
        Ntlmv2Response,
        message::{AuthenticateMessage, AvPairs, ChallengeMessage, NegotiateMessage},
    };

    use super::*;

    pub(super) fn seed(target: &str, name: &str) -> Vec<u8> {
        let mut seeds = seeds().into_iter();
        seeds.find(|seed| seed.0 == target && seed.1 == name).unwrap().2
    }

    /// A seed that its decoder refuses at once would teach the engine nothing.
    #[test]
    fn the_ntlm_messages_are_messages() {
        let old = seed("ntlm_negotiate", "old");
        assert_eq!(NegotiateMessage::decode(&old).unwrap().workstation, b"WS1");
        assert!(NegotiateMessage::decode(&seed("ntlm_negotiate", "new")).is_ok());
        let challenge = seed("ntlm_challenge", "new");
        let challenge = ChallengeMessage::decode(&challenge).unwrap();
        assert_eq!(challenge.target_name_text().unwrap(), "CORP");
        assert_eq!(challenge.target_info.unwrap().iter().count(), 4);
        for name in ["old", "new"] {
            let authenticate = seed("ntlm_authenticate", name);
            let authenticate = AuthenticateMessage::decode(&authenticate).unwrap();
            assert_eq!(authenticate.user_text().unwrap(), "zo\u{eb}");
            assert!(Ntlmv2Response::decode(authenticate.nt_response).is_ok());
            assert_eq!(authenticate.mic.is_some(), name == "new");
        }
        for name in ["of-a-challenge", "of-a-response"] {
            assert!(AvPairs::decode(&seed("ntlm_av_pairs", name)).is_ok());
        }
    }

    #[test]
    fn the_answers_of_a_server_pass() {
        let passed = |name| fuzzing::answers(&seed("ldap_answers", name)).unwrap().len();
        assert_eq!(
            ["entry-reference-done", "page", "referral", "disconnection"].map(passed),
            [3, 1, 1, 1]
        );
        let synced = |name| fuzzing::synced(&seed("ldap_synced", name)).unwrap().len();
        assert_eq!(
            ["entry-with-state", "id-set", "cookie-and-done"].map(synced),
            [1, 1, 2]
        );
        let code = |name| fuzzing::bind_answer(&seed("ldap_bind_answer", name)).unwrap();
        assert_eq!(
            ["done", "in-progress", "refused", "disconnection"].map(code),
            [0, 14, 49, 52]
        );
    }
}
