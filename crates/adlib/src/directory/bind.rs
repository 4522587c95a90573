//! How the library itself signs in to a directory server.

use adlib_core::Password;
use adlib_ldap::Connection;
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
use adlib_ldap::SaslMechanism;
#[cfg(feature = "ntlm")]
use {
    adlib_core::{FileTime, UnixTime},
    adlib_ntlm::{Account, Ephemeral, Initiator, NtHash, SessionKey},
};
#[cfg(feature = "kerberos")]
use {
    adlib_kdc::{OwnAccount, TicketError},
    adlib_kerberos::{InitiatorOptions, TicketInitiator},
    std::sync::Arc,
};

use super::ldap::is_in_domain;
use crate::Error;
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
use crate::{Clock as _, random};

/// How the library itself signs in to read.
///
/// ```
/// use adlib::{Bind, Password};
///
/// let bind = Bind::simple("svc@corp.example.com", Password::from("secret"));
/// assert!(!format!("{bind:?}").contains("secret"));
/// ```
#[derive(Debug, Clone)]
pub struct Bind(Method);

#[derive(Debug, Clone)]
enum Method {
    Simple {
        name: String,
        password: Password,
    },
    #[cfg(feature = "ntlm")]
    Ntlm {
        account: Account,
        hash: NtHash,
    },
    #[cfg(feature = "kerberos")]
    Kerberos(Arc<OwnAccount>),
}

impl Bind {
    /// By name and password, over TLS only. On Active Directory the name is a UPN, elsewhere a DN.
    pub fn simple(name: impl Into<String>, password: Password) -> Self {
        Self(Method::Simple {
            name: name.into(),
            password,
        })
    }

    /// By NTLM, whose password never leaves this machine: over TLS tied to the connection, on port 389 signed and
    /// sealed. The name is `DOMAIN\account` or a UPN. Unlike a simple bind, it reaches trusted domains.
    ///
    /// ```
    /// use adlib::{Bind, Password};
    ///
    /// let bind = Bind::ntlm(r"CORP\svc-sync", Password::from("secret"));
    /// assert!(!format!("{bind:?}").contains("secret"));
    /// ```
    #[cfg(feature = "ntlm")]
    #[must_use]
    pub fn ntlm(name: &str, password: Password) -> Self {
        Self(Method::Ntlm {
            account: named_account(name),
            hash: NtHash::from_password(password),
        })
    }

    /// By Kerberos, with the keys of an account of the application's own, and its tickets for as long as they last: over
    /// TLS tied to the connection, on port 389 signed and sealed. The controllers must be known by their DNS names, for
    /// which the tickets are. It reaches trusted domains.
    ///
    /// ```no_run
    /// use adlib::{Bind, Clock, Keytab, SystemClock, kdc::{KdcTicketSource, OwnAccount}};
    ///
    /// fn bind(keytab: &Keytab) -> Bind {
    ///     let source = KdcTicketSource::new(|| SystemClock.now());
    ///     let account = OwnAccount::new(source, "svc-sync", "CORP.EXAMPLE.COM");
    ///     Bind::kerberos(account.with_keytab(keytab, "svc-sync"))
    /// }
    /// ```
    #[cfg(feature = "kerberos")]
    #[must_use]
    pub fn kerberos(account: OwnAccount) -> Self {
        Self(Method::Kerberos(Arc::new(account)))
    }

    /// The name that the server is told, as far as it is known here.
    pub(super) fn name(&self) -> &str {
        match &self.0 {
            Method::Simple { name, .. } => name,
            #[cfg(feature = "ntlm")]
            Method::Ntlm { account, .. } => &account.user,
            // Active Directory tells the account's SIDs besides.
            #[cfg(feature = "kerberos")]
            Method::Kerberos(_) => "kerberos",
        }
    }

    pub(super) async fn make(&self, connection: &Connection) -> Result<(), Error> {
        // On the heap: the futures of a sign-in are deep.
        let made = Box::pin(self.attempt(connection)).await;
        made.map_err(|failure| {
            let advice = self.advice(&failure, connection.host());
            match Error::from(failure) {
                Error::Directory(text) => Error::Directory(text + advice),
                error => error,
            }
        })
    }

    /// What to do where the account may be of another domain than the server.
    fn advice(&self, failure: &BindFailure, host: &str) -> &'static str {
        let refused = matches!(
            failure,
            BindFailure::Server(adlib_ldap::Error::BindRefused { .. })
        );
        match &self.0 {
            Method::Simple { name, .. } if refused && is_of_another_domain(name, host) => {
                "; a simple bind does not reach a trusted domain everywhere: bind by ntlm or kerberos"
            }
            _ => "",
        }
    }

    /// The same, with the exact failure.
    pub(crate) async fn attempt(&self, connection: &Connection) -> Result<(), BindFailure> {
        match &self.0 {
            Method::Simple { name, password } => Ok(connection.bind_simple(name, password).await?),
            #[cfg(feature = "ntlm")]
            Method::Ntlm { account, hash } => {
                let bound = bind_ntlm(connection, account, hash, crate::SystemClock.now()).await;
                Ok(bound.map_err(BindFailure::Other)??)
            }
            #[cfg(feature = "kerberos")]
            Method::Kerberos(account) => bind_kerberos(connection, account).await,
        }
    }
}

/// Whether `name` is a UPN whose suffix is no domain that `host` is in.
fn is_of_another_domain(name: &str, host: &str) -> bool {
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    is_name
        && name
            .rsplit_once('@')
            .is_some_and(|(_, suffix)| !is_in_domain(host, suffix))
}

/// Why a bind was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindFailure {
    /// What the server, or the connection to it, did.
    #[error(transparent)]
    Server(#[from] adlib_ldap::Error),
    /// There is no ticket for the server.
    #[cfg(feature = "kerberos")]
    #[error("{endpoint}: no ticket for {service}: {error}")]
    NoTicket {
        endpoint: String,
        service: String,
        error: TicketError,
    },
    /// This side could not begin.
    #[cfg(any(feature = "kerberos", feature = "ntlm"))]
    #[error(transparent)]
    Other(Error),
}

impl From<BindFailure> for Error {
    fn from(failure: BindFailure) -> Self {
        match failure {
            BindFailure::Server(error) => error.into(),
            #[cfg(feature = "kerberos")]
            BindFailure::NoTicket {
                error: error @ TicketError::Unreachable(_),
                ..
            } => Self::Unreachable(error.to_string()),
            #[cfg(feature = "kerberos")]
            BindFailure::NoTicket { .. } => Self::Directory(failure.to_string()),
            #[cfg(any(feature = "kerberos", feature = "ntlm"))]
            BindFailure::Other(error) => error,
        }
    }
}

/// The account that `DOMAIN\account` or a UPN names. A UPN goes with an empty domain (MS-NLMP 2.2.1.3).
#[cfg(feature = "ntlm")]
fn named_account(name: &str) -> Account {
    let (domain, user) = name.split_once('\\').unwrap_or(("", name));
    Account {
        user: user.to_owned(),
        domain: domain.to_owned(),
    }
}

/// Sign `account` in at the server of `connection` by a response to its challenge (R7). The inner result is the
/// server's.
#[cfg(feature = "ntlm")]
pub(crate) async fn bind_ntlm(
    connection: &Connection,
    account: &Account,
    hash: &NtHash,
    now: UnixTime,
) -> Result<Result<(), adlib_ldap::Error>, Error> {
    let mechanism = SaslMechanism::GssSpnego;
    let channel = connection.channel(mechanism);
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(now),
        client_challenge: random::secret()?,
        session_key: SessionKey::new(random::secret()?),
    };
    let mut initiator = Initiator::new(&*account.user, &*account.domain, hash.clone(), ephemeral)
        .protection(channel.protection)
        .target_name(format!("ldap/{}", connection.host()));
    if let Some(bindings) = &channel.bindings {
        initiator = initiator.channel_bindings(bindings);
    }
    let name = format!("{}\\{}", account.domain, account.user);
    Ok(connection.bind_sasl(&name, mechanism, Box::new(initiator)).await)
}

/// Sign an account of our own in at the server of `connection`, by a ticket for it.
#[cfg(feature = "kerberos")]
async fn bind_kerberos(connection: &Connection, account: &OwnAccount) -> Result<(), BindFailure> {
    let service = format!("ldap/{}", connection.host());
    let credentials = account.credentials(&service).await;
    let credentials = credentials.map_err(|error| BindFailure::NoTicket {
        endpoint: connection.endpoint().to_owned(),
        service: service.clone(),
        error,
    })?;
    let mechanism = SaslMechanism::GssSpnego;
    let channel = connection.channel(mechanism);
    let mut options = InitiatorOptions::default();
    options.protection = channel.protection;
    options.bindings = channel.bindings;
    let random = Box::new(random::stream().map_err(BindFailure::Other)?);
    let initiator = TicketInitiator::new(credentials, options, crate::SystemClock.now(), random);
    let bound = connection
        .bind_sasl(&service, mechanism, Box::new(initiator))
        .await;
    Ok(bound?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_other_domains_are_known_by_their_suffix() {
        let other = |host| is_of_another_domain("svc@corp.example.com", host);
        assert!(!other("dc1.corp.example.com") && !other("dc1.berlin.corp.example.com"));
        assert!(other("dc1.staff.example.com"));
        assert!(!other("10.0.0.1"), "whose it is, is not known");
        assert!(!is_of_another_domain(
            "cn=reader,dc=example,dc=org",
            "ldap.example.org"
        ));
    }
}
