#![doc = include_str!("../README.md")]

pub mod browser;
mod domain;
pub mod ds389;
pub mod fixture;
mod guard;
mod hex;
mod name_server;
pub mod openldap;
mod own_domain;
pub mod peer;
pub mod realm;
mod samba_pac;
mod script;
mod tickets;
mod turn;
mod web;

use std::process::{Command, Output};

pub use domain::{Domain, TrustedDomain};
pub use ds389::{ds389, ds389_change};
pub use guard::{Change, Unchanged};
pub use name_server::name_server;
pub use openldap::{openldap, openldap_change, openldap_of_its_own};
pub use own_domain::{OwnDomain, domain_of_its_own};
pub use realm::{Realm, heimdal, mit};
pub use samba_pac::samba_reads_pac;
pub use tickets::TicketCache;
pub use web::{Apache, apache_if_running};

/// CORP.EXAMPLE.COM as provisioned.
pub type Corp = Unchanged<Domain>;

/// The running domain, to read from; waits while another test changes the directory.
///
/// # Panics
/// When the lab is not running.
#[must_use]
pub fn corp() -> Corp {
    Corp::wait(Domain::described())
}

/// The running domain, to read from; `None` when the lab is not running.
#[must_use]
pub fn corp_if_running() -> Option<Corp> {
    Domain::described().answers().then(corp)
}

impl Change<Domain> {
    /// Starts the domains with another value for a setting of `samba-ad`, such as `LAB_STRONG_AUTH`, until the reset.
    ///
    /// # Panics
    /// When they do not start.
    pub fn restart_with(&self, setting: &str, value: &str) {
        script::restart_with(setting, value);
    }
}

/// The running domain for a test that changes it; waits until no other test uses it. The reset takes 5 s.
///
/// A test that holds a [`Corp`] must drop it first. A test that dies before its reset leaves a mark,
/// and the next user of the lab resets in its place.
///
/// # Panics
/// When the lab is not running, or other tests keep it for ten minutes.
#[must_use = "dropped, it resets the directory"]
pub fn directory_change() -> Change<Domain> {
    Change::wait(Domain::described())
}

/// Runs `command` where the lab's host names resolve, with the lab's environment, and returns what it said.
///
/// # Panics
/// When the command cannot be started.
#[must_use]
pub fn exec(command: &[&str]) -> Output {
    script::SAMBA.exec(command)
}

/// The same, to be started by the caller, who may feed it.
#[must_use]
pub fn command(command: &[&str]) -> Command {
    let mut exec = script::SAMBA.command("exec");
    exec.args(command);
    exec
}

/// Ends the test with `message`.
#[expect(clippy::panic, reason = "a panic is how a test fails")]
#[track_caller]
fn fail(message: &str) -> ! {
    panic!("{message}")
}
