//! What each key of `[signin]` does, from the file to the verdict.

use std::{fs, path::Path, sync::Arc};

use adlib::{
    Authenticator, BoxFuture, ChannelBindings, Config, Error, HashLookup, KnownAccount, SignInError, Step,
    ntlm::{Account, Ephemeral, Initiator, NtHash, SessionKey},
};
use adlib_core::{FileTime, gss};
use adlib_kerberos::{EncryptionType, ServiceKey};

use crate::scene::{CLERKS, Kdc, NOW, PRINT_ADMINS, SERVICE, Site, keytab};

const NAME: &str = "ada@corp.example.com";
const KDCS: &str = "kdc = { \"corp.example.com\" = [\"127.0.0.1\"] }";

/// A site by a file, with `signin` in its section; the keytab is of the KDC's key.
fn site(kdc: Kdc, signin: &str) -> Site {
    let keys = keytab(&kdc.key).encode();
    let parts = |files: &Path| {
        fs::write(files.join("http.keytab"), keys).unwrap();
        fs::write(files.join("suffixes.conf"), "pw.example = corp.example.com\n").unwrap();
        let text = format!(
            "[directory]\nldif = [\"corp.ldif\"]\ndns = [\"127.0.0.1:9\"]\n\
             [signin]\nservice = \"{SERVICE}\"\nkeytab = \"http.keytab\"\n{KDCS}\n{signin}\n"
        );
        let file = files.join("adlib.toml");
        fs::write(&file, text).unwrap();
        Authenticator::builder_from_config(&Config::read(file).unwrap()).unwrap()
    };
    Site::made_of(kdc, parts, |builder, _| builder)
}

fn rc4() -> Kdc {
    Kdc {
        key: ServiceKey::new(EncryptionType::Rc4, [5; 16]).unwrap(),
        ..Kdc::new()
    }
}

fn ahead() -> Kdc {
    Kdc {
        ahead_s: 200,
        ..Kdc::new()
    }
}

fn without_pac() -> Kdc {
    Kdc {
        without_pac: true,
        ..Kdc::new()
    }
}

fn slow() -> Kdc {
    Kdc {
        delay: std::time::Duration::from_millis(1500),
        ..Kdc::new()
    }
}

/// R1, R3, R10, R11, R16, A17: each key decides what it says; what comes of a sign-in without the key and with it.
#[test]
fn each_key_of_a_sign_in_decides() {
    let (accepted, late) = ("accepted: ada", "failed: no decision within the deadline of 1 s");
    let down_level = r"corp.example.com\ada";
    for (key, kdc, name, without, with) in [
        (
            "clock_tolerance = \"1m\"",
            ahead as fn() -> Kdc,
            NAME,
            accepted,
            "ticket-not-yet-valid",
        ),
        (
            "pac = \"best-effort\"",
            without_pac,
            NAME,
            "pac-missing",
            accepted,
        ),
        ("pac = \"off\"", without_pac, NAME, "pac-missing", accepted),
        (
            "danger_accept_rc4 = true",
            rc4,
            NAME,
            "rc4-not-admitted",
            accepted,
        ),
        ("deadline = \"1s\"", slow, NAME, accepted, late),
        (
            "account_case = \"sensitive\"",
            Kdc::new,
            "Ada@corp.example.com",
            accepted,
            "unknown-user",
        ),
        (
            "upn_mappings = \"suffixes.conf\"",
            Kdc::new,
            "ada@pw.example",
            "unknown-domain",
            accepted,
        ),
        (
            "accept_down_level_names = true",
            Kdc::new,
            down_level,
            "down-level-name",
            accepted,
        ),
        ("mode = \"modern\"", Kdc::new, NAME, accepted, accepted),
    ] {
        assert_eq!(site(kdc(), "").refusal(name), without, "without {key}");
        assert_eq!(site(kdc(), key).refusal(name), with, "{key}");
    }
}

/// A site of two sources by a file, with `primary` and `secondary` in their sections and `signin` in that.
fn of_two(primary: &str, secondary: &str, signin: &str) -> Site {
    let parts = |files: &Path| {
        fs::write(files.join("http.keytab"), keytab(&Kdc::new().key).encode()).unwrap();
        let text = format!(
            "[directory]\nldif = [\"corp.ldif\"]\n{primary}\n\
             [secondary_directory]\nldif = [\"partners.ldif\"]\n{secondary}\n\
             [signin]\nservice = \"{SERVICE}\"\nkeytab = \"http.keytab\"\n{signin}\n"
        );
        let file = files.join("adlib.toml");
        fs::write(&file, text).unwrap();
        Authenticator::builder_from_config(&Config::read(file).unwrap()).unwrap()
    };
    Site::made_of(Kdc::new(), parts, |builder, _| builder)
}

/// R4, R40: each source's own name servers know the KDCs of its domains.
#[test]
fn r04_each_source_has_its_name_servers() {
    let dns = |host: &str, at| format!("dns = [\"{}\"]", adlib_lab::name_server(host, at));
    let corp = dns("dc1.corp.example.com", [127, 0, 0, 81].into());
    let partners = dns("pdc.partners.example.com", [127, 0, 0, 82].into());
    let site = of_two(&corp, &partners, "");
    for (name, kdc) in [
        (NAME, "dc1.corp.example.com:88"),
        ("carol@partners.example.com", "pdc.partners.example.com:88"),
    ] {
        site.sign_in(name).unwrap();
        assert_eq!(*site.kdc.kdcs.lock().unwrap(), [kdc], "{name}");
    }
}

/// R4, R40: KDCs in a list are those of every domain, in whichever source.
#[test]
fn r04_a_list_of_kdcs_is_for_both_sources() {
    let nowhere = "dns = [\"127.0.0.1:9\"]";
    let site = of_two(nowhere, nowhere, "kdc = [\"127.0.0.83\"]");
    for name in [NAME, "carol@partners.example.com"] {
        site.sign_in(name).unwrap();
        assert_eq!(*site.kdc.kdcs.lock().unwrap(), ["127.0.0.83:88"], "{name}");
    }
}

/// R5, R8: a saved sign-in is NTLM, which one mode never uses.
#[test]
fn r05_the_mode_of_the_file() {
    for (mode, reason) in [("auto", "mechanism-unavailable"), ("modern", "ntlm-not-admitted")] {
        let site = site(Kdc::new(), &format!("mode = \"{mode}\""));
        assert_eq!(site.refusal_of(site.sign_in_saved(NAME)), reason, "{mode}");
    }
}

/// R12: the first rule of the file that fits decides, whatever the order of the groups.
#[test]
fn r12_the_first_rule_of_the_file_decides() {
    let rules = |first: &str, second: &str| {
        format!(
            "provision = [{{ group = \"{first}\", profile = \"one\" }}, \
             {{ group = \"{second}\", profile = \"two\" }}]"
        )
    };
    for (first, second, groups, profile) in [
        ("Clerks", "Print Admins", vec![PRINT_ADMINS, CLERKS], Some("one")),
        ("Print Admins", "Clerks", vec![PRINT_ADMINS, CLERKS], Some("one")),
        ("Clerks", "Print Admins", vec![PRINT_ADMINS], Some("two")),
        ("Clerks", "Print Admins", vec![513], None),
    ] {
        let kdc = Kdc { groups, ..Kdc::new() };
        let ada = site(kdc, &rules(first, second)).sign_in(NAME).unwrap();
        assert_eq!(ada.profile(), profile, "{first}, {second}");
    }
}

/// R6: what is missing is named.
#[test]
fn r06_what_is_missing_is_named() {
    let text = "[directory]\ndomains = \"corp.example.com\"\n[signin]\n";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (more, missing) in [("", "`service`"), ("service = \"HTTP/app\"", "`keytab`")] {
        let config = Config::parse(&format!("{text}{more}")).unwrap();
        let error = runtime.block_on(Authenticator::from_config(&config)).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }
}

/// Who knows ada's password.
struct Known;

impl HashLookup for Known {
    fn find<'a>(
        &'a self,
        _claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
        let account = KnownAccount::new("S-1-5-21-1-2-3-1104".parse().unwrap(), "ada", "corp.example.com");
        let hash = NtHash::from_password("secret".into());
        Box::pin(std::future::ready(Ok(Some((hash, account)))))
    }
}

/// A client's NTLM, without channel bindings.
fn ntlm() -> Box<dyn gss::Initiator> {
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(NOW),
        client_challenge: [1; 8],
        session_key: SessionKey::new([2; 16]),
    };
    let hash = NtHash::from_password("secret".into());
    Box::new(Initiator::new("ada", "CORP", hash, ephemeral).target_name(SERVICE))
}

fn word(step: Step) -> String {
    match step {
        Step::Done { identity, .. } => format!(
            "{} by {}",
            identity.account(),
            identity.evidence().mechanism.as_str()
        ),
        Step::Refused {
            reason: SignInError::Refused(refusal),
            ..
        } => refusal.reason().as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// What comes of an NTLM client and a Kerberos client, neither of which ties its token to the connection.
fn unbound(signin: &str) -> [String; 2] {
    let site = site(Kdc::new(), signin);
    let acceptor = site.authenticator.acceptor_builder().hash_lookup(Arc::new(Known));
    let acceptor = acceptor.build().unwrap();
    let bindings = ChannelBindings::new(b"tls-server-end-point:certificate".to_vec());
    let handshake = || acceptor.handshake(Some(bindings.clone()));
    let step = |handshake: adlib::Handshake, token: &[u8]| site.runtime.block_on(handshake.step(token));
    let ticket = site.kdc.issue("ada", "CORP.EXAMPLE.COM");
    let kerberos = word(step(handshake(), &ticket));
    let gss::InitiatorStep::Continue { token, next } = ntlm().step(&[]).unwrap() else {
        panic!("NTLM has two legs");
    };
    let Step::Continue {
        token: challenge,
        handshake,
    } = step(handshake(), &token)
    else {
        panic!("a challenge");
    };
    let gss::InitiatorStep::Done { token, .. } = next.step(&challenge).unwrap() else {
        panic!("an answer");
    };
    [kerberos, word(step(handshake, &token.unwrap()))]
}

/// A14, A40: what the file asks of channel bindings, it asks of either mechanism: a token that can be relayed is one
/// whatever it is made of.
#[test]
fn a40_the_files_channel_bindings_are_for_either_mechanism() {
    // The NTLM client says that it knows of bindings, and has none.
    for (mode, expected) in [
        ("ignore", ["ada by kerberos", "ada by ntlm"]),
        ("if-offered", ["ada by kerberos", "bindings-missing"]),
        ("require", ["bindings-missing", "bindings-missing"]),
    ] {
        let key = format!("channel_bindings = \"{mode}\"");
        assert_eq!(unbound(&key), expected, "{mode}");
        let signin = Config::parse(&format!("[signin]\n{key}")).unwrap().signin;
        assert_eq!(signin.ntlm_policy().bindings, signin.policy().bindings, "{mode}");
    }
}

/// A36: older responses where the file says so.
#[test]
fn a36_older_responses_where_the_file_says_so() {
    for accept in [false, true] {
        let config = Config::parse(&format!("[signin]\ndanger_accept_ntlmv1 = {accept}")).unwrap();
        assert_eq!(config.signin.ntlm_policy().danger_accept_v1, accept);
    }
}
