//! A directory as the configuration file describes it.

use std::sync::Arc;

use adlib_core::Password;
use adlib_kdc::{Endpoint, KdcTicketSource, Locator, OwnAccount, Resolver, Service};
use adlib_kerberos::Keytab;
use adlib_ldap::{Settings, TransportSecurity};
use adlib_schema::{CardRule, lookup};

use super::{
    Bind, Directory, LdapSource, MapperRules, Source,
    ldap::{Place, endpoint},
    resolver,
};
use crate::{
    Clock as _, Error, SystemClock,
    config::{BindConfig, BindMethod, DirectoryConfig, SyncConfig, Transport},
    read_file,
};

impl Directory {
    /// The directory that a section of the configuration describes; `sync` says how cards are read and users
    /// are called.
    ///
    /// # Errors
    /// `File` when the CA file or the password file cannot be read; `Configuration` when something in the
    /// section cannot be.
    pub fn from_config(config: &DirectoryConfig, sync: &SyncConfig) -> Result<Self, Error> {
        let rules = rules(config, sync)?;
        let source = if config.ldif.is_empty() {
            Source::Ldap(Box::new(ldap_source(config)?))
        } else {
            Source::Ldif(config.ldif.clone())
        };
        let delta = sync.delta_method();
        Ok(Self { source, rules, delta })
    }
}

/// How entries become users and groups.
pub(crate) fn rules(config: &DirectoryConfig, sync: &SyncConfig) -> Result<MapperRules, Error> {
    let card = sync
        .card
        .as_ref()
        .map(|card| CardRule::new(card.pattern.as_deref(), card.format));
    let card = card
        .transpose()
        .map_err(|error| Error::Configuration(format!("card: {error}")))?;
    Ok(MapperRules {
        preset: config.preset,
        overrides: config.schema.clone(),
        user_name: sync.user_name,
        card,
    })
}

/// How to talk to the servers, but for the authorities in `ca_file`.
pub(crate) fn settings(config: &DirectoryConfig) -> Settings {
    let mut settings = Settings::default();
    settings.security = match config.transport {
        Transport::Ldaps => TransportSecurity::Ldaps,
        Transport::StartTls => TransportSecurity::StartTls,
        Transport::Sasl => TransportSecurity::Sasl,
    };
    settings.timeouts.connect = config.timeout.min(settings.timeouts.connect);
    settings.timeouts.operation = config.timeout;
    settings.tls.ca_only = config.ca_only;
    settings
}

fn ldap_source(config: &DirectoryConfig) -> Result<LdapSource, Error> {
    let mut settings = settings(config);
    settings.tls.ca_pem = config.ca_file.as_deref().map(read_file).transpose()?;
    let resolver = resolver(&config.dns)?;
    let places = places(config, settings.security)?;
    let referrals = config.referrals.iter();
    let referrals = referrals.map(|url| server_of_url(url, settings.security));
    let referrals = referrals.collect::<Result<_, _>>()?;
    let bind = config
        .bind
        .as_ref()
        .map(|config| bind(config, &places, &resolver));
    Ok(LdapSource {
        bind: bind.transpose()?,
        places,
        referrals,
        settings,
        page_size: config.page_size,
        resolver,
        #[cfg(feature = "signin")]
        patience: None,
        #[cfg(feature = "signin")]
        group_names: Arc::default(),
    })
}

pub(crate) fn places(config: &DirectoryConfig, security: TransportSecurity) -> Result<Vec<Place>, Error> {
    if let Some(base) = config.base.as_ref().filter(|_| !config.urls.is_empty()) {
        let servers = config.urls.iter().map(|url| server_of_url(url, security));
        let servers = servers.collect::<Result<_, _>>()?;
        return Ok(vec![Place::new(base.clone(), base.clone(), servers)]);
    }
    let place = |domain: &String| {
        let servers = config
            .controllers
            .as_ref()
            .map_or(&[][..], |controllers| controllers.of(domain));
        let servers = servers
            .iter()
            .map(|server| endpoint(server, security.default_port()))
            .collect::<Result<_, _>>()?;
        Ok(Place::new(
            domain.to_lowercase(),
            lookup::domain_dn(domain),
            servers,
        ))
    };
    config.domains.iter().map(place).collect()
}

/// `ldaps://host:port`, `ldap://host:port` or `host:port`; `ldapi://%2Frun%2Fslapd%2Fldapi` or `ldapi:///run/slapd/ldapi`.
fn server_of_url(url: &str, security: TransportSecurity) -> Result<Endpoint, Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match (scheme, security) {
        ("ldapi", _) => Ok(Endpoint::new(rest.replace("%2F", "/").replace("%2f", "/"), 0)),
        ("", _) | ("ldaps", TransportSecurity::Ldaps) | ("ldap", TransportSecurity::StartTls) => {
            endpoint(rest.trim_end_matches('/'), security.default_port())
        }
        ("ldap", _) => Err(Error::Configuration(format!(
            "`{url}` needs transport = \"starttls\""
        ))),
        ("ldaps", _) => Err(Error::Configuration(format!(
            "`{url}` needs transport = \"ldaps\""
        ))),
        _ => Err(Error::Configuration(format!(
            "`{url}` is not of the form ldaps://host:port"
        ))),
    }
}

pub(crate) fn bind(
    config: &BindConfig,
    places: &[Place],
    resolver: &Arc<dyn Resolver>,
) -> Result<Bind, Error> {
    match config.method {
        BindMethod::Simple => Ok(Bind::simple(&*config.name, password(config)?)),
        BindMethod::Ntlm => Ok(Bind::ntlm(&config.name, password(config)?)),
        BindMethod::Kerberos => Ok(Bind::kerberos(own_account(config, places, resolver)?)),
    }
}

/// The account that binds by Kerberos; the controllers of a domain are its KDCs.
fn own_account(
    config: &BindConfig,
    places: &[Place],
    resolver: &Arc<dyn Resolver>,
) -> Result<OwnAccount, Error> {
    let invalid = |what: &str| Error::Configuration(format!("bind: {what}"));
    let (account, domain) = config
        .name
        .rsplit_once('@')
        .ok_or_else(|| invalid("the name for kerberos is of the form account@domain"))?;
    let file = config
        .keytab
        .as_ref()
        .ok_or_else(|| invalid("kerberos needs `keytab`"))?;
    let keytab = Keytab::decode(&read_file(file)?)
        .map_err(|error| Error::File(format!("{}: {error}", file.display())))?;
    if !keytab
        .entries()
        .iter()
        .any(|entry| entry.principal.name().eq_ignore_ascii_case(account))
    {
        return Err(Error::File(format!("{}: no key of `{account}`", file.display())));
    }
    let locator = places
        .iter()
        .fold(Locator::new(resolver.clone()), |locator, place| {
            let at_its_port =
                |server: &Endpoint| Endpoint::new(server.host.clone(), Service::Kerberos.port());
            match place.servers.is_empty() {
                true => locator,
                false => locator.with_kdcs(&place.name, place.servers.iter().map(at_its_port).collect()),
            }
        });
    let source = KdcTicketSource::new(|| SystemClock.now()).with_locator(Arc::new(locator));
    Ok(OwnAccount::new(source, account, &domain.to_uppercase()).with_keytab(&keytab, account))
}

pub(crate) fn password(config: &BindConfig) -> Result<Password, Error> {
    let password = match (&config.password_file, &config.password_env) {
        (Some(file), _) => {
            let text = String::from_utf8(read_file(file)?).map(Password::new);
            let text =
                text.map_err(|_| Error::File(format!("{}: the password is not UTF-8", file.display())))?;
            // Editors on Windows begin a file with a mark, which is nobody's password.
            let text = text.expose().trim_start_matches('\u{feff}');
            text.lines().next().unwrap_or_default().to_owned()
        }
        (None, Some(variable)) => std::env::var(variable)
            .map_err(|_| Error::Configuration(format!("bind: the environment has no `{variable}`")))?,
        (None, None) => return Err(Error::Configuration("bind: no password is named".to_owned())),
    };
    if password.is_empty() {
        return Err(Error::Configuration("bind: the password is empty".to_owned()));
    }
    Ok(Password::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first line of the file, as whichever editor wrote it, and blanks in it count; what is none is said.
    #[test]
    fn the_password_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let config = BindConfig {
            method: BindMethod::Simple,
            name: "svc@corp.example.com".to_owned(),
            password_file: Some(file.clone()),
            password_env: None,
            keytab: None,
        };
        let read = |content: &[u8]| {
            std::fs::write(&file, content).unwrap();
            password(&config).map(|password| password.expose().to_owned())
        };
        for content in [
            "Pass word ",
            "Pass word \n",
            "Pass word \r\nsecond",
            "\u{feff}Pass word \r\n",
        ] {
            assert_eq!(read(content.as_bytes()).unwrap(), "Pass word ", "{content:?}");
        }
        for (content, wrong) in [
            (&b""[..], "empty"),
            (b"\r\nPassword", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"\xff\xfeP\0", "not UTF-8"),
        ] {
            let error = read(content).unwrap_err().to_string();
            assert!(error.contains(wrong) && !error.contains("Password"), "{error}");
        }
    }
}
