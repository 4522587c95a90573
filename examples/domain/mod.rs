//! The domain whose users the examples sign in: Paperworks, which is invented and in memory, or with `--lab` the one that
//! the tests run on loopback.
//!
//! What an application writes in its place is in `login.rs`, in full.

mod paperworks;

pub use paperworks::{PASSWORD, Paperworks, SERVICE, companies, random_bytes};

use adlib::{Authenticator, AuthenticatorBuilder, Bind, Directory, Keytab, Password, ldap::Settings};

/// What can go wrong in an example.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Whether `--lab` stands on the command line: the lab's servers, in place of what is in memory.
#[must_use]
pub fn is_lab() -> bool {
    std::env::args().any(|argument| argument == "--lab")
}

/// What signs the users of the lab's domain in.
///
/// # Errors
/// When the lab's files cannot be read.
pub fn lab() -> Result<AuthenticatorBuilder> {
    let corp = adlib_lab::corp();
    Ok(Authenticator::builder()
        .domain_at(&corp.dns_domain, [corp.ip.to_string()])
        .authorities(std::fs::read(&corp.ca_file)?)
        .bind(lab_bind(&corp))
        .service(&corp.http_service)
        .keytab(Keytab::decode(&std::fs::read(&corp.keytab)?)?))
}

/// The lab's directory, to read from.
///
/// # Errors
/// When the lab's files cannot be read.
pub fn lab_directory() -> Result<Directory> {
    let corp = adlib_lab::corp();
    let mut settings = Settings::default();
    settings.tls.ca_pem = Some(std::fs::read(&corp.ca_file)?);
    let domains = [(corp.dns_domain.clone(), vec![corp.ip.to_string()])];
    Ok(Directory::of_domains(&domains, Some(lab_bind(&corp)), settings)?)
}

fn lab_bind(corp: &adlib_lab::Domain) -> Bind {
    let reader = corp.upn(adlib_lab::fixture::SYNC);
    Bind::simple(reader, Password::from(&*corp.service_password))
}
