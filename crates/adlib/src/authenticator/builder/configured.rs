//! The parts that a configuration names.

use adlib_kerberos::Keytab;
use adlib_upn::SuffixMap;

use super::{super::Authenticator, AuthenticatorBuilder};
use crate::{Config, Directory, Error, config::Controllers, read_file};

impl Authenticator {
    /// The authenticator that a configuration describes.
    ///
    /// # Errors
    /// `Configuration` when a part is missing; `File` when the keytab or the mapping file cannot be read or
    /// is broken, with file and line.
    pub async fn from_config(config: &Config) -> Result<Self, Error> {
        Self::builder_from_config(config)?.build().await
    }

    /// The parts that a configuration describes, to be given what no file says: a user list, records, a rate limit.
    ///
    /// # Errors
    /// As [`from_config`](Self::from_config).
    pub fn builder_from_config(config: &Config) -> Result<AuthenticatorBuilder, Error> {
        let missing = |key: &str| Error::Configuration(format!("sign-in needs {key} in the configuration"));
        let section = config.directory.as_ref().ok_or_else(|| missing("[directory]"))?;
        let signin = &config.signin;
        let mut builder = Self::builder()
            .directory(Directory::from_config(section, &config.sync)?)
            .accept_down_level_names(signin.accept_down_level_names)
            .dns(&section.dns)
            .mode(signin.mode)
            .account_case(signin.account_case)
            .deadline(signin.deadline)
            .policy(signin.policy())
            .ntlm_policy(signin.ntlm_policy())
            .danger_accept_unauthenticated_controller(signin.danger_accept_unauthenticated_controller);
        if let Some(service) = &signin.service {
            builder = builder.service(service);
        }
        if let Some(secondary) = &config.secondary_directory {
            builder = builder
                .secondary_directory(Directory::from_config(secondary, &config.sync)?)
                .secondary_dns(&secondary.dns);
        }
        builder = match &signin.kdc {
            Some(Controllers::ByDomain(table)) => table
                .iter()
                .fold(builder, |builder, (realm, kdcs)| builder.kdcs(realm, kdcs)),
            Some(Controllers::All(kdcs)) => {
                let sections = || config.directories().map(|(_, section)| section);
                let builder = match sections().any(|section| section.domains.is_empty()) {
                    // Files tell their domains when they are read.
                    true => builder.other_kdcs(kdcs),
                    false => builder,
                };
                let domains = sections().flat_map(|section| &section.domains);
                domains.fold(builder, |builder, domain| builder.kdcs(domain, kdcs))
            }
            None => builder,
        };
        if let Some(account) = &signin.armour {
            builder = builder.armour_by_keytab(account);
        }
        for rule in &signin.provision {
            builder = builder.provision(&rule.group, &rule.profile);
        }
        let named = |file: &std::path::Path, error: &dyn std::fmt::Display| {
            Error::File(format!("{}: {error}", file.display()))
        };
        if let Some(keytab) = &signin.keytab {
            let keys = Keytab::decode(&read_file(keytab)?).map_err(|error| named(keytab, &error))?;
            builder = builder.keytab(keys);
        }
        if let Some(file) = &signin.upn_mappings {
            let map = SuffixMap::parse(&read_file(file)?).into_map();
            builder = builder.suffixes(map.map_err(|error| named(file, &error))?);
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4, R40: KDCs in a list are those of the domains of both sources.
    #[test]
    fn r04_listed_kdcs_are_those_of_both_sources() {
        let config = Config::parse(
            "[directory]\ndomains = \"corp.example.com; staff.example.com\"\n\
             [secondary_directory]\ndomains = \"partners.example.com\"\n\
             [signin]\nkdc = [\"10.0.0.1\"]\n",
        );
        let builder = Authenticator::builder_from_config(&config.unwrap()).unwrap();
        let domains: Vec<&str> = builder.kdcs.keys().map(String::as_str).collect();
        assert_eq!(
            domains,
            ["corp.example.com", "partners.example.com", "staff.example.com"]
        );
        assert_eq!(
            builder.other_kdcs, [""; 0],
            "realms in between are for DNS to tell"
        );
    }
}
