//! Replay records in Redis, for several application servers.

use std::{pin::Pin, time::Duration};

use adlib_core::UnixTime;
use adlib_kerberos::{Fresh, ReplayError, ReplayRecord};
use redis::{Client, Script, aio::ConnectionManager, aio::ConnectionManagerConfig};

use super::ReplayCache;

/// Inserts a record unless it is there and still counts, by the caller's clock: `KEYS[1]` until `ARGV[1]`, now it is
/// `ARGV[2]`, to be kept for `ARGV[3]` milliseconds. Scripts run alone.
const INSERT: &str = "\
local expires = redis.call('GET', KEYS[1])
if expires and tonumber(expires) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1";

/// What every key begins with.
const PREFIX: &[u8] = b"adlib:replay:";
/// How much longer than needed a record is kept: clocks of machines run at different speeds.
const MARGIN: Duration = Duration::from_secs(60);

/// Replay records in a Redis that several application servers share.
///
/// A record is 32 bytes of a hash: nothing in it signs anybody in. Without an answer within the deadline nobody is
/// accepted. Redis must not drop records to make room: [`connect`](Self::connect) refuses one that would.
///
/// ```no_run
/// use std::{sync::Arc, time::Duration};
///
/// use adlib::{Authenticator, RedisReplayCache};
///
/// # async fn build() -> Result<(), Box<dyn std::error::Error>> {
/// let replays = RedisReplayCache::connect("rediss://redis.corp.example.com", Duration::from_secs(2)).await?;
/// let builder = Authenticator::builder().replay_cache(Arc::new(replays));
/// # Ok(())
/// # }
/// ```
pub struct RedisReplayCache {
    connection: ConnectionManager,
    insert: Script,
    deadline: Duration,
}

/// Why a Redis cannot keep replay records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisReplayError {
    /// The address is none.
    #[error("the address of the Redis: {0}")]
    Address(String),
    /// It did not answer, or refused.
    #[error("the Redis does not answer: {0}")]
    Unavailable(String),
    /// It drops what it should keep when its memory is full.
    #[error("the Redis drops records when its memory is full (maxmemory-policy {0}); set it to noeviction")]
    Evicts(String),
}

impl RedisReplayCache {
    /// The Redis at `url`, such as `redis://host:port` or `rediss://host` for TLS. Each question has `deadline` for its
    /// answer.
    ///
    /// # Errors
    /// `Address`, `Unavailable`, `Evicts`.
    pub async fn connect(url: &str, deadline: Duration) -> Result<Self, RedisReplayError> {
        // What is wrong with an address is told without the address, which may hold a password.
        let client =
            Client::open(url).map_err(|error| RedisReplayError::Address(error.category().to_owned()))?;
        let unavailable =
            |error: redis::RedisError| RedisReplayError::Unavailable(error.category().to_owned());
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(deadline)
            .set_response_timeout(deadline)
            .set_number_of_retries(1);
        let connecting = client.get_connection_manager_with_config(config);
        let mut connection = match tokio::time::timeout(deadline, connecting).await {
            Ok(connection) => connection.map_err(unavailable)?,
            Err(_) => return Err(RedisReplayError::Unavailable("no answer in time".to_owned())),
        };
        let info: String = redis::cmd("INFO")
            .arg("memory")
            .query_async(&mut connection)
            .await
            .map_err(unavailable)?;
        match eviction(&info) {
            Some(policy) => Err(RedisReplayError::Evicts(policy.to_owned())),
            None => Ok(Self {
                connection,
                insert: Script::new(INSERT),
                deadline,
            }),
        }
    }

    async fn insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Result<Fresh, ReplayError> {
        let mut connection = self.connection.clone();
        let kept = expires.abs_diff(now.min(expires)).saturating_add(MARGIN);
        let mut call = self.insert.key([PREFIX, record.as_bytes()].concat());
        call.arg(expires.micros()).arg(now.micros());
        call.arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX));
        let answer = tokio::time::timeout(self.deadline, call.invoke_async::<u8>(&mut connection)).await;
        match answer {
            Ok(Ok(1)) => Ok(Fresh::danger_unchecked()),
            Ok(Ok(_)) => Err(ReplayError::Replayed),
            Ok(Err(error)) => {
                tracing::error!(reason = error.category(), "the replay cache cannot be asked");
                Err(ReplayError::Unavailable)
            }
            Err(_) => {
                tracing::error!("the replay cache gives no answer in time");
                Err(ReplayError::Unavailable)
            }
        }
    }
}

impl ReplayCache for RedisReplayCache {
    fn check_and_insert(
        &self,
        record: ReplayRecord,
        expires: UnixTime,
        now: UnixTime,
    ) -> Pin<Box<dyn Future<Output = Result<Fresh, ReplayError>> + Send + '_>> {
        Box::pin(self.insert(record, expires, now))
    }
}

/// The policy by which a Redis with a limit drops what it holds; `None` when it drops nothing.
fn eviction(info: &str) -> Option<&str> {
    let value = |name: &str| {
        let mut lines = info.lines();
        lines.find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
    };
    let unlimited = value("maxmemory") == Some("0");
    value("maxmemory_policy").filter(|policy| !unlimited && *policy != "noeviction")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A16: a cache that forgets is none.
    #[test]
    fn a16_a_redis_that_drops_records_is_known() {
        let info = |limit, policy| format!("# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n");
        assert_eq!(
            eviction(&info("0", "allkeys-lru")),
            None,
            "without a limit nothing is dropped"
        );
        assert_eq!(eviction(&info("1000000", "noeviction")), None);
        assert_eq!(eviction(&info("1000000", "volatile-ttl")), Some("volatile-ttl"));
    }

    /// A63: an address may hold a password.
    #[tokio::test]
    async fn a63_a_bad_address_is_not_repeated() {
        let deadline = Duration::from_millis(200);
        for url in ["http://:hunter2@host", "redis://:hunter2@127.0.0.1:1"] {
            let error = RedisReplayCache::connect(url, deadline).await.err().unwrap();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
