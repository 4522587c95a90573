//! GSS peers that are not ours: MIT's library, pyspnego, impacket; `python/peer.py` runs them.

use std::{
    fmt,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{fail, hex, script::Script};

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/peer.py");

/// The interpreter for which `cargo xtask lab install` has installed pyspnego, beside Debian's modules (impacket,
/// gssapi, samba).
///
/// # Panics
/// When it is not installed.
#[must_use]
pub fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/lab-python/bin/python");
    if !python.exists() {
        fail("pyspnego is not installed; do so with `cargo xtask lab install`");
    }
    python
}

/// Whose implementation a peer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Library {
    /// MIT's, with the plug-in gss-ntlmssp: every [`Mechanism`].
    #[default]
    Mit,
    /// pyspnego: NTLM, alone or in SPNEGO.
    Pyspnego,
    /// impacket: an initiator of NTLM, without MIC and channel bindings.
    Impacket,
}

/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// Kerberos, framed as RFC 4121 section 4.1 says.
    Kerberos,
    /// Bare NTLM messages.
    Ntlm,
    /// SPNEGO; see [`PeerOptions::offering`].
    Spnego,
}

impl Mechanism {
    fn word(self) -> &'static str {
        match self {
            Self::Kerberos => "krb5",
            Self::Ntlm => "ntlm",
            Self::Spnego => "spnego",
        }
    }
}

/// What an initiator asks for; RFC 2744 appendix A, and 0x1000 of MS-KILE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Flag {
    /// Hand the acceptor a forwarded ticket.
    Delegate = 0x1,
    /// The acceptor proves itself.
    Mutual = 0x2,
    /// Messages sent twice are noticed.
    ReplayDetect = 0x4,
    /// Messages out of their order are noticed.
    SequenceDetect = 0x8,
    /// Messages can be sealed.
    Confidentiality = 0x10,
    /// Messages can be signed.
    Integrity = 0x20,
    /// Three legs, as DCE's remote procedure calls have them.
    DceStyle = 0x1000,
    /// The acceptor may identify and not impersonate.
    Identify = 0x2000,
}

/// A peer that is to be started.
#[derive(Clone, Debug)]
#[must_use]
pub struct PeerOptions {
    script: Script,
    library: Library,
    args: Vec<String>,
}

impl PeerOptions {
    pub(crate) fn initiator(script: Script, name: &str, password: &str, service: &str) -> Self {
        let options = Self::new(script, "initiate");
        options
            .with("--name", name)
            .with("--password", password)
            .with("--service", service)
    }

    pub(crate) fn acceptor(script: Script, keytab: &Path) -> Self {
        Self::new(script, "accept").with("--keytab", keytab.display())
    }

    fn new(script: Script, role: &str) -> Self {
        Self {
            script,
            library: Library::default(),
            args: vec![role.to_owned()],
        }
    }

    fn with(mut self, option: &str, value: impl fmt::Display) -> Self {
        // One word, so that no value is taken for an option.
        self.args.push(format!("{option}={value}"));
        self
    }

    /// Speaks `mechanism`; Kerberos otherwise.
    pub fn mechanism(self, mechanism: Mechanism) -> Self {
        self.with("--mechanism", mechanism.word())
    }

    /// Offers or takes these inside of SPNEGO, in this order; all that it has credentials for otherwise.
    pub fn offering(self, mechanisms: &[Mechanism]) -> Self {
        let offer = |options: Self, mechanism: &Mechanism| options.with("--offer", mechanism.word());
        mechanisms.iter().fold(self, offer)
    }

    /// Is `library`; MIT's otherwise.
    pub fn library(mut self, library: Library) -> Self {
        self.library = library;
        let word = match library {
            Library::Mit => "mit",
            Library::Pyspnego => "pyspnego",
            Library::Impacket => "impacket",
        };
        self.with("--library", word)
    }

    /// Asks for `flags`.
    pub fn flags(self, flags: &[Flag]) -> Self {
        let sum = flags.iter().fold(0, |sum, &flag| sum | flag as u32);
        self.with("--flags", sum)
    }

    /// Has channel bindings with this application data (`tls-server-end-point:...`), and no addresses.
    pub fn bindings(self, application_data: &[u8]) -> Self {
        self.with("--bindings", hex::encode(application_data))
    }

    /// Takes the tickets of a cache, as `kinit` writes it, in place of the password.
    pub fn ticket_cache(self, path: &Path) -> Self {
        self.with("--ccache", path.display())
    }

    /// Knows an account of NTLM.
    pub fn account(self, domain: &str, user: &str, password: &str) -> Self {
        self.with("--account", format_args!("{domain}:{user}:{password}"))
    }

    /// Notices replays, and keeps what it has seen in `file`; it takes them otherwise.
    pub fn replay_cache(self, file: &Path) -> Self {
        self.with("--replay-cache", file.display())
    }

    /// Has a setting of its own in the section `libdefaults` of krb5.conf, as `client_aware_channel_bindings = true`.
    pub fn libdefault(self, name: &str, value: &str) -> Self {
        self.with("--libdefault", format_args!("{name}={value}"))
    }

    /// Starts the peer. A credential that cannot be had is the error of its first step.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(&self) -> Peer {
        let python = match self.library {
            Library::Pyspnego => python(),
            Library::Mit | Library::Impacket => "/usr/bin/python3".into(),
        };
        let mut command = self.script.command("exec");
        command.arg(python).arg(PEER).args(&self.args);
        Peer::spawn(command)
    }

    /// The first token of an initiator.
    ///
    /// # Errors
    /// What the library refuses, a wrong password for one.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn token(&self) -> Result<Vec<u8>, PeerError> {
        Ok(self.start().step(&[])?.token)
    }
}

/// What one step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// For the other side; empty when it gets none.
    pub token: Vec<u8>,
    /// Whether the peer's context is established.
    pub established: bool,
}

/// What a peer knows once it is established.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Established {
    /// Who initiated.
    pub initiator: String,
    /// Whom for; empty when the library does not say.
    pub target: String,
    /// Object identifier of the mechanism, inside of SPNEGO that of the inner one.
    pub mechanism: String,
    /// Flags of RFC 2744 that hold, and others of the library.
    pub flags: u32,
    /// Whose ticket was delegated; empty for none.
    pub delegated: String,
    /// The session key, or the subkey in its place.
    pub session_key: Vec<u8>,
}

impl Established {
    /// Whether `flag` holds.
    #[must_use]
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }
}

/// What the peer's library refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerError {
    /// Name of its exception, as `BadChannelBindingsError`.
    pub kind: String,
    /// Its text.
    pub message: String,
    /// A token for the other side, such as a KRB-ERROR; often none.
    pub token: Vec<u8>,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for PeerError {}

/// A running peer; dropped, it ends.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = match command.spawn() {
            Ok(process) => process,
            Err(error) => fail(&format!("the peer does not start: {error}")),
        };
        match process.stdout.take() {
            Some(stdout) => Self {
                requests: process.stdin.take(),
                answers: BufReader::new(stdout),
                process,
            },
            None => fail("the peer has no standard output"),
        }
    }

    /// Takes a token, an initiator's first one empty, and gives the next.
    ///
    /// # Errors
    /// What the library refuses.
    ///
    /// # Panics
    /// Here as in all that follows: when the peer died.
    pub fn step(&mut self, token: &[u8]) -> Result<Step, PeerError> {
        let [established, token] = self.ask("step", &[&hex::encode(token)])?;
        Ok(Step {
            token: bytes(&token),
            established: established == "1",
        })
    }

    /// Wraps a message, sealed or only signed.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn wrap(&mut self, message: &[u8], sealed: bool) -> Result<Vec<u8>, PeerError> {
        let sealed = if sealed { "1" } else { "0" };
        let [token] = self.ask("wrap", &[sealed, &hex::encode(message)])?;
        Ok(bytes(&token))
    }

    /// Unwraps a message, and tells whether it was sealed.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, bool), PeerError> {
        let [sealed, message] = self.ask("unwrap", &[&hex::encode(token)])?;
        Ok((bytes(&message), sealed == "1"))
    }

    /// Signs a message that travels apart.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, PeerError> {
        let [mic] = self.ask("mic", &[&hex::encode(message)])?;
        Ok(bytes(&mic))
    }

    /// Verifies the signature of a message that travelled apart.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<(), PeerError> {
        let [] = self.ask("verify", &[&hex::encode(message), &hex::encode(mic)])?;
        Ok(())
    }

    /// What it knows of the established context.
    ///
    /// # Errors
    /// What the library refuses, as before it is established.
    pub fn established(&mut self) -> Result<Established, PeerError> {
        let [initiator, target, mechanism, flags, delegated, key] = self.ask("about", &[])?;
        Ok(Established {
            initiator: text(&initiator),
            target: text(&target),
            mechanism: text(&mechanism),
            flags: text(&flags).parse().unwrap_or_default(),
            delegated: text(&delegated),
            session_key: bytes(&key),
        })
    }

    /// The PAC of the ticket that an acceptor got, as MIT's library takes it from there; MS-PAC section 2.3.
    ///
    /// # Errors
    /// What the library refuses, as when there is none.
    pub fn pac(&mut self) -> Result<Vec<u8>, PeerError> {
        let [pac] = self.ask("pac", &[])?;
        Ok(bytes(&pac))
    }

    /// Sends one request and gives the words of its answer.
    fn ask<const N: usize>(&mut self, verb: &str, words: &[&str]) -> Result<[String; N], PeerError> {
        let sent = self
            .requests
            .as_mut()
            .is_some_and(|pipe| writeln!(pipe, "{verb} {}", words.join(" ")).is_ok());
        let mut line = String::new();
        if !sent || self.answers.read_line(&mut line).is_err() || line.is_empty() {
            fail(&format!("the peer died at `{verb}`"));
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("ok") => match words.collect::<Vec<_>>().try_into() {
                Ok(words) => Ok(words),
                Err(words) => fail(&format!("the peer answers `{verb}` with {words:?}")),
            },
            _ => Err(error(words)),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Without requests it ends by itself.
        drop(self.requests.take());
        drop(self.process.wait());
    }
}

/// The error in the words of an answer.
fn error(mut words: impl Iterator<Item = String>) -> PeerError {
    PeerError {
        kind: words.next().unwrap_or_default(),
        message: text(&words.next().unwrap_or_default()),
        token: bytes(&words.next().unwrap_or_default()),
    }
}

fn bytes(word: &str) -> Vec<u8> {
    match hex::decode(word) {
        Some(bytes) => bytes,
        None => fail(&format!("the peer says `{word}`")),
    }
}

fn text(word: &str) -> String {
    String::from_utf8_lossy(&bytes(word)).into_owned()
}
