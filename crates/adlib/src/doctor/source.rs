//! One `[directory]`: its files, its name servers, its domains.

use std::sync::Arc;

use adlib_kdc::{DnsResolver, LocateError, Resolver, Service, locate::ResolveError};
use adlib_ldap::Settings;

use super::{
    CheckKind, CheckName, Doctor, Problem, files,
    findings::{Came, Findings},
    misconfigured,
    place::PlaceSeen,
};
use crate::{
    Directory,
    config::DirectoryConfig,
    directory::{
        NotLocated, Place,
        configured::{places, settings},
        resolver,
    },
};

/// What is the same for all domains of a section.
pub(super) struct Section<'a> {
    pub(super) config: &'a DirectoryConfig,
    pub(super) settings: Settings,
    pub(super) places: Vec<Place>,
    pub(super) resolver: Arc<dyn Resolver>,
    /// What TLS cannot do without, and is not there.
    pub(super) no_authorities: Option<CheckName>,
    /// What the bind cannot do without, and is not there.
    pub(super) no_credentials: Option<CheckName>,
    /// A bind that was refused.
    pub(super) refused: Option<CheckName>,
    /// The check of the name servers, none of which answers.
    pub(super) no_dns: Option<CheckName>,
}

impl Doctor {
    /// One section of the configuration; what was seen of its domains.
    pub(super) async fn source<'a>(
        &'a self,
        findings: &mut Findings<'_>,
        config: &'a DirectoryConfig,
    ) -> Vec<PlaceSeen<'a>> {
        let missing = files::of_directory(findings, config);
        if !config.ldif.is_empty() {
            self.ldif(findings, config, missing.first()).await;
            return Vec::new();
        }
        let section = match self.section(config, &missing) {
            Ok(section) => section,
            Err(came) => {
                let _ = findings.add(CheckKind::Settings, "directory", came);
                return Vec::new();
            }
        };
        let mut section = self.name_servers(findings, section).await;
        let mut places = section.places.clone();
        // The domain of the account that binds knows best what is wrong with it.
        let name = config.bind.as_ref().map_or("", |bind| &bind.name);
        places.sort_by_key(|place| !is_of(name, &place.name));
        let mut seen = Vec::new();
        for place in &places {
            let place = self.place(findings, &section, place).await;
            let stands_before = place.reader.as_ref().err();
            section.refused = section.refused.or(stands_before
                .filter(|check| findings.is_refused_bind(check))
                .cloned());
            seen.push(place);
        }
        seen
    }

    fn section<'a>(
        &self,
        config: &'a DirectoryConfig,
        missing: &[CheckName],
    ) -> Result<Section<'a>, Came<()>> {
        let mut settings = settings(config);
        settings.timeouts.operation = settings.timeouts.operation.min(self.limit);
        settings.tls.ca_pem = config.ca_file.as_ref().and_then(|file| std::fs::read(file).ok());
        let is_missing = |name: Option<CheckName>| name.filter(|name| missing.contains(name));
        Ok(Section {
            config,
            places: places(config, settings.security).map_err(|error| misconfigured(&error))?,
            resolver: resolver(&config.dns).map_err(|error| misconfigured(&error))?,
            no_authorities: is_missing(files::of_tls(config)),
            no_credentials: is_missing(config.bind.as_ref().and_then(files::of_bind)),
            refused: None,
            no_dns: None,
            settings,
        })
    }

    /// A directory in files: what is in it.
    async fn ldif(&self, findings: &mut Findings<'_>, config: &DirectoryConfig, missing: Option<&CheckName>) {
        if let Some(needs) = missing {
            findings.skip(CheckKind::Users, "ldif", needs);
            return;
        }
        let read = async {
            let directory = Directory::from_config(config, &self.config.sync);
            let read = match directory {
                Ok(directory) => directory.read().await,
                Err(error) => Err(error),
            };
            match read {
                Err(error) => misconfigured(&error),
                Ok(read) if read.users.is_empty() => Came::failed(Problem::NobodyReadable, "no users"),
                Ok(read) => {
                    let seen = format!("{} users, {} groups", read.users.len(), read.groups.len());
                    Came::ok((), seen)
                }
            }
        };
        let _ = findings
            .look(CheckKind::Users, "ldif", self.limit * 2, read)
            .await;
    }

    /// The name servers that are named, each by itself.
    async fn name_servers<'a>(&self, findings: &mut Findings<'_>, section: Section<'a>) -> Section<'a> {
        if section.config.dns.is_empty() {
            return section;
        }
        let mut all = Vec::new();
        for server in &section.config.dns {
            let came = match DnsResolver::with_name_servers(&[server]) {
                Err(error) => Came::failed(Problem::Malformed, error.to_string()),
                Ok(resolver) => asked(&resolver, &section.places).await,
            };
            all.push((server.clone(), came));
        }
        let answers = findings.add_any(CheckKind::NameServer, all);
        let no_dns = match answers.iter().any(Result::is_ok) {
            true => None,
            false => answers.into_iter().find_map(Result::err),
        };
        Section { no_dns, ..section }
    }
}

/// Whether the account `name` is one of `domain`, by its suffix or by the first part of the domain's name.
fn is_of(name: &str, domain: &str) -> bool {
    match (name.rsplit_once('@'), name.split_once('\\')) {
        (Some((_, suffix)), _) => suffix.eq_ignore_ascii_case(domain),
        (None, Some((netbios, _))) => {
            let first = domain.split('.').next();
            first.is_some_and(|first| first.eq_ignore_ascii_case(netbios))
        }
        (None, None) => false,
    }
}

/// Whether a name server answers about any of the places. Whether there is what was asked for is looked at for each.
async fn asked(resolver: &DnsResolver, places: &[Place]) -> Came<()> {
    let mut failure = Came::ok((), "there is nothing to ask");
    for place in places {
        failure = match resolver.srv(&Service::Ldap.srv_name(&place.name)).await {
            Ok(_) | Err(ResolveError::NotFound) => return Came::ok((), "it answers"),
            Err(error) => Came::failed(Problem::DnsFailed, error.to_string()),
        };
    }
    failure
}

/// What it means that servers are not known.
pub(super) fn not_located<T>(error: &NotLocated) -> Came<T> {
    let problem = match error {
        NotLocated::OutsideOfDomain(_) => Problem::OutsideOfDomain,
        NotLocated::Dns(error) => in_dns(error),
    };
    Came::failed(problem, error.to_string())
}

pub(super) fn in_dns(error: &LocateError) -> Problem {
    let is_silent = |error: &ResolveError| *error != ResolveError::NotFound;
    match error {
        LocateError::Resolve { .. } => Problem::DnsFailed,
        LocateError::NoAddress { hosts } if hosts.iter().any(|(_, error)| is_silent(error)) => {
            Problem::DnsFailed
        }
        _ => Problem::NotInDns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Examination};

    async fn examined(config: &str) -> Examination {
        Doctor::new(&Config::parse(config).unwrap()).examine().await
    }

    fn found(examination: &Examination) -> Vec<String> {
        let checks = examination.checks.iter();
        let problems =
            checks.filter_map(|check| Some(format!("{}: {}", check.name.kind, check.problem()?.as_str())));
        problems.collect()
    }

    /// R4, A54: what DNS does not tell, and what it tells of others.
    #[test]
    fn a54_what_dns_tells() {
        let not_located = |error: NotLocated| match not_located::<()>(&error).state {
            super::super::CheckState::Failed(problem) => problem.as_str(),
            state => panic!("{state:?}"),
        };
        let resolve = |source| LocateError::Resolve {
            name: "_ldap._tcp.dc._msdcs.corp.example.com.".to_owned(),
            source,
        };
        let no_address = |error| LocateError::NoAddress {
            hosts: vec![("dc1".to_owned(), error)],
        };
        for (error, expected) in [
            (resolve(ResolveError::TimedOut), "dns-failed"),
            (no_address(ResolveError::TimedOut), "dns-failed"),
            (no_address(ResolveError::NotFound), "not-in-dns"),
            (LocateError::NotFound("corp".to_owned()), "not-in-dns"),
        ] {
            assert_eq!(not_located(error.into()), expected);
        }
        let elsewhere = NotLocated::OutsideOfDomain("corp.example.com".to_owned());
        assert_eq!(not_located(elsewhere), "outside-of-domain");
    }

    /// A directory in files has neither ports nor binds.
    #[tokio::test]
    async fn a_directory_in_files() {
        let company = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/company.ldif");
        let examination = examined(&format!("[directory]\nldif = [\"{company}\"]")).await;
        assert!(examination.is_healthy(), "{examination:?}");
        let kinds: Vec<CheckKind> = examination.checks.iter().map(|check| check.name.kind).collect();
        assert_eq!(kinds, [CheckKind::Settings, CheckKind::File, CheckKind::Users]);
        let examination = examined("[directory]\nldif = [\"/nonexistent/corp.ldif\"]").await;
        assert_eq!(found(&examination), ["file: unreadable"]);
        assert_eq!(examination.checks[2].state.as_str(), "skipped");
    }

    /// What cannot be is told, and the rest is looked at.
    #[tokio::test]
    async fn what_cannot_be_is_told() {
        let url = "[directory]\nurls = [\"ldap://127.0.0.1:1\"]\nbase = \"dc=example,dc=org\"";
        assert_eq!(found(&examined(url).await), ["settings: malformed"]);
        let risky = "[signin]\nmode = \"legacy\"\ndeadline = \"1s\"";
        assert_eq!(found(&examined(risky).await), ["settings: risky"]);
    }

    /// Who awaits an examination may do it in a task of its own.
    #[test]
    fn an_examination_can_be_spawned() {
        fn can_be_spawned<T: Send>(_: T) {}
        let doctor = Doctor::new(&Config::default());
        can_be_spawned(doctor.examine());
    }
}
