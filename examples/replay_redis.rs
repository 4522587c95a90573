//! One memory of what was accepted, for several application servers: `cargo run --example replay_redis --features redis`,
//! and `-- --lab` with a Redis (Debian's `redis-server`) that is started for it on loopback.
//!
//! Servers behind one name have one key, so a token that one of them has accepted can be sent to another by whoever saw
//! it. Each must know what the others have taken.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use adlib::{Acceptor, RedisReplayCache, ReplayCache, Step, kerberos::MemoryReplayCache};
use adlib_examples::domain::{self, Paperworks, Result, SERVICE};

/// Without an answer in this time, nobody is accepted.
const DEADLINE: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<()> {
    println!("Two servers, each with a memory of its own:");
    let own = || Arc::new(MemoryReplayCache::new()) as Arc<dyn ReplayCache>;
    send_to_both([own(), own()]).await?;

    let redis = domain::is_lab().then(Redis::start).transpose()?;
    let shared: [Arc<dyn ReplayCache>; 2] = match &redis {
        Some(redis) => {
            println!("\nTwo servers with {}:", redis.url);
            [redis.connect().await?, redis.connect().await?]
        }
        None => {
            println!("\nTwo servers with one memory (in this process; with `--lab` a Redis):");
            let cache = own();
            [cache.clone(), cache]
        }
    };
    send_to_both(shared).await
}

/// The same token to one server, and to the other.
async fn send_to_both(memories: [Arc<dyn ReplayCache>; 2]) -> Result<()> {
    let paperworks = Paperworks::new().await?;
    let token = paperworks.token("akeller")?;
    for (number, memory) in (1..).zip(memories) {
        let server = Acceptor::builder()
            .service(SERVICE)
            .keytab(paperworks.keytab())
            .replay_cache(memory)
            .build()?;
        match server.handshake(None).step(&token).await {
            Step::Done { identity, .. } => println!("   server {number}: {} is in", identity.account()),
            Step::Refused { reason, .. } => println!("   server {number}: {reason}"),
            Step::Continue { .. } => println!("   server {number} asks for more"),
        }
    }
    Ok(())
}

/// A Redis of this example's own, which ends with it.
struct Redis {
    process: Child,
    url: String,
}

impl Redis {
    fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
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
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self {
            process,
            url: format!("redis://127.0.0.1:{port}"),
        })
    }

    /// As each application server does at its start.
    async fn connect(&self) -> Result<Arc<dyn ReplayCache>> {
        for _ in 0..100 {
            if let Ok(cache) = RedisReplayCache::connect(&self.url, DEADLINE).await {
                return Ok(Arc::new(cache));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Arc::new(RedisReplayCache::connect(&self.url, DEADLINE).await?))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
