//! `[directory]`, `[secondary_directory]` and `[[further_directory]]`

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr, time::Duration};

use adlib_schema::{Preset, Schema, SchemaError};
use serde::{Deserialize, Deserializer, de};

use super::{error::nearest, value};

/// One source of users: a directory server, several trusted domains, or LDIF files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DirectoryConfig {
    /// Which kind of server this is; `None` (`auto`) asks the server's root DSE.
    #[serde(deserialize_with = "preset")]
    pub preset: Option<Preset>,
    /// The DNS names of the domains (R22).
    #[serde(deserialize_with = "value::semicolon_list")]
    pub domains: Vec<String>,
    /// The controllers, for all domains or by domain; else DNS knows.
    pub controllers: Option<Controllers>,
    /// DNS servers, as `address` or `address:port`; else the system's.
    pub dns: Vec<String>,
    /// Servers that are no domain controllers, as `ldaps://host:port`.
    pub urls: Vec<String>,
    /// Servers to which referrals may lead, as `ldaps://host:port`, with the credentials of `bind`; any other leaves a read
    /// incomplete.
    pub referrals: Vec<String>,
    /// The DN below which everything is, with `urls`.
    pub base: Option<String>,
    /// A directory from files: one domain a file.
    pub ldif: Vec<PathBuf>,
    /// How the connection is protected.
    #[serde(deserialize_with = "value::parsed")]
    pub transport: Transport,
    /// Certificates of authorities to trust, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Trust only `ca_file`, not the system's authorities.
    pub ca_only: bool,
    /// How the library itself signs in to read.
    pub bind: Option<BindConfig>,
    /// How many entries to ask for at a time.
    pub page_size: u32,
    /// How long one operation may take.
    #[serde(deserialize_with = "value::duration")]
    pub timeout: Duration,
    /// Changes to the preset, by the names of its keys.
    #[serde(deserialize_with = "schema")]
    pub schema: Vec<(String, Vec<String>)>,
}

impl Default for DirectoryConfig {
    fn default() -> Self {
        Self {
            preset: Some(Preset::ActiveDirectory),
            domains: Vec::new(),
            controllers: None,
            dns: Vec::new(),
            urls: Vec::new(),
            referrals: Vec::new(),
            base: None,
            ldif: Vec::new(),
            transport: Transport::Ldaps,
            ca_file: None,
            ca_only: false,
            bind: None,
            page_size: 500,
            timeout: Duration::from_secs(30),
            schema: Vec::new(),
        }
    }
}

impl DirectoryConfig {
    /// What in this section does not go together.
    pub(super) fn contradiction(&self) -> Option<String> {
        let of_the_kind = self.contradiction_of_the_kind().map(str::to_owned);
        of_the_kind.or_else(|| self.controllers_of_no_domain())
    }

    /// Controllers of a domain that is not configured: a slip of the pen, by which DNS would be asked in their place.
    fn controllers_of_no_domain(&self) -> Option<String> {
        let Some(Controllers::ByDomain(table)) = &self.controllers else {
            return None;
        };
        let is_configured = |name: &str| {
            self.domains
                .iter()
                .any(|domain| domain.eq_ignore_ascii_case(name))
        };
        let name = table.keys().find(|name| !is_configured(name))?;
        let domains: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        let suggestion = nearest(name, &domains).map(|domain| format!("; did you mean `{domain}`?"));
        let suggestion = suggestion.unwrap_or_default();
        Some(format!(
            "`controllers` names `{name}`, which is none of `domains`{suggestion}"
        ))
    }

    fn contradiction_of_the_kind(&self) -> Option<&'static str> {
        if let Some(contradiction) = self.bind.as_ref().and_then(BindConfig::contradiction) {
            return Some(contradiction);
        }
        if !self.urls.is_empty() && self.base.is_none() {
            return Some("`urls` needs `base`, the DN below which everything is");
        }
        if self.domains.is_empty() && self.urls.is_empty() && self.ldif.is_empty() {
            return Some("names no directory; set `domains`, or `urls` and `base`, or `ldif`");
        }
        let kinds = [
            !self.domains.is_empty(),
            !self.urls.is_empty(),
            !self.ldif.is_empty(),
        ];
        if kinds.iter().filter(|is_set| **is_set).count() > 1 {
            return Some("is one of `domains`, `urls` and `ldif`, not several");
        }
        if self.base.is_some() && self.urls.is_empty() {
            return Some("`base` goes with `urls`; domains have their own");
        }
        if !self.referrals.is_empty() && !self.ldif.is_empty() {
            return Some("`referrals` go with servers; files refer to nobody");
        }
        if self.controllers.is_some() && self.domains.is_empty() {
            return Some("`controllers` go with `domains`");
        }
        if self.page_size == 0 || self.timeout.is_zero() {
            return Some("`page_size` and `timeout` must be more than nothing");
        }
        if self.ca_only && self.ca_file.is_none() {
            return Some("`ca_only` needs `ca_file`");
        }
        None
    }
}

/// How a connection to a directory is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Transport {
    /// TLS from the first byte.
    #[default]
    Ldaps,
    /// TLS after a request for it.
    StartTls,
    /// Signed and sealed by NTLM or Kerberos, without TLS.
    Sasl,
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ldaps" => Ok(Self::Ldaps),
            "starttls" => Ok(Self::StartTls),
            "sasl" => Ok(Self::Sasl),
            _ => Err(format!(
                "`{text}` is not a transport; expected one of ldaps, starttls, sasl"
            )),
        }
    }
}

/// How the library itself signs in to read a directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BindConfig {
    /// The mechanism.
    #[serde(deserialize_with = "value::parsed")]
    pub method: BindMethod,
    /// The name: a UPN, a DN, or a principal.
    pub name: String,
    /// The file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The keytab with the account's keys, for Kerberos.
    pub keytab: Option<PathBuf>,
}

impl BindConfig {
    /// What does not go together.
    fn contradiction(&self) -> Option<&'static str> {
        let passwords = usize::from(self.password_file.is_some()) + usize::from(self.password_env.is_some());
        match self.method {
            BindMethod::Kerberos if self.keytab.is_none() || passwords > 0 => {
                Some("bind by kerberos needs `keytab`, the file with the account's keys, and no password")
            }
            BindMethod::Kerberos => None,
            _ if self.keytab.is_some() => Some("bind by password takes no `keytab`"),
            _ if passwords != 1 => Some("bind needs either `password_file` or `password_env`"),
            _ => None,
        }
    }
}

/// The mechanism of a bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindMethod {
    /// Name and password, over TLS only.
    Simple,
    /// SASL with NTLM.
    Ntlm,
    /// SASL with Kerberos.
    Kerberos,
}

impl FromStr for BindMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "simple" => Ok(Self::Simple),
            "ntlm" => Ok(Self::Ntlm),
            "kerberos" => Ok(Self::Kerberos),
            _ => Err(format!(
                "`{text}` is not a bind method; expected one of simple, ntlm, kerberos"
            )),
        }
    }
}

/// Servers named by hand, as `host` or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Controllers {
    /// The same for every domain.
    All(Vec<String>),
    /// By domain or realm.
    ByDomain(BTreeMap<String, Vec<String>>),
}

impl Controllers {
    /// The servers of `domain`, whose name is compared without case.
    #[must_use]
    pub fn of(&self, domain: &str) -> &[String] {
        match self {
            Self::All(servers) => servers,
            Self::ByDomain(table) => table
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(domain))
                .map_or(&[], |(_, servers)| servers.as_slice()),
        }
    }
}

impl<'de> Deserialize<'de> for Controllers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrTable;

        impl<'de> de::Visitor<'de> for ListOrTable {
            type Value = Controllers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of servers, or a table of such lists by domain")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Controllers, A::Error> {
                let list = de::value::SeqAccessDeserializer::new(list);
                Vec::deserialize(list).map(Controllers::All)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<Controllers, A::Error> {
                let table = de::value::MapAccessDeserializer::new(table);
                BTreeMap::deserialize(table).map(Controllers::ByDomain)
            }
        }

        deserializer.deserialize_any(ListOrTable)
    }
}

fn preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Preset>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == "auto" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(de::Error::custom)
}

/// `[directory.schema]`, tried on a schema, so that a mistake is found while its place is known.
fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Vec<String>)>, D::Error> {
    let overrides = value::lists::<SchemaKey, D>(deserializer)?;
    let mut schema = Schema::of(Preset::ActiveDirectory);
    for (SchemaKey(key), values) in &overrides {
        schema.set(key, values.clone()).map_err(de::Error::custom)?;
    }
    Ok(overrides
        .into_iter()
        .map(|(SchemaKey(key), values)| (key, values))
        .collect())
}

/// A key of `[directory.schema]`. An unknown one is refused here, where its line is known.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SchemaKey(String);

impl<'de> Deserialize<'de> for SchemaKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        match Schema::of(Preset::ActiveDirectory).set(&key, Vec::new()) {
            Err(error @ SchemaError::UnknownKey { .. }) => Err(de::Error::custom(error)),
            _ => Ok(Self(key)),
        }
    }
}
