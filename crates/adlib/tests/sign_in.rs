//! Signing in, against a directory in a file and a KDC in memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use adlib::ntlm::{Account, NtHash, SavedCredential};
use adlib::{
    Authenticator, Clock, Directory, Identity, Keytab, Mechanism, Mode, Password, SignInError, Step,
    SuffixMap, USER_MESSAGE, UnixTime,
};
use adlib_kdc::{ApReqToken, BoxFuture, Rejection, TicketError, TicketRequest, TicketSource};
use adlib_kerberos::{
    EncryptionType, KeytabEntry, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, PacBuilder, TicketBuilder},
};

const SERVICE: &str = "HTTP/app.corp.example.com";
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DOMAIN_SID: &str = "S-1-5-21-1-2-3";

const DIRECTORY: &str = "\
version: 1

dn: CN=Ada,DC=corp,DC=example,DC=com
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
sAMAccountName: ada
sAMAccountType: 805306368
userAccountControl: 512
userPrincipalName: ada@corp.example.com
objectGUID:: AQEBAQEBAQEBAQEBAQEBAQ==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUAQAAA==

dn: CN=Bob,DC=corp,DC=example,DC=com
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
sAMAccountName: bob
sAMAccountType: 805306368
userAccountControl: 514
userPrincipalName: ada@acme.example
objectGUID:: AgICAgICAgICAgICAgICAg==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUQQAAA==
";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        NOW
    }
}

/// A KDC in memory, honest or not.
struct Kdc {
    key: ServiceKey,
    /// The relative identifier that the PAC vouches for.
    rid: u32,
    answer: Option<TicketError>,
    /// The same token every time.
    recorded: Option<Mutex<Option<Vec<u8>>>>,
    asked: AtomicUsize,
    accounts: Mutex<Vec<String>>,
}

impl Kdc {
    fn new() -> Self {
        Self {
            key: key(1),
            rid: 0x451,
            answer: None,
            recorded: None,
            asked: AtomicUsize::new(0),
            accounts: Mutex::default(),
        }
    }

    fn issue(&self, account: &str, realm: &str) -> Vec<u8> {
        let count = u8::try_from(self.asked.load(Ordering::SeqCst)).unwrap();
        let random = &mut |bytes: &mut [u8]| bytes.fill(count);
        let client = Principal::user(account, realm);
        let service: Principal = format!("{SERVICE}@{realm}").parse().unwrap();
        let domain = DOMAIN_SID.parse().unwrap();
        let pac = PacBuilder::new(&client, NOW, "CORP", domain, self.rid, &[513]).sign(&self.key, &key(9));
        let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
        let ticket = TicketBuilder::new(client, service, session_key, NOW)
            .with_pac(pac)
            .encrypt(&self.key, random);
        ApReqBuilder::new(&ticket, NOW).encrypt_token(random).unwrap()
    }
}

impl TicketSource for Kdc {
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.accounts.lock().unwrap().push(request.account.to_owned());
        assert_eq!((request.realm, request.service), ("CORP.EXAMPLE.COM", SERVICE));
        let token = match (&self.answer, &self.recorded) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(recorded)) => {
                let mut recorded = recorded.lock().unwrap();
                Ok(recorded
                    .get_or_insert_with(|| self.issue(request.account, request.realm))
                    .clone())
            }
            (None, None) => Ok(self.issue(request.account, request.realm)),
        };
        Box::pin(async { token.map(ApReqToken::new) })
    }
}

fn key(byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [byte; 32]).unwrap()
}

struct Site {
    _files: tempfile::TempDir,
    authenticator: Authenticator,
    kdc: Arc<Kdc>,
    runtime: tokio::runtime::Runtime,
}

impl Site {
    fn new(kdc: Kdc) -> Self {
        Self::in_mode(Mode::Auto, kdc)
    }

    fn in_mode(mode: Mode, kdc: Kdc) -> Self {
        let files = tempfile::tempdir().unwrap();
        let ldif = files.path().join("corp.ldif");
        fs::write(&ldif, DIRECTORY).unwrap();
        let kdc = Arc::new(kdc);
        let principal: Principal = format!("{SERVICE}@CORP.EXAMPLE.COM").parse().unwrap();
        let entry = KeytabEntry {
            principal,
            kvno: 1,
            key: key(1),
            timestamp: NOW,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let map = SuffixMap::parse(b"pw.example = corp.example.com\nlost.example = gone.example.com\n").map;
        let authenticator = Authenticator::builder()
            .directory(Directory::from_ldif([ldif]))
            .dns(["127.0.0.1:9"])
            .kdcs("corp.example.com", ["127.0.0.1"])
            .service(SERVICE)
            .keytab(Keytab::new(vec![entry]))
            .suffixes(map)
            .mode(mode)
            .provision("nobody", "none")
            .tickets(kdc.clone())
            .clock(Arc::new(Fixed));
        let authenticator = runtime.block_on(authenticator.build()).unwrap();
        Self {
            _files: files,
            authenticator,
            kdc,
            runtime,
        }
    }

    fn sign_in(&self, name: &str) -> Result<Identity, SignInError> {
        self.runtime
            .block_on(self.authenticator.sign_in(name, &Password::from("secret")))
    }

    fn sign_in_saved(&self, name: &str) -> Result<Identity, SignInError> {
        let account = Account {
            user: "ada".into(),
            domain: "CORP".into(),
        };
        let saved = SavedCredential::new(account, NtHash::from_password("secret".into()));
        self.runtime
            .block_on(self.authenticator.sign_in_saved(name, &saved))
    }

    fn refusal(&self, name: &str) -> String {
        self.refusal_of(self.sign_in(name))
    }

    fn refusal_of(&self, outcome: Result<Identity, SignInError>) -> String {
        match outcome {
            Err(SignInError::Refused(refusal)) => {
                assert_eq!(refusal.user_message(), USER_MESSAGE);
                assert!(!format!("{refusal:?}").contains("secret"), "A63");
                refusal.reason().as_str().to_owned()
            }
            Err(SignInError::Failed(error)) => format!("failed: {error}"),
            Ok(identity) => format!("accepted: {}", identity.account()),
        }
    }
}

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
    assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1105");
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
    let site = Site::new(Kdc {
        rid: 0x450,
        ..Kdc::new()
    });
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

/// R6: a KDC that says yes without knowing the service's key proves nothing.
#[test]
fn r06_a_spoofed_kdc_is_refused() {
    let site = Site::new(Kdc {
        key: key(2),
        rid: 0x450,
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
    let site = Site::new(Kdc::new());
    assert_eq!(site.refusal("ada@corp.example.com"), "sid-mismatch");
}

/// R17: the next sign-in goes by the new file; a broken file changes nothing and says what is wrong with it.
#[test]
fn r17_the_mapping_is_reloaded_while_running() {
    let site = Site::new(Kdc {
        rid: 0x450,
        ..Kdc::new()
    });
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
        rid: 0x450,
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
        let site = Site::new(Kdc {
            answer: Some(answer.into()),
            ..Kdc::new()
        });
        assert_eq!(site.refusal(name), reason);
    }
}

/// R9, A46: an unknown name makes the exchange of a wrong password, for an account that nobody has.
#[test]
fn a46_unknown_names_make_the_same_exchanges() {
    let site = Site::new(Kdc {
        answer: Some(Rejection::WrongPassword.into()),
        ..Kdc::new()
    });
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

/// R9: when no KDC can be asked, nobody learns who exists.
#[test]
fn r09_an_outage_does_not_tell_who_exists() {
    let unreachable = adlib_kdc::Unreachable { tried: Vec::new() };
    let site = Site::new(Kdc {
        answer: Some(unreachable.into()),
        ..Kdc::new()
    });
    let known = site.refusal("ada@corp.example.com");
    assert!(known.starts_with("failed: "), "{known}");
    assert_eq!(site.refusal("nobody@corp.example.com"), known);
    let error = site.sign_in("nobody@corp.example.com").unwrap_err();
    assert_eq!(error.user_message(), USER_MESSAGE);
}
