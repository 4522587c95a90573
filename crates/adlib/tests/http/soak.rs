//! Many connections at once, with good tokens and bad: no verdict crosses from one to another, and memory stays flat.

use std::{
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use adlib::{
    Acceptor, BoxFuture, Clock, Error, HashLookup, KnownAccount, UnixTime,
    kerberos::{
        EncryptionType, Principal, SessionKey,
        issue::{ApReqBuilder, PacBuilder, TicketBuilder},
    },
    ntlm::{Account, Ephemeral, Initiator, NtHash, SessionKey as NtlmSessionKey},
};
use adlib_core::FileTime;

use super::{
    scene::{NOW, SERVICE, key, keytab, random},
    site::{Connection, Site},
};

const CONNECTIONS: u32 = 64;
/// An hour of the application's passes in so many seconds, so that its replay records expire while the test looks on.
const HOUR: f64 = 6.0;

/// A clock that is in a hurry.
struct Hasty(Instant);

impl Clock for Hasty {
    fn now(&self) -> UnixTime {
        NOW.saturating_add(self.0.elapsed().mul_f64(3600.0 / HOUR))
    }
}

/// Knows the passwords of all users.
struct Everybody;

impl HashLookup for Everybody {
    fn find<'a>(
        &'a self,
        claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
        let number = claimed
            .user
            .strip_prefix("user")
            .and_then(|number| number.parse::<u32>().ok());
        let found = number.map(|number| {
            let sid = format!("S-1-5-21-1-2-3-{}", 2000 + number).parse().unwrap();
            (
                hash(number),
                KnownAccount::new(sid, &*claimed.user, "corp.example.com"),
            )
        });
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn hash(user: u32) -> NtHash {
    NtHash::from_password((&*format!("secret{user}")).into())
}

fn ntlm(user: u32, hash: NtHash, now: UnixTime) -> Initiator {
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(now),
        client_challenge: [1; 8],
        session_key: NtlmSessionKey::new([2; 16]),
    };
    Initiator::new(format!("user{user}"), "CORP", hash, ephemeral).target_name(SERVICE)
}

/// A token of `user` that was never sent.
fn ticket(user: u32, now: UnixTime) -> Vec<u8> {
    let client = Principal::user(format!("user{user}"), "CORP.EXAMPLE.COM");
    let domain = "S-1-5-21-1-2-3".parse().unwrap();
    // A ticket tells whole seconds.
    let begun = UnixTime::from_seconds(now.seconds());
    let pac = PacBuilder::new(&client, begun, "CORP", domain, 2000 + user, &[513]).sign(&key(1), &key(9));
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
    let service = format!("{SERVICE}@CORP.EXAMPLE.COM").parse().unwrap();
    let seed = u8::try_from(user).unwrap();
    let ticket = TicketBuilder::new(client, service, session_key, begun)
        .with_pac(pac)
        .encrypt(&key(1), &mut *random(seed));
    ApReqBuilder::new(&ticket, now)
        .encrypt_token(&mut *random(seed))
        .unwrap()
}

/// One round of a user: what is good is theirs, what is not is nobody's.
async fn round(connection: &mut Connection, user: u32, number: u64, clock: &Hasty, verdicts: &AtomicU64) {
    let (now, theirs) = (clock.now(), format!("user{user}, 0 headers"));
    let mut token = ticket(user, now);
    let answer = connection.token("Negotiate", &token).await;
    assert_eq!(answer.body, theirs, "{}", answer.reason);
    let own = Box::new(ntlm(user, hash(user), now));
    let answer = connection.sign_in("NTLM", own).await;
    assert_eq!(answer.body, theirs, "{}", answer.reason);
    let others = hash((user + 1) % CONNECTIONS);
    assert!(
        !connection
            .sign_in("NTLM", Box::new(ntlm(user, others, now)))
            .await
            .body
            .contains("user")
    );
    assert!(!connection.anonymous().await.body.contains("user"));
    // Last, because NTLM is over on this connection then.
    assert!(!connection.token("Negotiate", &token).await.body.contains("user"));
    let position = usize::try_from(number).unwrap() % token.len();
    token[position] ^= 1;
    assert!(!connection.token("Negotiate", &token).await.body.contains("user"));
    assert!(
        !connection
            .token("Negotiate", &token[..position])
            .await
            .body
            .contains("user")
    );
    verdicts.fetch_add(7, Ordering::Relaxed);
}

/// The memory of this process, in KB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

/// A32: for two seconds, or as many as `ADLIB_SOAK_SECONDS` says.
#[test]
fn a32_no_verdict_crosses_connections() {
    let seconds = env::var("ADLIB_SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(2));
    let clock = Arc::new(Hasty(Instant::now()));
    let acceptor = Acceptor::builder()
        .service(SERVICE)
        .keytab(keytab())
        .hash_lookup(Arc::new(Everybody))
        .clock(clock.clone());
    let site = Site::new(acceptor.build().unwrap());
    let verdicts = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|user| {
            let (site, clock, verdicts) = (site.clone(), Arc::clone(&clock), Arc::clone(&verdicts));
            runtime.spawn(async move {
                let mut number = 0;
                while start.elapsed() < time {
                    round(&mut site.connect(), user, number, &clock, &verdicts).await;
                    number += 1;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    // By the half, the records of accepted tickets expire as fast as they come.
    std::thread::sleep(time / 2);
    let half = resident();
    for client in clients {
        runtime.block_on(client).unwrap();
    }
    let (end, verdicts) = (resident(), verdicts.load(Ordering::Relaxed));
    println!("{verdicts} verdicts in {time:?}, {half} KB at the half, {end} KB at the end");
    assert!(verdicts > 1000, "{verdicts}");
    // What an allocator keeps is not a leak of so many verdicts.
    if time >= Duration::from_secs(20) {
        assert!(end < half + half / 10 + 2048, "{half} KB, {end} KB");
    }
}
