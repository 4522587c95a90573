//! A configured source of users: a directory server, several domains, or LDIF files.

#[cfg(feature = "directory")]
mod bind;
#[cfg(feature = "directory")]
mod changes;
#[cfg(all(feature = "config", feature = "directory"))]
pub(crate) mod configured;
#[cfg(feature = "signin")]
mod group_names;
#[cfg(feature = "directory")]
mod ldap;
#[cfg(feature = "signin")]
mod ldap_lookup;
mod ldif;
#[cfg(feature = "signin")]
mod lookup;
#[cfg(feature = "signin")]
mod pool;
#[cfg(feature = "directory")]
mod referrals;

use std::path::PathBuf;
#[cfg(feature = "directory")]
use std::sync::Arc;

#[cfg(feature = "directory")]
use adlib_kdc::{DnsResolver, Resolver};
#[cfg(feature = "directory")]
use adlib_schema::read::changes::Method;
use adlib_schema::{CardRule, Mapper, Preset, Schema, UserName, read::DirectoryRead};

use tracing::Instrument as _;

use crate::Error;

#[cfg(feature = "directory")]
pub use bind::Bind;
#[cfg(all(feature = "config", feature = "signin"))]
pub(crate) use bind::BindFailure;
#[cfg(feature = "signin")]
pub(crate) use bind::bind_ntlm;
#[cfg(feature = "directory")]
pub use changes::{ChangedDomain, Changes};
#[cfg(feature = "directory")]
use ldap::LdapSource;
#[cfg(feature = "signin")]
pub(crate) use ldap::endpoint;
#[cfg(all(feature = "config", feature = "signin"))]
pub(crate) use ldap::{NotLocated, Place, server_endpoints};
#[cfg(feature = "signin")]
pub(crate) use lookup::{Found, Lookup};

/// A source of users and groups.
///
/// ```no_run
/// use adlib::Directory;
///
/// # async fn read() -> Result<(), adlib::Error> {
/// let directory = Directory::from_ldif(["corp.ldif", "staff.ldif"]);
/// let read = directory.read().await?;
/// println!("{} users, complete: {}", read.users.len(), read.completeness.complete().is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Directory {
    source: Source,
    rules: MapperRules,
    /// How changes are read; `None` takes the best way.
    #[cfg(feature = "directory")]
    delta: Option<Method>,
}

#[derive(Debug, Clone)]
enum Source {
    Ldif(Vec<PathBuf>),
    #[cfg(feature = "directory")]
    Ldap(Box<LdapSource>),
}

/// How entries become users and groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct MapperRules {
    /// `None` asks the server.
    preset: Option<Preset>,
    overrides: Vec<(String, Vec<String>)>,
    user_name: UserName,
    card: Option<CardRule>,
}

impl MapperRules {
    pub(crate) fn mapper(&self, preset: Preset) -> Result<Mapper, Error> {
        let mut schema = Schema::of(preset);
        for (key, values) in &self.overrides {
            let set = schema.set(key, values.clone());
            set.map_err(|error| Error::Configuration(error.to_string()))?;
        }
        let mapper = Mapper::new(schema).with_user_name(self.user_name);
        Ok(match &self.card {
            Some(card) => mapper.with_card_rule(card.clone()),
            None => mapper,
        })
    }
}

/// How far a read has come (R38).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The domain or file being read.
    pub domain: String,
    /// The entries that came from it so far.
    pub entries: usize,
}

impl Directory {
    /// The directory in LDIF files, one domain each, in Active Directory's schema.
    pub fn from_ldif<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        let files = files.into_iter().map(Into::into).collect();
        let rules = MapperRules {
            preset: Some(Preset::ActiveDirectory),
            ..MapperRules::default()
        };
        Self {
            source: Source::Ldif(files),
            rules,
            #[cfg(feature = "directory")]
            delta: None,
        }
    }

    /// The same directory, in the schema of another kind of server; `None` asks the server.
    #[must_use]
    pub fn with_preset(mut self, preset: Option<Preset>) -> Self {
        self.rules.preset = preset;
        self
    }

    /// The same directory, for an application that calls its users by `user_name`.
    #[must_use]
    pub fn with_user_name(mut self, user_name: UserName) -> Self {
        self.rules.user_name = user_name;
        self
    }

    /// The same directory, with card numbers made by `card` (R24).
    #[must_use]
    pub fn with_card_rule(mut self, card: CardRule) -> Self {
        self.rules.card = Some(card);
        self
    }

    /// Everything in the directory.
    ///
    /// # Errors
    /// `File` when a file cannot be read or is no LDIF; `Unreachable` and `Directory` when a server cannot be
    /// asked; `Configuration` when the schema is not in order. A read that broke off in the middle is no error
    /// but a read that is not complete.
    pub async fn read(&self) -> Result<DirectoryRead, Error> {
        self.read_with_progress(|_| {}).await
    }

    /// Everything in the directory; `progress` is told how far it has come.
    ///
    /// # Errors
    /// As [`Directory::read`].
    pub async fn read_with_progress(
        &self,
        progress: impl FnMut(&Progress) + Send,
    ) -> Result<DirectoryRead, Error> {
        let span = tracing::info_span!("directory read");
        self.read_source(progress).instrument(span).await
    }

    async fn read_source(&self, progress: impl FnMut(&Progress) + Send) -> Result<DirectoryRead, Error> {
        match &self.source {
            Source::Ldif(files) => {
                let preset = self.rules.preset.ok_or_else(|| {
                    Error::Configuration(
                        "files do not tell what kind of server they are from; set `preset`".into(),
                    )
                })?;
                ldif::read(files, self.rules.mapper(preset)?, progress)
            }
            #[cfg(feature = "directory")]
            Source::Ldap(source) => source.read(&self.rules, progress).await,
        }
    }

    /// The DNS names of the configured domains; none for files, which are read to know.
    #[cfg(feature = "signin")]
    pub(crate) fn domains(&self) -> Vec<&str> {
        match &self.source {
            Source::Ldif(_) => Vec::new(),
            Source::Ldap(source) => source.places.iter().map(|place| &*place.name).collect(),
        }
    }

    /// The kind of server, where the configuration tells.
    #[cfg(feature = "signin")]
    pub(crate) const fn preset(&self) -> Option<Preset> {
        self.rules.preset
    }

    /// How users are called (R29).
    #[cfg(feature = "signin")]
    pub(crate) const fn user_name(&self) -> UserName {
        self.rules.user_name
    }

    /// The same directory for lookups within `deadline`: no silent or slow server may take all of it.
    #[cfg(feature = "signin")]
    pub(crate) fn for_sign_in(mut self, deadline: std::time::Duration) -> Self {
        if let Source::Ldap(source) = &mut self.source {
            let timeouts = &mut source.settings.timeouts;
            timeouts.connect = timeouts.connect.min(deadline / 4);
            timeouts.operation = timeouts.operation.min(deadline);
            source.patience = Some(deadline / 4);
        }
        self
    }

    /// The servers that are known by hand, by domain.
    #[cfg(feature = "signin")]
    pub(crate) fn servers(&self) -> Vec<(&str, &[adlib_kdc::Endpoint])> {
        match &self.source {
            Source::Ldif(_) => Vec::new(),
            Source::Ldap(source) => {
                let places = source.places.iter();
                places.map(|place| (&*place.name, &*place.servers)).collect()
            }
        }
    }

    /// Whether the server `host` of `domain` was silent when another one was not.
    #[cfg(feature = "signin")]
    pub(crate) fn was_silent(&self, domain: &str, host: &str) -> bool {
        match &self.source {
            Source::Ldif(_) => false,
            Source::Ldap(source) => {
                let mut places = source.places.iter();
                let place = places.find(|place| place.name.eq_ignore_ascii_case(domain));
                place.is_some_and(|place| place.pool.was_silent(host))
            }
        }
    }

    /// A way to look single accounts up.
    #[cfg(feature = "signin")]
    pub(crate) async fn lookup(&self) -> Result<Lookup<'_>, Error> {
        match &self.source {
            Source::Ldif(_) => Ok(Lookup::in_read(self.read().await?)),
            Source::Ldap(source) => Ok(Lookup::of_servers(source, &self.rules)),
        }
    }
}

/// The resolver that asks these DNS servers; the system's when there are none.
#[cfg(feature = "directory")]
pub(crate) fn resolver(servers: &[String]) -> Result<Arc<dyn Resolver>, Error> {
    let resolver = match servers {
        [] => DnsResolver::system(),
        servers => DnsResolver::with_name_servers(servers),
    };
    let resolver = resolver.map_err(|error| Error::Configuration(format!("dns: {error}")))?;
    Ok(Arc::new(resolver))
}
