//! The servers of a domain: ports, certificates, what each says of itself.

use adlib_core::UnixTime;
use adlib_ldap::{Connection, Endpoint, Error as LdapError, TransportSecurity, reach};
use adlib_schema::{Preset, RootDse};
use tokio::task::JoinSet;

use super::{
    CheckKind, CheckName, Doctor, ENDS_SOON, Problem,
    findings::{Came, Findings},
    source::Section,
};
use crate::directory::Place;

/// A server that answers.
pub(super) struct Server {
    pub(super) connection: Connection,
    pub(super) root_dse: RootDse,
    /// Our own clock when it was asked.
    asked_at: UnixTime,
}

impl Doctor {
    /// The first server of a place that is in order as far as it can be seen without a bind; all are looked at.
    pub(super) async fn servers(
        &self,
        findings: &mut Findings<'_>,
        section: &Section<'_>,
        place: &Place,
        endpoints: Vec<Endpoint>,
    ) -> Result<Server, CheckName> {
        let listening = ports(findings, section, endpoints).await?;
        let connected = self.secured(findings, section, listening).await?;
        let mut described = Vec::new();
        for connection in connected {
            let name = connection.endpoint().to_owned();
            described.push((name, self.described(connection, section, place).await));
        }
        let mut first = Err(CheckName::new(CheckKind::Schema, &place.name));
        for server in findings.add_any(CheckKind::Schema, described) {
            if let Ok(server) = &server {
                self.clock_of_server(findings, server);
            }
            first = match (first, server) {
                (Ok(first), _) => Ok(first),
                (Err(_), server) => server,
            };
        }
        first
    }

    /// The servers with which a protected connection comes about.
    async fn secured(
        &self,
        findings: &mut Findings<'_>,
        section: &Section<'_>,
        endpoints: Vec<Endpoint>,
    ) -> Result<Vec<Connection>, CheckName> {
        if let Some(needs) = &section.no_authorities {
            let skipped = endpoints
                .iter()
                .map(|server| findings.skip(CheckKind::Tls, &server.to_string(), needs));
            return Err(skipped.last().unwrap_or_else(|| needs.clone()));
        }
        let mut all = Vec::new();
        for (name, opened) in opened(section, endpoints).await {
            all.push((name, self.certified(section, opened)));
        }
        let has_tls = section.settings.security != TransportSecurity::Sasl
            && !all
                .iter()
                .any(|(_, came)| came.value.as_ref().is_some_and(is_local));
        let came = match has_tls {
            true => findings.add_any(CheckKind::Tls, all),
            // Without TLS there is nothing to tell but a connection that breaks.
            false => all
                .into_iter()
                .map(|(name, came)| match came.value {
                    Some(connection) => Ok(connection),
                    None => findings.add(CheckKind::Port, &name, came),
                })
                .collect(),
        };
        any(came)
    }

    /// What the certificates of an opened connection come to.
    fn certified(&self, section: &Section<'_>, opened: Result<Connection, LdapError>) -> Came<Connection> {
        let connection = match opened {
            Ok(connection) => connection,
            Err(error) => {
                let problem = match Problem::from(&error) {
                    // Somebody listens, as was seen, and does not speak TLS.
                    Problem::NoAnswer | Problem::Silent | Problem::NothingListens => Problem::Tls,
                    problem => problem,
                };
                return Came::failed(problem, error.to_string());
            }
        };
        let Some(end) = connection.certificate_end() else {
            let kind = match section.settings.security {
                TransportSecurity::Sasl => "the bind protects the connection",
                _ => "the end of its certificate is not known",
            };
            return Came::ok(connection, kind);
        };
        let left = end.seconds_after(self.clock.now()) / (24 * 3600);
        let seen = format!("trusted until {end}, for {left} more days");
        match end < self.clock.now().saturating_add(ENDS_SOON) {
            true => Came::warning(connection, Problem::CertificateEndsSoon, seen),
            false => Came::ok(connection, seen),
        }
    }

    /// What a server says of itself.
    async fn described(&self, connection: Connection, section: &Section<'_>, place: &Place) -> Came<Server> {
        let root_dse = match connection.root_dse().await {
            Ok(entry) => RootDse::of(&entry),
            Err(error) => return Came::failed(Problem::from(&error), error.to_string()),
        };
        let server = Server {
            connection,
            root_dse,
            asked_at: self.clock.now(),
        };
        judged(server, section.config.preset, &place.base)
    }

    fn clock_of_server(&self, findings: &mut Findings<'_>, server: &Server) {
        // Active Directory tells the time.
        if let Some(told) = server.root_dse.time {
            let came = self.clock_came(told, server.asked_at);
            let _ = findings.add(CheckKind::Clock, server.connection.endpoint(), came);
        }
    }

    /// A clock that says `told` when ours says `now` (R10).
    pub(super) fn clock_came(&self, told: UnixTime, now: UnixTime) -> Came<()> {
        let tolerance = self.config.signin.clock_tolerance;
        let apart = told.abs_diff(now);
        let seconds = told.seconds_after(now);
        let seen = match seconds {
            0 => "the same second as here".to_owned(),
            _ => format!(
                "{seconds} s ahead of ours; {} s are tolerated",
                tolerance.as_secs()
            ),
        };
        if apart > tolerance {
            Came::failed(Problem::ClockOff, seen)
        } else if apart > tolerance / 2 {
            Came::warning((), Problem::ClockDrifts, seen)
        } else {
            Came::ok((), seen)
        }
    }
}

/// Whether the server is of the kind that is configured, and has what is asked of it.
fn judged(server: Server, configured: Option<Preset>, base: &str) -> Came<Server> {
    let found = server.root_dse.preset;
    let is_ad = |preset: Option<Preset>| preset == Some(Preset::ActiveDirectory);
    let name = |preset: Option<Preset>| preset.map_or("of no known kind", Preset::name);
    if configured.is_none() && found.is_none() {
        return Came::failed(Problem::UnknownServer, "like no server that is known");
    }
    let mut seen = format!("the server is {}", name(found));
    if configured.is_some() && is_ad(configured) != is_ad(found) {
        seen.push_str(&format!(", `preset` is {}", name(configured)));
        return Came::failed(Problem::OtherPreset, seen);
    }
    if !server.root_dse.holds(base) {
        let own = match &server.root_dse.domain_dn {
            Some(domain) => domain.clone(),
            None => server.root_dse.naming_contexts.join(", "),
        };
        seen.push_str(&format!(", and has {own}, not {base}"));
        return Came::failed(Problem::OtherDomain, seen);
    }
    // Accounts of RFC 2307 can be on any server.
    if let (Some(known), Some(set)) = (found, configured)
        && known != set
        && set != Preset::Unix
    {
        seen.push_str(&format!(", `preset` is {set}"));
        return Came::warning(server, Problem::OtherPreset, seen);
    }
    if server.root_dse.is_synchronized == Some(false) {
        return Came::warning(server, Problem::NotSynchronized, seen);
    }
    Came::ok(server, seen)
}

fn is_local(connection: &Connection) -> bool {
    connection.host().starts_with('/')
}

/// Those that are in order, or else the last check that is not.
fn any<T>(all: Vec<Result<T, CheckName>>) -> Result<Vec<T>, CheckName> {
    let (mut good, mut bad) = (Vec::new(), None);
    for one in all {
        match one {
            Ok(value) => good.push(value),
            Err(name) => bad = Some(name),
        }
    }
    match bad {
        Some(name) if good.is_empty() => Err(name),
        _ => Ok(good),
    }
}

/// The servers something listens at.
async fn ports(
    findings: &mut Findings<'_>,
    section: &Section<'_>,
    endpoints: Vec<Endpoint>,
) -> Result<Vec<Endpoint>, CheckName> {
    let settings = section.settings.clone();
    let reached = side_by_side(endpoints, move |endpoint| {
        let settings = settings.clone();
        async move {
            let reached = reach(&endpoint, &settings).await;
            (endpoint, reached)
        }
    });
    let came = reached.await.into_iter().map(|(endpoint, reached)| {
        let name = endpoint.to_string();
        match reached {
            Ok(()) => (name, Came::ok(endpoint, "something listens")),
            Err(error) => (name, Came::failed(Problem::from(&error), error.to_string())),
        }
    });
    any(findings.add_any(CheckKind::Port, came.collect()))
}

/// A connection to each server.
async fn opened(
    section: &Section<'_>,
    endpoints: Vec<Endpoint>,
) -> Vec<(String, Result<Connection, LdapError>)> {
    let mut settings = section.settings.clone();
    // Once for all: it reads the system's authorities.
    settings.tls.client_config = settings.tls.to_client_config().ok();
    side_by_side(endpoints, move |endpoint| {
        let settings = settings.clone();
        async move {
            let opened = Connection::open(std::slice::from_ref(&endpoint), &settings).await;
            (endpoint.to_string(), opened)
        }
    })
    .await
}

/// Do the same to all at once; the results are in their order.
async fn side_by_side<A, T, F>(all: Vec<A>, each: impl Fn(A) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (index, one) in all.into_iter().enumerate() {
        let task = each(one);
        tasks.spawn(async move { (index, task.await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
