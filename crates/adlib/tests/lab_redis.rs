//! Replay records in a real Redis, started for these tests on a loopback port of its own.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use adlib::{
    Keytab, PacMode, RedisReplayCache, RedisReplayError, ReplayCache, UnixTime,
    kerberos::{
        EncryptionType, Fresh, KeytabEntry, Policy, Principal, ReplayError, ReplayRecord, ServiceKey,
        SessionKey, UnverifiedApReq, conformance,
        issue::{ApReqBuilder, TicketBuilder},
    },
};
use tokio::runtime::Runtime;

const DEADLINE: Duration = Duration::from_secs(5);

/// A Redis of the test's own; stopped when it is dropped.
struct Redis {
    process: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Redis {
    fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let directory = tempfile::tempdir().unwrap();
        let process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--port",
            ])
            .arg(port.to_string())
            .args(options)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server (apt: redis-server): {error}"));
        let redis = Self {
            process,
            url: format!("redis://127.0.0.1:{port}"),
            _directory: directory,
        };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        redis
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The record of a message that is accepted.
fn record() -> ReplayRecord {
    let now = UnixTime::from_seconds(1_800_000_000);
    let random = &mut |bytes: &mut [u8]| bytes.fill(1);
    let key = ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).unwrap();
    let service: Principal = "HTTP/app@CORP.EXAMPLE.COM".parse().unwrap();
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
    let client = Principal::user("ada", "CORP.EXAMPLE.COM");
    let ticket = TicketBuilder::new(client, service.clone(), session_key, now).encrypt(&key, random);
    let token = ApReqBuilder::new(&ticket, now).encrypt_token(random).unwrap();
    let entry = KeytabEntry {
        principal: service,
        kvno: 1,
        key,
        timestamp: now,
    };
    let mut policy = Policy::default();
    policy.pac = PacMode::Off;
    let pending = UnverifiedApReq::decode(&token)
        .and_then(|token| token.decrypt(&Keytab::new(vec![entry]), &policy))
        .and_then(|decrypted| decrypted.check(&policy, now, None));
    pending.unwrap().record()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A7, A8: what every replay cache must do, from eight threads, over two connections as two application servers have.
#[test]
fn a07_redis_conforms() {
    let redis = Redis::start(&[]);
    let runtime = runtime();
    let connect = || {
        runtime
            .block_on(RedisReplayCache::connect(&redis.url, DEADLINE))
            .unwrap()
    };
    let caches: [Arc<dyn ReplayCache>; 2] = [Arc::new(connect()), Arc::new(connect())];
    let turn = std::sync::atomic::AtomicUsize::new(0);
    conformance(
        &|record: ReplayRecord, expires: UnixTime, now: UnixTime| -> Result<Fresh, ReplayError> {
            let one = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2;
            let cache = caches.get(one).unwrap();
            runtime.block_on(cache.check_and_insert(record, expires, now))
        },
    );
}

/// A16: no answer refuses, and does not hang; and when the Redis is back, so are its records.
#[test]
fn a16_no_answer_refuses() {
    let redis = Redis::start(&[]);
    let runtime = runtime();
    let deadline = Duration::from_millis(500);
    let cache = runtime
        .block_on(RedisReplayCache::connect(&redis.url, deadline))
        .unwrap();
    let at = UnixTime::from_seconds;
    let record = record();
    let insert = || runtime.block_on(cache.check_and_insert(record, at(1_800_000_300), at(1_800_000_000)));
    assert!(insert().is_ok());
    redis.signal("-STOP");
    assert_eq!(insert().unwrap_err(), ReplayError::Unavailable);
    redis.signal("-CONT");
    assert_eq!(insert().unwrap_err(), ReplayError::Replayed);
}

/// A16: a Redis that would drop records to make room is refused, and a full one refuses records.
#[test]
fn a16_a_redis_that_forgets_is_refused() {
    let runtime = runtime();
    let forgetful = Redis::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let refused = runtime.block_on(RedisReplayCache::connect(&forgetful.url, DEADLINE));
    assert_eq!(
        refused.err(),
        Some(RedisReplayError::Evicts("allkeys-lru".into()))
    );
}
