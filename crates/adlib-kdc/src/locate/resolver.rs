//! What finding controllers needs of DNS.

use std::net::IpAddr;

use super::ResolveError;
use crate::BoxFuture;

/// One SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvRecord {
    /// Lower is tried first.
    pub priority: u16,
    /// The share among the records of one priority.
    pub weight: u16,
    /// The port on the target.
    pub port: u16,
    /// The host's name, with or without its final dot; `.` alone says that the service is not offered.
    pub target: String,
}

/// Something that answers names: [`DnsResolver`](super::DnsResolver), or a zone of one's own.
pub trait Resolver: Send + Sync {
    /// The SRV records of `name`, in any order.
    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<SrvRecord>, ResolveError>>;

    /// The addresses of `host`, the preferred one first.
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>>;
}
