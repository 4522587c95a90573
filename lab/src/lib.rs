#![doc = include_str!("../README.md")]

pub mod browser;
mod domain;
pub mod ds389;
pub mod fixture;
mod hex;
pub mod openldap;
pub mod peer;
pub mod realm;
mod samba_pac;
mod script;
mod tickets;
mod turn;
mod web;

use std::{
    ops::Deref,
    process::{Command, Output},
};

pub use domain::{Domain, TrustedDomain};
pub use ds389::{ds389, ds389_change};
pub use openldap::{openldap, openldap_change, openldap_of_its_own};
pub use realm::{Realm, heimdal, mit};
pub use samba_pac::samba_reads_pac;
pub use tickets::TicketCache;
use turn::Turn;
pub use web::{Apache, apache_if_running};

/// CORP.EXAMPLE.COM as provisioned. While one lives, nobody changes the directory.
#[derive(Debug)]
pub struct Corp {
    domain: Domain,
    _turn: Turn,
}

impl Deref for Corp {
    type Target = Domain;

    fn deref(&self) -> &Domain {
        &self.domain
    }
}

/// The running domain, to read from; waits while another test changes the directory.
///
/// # Panics
/// When the lab is not running.
#[must_use]
pub fn corp() -> Corp {
    let domain = Domain::described();
    let turn = Turn::to_read(&domain.lab_dir, script::SAMBA);
    domain.assert_answers();
    Corp { domain, _turn: turn }
}

/// The running domain, to read from; `None` when the lab is not running.
#[must_use]
pub fn corp_if_running() -> Option<Corp> {
    Domain::described().answers().then(corp)
}

/// The running domain, to change: alone with it, and it is reset on drop (5 s).
#[derive(Debug)]
pub struct DirectoryChange {
    domain: Domain,
    turn: Turn,
}

impl Deref for DirectoryChange {
    type Target = Domain;

    fn deref(&self) -> &Domain {
        &self.domain
    }
}

impl DirectoryChange {
    /// Starts the domains with another value for a setting of `samba-ad`, such as `LAB_STRONG_AUTH`, until the reset.
    ///
    /// # Panics
    /// When they do not start.
    pub fn restart_with(&self, setting: &str, value: &str) {
        script::restart_with(setting, value);
    }
}

impl Drop for DirectoryChange {
    fn drop(&mut self) {
        if script::SAMBA.reset() {
            self.turn.restored();
        }
    }
}

/// The running domain for a test that changes it; waits until no other test uses it.
///
/// A test that holds a [`Corp`] must drop it first. A test that dies before its reset leaves a mark,
/// and the next user of the lab resets in its place.
///
/// # Panics
/// When the lab is not running, or other tests keep it for ten minutes.
#[must_use = "dropped, it resets the directory"]
pub fn directory_change() -> DirectoryChange {
    let domain = Domain::described();
    let turn = Turn::to_change(&domain.lab_dir, script::SAMBA);
    domain.assert_answers();
    DirectoryChange { domain, turn }
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
