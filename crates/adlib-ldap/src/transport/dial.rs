//! Connecting: each address of each server in turn, until one takes us.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::ClientConfig;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{Carrier, Stream, Wire, start_tls, tls};
use crate::{Endpoint, Error, Settings, TransportSecurity};

/// What is tried at an address.
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
    let without_tls = settings.danger_plain || settings.security == TransportSecurity::Sasl;
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
    Err(match failures.len() {
        0 => Error::NoEndpoint,
        1 => failures.remove(0),
        _ => Error::NoneReachable(failures),
    })
}

impl Dial<'_> {
    /// A stream to one of the addresses of `endpoint`; otherwise what went wrong joins `failures`.
    async fn endpoint(&self, endpoint: &Endpoint, failures: &mut Vec<Error>) -> Option<(Stream, Carrier)> {
        let addresses = match self.addresses(endpoint).await {
            Ok(addresses) => addresses,
            Err(error) => {
                failures.push(error);
                return None;
            }
        };
        for address in addresses {
            let after = self.settings.timeouts.connect;
            let connected = timeout(after, self.address(endpoint, address)).await;
            let error = match connected {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(error)) => error,
                Err(_) => Error::Timeout {
                    endpoint: endpoint.to_string(),
                    what: "connecting",
                    after,
                },
            };
            tracing::warn!(%address, %error, "server passed over");
            failures.push(error);
        }
        None
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
            Err(_) => Err(Error::Timeout {
                endpoint: endpoint.to_string(),
                what: "looking up the name",
                after,
            }),
        }
    }

    async fn address(&self, endpoint: &Endpoint, address: SocketAddr) -> Result<(Stream, Carrier), Error> {
        let connected = TcpStream::connect(address).await;
        let mut stream = connected.map_err(|error| unreachable(endpoint, &error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| unreachable(endpoint, &error))?;
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
        let carrier = Carrier::Tls(tls::bindings(&stream));
        Ok((Box::new(stream), carrier))
    }
}

fn unreachable(endpoint: &Endpoint, error: &io::Error) -> Error {
    Error::Connect {
        endpoint: endpoint.to_string(),
        reason: error.to_string(),
    }
}
