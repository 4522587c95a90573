//! A configuration for the lab, and what comes of sign-ins by it.

use std::{fs, sync::Arc};

use adlib::{Authenticator, Config, Identity, Mechanism, Password, SignInError, UserList};
use adlib_lab::{Domain, openldap::Server};

/// A configuration, in parts that a test may change.
pub(crate) struct Site {
    pub(crate) files: tempfile::TempDir,
    pub(crate) controllers: String,
    pub(crate) more_directory: String,
    pub(crate) secondary: String,
    pub(crate) signin: String,
    pub(crate) service: String,
    domains: String,
    bind: String,
    ca: String,
    keytab: String,
}

impl Site {
    /// Of CORP alone.
    pub(crate) fn new(corp: &Domain) -> Self {
        let files = tempfile::tempdir().unwrap();
        let password = files.path().join("password");
        fs::write(&password, &corp.service_password).unwrap();
        Self {
            controllers: format!("[\"{}\"]", corp.ip),
            domains: corp.dns_domain.clone(),
            bind: format!(
                "{{ method = \"ntlm\", name = '{}\\svc-sync', password_file = \"{}\" }}",
                corp.netbios,
                password.display()
            ),
            ca: corp.ca_file.display().to_string(),
            keytab: corp.keytab.display().to_string(),
            service: corp.http_service.clone(),
            more_directory: String::new(),
            secondary: String::new(),
            signin: String::new(),
            files,
        }
    }

    /// Of CORP and STAFF; `both.example` stands for either.
    pub(crate) fn of_both_domains(corp: &Domain) -> Self {
        let staff = &corp.staff;
        let mut site = Self::new(corp);
        site.domains = format!("{}; {}", corp.dns_domain, staff.dns_domain);
        site.controllers = format!(
            "{{ \"{}\" = [\"{}\"], \"{}\" = [\"{}\"] }}",
            corp.dns_domain, corp.ip, staff.dns_domain, staff.ip
        );
        let mappings = site.files.path().join("mappings.conf");
        let lines = [&corp.dns_domain, &staff.dns_domain].map(|domain| format!("both.example = {domain}\n"));
        fs::write(&mappings, lines.concat()).unwrap();
        site.signin = format!("upn_mappings = \"{}\"\n", mappings.display());
        site
    }

    /// With a bind that needs no NTLM.
    pub(crate) fn with_simple_bind(mut self, corp: &Domain) -> Self {
        let (name, password) = (
            corp.upn(adlib_lab::fixture::SYNC),
            self.files.path().join("password"),
        );
        let password = password.display();
        self.bind = format!("{{ method = \"simple\", name = \"{name}\", password_file = \"{password}\" }}");
        self
    }

    /// With OpenLDAP as the secondary source, at `port`.
    pub(crate) fn with_openldap(mut self, server: &Server, port: u16) -> Self {
        let password = self.files.path().join("openldap-password");
        fs::write(&password, &server.service_password).unwrap();
        self.secondary = format!(
            "[secondary_directory]\npreset = \"openldap\"\nurls = [\"ldaps://{}:{port}\"]\nbase = \"{}\"\n\
             ca_file = \"{}\"\nca_only = true\n\
             bind = {{ method = \"simple\", name = \"{}\", password_file = \"{}\" }}\n",
            server.ip,
            server.base,
            server.ca_file.display(),
            server.dn(adlib_lab::openldap::SYNC),
            password.display(),
        );
        self
    }

    pub(crate) fn config(&self, mode: &str) -> Config {
        let text = format!(
            "[directory]\ndomains = \"{}\"\ncontrollers = {}\nca_file = \"{}\"\nca_only = true\nbind = {}\n{}\n\
             {}\n[signin]\nmode = \"{mode}\"\nservice = \"{}\"\nkeytab = \"{}\"\n{}\n",
            self.domains,
            self.controllers,
            self.ca,
            self.bind,
            self.more_directory,
            self.secondary,
            self.service,
            self.keytab,
            self.signin,
        );
        Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    pub(crate) async fn authenticator(&self, mode: &str) -> Authenticator {
        Authenticator::from_config(&self.config(mode)).await.unwrap()
    }

    pub(crate) async fn with_users(&self, mode: &str, users: Arc<dyn UserList>) -> Authenticator {
        let builder = Authenticator::builder_from_config(&self.config(mode)).unwrap();
        builder.users(users).build().await.unwrap()
    }
}

pub(crate) async fn sign_in(
    authenticator: &Authenticator,
    name: &str,
    password: &str,
) -> Result<Identity, SignInError> {
    authenticator.sign_in(name, &Password::from(password)).await
}

/// What came of a sign-in: the account and what it rests on, or the reason.
pub(crate) fn word(outcome: &Result<Identity, SignInError>) -> String {
    match outcome {
        Ok(identity) => {
            let evidence = identity.evidence();
            let by = match &evidence.mechanism {
                Mechanism::Kerberos(_) => "kerberos".to_owned(),
                Mechanism::Ntlm(_) => match &evidence.fallback {
                    Some(refusal) => format!("ntlm after {}", refusal.reason().as_str()),
                    None => "ntlm".to_owned(),
                },
                other => other.as_str().to_owned(),
            };
            format!("{} by {by}", identity.account())
        }
        Err(SignInError::Refused(refusal)) => refusal.reason().as_str().to_owned(),
        Err(SignInError::Failed(adlib::Error::Unreachable(_))) => "nobody to ask".to_owned(),
        Err(SignInError::Failed(error)) => format!("failed: {error}"),
    }
}
