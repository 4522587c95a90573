//! MIT's acceptor in a process of its own, which takes the time itself. It is compiled when it is needed.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use adlib_kerberos::Keytab;
use tempfile::TempDir;

use crate::kerberos_scene::Scene;

const PROGRAM: &str = include_str!("kerberos_mit.c");
/// What is not said here must not be looked for: no DNS, no file of the machine's.
const CONFIGURATION: &str = "[libdefaults]\ndefault_realm = CORP.EXAMPLE.COM\ndns_lookup_kdc = false\nrdns = false\n\
    dns_canonicalize_hostname = false\nallow_rc4 = true\n\
    permitted_enctypes = aes256-sha1 aes128-sha1 aes256-sha2 aes128-sha2 rc4-hmac\n";

/// The compiled program, and what it reads.
pub(crate) struct Mit {
    directory: TempDir,
}

/// Whether MIT remembers messages, in its file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplayCache {
    Off,
    On,
}

/// A running acceptor.
pub(crate) struct MitAcceptor {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Mit {
    /// Compiles the program.
    ///
    /// # Errors
    /// When there is no compiler, or the library's headers are missing.
    pub(crate) fn compile() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let source = directory.path().join("acceptor.c");
        fs::write(&source, PROGRAM)?;
        fs::write(directory.path().join("krb5.conf"), CONFIGURATION)?;
        let mut compiler = Command::new("cc");
        compiler
            .args(["-O2", "-o"])
            .arg(directory.path().join("acceptor"));
        let compiled = compiler.arg(source).arg("-lgssapi_krb5").output()?;
        if compiled.status.success() {
            return Ok(Self { directory });
        }
        let message = String::from_utf8_lossy(&compiled.stderr);
        let message = message.lines().next().unwrap_or_default();
        Err(io::Error::other(format!(
            "{message}; apt-get install gcc libkrb5-dev"
        )))
    }

    /// Starts an acceptor with the service's key, which accepts one message.
    ///
    /// # Errors
    /// When a file cannot be written, the program not be started, or the message is refused.
    pub(crate) fn trial(&self, scene: &Scene, replays: ReplayCache) -> io::Result<MitAcceptor> {
        let mut acceptor = self.start(&scene.keytab, replays)?;
        acceptor.accept(&scene.tokens(1))?;
        Ok(acceptor)
    }

    fn start(&self, keytab: &Keytab, cache: ReplayCache) -> io::Result<MitAcceptor> {
        let path = |name: &str| self.directory.path().join(name);
        fs::write(path("keytab"), keytab.encode())?;
        let replays = tempfile::tempdir_in(&self.directory)?.keep();
        let mut process = Command::new(path("acceptor"))
            .env("KRB5_CONFIG", path("krb5.conf"))
            .env("KRB5_KTNAME", path("keytab"))
            .env("KRB5RCACHENAME", cache.name(&replays))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take();
        let output = output.ok_or_else(|| io::Error::other("no standard output"))?;
        Ok(MitAcceptor {
            input: process.stdin.take(),
            output: BufReader::new(output),
            process,
        })
    }
}

impl ReplayCache {
    fn name(self, directory: &Path) -> String {
        match self {
            Self::Off => "none:".into(),
            Self::On => format!("file2:{}", directory.join("replays").display()),
        }
    }
}

impl MitAcceptor {
    /// Nanoseconds a token, as the program has measured them.
    ///
    /// # Errors
    /// When a token was refused, which the program says on standard error.
    pub(crate) fn accept(&mut self, tokens: &[Vec<u8>]) -> io::Result<f64> {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut batch = number(tokens.len()).to_vec();
        for token in tokens {
            batch.extend(number(token.len()));
            batch.extend(token);
        }
        if let Some(input) = &mut self.input {
            input.write_all(&batch)?;
        }
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        line.trim().parse().map_err(io::Error::other)
    }
}

impl Drop for MitAcceptor {
    fn drop(&mut self) {
        // Without input it ends by itself. There is nobody to tell when it does not.
        self.input = None;
        drop(self.process.wait());
    }
}
