//! A configuration for the lab, parts of which are then broken.

use std::{fs, ops::Deref, sync::Arc, time::Duration};

use adlib::{Check, CheckKind, CheckState, Clock, Config, Doctor, Examination, SystemClock, UnixTime};
use adlib_lab::{Corp, Domain, corp};

use crate::folder::Folder;

/// A directory with a configuration for the lab.
pub(crate) struct Site<C = Corp> {
    folder: Folder,
    pub(crate) corp: C,
}

impl<C> Deref for Site<C> {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Site {
    /// For CORP, with a simple bind.
    pub(crate) fn new() -> Self {
        Self::of(corp())
    }

    /// For both domains, with a bind that reaches both.
    pub(crate) fn of_both_domains() -> Self {
        Self::new().in_both_domains()
    }

    /// Another site with a configuration that differs.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> Self {
        let other = Self::new();
        for file in ["adlib.toml", "password", "mappings.conf"] {
            fs::copy(self.path(file), other.path(file)).unwrap();
        }
        other.edit(changes);
        other
    }
}

impl<C: Deref<Target = Domain>> Site<C> {
    pub(crate) fn of(corp: C) -> Self {
        let config = format!(
            r#"
            [directory]
            domains = "{domain}"
            controllers = ["{ip}"]
            ca_file = "{ca}"
            ca_only = true
            bind = {{ method = "simple", name = "svc-sync@{domain}", password_file = "password" }}
            timeout = "10s"
            [signin]
            service = "{service}"
            keytab = "http.keytab"
            upn_mappings = "mappings.conf"
            [sync]
            guard = {{ canaries = ["administrator", "ada"] }}
            "#,
            domain = corp.dns_domain,
            ip = corp.ip,
            ca = corp.ca_file.display(),
            service = corp.http_service,
        );
        let folder = Folder::of(&[
            ("adlib.toml", config.as_bytes()),
            ("password", corp.service_password.as_bytes()),
            (
                "mappings.conf",
                format!("acme.example = {}\n", corp.dns_domain).as_bytes(),
            ),
            ("http.keytab", &fs::read(&corp.keytab).unwrap()),
        ]);
        Self { folder, corp }
    }

    /// For both domains, with a bind that reaches both.
    pub(crate) fn in_both_domains(self) -> Self {
        let corp = &self.corp;
        let staff = &corp.staff;
        self.edit(&[
            (
                &format!("domains = \"{}\"", corp.dns_domain),
                &format!("domains = \"{}; {}\"", corp.dns_domain, staff.dns_domain),
            ),
            (
                &format!("controllers = [\"{}\"]", corp.ip),
                &format!(
                    "controllers = {{ \"{}\" = [\"{}\"], \"{}\" = [\"{}\"] }}",
                    corp.dns_domain, corp.ip, staff.dns_domain, staff.ip
                ),
            ),
            (
                &format!("method = \"simple\", name = \"svc-sync@{}\"", corp.dns_domain),
                &format!("method = \"ntlm\", name = '{}\\svc-sync'", corp.netbios),
            ),
        ]);
        self
    }

    pub(crate) fn doctor(&self) -> Doctor {
        Doctor::new(&Config::read(self.path("adlib.toml")).unwrap())
    }

    /// What the doctor finds, in which there is no secret (A63).
    pub(crate) async fn examine(&self) -> Examination {
        let examination = self.doctor().examine().await;
        let shown = format!("{examination:?}");
        let secrets = [&self.corp.service_password, &self.corp.user_password, "Wr0ng"];
        for secret in secrets {
            assert!(!shown.contains(secret), "a secret is shown: {shown}");
        }
        let mut problems = examination.checks.iter().filter_map(Check::problem);
        assert!(
            problems.all(|problem| !problem.remedy().is_empty()),
            "what to do: {shown}"
        );
        examination
    }

    /// Exactly one check fails, of this kind and with this problem; all else is in order, or skipped because of it. Gives
    /// what was seen.
    pub(crate) async fn only(&self, kind: CheckKind, problem: &str) -> String {
        let examination = self.examine().await;
        assert!(!examination.is_healthy(), "{examination:?}");
        depends_on(&examination, kind);
        let found = named(&examination);
        assert_eq!(found, [(kind, "failed", problem)], "{examination:#?}");
        seen(&examination)
    }

    /// Exactly one check warns, of this kind and with this problem; all else is in order.
    pub(crate) async fn only_warns(&self, kind: CheckKind, problem: &str) -> String {
        let examination = self.examine().await;
        assert!(examination.is_healthy(), "{examination:?}");
        let found = named(&examination);
        assert_eq!(found, [(kind, "warning", problem)], "{examination:#?}");
        assert_eq!(not_ok(&examination).len(), 1, "{examination:#?}");
        seen(&examination)
    }

    /// Exit code and standard output of `adctl doctor`.
    pub(crate) fn adctl(&self, more: &[&str]) -> (i32, String) {
        let (code, output, _) = self.run(&[&["doctor", "--config", "adlib.toml"], more].concat());
        (code, output)
    }
}

/// Every check with a problem.
pub(crate) fn named(examination: &Examination) -> Vec<(CheckKind, &'static str, &str)> {
    let checks = examination.checks.iter();
    checks
        .filter_map(|check| Some((check.name.kind, check.state.as_str(), check.problem()?.as_str())))
        .collect()
}

/// What was seen of the one check with a problem.
fn seen(examination: &Examination) -> String {
    let mut checks = examination
        .checks
        .iter()
        .filter(|check| check.problem().is_some());
    checks.next().unwrap().seen.clone()
}

/// Every check that is not in order.
pub(crate) fn not_ok(examination: &Examination) -> Vec<String> {
    let checks = examination.checks.iter();
    checks
        .filter(|check| check.state != CheckState::Ok)
        .map(|check| format!("{check:?}"))
        .collect()
}

/// Whatever was skipped needs a check of this kind that is not in order, or one that was skipped because of it.
#[track_caller]
pub(crate) fn depends_on(examination: &Examination, kind: CheckKind) {
    for check in &examination.checks {
        let CheckState::Skipped { needs } = &check.state else {
            continue;
        };
        let needed = examination.checks.iter().find(|other| other.name == *needs);
        let needed = needed.unwrap_or_else(|| panic!("{check:?}"));
        let is_right = match &needed.state {
            CheckState::Skipped { .. } => true,
            CheckState::Ok => false,
            _ => needed.name.kind == kind,
        };
        assert!(is_right, "{check:?} because of {needed:?}");
    }
}

/// A clock that is ahead.
pub(crate) fn later(seconds: u64) -> Arc<dyn Clock> {
    struct Later(Duration);
    impl Clock for Later {
        fn now(&self) -> UnixTime {
            SystemClock.now().saturating_add(self.0)
        }
    }
    Arc::new(Later(Duration::from_secs(seconds)))
}
