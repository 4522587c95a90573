//! What lookups keep of a place: connections that wait for the next one, and which servers were silent.
//!
//! All connections are bound as the account that the library itself reads by: none has ever seen a user's bind.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use adlib_ldap::Connection;
use adlib_schema::Preset;
use tokio::{
    sync::{OnceCell, Semaphore},
    time::Instant,
};

/// How many connections may be in use at a time; whoever needs another waits.
pub(super) const OPEN: usize = 16;
/// How many may wait for the next lookup.
const IDLE: usize = 4;
/// For how long one may wait. Servers close what is idle, after 15 minutes for one.
const IDLE_TIME: Duration = Duration::from_secs(60);
/// For how long one is used at most: what its bind may read was settled when it was made, and a better server may be back.
const LIFETIME: Duration = Duration::from_secs(600);
/// For how long a server that gave no connection, or no answer, is asked last.
const REST: Duration = Duration::from_secs(60);

/// What lookups keep of one place.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Holds the number of connections in use down.
    pub(super) in_use: Semaphore,
    /// The kind of server, once it was asked.
    pub(super) preset: OnceCell<Preset>,
    idle: Mutex<Vec<Idle>>,
    /// Servers that gave no connection or no answer, and until when that counts.
    silent: Mutex<BTreeMap<String, Instant>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            in_use: Semaphore::new(OPEN),
            preset: OnceCell::new(),
            idle: Mutex::default(),
            silent: Mutex::default(),
        }
    }
}

impl Pool {
    /// The connection that waited least, which is the least likely to be closed.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = locked(&self.idle);
        idle.retain(|waiting| waiting.since.elapsed() < IDLE_TIME);
        idle.pop().map(|waiting| waiting.connection)
    }

    /// Keep `connection` for the next lookup, if anything can still be asked on it.
    pub(super) fn give_back(&self, connection: Connection) {
        let mut idle = locked(&self.idle);
        if idle.len() < IDLE && connection.age() < LIFETIME && connection.is_usable() {
            let since = Instant::now();
            idle.push(Idle { connection, since });
        }
    }

    /// Close what waits: its server has gone, or came back as another.
    pub(super) fn clear(&self) {
        locked(&self.idle).clear();
    }

    /// `hosts` gave no connection, while `connected` did.
    pub(super) fn note<'h>(&self, hosts: impl Iterator<Item = &'h str>, connected: &str) {
        let mut silent = locked(&self.silent);
        silent.remove(connected);
        let until = Instant::now() + REST;
        silent.extend(hosts.map(|host| (host.to_owned(), until)));
    }

    /// `host` gave a connection, and then no answer in time.
    pub(super) fn note_slow(&self, host: &str) {
        let until = Instant::now() + REST;
        locked(&self.silent).insert(host.to_owned(), until);
    }

    /// Whether `host` gave no connection, when another did, or no answer, a short while ago.
    pub(crate) fn was_silent(&self, host: &str) -> bool {
        let mut silent = locked(&self.silent);
        silent.retain(|_, until| *until > Instant::now());
        silent.contains_key(host)
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change above is whole before anything could panic.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: a server that was silent is asked last for a minute, and no longer.
    #[tokio::test(start_paused = true)]
    async fn r04_a_silent_server_rests() {
        let pool = Pool::default();
        pool.note(["dc1", "dc2"].into_iter(), "dc3");
        assert!(pool.was_silent("dc1") && pool.was_silent("dc2") && !pool.was_silent("dc3"));
        pool.note(std::iter::empty(), "dc2");
        assert!(pool.was_silent("dc1") && !pool.was_silent("dc2"));
        tokio::time::advance(REST).await;
        assert!(!pool.was_silent("dc1"));
    }
}
