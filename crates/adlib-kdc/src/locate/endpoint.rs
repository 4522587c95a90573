//! One place to connect to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A controller: its name, the port, and the addresses that are known.
///
/// ```
/// use adlib_kdc::Endpoint;
///
/// let endpoint = Endpoint::parse("dc1.corp.example.com:8888", 88)?;
/// assert_eq!((endpoint.host.as_str(), endpoint.port), ("dc1.corp.example.com", 8888));
///
/// // An address needs no lookup.
/// assert_eq!(Endpoint::parse("10.0.0.1", 88)?.addresses.len(), 1);
/// # Ok::<(), adlib_kdc::locate::EndpointParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host's name, which is what its certificate must say, or an address as text.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses to try, in this order.
    pub addresses: Vec<IpAddr>,
}

/// Text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {problem}; write `host`, `host:port`, `address` or `[address]:port`")]
pub struct EndpointParseError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Endpoint {
    /// A host whose addresses are not known yet, unless the host is an address.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        let addresses = host.parse().into_iter().collect();
        Self {
            host,
            port,
            addresses,
        }
    }

    /// Parse `host` or `host:port`; `port` is for where none is written.
    ///
    /// # Errors
    /// When the host is no name and no address, or the port no number from 1 to 65535.
    pub fn parse(text: &str, port: u16) -> Result<Self, EndpointParseError> {
        let text = text.trim();
        let error = |problem| EndpointParseError {
            text: text.escape_debug().to_string(),
            problem,
        };
        let (host, written) = split(text).ok_or_else(|| error("an address in brackets does not end"))?;
        let port = match written {
            None => port,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| error("the port is no number from 1 to 65535"))?,
        };
        if host.parse::<IpAddr>().is_err() && !is_host_name(host) {
            return Err(error("this is neither a host name nor an address"));
        }
        Ok(Self::new(host.trim_end_matches('.').to_owned(), port))
    }

    /// Every address with the port.
    pub fn socket_addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.addresses
            .iter()
            .map(|address| SocketAddr::new(*address, self.port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Host and port as written; `None` when a bracket does not close.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    Some(match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

/// Whether `name` is letters, digits, `-` and `_` in labels of 1 to 63, 253 in all (RFC 1035 2.3.4).
///
/// The underscore is no host's by the letter, and in use.
pub(super) fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R4: configured by hand.
    #[test]
    fn forms_of_an_endpoint() {
        for (text, shown, addresses) in [
            ("dc1", "dc1:88", 0),
            (" dc1.corp.example.com. ", "dc1.corp.example.com:88", 0),
            ("dc1:8888", "dc1:8888", 0),
            ("127.0.0.2", "127.0.0.2:88", 1),
            ("127.0.0.2:1", "127.0.0.2:1", 1),
            ("::1", "[::1]:88", 1),
            ("[::1]", "[::1]:88", 1),
            ("[fe80::1]:99", "[fe80::1]:99", 1),
        ] {
            let endpoint = Endpoint::parse(text, 88).unwrap();
            assert_eq!(
                (endpoint.to_string().as_str(), endpoint.addresses.len()),
                (shown, addresses)
            );
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "",
            ":",
            ":88",
            "dc1:",
            "dc1:0",
            "dc1:65536",
            "dc1:x",
            "a b",
            "[::1",
            "[::1]88",
            "a..b",
            "ldap://dc1",
            "\u{202e}dc1",
        ] {
            assert!(Endpoint::parse(text, 88).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            if let Ok(endpoint) = Endpoint::parse(&text, 88) {
                prop_assert_eq!(Endpoint::parse(&endpoint.to_string(), 1), Ok(endpoint));
            }
        }
    }
}
