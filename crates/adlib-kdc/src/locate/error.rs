//! Why a controller cannot be found.

/// A name that could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// DNS answers that there is no such name, or that it has no such records.
    #[error("there is no such name in DNS")]
    NotFound,
    /// No name server answered in time.
    #[error("no name server answered in time")]
    TimedOut,
    /// A name server answered with an error, or could not be reached.
    #[error("DNS failed: {0}")]
    Failed(String),
    /// The name servers to ask are not known: bad configuration, or none on this system.
    #[error("no name server to ask: {0}")]
    Configuration(String),
}

/// A domain whose controllers could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// What was given as a domain is not a DNS name.
    #[error("`{0}` is not a DNS domain name")]
    BadDomain(String),
    /// There are no SRV records of this name.
    #[error(
        "DNS has no SRV records `{0}`: check the domain's name and the resolver, or list the controllers"
    )]
    NotFound(String),
    /// The domain says that it does not offer the service, or names no usable target.
    #[error("the SRV records `{0}` say that the service is not offered")]
    NotOffered(String),
    /// DNS could not be asked.
    #[error("looking up `{name}`: {source}")]
    Resolve {
        /// The name of the SRV records.
        name: String,
        /// What happened.
        source: ResolveError,
    },
    /// Controllers are named, and none of them has an address.
    #[error("no controller has an address: {}", list(.hosts))]
    NoAddress {
        /// Each host, and why it has no address.
        hosts: Vec<(String, ResolveError)>,
    },
}

fn list(hosts: &[(String, ResolveError)]) -> String {
    let hosts: Vec<_> = hosts
        .iter()
        .map(|(host, error)| format!("{host} ({error})"))
        .collect();
    hosts.join(", ")
}
