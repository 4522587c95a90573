//! One source: what the KDC and the directory say, and what becomes of it.

use std::sync::{Mutex, atomic::Ordering};

use adlib::{Authenticator, Directory, Mechanism, Mode, SignInError, Step, SuffixMap, USER_MESSAGE};
use adlib_kdc::Rejection;

use crate::scene::{Kdc, SERVICE, Site, key, keytab};

/// R13: the acceptor of an authenticator has its keys, clock and directory, and its replay records.
#[test]
fn r13_an_authenticator_accepts_tokens_too() {
    let site = Site::new(Kdc::new());
    let acceptor = site.authenticator.acceptor().unwrap();
    let token = site.kdc.issue("ada", "CORP.EXAMPLE.COM");
    let step = site.runtime.block_on(acceptor.handshake(None).step(&token));
    let Step::Done {
        identity,
        token: None,
    } = step
    else {
        unreachable!("{step:?}");
    };
    assert_eq!(
        (identity.account(), identity.domain()),
        ("ada", "corp.example.com")
    );
    assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1104");
    let again = site.authenticator.acceptor().unwrap();
    let step = site.runtime.block_on(again.handshake(None).step(&token));
    let Step::Refused {
        reason: SignInError::Refused(refusal),
        ..
    } = step
    else {
        unreachable!("{step:?}");
    };
    assert_eq!(refusal.reason().as_str(), "replayed");
}

/// R3, R6: the identity is the account's as registered, and the evidence says what it rests on.
#[test]
fn r06_a_verified_ticket_makes_an_identity() {
    let site = Site::new(Kdc::new());
    let identity = site.sign_in("ADA@Corp.example.com").unwrap();
    assert_eq!(
        (identity.account(), identity.domain()),
        ("ada", "corp.example.com")
    );
    assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1104");
    let Mechanism::Kerberos(evidence) = &identity.evidence().mechanism else {
        unreachable!("{:?}", identity.evidence());
    };
    assert_eq!((&*evidence.service, evidence.pac), (SERVICE, "verified"));
    assert_eq!(identity.evidence().fallback, None);
    assert_eq!(
        site.sign_in("ada@pw.example").unwrap().account(),
        "ada",
        "through the mapping file"
    );
}

/// R10: how far the controller's clock is from ours is in the evidence.
#[test]
fn r10_the_difference_of_the_clocks_is_evidence() {
    for ahead_s in [-200, 0, 200] {
        let site = Site::new(Kdc {
            ahead_s,
            ..Kdc::new()
        });
        let identity = site.sign_in("ada@corp.example.com").unwrap();
        let Mechanism::Kerberos(evidence) = &identity.evidence().mechanism else {
            panic!("{identity:?}");
        };
        assert_eq!(evidence.clock_difference_s, ahead_s);
    }
}

/// R6: a KDC that says yes without knowing the service's key proves nothing.
#[test]
fn r06_a_spoofed_kdc_is_refused() {
    let site = Site::new(Kdc {
        key: key(2),
        ..Kdc::new()
    });
    let reason = site.refusal("ada@corp.example.com");
    assert!(
        !reason.starts_with("accepted") && !reason.starts_with("failed"),
        "{reason}"
    );
}

/// R18: the controller vouches for another account than the one found.
#[test]
fn r18_the_sid_must_be_that_of_the_account_found() {
    let site = Site::new(Kdc {
        rid: Some(0x451),
        ..Kdc::new()
    });
    assert_eq!(site.refusal("ada@corp.example.com"), "sid-mismatch");
}

/// R17: the next sign-in goes by the new file; a broken file changes nothing and says what is wrong with it.
#[test]
fn r17_the_mapping_is_reloaded_while_running() {
    let site = Site::new(Kdc::new());
    assert_eq!(site.refusal("ada@other.example"), "unknown-domain");
    let file = b"other.example = corp.example.com\n";
    site.authenticator.reload_suffixes(file).unwrap();
    assert_eq!(site.sign_in("ada@other.example").unwrap().account(), "ada");
    assert_eq!(site.refusal("ada@pw.example"), "unknown-domain");

    let broken = b"pw.example = corp.example.com\nother.example\n";
    let error = site.authenticator.reload_suffixes(broken).unwrap_err();
    assert_eq!(error.diagnostics()[0].line, 2);
    assert_eq!(site.sign_in("ada@other.example").unwrap().account(), "ada");
    assert_eq!(site.refusal("ada@pw.example"), "unknown-domain");
}

/// R6, A7: the service's keys are replaced while running, in sign-ins and for acceptors that were made before; a broken file
/// leaves the old ones in force, and what was accepted stays on record.
#[test]
fn r06_keys_are_replaced_while_running() {
    let site = Site::with(Kdc::new(), |builder, _| builder.keytab(keytab(&key(2))));
    let acceptor = site.authenticator.acceptor().unwrap();
    let token = site.kdc.issue("ada", "CORP.EXAMPLE.COM");
    let accepted = |token: &[u8]| {
        let step = site.runtime.block_on(acceptor.handshake(None).step(token));
        matches!(step, Step::Done { .. })
    };
    assert_eq!(site.refusal("ada@corp.example.com"), "ticket-not-opened");
    assert!(!accepted(&token));
    site.authenticator.reload_keytab(b"half a file").unwrap_err();
    assert_eq!(site.refusal("ada@corp.example.com"), "ticket-not-opened");
    let file = keytab(&key(1)).encode();
    site.authenticator.reload_keytab(&file).unwrap();
    assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
    assert!(accepted(&token));
    site.authenticator.reload_keytab(&file).unwrap();
    assert!(!accepted(&token), "it is on record");
}

/// R8: a saved hash needs NTLM, which mode modern never uses; and a directory in files has no controller to ask.
#[test]
fn r08_a_saved_sign_in_where_ntlm_is_not_to_be_had() {
    for (mode, reason) in [
        (Mode::ModernOnly, "ntlm-not-admitted"),
        (Mode::Auto, "mechanism-unavailable"),
        (Mode::LegacyOnly, "mechanism-unavailable"),
    ] {
        let site = Site::in_mode(mode, Kdc::new());
        assert_eq!(
            site.refusal_of(site.sign_in_saved("ada@corp.example.com")),
            reason
        );
        assert_eq!(site.kdc.asked.load(Ordering::SeqCst), 0, "no ticket is asked for");
    }
}

/// R5: without a keytab and a service, NTLM alone is what can be configured.
#[test]
fn r05_legacy_mode_needs_no_service() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let built = |mode| {
        runtime.block_on(
            Authenticator::builder()
                .domain("corp.example.com")
                .mode(mode)
                .build(),
        )
    };
    assert!(built(Mode::LegacyOnly).is_ok());
    for mode in [Mode::Auto, Mode::ModernOnly] {
        assert!(built(mode).unwrap_err().to_string().contains("service"), "{mode}");
    }
}

/// A7: a source of tickets that hands out the same message twice.
#[test]
fn a07_a_message_signs_in_once() {
    let site = Site::new(Kdc {
        recorded: Some(Mutex::default()),
        ..Kdc::new()
    });
    assert_eq!(site.refusal("ada@corp.example.com"), "accepted: ada");
    assert_eq!(site.refusal("ada@corp.example.com"), "replayed");
}

/// R9: what the KDC says, with what the attributes say.
#[test]
fn r09_reasons() {
    for (answer, name, reason) in [
        (Rejection::WrongPassword, "ada@corp.example.com", "wrong-password"),
        (Rejection::Revoked, "ada@acme.example", "disabled"),
        (
            Rejection::ClockSkew { server_time: None },
            "ada@corp.example.com",
            "clock-skew",
        ),
        (
            Rejection::ServiceUnknown,
            "ada@corp.example.com",
            "kerberos-unavailable",
        ),
        (
            Rejection::SmartcardRequired,
            "ada@corp.example.com",
            "smartcard-required",
        ),
    ] {
        let site = Site::new(Kdc::refusing(answer));
        assert_eq!(site.refusal(name), reason);
    }
}

/// R9, A46: an unknown name makes the exchange of a wrong password, for an account that nobody has: once, for a source of
/// tickets makes as many exchanges for either.
#[test]
fn a46_unknown_names_make_the_same_exchanges() {
    for answer in [Rejection::WrongPassword, Rejection::UnknownPrincipal] {
        let site = Site::new(Kdc::refusing(answer));
        for (name, reason) in [
            ("nobody@corp.example.com", "unknown-user"),
            ("ada@elsewhere.example", "unknown-domain"),
            ("ada@lost.example", "unknown-domain"),
        ] {
            assert_eq!(site.refusal(name), reason);
        }
        assert_eq!(site.kdc.asked.load(Ordering::SeqCst), 3);
        let asked = site.kdc.accounts.lock().unwrap();
        assert!(
            asked.iter().all(|account| account.len() > 20),
            "nobody's account may pay for it: {asked:?}"
        );
    }
}

/// R9, A46: of several domains, the one that a suffix stands for is asked about names that nobody has there, too.
#[test]
fn a46_a_suffix_leads_to_its_domain_for_every_name() {
    let site = Site::with(Kdc::refusing(Rejection::WrongPassword), |builder, files| {
        let both = ["corp", "partners"].map(|name| files.join(name).with_extension("ldif"));
        let map = "pp.example = partners.example.com\ncp.example = corp.example.com\n";
        let map = SuffixMap::parse(map.as_bytes()).map;
        let builder = builder.accept_down_level_names(true);
        builder.directory(Directory::from_ldif(both)).suffixes(map)
    });
    for (known, unknown) in [
        ("carol@partners.example.com.", "nobody@partners.example.com."),
        ("PARTNERS\\carol", "PARTNERS\\nobody"),
        ("partners.example.com\\carol", "partners.example.com\\nobody"),
        ("carol@pp.example", "nobody@pp.example"),
        ("ada@cp.example", "nobody@CP.example"),
        ("ada@corp.example.com", "nobody@CORP.example.com"),
        ("carol@partners.example.com", "nobody@partners.example.com"),
    ] {
        let realm_of = |name: &str| {
            site.kdc.accounts.lock().unwrap().clear();
            site.refusal(name);
            let asked = site.kdc.accounts();
            asked[0].split_once('@').unwrap().1.to_owned()
        };
        assert_eq!(realm_of(known), realm_of(unknown), "{known}");
    }
}

/// R9: when no KDC can be asked, nobody learns who exists.
#[test]
fn r09_an_outage_does_not_tell_who_exists() {
    let unreachable = adlib_kdc::Unreachable::default();
    let site = Site::new(Kdc::refusing(unreachable));
    let known = site.refusal("ada@corp.example.com");
    assert!(known.starts_with("failed: "), "{known}");
    assert_eq!(site.refusal("nobody@corp.example.com"), known);
    let error = site.sign_in("nobody@corp.example.com").unwrap_err();
    assert_eq!(error.user_message(), USER_MESSAGE);
}
