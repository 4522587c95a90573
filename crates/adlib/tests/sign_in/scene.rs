//! Directories in files, a KDC in memory, a clock that stands.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use adlib::ntlm::{Account, NtHash, SavedCredential};
use adlib::{
    Audit, AuditRecord, Authenticator, AuthenticatorBuilder, Clock, Directory, Identity, Keytab, Mode,
    Password, SignInError, SuffixMap, USER_MESSAGE, UnixTime,
};
use adlib_kdc::{AccountSecret, ApReqToken, BoxFuture, Rejection, TicketError, TicketRequest, TicketSource};
use adlib_kerberos::{
    EncryptionType, KeytabEntry, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, PacBuilder, TicketBuilder},
};

pub(crate) const SERVICE: &str = "HTTP/app.corp.example.com";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DOMAIN_SID: &str = "S-1-5-21-1-2-3";

/// The primary source. Bob is disabled; "Print Admins" and "Clerks" are groups.
pub(crate) const DIRECTORY: &str = "\
version: 1

dn: CN=Ada,DC=corp,DC=example,DC=com
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
sAMAccountName: ada
sAMAccountType: 805306368
userAccountControl: 512
userPrincipalName: ada@corp.example.com
displayName: Ada Lovelace
mail: ada@example.com
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

dn: CN=Print Admins,DC=corp,DC=example,DC=com
objectClass: group
objectCategory: CN=Group,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
sAMAccountName: Print Admins
groupType: -2147483646
objectGUID:: AwMDAwMDAwMDAwMDAwMDAw==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA0QcAAA==

dn: CN=Clerks,DC=corp,DC=example,DC=com
objectClass: group
objectCategory: CN=Group,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
sAMAccountName: Clerks
groupType: -2147483646
objectGUID:: BAQEBAQEBAQEBAQEBAQEBA==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA0gcAAA==
";

/// The secondary source, another domain: Carol is in it alone, an Ada in both.
const PARTNERS: &str = "\
version: 1

dn: CN=Carol,DC=partners,DC=example,DC=com
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=partners,DC=example,DC=com
sAMAccountName: carol
sAMAccountType: 805306368
userAccountControl: 512
userPrincipalName: carol@partners.example.com
objectGUID:: BQUFBQUFBQUFBQUFBQUFBQ==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUgQAAA==

dn: CN=Ada,DC=partners,DC=example,DC=com
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=partners,DC=example,DC=com
sAMAccountName: ada
sAMAccountType: 805306368
userAccountControl: 512
userPrincipalName: ada@partners.example.com
objectGUID:: BgYGBgYGBgYGBgYGBgYGBg==
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUwQAAA==
";

/// The keys of entries, as a store has them.
pub(crate) const ADA: &str = "01010101-0101-0101-0101-010101010101";
pub(crate) const CAROL: &str = "05050505-0505-0505-0505-050505050505";
pub(crate) const OTHER_ADA: &str = "06060606-0606-0606-0606-060606060606";

/// The groups that a ticket names.
pub(crate) const PRINT_ADMINS: u32 = 2001;
pub(crate) const CLERKS: u32 = 2002;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        NOW
    }
}

/// A KDC in memory, honest or not. Everybody's password is `secret`.
pub(crate) struct Kdc {
    pub(crate) key: ServiceKey,
    /// The relative identifier that the PAC vouches for, in place of the account's.
    pub(crate) rid: Option<u32>,
    /// The groups that the PAC vouches for.
    pub(crate) groups: Vec<u32>,
    /// Whether it makes tickets without a PAC.
    pub(crate) without_pac: bool,
    /// How far its clock is ahead of the application's.
    pub(crate) ahead_s: i64,
    pub(crate) answer: Option<TicketError>,
    /// The same token every time.
    pub(crate) recorded: Option<Mutex<Option<Vec<u8>>>>,
    /// How long it thinks.
    pub(crate) delay: Duration,
    pub(crate) asked: AtomicUsize,
    /// How many tickets it made: no two are alike.
    pub(crate) issued: AtomicUsize,
    /// As `account@REALM`, in the order in which they were asked for.
    pub(crate) accounts: Mutex<Vec<String>>,
    /// Where it was to be found when it was asked last.
    pub(crate) kdcs: Mutex<Vec<String>>,
}

impl Kdc {
    pub(crate) fn new() -> Self {
        Self {
            key: key(1),
            rid: None,
            groups: vec![513],
            without_pac: false,
            ahead_s: 0,
            answer: None,
            recorded: None,
            delay: Duration::ZERO,
            asked: AtomicUsize::new(0),
            issued: AtomicUsize::new(0),
            accounts: Mutex::default(),
            kdcs: Mutex::default(),
        }
    }

    pub(crate) fn refusing(answer: impl Into<TicketError>) -> Self {
        Self {
            answer: Some(answer.into()),
            ..Self::new()
        }
    }

    /// Whom it was asked for.
    pub(crate) fn accounts(&self) -> Vec<String> {
        self.accounts.lock().unwrap().clone()
    }

    fn rid_of(&self, account: &str, realm: &str) -> u32 {
        let own = match (account, realm) {
            ("ada", "CORP.EXAMPLE.COM") => 0x450,
            ("carol", _) => 0x452,
            ("ada", _) => 0x453,
            _ => 0x451,
        };
        self.rid.unwrap_or(own)
    }

    pub(crate) fn issue(&self, account: &str, realm: &str) -> Vec<u8> {
        let count = u8::try_from(self.issued.fetch_add(1, Ordering::SeqCst)).unwrap();
        let random = &mut |bytes: &mut [u8]| bytes.fill(count);
        let client = Principal::user(account, realm);
        let service: Principal = format!("{SERVICE}@{realm}").parse().unwrap();
        let domain = DOMAIN_SID.parse().unwrap();
        let now = UnixTime::from_seconds(NOW.seconds() + self.ahead_s);
        let rid = self.rid_of(account, realm);
        let pac = PacBuilder::new(&client, now, "CORP", domain, rid, &self.groups).sign(&self.key, &key(9));
        let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
        let ticket = TicketBuilder::new(client, service, session_key, now);
        let ticket = match self.without_pac {
            true => ticket,
            false => ticket.with_pac(pac),
        };
        let ticket = ticket.encrypt(&self.key, random);
        ApReqBuilder::new(&ticket, NOW).encrypt_token(random).unwrap()
    }

    fn answer(&self, request: &TicketRequest<'_>) -> Result<Vec<u8>, TicketError> {
        let known = matches!(request.account, "ada" | "bob" | "carol");
        if let ("no-account", AccountSecret::Password(password)) =
            (request.account.get(..10).unwrap_or_default(), request.secret)
        {
            let typed = ["secret", "wrong"].contains(&password.expose());
            assert!(
                !typed,
                "R9: what was typed goes to the source that decides, and nowhere else"
            );
        }
        match (&self.answer, request.secret) {
            (Some(error), _) => return Err(error.clone()),
            (None, _) if !known => return Err(Rejection::UnknownPrincipal.into()),
            (None, AccountSecret::Password(password)) if password.expose() != "secret" => {
                return Err(Rejection::WrongPassword.into());
            }
            _ => {}
        }
        let issue = || self.issue(request.account, request.realm);
        Ok(match &self.recorded {
            Some(recorded) => recorded.lock().unwrap().get_or_insert_with(issue).clone(),
            None => issue(),
        })
    }
}

impl TicketSource for Kdc {
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let name = format!("{}@{}", request.account, request.realm);
        self.accounts.lock().unwrap().push(name);
        *self.kdcs.lock().unwrap() = request.kdcs.iter().map(ToString::to_string).collect();
        assert_eq!(request.service, SERVICE);
        Box::pin(async move {
            tokio::time::sleep(self.delay).await;
            self.answer(&request).map(ApReqToken::new)
        })
    }
}

pub(crate) fn key(byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [byte; 32]).unwrap()
}

/// The service's keytab, with `key` in either realm.
pub(crate) fn keytab(key: &ServiceKey) -> Keytab {
    let entry = |realm: &str| KeytabEntry {
        principal: format!("{SERVICE}@{realm}.EXAMPLE.COM").parse().unwrap(),
        kvno: 1,
        key: key.clone(),
        timestamp: NOW,
    };
    Keytab::new(vec![entry("CORP"), entry("PARTNERS")])
}

/// What was recorded, a line each.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    /// The lines since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The events since the last call.
    pub(crate) fn events(&self) -> Vec<String> {
        let first = |line: String| line.split(' ').next().unwrap().to_owned();
        self.take().into_iter().map(first).collect()
    }
}

impl Audit for Lines {
    fn record(&self, record: &AuditRecord<'_>) {
        self.0.lock().unwrap().push(record.to_string());
    }
}

pub(crate) struct Site {
    pub(crate) files: tempfile::TempDir,
    pub(crate) authenticator: Authenticator,
    pub(crate) kdc: Arc<Kdc>,
    pub(crate) lines: Arc<Lines>,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl Site {
    pub(crate) fn new(kdc: Kdc) -> Self {
        Self::in_mode(Mode::Auto, kdc)
    }

    pub(crate) fn in_mode(mode: Mode, kdc: Kdc) -> Self {
        Self::with(kdc, |builder, _| builder.mode(mode).provision("nobody", "none"))
    }

    /// With more in the authenticator.
    pub(crate) fn with(
        kdc: Kdc,
        more: impl FnOnce(AuthenticatorBuilder, &Path) -> AuthenticatorBuilder,
    ) -> Self {
        let map = SuffixMap::parse(b"pw.example = corp.example.com\nlost.example = gone.example.com\n").map;
        let parts = |files: &Path| {
            Authenticator::builder()
                .directory(Directory::from_ldif([files.join("corp.ldif")]))
                .dns(["127.0.0.1:9"])
                .kdcs("corp.example.com", ["127.0.0.1"])
                .kdcs("partners.example.com", ["127.0.0.1"])
                .service(SERVICE)
                .keytab(keytab(&key(1)))
                .suffixes(map)
        };
        Self::made_of(kdc, parts, more)
    }

    /// Of the `parts` that lead to the directories' files, and of more.
    pub(crate) fn made_of(
        kdc: Kdc,
        parts: impl FnOnce(&Path) -> AuthenticatorBuilder,
        more: impl FnOnce(AuthenticatorBuilder, &Path) -> AuthenticatorBuilder,
    ) -> Self {
        let files = tempfile::tempdir().unwrap();
        fs::write(files.path().join("corp.ldif"), DIRECTORY).unwrap();
        fs::write(files.path().join("partners.ldif"), PARTNERS).unwrap();
        let kdc = Arc::new(kdc);
        let lines = Arc::new(Lines::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let builder = parts(files.path())
            .audit(lines.clone())
            .tickets(kdc.clone())
            .clock(Arc::new(Fixed));
        let authenticator = runtime.block_on(more(builder, files.path()).build()).unwrap();
        Self {
            files,
            authenticator,
            kdc,
            lines,
            runtime,
        }
    }

    /// With the secondary source besides.
    pub(crate) fn of_two(kdc: Kdc, more: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder) -> Self {
        Self::with(kdc, |builder, files| {
            let partners = Directory::from_ldif([files.join("partners.ldif")]);
            more(builder.secondary_directory(partners))
        })
    }

    /// A source cannot be read any more: its file, `corp` or `partners`, is gone.
    pub(crate) fn lose(&self, source: &str) {
        fs::remove_file(self.files.path().join(source).with_extension("ldif")).unwrap();
    }

    pub(crate) fn sign_in(&self, name: &str) -> Result<Identity, SignInError> {
        self.try_password(name, "secret")
    }

    pub(crate) fn try_password(&self, name: &str, password: &str) -> Result<Identity, SignInError> {
        self.runtime
            .block_on(self.authenticator.sign_in(name, &Password::from(password)))
    }

    pub(crate) fn sign_in_saved(&self, name: &str) -> Result<Identity, SignInError> {
        let account = Account {
            user: "ada".into(),
            domain: "CORP".into(),
        };
        let saved = SavedCredential::new(account, NtHash::from_password("secret".into()));
        self.runtime
            .block_on(self.authenticator.sign_in_saved(name, &saved))
    }

    /// The word for what comes of a sign-in.
    pub(crate) fn refusal(&self, name: &str) -> String {
        self.refusal_of(self.sign_in(name))
    }

    pub(crate) fn refusal_of(&self, outcome: Result<Identity, SignInError>) -> String {
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
