//! Connections to the servers of the lab, and what these refuse.

use std::{fs, net::IpAddr, path::Path};

use adlib_core::Password;
use adlib_lab::{Domain, fixture::Refusal};
use adlib_ldap::{Connection, Endpoint, Rejection, Settings, TransportSecurity};

/// Settings for a server whose certificate bears the mark of `ca_file`, and that of no other authority.
pub(crate) fn trusting(ca_file: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.tls.ca_pem = Some(fs::read(ca_file).unwrap());
    settings.tls.ca_only = true;
    settings
}

pub(crate) async fn over_tls(host: &str, ip: IpAddr, ca_file: &Path) -> Connection {
    let endpoint = Endpoint::new(host, 636).at([ip]);
    Connection::open(&[endpoint], &trusting(ca_file)).await.unwrap()
}

/// The same, bound.
pub(crate) async fn bound(
    (host, ip, ca_file): (&str, IpAddr, &Path),
    name: &str,
    password: &str,
) -> Connection {
    let connection = over_tls(host, ip, ca_file).await;
    let password = Password::from(password);
    connection.bind_simple(name, &password).await.unwrap();
    connection
}

pub(crate) async fn domain_over_tls(domain: &Domain) -> Connection {
    over_tls(&domain.host, domain.ip, &domain.ca_file).await
}

/// In the clear, until a bind by SASL protects it.
pub(crate) async fn domain_sealed(domain: &Domain) -> Connection {
    let mut settings = Settings::default();
    settings.security = TransportSecurity::Sasl;
    let endpoint = Endpoint::new(&domain.host, settings.security.default_port()).at([domain.ip]);
    Connection::open(&[endpoint], &settings).await.unwrap()
}

/// What a refusal of Active Directory's becomes.
pub(crate) fn rejection_of(refusal: Refusal) -> Rejection {
    match refusal {
        Refusal::Disabled => Rejection::Disabled,
        Refusal::AccountExpired => Rejection::AccountExpired,
        Refusal::Locked => Rejection::Locked,
        Refusal::MustChangePassword => Rejection::MustChangePassword,
        Refusal::PasswordExpired => Rejection::PasswordExpired,
        Refusal::LogonHours => Rejection::LogonHours,
        Refusal::Workstation => Rejection::Workstation,
    }
}
