//! Connecting: to each server in turn, at all of its addresses by turns (RFC 8305), until one takes us.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::ClientConfig;
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Carrier, Stream, Wire, start_tls, tls};
use crate::{Endpoint, Error, Settings, TransportSecurity};

/// How long an address may take before the next is tried beside it (RFC 8305 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Addresses of one server that are tried; nobody has more, and DNS may name any number.
const MAX_ADDRESSES: usize = 32;

/// What is tried at a server.
struct Dial<'a> {
    settings: &'a Settings,
    /// Absent without TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// The server that took us, and what leads there.
pub(crate) struct Dialled<'e> {
    pub(crate) endpoint: &'e Endpoint,
    pub(crate) carrier: Carrier,
    pub(crate) wire: Wire,
}

/// Connect to the first of `endpoints` that takes us.
///
/// # Errors
/// `NoEndpoint`, `Authorities`, `System`; what the only server tried did, or `NoneReachable` with what each did.
pub(crate) async fn dial<'e>(endpoints: &'e [Endpoint], settings: &Settings) -> Result<Dialled<'e>, Error> {
    let without_tls = settings.danger_plain
        || settings.security == TransportSecurity::Sasl
        || endpoints.iter().all(Endpoint::is_local);
    let tls = if without_tls {
        None
    } else {
        Some(settings.tls.to_client_config()?)
    };
    let dial = Dial { settings, tls };
    let mut failures = Vec::new();
    for endpoint in endpoints {
        if let Some((stream, carrier)) = dial.endpoint(endpoint, &mut failures).await {
            return Ok(Dialled {
                endpoint,
                carrier,
                wire: Wire::new(stream, settings.limits),
            });
        }
    }
    Err(none_of(failures))
}

/// Whether something listens at one of the addresses of `endpoint`: a connection is made and closed, and nothing is sent.
///
/// # Errors
/// `Connect`, `Timeout`; `NoneReachable` when there are several addresses and none answers.
pub async fn reach(endpoint: &Endpoint, settings: &Settings) -> Result<(), Error> {
    if endpoint.is_local() {
        return local(endpoint).await.map(drop);
    }
    let dial = Dial { settings, tls: None };
    let after = settings.timeouts.connect;
    let mut attempts = JoinSet::new();
    for address in by_turns(dial.addresses(endpoint).await?) {
        attempts.spawn(connect(endpoint.clone(), address, after));
    }
    let mut failures = Vec::new();
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => failures.push(error),
            Err(stopped) => failures.push(unreachable(endpoint, &io::Error::other(stopped))),
        }
    }
    Err(none_of(failures))
}

/// What comes of servers or addresses none of which took us.
fn none_of(mut failures: Vec<Error>) -> Error {
    match failures.len() {
        0 => Error::NoEndpoint,
        1 => failures.remove(0),
        _ => Error::NoneReachable(failures),
    }
}

impl Dial<'_> {
    /// A stream to `endpoint`; otherwise what went wrong joins `failures`.
    async fn endpoint(&self, endpoint: &Endpoint, failures: &mut Vec<Error>) -> Option<(Stream, Carrier)> {
        if endpoint.is_local() {
            let connected = local(endpoint).await;
            return connected.map_err(|error| failures.push(error)).ok();
        }
        let mut addresses = match self.addresses(endpoint).await {
            Ok(addresses) => by_turns(addresses).into_iter(),
            Err(error) => {
                failures.push(error);
                return None;
            }
        };
        let mut race = JoinSet::new();
        loop {
            if let Some(address) = addresses.next() {
                race.spawn(connect(endpoint.clone(), address, self.settings.timeouts.connect));
            }
            let finished = tokio::select! {
                finished = race.join_next() => finished?,
                () = sleep(ATTEMPT_DELAY), if addresses.len() > 0 => continue,
            };
            let stream = match finished {
                Ok(Ok(stream)) => self.protected(endpoint, stream).await,
                Ok(Err(error)) => Err(error),
                Err(stopped) => Err(unreachable(endpoint, &io::Error::other(stopped))),
            };
            match stream {
                Ok(stream) => return Some(stream),
                Err(error) => {
                    tracing::warn!(%endpoint, %error, "address passed over");
                    failures.push(error);
                }
            }
        }
    }

    async fn addresses(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Error> {
        if !endpoint.addresses.is_empty() {
            let with_port = |ip: &_| SocketAddr::new(*ip, endpoint.port);
            return Ok(endpoint.addresses.iter().map(with_port).collect());
        }
        let after = self.settings.timeouts.connect;
        let resolved = timeout(after, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
        match resolved {
            Ok(Ok(addresses)) => Ok(addresses.collect()),
            Ok(Err(error)) => Err(unreachable(endpoint, &error)),
            Err(_) => Err(too_late(endpoint, "looking up the name", after)),
        }
    }

    /// `stream` with the protection that the settings ask for, in time.
    async fn protected(&self, endpoint: &Endpoint, stream: TcpStream) -> Result<(Stream, Carrier), Error> {
        let after = self.settings.timeouts.connect;
        let protected = timeout(after, self.protect(endpoint, stream)).await;
        protected.unwrap_or_else(|_| Err(too_late(endpoint, "connecting", after)))
    }

    async fn protect(&self, endpoint: &Endpoint, mut stream: TcpStream) -> Result<(Stream, Carrier), Error> {
        let Some(config) = &self.tls else {
            let carrier = match self.settings.security {
                TransportSecurity::Sasl => Carrier::Sasl,
                TransportSecurity::Ldaps | TransportSecurity::StartTls => Carrier::Plain,
            };
            return Ok((Box::new(stream), carrier));
        };
        if self.settings.security == TransportSecurity::StartTls {
            stream = start_tls::ask(stream, endpoint).await?;
        }
        let stream = tls::handshake(stream, endpoint, Arc::clone(config)).await?;
        let carrier = Carrier::Tls(tls::secured(&stream));
        Ok((Box::new(stream), carrier))
    }
}

/// The addresses in their order, but the families by turns, so that one that leads nowhere costs little (RFC 8305 4).
fn by_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let family = |address: &SocketAddr| address.is_ipv6() == first_is_v6;
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(family);
    let mut second = second.into_iter();
    let mut all = Vec::new();
    for address in first {
        all.push(address);
        all.extend(second.next());
    }
    all.extend(second);
    all.truncate(MAX_ADDRESSES);
    all
}

async fn connect(endpoint: Endpoint, address: SocketAddr, after: Duration) -> Result<TcpStream, Error> {
    let connected = timeout(after, TcpStream::connect(address)).await;
    let connected = connected.map_err(|_| too_late(&endpoint, "connecting", after))?;
    let stream = connected.map_err(|error| unreachable(&endpoint, &error))?;
    stream
        .set_nodelay(true)
        .map_err(|error| unreachable(&endpoint, &error))?;
    Ok(stream)
}

/// The socket of the local machine: nobody else can listen there or on the way.
#[cfg(unix)]
async fn local(endpoint: &Endpoint) -> Result<(Stream, Carrier), Error> {
    let connected = tokio::net::UnixStream::connect(&endpoint.host).await;
    let stream = connected.map_err(|error| unreachable(endpoint, &error))?;
    Ok((Box::new(stream), Carrier::Plain))
}

#[cfg(not(unix))]
async fn local(endpoint: &Endpoint) -> Result<(Stream, Carrier), Error> {
    let error = io::Error::from(io::ErrorKind::Unsupported);
    Err(unreachable(endpoint, &error))
}

fn unreachable(endpoint: &Endpoint, error: &io::Error) -> Error {
    Error::Connect {
        endpoint: endpoint.to_string(),
        reason: error.to_string(),
    }
}

fn too_late(endpoint: &Endpoint, what: &'static str, after: Duration) -> Error {
    Error::Timeout {
        endpoint: endpoint.to_string(),
        what,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8305 4
    #[test]
    fn families_take_turns() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (a, b, c) = (address("[::1]:1"), address("[::2]:1"), address("[::3]:1"));
        let (x, y) = (address("127.0.0.1:1"), address("127.0.0.2:1"));
        assert_eq!(by_turns(vec![a, b, c, x]), [a, x, b, c]);
        assert_eq!(by_turns(vec![x, y, a]), [x, a, y]);
        assert_eq!(by_turns(Vec::new()), []);
        assert_eq!(by_turns(vec![a; 1000]).len(), MAX_ADDRESSES);
    }
}
