//! Caches of tickets, as MIT's programs keep them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{fail, script};

/// Hands the password to `kinit` without showing it to `ps`.
const KINIT: &str = "printf '%s\\n' \"$PASSWORD\" | kinit -c \"$1\" \"$2\" >/dev/null";

/// A file with tickets; dropped, it is removed.
#[derive(Debug)]
pub struct TicketCache(PathBuf);

impl TicketCache {
    pub(crate) fn new(principal: &str, password: &str) -> Self {
        static CACHES: AtomicUsize = AtomicUsize::new(0);
        let number = CACHES.fetch_add(1, Ordering::Relaxed);
        let cache = Self(env::temp_dir().join(format!("adlib-lab-tickets-{}-{number}", process::id())));
        let mut kinit = script::SAMBA.command("exec");
        kinit
            .args(["sh", "-c", KINIT, "kinit"])
            .arg(&cache.0)
            .arg(principal);
        match kinit.env("PASSWORD", password).output() {
            Ok(output) if output.status.success() => cache,
            Ok(output) => fail(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => fail(&format!("kinit: {error}")),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TicketCache {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}
