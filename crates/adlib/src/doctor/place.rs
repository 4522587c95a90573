//! One domain, or one tree of a server: from its name to its users.

use adlib_kdc::TicketError;
use adlib_ldap::Endpoint;
use adlib_schema::{Preset, RawEntry, lookup::not_shown};

use super::{
    CheckKind, CheckName, Doctor, Problem,
    findings::{Came, Findings},
    kdc::KdcsSeen,
    reader::Reader,
    server::Server,
    source::{Section, not_located},
};
use crate::{
    Reason,
    authenticator::bind_reason,
    config::{BindMethod, DirectoryConfig},
    directory::{
        BindFailure, Place,
        configured::{bind, rules},
        server_endpoints,
    },
};

/// What everything else in a place depends on, in this order.
const OF_A_PLACE: [CheckKind; 7] = [
    CheckKind::Port,
    CheckKind::Tls,
    CheckKind::Schema,
    CheckKind::Bind,
    CheckKind::PageSize,
    CheckKind::Rights,
    CheckKind::Users,
];

/// What was seen of a place.
pub(super) struct PlaceSeen<'a> {
    pub(super) config: &'a DirectoryConfig,
    pub(super) name: String,
    pub(super) base: String,
    /// A way to read it, or the check that stands before it.
    pub(super) reader: Result<Reader, CheckName>,
    /// Its KDCs, where tickets are asked for.
    pub(super) kdcs: Option<KdcsSeen>,
    /// Which of the users that must be there are.
    pub(super) canaries: Vec<String>,
}

impl Doctor {
    pub(super) async fn place<'a>(
        &self,
        findings: &mut Findings<'_>,
        section: &Section<'a>,
        place: &Place,
    ) -> PlaceSeen<'a> {
        let mut seen = PlaceSeen {
            config: section.config,
            name: place.name.clone(),
            base: place.base.clone(),
            reader: Err(CheckName::new(CheckKind::Dns, &place.name)),
            kdcs: None,
            canaries: Vec::new(),
        };
        if self.asks_for_tickets(section.config) {
            seen.kdcs = Some(self.kdcs(findings, section, place).await);
        }
        let no_ticket = seen.kdcs.as_ref().and_then(|kdcs| kdcs.as_ref().err());
        seen.reader = match self.endpoints(findings, section, place).await {
            Err(needs) => Err(skip_from(findings, CheckKind::Port, &place.name, &needs)),
            Ok(endpoints) => {
                self.reader(findings, (section, place), endpoints, no_ticket)
                    .await
            }
        };
        if let Ok(reader) = seen.reader {
            seen.reader = self
                .readable(findings, reader, &mut seen.canaries, &place.name)
                .await;
        }
        seen
    }

    /// The servers, by DNS where they are not given by their addresses.
    async fn endpoints(
        &self,
        findings: &mut Findings<'_>,
        section: &Section<'_>,
        place: &Place,
    ) -> Result<Vec<Endpoint>, CheckName> {
        let located = server_endpoints(place, section.settings.security, &*section.resolver);
        let is_given =
            |server: &adlib_kdc::Endpoint| !server.addresses.is_empty() || server.host.starts_with('/');
        if !place.servers.is_empty() && place.servers.iter().all(is_given) {
            return located
                .await
                .map_err(|_| CheckName::new(CheckKind::Dns, &place.name));
        }
        if let Some(needs) = &section.no_dns {
            return Err(findings.skip(CheckKind::Dns, &place.name, needs));
        }
        let look = async {
            match located.await {
                Err(error) => not_located(&error),
                Ok(found) => {
                    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
                    let names = names.join(", ");
                    match found.len() < place.servers.len() {
                        true => {
                            Came::warning(found, Problem::NotInDns, format!("only {names} have addresses"))
                        }
                        false => Came::ok(found, names),
                    }
                }
            }
        };
        findings.look(CheckKind::Dns, &place.name, self.limit, look).await
    }

    /// From the servers to a bound connection.
    async fn reader(
        &self,
        findings: &mut Findings<'_>,
        (section, place): (&Section<'_>, &Place),
        endpoints: Vec<Endpoint>,
        no_ticket: Option<&CheckName>,
    ) -> Result<Reader, CheckName> {
        let server = match self.servers(findings, section, place, endpoints).await {
            Ok(server) => server,
            Err(needs) => {
                // Those between were written down for each server.
                let next = match needs.kind {
                    CheckKind::Port => CheckKind::Tls,
                    CheckKind::Tls => CheckKind::Schema,
                    _ => CheckKind::Bind,
                };
                return Err(skip_from(findings, next, &place.name, &needs));
            }
        };
        let preset = section.config.preset.or(server.root_dse.preset);
        let by_ticket = section.config.bind.as_ref().map(|bind| bind.method) == Some(BindMethod::Kerberos);
        let no_ticket = no_ticket.filter(|_| by_ticket);
        if let Some(needs) = section.no_credentials.as_ref().or(no_ticket) {
            return Err(skip_from(findings, CheckKind::Bind, &place.name, needs));
        }
        if let Some(needs) = &section.refused {
            let why = "not tried: a bind that is refused again counts against the account";
            findings.skip_because(CheckKind::Bind, &place.name, needs, why);
            return Err(skip_from(findings, CheckKind::PageSize, &place.name, needs));
        }
        let look = self.bound(section, &server, preset);
        let bound = findings
            .look(CheckKind::Bind, &place.name, self.limit, look)
            .await;
        if let Err(needs) = bound {
            return Err(skip_from(findings, CheckKind::PageSize, &place.name, &needs));
        }
        let mapper = rules(section.config, &self.config.sync)
            .and_then(|rules| rules.mapper(preset.unwrap_or(Preset::ActiveDirectory)));
        match mapper {
            Ok(mapper) => Ok(Reader {
                connection: server.connection,
                mapper,
                root_dse: server.root_dse,
                base: place.base.clone(),
                page_size: section.config.page_size,
            }),
            Err(error) => {
                let came = super::misconfigured::<()>(&error);
                let needs = findings.add(CheckKind::Settings, &place.name, came);
                let needs = needs
                    .err()
                    .unwrap_or_else(|| CheckName::new(CheckKind::Settings, &place.name));
                Err(skip_from(findings, CheckKind::PageSize, &place.name, &needs))
            }
        }
    }

    async fn bound(&self, section: &Section<'_>, server: &Server, preset: Option<Preset>) -> Came<()> {
        let Some(config) = &section.config.bind else {
            return match preset {
                Some(Preset::ActiveDirectory) => Came::failed(Problem::NoBind, "anonymous"),
                _ => Came::ok((), "anonymous"),
            };
        };
        let bind = match bind(config, &section.places, &section.resolver) {
            Ok(bind) => bind,
            Err(error) => return Came::failed(Problem::NoCredentials, error.to_string()),
        };
        match bind.attempt(&server.connection).await {
            Ok(()) => Came::ok(
                (),
                format!("as {} at {}", config.name, server.connection.endpoint()),
            ),
            Err(failure) => {
                let problem = match &failure {
                    BindFailure::Server(adlib_ldap::Error::BindRefused { rejection, .. }) => {
                        Problem::BindRefused(bind_reason(*rejection))
                    }
                    BindFailure::Server(error) => Problem::from(error),
                    BindFailure::NoTicket {
                        error: TicketError::Rejected(adlib_kdc::Rejection::WrongPassword),
                        ..
                    } => Problem::BindRefused(Reason::WrongPassword),
                    BindFailure::NoTicket { .. } => Problem::NoTicketForBind,
                    BindFailure::Other(_) => Problem::NoAnswer,
                };
                Came::failed(problem, failure.to_string())
            }
        }
    }

    /// Pages, rights, users.
    async fn readable(
        &self,
        findings: &mut Findings<'_>,
        reader: Reader,
        canaries: &mut Vec<String>,
        name: &str,
    ) -> Result<Reader, CheckName> {
        let pages = reader.pages();
        let _ = findings.look(CheckKind::PageSize, name, self.limit, pages).await;
        let rights = self.rights(&reader, canaries);
        let rights = findings.look(CheckKind::Rights, name, self.limit, rights).await;
        if let Err(needs) = rights {
            return Err(skip_from(findings, CheckKind::Users, name, &needs));
        }
        let users = reader.users();
        let _ = findings.look(CheckKind::Users, name, self.limit * 2, users).await;
        Ok(reader)
    }

    /// Whether users are shown, with what every user has. Those that must be there are looked at first.
    async fn rights(&self, reader: &Reader, canaries: &mut Vec<String>) -> Came<()> {
        let mut shown = Vec::new();
        for name in &self.config.sync.guard.canaries {
            match reader.named(name, self.config.sync.user_name).await {
                Ok(Some(user)) => {
                    canaries.push(name.clone());
                    shown.push(user);
                }
                Ok(None) => {}
                Err(error) => return unread(&error),
            }
        }
        if shown.is_empty() {
            match reader.somebody().await {
                Ok(Some(user)) => shown.push(user),
                Ok(None) => {
                    return Came::failed(Problem::NobodyReadable, format!("no user below {}", reader.base));
                }
                Err(error) => return unread(&error),
            }
        }
        let missing = |user: &RawEntry| {
            let missing = not_shown(reader.mapper.schema(), user);
            (!missing.is_empty()).then(|| format!("{} without {}", user.dn(), missing.join(", ")))
        };
        match shown.iter().find_map(missing) {
            Some(seen) => Came::failed(Problem::NotReadable, seen),
            None => {
                let dns: Vec<&str> = shown.iter().map(RawEntry::dn).collect();
                Came::ok((), format!("{}, with all that counts", dns.join("; ")))
            }
        }
    }

    /// Users that must be there and are in no domain (R34).
    pub(super) fn canaries(&self, findings: &mut Findings<'_>, places: &[PlaceSeen<'_>]) {
        for canary in &self.config.sync.guard.canaries {
            if places.is_empty() {
                break;
            }
            let is_in = |place: &&PlaceSeen<'_>| place.canaries.contains(canary);
            let unread = places.iter().find_map(|place| place.reader.as_ref().err());
            match (places.iter().find(is_in), unread) {
                (Some(place), _) => {
                    let _ = findings.add(
                        CheckKind::Canary,
                        canary,
                        Came::ok((), format!("in {}", place.name)),
                    );
                }
                (None, Some(needs)) => {
                    findings.skip(CheckKind::Canary, canary, needs);
                }
                (None, None) => {
                    let came = Came::<()>::failed(Problem::CanaryMissing, "in no domain");
                    let _ = findings.add(CheckKind::Canary, canary, came);
                }
            }
        }
    }
}

fn unread<T>(error: &adlib_ldap::Error) -> Came<T> {
    let problem = match error {
        adlib_ldap::Error::NoSuchObject { .. } | adlib_ldap::Error::Refused { .. } => Problem::NobodyReadable,
        error => error.into(),
    };
    Came::failed(problem, error.to_string())
}

/// Everything in a place from `first` on cannot be looked at.
fn skip_from(findings: &mut Findings<'_>, first: CheckKind, of: &str, needs: &CheckName) -> CheckName {
    for kind in OF_A_PLACE.into_iter().skip_while(|kind| *kind != first) {
        findings.skip(kind, of, needs);
    }
    needs.clone()
}
