//! The law of increments, against real servers: what they make of an old read is what a fresh read gives (R28).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod active_directory;
mod busy;
mod content;
mod ds389;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../lab_server/mod.rs"]
mod lab_server;
mod own_domain;
mod reading;
mod tree;

/// How many rounds a test plays: `few`, or what `ADLIB_CHANGE_ROUNDS` says.
pub(crate) fn rounds(few: usize) -> usize {
    let asked = std::env::var("ADLIB_CHANGE_ROUNDS").ok();
    asked.map_or(few, |rounds| rounds.parse().unwrap())
}

/// Where the random changes begin: printed, and given back by `ADLIB_CHANGE_SEED`.
pub(crate) fn seed() -> u64 {
    let asked = std::env::var("ADLIB_CHANGE_SEED").ok();
    let seed = asked.map_or_else(
        || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs(),
        |seed| seed.parse().unwrap(),
    );
    println!("ADLIB_CHANGE_SEED={seed}");
    seed
}
