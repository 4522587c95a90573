//! Mode by what is broken: what comes of it, on what it rests, and what is recorded (R5).

use adlib::{Mechanism, Mode};
use adlib_kdc::{LocateError, NotSupported, Rejection, TicketError, Unreachable};

use crate::scene::{Kdc, Site, key};

const NAME: &str = "ada@corp.example.com";

/// What is broken.
struct Broken {
    what: &'static str,
    kdc: fn() -> Kdc,
    password: &'static str,
    /// The outcome in `Auto` and in `ModernOnly`, where the source has no controller for NTLM.
    auto: &'static str,
    modern: &'static str,
    /// Whether `Auto` tries NTLM.
    falls_back: bool,
}

/// A KDC that answers so.
macro_rules! answering {
    ($answer:expr) => {
        || Kdc::refusing($answer)
    };
}

const fn verdict(what: &'static str, kdc: fn() -> Kdc, reason: &'static str) -> Broken {
    Broken {
        what,
        kdc,
        password: "secret",
        auto: reason,
        modern: reason,
        falls_back: false,
    }
}

const fn unusable(what: &'static str, kdc: fn() -> Kdc, reason: &'static str) -> Broken {
    Broken {
        falls_back: true,
        ..verdict(what, kdc, reason)
    }
}

/// Somebody took the connection, and gave no answer.
fn late() -> Unreachable {
    Unreachable {
        reached: true,
        ..Unreachable::default()
    }
}

/// DNS does not tell where a realm's KDCs are, before or after another one `reached` answered.
fn not_located(reached: bool) -> TicketError {
    TicketError::NotLocated {
        realm: "STAFF.EXAMPLE.COM".to_owned(),
        source: LocateError::NotOffered("_kerberos".to_owned()),
        reached,
    }
}

/// Only what keeps Kerberos from being used leads to NTLM; a verdict never does.
fn table() -> Vec<Broken> {
    vec![
        verdict("nothing", Kdc::new, "accepted: ada"),
        Broken {
            password: "wrong",
            ..verdict("the password", Kdc::new, "wrong-password")
        },
        unusable(
            "no KDC answers",
            answering!(Unreachable::default()),
            "failed: no KDC answers: no address is known",
        ),
        verdict(
            "a KDC is there and slow",
            answering!(late()),
            "failed: no KDC answers: no address is known",
        ),
        verdict(
            "a KDC is slow to give the armour",
            answering!(TicketError::Armour(Box::new(late().into()))),
            "failed: no armour for the exchange: no KDC answers: no address is known",
        ),
        verdict(
            "the KDCs of the service's realm are hidden",
            answering!(not_located(true)),
            "failed: the KDCs of STAFF.EXAMPLE.COM: the SRV records `_kerberos` say that the service is not offered",
        ),
        unusable(
            "no KDC is found",
            answering!(not_located(false)),
            "failed: the KDCs of STAFF.EXAMPLE.COM: the SRV records `_kerberos` say that the service is not offered",
        ),
        unusable(
            "no key for the service",
            answering!(Rejection::ServiceUnknown),
            "kerberos-unavailable",
        ),
        unusable(
            "RC4 only",
            answering!(Rejection::EtypeUnsupported),
            "kerberos-unavailable",
        ),
        unusable(
            "another realm",
            answering!(TicketError::NotSupported(NotSupported::OtherRealm)),
            "kerberos-unavailable",
        ),
        verdict(
            "the KDC's clock",
            answering!(Rejection::ClockSkew { server_time: None }),
            "clock-skew",
        ),
        verdict(
            "the ticket is dated ahead",
            || Kdc {
                ahead_s: 3600,
                ..Kdc::new()
            },
            "ticket-not-yet-valid",
        ),
        verdict("disabled", answering!(Rejection::Disabled), "disabled"),
        verdict(
            "revoked, says the KDC",
            answering!(Rejection::Revoked),
            "refused-by-controller",
        ),
        verdict(
            "expired",
            answering!(Rejection::AccountExpired),
            "account-expired",
        ),
        verdict("locked", answering!(Rejection::Locked), "locked"),
        verdict(
            "password too old",
            answering!(Rejection::PasswordExpired),
            "password-expired",
        ),
        verdict(
            "must change",
            answering!(Rejection::MustChangePassword),
            "must-change-password",
        ),
        verdict("hours", answering!(Rejection::LogonHours), "logon-hours"),
        verdict("workstation", answering!(Rejection::Workstation), "workstation"),
        verdict(
            "smart card",
            answering!(Rejection::SmartcardRequired),
            "smartcard-required",
        ),
        verdict("policy", answering!(Rejection::Policy), "refused-by-controller"),
        verdict(
            "the KDC knows no such user",
            answering!(Rejection::UnknownPrincipal),
            "unknown-user",
        ),
        verdict(
            "a KDC without the service's key",
            || Kdc {
                key: key(2),
                ..Kdc::new()
            },
            "ticket-not-opened",
        ),
        verdict(
            "a KDC that vouches for somebody else",
            || Kdc {
                rid: Some(0x451),
                ..Kdc::new()
            },
            "sid-mismatch",
        ),
    ]
}

/// R5
#[test]
fn r05_mode_by_what_is_broken() {
    for row in table() {
        for (mode, expected) in [(Mode::Auto, row.auto), (Mode::ModernOnly, row.modern)] {
            let site = Site::in_mode(mode, (row.kdc)());
            let outcome = site.try_password(NAME, row.password);
            if let Ok(identity) = &outcome {
                assert!(matches!(identity.evidence().mechanism, Mechanism::Kerberos(_)));
                assert_eq!(identity.evidence().fallback, None);
            }
            let at = format!("{mode}, {}", row.what);
            assert_eq!(site.refusal_of(outcome), expected, "{at}");
            let falls_back = row.falls_back && mode == Mode::Auto;
            let last = match expected.split(':').next() {
                Some("accepted") => "accepted",
                Some("failed") => "undecided",
                _ => "refused",
            };
            let events: &[&str] = if falls_back { &["fell-back", last] } else { &[last] };
            assert_eq!(site.lines.events(), events, "{at}");
            assert_eq!(site.kdc.accounts(), ["ada@CORP.EXAMPLE.COM"], "{at}: asked once");
        }
        // Without Kerberos no KDC is asked, and files have no controller.
        let site = Site::in_mode(Mode::LegacyOnly, (row.kdc)());
        let outcome = site.try_password(NAME, row.password);
        assert_eq!(
            site.refusal_of(outcome),
            "mechanism-unavailable",
            "legacy, {}",
            row.what
        );
        assert_eq!(site.kdc.accounts(), [""; 0]);
    }
}
