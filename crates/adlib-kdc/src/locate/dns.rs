//! DNS over udp, and over tcp when an answer is truncated.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::{Endpoint, ResolveError, Resolver, SrvRecord};
use crate::BoxFuture;

const PORT: u16 = 53;
/// For one question to one server.
const TIMEOUT: Duration = Duration::from_secs(2);
/// For a name, whatever the system's resolver is set to.
const LIMIT: Duration = Duration::from_secs(10);

/// The DNS, by the system's name servers or by given ones.
pub struct DnsResolver {
    resolver: TokioResolver,
}

impl DnsResolver {
    /// Ask the name servers that the system is set to.
    ///
    /// # Errors
    /// `Configuration` when the system's settings cannot be read.
    pub fn system() -> Result<Self, ResolveError> {
        let builder = TokioResolver::builder_tokio().map_err(|error| configuration(&error))?;
        let resolver = builder.build().map_err(|error| configuration(&error))?;
        Ok(Self { resolver })
    }

    /// Ask these name servers: each an address, with or without a port.
    ///
    /// # Errors
    /// `Configuration` when there is none, or one of them is no address.
    pub fn with_name_servers<S: AsRef<str>>(servers: &[S]) -> Result<Self, ResolveError> {
        let servers: Vec<_> = servers
            .iter()
            .map(|server| name_server(server.as_ref()))
            .collect::<Result<_, _>>()?;
        if servers.is_empty() {
            return Err(ResolveError::Configuration("the list is empty".to_owned()));
        }
        let mut options = ResolverOpts::default();
        options.timeout = TIMEOUT;
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(|error| configuration(&error))?;
        Ok(Self { resolver })
    }

    async fn lookup_srv(&self, name: &str) -> Result<Vec<SrvRecord>, ResolveError> {
        let lookup = self.resolver.lookup(name, RecordType::SRV);
        let answer = in_time(lookup).await?;
        Ok(answer
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(SrvRecord {
                    priority: srv.priority,
                    weight: srv.weight,
                    port: srv.port,
                    target: srv.target.to_ascii(),
                }),
                _ => None,
            })
            .collect())
    }

    async fn lookup_addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        // A name with dots is whole: without the final one the system's search list would be tried first.
        let whole = host.contains('.') && !host.ends_with('.') && host.parse::<IpAddr>().is_err();
        let name = if whole {
            format!("{host}.")
        } else {
            host.to_owned()
        };
        Ok(in_time(self.resolver.lookup_ip(name)).await?.iter().collect())
    }
}

impl Resolver for DnsResolver {
    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>> {
        Box::pin(self.lookup_srv(name))
    }

    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(self.lookup_addresses(host))
    }
}

impl std::fmt::Debug for DnsResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DnsResolver").finish_non_exhaustive()
    }
}

fn name_server(text: &str) -> Result<NameServerConfig, ResolveError> {
    let endpoint =
        Endpoint::parse(text, PORT).map_err(|error| ResolveError::Configuration(error.to_string()))?;
    let address = endpoint
        .addresses
        .first()
        .copied()
        .ok_or_else(|| ResolveError::Configuration(format!("`{}` is no address", endpoint.host)))?;
    let mut server = NameServerConfig::udp_and_tcp(address);
    for connection in &mut server.connections {
        connection.port = endpoint.port;
    }
    Ok(server)
}

fn configuration(error: &NetError) -> ResolveError {
    ResolveError::Configuration(error.to_string())
}

async fn in_time<T>(lookup: impl Future<Output = Result<T, NetError>>) -> Result<T, ResolveError> {
    match tokio::time::timeout(LIMIT, lookup).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) if error.is_no_records_found() => Err(ResolveError::NotFound),
        Ok(Err(NetError::Timeout)) | Err(_) => Err(ResolveError::TimedOut),
        Ok(Err(error)) => Err(ResolveError::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_server_is_an_address() {
        for bad in ["dns.corp.example.com", "127.0.0.1:0", ""] {
            assert!(matches!(
                DnsResolver::with_name_servers(&[bad]),
                Err(ResolveError::Configuration(_))
            ));
        }
        assert!(DnsResolver::with_name_servers::<&str>(&[]).is_err());
        assert!(DnsResolver::with_name_servers(&["127.0.0.2", "[::1]:5353"]).is_ok());
    }

    /// R9: unreachable is an error within the time-out, not "not found".
    #[tokio::test]
    async fn a_dead_name_server_is_not_an_answer() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = silent.local_addr().unwrap().to_string();
        let resolver = DnsResolver::with_name_servers(&[server]).unwrap();
        let begin = std::time::Instant::now();
        let error = resolver
            .srv("_kerberos._tcp.corp.example.com.")
            .await
            .unwrap_err();
        assert!(
            matches!(error, ResolveError::TimedOut | ResolveError::Failed(_)),
            "{error}"
        );
        assert!(begin.elapsed() < LIMIT + Duration::from_secs(1));
    }

    /// A name server that answers each question with one record of this type and data.
    async fn answering(kind: u8, data: &'static [u8]) -> DnsResolver {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((_, from)) = socket.recv_from(&mut buffer).await {
                let name = buffer.iter().skip(12).position(|byte| *byte == 0).unwrap();
                // RFC 1035 4.1: the header with one answer, the question as it came, and a record of its name.
                let mut answer = buffer[..12 + name + 5].to_vec();
                answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
                answer.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0]);
                answer.push(u8::try_from(data.len()).unwrap());
                answer.extend(data);
                let _gone = socket.send_to(&answer, from).await;
            }
        });
        DnsResolver::with_name_servers(&[address]).unwrap()
    }

    /// R4: what does not fit into a datagram comes over tcp, from the same server.
    #[tokio::test]
    async fn r04_a_truncated_answer_comes_over_tcp() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let udp = tokio::net::UdpSocket::bind(address).await.unwrap();
        tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut question).await {
                // RFC 1035 4.1.1: an answer, with TC.
                question[2..4].copy_from_slice(&[0x83, 0x80]);
                let _gone = udp.send_to(&question[..length], from).await;
            }
        });
        tokio::spawn(async move {
            while let Ok((mut client, _)) = tcp.accept().await {
                let length = client.read_u16().await.unwrap();
                let mut question = vec![0; length.into()];
                client.read_exact(&mut question).await.unwrap();
                let name = question.iter().skip(12).position(|byte| *byte == 0).unwrap();
                let mut answer = question[..12 + name + 5].to_vec();
                answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
                for host in [b'1', b'2'] {
                    answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 11, 0, 0, 0, 100, 0, 88]);
                    answer.extend([3, b'd', b'c', host, 0]);
                }
                client.write_u16(answer.len().try_into().unwrap()).await.unwrap();
                client.write_all(&answer).await.unwrap();
            }
        });
        let resolver = DnsResolver::with_name_servers(&[address.to_string()]).unwrap();
        let found = resolver.srv("_kerberos._tcp.x.example.").await.unwrap();
        let targets: Vec<&str> = found.iter().map(|srv| &*srv.target).collect();
        assert_eq!(targets, ["dc1.", "dc2."]);
    }

    /// A54: an alias of itself ends within the limit, and is nobody; `.` is a target that is no host.
    #[tokio::test]
    async fn a54_loops_and_the_root_on_the_wire() {
        let looped = answering(5, b"\xc0\x0c").await;
        let started = std::time::Instant::now();
        assert!(!matches!(looped.srv("_ldap._tcp.x.example.").await, Ok(found) if !found.is_empty()));
        assert!(!matches!(looped.addresses("dc.x.example").await, Ok(found) if !found.is_empty()));
        assert!(started.elapsed() < 3 * LIMIT);
        let root = answering(33, b"\x00\x00\x00\x00\x01\x85\x00").await;
        let found = root.srv("_ldap._tcp.x.example.").await.unwrap();
        assert_eq!((found.len(), found[0].target.as_str()), (1, "."));
    }
}
