//! The parts that a configuration names.

use std::iter;

use adlib_kerberos::Keytab;
use adlib_schema::Preset;
use adlib_upn::SuffixMap;

use super::{super::Authenticator, AuthenticatorBuilder};
use crate::{
    Config, Directory, Error,
    config::{Controllers, DirectoryConfig},
    read_file,
};

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
                let sections = || iter::once(section).chain(&config.secondary_directory);
                let builder = match sections().any(tells_its_domains_later) {
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

/// Files, and servers that are given by address, tell their domains when they are read; those without Kerberos have none.
fn tells_its_domains_later(section: &DirectoryConfig) -> bool {
    let has_kerberos = |preset| preset == Preset::ActiveDirectory;
    section.domains.is_empty() && section.preset.is_none_or(has_kerberos)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: a directory without Kerberos, or that nobody signs in by, does not keep DNS from being asked.
    #[test]
    fn r04_listed_kdcs_are_those_of_domains_only() {
        let others = |sections: &str| {
            let config = format!(
                "[directory]\ndomains = \"staff.example.com\"\n{sections}\n[signin]\nkdc = [\"10.0.0.1\"]\n"
            );
            let builder = Authenticator::builder_from_config(&Config::parse(&config).unwrap());
            builder.unwrap().other_kdcs
        };
        let nothing = [""; 0];
        let openldap = "urls = [\"ldaps://ldap.example.com\"]\nbase = \"dc=x\"\npreset = \"openldap\"";
        assert_eq!(others(&format!("[secondary_directory]\n{openldap}")), nothing);
        assert_eq!(others(&format!("[[further_directory]]\n{openldap}")), nothing);
        assert_eq!(
            others("[secondary_directory]\nldif = [\"partners.ldif\"]"),
            ["10.0.0.1"]
        );
    }

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
