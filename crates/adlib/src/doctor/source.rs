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
        let section = self.name_servers(findings, section).await;
        let mut seen = Vec::new();
        for place in &section.places {
            seen.push(self.place(findings, &section, place).await);
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
        let Some(place) = section.places.first().filter(|_| !section.config.dns.is_empty()) else {
            return section;
        };
        let question = Service::Ldap.srv_name(&place.name);
        let mut all = Vec::new();
        for server in &section.config.dns {
            let came = match DnsResolver::with_name_servers(&[server]) {
                Err(error) => Came::failed(Problem::Malformed, error.to_string()),
                Ok(resolver) => match resolver.srv(&question).await {
                    // Whether the name exists is looked at for each domain.
                    Ok(_) | Err(ResolveError::NotFound) => Came::ok((), "it answers"),
                    Err(error) => Came::failed(Problem::DnsSilent, error.to_string()),
                },
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
        LocateError::Resolve { .. } => Problem::DnsSilent,
        LocateError::NoAddress { hosts } if hosts.iter().any(|(_, error)| is_silent(error)) => {
            Problem::DnsSilent
        }
        _ => Problem::NotInDns,
    }
}
