//! A sign-in end to end, against the lab's controller: a ticket for the password, verified with the service's own key.

#![allow(clippy::expect_used, reason = "a bench of nothing is none")]

use std::{
    hint::black_box,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use adlib_benches::Row;
use adlib_core::{Password, UnixTime};
use adlib_kdc::{Endpoint, KdcTicketSource, TicketRequest, TicketSource};
use adlib_kerberos::{EncryptionType, Keytab, MemoryReplayCache, Policy, ServiceKey, UnverifiedApReq};
use adlib_lab::{Domain, fixture};

fn main() {
    let Some(corp) = adlib_lab::corp_if_running() else {
        eprintln!("signin: left out, there is no controller to ask; start one with `cargo xtask lab up`");
        return;
    };
    let ours = SignIn::new(&corp);
    let peer = KinitAndKvno::new(&corp);
    let sign_in = Row {
        name: "kdc/sign in, a ticket bought and verified",
        bars: &[],
    };
    sign_in.measure(
        || ours.run(&corp),
        || peer.run(),
        // Whoever starts from a password hashes it, 4,096 times.
        || {
            let password = black_box(Password::from(&*corp.user_password));
            let salt = format!("{}{}", corp.realm, fixture::ORDINARY);
            ServiceKey::from_password(EncryptionType::Aes256Sha1, &password, salt.as_bytes(), None)
        },
    );
}

/// What the library does for a sign-in, once the account is known.
struct SignIn {
    runtime: tokio::runtime::Runtime,
    tickets: KdcTicketSource,
    kdcs: [Endpoint; 1],
    keytab: Keytab,
    replays: MemoryReplayCache,
}

impl SignIn {
    fn new(corp: &Domain) -> Self {
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            tickets: KdcTicketSource::new(now),
            kdcs: [Endpoint::new(corp.ip.to_string(), 88)],
            keytab: Keytab::decode(&std::fs::read(&corp.keytab).expect("the lab's keytab"))
                .expect("a keytab"),
            replays: MemoryReplayCache::new(),
        }
    }

    fn run(&self, corp: &Domain) {
        let password = Password::from(&*corp.user_password);
        let request = TicketRequest {
            account: fixture::ORDINARY,
            realm: &corp.realm,
            secret: (&password).into(),
            service: &corp.http_service,
            kdcs: &self.kdcs,
            deadline: Duration::from_secs(20),
        };
        let token = self
            .runtime
            .block_on(self.tickets.service_ticket(request))
            .expect("a ticket");
        let (policy, now) = (Policy::default(), now());
        let pending = UnverifiedApReq::decode(token.as_bytes())
            .and_then(|token| token.decrypt(&self.keytab, &policy))
            .and_then(|decrypted| decrypted.check(&policy, now, None))
            .expect("a ticket that verifies");
        let fresh = self
            .replays
            .check_and_insert(pending.record(), pending.expires(), now);
        black_box(pending.accept(fresh.expect("a message that never came")).client());
    }
}

/// MIT's programs, which make the same exchanges and verify nothing.
struct KinitAndKvno {
    command: String,
    input: String,
    krb5_config: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

impl KinitAndKvno {
    fn new(corp: &Domain) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let cache = directory.path().join("ccache");
        let (cache, user) = (cache.display(), fixture::ORDINARY);
        Self {
            command: format!(
                "kinit -c {cache} {user}@{} >/dev/null && kvno -q -c {cache} {}",
                corp.realm, corp.http_service
            ),
            input: format!("{}\n", corp.user_password),
            krb5_config: corp.krb5_config.clone(),
            _directory: directory,
        }
    }

    fn run(&self) {
        use std::io::Write;

        let mut shell = Command::new("sh")
            .args(["-c", &self.command])
            .env("KRB5_CONFIG", &self.krb5_config)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut stdin = shell.stdin.take().expect("its input");
        stdin.write_all(self.input.as_bytes()).expect("the password");
        drop(stdin);
        assert!(shell.wait().expect("its end").success(), "{}", self.command);
    }
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_seconds(0).saturating_add(since)
}
