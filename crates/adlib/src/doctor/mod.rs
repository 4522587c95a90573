//! Looking at everything that a sign-in and a synchronisation need, one thing after the other.

mod check;
mod files;
mod findings;
mod kdc;
mod place;
mod problem;
mod reader;
mod server;
mod service;
mod source;

use std::{sync::Arc, time::Duration};

use crate::{Clock, Config, Error, Mode, SystemClock, config::BindMethod, config::DirectoryConfig};

pub use check::{Check, CheckKind, CheckName, CheckState, Examination};
use findings::{Came, Findings};
pub use problem::Problem;

/// A certificate that ends sooner is a reason to warn.
const ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 3600);
/// So long may one look take; those that ask for every user get twice the time.
const LIMIT: Duration = Duration::from_secs(60);

/// Looks at everything that a configuration leads to: files, DNS, ports, certificates, clocks, the bind, the right to read,
/// the keytab against the directory, a test ticket. It changes nothing. It tries no password but those of the binds,
/// and in a section none again that was refused: that would count against the account. Nor does it try keys that the directory contradicts.
///
/// ```no_run
/// use adlib::{Config, Doctor};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::read("adlib.toml")?;
/// let examination = Doctor::new(&config).examine().await;
/// for check in &examination.checks {
///     println!("{}: {} {}", check.name, check.state.as_str(), check.seen);
///     if let Some(problem) = check.problem() {
///         println!("  {}", problem.remedy());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Doctor {
    config: Config,
    clock: Arc<dyn Clock>,
    limit: Duration,
}

impl Doctor {
    /// A doctor of what `config` leads to.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            clock: Arc::new(SystemClock),
            limit: LIMIT,
        }
    }

    /// The clock that those of the servers are compared with. Default: the system's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// How long one look may take; those that ask for every user get twice the time. Default: 60 seconds.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Look at everything. What fails does not keep the rest from being looked at; what depends on it is skipped, and says
    /// so.
    pub async fn examine(&self) -> Examination {
        self.examine_with_progress(|_| {}).await
    }

    /// The same; `told` hears of each check when it was made (R38).
    pub async fn examine_with_progress(&self, mut told: impl FnMut(&Check) + Send) -> Examination {
        let mut findings = Findings::new(&mut told);
        self.settings(&mut findings);
        files::mapping(&mut findings, &self.config);
        let keytab = self
            .verifies_tickets()
            .then(|| files::keytab(&mut findings, &self.config));
        let mut places = Vec::new();
        for (_, section) in self.config.directories() {
            places.extend(self.source(&mut findings, section).await);
        }
        self.canaries(&mut findings, &places);
        if let Some(keytab) = keytab {
            self.service(&mut findings, keytab, &places).await;
        }
        findings.done()
    }

    /// Settings that weaken what is promised, and what cannot be.
    fn settings(&self, findings: &mut Findings<'_>) {
        let signin = &self.config.signin;
        let risks = [
            (signin.danger_accept_rc4, "danger_accept_rc4"),
            (signin.danger_accept_ntlmv1, "danger_accept_ntlmv1"),
            (
                signin.danger_accept_unauthenticated_controller,
                "danger_accept_unauthenticated_controller",
            ),
            (signin.pac == adlib_kerberos::PacMode::Off, "pac = \"off\""),
            (signin.mode == Mode::LegacyOnly, "mode = \"legacy\""),
            (
                signin.clock_tolerance > Duration::from_secs(600),
                "clock_tolerance of more than 10 minutes",
            ),
            (
                signin.deadline < Duration::from_secs(5),
                "deadline of less than 5 seconds",
            ),
        ];
        let set = risks.iter().filter(|(is_set, _)| *is_set);
        let set: Vec<&str> = set.map(|(_, name)| *name).collect();
        let came = match set.is_empty() {
            true => Came::ok((), "nothing is weakened"),
            false => Came::warning((), Problem::Risky, set.join(", ")),
        };
        let _ = findings.add(CheckKind::Settings, "signin", came);
    }

    /// Whether service tickets are to be verified here.
    fn verifies_tickets(&self) -> bool {
        let signin = &self.config.signin;
        let mut sections = self.config.directories();
        let has_domains = sections.any(|(_, section)| !section.domains.is_empty());
        has_domains
            && signin.mode != Mode::LegacyOnly
            && (signin.service.is_some() || signin.keytab.is_some())
    }

    /// Whether tickets are asked for in the domains of `section`.
    fn asks_for_tickets(&self, section: &DirectoryConfig) -> bool {
        let bind = section.bind.as_ref().map(|bind| bind.method);
        !section.domains.is_empty() && (bind == Some(BindMethod::Kerberos) || self.verifies_tickets())
    }
}

/// What a configuration asks for that cannot be.
fn misconfigured<T>(error: &Error) -> Came<T> {
    Came::failed(Problem::Malformed, error.to_string())
}
