//! Where referrals may lead: to the servers that the configuration lists, as the account that reads (A52).

use adlib_ldap::{Connecting, Connection, Endpoint, Referrals};

use super::LdapSource;
use crate::Error;

/// The servers that a source lists.
pub(super) struct Listed<'a> {
    source: &'a LdapSource,
    servers: Vec<Endpoint>,
}

impl LdapSource {
    pub(super) fn listed(&self) -> Listed<'_> {
        let servers = self.referrals.iter();
        let servers = servers.map(|server| Endpoint::new(&*server.host, server.port));
        Listed {
            source: self,
            servers: servers.collect(),
        }
    }
}

impl Listed<'_> {
    /// A connection under the source's own protection, whatever a referral says.
    async fn open(&self, server: &Endpoint) -> Result<Connection, Error> {
        let resolver = &*self.source.resolver;
        let wanted = vec![adlib_kdc::Endpoint::new(server.host.clone(), server.port)];
        let found = adlib_kdc::locate::resolve(resolver, wanted).await;
        let found = found.map_err(|error| Error::Unreachable(error.to_string()))?;
        let addresses = found.into_iter().flat_map(|endpoint| endpoint.addresses);
        self.source.bound(&[server.clone().at(addresses)]).await
    }
}

impl Referrals for Listed<'_> {
    fn servers(&self) -> &[Endpoint] {
        &self.servers
    }

    fn connect<'a>(&'a self, server: &'a Endpoint) -> Connecting<'a> {
        Box::pin(async move { self.open(server).await.map_err(|error| error.to_string()) })
    }
}
