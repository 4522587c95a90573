//! Domains of a test's own, which may be put back to an older copy or get a second controller.

use std::{ops::Deref, process::Command};

use crate::{
    Domain, fail,
    script::{SAMBA, Settings},
};

/// A CORP.EXAMPLE.COM of a test's own, without STAFF, which is stopped and deleted on drop.
#[derive(Debug)]
pub struct OwnDomain {
    domain: Domain,
    settings: Settings,
}

impl Deref for OwnDomain {
    type Target = Domain;

    fn deref(&self) -> &Domain {
        &self.domain
    }
}

/// Makes a domain of the test's own at `ip`, an address of 127/8 that nobody else uses, with the lab's fixtures. Takes
/// 20 s.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn domain_of_its_own(ip: &str) -> OwnDomain {
    let directory = std::env::temp_dir().join(format!("ad-own-{ip}"));
    let settings: Settings = vec![
        ("LAB_DIR", directory.display().to_string()),
        ("LAB_IP", ip.to_owned()),
        ("LAB_STAFF", "0".to_owned()),
    ];
    // What a test that died left behind.
    SAMBA.run_with(&settings, "destroy");
    let own = OwnDomain {
        domain: Domain::described_by(settings.clone()),
        settings,
    };
    own.start();
    own
}

impl OwnDomain {
    /// Makes a second controller of the domain at `ip`: the domain as that one has it. It stops with the first.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn second_controller(&self, ip: &str) -> Domain {
        let mut settings = self.settings.clone();
        settings.push(("LAB_SECOND_IP", ip.to_owned()));
        SAMBA.run_with(&settings, "join");
        let mut second = Domain::described_by(settings);
        second.host = format!("dc2.{}", second.dns_domain);
        second.ip = match ip.parse() {
            Ok(ip) => ip,
            Err(error) => fail(&format!("{ip}: {error}")),
        };
        second
    }

    /// Backs the domain up, as an administrator would.
    ///
    /// # Panics
    /// When that does not work.
    pub fn back_up(&self) {
        SAMBA.run_with(&self.settings, "backup");
    }

    /// The domain as it was backed up, on a new controller called `host`, which takes the place of the one there was.
    ///
    /// # Panics
    /// When that does not work.
    pub fn restore_backup_as(&mut self, host: &str) {
        self.settings.retain(|(name, _)| *name != "LAB_HOST");
        self.settings.push(("LAB_HOST", host.to_owned()));
        SAMBA.run_with(&self.settings, "restore");
        self.domain = Domain::described_by(self.settings.clone());
    }

    /// Keeps a copy of the database as it is.
    ///
    /// # Panics
    /// When that does not work.
    pub fn keep(&self) {
        self.while_stopped("rm -rf kept; cp -a corp kept");
    }

    /// Puts the database back as it was kept, as a copy of a machine would be.
    ///
    /// # Panics
    /// When that does not work.
    pub fn restore(&self) {
        self.while_stopped("rm -rf corp; cp -a kept corp");
    }

    fn start(&self) {
        SAMBA.run_with(&self.settings, "up");
        if !self.domain.answers() {
            fail("a domain was started and does not answer");
        }
    }

    fn while_stopped(&self, script: &str) {
        SAMBA.run_with(&self.settings, "down");
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(&self.domain.lab_dir);
        match shell.output() {
            Ok(output) if output.status.success() => self.start(),
            Ok(output) => fail(&format!("{script}: {}", String::from_utf8_lossy(&output.stderr))),
            Err(error) => fail(&format!("{script}: {error}")),
        }
    }
}

impl Drop for OwnDomain {
    fn drop(&mut self) {
        SAMBA.run_with(&self.settings, "destroy");
    }
}
