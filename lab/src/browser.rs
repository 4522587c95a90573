//! Chromium, headless: what a page comes to for somebody with tickets, or without.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::{TicketCache, fail, script};

/// A page is there within a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first time that it meets `Negotiate`, Chromium on Linux only notes that it will load GSS-API's library next time.
const NOT_THE_FIRST_NEGOTIATE: &str = r#"{"net":{"received_http_auth_negotiate_headers":true}}"#;

/// A browser that is to be opened, with a profile of its own.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Browser {
    tickets: Option<PathBuf>,
    arguments: Vec<String>,
}

impl Browser {
    /// Has `tickets`, and signs in with them at hosts of CORP; it has none otherwise.
    pub fn tickets(mut self, tickets: &TicketCache) -> Self {
        self.tickets = Some(tickets.path().to_owned());
        self
    }

    /// Takes a certificate of the public key whose hash (SHA-256 of its `SubjectPublicKeyInfo`, in base64) is `hash`,
    /// whoever signed it.
    pub fn trusting(self, hash: &str) -> Self {
        self.with("--ignore-certificate-errors-spki-list", hash)
    }

    /// Keeps a picture of the page, as PNG.
    pub fn screenshot(self, file: &Path) -> Self {
        self.with("--screenshot", &file.display().to_string())
    }

    fn with(mut self, option: &str, value: &str) -> Self {
        self.arguments.push(format!("{option}={value}"));
        self
    }

    /// Opens `url` and gives the page as it is once loaded, as HTML.
    ///
    /// # Panics
    /// When the browser is not installed, or does not end.
    #[must_use]
    pub fn open(&self, url: &str) -> String {
        let profile = Profile::new();
        let mut command = script::SAMBA.command("exec");
        command.args(["timeout", &PATIENCE.as_secs().to_string(), "env"]);
        match &self.tickets {
            Some(cache) => command.arg(format!("KRB5CCNAME={}", cache.display())),
            None => command.arg("KRB5CCNAME=MEMORY:none"),
        };
        command.args(["chromium", "--headless", "--disable-gpu", "--dump-dom"]);
        // The lab runs as root, and opens its own pages only.
        command.args(["--no-sandbox", "--auth-server-allowlist=*.corp.example.com"]);
        command.arg(format!("--user-data-dir={}", profile.0.display()));
        match command.args(&self.arguments).arg(url).output() {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => fail(&format!(
                "chromium ends with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )),
            Err(error) => fail(&format!("chromium: {error}")),
        }
    }
}

/// A directory for what a browser keeps; dropped, it is removed.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Self {
        static PROFILES: AtomicUsize = AtomicUsize::new(0);
        let number = PROFILES.fetch_add(1, Ordering::Relaxed);
        let profile = Self(env::temp_dir().join(format!("adlib-lab-browser-{}-{number}", process::id())));
        let written = fs::create_dir_all(&profile.0)
            .and_then(|()| fs::write(profile.0.join("Local State"), NOT_THE_FIRST_NEGOTIATE));
        if let Err(error) = written {
            fail(&format!("{}: {error}", profile.0.display()));
        }
        profile
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
